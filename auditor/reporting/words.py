"""The words of the report for the codes of the model, and what to do about each reason for not knowing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from auditor.model.component import ComponentKind, RoleReading, State
from auditor.model.difference import ComponentLabel, FactLabel, FindingLabel, HostLabel, RoleLabel
from auditor.model.fact import Reason
from auditor.model.finding import Severity, Status, SubjectKind
from auditor.model.inventory import Hosting, Purpose, Role
from auditor.model.observation import ChannelName

COMPONENTS = {
    ComponentKind.PLATFORM_SERVER: "Platform Server",
    ComponentKind.SERVICE_CENTER: "Service Center",
    ComponentKind.LIFETIME: "LifeTime",
    ComponentKind.LIFETIME_PAYLOAD: "LifeTime payload",
    ComponentKind.SERVICE_STUDIO: "Service Studio",
    ComponentKind.INTEGRATION_STUDIO: "Integration Studio",
    ComponentKind.RABBITMQ: "RabbitMQ",
    ComponentKind.JAVA_STACK: "Java stack",
    ComponentKind.DETACHED_INSTALLATION: "Detached installation",
}
STATES = {
    State.PRESENT: "present",
    State.PROBABLE: "probable",
    State.BROKEN: "broken",
    State.LEFTOVER: "leftover",
    State.ABSENT: "absent",
    State.UNKNOWN: "not known",
}
STATE_MEANINGS = {
    State.PRESENT: "two kinds of evidence agree",
    State.PROBABLE: "main evidence only; the rest could not be asked",
    State.BROKEN: "there, but something it needs is missing or stopped",
    State.LEFTOVER: "traces of something that can no longer run",
    State.ABSENT: "looked for and proved not to be there",
    State.UNKNOWN: "could not be looked at; says nothing about absence",
}
STATE_SYMBOLS = {
    State.PRESENT: "●",
    State.PROBABLE: "◐",
    State.BROKEN: "▲",
    State.LEFTOVER: "◇",
    State.ABSENT: "–",
    State.UNKNOWN: "?",
}
PURPOSES = {
    Purpose.DEVELOPMENT: "Development",
    Purpose.QUALITY: "Quality",
    Purpose.PRODUCTION: "Production",
    Purpose.LIFETIME: "LifeTime",
    Purpose.OTHER: "Other",
}
HOSTINGS = {Hosting.ON_PREMISES: "on-premises", Hosting.CLOUD: "in the cloud"}
ROLES = {
    Role.DEPLOYMENT_CONTROLLER: "controller",
    Role.FRONT_END: "front-end",
    Role.CACHE_BROKER: "cache broker",
}
CHANNELS = {
    ChannelName.POWERSHELL_OVER_WINRM: "PowerShell over WinRM",
    ChannelName.WMI_OVER_WSMAN: "WMI over WS-Man",
    ChannelName.POWERSHELL_OVER_SSH: "PowerShell over SSH",
    ChannelName.SH_OVER_SSH: "sh over SSH",
    ChannelName.LIFETIME_API: "LifeTime API",
}
SEVERITIES = {severity: severity.value for severity in Severity}
SEVERITY_SYMBOLS = {
    Severity.CRITICAL: "◆",
    Severity.HIGH: "▲",
    Severity.MEDIUM: "■",
    Severity.LOW: "▼",
    Severity.INFO: "○",
}
STATUSES = {
    Status.PASS: "passed",
    Status.FAIL: "failed",
    Status.NOT_APPLICABLE: "not applicable",
    Status.UNKNOWN: "not evaluated",
    Status.ERROR: "check broke",
}
SUBJECTS = {
    SubjectKind.HOST: ("host", "hosts"),
    SubjectKind.ENVIRONMENT: ("environment", "environments"),
    SubjectKind.INFRASTRUCTURE: ("infrastructure", "infrastructures"),
}

CHECK_GROUPS = {
    "CACHE": "Cache",
    "COMP": "Installed",
    "CONF": "Settings",
    "DATA": "Audit",
    "DB": "Databases",
    "HA": "Failover",
    "HW": "Hardware",
    "IIS": "IIS",
    "LT": "LifeTime",
    "NET": "Network",
    "OS": "Windows",
    "SEC": "Hardening",
    "SVC": "Services",
    "TOPO": "Topology",
    "VER": "Versions",
}

CAUSES: dict[Reason | None, tuple[str, str]] = {
    Reason.UNREACHABLE: (
        "The host could not be read",
        "Repair the way to the host (name, port, TLS, sign-in: the sentence says which) and scan again.",
    ),
    Reason.DENIED: (
        "The account may not look",
        "Give the account the right that the user guide names for the question, and scan again.",
    ),
    Reason.CONTRADICTORY: (
        "The witnesses contradict each other",
        "Read both pieces of evidence on the server; one of them is out of date or wrong.",
    ),
    Reason.STALE: ("The answers are too old", "Scan again, and see why the planned scan did not run."),
    Reason.PARSE_ERROR: (
        "An answer had an unexpected form",
        "Report it to the makers of osaudit with the name of the question.",
    ),
    Reason.VERSION_NOT_IN_TABLE: (
        "The version is newer than the tables of the rules",
        "Update osaudit; until then compare with the vendor's page by hand.",
    ),
    Reason.NOT_DECLARED: (
        "The inventory or the reference does not say",
        "Declare what the sentence asks for in the inventory or the reference, and scan again.",
    ),
    Reason.NEEDS_ATTESTATION: ("A person has to state it", "Have the person in charge make the statement."),
    Reason.NOT_ASKED: (
        "The question was not asked",
        "Read the host over a channel that can ask it; WMI alone cannot ask everything.",
    ),
    Reason.SOURCE_NOT_CONFIGURED: (
        "No further witness is configured",
        "Nothing is broken. These checks need a source that is not declared or not asked yet: the sentence says which.",
    ),
    None: (
        "The check itself broke",
        "This is a mistake in osaudit or in the check file, not on your servers; report it with the sentence.",
    ),
}

FINDING_LABELS = {
    FindingLabel.REGRESSED: "regressed",
    FindingLabel.NEW_SUBJECT: "new subject",
    FindingLabel.WAIVER_ENDED: "waiver ended",
    FindingLabel.LOST_SIGHT: "lost sight",
    FindingLabel.NOW_SEEN: "now seen",
    FindingLabel.IN_SCOPE: "in scope",
    FindingLabel.REPAIRED: "repaired",
    FindingLabel.WAIVED: "waived",
    FindingLabel.OUT_OF_SCOPE: "out of scope",
    FindingLabel.GONE_SUBJECT: "gone subject",
    FindingLabel.CHANGED_BY_RULES: "changed by the rules",
    FindingLabel.CHANGED_BY_REFERENCE: "changed by the reference",
    FindingLabel.EVIDENCE_CHANGED: "evidence changed",
}
FINDING_LABEL_MEANINGS = {
    FindingLabel.REGRESSED: "passed before, fails now",
    FindingLabel.NEW_SUBJECT: "the host or environment was not in the earlier scan",
    FindingLabel.WAIVER_ENDED: "the deviation is no longer accepted",
    FindingLabel.LOST_SIGHT: "was decided before and cannot be decided now; neither repaired nor regressed",
    FindingLabel.NOW_SEEN: "could not be decided before and is decided now",
    FindingLabel.IN_SCOPE: "did not apply before and applies now",
    FindingLabel.REPAIRED: "failed before, proved to pass now",
    FindingLabel.WAIVED: "the deviation is still there and is now accepted",
    FindingLabel.OUT_OF_SCOPE: "no longer applies; the sentence says why",
    FindingLabel.GONE_SUBJECT: "the host or environment is not in the later scan",
    FindingLabel.CHANGED_BY_RULES: "other rules judged; not a change of the installation",
    FindingLabel.CHANGED_BY_REFERENCE: "another reference judged; not a change of the installation",
    FindingLabel.EVIDENCE_CHANGED: "same verdict, another measured value or cause",
}
COMPONENT_LABELS = {
    ComponentLabel.INSTALLED: "installed",
    ComponentLabel.REMOVED: "removed",
    ComponentLabel.UPGRADED: "upgraded",
    ComponentLabel.DOWNGRADED: "downgraded",
    ComponentLabel.VERSION_CHANGED: "version changed",
    ComponentLabel.STATE_CHANGED: "state changed",
    ComponentLabel.LOST_SIGHT: "lost sight",
    ComponentLabel.NOW_SEEN: "now seen",
}
ROLE_LABELS = {
    RoleLabel.CHANGED: "role changed",
    RoleLabel.LOST_SIGHT: "lost sight",
    RoleLabel.NOW_SEEN: "now seen",
}
FACT_LABELS = {
    FactLabel.CHANGED: "changed",
    FactLabel.CAME: "came",
    FactLabel.GONE: "gone",
    FactLabel.LOST_SIGHT: "lost sight",
    FactLabel.NOW_SEEN: "now seen",
}
HOST_LABELS = {
    HostLabel.CAME: "came into the inventory",
    HostLabel.GONE: "left the inventory",
    HostLabel.MOVED: "moved to another environment",
    HostLabel.LOST_SIGHT: "lost sight",
    HostLabel.SEEN_AGAIN: "seen again",
    HostLabel.STILL_UNSEEN: "still not seen",
}
# How a change is to be taken: for the worse, for the better, not seen, or merely noted.
CHANGE_TONES = {
    "regressed": "bad",
    "new-subject": "note",
    "waiver-ended": "bad",
    "lost-sight": "doubtful",
    "now-seen": "note",
    "in-scope": "note",
    "repaired": "good",
    "waived": "note",
    "out-of-scope": "note",
    "gone-subject": "note",
    "changed-by-rules": "note",
    "changed-by-reference": "note",
    "evidence-changed": "note",
    "installed": "note",
    "removed": "note",
    "upgraded": "note",
    "downgraded": "bad",
    "version-changed": "note",
    "state-changed": "note",
    "changed": "note",
    "came": "note",
    "gone": "note",
    "moved": "note",
    "seen-again": "good",
    "still-unseen": "doubtful",
}


def count(number: int, one: str, many: str | None = None) -> str:
    """Return the number with its noun."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def enumeration(words: Sequence[str]) -> str:
    """Return the words as "a, b and c"."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def roles_of(roles: Iterable[Role]) -> str:
    """Return the roles in words in a fixed order, empty for none."""
    wanted = frozenset(roles)
    return ", ".join(word for role, word in ROLES.items() if role in wanted)


def reading_of(reading: RoleReading) -> str:
    """Return what a host does, in words."""
    words = [roles_of(reading.actual)] if reading.actual else []
    if reading.runs_scheduler:
        words.append("scheduler")
    if reading.passive:
        words.append("passive")
    return ", ".join(words)


def moment(when: datetime | None) -> str:
    """Return a time as people read it, in UTC as all times are stored."""
    return "not finished" if when is None else when.strftime("%Y-%m-%d %H:%M:%S UTC")


def duration(length: timedelta) -> str:
    """Return a length of time in hours, minutes and seconds."""
    seconds = max(0, int(length.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60} s"
    return f"{seconds // 3600} h {seconds % 3600 // 60} min"
