"""The interpreter for Linux, run for real by dash, bash and busybox, on real files, as root and as nobody."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.model.question import Answer, Outcome, Platform, Question, Verb
from auditor.transports.base import Limits, Request
from auditor.transports.document import ANSWER_BEGIN, linux_script, read_document
from tests.peers.openssh import OpenSSHServer, account, make_key
from tests.peers.ssh_visits import endpoint_of, visit

SCRIPT = Path(__file__).parents[2] / "auditor" / "transports" / "scripts" / "linux.sh"
SHELLS = {"dash": ["dash"], "bash": ["bash"], "busybox": ["busybox", "sh"]}
NOBODY = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
COMMANDS = (
    "uname hostname packages units addresses memory processors rabbitmq_version rabbitmq_permissions machine_id "
    "product_uuid macs volumes"
)
# All that may run: programs that only read, and what the answer is packed with.
PROGRAMS = frozenset(
    re.findall(
        r"\S+",
        "awk base64 cat date df dpkg-query getconf gzip head hostname id ip ls nproc rabbitmqctl rpm sort stat "
        "systemctl timeout tr true uname",
    )
)
BUILTINS = frozenset(
    re.findall(
        r"\S+",
        "if then else fi case esac for do done while return exit break continue set shift read printf export command "
        "[ : { } !",
    )
)

every_shell = pytest.mark.parametrize("shell", [pytest.param(words, id=name) for name, words in SHELLS.items()])
once = pytest.mark.parametrize("shell", [pytest.param(["dash"], id="dash")])


def question(verb: Verb, identity: str = "q", **arguments: Any) -> Question:
    return Question(identity, verb, Platform.LINUX, "", "", arguments)


def run(
    shell: list[str],
    *questions: Question,
    deadline: float = 30,
    seconds: float = 10,
    environment: dict[str, str] | None = None,
) -> dict[str, Answer]:
    request = Request(questions)
    done = subprocess.run(
        [*shell, "-s"],
        input=linux_script(request, deadline, seconds).encode(),
        capture_output=True,
        timeout=60,
        env=environment,
        check=True,
    )
    return {answer.question: answer for answer in read_document("web-1", done.stdout, request, Limits())}


def ask(shell: list[str], verb: Verb, **arguments: Any) -> Answer:
    return run(shell, question(verb, **arguments))["q"]


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[Path]:
    """A folder that everybody may look into, wherever the folders of tests are."""
    folder = Path("/var/tmp") / f"osaudit-tree-{os.getpid()}-{time.monotonic_ns()}"
    folder.mkdir(mode=0o755)
    yield folder
    shutil.rmtree(folder)


@every_shell
def test_the_script_is_portable_and_readable(shell: list[str]) -> None:
    subprocess.run([*shell, "-n", str(SCRIPT)], check=True)
    text = SCRIPT.read_text(encoding="ascii")
    assert max(len(line) for line in text.splitlines()) <= 120
    assert "\r" not in text


@every_shell
def test_a_file_has_size_time_and_text_exactly(shell: list[str], tree: Path) -> None:
    content = 'first "line"\n\ttab \\ backslash\r\nümlaut 😀\n\n'
    (tree / "file").write_bytes(content.encode())
    os.utime(tree / "file", (1_700_000_000, 1_700_000_000))
    answer = ask(shell, Verb.FILE, path=str(tree / "file"), text=65536)
    assert answer.outcome is Outcome.OK
    assert answer.value == {
        "path": str(tree / "file"),
        "size": len(content.encode()),
        "modified": "2023-11-14T22:13:20Z",
        "version": None,
        "text": content,
    }
    assert "text" not in ask(shell, Verb.FILE, path=str(tree / "file")).value
    assert ask(shell, Verb.FILE, path=str(tree / "file"), text=5).value["text"] == "first"


@every_shell
def test_bytes_that_are_no_text_do_not_break_the_answer(shell: list[str], tree: Path) -> None:
    content = bytes(range(256)) + b"\xc3\xa9 \xc3( \xe2\x82 \xed\xa0\x80 \xf0\x9f\x98\x80 \xf4\x90\x80\x80 \xc0\xaf"
    (tree / "file").write_bytes(content)
    text = ask(shell, Verb.FILE, path=str(tree / "file"), text=65536).value["text"]
    # Python replaces a damaged sequence as a whole, the script byte for byte.
    expected = content.replace(b"\0", b"").decode("utf-8", "replace")
    assert re.sub("\ufffd+", "\ufffd", text) == re.sub("\ufffd+", "\ufffd", expected)


@every_shell
def test_names_with_line_ends_quotes_and_damaged_letters_are_kept_apart(shell: list[str], tree: Path) -> None:
    names = ["plain", "two\nlines", 'quo"te', "apo'strophe", "back\\slash", "-n", "$(id)", "`id`", "a b", "*", "x=1",
             "ümlaut", ".hidden", "!first", "\x1b[31m"]  # fmt: skip
    for name in names:
        (tree / name).write_text("")
    (tree / "folder").mkdir()
    (tree / "link").symlink_to("folder")
    (tree / "dangling").symlink_to("nowhere")
    Path(os.fsdecode(bytes(tree) + b"/bad\xff")).write_text("")
    answer = ask(shell, Verb.DIRECTORY, path=str(tree))
    found = {entry["name"]: entry["folder"] for entry in answer.value["entries"]}
    assert found == dict.fromkeys([*names, "dangling", "bad\ufffd"], False) | {"folder": True, "link": True}
    listed = [entry["name"] for entry in answer.value["entries"] if entry["name"].isascii()]
    assert listed == sorted(listed)
    assert answer.complete


@every_shell
def test_a_pattern_and_a_limit_cut_a_folder(shell: list[str], tree: Path) -> None:
    for number in range(12):
        (tree / f"log-{number:02}").write_text("")
    (tree / "other").write_text("")
    answer = ask(shell, Verb.DIRECTORY, path=str(tree), like="log-?1")
    assert [entry["name"] for entry in answer.value["entries"]] == ["log-01", "log-11"]
    cut = ask(shell, Verb.DIRECTORY, path=str(tree), like="log-*", limit=5)
    assert (len(cut.value["entries"]), cut.complete) == (5, False)
    exact = ask(shell, Verb.DIRECTORY, path=str(tree), like="log-*", limit=12)
    assert (len(exact.value["entries"]), exact.complete) == (12, True)
    for number in range(501):
        (tree / f"many-{number:03}").write_text("")
    many = ask(shell, Verb.DIRECTORY, path=str(tree), like="many-*", limit=900)
    assert (len(many.value["entries"]), many.complete) == (500, False)
    nothing = ask(shell, Verb.DIRECTORY, path=str(tree), like="none*")
    assert (nothing.outcome, nothing.value["entries"]) == (Outcome.OK, [])


@every_shell
def test_missing_is_told_from_denied(shell: list[str], tree: Path) -> None:
    closed = tree / "closed"
    closed.mkdir(mode=0o700)
    (closed / "file").write_text("secret")
    listable = tree / "listable"
    listable.mkdir()
    (listable / "file").write_text("")
    listable.chmod(0o744)
    (tree / "unreadable").write_text("secret")
    (tree / "unreadable").chmod(0o600)
    cases = {
        "none": (Verb.FILE, tree / "none", Outcome.MISSING),
        "none below": (Verb.FILE, tree / "none" / "below", Outcome.MISSING),
        "below a file": (Verb.FILE, tree / "unreadable" / "below", Outcome.MISSING),
        "folder as file": (Verb.FILE, listable, Outcome.MISSING),
        "file as folder": (Verb.DIRECTORY, tree / "unreadable", Outcome.MISSING),
        "in a closed folder": (Verb.FILE, closed / "file", Outcome.DENIED),
        "perhaps in a closed folder": (Verb.FILE, closed / "none", Outcome.DENIED),
        "closed folder": (Verb.DIRECTORY, closed, Outcome.DENIED),
        "deep in a closed folder": (Verb.DIRECTORY, closed / "none" / "deep", Outcome.DENIED),
        "folder without its entries": (Verb.DIRECTORY, listable, Outcome.DENIED),
        "text that may not be read": (Verb.FILE, tree / "unreadable", Outcome.DENIED),
        "not absolute": (Verb.FILE, "etc/passwd", Outcome.FAILED),
        "empty": (Verb.FILE, "", Outcome.FAILED),
    }
    questions = [
        question(verb, identity, path=str(path), **({"text": 10} if "text" in identity else {}))
        for identity, (verb, path, _) in cases.items()
    ]
    answers = run([*NOBODY, *shell], *questions)
    assert {identity: answer.outcome for identity, answer in answers.items()} == {
        identity: outcome for identity, (_, _, outcome) in cases.items()
    }
    assert answers["in a closed folder"].detail.endswith("Permission denied")
    # What may not be read has size and time all the same.
    assert ask([*NOBODY, *shell], Verb.FILE, path=str(tree / "unreadable")).value["size"] == 6


@every_shell
def test_what_is_no_regular_file_is_never_read(shell: list[str], tree: Path) -> None:
    os.mkfifo(tree / "pipe")
    for path in (tree / "pipe", Path("/dev/zero")):
        assert ask(shell, Verb.FILE, path=str(path), text=10).outcome is Outcome.FAILED


@every_shell
def test_a_loop_of_links_fails_and_a_link_to_nowhere_is_missing(shell: list[str], tree: Path) -> None:
    (tree / "loop").symlink_to("loop")
    (tree / "dangling").symlink_to("nowhere")
    assert ask(shell, Verb.FILE, path=str(tree / "loop")).outcome is Outcome.FAILED
    assert ask(shell, Verb.FILE, path=str(tree / "dangling")).outcome is Outcome.MISSING


@every_shell
def test_listeners_are_found_on_all_kinds_of_addresses_with_their_process(shell: list[str]) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as four,
        socket.create_server(("::1", 0), family=socket.AF_INET6) as six,
        socket.create_server(("", 0)) as all_four,
        socket.create_server(("::", 0), family=socket.AF_INET6) as all_six,
    ):
        ports = [one.getsockname()[1] for one in (four, six, all_four, all_six)]
        listeners = ask(shell, Verb.LISTENER).value["listeners"]
        found = {one["port"]: (one["address"], one["pid"], one["process"]) for one in listeners}
        name = Path("/proc/self/comm").read_text().strip()
        expected = [(address, os.getpid(), name) for address in ("127.0.0.1", "::1", "0.0.0.0", "::")]
        assert [found[port] for port in ports] == expected
        foreign = ask([*NOBODY, *shell], Verb.LISTENER).value["listeners"]
        assert {one["port"]: one["process"] for one in foreign}[ports[0]] == ""


@pytest.mark.parametrize(("zone", "minutes"), [("UTC0", 0), ("XXX-05:45", 345), ("YYY+03:30", -210), ("ZZZ-14", 840)])
@every_shell
def test_the_clock_is_right_in_every_zone(shell: list[str], zone: str, minutes: int) -> None:
    answer = run(shell, question(Verb.CLOCK), environment={**os.environ, "TZ": zone})["q"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", answer.value["utc"])
    assert answer.value["utc"][:16] in (time.strftime("%Y-%m-%dT%H:%M", time.gmtime(time.time() - s)) for s in (0, 5))
    assert (answer.value["zone"], answer.value["offset_minutes"]) == (zone[:3], minutes)


@every_shell
def test_a_zone_that_is_named_by_its_offset_keeps_its_sign(shell: list[str]) -> None:
    # Zones without an abbreviation have such names: Istanbul is +03, Buenos Aires -03.
    for zone, minutes in (("+03", 180), ("-03", -180)):
        answer = run(shell, question(Verb.CLOCK), environment={**os.environ, "TZ": f"<{zone}>{-minutes // 60}"})["q"]
        assert (answer.value["zone"], answer.value["offset_minutes"]) == (zone, minutes)


@every_shell
def test_the_account_says_whether_it_is_root(shell: list[str]) -> None:
    assert ask(shell, Verb.ACCOUNT).value == {"administrator": True}
    assert ask([*NOBODY, *shell], Verb.ACCOUNT).value == {"administrator": False}


@every_shell
def test_each_fixed_command_answers_and_no_other_does(shell: list[str]) -> None:
    others = {"other": "reboot", "none": "", "two": "uname; id"}
    questions = [question(Verb.COMMAND, name, name=name) for name in COMMANDS.split()]
    questions += [question(Verb.COMMAND, identity, name=name) for identity, name in others.items()]
    answers = run(shell, *questions)
    assert answers["uname"].value == {
        "exit_code": 0,
        "text": subprocess.run(["uname", "-srm"], capture_output=True, text=True, check=True).stdout.strip(),
    }
    assert answers["memory"].value["text"].startswith("MemTotal:")
    assert answers["processors"].value["text"] == str(os.cpu_count())
    assert answers["machine_id"].value["text"].strip() == Path("/etc/machine-id").read_text().strip()
    assert "127.0.0.1" in answers["addresses"].value["text"]
    assert "00:00:00:00:00:00" in answers["macs"].value["text"]
    assert "Mounted on" in answers["volumes"].value["text"]
    assert answers["hostname"].value["text"]
    assert answers["packages"].value["exit_code"] == 0
    assert {answers[identity].outcome for identity in others} == {Outcome.UNSUPPORTED}


def programs(folder: Path, **scripts: str) -> dict[str, str]:
    """An environment whose first programs are these."""
    folder.mkdir(exist_ok=True)
    for name, text in scripts.items():
        program = folder / name.replace("_", "-")
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(0o755)
    return {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}


@every_shell
def test_packages_of_both_managers_are_listed_and_the_broker_has_its_version(shell: list[str], tmp_path: Path) -> None:
    listing = (
        "install ok installed rabbitmq-server 1:3.13.7-1\\ninstall ok installed bash 5.2\\n"
        "deinstall ok config-files erlang-old 20\\ninstall ok installed erlang-base 1:26.2.5"
    )
    environment = programs(
        tmp_path / "bin",
        dpkg_query=f"printf '{listing}\\n'",
        rpm="echo 'install ok installed outsystems-agileplatform 10.0.903.0-1'",
    )
    asked = [question(Verb.COMMAND, name, name=name) for name in ("packages", "rabbitmq_version")]
    answers = run(shell, *asked, environment=environment)
    assert answers["packages"].value == {
        "exit_code": 0,
        "text": "erlang-base 1:26.2.5\noutsystems-agileplatform 10.0.903.0-1\nrabbitmq-server 1:3.13.7-1",
    }
    assert answers["rabbitmq_version"].value == {"exit_code": 0, "text": "3.13.7"}


@every_shell
def test_a_package_manager_that_fails_says_so(shell: list[str], tmp_path: Path) -> None:
    environment = programs(tmp_path / "bin", dpkg_query="echo broken >&2; exit 2", rpm="exit 0")
    answer = run(shell, question(Verb.COMMAND, name="packages"), environment=environment)["q"]
    assert answer.value == {"exit_code": 2, "text": ""}
    broker = run(shell, question(Verb.COMMAND, name="rabbitmq_version"), environment=environment)["q"]
    assert (broker.outcome, broker.detail) == (Outcome.FAILED, "the packages cannot be listed")


@every_shell
def test_a_package_manager_that_knows_no_package_proves_nothing(shell: list[str], tmp_path: Path) -> None:
    environment = programs(tmp_path / "bin", dpkg_query="exit 0", rpm="exit 0")
    answer = run(shell, question(Verb.COMMAND, name="packages"), environment=environment)["q"]
    assert (answer.outcome, answer.detail) == (Outcome.FAILED, "no package is listed")
    broker = run(shell, question(Verb.COMMAND, name="rabbitmq_version"), environment=environment)["q"]
    assert (broker.outcome, broker.detail) == (Outcome.FAILED, "the packages cannot be listed")


@every_shell
def test_without_a_package_rabbitmqctl_is_asked(shell: list[str], tmp_path: Path) -> None:
    environment = programs(tmp_path / "bin", dpkg_query="exit 0", rabbitmqctl='[ "$*" = version ] && echo 4.1.2')
    answer = run(shell, question(Verb.COMMAND, name="rabbitmq_version"), environment=environment)["q"]
    assert answer.value == {"exit_code": 0, "text": "4.1.2"}


# Prints what it was asked, and of each virtual host that it has one user.
RABBITMQCTL = """case $* in
'--silent list_vhosts name') printf '%s\\n' / '/with space' '*' '$(id)' ;;
'--silent --formatter json list_permissions --vhost='*) printf '[{"user":"%s"}]\\n' "${5#--vhost=}" ;;
*) exit 64 ;;
esac"""


@every_shell
def test_the_permissions_on_each_virtual_host_are_listed(shell: list[str], tmp_path: Path) -> None:
    environment = programs(tmp_path / "bin", rabbitmqctl=RABBITMQCTL)
    answer = run(shell, question(Verb.COMMAND, name="rabbitmq_permissions"), environment=environment)["q"]
    names = ("/", "/with space", "*", "$(id)")
    listed = "\n".join(f'vhost\t{name}\n[{{"user":"{name}"}}]' for name in names)
    assert (answer.value["exit_code"], answer.value["text"].strip()) == (0, listed)
    assert answer.complete


@every_shell
def test_another_account_than_root_starts_no_rabbitmqctl(shell: list[str], tree: Path) -> None:
    environment = programs(tree / "bin", rabbitmqctl=f"echo started >>{tree}/started; exit 1")
    asked = question(Verb.COMMAND, name="rabbitmq_permissions")
    answer = run([*NOBODY, *shell], asked, environment=environment)["q"]
    assert answer.value == {"exit_code": 77, "text": ""}
    assert not (tree / "started").exists()


@every_shell
def test_a_broker_that_does_not_answer_says_so(shell: list[str], tmp_path: Path) -> None:
    environment = programs(tmp_path / "bin", rabbitmqctl="echo 'unable to connect'; exit 69")
    answer = run(shell, question(Verb.COMMAND, name="rabbitmq_permissions"), environment=environment)["q"]
    assert answer.value == {"exit_code": 69, "text": ""}


@every_shell
def test_the_permissions_on_many_virtual_hosts_are_listed_for_the_first_and_within_the_time(
    shell: list[str], tmp_path: Path
) -> None:
    names = " ".join(f"v{number:02}" for number in range(25))
    quick = f"case $* in *list_vhosts*) printf '%s\\n' {names} ;; *) echo '[]' ;; esac"
    slow = f"case $* in *list_vhosts*) printf '%s\\n' {names} ;; *) sleep 1; echo '[]' ;; esac"
    asked = question(Verb.COMMAND, name="rabbitmq_permissions")
    answer = run(shell, asked, seconds=30, environment=programs(tmp_path / "quick", rabbitmqctl=quick))["q"]
    assert (answer.value["text"].count("vhost\t"), answer.value["text"].count("[]")) == (25, 20)
    answer = run(shell, asked, seconds=2, environment=programs(tmp_path / "slow", rabbitmqctl=slow))["q"]
    assert answer.value["text"].count("vhost\t") == 25
    assert answer.value["text"].count("[]") < 4
    assert answer.milliseconds < 8000


@every_shell
def test_the_units_of_systemd_are_asked_by_name(shell: list[str], tmp_path: Path) -> None:
    environment = programs(tmp_path / "bin", systemctl='printf "%s\\n" "$@"')
    words = run(shell, question(Verb.COMMAND, name="units"), environment=environment)["q"].value["text"].split("\n")
    assert words[:2] == ["show", "--no-pager"]
    assert words[2:10] == ["-p", "Id", "-p", "ActiveState", "-p", "UnitFileState", "-p", "LoadState"]
    units = "outsystems wildfly-outsystems jboss-outsystems weblogic-outsystems rabbitmq-server nginx haproxy"
    assert words[10:] == [f"{unit}.service" for unit in units.split()]


@every_shell
def test_a_program_that_hangs_loses_its_own_question_only(shell: list[str], tmp_path: Path) -> None:
    environment = programs(tmp_path / "bin", df="sleep 30", systemctl="trap '' TERM; sleep 30 & wait; sleep 30")
    started = time.monotonic()
    names = ("volumes", "units", "uname")
    answers = run(
        shell, *(question(Verb.COMMAND, name, name=name) for name in names), seconds=1, environment=environment
    )
    assert time.monotonic() - started < 15
    assert [(answers[name].outcome, answers[name].detail) for name in names] == [
        (Outcome.FAILED, "out of time"),
        (Outcome.FAILED, "out of time"),
        (Outcome.OK, ""),
    ]
    assert 900 <= answers["volumes"].milliseconds < 4000


@every_shell
def test_questions_after_the_deadline_are_answered_as_out_of_time(shell: list[str], tmp_path: Path) -> None:
    environment = programs(tmp_path / "bin", df="sleep 30")
    names = ("uname", "volumes", "memory")
    questions = [question(Verb.COMMAND, name, name=name) for name in names]
    answers = run(shell, *questions, deadline=2, seconds=20, environment=environment)
    assert [answers[name].detail for name in names] == ["", "out of time", "out of time"]


@every_shell
def test_a_program_that_reads_its_input_does_not_eat_the_script(shell: list[str], tmp_path: Path) -> None:
    environment = programs(tmp_path / "bin", df="cat", hostname="cat", systemctl="cat; read -r line; echo eaten")
    names = ("volumes", "hostname", "units", "uname")
    answers = run(shell, *(question(Verb.COMMAND, name, name=name) for name in names), environment=environment)
    assert answers["volumes"].value["text"] == ""
    assert answers["uname"].outcome is Outcome.OK


@every_shell
def test_a_server_with_busybox_alone_is_read(shell: list[str], tmp_path: Path) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    offered = subprocess.run(["busybox", "--list"], capture_output=True, text=True, check=True).stdout.split()
    for name in (PROGRAMS & set(offered)) - {"rpm"} | {"sh"}:
        (folder / name).symlink_to("/usr/bin/busybox")
    (tmp_path / "file").write_text('"text" ümlaut\n')
    names = COMMANDS.split()
    questions = [
        question(Verb.FILE, "file", path=str(tmp_path / "file"), text=100),
        question(Verb.FILE, "none", path=str(tmp_path / "none")),
        question(Verb.DIRECTORY, "folder", path=str(tmp_path)),
        question(Verb.LISTENER, "listeners"),
        question(Verb.CLOCK, "clock"),
        *(question(Verb.COMMAND, name, name=name) for name in names),
    ]
    shell = [str(folder / "sh")] if shell[0] == "busybox" else [str(shutil.which(shell[0]))]
    answers = run(shell, *questions, environment={"PATH": str(folder)})
    assert answers["file"].value["text"] == '"text" ümlaut\n'
    assert answers["none"].outcome is Outcome.MISSING
    assert [entry["name"] for entry in answers["folder"].value["entries"]] == ["bin", "file"]
    assert answers["listeners"].outcome is answers["clock"].outcome is Outcome.OK
    assert (answers["packages"].outcome, answers["units"].outcome) == (Outcome.MISSING, Outcome.MISSING)
    assert all(answers[name].outcome in (Outcome.OK, Outcome.MISSING) for name in names)


@every_shell
def test_a_server_without_gzip_says_what_is_missing(shell: list[str], tmp_path: Path) -> None:
    (tmp_path / "awk").symlink_to("/usr/bin/busybox")
    done = subprocess.run(
        [str(shutil.which(shell[0])), *shell[1:], "-s"],
        input=linux_script(Request(()), 5, 5).encode().replace(b"PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin", b""),
        capture_output=True,
        env={"PATH": str(tmp_path)},
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (127, b"", b"osaudit: there is no gzip\n")


@once
def test_a_script_cut_short_anywhere_runs_nothing(shell: list[str]) -> None:
    script = linux_script(Request((question(Verb.ACCOUNT),)), 5, 5).encode()
    for length in range(0, len(script) - 2, 397):
        done = subprocess.run([*shell, "-s"], input=script[:length], capture_output=True, timeout=30, check=False)
        assert ANSWER_BEGIN not in done.stdout


@once
def test_no_file_is_written_or_changed(shell: list[str], tree: Path) -> None:
    (tree / "file").write_text("text")
    questions = [
        question(Verb.FILE, "file", path=str(tree / "file"), text=100),
        question(Verb.DIRECTORY, "folder", path=str(tree)),
        *(question(Verb.COMMAND, name, name=name) for name in COMMANDS.split()),
        *(question(verb, verb.value) for verb in (Verb.LISTENER, Verb.CLOCK, Verb.ACCOUNT)),
    ]
    # In a mount namespace of its own in which nothing can be written, every question is answered all the same.
    remount = "mount -o remount,ro,bind / && mount -t tmpfs -o ro none /tmp && exec dash -s"
    read_only = ["unshare", "--mount", "sh", "-c", f"mount --bind / / && cd / && {remount}"]
    answers = run([*read_only], *questions)
    assert answers["file"].value["text"] == "text"
    assert {answer.outcome for answer in answers.values()} <= {Outcome.OK, Outcome.MISSING}
    assert "/tmp" not in SCRIPT.read_text()
    assert not re.search(r"<<|>(?!/dev/null|&1|&2|=| |0|$)", code_of(SCRIPT.read_text()))


def code_of(script: str) -> str:
    """The script without comments, quoted text, awk programs and arithmetic."""
    script = re.sub(r"^\s*#.*$", "", script, flags=re.MULTILINE)
    script = re.sub(r"'[^']*'", "''", script)
    script = re.sub(r"\$\(\((?:[^()]|\([^()]*\))*\)\)", "0", script)
    return re.sub(r' "(?:[^"$\\]|\\.)*"', ' ""', script)


@once
def test_only_programs_that_read_are_named_and_each_stands_in_the_heading(shell: list[str]) -> None:
    text = SCRIPT.read_text()
    heading = set(re.findall(r"[a-z][a-z0-9-]*", text.partition("# awk")[2].partition("Runs alike")[0])) | {"awk"}
    assert heading == PROGRAMS
    code = code_of(text)
    functions = set(re.findall(r"^([a-z_]+)\(\)", code, re.MULTILINE))
    # The word after a line start, a separator, an opening, or one of the words that run what follows. Looked for ahead,
    # since one such word may follow another.
    starts = r"(?:^|[;|&()\{]|\b(?:then|else|do|if|while|limit|run|has)\b|!)\s*"
    assigned = r"(?:[a-z_]+=(?:\$\([^)]*\)|\"[^\"]*\"|[^\s;(]*)\s+)*"
    named = set(re.findall(rf"(?={starts}{assigned}([a-z][a-z0-9_-]*)(?=[\s;)]|$))", code, re.MULTILINE))
    patterns = set(re.findall(r"^\s+([a-z_]+)\)", code, re.MULTILINE))
    assert named - functions - BUILTINS - patterns - {"in"} <= PROGRAMS
    # awk could run programs and write files too.
    assert not re.search(r"system\(|print[^\n]*>\s*\"|print[^\n]*\|\s*\"", text)
    assert not {"eval", "exec", "source", "sh", "rm", "mv", "cp", "touch", "tee", "mktemp", "sudo"} & named


@once
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    words=st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="\0\n\r"), max_size=30)
        | st.sampled_from(
            ["'; touch OWNED; '", "$(touch OWNED)", "`touch OWNED`", "\\", "'", '"', "* ? [", "-rf", "!"]
        ),
        min_size=4,
        max_size=4,
    )
)
def test_no_argument_is_ever_run(shell: list[str], words: list[str], tmp_path: Path) -> None:
    questions = (
        question(Verb.FILE, "q1", path=words[0], text=words[1]),
        question(Verb.FILE, "q2", path=f"/{words[0]}", text=5),
        question(Verb.DIRECTORY, "q3", path="/etc", like=words[1], limit=words[2]),
        question(Verb.DIRECTORY, "q4", path=f"/etc/{words[2]}", like=words[3]),
        question(Verb.COMMAND, "q5", name=words[3]),
        question(Verb.ACCOUNT, "q6"),
    )
    request = Request(questions)
    done = subprocess.run(
        [*shell, "-s"], input=linux_script(request, 20, 5).encode(), capture_output=True, cwd=tmp_path, check=True
    )
    answers = read_document("web-1", done.stdout, request, Limits())
    assert answers[-1].value == {"administrator": True}
    assert all(answer.detail != "no answer" for answer in answers)
    assert list(tmp_path.iterdir()) == []


@once
def test_an_odd_question_name_comes_back_as_it_was(shell: list[str]) -> None:
    name = "odd \"name\" with 'quotes' $(id) \\ ümlaut"
    assert run(shell, question(Verb.ACCOUNT, name))[name].outcome is Outcome.OK


@once
def test_the_same_answers_come_through_a_real_sshd_as_an_unprivileged_account(shell: list[str], tree: Path) -> None:
    (tree / "ümlaut\nline").write_text("")
    key = make_key(tree / "key")
    with account(tree) as person, OpenSSHServer(tree / "server", authorized=(key,)) as server:
        endpoint = replace(endpoint_of(server, key_file=str(key)), user=person.name)
        request = Request(
            (
                question(Verb.ACCOUNT, "account"),
                question(Verb.DIRECTORY, "folder", path=str(tree), like="*line"),
                question(Verb.FILE, "shadow", path="/etc/shadow", text=100),
                question(Verb.LISTENER, "listeners"),
            )
        )
        reply = visit(endpoint, request=request)
        ports = [one["port"] for one in reply.answers["listeners"].value["listeners"]]
        assert server.port in ports
    assert reply.answers["account"].value == {"administrator": False}
    assert reply.answers["folder"].value["entries"] == [{"name": "ümlaut\nline", "folder": False}]
    assert reply.answers["shadow"].outcome is Outcome.DENIED
