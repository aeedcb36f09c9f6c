"""The lines for cron, run by a shell as cron runs them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from auditor.cli.installing import install_lines, remove_lines
from auditor.errors import UsageError
from auditor.model.unattended import Weekday
from auditor.schedules.cron import block, without
from tests.schedules.plans import plan


def command_of(text: str) -> str:
    """Return the command of the line as cron hands it to the shell."""
    (line,) = [line for line in text.splitlines() if not line.startswith("#")]
    return line.split(" ", 5)[5].replace("\\%", "%")


@pytest.mark.parametrize("name", ["osaudit", "os audit 100% it's $HOME"])
def test_a_shell_runs_the_program_in_its_folder_and_what_it_says_goes_to_the_log(name: str, tmp_path: Path) -> None:
    folder = tmp_path / name
    folder.mkdir()
    program = folder / "osaudit"
    program.write_text('#!/bin/sh\npwd\nfor word in "$@"; do echo "[$word]"; done >&2\n', encoding="utf-8")
    program.chmod(0o755)
    logger = tmp_path / "logger"
    logger.write_text(f'#!/bin/sh\necho "$*" > "{tmp_path}/log"; cat >> "{tmp_path}/log"\n', encoding="utf-8")
    logger.chmod(0o755)

    command = command_of(block(plan(str(folder), program=str(program))))
    subprocess.run(["/bin/sh", "-c", command], env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, check=True)

    assert (tmp_path / "log").read_text(encoding="utf-8").splitlines() == [
        "-t osaudit", str(folder), "[--config]", f"[{folder}/osaudit.yaml]", "[scan]"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("days", "when"), [(tuple(Weekday), "30 2 * * * "), ((Weekday.MONDAY, Weekday.SUNDAY), "30 2 * * 1,7 ")]
)
def test_the_line_says_when(days: tuple[Weekday, ...], when: str) -> None:
    assert block(plan(days=days)).splitlines()[1].startswith(when)


CRONTAB = """#!/bin/sh
case "$1" in
    -l) if [ -f "{file}" ]; then cat "{file}"; else echo "no crontab" >&2; exit 1; fi ;;
    -) cat > "{file}" ;;
esac
"""


@pytest.fixture
def crontab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The crontab of an account, kept by a stand-in of the program."""
    file = tmp_path / "crontab.txt"
    program = tmp_path / "crontab"
    program.write_text(CRONTAB.format(file=file), encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return file


@pytest.mark.parametrize("before", ["", "MAILTO=ops\n5 4 * * * /usr/bin/backup\n", "5 4 * * * /usr/bin/backup"])
def test_installing_twice_leaves_one_schedule_and_removing_leaves_the_lines_of_others(
    before: str, crontab: Path
) -> None:
    if before:
        crontab.write_text(before, encoding="utf-8")
    install_lines(plan(name="osaudit-south"))
    install_lines(plan(days=(Weekday.MONDAY,)))
    install_lines(plan())

    text = crontab.read_text(encoding="utf-8")
    ended = before if not before or before.endswith("\n") else f"{before}\n"
    assert text == ended + block(plan(name="osaudit-south")) + block(plan())

    remove_lines("osaudit")
    remove_lines("osaudit-south")
    assert crontab.read_text(encoding="utf-8") == ended
    with pytest.raises(UsageError, match="holds no planned scan osaudit; nothing was removed"):
        remove_lines("osaudit")


def test_lines_whose_end_somebody_deleted_take_nothing_else_along() -> None:
    text = block(plan()).replace("# End of the planned scan osaudit.\n", "") + "5 4 * * * /usr/bin/backup\n"
    assert without(text, "osaudit") == text


def test_a_computer_without_cron_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="There is no crontab on this computer; choose another --system"):
        install_lines(plan())
