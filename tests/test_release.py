"""A release: its parts, and what a new user does with it who has read nothing but the README."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from auditor import __version__
from tests.cli.program import PASSWORD_VARIABLE
from tests.end_to_end.simulated import PASSWORD, modelled, serving

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
# What the lock file leaves out, because it is compiled on the computer on which it runs.
COMPILED = {"kerberos"}
# How this computer gets to PyPI, and by whom it has it vouched for.
WAY_OUT = ("LANG", "PIP_", "UV_", "SSL_CERT_", "REQUESTS_CA_BUNDLE", "HTTP_PROXY", "HTTPS_PROXY", "https_proxy")
_SECONDS = 600.0


def locked() -> dict[str, tuple[str, list[str]]]:
    """Return version and digests of each locked distribution."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    found = re.findall(r"^([\w.-]+)==(\S+)[^\n]*((?:\\\n +--hash=sha256:[0-9a-f]{64} ?)+)", text, re.MULTILINE)
    return {
        canonicalize_name(name): (version, re.findall(r"sha256:([0-9a-f]{64})", digests))
        for name, version, digests in found
    }


def asked_for() -> Iterator[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for extra, wanted in project["optional-dependencies"].items():
        if extra not in COMPILED:
            yield from map(Requirement, wanted)
    yield from map(Requirement, project["dependencies"])


def test_the_lock_file_has_a_version_that_is_asked_for_of_everything() -> None:
    pins = locked()

    for wanted in asked_for():
        version, digests = pins[canonicalize_name(wanted.name)]
        assert wanted.specifier.contains(version), f"{wanted} but {version} is locked; run `make lock`"
        assert digests
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert len(re.findall(r"^\w", text, re.MULTILINE)) == len(pins)


@dataclass(frozen=True)
class NewComputer:
    """A person with an empty home folder, a wheel, and nothing of ours."""

    home: Path

    def run(self, *typed: str, folder: Path | None = None, variables: Mapping[str, str] = {}) -> str:
        """Run a command that has to succeed, and return what it prints."""
        kept = {name: value for name, value in os.environ.items() if name.startswith(WAY_OUT)}
        path = os.pathsep.join((str(self.home / "bin"), str(BIN), "/usr/bin", "/bin"))
        environment = {**kept, "HOME": str(self.home), "PATH": path, **variables}
        done = subprocess.run(
            typed,
            cwd=folder or self.home,
            env=environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=_SECONDS,
            check=False,
        )
        assert done.returncode == 0, f"{typed}: {done.stdout}{done.stderr}"
        return done.stdout


@pytest.fixture
def computer(tmp_path: Path) -> NewComputer:
    home = tmp_path / "home"
    home.mkdir()
    return NewComputer(home)


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a release as the Makefile does."""
    folder = tmp_path_factory.mktemp("release") / "dist"
    made = subprocess.run(
        ["make", "release", f"DIST={folder}", f"VENV={BIN.parent}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    return folder


def wheel_of(release: Path) -> Path:
    return release / f"outsystems_auditor-{__version__}-py3-none-any.whl"


def test_a_release_holds_wheel_source_lock_file_and_bill_of_materials(release: Path) -> None:
    assert {path.name for path in release.iterdir()} == {
        wheel_of(release).name,
        f"outsystems_auditor-{__version__}.tar.gz",
        "requirements.lock",
        "bill-of-materials.cdx.json",
    }


def test_the_bill_of_materials_is_valid_and_names_what_was_installed_with_licences(release: Path) -> None:
    text = (release / "bill-of-materials.cdx.json").read_text(encoding="utf-8")
    bill = json.loads(text)
    pins = locked()

    assert JsonStrictValidator(SchemaVersion.from_version(bill["specVersion"])).validate_str(text) is None
    root = bill["metadata"]["component"]
    assert (root["name"], root["version"], root["type"]) == ("outsystems-auditor", __version__, "application")
    listed = {canonicalize_name(item["name"]): item for item in bill["components"]}
    for wanted in asked_for():
        assert canonicalize_name(wanted.name) in listed
    for name in listed.keys() & pins.keys():
        assert listed[name]["version"] == pins[name][0]
    assert listed.keys() - pins.keys() <= {"pip", "setuptools"}
    assert [name for name in listed if not listed[name].get("licenses")] == []


@pytest.mark.parametrize("tool", ["pipx", "uv"])
def test_the_wheel_is_installed_by(tool: str, release: Path, computer: NewComputer) -> None:
    home, wheel = computer.home, str(wheel_of(release))
    if tool == "pipx":
        computer.run(
            "pipx", "install", wheel, variables={"PIPX_HOME": str(home / "pipx"), "PIPX_BIN_DIR": str(home / "bin")}
        )
    else:
        folders = {
            "UV_TOOL_DIR": str(home / "uv"),
            "UV_TOOL_BIN_DIR": str(home / "bin"),
            "UV_CACHE_DIR": str(home / "c"),
        }
        computer.run("uv", "tool", "install", "--python", sys.executable, wheel, variables=folders)

    assert computer.run(str(home / "bin" / "osaudit"), "--version") == f"osaudit {__version__}\n"
    assert "LifeTime" in computer.run(str(home / "bin" / "osaudit"), "checks", "list")


def first_steps() -> list[str]:
    """Return the lines that the README has a new user type."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(r"^## First steps\n\n```sh\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    assert found is not None
    return found[1].splitlines()


def offline_steps() -> list[str]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(r"^```sh\n(pip download .*?)^```$", text, re.DOTALL | re.MULTILINE)
    assert found is not None
    return [line for line in found[1].splitlines() if not line.startswith("#")]


def test_a_new_user_without_a_way_to_pypi_gets_from_the_readme_to_a_diff(computer: NewComputer, tmp_path: Path) -> None:
    home = computer.home
    gather, build, *install = offline_steps()
    shutil.copy(ROOT / "requirements.lock", home)
    computer.run("sh", "-c", gather)
    computer.run("sh", "-c", f"{build} --no-build-isolation --quiet".replace(" . ", f" {ROOT} "), folder=home)
    # From here on there is no index.
    for line in install:
        computer.run("sh", "-c", line, variables={"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "", "PIP_EXTRA_INDEX_URL": ""})
    path = os.pathsep.join((str(home / "osaudit" / "bin"), "/usr/bin", "/bin"))
    variables = {"PATH": path, PASSWORD_VARIABLE: PASSWORD}

    servers = tmp_path / "servers"
    servers.mkdir()
    with serving(modelled("reference"), servers):
        inventory = (servers / "inventory.yaml").read_text(encoding="utf-8")
        folder = home
        for line in first_steps():
            if line.startswith("cd "):
                folder /= line.removeprefix("cd ")
            elif line.startswith("# Edit inventory.yaml"):
                (folder / "inventory.yaml").write_text(inventory, encoding="utf-8")
            elif not line.startswith("#"):
                computer.run("sh", "-c", line, folder=folder, variables=variables)

    assert {path.name for path in folder.iterdir()} >= {"osaudit.db", "inventory.yaml"}
    assert list(folder.glob("*.html"))
    with (folder / "osaudit.yaml").open("a", encoding="utf-8") as file:
        file.write('schedule: {at: "02:00"}\n')
    shown = computer.run("osaudit", "schedule", "show", "--system", "cron", folder=folder, variables=variables)
    assert str(home / "osaudit" / "bin") in shown
    assert computer.run("osaudit", "status", folder=folder, variables=variables).startswith("Scan 2 of ")


def test_a_shell_completes_commands_and_options(computer: NewComputer) -> None:
    typed = {"COMP_WORDS": "osaudit sca", "COMP_CWORD": "1", "_OSAUDIT_COMPLETE": "complete_bash"}
    options = {"COMP_WORDS": "osaudit scan --not", "COMP_CWORD": "2", "_OSAUDIT_COMPLETE": "complete_bash"}
    program = [sys.executable, "-m", "auditor"]

    assert computer.run(*program, folder=ROOT, variables=typed).split() == ["scan", "scans"]
    assert computer.run(*program, folder=ROOT, variables=options).split() == ["--notify"]


def test_the_source_of_a_release_can_be_tested(release: Path) -> None:
    names = subprocess.run(
        ["tar", "-tzf", str(release / f"outsystems_auditor-{__version__}.tar.gz")],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    with zipfile.ZipFile(wheel_of(release)) as archive:
        assert any(name.endswith("windows.ps1") for name in archive.namelist())
    for needed in ("Makefile", "pyproject.toml", "requirements.lock", "tests/test_release.py", "docs/user-guide.md"):
        assert f"/{needed}\n" in names
