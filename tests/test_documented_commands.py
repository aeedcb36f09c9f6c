"""Every command of the documents is typed here, in the order of its page, against simulated servers.

What stands in no page here has a line in one of two tables: where else it is executed, or why it cannot be.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import getpass
import hashlib
import io
import logging
import re
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from auditor.cli import main
from auditor.cli.exit_codes import ExitCode
from auditor.scanning import Bounds, ScanPlan, scan
from auditor.settings.inventory import load_inventory
from auditor.settings.reference import load_reference
from auditor.simulation.infrastructure import ModelledInfrastructure
from auditor.simulation.listening import SimulatedServer
from auditor.simulation.ssh_server import SimulatedSSHServer
from auditor.store import open_store
from auditor.transports.opening import Connections
from tests.cli.program import PASSWORD_VARIABLE
from tests.end_to_end.simulated import FAST, PASSWORD, Quiet, modelled, rules, secrets, serving
from tests.peers.postgresql import PostgreSQL
from tests.peers.webhook import webhook
from tests.test_documentation import PAGES, ROOT, SHELLS, blocks, functions_of, name_of

RELEASE = "tests/test_release.py::"
OFFLINE = RELEASE + "test_a_new_user_without_a_way_to_pypi_gets_from_the_readme_to_a_diff"
INSTALLED = RELEASE + "test_the_wheel_is_installed_by"
# What another test executes.
ELSEWHERE = {
    "make demo": "tests/test_wheel.py::test_the_demo_runs_from_the_wheel",
    "make test": "tests/test_documentation.py::test_the_two_commands_of_the_readme_are_targets_of_the_makefile",
    "pipx install dist/outsystems_auditor-0.1.0-py3-none-any.whl": INSTALLED,
    "uv tool install dist/outsystems_auditor-0.1.0-py3-none-any.whl": INSTALLED,
    "pip download --require-hashes --requirement requirements.lock --dest wheelhouse": OFFLINE,
    "pip wheel --no-deps --wheel-dir wheelhouse .": OFFLINE,
    "python3 -m venv osaudit": OFFLINE,
    "osaudit/bin/pip install --no-index --find-links wheelhouse outsystems-auditor": OFFLINE,
    "osaudit schedule install": "tests/cli/test_schedule.py::test_a_schedule_is_installed_and_removed",
    "osaudit schedule remove": "tests/cli/test_schedule.py::test_a_schedule_is_installed_and_removed",
    "kinit osaudit@EXAMPLE.COM": "tests/transports/test_winrm_kerberos.py::test_a_ticket_signs_in_sealed_over_http",
    "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub": "tests/end_to_end/test_real_linux_host.py::"
    "test_trust_shows_the_fingerprint_that_the_server_itself_shows_and_adds_only_what_is_confirmed",
}
# What cannot be executed here, by its line or its first word, and why.
WINDOWS = "it prepares a Windows server"
NOT_HERE = {
    "pipx install .": "what it installs is the wheel of `pip wheel`, whose installation is tested",
    "pipx install '.[kerberos,keyring]'": "what it adds are extras, whose names the lock file is tested with",
    "pip wheel --no-deps --wheel-dir dist .": "it differs from the one that is tested in the folder only",
    "ssh-keygen -t ed25519 -f keys/osaudit -C osaudit": "it asks for a passphrase at a terminal",
    "ssh-copy-id": "it asks for the password of an account on another computer",
    "winrm": WINDOWS,
    "sc.exe": WINDOWS,
    "icacls": WINDOWS,
    "New-Item": WINDOWS,
    "New-NetFirewallRule": WINDOWS,
    "Add-LocalGroupMember": WINDOWS,
    "(New-Object": WINDOWS,
    "Get-Service": WINDOWS,
    "Add-WindowsCapability": WINDOWS,
    "Set-Service": WINDOWS,
    "Start-Service": WINDOWS,
}
# Commands that end with another code than 0: the guide shows them because they do.
CODES = {
    "osaudit scan --fail-on high": ExitCode.FINDINGS,
}
# The names that the hosts of the demo have on each page.
HOSTS = {
    "README.md": {},
    "docs/user-guide.md": {"mq-1": "broker-1"},
    "docs/linux-servers.md": {"mq-1": "prd-broker"},
    "docs/windows-servers.md": {"prd-ctl": "prd-controller"},
}
# The database of the guide.
DATABASE = "postgresql://osaudit@database.example.com/osaudit"
NIGHTS = 3
# A crontab belongs to its account.
CONFIGURATION = f"""schedule: {{at: "02:00", account: {getpass.getuser()}}}
notifications:
  targets: [{{name: operations, address: {{environment: OSAUDIT_OPERATIONS}}}}]
"""


def lines(page: Path) -> Iterator[str]:
    """Yield every line that a page has a person type into a shell."""
    for language, content in blocks(page):
        if language in SHELLS:
            typed = (line.strip() for line in content.splitlines())
            yield from (line for line in typed if line and not line.startswith("#"))


def is_typed_here(line: str) -> bool:
    return re.match(r"osaudit |cd |\$env:", line) is not None and line not in ELSEWHERE


def reason(line: str) -> str | None:
    """Return the key under which one of the tables has this line."""
    return next((key for key in (line, line.split()[0]) if key in ELSEWHERE or key in NOT_HERE), None)


@dataclass
class Session:
    """What a person who follows a page has before them; drives of Windows are folders of `root`."""

    root: Path
    prepared: Path
    folder: Path
    fingerprint: str
    variables: dict[str, str]
    database: str

    def type(self, line: str) -> None:
        """Type a line of a page, and see that it ends as the page says."""
        before = PREPARATIONS.get(line)
        if before is not None:
            before(self)
        words, _, target = line.partition(" > ")
        if line.startswith("$env:"):
            name, value = re.fullmatch(r'\$env:(\w+) = "(.*)"', line).groups()  # type: ignore[union-attr]
            self.variables[name] = self.here(value)
        elif line.startswith("cd "):
            self.folder = self.folder / self.here(line.removeprefix("cd "))
        else:
            code, printed, said = self.run(self.arguments(words))
            assert code == CODES.get(line, ExitCode.CLEAN), f"{line}: {code}\n{said}{printed}"
            if target:
                (self.folder / target).write_text(printed, encoding="utf-8")
            if " init " in line:
                shutil.copytree(self.prepared, self.folder / self.arguments(words)[-1], dirs_exist_ok=True)

    def here(self, word: str) -> str:
        """Return a word as it means something on this computer today."""
        if re.match(r"[A-Z]:\\", word):
            word = str(self.root / word.replace(":", "", 1).replace("\\", "/"))
        if word == DATABASE:
            return self.database
        return self.fingerprint if word.startswith("SHA256:") else word

    def arguments(self, line: str) -> list[str]:
        lexer = shlex.shlex(line, posix=True)
        lexer.whitespace_split, lexer.escape = True, ""
        words = [self.here(word) for word in lexer][1:]
        if "--until" in words:
            words[words.index("--until") + 1] = f"{datetime.now(UTC).date() + timedelta(days=30)}"
        return words

    def run(self, arguments: list[str]) -> tuple[int, str, str]:
        """Run the program in this process, which saves a second for each line."""
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.folder)
            patch.setattr(sys, "argv", ["osaudit", *arguments])
            patch.setattr(sys, "stdin", io.StringIO("y\n"))
            for name, value in self.variables.items():
                patch.setenv(name, value)
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), pytest.raises(SystemExit) as ended:
                main()
        for handler in logging.getLogger("auditor").handlers[:]:
            logging.getLogger("auditor").removeHandler(handler)
            handler.close()
        printed, said = (stream.detach().getvalue().decode("utf-8") for stream in (out, err))
        return int(ended.value.code or 0), printed, said


def interrupted(session: Session) -> None:
    """Leave a scan behind that was begun and not ended."""
    with open_store(str(session.folder / "osaudit.db")) as store:
        store.begin(load_inventory(session.folder / "inventory.yaml"), load_reference(None), datetime.now(UTC), ())


def in_two_zones(session: Session) -> None:
    """Name a zone for every host: one can be reached from the outer one, the others from the inner."""
    file = session.folder / "inventory.yaml"
    text = file.read_text(encoding="utf-8").replace('{"name": "', '{"zone": "internal", "name": "')
    outer = '"zone": "{}", "name": "broker-1"'
    assert outer.format("internal") in text
    file.write_text(text.replace(outer.format("internal"), outer.format("dmz")), encoding="utf-8")


PREPARATIONS: dict[str, Callable[[Session], None]] = {
    "osaudit scan --resume": interrupted,
    "osaudit scan --zone dmz": in_two_zones,
}


def small_demo() -> ModelledInfrastructure:
    """Return the demo with few hosts, which saves half of the time, and with the finding that the guide waives."""
    demo, drifted = modelled("demo"), modelled("demo-drifted")
    machine = next(host.machine for host in drifted.hosts if host.name == "dev-1")
    development, _, production, lifetime = demo.environments
    with_lifetime = replace(development, hosts=(replace(development.hosts[0], machine=machine),))
    without_front_ends = tuple(host for host in production.hosts if host.name in ("prd-ctl", "mq-1"))
    return replace(demo, environments=(with_lifetime, replace(production, hosts=without_front_ends), lifetime))


def fingerprint_of(server: SimulatedServer) -> str:
    assert isinstance(server, SimulatedSSHServer)
    return base64.b64encode(hashlib.sha256(server.host_key.asbytes()).digest()).decode().rstrip("=")


def scanned_for_nights(folder: Path) -> None:
    """Store the scans of three nights of March, to whose numbers and days the guide refers."""
    inventory = load_inventory(folder / "inventory.yaml")
    plan = ScanPlan(inventory, load_reference(None), rules(), (), Bounds(FAST.visit))
    with open_store(str(folder / "osaudit.db"), create=True) as store, Connections(FAST) as connections:
        for night in range(NIGHTS):
            moment = datetime(2026, 3, 29, 2, 0, tzinfo=UTC) + timedelta(days=night)
            # Each night stands still.
            clock = functools.partial(moment.astimezone, UTC)
            scan(plan, store, connections, secrets, clock=clock, digest_key=b"k" * 32, progress=Quiet())


@pytest.mark.parametrize("page", sorted(HOSTS))
def test_every_command_of_a_page_does_what_the_page_says(page: str, tmp_path: Path, postgresql: PostgreSQL) -> None:
    prepared = tmp_path / "prepared"
    prepared.mkdir()
    with serving(small_demo(), prepared) as (served, _), webhook() as receiver:
        names = HOSTS[page]
        text = served.inventory_text()
        for name, shown in names.items():
            text = text.replace(f'"name": "{name}"', f'"name": "{shown}"')
        (prepared / "inventory.yaml").write_text(text, encoding="utf-8")
        (prepared / "osaudit.yaml").write_text(CONFIGURATION, encoding="utf-8")
        if page == "docs/user-guide.md":
            scanned_for_nights(prepared)
        if page.endswith("-servers.md"):
            # These pages have a host key trusted that nobody trusted before.
            (prepared / "known_hosts").unlink()
        here = tmp_path / "here"
        here.mkdir()
        if not any(line.startswith("osaudit init") for line in lines(ROOT / page)):
            shutil.copytree(prepared, here, dirs_exist_ok=True)
        variables = {
            PASSWORD_VARIABLE: PASSWORD,
            "OSAUDIT_OPERATIONS": f"json://127.0.0.1:{receiver.port}/",
            "COLUMNS": "200",
            **postgresql.environment,
        }
        shown = f"SHA256:{fingerprint_of(served.servers['mq-1'])}"
        session = Session(tmp_path / "drives", prepared, here, shown, variables, postgresql.new_database())
        typed = [line for line in lines(ROOT / page) if is_typed_here(line)]
        for line in typed:
            session.type(line)
    assert typed
    assert receiver.posts or "osaudit notify test" not in typed


def is_covered(page: Path, line: str) -> bool:
    return reason(line) is not None or (is_typed_here(line) and name_of(page) in HOSTS)


def test_no_command_of_the_documents_is_left_out_and_no_reason_is_stale() -> None:
    everywhere = [(page, line) for page in PAGES for line in lines(page)]
    assert [f"{name_of(page)}: {line}" for page, line in everywhere if not is_covered(page, line)] == []
    assert {reason(line) for _, line in everywhere} - {None} == ELSEWHERE.keys() | NOT_HERE.keys()
    assert CODES.keys() | PREPARATIONS.keys() <= {line for _, line in everywhere}
    assert len(everywhere) > 90
    for test in ELSEWHERE.values():
        path, _, function = test.partition("::")
        assert function in functions_of(ROOT / path), test


@pytest.mark.parametrize("line", ["systemctl start osaudit.timer", "pipx install outsystems-auditor", "pip install ."])
def test_a_new_command_without_a_place_would_be_noticed(line: str) -> None:
    assert not is_covered(ROOT / "README.md", line)
    assert not is_covered(ROOT / "docs" / "questions.md", "osaudit explain")
