"""The reference: built in, changed by a file only with author, reason and date."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from auditor.errors import DocumentError
from auditor.model.inventory import Purpose
from auditor.model.reference import Adjustment, ExpectedEnvironment, Reference, Thresholds
from auditor.settings.reference import load_reference

Write = Callable[..., Path]

SIGNED = "author: Head of operations\nreason: >\n  There is an\n  acceptance environment.\ndate: 2026-01-31\n"


def mistakes(path: Path) -> list[tuple[str, str]]:
    with pytest.raises(DocumentError) as caught:
        load_reference(path)
    return [(location.key, sentence) for location, sentence in caught.value.problems]


def test_without_a_file_the_four_environments_are_the_reference() -> None:
    reference = load_reference(None)
    assert [item.purpose for item in reference.environments] == ["development", "quality", "production", "lifetime"]
    assert reference.adjustments == ()
    assert len(reference.digest) == 16


@pytest.mark.parametrize("text", ["", "# nothing\n", "thresholds: {coverage_percent: 80}\n", SIGNED])
def test_a_file_that_changes_nothing_is_the_built_in_reference(write: Write, text: str) -> None:
    assert load_reference(write(text)) == load_reference(None)


def test_a_file_overlays_the_built_in_reference(write: Write) -> None:
    reference = load_reference(
        write(
            SIGNED + "environments:\n  add:\n    - {purpose: quality, name: Acceptance}\n  remove: [development]\n"
            "thresholds: {freshness_hours: 48}\nlifetime_applications_allowed: [Factory Configuration]\n"
            "redundancy_asked_for: [quality]\nlower_severity_for: [development, quality]\n"
        )
    )
    assert reference.environments == (
        ExpectedEnvironment(Purpose.QUALITY),
        ExpectedEnvironment(Purpose.PRODUCTION),
        ExpectedEnvironment(Purpose.LIFETIME),
        ExpectedEnvironment(Purpose.QUALITY, "Acceptance"),
    )
    assert reference.thresholds == Thresholds(freshness_hours=48)
    assert reference.adjustments == (
        Adjustment("Head of operations", "There is an acceptance environment.", "2026-01-31"),
    )
    assert reference.lifetime_applications_allowed == ("Factory Configuration",)
    assert reference.redundancy_asked_for == {Purpose.QUALITY}
    assert reference.lower_severity_for == {Purpose.DEVELOPMENT, Purpose.QUALITY}
    assert reference.digest != load_reference(None).digest


@pytest.mark.parametrize("change", [
    "environments: {remove: [quality]}", "environments: {add: [{purpose: other}]}",
    "thresholds: {coverage_percent: 50}", "lifetime_applications_allowed: [A]", "redundancy_asked_for: []",
    "lower_severity_for: [other]",
])  # fmt: skip
def test_every_change_asks_for_author_reason_and_date(write: Write, change: str) -> None:
    assert [key for key, _ in mistakes(write(change))] == ["author", "reason", "date"]
    assert load_reference(write(change + "\n" + SIGNED)).adjustments


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        ("environments: {remove: [other]}", "environments.remove[0]", "has no such environment"),
        ("environments: {remove: [quality, quality]}", "environments.remove[1]", "removed already"),
        ("environments: {remove: [quality, development, production, lifetime]}", "environments.remove", "at least one"),
        ("environments: {add: [{purpose: lifetime}]}", "environments.add[0].purpose", "one LifeTime"),
        ("environments: {add: [{purpose: other, name: A}, {purpose: other, name: a}]}", "environments.add[1].name",
         "twice"),
        ("environments: {add: [{name: A}]}", "environments.add[0].purpose", "expected development, quality"),
        ("lower_severity_for: [production]", "lower_severity_for[0]", "keep their severity"),
        ("lower_severity_for: [lifetime]", "lower_severity_for[0]", "keep their severity"),
        ("thresholds: {coverage_percent: 101}", "thresholds.coverage_percent", "at most 100"),
        ("thresholds: {certificate_urgent_days: 31}", "thresholds.certificate_urgent_days", "found 31; expected"),
        ("thresholds: {certificate_warning_days: 6}", "thresholds.certificate_urgent_days", "days, which is 6"),
        ("thresholds: {certificate_warning_days: 0}", "thresholds.certificate_warning_days", "at least 1"),
        ("thresholds: {coverage: 50}", "thresholds.coverage", "did you mean coverage_percent?"),
        ("lifetime_may_share_server: true", "lifetime_may_share_server", "not a known key"),
    ],
)  # fmt: skip
def test_a_mistake_is_located_and_told(write: Write, text: str, key: str, words: str) -> None:
    ((place, sentence),) = mistakes(write(SIGNED + text))
    assert place == key
    assert words in sentence


def test_the_date_is_a_date(write: Write) -> None:
    ((place, sentence),) = mistakes(write("author: A\nreason: B\ndate: 31.1.2026\nthresholds: {coverage_percent: 50}"))
    assert (place, sentence) == ("date", "found '31.1.2026'; expected a date as 2026-12-31.")


def test_lifetime_may_be_added_under_a_name_of_its_own_once_the_built_in_one_is_removed(write: Write) -> None:
    changes = "environments: {add: [{purpose: lifetime, name: Console}], remove: [lifetime]}"
    reference = load_reference(write(SIGNED + changes))
    assert reference.environments[-1] == ExpectedEnvironment(Purpose.LIFETIME, "Console")


def test_what_can_be_written_is_what_the_model_holds() -> None:
    from auditor.settings.reference import ReferenceDocument, ThresholdSettings

    held = set(Reference.__dataclass_fields__) - {"adjustments", "digest"}
    assert set(ReferenceDocument.model_fields) == held | {"author", "reason", "date"}
    assert ThresholdSettings().model_dump() == {name: getattr(Thresholds(), name) for name in Thresholds.__slots__}
