"""The task for Windows: as XML only, because no Windows is at hand here."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import Any

import pytest
import xmlschema

from auditor.cli.installing import install_task, remove_task
from auditor.model.unattended import Weekday
from auditor.schedules.windows import document
from tests.schedules.plans import plan

SCHEMA = xmlschema.XMLSchema(Path(__file__).with_name("task-part.xsd"))
SPACE = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
ODD = r"C:\os & <audit> 'x' ü"


def read(data: bytes) -> Any:
    assert data.startswith(codecs.BOM_UTF16_LE)
    text = data.decode("utf-16")
    declaration, _, task = text.partition("\n")
    assert declaration == '<?xml version="1.0" encoding="UTF-16"?>'
    SCHEMA.validate(task)
    resource = xmlschema.XMLResource(task)
    return resource.root


def value(task: Any, path: str) -> str:
    found = task.find("/".join(SPACE + part for part in path.split("/")))
    assert found is not None, path
    return str(found.text)


@pytest.mark.parametrize("folder", [r"C:\osaudit", ODD])
@pytest.mark.parametrize("account", [r"EXAMPLE\svc-osaudit", r"EXAMPLE\gmsa-osaudit$"])
def test_a_task_is_valid_and_says_who_what_and_when(folder: str, account: str) -> None:
    days = (Weekday.MONDAY, Weekday.SUNDAY)
    made = plan(folder, program=r"C:\Program Files\osaudit\osaudit.exe", days=days, account=account)
    task = read(document(made))

    assert value(task, "Principals/Principal/UserId") == account
    assert value(task, "Principals/Principal/LogonType") == "Password"
    assert value(task, "Principals/Principal/RunLevel") == "LeastPrivilege"
    assert value(task, "Triggers/CalendarTrigger/StartBoundary") == "2026-01-01T02:30:00"
    week = task.find(f"{SPACE}Triggers/{SPACE}CalendarTrigger/{SPACE}ScheduleByWeek/{SPACE}DaysOfWeek")
    assert [item.tag.removeprefix(SPACE) for item in week] == ["Monday", "Sunday"]
    assert value(task, "Actions/Exec/WorkingDirectory") == folder
    assert value(task, "Actions/Exec/Command") == r"%SystemRoot%\System32\cmd.exe"
    quoted = f'"{folder}/osaudit.yaml"' if " " in folder else f"{folder}/osaudit.yaml"
    assert value(task, "Actions/Exec/Arguments") == (
        rf'/d /s /c ""C:\Program Files\osaudit\osaudit.exe" --config {quoted} scan > osaudit.log 2>&1"'
    )


def test_a_task_never_runs_twice_makes_up_for_what_was_missed_and_is_ended() -> None:
    task = read(document(plan()))
    settings = {item.tag.removeprefix(SPACE): item.text for item in task.find(f"{SPACE}Settings")}
    assert settings["MultipleInstancesPolicy"] == "IgnoreNew"
    assert settings["StartWhenAvailable"] == "true"
    assert settings["ExecutionTimeLimit"] == "PT5400S"


def test_a_task_that_is_wrong_would_be_noticed() -> None:
    text = document(plan()).decode("utf-16").partition("\n")[2]
    with pytest.raises(xmlschema.XMLSchemaValidationError):
        SCHEMA.validate(text.replace("Password", "Pasword"))
    with pytest.raises(xmlschema.XMLSchemaValidationError):
        SCHEMA.validate(text.replace("<Monday />", "<Moonday />"))


SCHTASKS = """#!/bin/sh
for word in "$@"; do echo "[$word]"; done > "{folder}/asked"
for word in "$@"; do case "$word" in *.xml) cp "$word" "{folder}/task.xml" ;; esac; done
"""


@pytest.mark.parametrize(("account", "password"), [(r"EXAMPLE\svc-osaudit", "[*]"), (r"EXAMPLE\gmsa-osaudit$", "[]")])
def test_the_task_is_registered_without_a_password_in_any_argument(
    account: str, password: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "schtasks"
    program.write_text(SCHTASKS.format(folder=tmp_path), encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    install_task(plan(account=account, name="osaudit-north"))

    asked = (tmp_path / "asked").read_text(encoding="utf-8").splitlines()
    assert asked[:4] == ["[/Create]", "[/F]", "[/TN]", "[osaudit-north]"]
    assert asked[-4:] == ["[/RU]", f"[{account}]", "[/RP]", password]
    read((tmp_path / "task.xml").read_bytes())
    remove_task("osaudit-north")
    asked = (tmp_path / "asked").read_text(encoding="utf-8").splitlines()
    assert asked == ["[/Delete]", "[/F]", "[/TN]", "[osaudit-north]"]
