"""Turning the document of a case into the material that checks judge."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from auditor.bundled import checks_folder
from auditor.engine.fact_decoding import decode_fact, decode_not_known
from auditor.engine.healthy import healthy_host
from auditor.engine.healthy_lifetime import KEYS, PEOPLE, facts_of, healthy_lifetime
from auditor.engine.subjects import Material
from auditor.engine.tables import Tables, load_tables
from auditor.errors import FailureKind
from auditor.model.component import Bearing, Certainty, Component, ComponentKind, Evidence, Portrait, RoleReading, State
from auditor.model.fact import Facts, NotKnown, Reason
from auditor.model.inventory import (
    LIFETIME_API,
    Endpoint,
    Environment,
    Host,
    Hosting,
    Inventory,
    LifeTimeApi,
    Purpose,
    Role,
    Source,
    SSHEndpoint,
    WinRMEndpoint,
    WinRMReading,
    WinRMSignIn,
)
from auditor.model.observation import ChannelName, Failure, Visit
from auditor.model.question import Answer, Outcome, Platform
from auditor.model.reference import ExpectedEnvironment, People, PeopleGroup, Reference, Thresholds
from auditor.model.scan import EarlierScan
from auditor.model.waiver import Waiver

# Stands for the digest of whatever a case does not name.
DIGEST = "case"
JUDGED_AT = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)

Document = Mapping[str, Any]

_ENVIRONMENT_KEYS = {"purpose", "hosting", "address", "tls_offloading", "approved_tooling", "sources"}
_CHANNELS = {
    "powershell": ChannelName.POWERSHELL_OVER_WINRM,
    "wmi": ChannelName.POWERSHELL_OVER_WINRM,
    "ssh": ChannelName.SH_OVER_SSH,
    "lifetime": ChannelName.LIFETIME_API,
}
_PLATFORMS = {ChannelName.SH_OVER_SSH: Platform.LINUX, ChannelName.LIFETIME_API: Platform.LIFETIME}


def make_material(case: Document, check_names: Mapping[str, str], tables: Tables | None = None) -> Material:
    """Return the material of a merged case document; ValueError says what does not fit.

    `tables` are the figures to judge with: by default those that come with osaudit.
    """
    _known_keys(
        case,
        {"environments", "hosts", "lifetime", "reference", "waivers", "judged_at", "scan_before", "rules", "expect"},
        "the case",
    )
    environments, hosts = case.get("environments", {}), case.get("hosts", {})
    specified = {name: _specify(name, number, hosts, environments) for number, name in enumerate(hosts)}
    judged_at = case.get("judged_at", JUDGED_AT)
    secrets = {name: spec["secrets_found"] for name, spec in specified.items()}
    facts_before = {
        name: Facts(name, {key: decode_fact(key, item) for key, item in spec["previous"].items()})
        for name, spec in specified.items()
        if "previous" in spec
    }
    visits = {name: _visit(name, spec, judged_at) for name, spec in specified.items()}
    facts = {name: _facts(name, spec) for name, spec in specified.items()}
    reference, api = case.get("reference", {}), None
    if "lifetime" in case:
        lifetime = _lifetime(case["lifetime"], environments, hosts)
        visits[LIFETIME_API] = _visit(LIFETIME_API, lifetime, judged_at)
        facts[LIFETIME_API] = _facts(LIFETIME_API, lifetime)
        api = LifeTimeApi("https://lifetime.example.com", **lifetime.get("api", {}))
        reference = {"people": PEOPLE, **reference}
    return Material(
        inventory=dataclasses.replace(_inventory(environments, hosts), lifetime=api),
        reference=_reference(reference),
        visits=visits,
        facts=facts,
        portraits={name: _portrait(name, spec) for name, spec in specified.items()},
        judged_at=judged_at,
        waivers=tuple(_waiver(item) for item in case.get("waivers", ())),
        check_names=check_names,
        tables=bundled_tables() if tables is None else tables,
        secrets_found={name: tuple(found) for name, found in secrets.items() if found is not None},
        rules=case.get("rules", DIGEST),
        previous=_earlier_scan(case.get("scan_before"), facts_before),
    )


def _earlier_scan(spec: Document | None, facts: Mapping[str, Facts]) -> EarlierScan | None:
    if spec is None and not facts:
        return None
    digests = {"rules": DIGEST, "reference": DIGEST, **(spec or {})}
    _known_keys(digests, {"rules", "reference"}, "scan_before")
    return EarlierScan(facts, **digests)


@functools.cache
def bundled_tables() -> Tables:
    """Return the tables of figures that come with osaudit."""
    return load_tables([checks_folder()])


def merge(base: Any, change: Any) -> Any:
    """Lay one document over another: tables are merged, anything else is replaced.

    A table that says `unknown`, `absent` or `state` is a value of its own and replaces what was there.
    """
    whole = isinstance(change, Mapping) and {"unknown", "absent", "state"} & set(change)
    if whole or not isinstance(base, Mapping) or not isinstance(change, Mapping):
        return change
    return {key: merge(base[key], change[key]) if key in base and key in change else {**base, **change}[key]
            for key in {**base, **change}}  # fmt: skip


def _known_keys(document: Document, known: set[str], place: str) -> None:
    if surplus := set(document) - known:
        raise ValueError(f"{place}: unknown key {', '.join(sorted(surplus))}; known are {', '.join(sorted(known))}")


def _specify(name: str, number: int, hosts: Document, environments: Document) -> dict[str, Any]:
    host = hosts[name]
    _known_keys(
        host,
        {"environment", "roles", "aliases", "passive", "same_machine_as", "endpoint", "visit", "answers", "facts",
         "components", "reading", "secrets_found", "previous"},
        f"hosts.{name}",
    )  # fmt: skip
    if "environment" in host and host["environment"] not in environments:
        raise ValueError(f"hosts.{name}: there is no environment called {host['environment']}")
    healthy = {"secrets_found": [], "endpoint": "powershell", "answers": {"clock": "ok"}, "visit": {}}
    if "failure" in host.get("visit", {}):
        healthy["answers"] = {}
    else:
        healthy |= healthy_host(name, number, hosts, environments)
    if "previous" in host:
        healthy["previous"] = healthy_host(name, number, hosts, environments)["facts"]
    specified: dict[str, Any] = merge(healthy, host)
    if "unknown" in (specified["secrets_found"] or ()):
        specified["secrets_found"] = None
    return specified


def _lifetime(written: Document, environments: Document, hosts: Document) -> dict[str, Any]:
    """Return what the host of this name would be specified as, if it were one."""
    _known_keys(written, set(KEYS), "lifetime")
    table = merge(healthy_lifetime(environments, hosts), written)
    visit = table.get("visit", {})
    given = {} if "failure" in visit else {"facts": facts_of(table), "answers": {"lifetime.environments": "ok"}}
    return {"endpoint": "lifetime", "visit": visit, "answers": {}, "api": table.get("api", {}), **given}


def _inventory(environments: Document, hosts: Document) -> Inventory:
    def of(environment: str | None) -> tuple[Host, ...]:
        return tuple(_host(name, host) for name, host in hosts.items() if host.get("environment") == environment)

    declared = []
    for name, item in environments.items():
        _known_keys(item, _ENVIRONMENT_KEYS, f"environments.{name}")
        sources = frozenset(Source(source) for source in item["sources"]) if "sources" in item else None
        hosting = Hosting(item.get("hosting", Hosting.ON_PREMISES))
        declared.append(
            Environment(
                name,
                Purpose(item["purpose"]),
                hosting,
                of(name),
                address=item.get("address"),
                tls_offloading=item.get("tls_offloading", False),
                approved_tooling=tuple(item.get("approved_tooling", ())),
                sources=sources,
            )
        )
    return Inventory("Example", tuple(declared), of(None), digest=DIGEST)


def _host(name: str, host: Document) -> Host:
    return Host(
        name=name,
        environment=host.get("environment"),
        endpoint=_endpoint(name, host.get("endpoint", "powershell")),
        roles=frozenset(Role(role) for role in host.get("roles", ())),
        aliases=tuple(host.get("aliases", ())),
        passive=host.get("passive", False),
        same_machine_as=tuple(host.get("same_machine_as", ())),
    )


def _endpoint(name: str, kind: str) -> Endpoint:
    if kind == "ssh":
        return SSHEndpoint(name, 22, "auditor", Platform.LINUX)
    return WinRMEndpoint(name, 5986, True, WinRMSignIn.KERBEROS, "auditor", reading=WinRMReading(kind))


def _visit(name: str, spec: Document, judged_at: datetime) -> Visit:
    visit = spec["visit"]
    _known_keys(visit, {"failure", "sentence", "reason", "channel", "observed_at"}, f"hosts.{name}.visit")
    observed_at = visit.get("observed_at", judged_at)
    answers = {question: _answer(question, item) for question, item in sorted(dict(spec["answers"]).items())}
    failure = None
    if "failure" in visit:
        failure = Failure(FailureKind(visit["failure"]), visit.get("sentence", f"{name} did not answer."))
    channel = ChannelName(visit.get("channel", _CHANNELS[spec["endpoint"]]))
    platform = _PLATFORMS.get(channel, Platform.WINDOWS)
    if failure is not None and not answers:
        return Visit(name, observed_at, observed_at, failure=failure)
    return Visit(name, observed_at, observed_at, channel, platform, answers, failure)


def _answer(question: str, item: str | Document) -> Answer:
    spec: Document = {"outcome": item} if isinstance(item, str) else item
    _known_keys(spec, {"outcome", "detail", "complete"}, f"answers.{question}")
    return Answer(question, Outcome(spec["outcome"]), None, spec.get("detail", ""), spec.get("complete", True))


def _silence(name: str, spec: Document) -> NotKnown | None:
    if "failure" not in spec["visit"]:
        return None
    return NotKnown(Reason(spec["visit"].get("reason", Reason.UNREACHABLE)), f"{name} could not be read.")


def _facts(name: str, spec: Document) -> Facts:
    facts = {key: decode_fact(key, item) for key, item in spec.get("facts", {}).items()}
    return Facts(name, facts, _silence(name, spec))


def _portrait(name: str, spec: Document) -> Portrait:
    components = spec.get("components", {})
    _known_keys(components, set(ComponentKind), f"hosts.{name}.components")
    silence = _silence(name, spec)
    recognised = tuple(_component(name, kind, components.get(kind), silence) for kind in ComponentKind)
    return Portrait(name, recognised, _reading(name, spec.get("reading"), silence))


def _component(name: str, kind: ComponentKind, spec: str | Document | None, silence: NotKnown | None) -> Component:
    if spec is None:
        spec = {"state": "unknown" if silence else "absent"}
    elif isinstance(spec, str):
        spec = {"state": spec}
    elif "unknown" in spec:
        spec = {"state": "unknown", "reason": spec["unknown"]}
    _known_keys(spec, {"state", "version", "reason", "statement"}, f"hosts.{name}.components.{kind}")
    state = State(spec["state"])
    question = f"component.{kind}"
    evidence = Evidence("case", Bearing.SUPPORTS, spec.get("statement", f"The case says {state}."), 4, (question,))
    not_known = None
    if state is State.UNKNOWN:
        reason = Reason(spec.get("reason", Reason.DENIED))
        not_known = silence or NotKnown(reason, f"Whether {name} carries {kind} could not be read.", (question,))
    return Component(name, kind, state, spec.get("version"), (evidence,), not_known)


def _reading(name: str, spec: Document | None, silence: NotKnown | None) -> RoleReading | NotKnown:
    if spec is None:
        return silence or NotKnown(Reason.NOT_ASKED, f"The services of {name} were not asked for.", ("roles",))
    if "unknown" in spec:
        return decode_not_known(spec, f"The services of {name} could not be read.", ("roles",))
    known = {"intended", "actual", "runs_scheduler", "passive", "certainty", "contradictions"}
    _known_keys(spec, known, f"hosts.{name}.reading")
    return RoleReading(
        host=name,
        intended=frozenset(Role(role) for role in spec["intended"]),
        actual=frozenset(Role(role) for role in spec["actual"]),
        runs_scheduler=spec["runs_scheduler"],
        passive=spec["passive"],
        certainty=Certainty(spec.get("certainty", Certainty.FULL)),
        statement="The case says so.",
        contradictions=tuple(spec.get("contradictions", ())),
        questions=("roles",),
    )


def _reference(spec: Document) -> Reference:
    _known_keys(
        spec,
        {"environments", "thresholds", "lifetime_applications_allowed", "redundancy_asked_for", "lower_severity_for",
         "people", "digest"},
        "reference",
    )  # fmt: skip
    changes: dict[str, Any] = {"digest": spec.get("digest", DIGEST)}
    if "environments" in spec:
        expected = [ExpectedEnvironment(Purpose(item["purpose"]), item.get("name")) for item in spec["environments"]]
        changes["environments"] = tuple(expected)
    if "thresholds" in spec:
        changes["thresholds"] = Thresholds(**spec["thresholds"])
    if "people" in spec:
        groups = {name: PeopleGroup(**{kind: tuple(names) for kind, names in group.items()})
                  for name, group in spec["people"].items()}  # fmt: skip
        changes["people"] = People(**groups)
    if "lifetime_applications_allowed" in spec:
        changes["lifetime_applications_allowed"] = tuple(spec["lifetime_applications_allowed"])
    for key in ("redundancy_asked_for", "lower_severity_for"):
        if key in spec:
            changes[key] = frozenset(Purpose(purpose) for purpose in spec[key])
    return Reference(**changes)


def _waiver(spec: Document) -> Waiver:
    filled: dict[str, Any] = {
        "reason": "Agreed with the architecture board.",
        "owner": "Platform team",
        "approver": "Head of operations",
        "granted": date(2026, 2, 1),
        "until": date(2026, 4, 30),
    }
    return Waiver(**{**filled, **spec})
