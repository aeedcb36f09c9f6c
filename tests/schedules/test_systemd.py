"""The units for systemd, judged by systemd itself."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from auditor.cli.installing import install_units, remove_units
from auditor.errors import UsageError
from auditor.model.unattended import Weekday
from auditor.schedules.systemd import units
from tests.schedules.plans import plan

ODD = '/srv/os audit/100%/it\'s $HOME \\ "x"'


def written(folder: Path, texts: dict[str, str]) -> list[str]:
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [str(folder / name) for name in texts]


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("folder", ["/srv/osaudit", ODD])
@pytest.mark.parametrize("days", [tuple(Weekday), (Weekday.MONDAY, Weekday.FRIDAY)])
def test_systemd_finds_nothing_wrong(folder: str, days: tuple[Weekday, ...], tmp_path: Path) -> None:
    judged = analyze("verify", "--man=no", *written(tmp_path, units(plan(folder, days=days))))
    assert (judged.returncode, judged.stdout + judged.stderr) == (0, "")


def test_a_unit_that_is_wrong_would_be_noticed(tmp_path: Path) -> None:
    texts = units(plan(program="/nowhere/osaudit"))
    texts["osaudit.timer"] = texts["osaudit.timer"].replace("*-*-* 02:30:00", "at night")
    said = analyze("verify", "--man=no", *written(tmp_path, texts)).stderr
    assert "/nowhere/osaudit is not executable" in said
    assert "at night" in said


def test_the_service_is_hardened(tmp_path: Path) -> None:
    service = next(file for file in written(tmp_path, units(plan())) if file.endswith(".service"))
    said = analyze("security", "--offline=true", service).stdout
    score = re.search(r"Overall exposure level for osaudit\.service: ([\d.]+)", said)
    assert score is not None, said
    assert float(score[1]) <= 1.4


def test_a_command_with_odd_words_is_escaped_as_systemd_reads_it() -> None:
    service = units(plan(ODD))["osaudit.service"]
    command = re.search(r"^ExecStart=(.*)$", service, re.MULTILINE)
    assert command is not None
    words = re.findall(r'"((?:[^"\\]|\\.)*)"', command[1])
    unescaped = [re.sub(r"\\(.)", r"\1", word).replace("%%", "%").replace("$$", "$") for word in words]
    assert unescaped == ["/usr/bin/true", "--config", f"{ODD}/osaudit.yaml", "scan"]


def test_the_timer_fires_at_the_planned_time_and_makes_up_for_what_was_missed() -> None:
    timer = units(plan(days=(Weekday.MONDAY, Weekday.FRIDAY)))["osaudit.timer"]
    calendar = re.search(r"^OnCalendar=(.*)$", timer, re.MULTILINE)
    assert calendar is not None
    told = analyze("calendar", "--iterations=3", "--base-time=2026-01-15", calendar[1]).stdout
    assert re.findall(r"(Mon|Fri) (2026-01-\d\d 02:30:00)", told) == [
        ("Fri", "2026-01-16 02:30:00"),
        ("Mon", "2026-01-19 02:30:00"),
        ("Fri", "2026-01-23 02:30:00"),
    ]
    assert "Persistent=yes" in timer


def test_a_service_that_does_not_end_is_ended_after_its_scan_had_its_time() -> None:
    assert "TimeoutStartSec=5400" in units(plan())["osaudit.service"]


SYSTEMCTL = """#!/bin/sh
# Does what needs no running system with the real systemctl, and notes what it was asked.
echo "$*" >> "{root}/asked"
case "$1" in
    enable|disable) exec /usr/bin/systemctl --root="{root}" "$1" "$3" ;;
esac
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A computer's root folder that the real systemctl works on."""
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "systemctl"
    program.write_text(SYSTEMCTL.format(root=tmp_path), encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    (tmp_path / "etc" / "systemd" / "system").mkdir(parents=True)
    return tmp_path


def test_installing_enables_the_timer_and_removing_takes_everything_away(root: Path) -> None:
    folder = root / "etc" / "systemd" / "system"
    link = folder / "timers.target.wants" / "osaudit.timer"

    install_units(plan(), folder)
    install_units(plan(), folder)
    assert (folder / "osaudit.service").stat().st_mode & 0o777 == 0o644
    assert link.is_symlink()

    remove_units("osaudit", folder)
    assert not link.is_symlink()
    assert [file for file in folder.rglob("*") if file.is_file()] == []
    assert (root / "asked").read_text(encoding="utf-8").splitlines() == [
        *["daemon-reload", "enable --now osaudit.timer"] * 2,
        "disable --now osaudit.timer",
        "daemon-reload",
    ]
    with pytest.raises(UsageError, match="nothing was removed"):
        remove_units("osaudit", folder)


def test_what_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"osaudit\.service cannot be written: .*; run this as root\."):
        install_units(plan(), tmp_path / "nowhere")
