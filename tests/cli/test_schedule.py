"""osaudit schedule show: what would be installed, made from osaudit.yaml alone."""

from __future__ import annotations

import getpass
from pathlib import Path

import pytest
import xmlschema

from tests.cli.program import osaudit, refused

SCHEMA = Path(__file__).parents[1] / "schedules" / "task-part.xsd"
PLAN = """store: data/osaudit.db
log: said/log.txt
journal: kept/journal.jsonl
scan: {{scan_seconds: 600, report: out/latest.html}}
schedule: {{at: 02:30, days: [monday], name: osaudit-north{account}}}
"""


def declared(folder: Path, account: str = "") -> Path:
    said = f", account: '{account}'" if account else ""
    (folder / "osaudit.yaml").write_text(PLAN.format(account=said), encoding="utf-8")
    return folder


def test_the_units_run_this_program_with_this_file_and_write_only_where_the_scan_does(tmp_path: Path) -> None:
    shown = osaudit(declared(tmp_path, "osaudit"), "schedule", "show", "--system", "systemd", OSAUDIT_STORE="/x/y.db")

    assert (shown.code, shown.err) == (0, "Using osaudit.yaml.\n")
    assert "# /etc/systemd/system/osaudit-north.service\n" in shown.out
    assert "# /etc/systemd/system/osaudit-north.timer\n" in shown.out
    assert f'"--config" "{tmp_path}/osaudit.yaml" "scan"\n' in shown.out
    assert (
        f'ReadWritePaths="-{tmp_path}" "-{tmp_path}/data" "-{tmp_path}/kept" "-{tmp_path}/out" "-{tmp_path}/said"\n'
        in shown.out
    )
    assert "User=osaudit\n" in shown.out
    assert "TimeoutStartSec=2400\n" in shown.out
    assert sorted(file.name for file in tmp_path.iterdir()) == ["osaudit.yaml"]


def test_the_task_is_valid_xml_and_the_lines_are_for_the_account_that_asks(tmp_path: Path) -> None:
    folder = declared(tmp_path, r"EXAMPLE\gmsa-osaudit$")
    task = osaudit(folder, "schedule", "show", "--system", "windows")
    xmlschema.XMLSchema(SCHEMA).validate(task.out)
    assert r"<UserId>EXAMPLE\gmsa-osaudit$</UserId>" in task.out
    refused(osaudit(folder, "schedule", "show", "--system", "cron"), "A crontab belongs to its account; run this as")

    lines = osaudit(declared(tmp_path, getpass.getuser()), "schedule", "show", "--system", "cron")
    assert "\n30 2 * * 1 cd " in lines.out


@pytest.mark.parametrize("command", ["show", "install"])
@pytest.mark.parametrize("system", ["systemd", "windows"])
def test_what_is_missing_is_told_and_nothing_is_installed(command: str, system: str, tmp_path: Path) -> None:
    arguments = ("schedule", command, "--system", system)
    refused(osaudit(tmp_path, *arguments), "No schedule is declared; write schedule:")
    refused(osaudit(declared(tmp_path), *arguments), "schedule.account is missing; name the account that scans.")


def test_a_schedule_that_is_not_there_is_not_removed(tmp_path: Path) -> None:
    ended = osaudit(declared(tmp_path), "schedule", "remove", "--system", "systemd")
    refused(ended, "There is no /etc/systemd/system/osaudit-north.timer; nothing was removed.")


CRONTAB = """#!/bin/sh
case "$1" in
    -l) cat "{file}" ;;
    -) cat > "{file}" ;;
esac
"""


def test_a_schedule_is_installed_and_removed(tmp_path: Path) -> None:
    file = tmp_path / "crontab.txt"
    file.write_text("5 4 * * * /usr/bin/backup\n", encoding="utf-8")
    (tmp_path / "crontab").write_text(CRONTAB.format(file=file), encoding="utf-8")
    (tmp_path / "crontab").chmod(0o755)
    path = f"{tmp_path}:/usr/bin:/bin"
    shown = osaudit(declared(tmp_path), "schedule", "show", "--system", "cron")

    installed = osaudit(tmp_path, "schedule", "install", "--system", "cron", PATH=path)
    assert installed.code == 0, installed.err
    assert installed.out.startswith(f"osaudit-north is installed; try it now with: cd {tmp_path} && ")
    assert file.read_text(encoding="utf-8") == "5 4 * * * /usr/bin/backup\n" + shown.out

    removed = osaudit(tmp_path, "schedule", "remove", "--system", "cron", PATH=path)
    assert (removed.code, removed.out) == (0, "osaudit-north is removed.\n")
    assert file.read_text(encoding="utf-8") == "5 4 * * * /usr/bin/backup\n"
