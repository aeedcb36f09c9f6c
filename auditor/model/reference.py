"""The set-up to compare with: by default the four environments that the vendor describes."""

from __future__ import annotations

from dataclasses import dataclass, field

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
    digest: str = ""
