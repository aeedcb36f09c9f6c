"""reference.yaml: how the set-up to compare with differs from the four environments that are built in."""

from __future__ import annotations

import dataclasses
from pathlib import Path as FilePath
from typing import Annotated

from pydantic import Field

from auditor.errors import DocumentError
from auditor.model.inventory import Purpose
from auditor.model.reference import (
    Adjustment,
    ExpectedEnvironment,
    Group,
    People,
    PeopleGroup,
    Reference,
    Thresholds,
)
from auditor.settings.digest import digest_of
from auditor.settings.documents import read_document
from auditor.settings.fields import CalendarDate, DocumentModel, Line, Name, Prose, UserName
from auditor.settings.structure import judge
from auditor.settings.wording import Path, shown

_PurposeField = Annotated[Purpose, Field(strict=False)]
_LIMITS = Thresholds()
_NOT_OPERATIONS = (Group.DEVELOPMENT, Group.DEVELOPMENT_MANAGEMENT, Group.MAINTENANCE)
_NEVER_LOWERED = (Purpose.PRODUCTION, Purpose.LIFETIME)


class AddedEnvironment(DocumentModel):
    """An environment that is expected beside the built-in ones."""

    purpose: _PurposeField = Field(description="What the environment is for.")
    name: Name | None = Field(default=None, description="Its name; any environment of the purpose will do without.")


class EnvironmentChanges(DocumentModel):
    """How the expected environments differ from Development, Quality, Production and LifeTime."""

    add: list[AddedEnvironment] = Field(default_factory=list, description="Environments expected as well.")
    remove: list[_PurposeField] = Field(
        default_factory=list, description="Purposes of built-in environments that are not expected."
    )


class ThresholdSettings(DocumentModel):
    """Limits that are ours to choose."""

    freshness_hours: int = Field(
        default=_LIMITS.freshness_hours, ge=1, le=8760, description="Age in hours above which answers are stale."
    )
    clock_offset_seconds: int = Field(
        default=_LIMITS.clock_offset_seconds, ge=1, le=3600, description="Largest difference of clocks in seconds."
    )
    clock_difference_seconds: int = Field(
        default=_LIMITS.clock_difference_seconds,
        ge=1,
        le=3600,
        description="Largest difference in seconds between the clocks of two servers of an environment.",
    )
    coverage_percent: int = Field(
        default=_LIMITS.coverage_percent, ge=1, le=100, description="Decided verdicts in percent that suffice."
    )
    certificate_warning_days: int = Field(
        default=_LIMITS.certificate_warning_days,
        ge=1,
        le=365,
        description="Days before the end of a certificate from which on it is a finding.",
    )
    certificate_urgent_days: int = Field(
        default=_LIMITS.certificate_urgent_days,
        ge=1,
        le=365,
        description="Days before the end of a certificate from which on the finding is severe.",
    )
    most_administrators: int = Field(
        default=_LIMITS.most_administrators, ge=1, le=1000, description="Most users who may administer everything."
    )


class PeopleGroupSettings(DocumentModel):
    """Who belongs to a group of people."""

    roles: list[Name] = Field(default_factory=list, description="Default roles whose holders belong to it.")
    teams: list[Name] = Field(default_factory=list, description="Teams whose members belong to it.")
    users: list[UserName] = Field(
        default_factory=list, description="Single users: the user name without the domain, or the key of the user."
    )


class PeopleSettings(DocumentModel):
    """Who is who among the IT users of LifeTime."""

    operations: PeopleGroupSettings | None = Field(default=None, description="Who runs Production.")
    development: PeopleGroupSettings | None = Field(default=None, description="Who develops applications.")
    development_management: PeopleGroupSettings | None = Field(default=None, description="Who leads development.")
    maintenance: PeopleGroupSettings | None = Field(default=None, description="Who looks after applications.")
    administrators: PeopleGroupSettings | None = Field(
        default=None, description="Who may administer the whole infrastructure."
    )


class ReferenceDocument(DocumentModel):
    """What differs from the built-in reference, who decided it, and why."""

    author: Line | None = Field(default=None, description="Who decided the change; needed as soon as there is one.")
    reason: Prose | None = Field(default=None, description="Why; needed as soon as there is a change.")
    date: CalendarDate | None = Field(default=None, description="When; needed as soon as there is a change.")
    environments: EnvironmentChanges = Field(
        default_factory=EnvironmentChanges, description="Environments to add and to remove."
    )
    thresholds: ThresholdSettings = Field(default_factory=ThresholdSettings, description="Limits of our own.")
    lifetime_applications_allowed: list[Line] = Field(
        default_factory=list, description="Applications that the LifeTime environment may carry beside LifeTime."
    )
    redundancy_asked_for: list[_PurposeField] = Field(
        default_factory=lambda: [Purpose.PRODUCTION], description="Purposes that have to be redundant."
    )
    lower_severity_for: list[_PurposeField] = Field(
        default_factory=list, description="Purposes whose findings weigh one step less; never production or lifetime."
    )
    people: PeopleSettings = Field(
        default_factory=PeopleSettings, description="Who is who, by roles, teams and users of LifeTime."
    )


def load_reference(path: FilePath | None) -> Reference:
    """Return the built-in reference, or what a file makes of it; raises `DocumentError` with all that is wrong.

    A file that changes anything must name author, reason and date. That LifeTime shares a server cannot be allowed
    here: it needs a waiver.
    """
    if path is None:
        return _identified(Reference())
    document = read_document(path)
    if document.content is None:
        return _identified(Reference())
    structure = judge(document, ReferenceDocument)
    problems = [*document.problems, *structure.problems]
    if not structure.problems:
        model = ReferenceDocument.model_validate(document.content)
        problems += [(document.location(place), sentence) for place, sentence in _mistakes(model)]
    problems.sort(key=lambda problem: problem[0].line or 0)
    if problems:
        raise DocumentError(problems)
    return _identified(_overlaid(model))


def _identified(reference: Reference) -> Reference:
    return dataclasses.replace(reference, digest=digest_of(reference))


def _overlaid(model: ReferenceDocument) -> Reference:
    reference = _changed(model)
    if reference == Reference() or model.author is None or model.reason is None or model.date is None:
        return reference
    adjustment = Adjustment(model.author, model.reason, model.date.isoformat())
    return dataclasses.replace(reference, adjustments=(adjustment,))


def _changed(model: ReferenceDocument) -> Reference:
    kept = [item for item in Reference().environments if item.purpose not in model.environments.remove]
    added = [ExpectedEnvironment(item.purpose, item.name) for item in model.environments.add]
    return Reference(
        environments=(*kept, *added),
        thresholds=Thresholds(**model.thresholds.model_dump()),
        lifetime_applications_allowed=tuple(model.lifetime_applications_allowed),
        redundancy_asked_for=frozenset(model.redundancy_asked_for),
        lower_severity_for=frozenset(model.lower_severity_for),
        people=People(**{group.value: _group(getattr(model.people, group.value)) for group in Group}),
    )


def _group(written: PeopleGroupSettings | None) -> PeopleGroup | None:
    if written is None:
        return None
    return PeopleGroup(tuple(written.roles), tuple(written.teams), tuple(written.users))


def _people(people: PeopleSettings) -> list[tuple[Path, str]]:
    """Return names that stand twice: in one list, or a role or team in Operations and in another group."""
    found: list[tuple[Path, str]] = []
    groups = {group: getattr(people, group.value) for group in Group}
    operations = groups[Group.OPERATIONS]
    for group, written in groups.items():
        for kind in ("roles", "teams", "users"):
            names = [name.casefold() for name in getattr(written, kind, ())]
            others = getattr(operations, kind, ()) if group in _NOT_OPERATIONS and kind != "users" else ()
            taken = {name.casefold() for name in others}
            for index, name in enumerate(names):
                place: Path = ("people", group.value, kind, index)
                if name in names[:index]:
                    found.append((place, "stands twice in this list; name it once."))
                elif name in taken:
                    found.append((place, "stands in operations too; what makes somebody a member of Operations cannot "
                                  "make a member of this group."))  # fmt: skip
    return found


def _mistakes(model: ReferenceDocument) -> list[tuple[Path, str]]:
    changed = _changed(model)
    found = _removals(model) + _additions(model, changed) + _limits(model.thresholds) + _people(model.people)
    if not changed.environments:
        found.append((("environments", "remove"), "removes every environment; expected at least one that remains."))
    for index, purpose in enumerate(model.lower_severity_for):
        if purpose in _NEVER_LOWERED:
            sentence = f"found {purpose}; expected development, quality or other: findings there keep their severity."
            found.append((("lower_severity_for", index), sentence))
    if changed != Reference():
        for name in ("author", "reason", "date"):
            if getattr(model, name) is None:
                found.append(
                    ((name,), "is missing; a file that changes the reference says who decided it, why and when.")
                )
    return found


def _limits(thresholds: ThresholdSettings) -> list[tuple[Path, str]]:
    urgent, warning = thresholds.certificate_urgent_days, thresholds.certificate_warning_days
    if urgent <= warning:
        return []
    sentence = f"found {urgent}; expected at most certificate_warning_days, which is {warning}."
    return [(("thresholds", "certificate_urgent_days"), sentence)]


def _removals(model: ReferenceDocument) -> list[tuple[Path, str]]:
    remaining = [item.purpose for item in Reference().environments]
    found: list[tuple[Path, str]] = []
    for index, purpose in enumerate(model.environments.remove):
        if purpose in remaining:
            remaining.remove(purpose)
            continue
        again = purpose in model.environments.remove[:index]
        why = "it is removed already" if again else "the built-in reference has no such environment"
        found.append((("environments", "remove", index), f"{purpose} cannot be removed: {why}."))
    return found


def _additions(model: ReferenceDocument, changed: Reference) -> list[tuple[Path, str]]:
    found: list[tuple[Path, str]] = []
    seen: set[str] = set()
    for index, item in enumerate(model.environments.add):
        place: Path = ("environments", "add", index)
        if item.name is not None and item.name.casefold() in seen:
            found.append(((*place, "name"), f"the environment {shown(item.name)} is added twice; names are unique."))
        seen.add((item.name or "").casefold())
        of_lifetime = [expected for expected in changed.environments if expected.purpose is Purpose.LIFETIME]
        if item.purpose is Purpose.LIFETIME and len(of_lifetime) > 1:
            found.append(((*place, "purpose"), "an infrastructure has one LifeTime; remove the built-in one first."))
    return found
