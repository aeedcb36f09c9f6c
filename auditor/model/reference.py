"""The set-up to compare with: by default the four environments that the vendor describes."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from auditor.model.inventory import Purpose


@dataclass(frozen=True, slots=True)
class ExpectedEnvironment:
    """One environment of the reference; `name` None means any environment of this purpose."""

    purpose: Purpose
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Adjustment:
    """Who changed the reference, when and why."""

    author: str
    reason: str
    date: str = ""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Limits of our own, editable in the reference. Days, seconds, percent as the names say."""

    freshness_hours: int = 24
    clock_offset_seconds: int = 60
    clock_difference_seconds: int = 5
    coverage_percent: int = 80
    certificate_warning_days: int = 30
    certificate_urgent_days: int = 7
    most_administrators: int = 5


class Group(StrEnum):
    """The groups of people whose rights are judged."""

    OPERATIONS = "operations"
    DEVELOPMENT = "development"
    DEVELOPMENT_MANAGEMENT = "development_management"
    MAINTENANCE = "maintenance"
    ADMINISTRATORS = "administrators"

    @property
    def words(self) -> str:
        """The group in a sentence."""
        return self.value.replace("_", " ").capitalize()


@dataclass(frozen=True, slots=True)
class PeopleGroup:
    """Who belongs to a group: holders of a default role, members of a team, single users by name or key."""

    roles: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    users: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class People:
    """The groups; None for one that nobody declared."""

    operations: PeopleGroup | None = None
    development: PeopleGroup | None = None
    development_management: PeopleGroup | None = None
    maintenance: PeopleGroup | None = None
    administrators: PeopleGroup | None = None

    def of(self, group: Group) -> PeopleGroup | None:
        """Return one group."""
        found: PeopleGroup | None = getattr(self, group.value)
        return found


@dataclass(frozen=True, slots=True)
class Reference:
    """The reference. `adjustments` is empty for the built-in one. `digest` identifies the content."""

    environments: tuple[ExpectedEnvironment, ...] = (
        ExpectedEnvironment(Purpose.DEVELOPMENT),
        ExpectedEnvironment(Purpose.QUALITY),
        ExpectedEnvironment(Purpose.PRODUCTION),
        ExpectedEnvironment(Purpose.LIFETIME),
    )
    thresholds: Thresholds = field(default_factory=Thresholds)
    adjustments: tuple[Adjustment, ...] = ()
    lifetime_applications_allowed: tuple[str, ...] = ()
    redundancy_asked_for: frozenset[Purpose] = frozenset({Purpose.PRODUCTION})
    lower_severity_for: frozenset[Purpose] = frozenset()
    people: People = field(default_factory=People)
    digest: str = ""
