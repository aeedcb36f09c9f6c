"""osaudit.yaml becomes values with full paths, and every mistake in it is located."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path

import pytest

from auditor.errors import DocumentError
from auditor.model.inventory import CredentialKind, CredentialReference
from auditor.model.unattended import Schedule, Target, Weekday
from auditor.settings.configuration import load_configuration

Write = Callable[..., Path]

FULL = """inventory: site/inventory.yaml
store: data/osaudit.db
checks: [rules]
scan: {scan_seconds: 900, zone: dmz, fail_on: high, report: /srv/latest.html, fail_on_new: false, baseline: 3,
  min_coverage: 90}
schedule: {at: 02:30, days: [friday, monday], account: osaudit, name: osaudit-north}
notifications:
  when: always
  link: https://reports.example.com/
  targets:
    - {name: Operations, address: {file: secrets/mail}, attach_report: true}
    - {name: Chat, address: {command: [vault, read, chat]}}
"""


def test_a_file_becomes_values_with_paths_relative_to_its_folder_and_the_place_of_each(
    write: Write, tmp_path: Path
) -> None:
    found = load_configuration(write(FULL, "osaudit.yaml"))

    assert {key: item.value for key, item in found.settings.items()} == {
        "inventory": str(tmp_path / "site" / "inventory.yaml"),
        "store": str(tmp_path / "data" / "osaudit.db"),
        "checks": [str(tmp_path / "rules")],
        "scan.scan_seconds": 900,
        "scan.zone": "dmz",
        "scan.fail_on": "high",
        "scan.fail_on_new": False,
        "scan.baseline": 3,
        "scan.min_coverage": 90,
        "scan.report": "/srv/latest.html",
        "notifications.when": "always",
    }
    assert {key: item.place.line for key, item in found.settings.items() if "." in key} == {
        "scan.scan_seconds": 4,
        "scan.zone": 4,
        "scan.fail_on": 4,
        "scan.fail_on_new": 4,
        "scan.baseline": 4,
        "scan.min_coverage": 5,
        "scan.report": 4,
        "notifications.when": 8,
    }
    assert found.schedule == Schedule(
        datetime.time(2, 30), (Weekday.MONDAY, Weekday.FRIDAY), "osaudit", "osaudit-north"
    )
    assert found.link == "https://reports.example.com/"
    assert found.targets == (
        Target("Operations", CredentialReference(CredentialKind.FILE, str(tmp_path / "secrets" / "mail")), True),
        Target("Chat", CredentialReference(CredentialKind.COMMAND, "vault read chat")),
    )


@pytest.mark.parametrize("text", ["", "# nothing\n", "store:\n"])
def test_a_file_may_say_nothing(write: Write, text: str) -> None:
    assert not load_configuration(write(text)).says_something


def test_a_database_address_is_left_as_it_is(write: Write) -> None:
    assert load_configuration(write("store: sqlite:///x.db\n")).settings["store"].value == "sqlite:///x.db"


@pytest.mark.parametrize(
    ("text", "line", "key", "sentence"),
    [
        ("scann: {}\n", 1, "scann", "'scann' is not a known key; did you mean scan?"),
        ("report: a\n", 1, "report", "'report' is not a known key; such a setting stands under scan."),
        ("when: a\n", 1, "when", "'when' is not a known key; such a setting stands under notifications."),
        (
            "scan: {zone: DMZ 1}\n",
            1,
            "scan.zone",
            "found 'DMZ 1'; expected at most 30 small letters, digits and hyphens",
        ),
        (
            "store: postgresql://a:Planted-7@b/c\n",
            1,
            "store",
            "found a password in the URL; expected it in the password",
        ),
        ("scan:\n  fail_on: hi\n", 2, "scan.fail_on", "found 'hi'; expected critical, high, medium or low."),
        ("scan: {min_coverage: 101}\n", 1, "scan.min_coverage", "found the number 101; expected at most 100."),
        ("scan: {fail_on_new: often}\n", 1, "scan.fail_on_new", "found 'often'; expected true or false."),
        ("scan: {concurrency: 0}\n", 1, "scan.concurrency", "found the number 0; expected at least 1."),
        ("schedule: {}\n", 1, "schedule.at", "is missing; expected text."),
        ("schedule: {at: 2am}\n", 1, "schedule.at", "found '2am'; expected a time of day such as 02:00."),
        ("schedule: {at: 24:00}\n", 1, "schedule.at", "found '24:00'; expected a time of day such as 02:00."),
        ("schedule: {at: 02:00, days: []}\n", 1, "schedule.days", "found an empty list; expected at least one entry."),
        ("schedule: {at: 02:00, days: [mon]}\n", 1, "schedule.days[0]", "found 'mon'; expected monday, tuesday"),
        ("schedule: {at: 02:00, name: ../x}\n", 1, "schedule.name", "expected small letters, digits and hyphens"),
        ("schedule: {at: 02:00, account: 'a b;c'}\n", 1, "schedule.account", "expected an account such as osaudit"),
        ("notifications: {link: 'https://u:p@x/'}\n", 1, "notifications.link", "without user and password"),
        (
            "notifications:\n  targets:\n  - {name: a, address: {file: x}}\n  - {name: A, address: {file: y}}\n",
            4,
            "notifications.targets[1].name",
            "stands twice; give each target its own name.",
        ),
    ],
)
def test_a_mistake_is_told_with_its_place(write: Write, text: str, line: int, key: str, sentence: str) -> None:
    with pytest.raises(DocumentError) as caught:
        load_configuration(write(text))

    ((location, said),) = caught.value.problems
    assert (location.line, location.key) == (line, key)
    assert sentence in said


def test_an_address_may_not_stand_in_the_file_and_is_not_repeated(write: Write) -> None:
    secret = "mailtos://osaudit:Planted-7431@mail.example.com"
    with pytest.raises(DocumentError) as caught:
        load_configuration(write(f"notifications:\n  targets:\n  - name: a\n    address: {secret}\n"))

    assert "a secret may not stand in the file; expected where it is kept" in str(caught.value)
    assert "Planted" not in str(caught.value)
    assert "mail.example" not in str(caught.value)
