"""What readers make of answers at the edges, and why they say that they do not know."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

import pytest

from auditor.collectors import read_facts
from auditor.collectors.platform_server import masked
from auditor.collectors.services import image_path
from auditor.errors import FailureKind
from auditor.model.fact import FactKey, Known, NotKnown, Reason
from auditor.model.known_facts import (
    CLOCK_OFFSET,
    CONSOLE_FOLDERS,
    DOTNET_RELEASE,
    ERLANG_VERSIONS,
    HOST_ADDRESSES,
    HOST_NAMES,
    IIS_APPLICATIONS,
    IIS_BINDINGS,
    IIS_POOLS,
    IIS_SITES,
    JAVA_STACK_CONTROLLER,
    JAVA_STACK_SERVICES,
    MACHINE_CONFIG_KEYS,
    MACHINE_UUID,
    MEMORY,
    OS_NAME,
    OS_VERSION,
    PLATFORM_FOLDER_EXISTS,
    PLATFORM_SERIAL,
    PLATFORM_VERSION,
    RUNNING_FOLDERS,
    SERVER_CONFIGURATION,
    SERVICE_STUDIOS,
    SERVICES,
    UNINSTALL_ENTRIES,
    UNITS,
    VIRTUAL_HOSTS,
    VOLUMES,
    BrokerPermission,
    Pool,
    Site,
    VirtualHost,
)
from auditor.model.observation import ChannelName, Failure, Visit
from auditor.model.question import Answer, Outcome, Platform
from tests.detection.modelled_hosts import NOW, answers_of, visit

T = TypeVar("T")


def _ok(value: Any, *, complete: bool = True) -> Callable[[str], Answer]:
    return lambda question: Answer(question, Outcome.OK, value, complete=complete)


def _not_ok(outcome: Outcome, detail: str = "") -> Callable[[str], Answer]:
    return lambda question: Answer(question, outcome, detail=detail)


MISSING = _not_ok(Outcome.MISSING)


def _read(key: FactKey[T], answers: dict[str, Callable[[str], Answer]], platform: Platform) -> Known[T] | NotKnown:
    return read_facts(visit({name: make(name) for name, make in answers.items()}, platform)).get(key)


def _on_windows(key: FactKey[T], **answers: Callable[[str], Answer]) -> Known[T] | NotKnown:
    return _read(key, {name.replace("__", "."): make for name, make in answers.items()}, Platform.WINDOWS)


def _on_linux(key: FactKey[T], **answers: Callable[[str], Answer]) -> Known[T] | NotKnown:
    return _read(key, {name.replace("__", "."): make for name, make in answers.items()}, Platform.LINUX)


def _value(fact: Known[T] | NotKnown) -> T:
    assert isinstance(fact, Known), fact
    return fact.value


def _reason(fact: Known[Any] | NotKnown) -> Reason:
    assert isinstance(fact, NotKnown), fact
    return fact.reason


# Why something is not known


@pytest.mark.parametrize(
    ("outcome", "detail", "reason", "words"),
    [
        (Outcome.DENIED, "access denied", Reason.DENIED, "the account needs: read access to the registry key"),
        (Outcome.FAILED, "out of time", Reason.UNREACHABLE, "in time"),
        (Outcome.FAILED, "no such thing", Reason.PARSE_ERROR, "could not answer"),
        (Outcome.UNSUPPORTED, "", Reason.NOT_ASKED, "by powershell over winrm"),
    ],
)
def test_an_answer_that_says_nothing_gives_its_reason(
    outcome: Outcome, detail: str, reason: Reason, words: str
) -> None:
    fact = _on_windows(PLATFORM_VERSION, platform_server__installer=_not_ok(outcome, detail))
    assert isinstance(fact, NotKnown) and fact.reason is reason
    assert words in fact.sentence and fact.questions == ("platform_server.installer",)


def test_a_question_that_was_not_put_is_not_asked() -> None:
    assert _reason(_on_windows(PLATFORM_VERSION)) is Reason.NOT_ASKED


def test_hostile_words_of_a_server_stay_one_short_line() -> None:
    detail = "\x1b[2J\r\nline\u202e" + "x" * 5000
    fact = _on_windows(PLATFORM_VERSION, platform_server__installer=_not_ok(Outcome.FAILED, detail))
    assert isinstance(fact, NotKnown) and fact.sentence.isprintable() and len(fact.sentence) < 400


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (FailureKind.TIMED_OUT, Reason.UNREACHABLE),
        (FailureKind.TLS_EXPIRED, Reason.UNREACHABLE),
        (FailureKind.SIGN_IN_REFUSED, Reason.DENIED),
        (FailureKind.RIGHT_MISSING, Reason.DENIED),
        (FailureKind.ANSWER_DAMAGED, Reason.PARSE_ERROR),
    ],
)
def test_a_failed_visit_leaves_every_fact_unknown_for_its_reason(kind: FailureKind, reason: Reason) -> None:
    failed = Visit("dev-1", NOW, NOW, failure=Failure(kind, "dev-1 did not answer."))
    facts = read_facts(failed)
    assert list(facts) == []
    assert facts.get(SERVICES) == NotKnown(reason, "dev-1 did not answer.")


def test_every_kind_of_failure_has_a_reason() -> None:
    reasons = {
        kind: _reason(read_facts(Visit("dev-1", NOW, NOW, failure=Failure(kind, "x"))).get(SERVICES))
        for kind in FailureKind
    }
    assert set(reasons.values()) == {Reason.DENIED, Reason.PARSE_ERROR, Reason.UNREACHABLE}


def test_a_visit_that_broke_off_keeps_what_it_brought() -> None:
    answers = answers_of("p01-development")
    kept = {name: answers[name] for name in ("platform_server.installer",)}
    failure = Failure(FailureKind.LOST, "The connection to dev-1 was lost.")
    broken = Visit("dev-1", NOW, NOW, ChannelName.POWERSHELL_OVER_WINRM, Platform.WINDOWS, kept, failure)
    facts = read_facts(broken)
    assert _value(facts.get(PLATFORM_VERSION)) == "11.43.0.51000"
    assert facts.get(SERVICES) == NotKnown(Reason.UNREACHABLE, failure.sentence)


# The registry


def _installer(version: str) -> Callable[[str], Answer]:
    return _ok({"values": {"Server": version}})


def test_the_32_bit_view_counts_where_the_64_bit_view_has_nothing() -> None:
    fact = _on_windows(
        PLATFORM_VERSION, platform_server__installer=MISSING, platform_server__installer_32=_installer("10.0.1104.0")
    )
    assert _value(fact) == "10.0.1104.0"
    assert isinstance(fact, Known)
    assert fact.questions == ("platform_server.installer", "platform_server.installer_32")


def test_a_value_of_the_64_bit_view_needs_no_second_look() -> None:
    fact = _on_windows(
        PLATFORM_VERSION,
        platform_server__installer=_installer("11.38.0.1"),
        platform_server__installer_32=_not_ok(Outcome.DENIED),
    )
    assert _value(fact) == "11.38.0.1"


def test_absence_needs_both_views() -> None:
    half = _on_windows(
        PLATFORM_VERSION, platform_server__installer=MISSING, platform_server__installer_32=_not_ok(Outcome.DENIED)
    )
    assert _reason(half) is Reason.DENIED
    both = _on_windows(PLATFORM_VERSION, platform_server__installer=MISSING, platform_server__installer_32=MISSING)
    assert _value(both) is None


def test_names_of_values_are_compared_without_regard_to_case() -> None:
    assert (
        _value(_on_windows(PLATFORM_VERSION, platform_server__installer=_ok({"values": {"SERVER": "11.1"}}))) == "11.1"
    )


@pytest.mark.parametrize("value", [None, [], "text", 7, {"values": None}, {"values": {"Server": ["a", "b"]}}])
def test_an_answer_in_an_unexpected_form_is_a_parse_error(value: object) -> None:
    assert _reason(_on_windows(PLATFORM_VERSION, platform_server__installer=_ok(value))) is Reason.PARSE_ERROR


@pytest.mark.parametrize(
    ("serial", "shown"),
    [("AAA-BBB-CCC-DDD-EEE-FFF-GGG-HHH", "AAA-...-HHH"), ("ABCDEF", "..."), ("AB-CD", "..."), (None, None)],
)
def test_a_serial_number_is_masked(serial: str | None, shown: str | None) -> None:
    assert masked(serial) == shown
    if serial:
        answer = _ok({"values": {"SerialNumber": serial}})
        assert _value(_on_windows(PLATFORM_SERIAL, platform_server__record=answer)) == shown


def test_a_cut_list_of_programs_proves_nothing() -> None:
    cut = _ok({"values": {}, "subkeys": {}}, complete=False)
    whole = _ok({"values": {}, "subkeys": {}})
    fact = _on_windows(UNINSTALL_ENTRIES, programs__installed=cut, programs__installed_32=whole)
    assert _reason(fact) is Reason.PARSE_ERROR
    assert _value(_on_windows(UNINSTALL_ENTRIES, programs__installed=whole, programs__installed_32=whole)) == ()


def test_other_programs_are_nobodys_business() -> None:
    programs = {
        "{1}": {"DisplayName": "Secret Payroll"},
        "{2}": {"DisplayName": "Erlang OTP 27", "DisplayVersion": "27"},
    }
    answer = _ok({"values": {}, "subkeys": programs})
    fact = _on_windows(UNINSTALL_ENTRIES, programs__installed=answer, programs__installed_32=MISSING)
    assert [entry.name for entry in _value(fact)] == ["Erlang OTP 27"]


def test_the_build_tools_are_kept_among_the_programs() -> None:
    programs = {
        "{1}": {"DisplayName": "Microsoft Build Tools 14.0 (amd64)", "Publisher": "Microsoft Corporation"},
        "{2}": {"DisplayName": "Visual Studio Build Tools 2017", "Publisher": "Microsoft Corporation"},
        "{3}": {"DisplayName": "Microsoft Office", "Publisher": "Microsoft Corporation"},
    }
    answer = _ok({"values": {}, "subkeys": programs})
    fact = _on_windows(UNINSTALL_ENTRIES, programs__installed=answer, programs__installed_32=MISSING)
    assert [entry.name for entry in _value(fact)] == [row["DisplayName"] for row in programs.values()][:2]


@pytest.mark.parametrize(
    ("name", "versions"),
    [
        ("Erlang OTP 26.2.5 (14.2.5)", ("26.2.5",)),
        ("erlang otp 27", ("27",)),
        ("Erlang OTP R16B (5.10.1)", ()),
        ("Erlang OTP 27.3-rc1", ()),
        ("RabbitMQ Server 4.1.2", ()),
    ],
)
def test_the_version_of_erlang_is_in_its_name_on_windows(name: str, versions: tuple[str, ...]) -> None:
    answer = _ok({"values": {}, "subkeys": {"{1}": {"DisplayName": name, "DisplayVersion": "14.2"}}})
    fact = _on_windows(ERLANG_VERSIONS, programs__installed=answer, programs__installed_32=MISSING)
    assert _value(fact) == versions


@pytest.mark.parametrize(
    ("printed", "versions"),
    [
        ("erlang-asn1 1:26.2.5+dfsg-1\nerlang-base 1:26.2.5+dfsg-1\nrabbitmq-server 3.13.7-1", ("26.2.5",)),
        ("erlang 27.3.4-1.el9", ("27.3.4",)),
        ("esl-erlang 1:25.1.2-1", ("25.1.2",)),
        ("rabbitmq-server 3.13.7-1", ()),
    ],
)
def test_the_version_of_erlang_is_that_of_its_package_on_linux(printed: str, versions: tuple[str, ...]) -> None:
    answer = _ok({"exit_code": 0, "text": printed})
    assert _value(_on_linux(ERLANG_VERSIONS, linux_software__packages=answer)) == versions


def test_the_highest_release_of_dotnet_counts() -> None:
    answer = _ok({"values": {"Release": 461814}, "subkeys": {"1033": {"Release": 528049}, "1031": {}}})
    assert _value(_on_windows(DOTNET_RELEASE, dotnet__framework=answer)) == 528049
    assert _value(_on_windows(DOTNET_RELEASE, dotnet__framework=MISSING)) is None


def _studio(executable: Callable[[str], Answer]) -> bool | None:
    tools = {"Service Studio 11": {"": r"C:\Tools\Service Studio", "Service Studio 11": "11.55.35.64305"}}
    fact = _on_windows(
        SERVICE_STUDIOS,
        development_tools__registered=_ok({"values": {}, "subkeys": tools}),
        development_tools__registered_32=MISSING,
        development_tools__service_studio_11=executable,
    )
    (tool,) = _value(fact)
    assert (tool.major, tool.version) == ("11", "11.55.35.64305")
    return tool.executable_exists


def test_a_tool_is_known_even_where_its_program_could_not_be_looked_for() -> None:
    assert _studio(_ok({"path": "x", "size": 1, "modified": "", "version": None})) is True
    assert _studio(MISSING) is False
    assert _studio(_not_ok(Outcome.MISSING, "base")) is None
    assert _studio(_not_ok(Outcome.UNSUPPORTED)) is None
    assert _studio(_ok("damaged")) is None


# WMI


NO_KEYS = _ok({"values": {}, "subkeys": {}})
WITNESSES = {
    "services__delayed": NO_KEYS,
    "services__detached": NO_KEYS,
    "services__broker": NO_KEYS,
    "services__w3svc": MISSING,
    "services__was": MISSING,
}
SCHEDULER = "OutSystems Scheduler Service"
SCHEDULER_ROW = {"Name": SCHEDULER, "State": "Running", "StartMode": "Auto"}
SERVICE_TYPE, DRIVER_TYPE = 16, 1


def _keys(names: dict[str, object]) -> Callable[[str], Answer]:
    return _ok({"values": {}, "subkeys": names})


def _services(rows: object, **witnesses: Callable[[str], Answer]) -> Known[Any] | NotKnown:
    return _on_windows(SERVICES, services__states=_ok({"rows": rows}), **{**WITNESSES, **witnesses})


def _account(administrator: bool) -> Callable[[str], Answer]:
    return _ok({"administrator": administrator})


def test_a_service_that_only_the_registry_knows_makes_no_service_absent() -> None:
    fact = _services([], services__delayed=_keys({SCHEDULER: {"Type": SERVICE_TYPE}}))
    assert isinstance(fact, NotKnown) and fact.reason is Reason.DENIED
    assert SCHEDULER in fact.sentence and "the account needs: Enable Account" in fact.sentence
    assert {"services.states", "services.delayed"} <= set(fact.questions)


@pytest.mark.parametrize(
    ("witness", "key", "name"),
    [
        ("services__detached", _keys({"Detached Scheduler Service": {"Type": 16}}), "Detached Scheduler Service"),
        ("services__broker", _keys({"RabbitMQ": {"Type": 272}}), "RabbitMQ"),
        ("services__w3svc", _ok({"values": {"Type": 32}}), "W3SVC"),
        ("services__was", _ok({"values": {"type": 32}}), "WAS"),
    ],
)
def test_each_witness_finds_its_hidden_service(witness: str, key: Callable[[str], Answer], name: str) -> None:
    fact = _services([SCHEDULER_ROW], **{witness: key})
    assert _reason(fact) is Reason.DENIED and isinstance(fact, NotKnown) and f"has {name} in" in fact.sentence


def test_names_of_services_are_compared_without_regard_to_case() -> None:
    keys = _keys({SCHEDULER.upper(): {"Type": SERVICE_TYPE, "DelayedAutostart": 1}})
    (service,) = _value(_services([SCHEDULER_ROW], services__delayed=keys))
    assert service.delayed


@pytest.mark.parametrize("values", [{}, {"Type": DRIVER_TYPE}])
def test_a_key_of_a_driver_or_of_counters_is_no_hidden_service(values: object) -> None:
    assert _value(_services([], services__delayed=_keys({"OutSystems Counters": values}))) == ()


@pytest.mark.parametrize("row", [{"State": "Running"}, {"StartMode": "Auto"}, {}])
def test_a_service_shown_without_state_or_start_mode_is_not_known(row: dict[str, str]) -> None:
    keys = _keys({SCHEDULER: {"Type": SERVICE_TYPE}})
    assert _reason(_services([{"Name": SCHEDULER, **row}], services__delayed=keys)) is Reason.DENIED


@pytest.mark.parametrize("witness", sorted(WITNESSES))
@pytest.mark.parametrize("account", [_account(False), _not_ok(Outcome.UNSUPPORTED), _ok({"administrator": "yes"})])
def test_without_the_witness_only_an_administrator_knows_the_services(
    witness: str, account: Callable[[str], Answer]
) -> None:
    denied = {witness: _not_ok(Outcome.DENIED), "account__rights": account}
    assert _reason(_services([SCHEDULER_ROW], **denied)) is Reason.DENIED


@pytest.mark.parametrize("witness", sorted(set(WITNESSES) - {"services__delayed"}))
def test_an_administrator_needs_no_witness(witness: str) -> None:
    denied = {witness: _not_ok(Outcome.DENIED), "account__rights": _account(True)}
    fact = _services([SCHEDULER_ROW], **denied)
    assert [service.name for service in _value(fact)] == [SCHEDULER]
    assert isinstance(fact, Known) and "account.rights" in fact.questions


def test_a_key_that_windows_does_not_show_even_to_an_administrator_is_a_contradiction() -> None:
    keys = {"services__broker": _keys({"RabbitMQ": {"Type": SERVICE_TYPE}}), "account__rights": _account(True)}
    fact = _services([SCHEDULER_ROW], **keys)
    assert _reason(fact) is Reason.CONTRADICTORY


def test_a_list_of_keys_that_was_cut_short_proves_nothing() -> None:
    cut = _ok({"values": {}, "subkeys": {}}, complete=False)
    assert _reason(_services([], services__broker=cut)) is Reason.PARSE_ERROR


def test_many_hidden_services_stay_one_short_sentence() -> None:
    keys = _keys({f"OutSystems {'x' * 900} {number}": {"Type": SERVICE_TYPE} for number in range(40)})
    fact = _services([], services__delayed=keys)
    assert isinstance(fact, NotKnown) and "and 35 more" in fact.sentence and len(fact.sentence) < 1000


def test_a_service_keeps_its_spelling_and_loses_its_arguments() -> None:
    row = {
        "Name": "RabbitMQ", "DisplayName": "RabbitMQ", "State": "Running", "StartMode": "Auto", "StartName": None,
        "PathName": r'"C:\Erlang\erlsrv.exe" -setcookie SECRET', "ProcessId": 12,
    }  # fmt: skip
    (service,) = _value(_services([row], services__delayed=_keys({"OutSystems X": {"DelayedAutostart": 1}})))
    assert (service.state, service.start_mode, service.account, service.process) == ("running", "auto", "", 12)
    assert service.image_path == r"C:\Erlang\erlsrv.exe" and not service.delayed


@pytest.mark.parametrize("rows", [None, "x", [1], [{"Name": 5}], [{"Name": "a", "ProcessId": "many"}]])
def test_damaged_rows_of_services_are_a_parse_error(rows: object) -> None:
    assert _reason(_services(rows)) is Reason.PARSE_ERROR


@pytest.mark.parametrize(
    ("line", "path"),
    [
        (r'"C:\A B\x.exe" /secret', r"C:\A B\x.exe"),
        (r"C:\Program Files\A B\x.exe -password=1", r"C:\Program Files\A B\x.exe"),
        (r"C:\WINDOWS\X.EXE", r"C:\WINDOWS\X.EXE"),
        (r"svchost -k netsvcs", "svchost"),
        ("", ""),
    ],
)
def test_arguments_of_a_service_are_dropped(line: str, path: str) -> None:
    assert image_path(line) == path


@pytest.mark.parametrize(
    ("row", "names"),
    [
        ({"Name": "DEV-1", "DNSHostName": "dev-1", "Domain": "corp.example", "PartOfDomain": True},
         ("DEV-1", "dev-1", "dev-1.corp.example")),
        ({"Name": "DEV-1", "DNSHostName": "dev-1", "Domain": "WORKGROUP", "PartOfDomain": False}, ("DEV-1", "dev-1")),
        ({"Name": "A-NAME-OF-15-LE", "DNSHostName": "a-name-of-15-letters", "Domain": "x.y", "PartOfDomain": True},
         ("A-NAME-OF-15-LE", "a-name-of-15-letters", "a-name-of-15-letters.x.y")),
        ({"Name": "DEV-1"}, ("DEV-1",)),
    ],
)  # fmt: skip
def test_a_host_has_short_and_full_names(row: object, names: tuple[str, ...]) -> None:
    assert _value(_on_windows(HOST_NAMES, identity__names=_ok({"rows": [row]}))) == names


def test_a_uuid_that_a_maker_left_out_is_no_mark() -> None:
    row = {"UUID": "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"}
    assert _value(_on_windows(MACHINE_UUID, identity__hardware_uuid=_ok({"rows": [row]}))) is None


def test_sizes_may_be_text_and_a_volume_without_size_is_left_out() -> None:
    rows = [{"DeviceID": "D:", "Size": None, "FreeSpace": None}, {"DeviceID": "C:", "Size": "100", "FreeSpace": "40"}]
    (volume,) = _value(_on_windows(VOLUMES, hardware__disks=_ok({"rows": rows})))
    assert (volume.name, volume.size, volume.free) == ("C:", 100, 40)


# The clock


@pytest.mark.parametrize("seconds", [-90.0, 0.0, 3600.5])
def test_the_offset_is_what_the_host_is_ahead(seconds: float) -> None:
    there = (NOW + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")
    answer = _ok({"utc": there, "zone": "UTC", "offset_minutes": 0})
    assert _value(_on_windows(CLOCK_OFFSET, clock__time=answer)) == seconds


# Files


def test_a_cut_list_of_folders_is_not_known_but_the_consoles_are_asked_by_name() -> None:
    cut = _ok({"path": "x", "entries": [{"name": "A.1", "folder": True}]}, complete=False)
    assert _reason(_on_windows(RUNNING_FOLDERS, install_folder__running=cut)) is Reason.PARSE_ERROR
    found = _ok(
        {"path": "x", "entries": [{"name": "LifeTime.1", "folder": True}, {"name": "LifeTime.x", "folder": False}]}
    )
    fact = _on_windows(
        CONSOLE_FOLDERS, install_folder__running_lifetime=found, install_folder__running_service_center=MISSING
    )
    assert _value(fact) == ("LifeTime.1",)


def test_a_folder_whose_list_was_cut_exists() -> None:
    cut = _ok({"path": "x", "entries": []}, complete=False)
    assert _value(_on_windows(PLATFORM_FOLDER_EXISTS, install_folder__names=cut)) is True


def _node(element: str, /, *children: Any, text: object = None, **attributes: str) -> dict[str, Any]:
    node = {"name": element, "attributes": attributes, "children": list(children)}
    return node if text is None else {**node, "text": text}


def _configuration(*sections: Any) -> Known[Any] | NotKnown:
    answer = _ok({"path": "x", "root": _node("EnvironmentConfiguration", *sections)})
    return _on_windows(SERVER_CONFIGURATION, server_configuration__content=answer)


def test_an_oracle_database_is_its_service_and_the_owner_of_its_schema() -> None:
    section = _node(
        "PlatformDatabaseConfiguration",
        _node("Host", text="ora-1"), _node("Port", text="1521"), _node("ServiceName", text="OSPRD"),
        _node("AdminUser", text="OSADMIN_PRD"), _node("UsedAuthenticationMode", text="Database Authentication"),
        ProviderKey="Oracle",
    )  # fmt: skip
    (database,) = _value(_configuration(section)).databases
    assert (database.provider, database.server, database.catalog) == ("Oracle", "ora-1:1521", "OSPRD/OSADMIN_PRD")


def test_the_users_of_the_databases_and_the_virtual_host_of_the_broker_are_read() -> None:
    configuration = _value(
        _configuration(
            _node(
                "PlatformDatabaseConfiguration", _node("AdminUser", text="OSADMIN"), _node("RuntimeUser", text="OSRUN")
            ),
            _node("LoggingDatabaseConfiguration", _node("AdminUser", text="OSADMIN_LOG")),
            _node("SessionDatabaseConfiguration", _node("SessionUser", text="OSSTATE")),
            _node("CacheInvalidationConfiguration", _node("VirtualHost", text="/outsystems")),
        )
    )
    users = [(database.admin_user, database.runtime_user) for database in configuration.databases]
    assert users == [("OSADMIN", "OSRUN"), ("OSADMIN_LOG", None), (None, "OSSTATE")]
    assert configuration.cache_virtual_host == "/outsystems"


def test_elements_are_compared_without_regard_to_case_and_what_is_not_there_is_none() -> None:
    section = _node("serviceconfiguration", _node("COMPILERSERVERHOSTNAME", text=" prd-ctl "))
    configuration = _value(_configuration(section))
    assert configuration.controller_host == "prd-ctl" and configuration.cache_host is None
    assert configuration.databases == ()


@pytest.mark.parametrize(("words", "tls"), [("True", True), ("false", False), ("", None), ("perhaps", NotKnown)])
def test_a_switch_is_true_or_false_or_not_there(words: str, tls: object) -> None:
    fact = _configuration(_node("CacheInvalidationConfiguration", _node("TlsEnabled", text=words)))
    assert isinstance(fact, NotKnown) if tls is NotKnown else _value(fact).cache_tls is tls


@pytest.mark.parametrize("words", ["-1", "70000", "12000x", "9" * 5000])
def test_a_port_that_is_none_is_a_parse_error(words: str) -> None:
    fact = _configuration(_node("ServiceConfiguration", _node("CompilerServerPort", text=words)))
    assert _reason(fact) is Reason.PARSE_ERROR


def test_a_missing_server_hsconf_is_known_to_be_missing() -> None:
    assert _value(_on_windows(SERVER_CONFIGURATION, server_configuration__content=MISSING)) is None


def _sites(redirection: Callable[[str], Answer]) -> Known[Any] | NotKnown:
    site = _node(
        "site", _node("application", _node("virtualDirectory", path="/", physicalPath="C:\\x"), path="/a"), name="S"
    )
    host = _node("configuration", _node("system.applicationHost", _node("sites", site)))
    answer = _ok({"path": "x", "root": host})
    return _on_windows(IIS_APPLICATIONS, iis__configuration=answer, iis__redirection=redirection)


def test_applications_are_read_from_the_local_configuration_of_iis() -> None:
    (application,) = _value(_sites(MISSING))
    assert (application.site, application.path, application.physical_path) == ("S", "/a", "C:\\x")


def _iis(key: FactKey[Any], *sections: Any) -> Known[Any] | NotKnown:
    configuration = _node("configuration", _node("system.applicationHost", *sections))
    return _on_windows(key, iis__configuration=_ok({"path": "x", "root": configuration}), iis__redirection=MISSING)


def test_a_site_starts_unless_it_or_the_defaults_say_otherwise() -> None:
    sites = (
        _node("site", name="Shop", id="2", serverAutoStart="True"),
        _node("site", name="Default Web Site", id="1"),
    )
    silent = _value(_iis(IIS_SITES, _node("sites", *sites)))
    off = _value(_iis(IIS_SITES, _node("sites", *sites, _node("siteDefaults", serverAutoStart="false"))))
    assert silent == (Site("Default Web Site", 1, True), Site("Shop", 2, True))
    assert off == (Site("Default Web Site", 1, False), Site("Shop", 2, True))


@pytest.mark.parametrize("wrong", [{"id": "one"}, {}, {"id": "1", "serverAutoStart": "perhaps"}])
def test_a_site_that_cannot_be_read_is_no_site_that_starts(wrong: dict[str, str]) -> None:
    assert _reason(_iis(IIS_SITES, _node("sites", _node("site", name="S", **wrong)))) is Reason.PARSE_ERROR


def test_a_pool_has_its_own_identity_or_that_of_the_defaults_or_that_of_iis() -> None:
    own = _node("add", _node("processModel", identityType="SpecificUser"), name="b", autoStart="false")
    other = _node("add", _node("processModel"), name="a")
    defaults = _node("applicationPoolDefaults", _node("processModel", identityType="NetworkService"))
    usual = _value(_iis(IIS_POOLS, _node("applicationPools", own, other)))
    changed = _value(_iis(IIS_POOLS, _node("applicationPools", own, other, defaults)))
    assert usual == (Pool("a", True, "ApplicationPoolIdentity"), Pool("b", False, "SpecificUser"))
    assert changed == (Pool("a", True, "NetworkService"), Pool("b", False, "SpecificUser"))


def test_the_bindings_of_a_site_keep_the_order_of_the_file() -> None:
    words = ("*:80:portal", "127.0.0.1:80:", "*:80:portal")
    bindings = [_node("binding", protocol="http", bindingInformation=item) for item in words]
    sites = _node("sites", _node("site", _node("bindings", *bindings), name="S", id="1"))
    assert [item.information for item in _value(_iis(IIS_BINDINGS, sites))] == ["*:80:portal", "127.0.0.1:80:"]


def test_a_shared_configuration_of_iis_says_nothing_about_this_server() -> None:
    def redirected(enabled: str) -> Callable[[str], Answer]:
        return _ok({"path": "x", "root": _node("configuration", _node("configurationRedirection", enabled=enabled))})

    assert len(_value(_sites(redirected("false")))) == 1
    assert _reason(_sites(redirected("true"))) is Reason.NOT_ASKED
    assert _reason(_sites(_not_ok(Outcome.DENIED))) is Reason.DENIED


def test_the_names_in_machine_config_need_both_frameworks_only_for_absence() -> None:
    settings = _node("appSettings", _node("add", key="OutSystems.DB.X"))
    found = _ok({"path": "x", "root": _node("configuration", settings)})
    denied = _not_ok(Outcome.DENIED)
    assert _value(_on_windows(MACHINE_CONFIG_KEYS, dotnet__machine_config=found)) == ("OutSystems.DB.X",)
    nothing = _on_windows(MACHINE_CONFIG_KEYS, dotnet__machine_config=MISSING, dotnet__machine_config_32=denied)
    assert _reason(nothing) is Reason.DENIED


# Linux


def _printed(words: str, exit_code: int = 0) -> Callable[[str], Answer]:
    return _ok({"exit_code": exit_code, "text": words})


def test_addresses_come_from_ip_or_hostname_without_broadcast_and_loopback() -> None:
    shown = (
        "1: lo    inet 127.0.0.1/8 scope host lo\\ valid_lft forever\n"
        "2: eth0    inet 10.0.3.20/24 brd 10.0.3.255 scope global eth0\\ valid_lft forever\n"
        "2: eth0    inet6 fe80::1/64 scope link \\ valid_lft forever\n"
    )
    assert _value(_on_linux(HOST_ADDRESSES, linux_host__addresses=_printed(shown))) == ("10.0.3.20", "fe80::1")
    assert _value(_on_linux(HOST_ADDRESSES, linux_host__addresses=_printed("10.0.3.20 fe80::1 \n"))) == (
        "10.0.3.20",
        "fe80::1",
    )


def test_name_and_version_of_a_distribution_are_read_as_text() -> None:
    release = _ok({"path": "x", "text": "PRETTY_NAME='Debian $(reboot)'\nVERSION_ID=\"12\"\n# comment\n"})
    assert _value(_on_linux(OS_NAME, linux_host__release=release)) == "Debian $(reboot)"
    assert str(_value(_on_linux(OS_VERSION, linux_host__release=release))) == "12"
    assert _reason(_on_linux(OS_VERSION, linux_host__release=_ok({"text": "ID=arch\n"}))) is Reason.PARSE_ERROR


def test_memory_and_volumes_are_in_bytes() -> None:
    assert _value(_on_linux(MEMORY, linux_host__memory=_printed("MemTotal:       2048 kB\n"))) == 2048 * 1024
    shown = (
        "Filesystem 1024-blocks Used Available Capacity Mounted on\n"
        "/dev/sda1 1000 400 600 40% /\ntmpfs 10 0 10 0% /run\n/dev/sdb1 50 1 49 2% /data store\n"
    )
    volumes = _value(_on_linux(VOLUMES, linux_host__volumes=_printed(shown)))
    assert [(volume.name, volume.size, volume.free) for volume in volumes] == [
        ("/", 1024000, 614400),
        ("/data store", 51200, 50176),
    ]


def test_virtual_hosts_come_with_their_permissions_where_these_were_listed() -> None:
    shown = (
        'vhost\t/outsystems\n[\n{"user":"os","configure":".*","write":"","read":".*"}\n]\n'
        "vhost\t/\n[]\nvhost\t/with space\n\nvhost\t*\n"
    )
    found = _value(_on_linux(VIRTUAL_HOSTS, linux_rabbitmq__permissions=_printed(shown)))
    assert found == (
        VirtualHost("*", None),
        VirtualHost("/", ()),
        VirtualHost("/outsystems", (BrokerPermission("os", ".*", "", ".*"),)),
        VirtualHost("/with space", None),
    )
    assert _value(_on_linux(VIRTUAL_HOSTS, linux_rabbitmq__permissions=MISSING)) is None


def test_an_account_that_rabbitmq_does_not_serve_knows_nothing_of_virtual_hosts() -> None:
    fact = _on_linux(VIRTUAL_HOSTS, linux_rabbitmq__permissions=_printed("", exit_code=77))
    assert isinstance(fact, NotKnown) and fact.reason is Reason.DENIED
    assert "root or the account rabbitmq" in fact.sentence


@pytest.mark.parametrize(
    "shown",
    [
        "",
        "Listing vhosts ...\nvhost\t/\n[]",
        "vhost\t/\nno JSON",
        'vhost\t/\n{"user":"os"}',
        "vhost\t/\n[1]",
        'vhost\t/\n[{"user":"os","configure":null,"write":"","read":""}]',
        "vhost\t/\n" + "[" * 30_000,
    ],
)
def test_what_the_broker_should_not_print_is_no_virtual_host(shown: str) -> None:
    fact = _on_linux(VIRTUAL_HOSTS, linux_rabbitmq__permissions=_printed(shown))
    assert isinstance(fact, NotKnown) and fact.reason is Reason.PARSE_ERROR


UNITS_SHOWN = (
    "Id=outsystems.service\nLoadState=not-found\nActiveState=inactive\nUnitFileState=\n\n"
    "Id=rabbitmq-server.service\nLoadState=loaded\nActiveState=active\nUnitFileState=enabled\n"
)


def test_units_that_systemd_does_not_know_are_left_out() -> None:
    (unit,) = _value(_on_linux(UNITS, linux_software__units=_printed(UNITS_SHOWN)))
    assert (unit.name, unit.active_state, unit.enabled_state) == ("rabbitmq-server", "active", "enabled")


def test_a_host_that_systemd_does_not_run_has_no_units() -> None:
    silent = _printed("", exit_code=1)
    assert _value(_on_linux(UNITS, linux_software__units=silent, linux_software__systemd=MISSING)) == ()
    assert _value(_on_linux(UNITS, linux_software__units=MISSING, linux_software__systemd=MISSING)) == ()


SYSTEMD_RUNS = _ok({"path": "/run/systemd/system", "entries": []})


def test_an_account_that_systemd_does_not_answer_has_seen_no_unit_absent() -> None:
    for printed in (_printed("", exit_code=1), _printed(""), _printed("Failed to connect to bus")):
        fact = _on_linux(UNITS, linux_software__units=printed, linux_software__systemd=SYSTEMD_RUNS)
        assert _reason(fact) is Reason.PARSE_ERROR


@pytest.mark.parametrize("systemd", [SYSTEMD_RUNS, _not_ok(Outcome.DENIED)])
def test_an_account_without_systemctl_has_seen_no_unit_absent(systemd: Callable[[str], Answer]) -> None:
    fact = _on_linux(UNITS, linux_software__units=MISSING, linux_software__systemd=systemd)
    assert _reason(fact) is Reason.DENIED


def test_a_cut_text_of_units_proves_nothing() -> None:
    cut = _ok({"exit_code": 0, "text": UNITS_SHOWN}, complete=False)
    assert _reason(_on_linux(UNITS, linux_software__units=cut)) is Reason.PARSE_ERROR


def test_the_services_of_a_java_stack_are_parsed_and_never_run() -> None:
    words = "# x\nCONTROLLER=\"DISABLED\"\nDEPLOYER='ENABLED'\nSCHEDULER=ENABLED\nLOG=$(reboot)\n"
    answer = _ok({"path": "x", "text": words})
    assert _value(_on_linux(JAVA_STACK_SERVICES, java_stack__services_file=answer)) == ("DEPLOYER", "SCHEDULER")
    assert _value(_on_linux(JAVA_STACK_CONTROLLER, java_stack__services_file=answer)) is False
    assert _value(_on_linux(JAVA_STACK_CONTROLLER, java_stack__services_file=MISSING)) is None
