"""The words of the report for the codes of the model, and what to do about each reason for not knowing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from auditor.model.component import ComponentKind, RoleReading, State
from auditor.model.difference import ComponentLabel, Expectation, FactLabel, FindingLabel, HostLabel, RoleLabel
from auditor.model.fact import Reason
from auditor.model.finding import Severity, Status, SubjectKind
from auditor.model.inventory import Hosting, Purpose, Role
from auditor.model.observation import ChannelName
from auditor.model.question import Outcome
from auditor.reporting.language import N_, Words, _, at_time, in_digits, ngettext

COMPONENTS = Words(
    {
        ComponentKind.PLATFORM_SERVER: N_("Platform Server"),
        ComponentKind.SERVICE_CENTER: N_("Service Center"),
        ComponentKind.LIFETIME: N_("LifeTime"),
        ComponentKind.LIFETIME_PAYLOAD: N_("LifeTime payload"),
        ComponentKind.SERVICE_STUDIO: N_("Service Studio"),
        ComponentKind.INTEGRATION_STUDIO: N_("Integration Studio"),
        ComponentKind.RABBITMQ: N_("RabbitMQ"),
        ComponentKind.JAVA_STACK: N_("Java stack"),
        ComponentKind.DETACHED_INSTALLATION: N_("Detached installation"),
    }
)
STATES = Words(
    {
        State.PRESENT: N_("present"),
        State.PROBABLE: N_("probable"),
        State.BROKEN: N_("broken"),
        State.LEFTOVER: N_("leftover"),
        State.ABSENT: N_("absent"),
        State.UNKNOWN: N_("not known"),
    }
)
STATE_MEANINGS = Words(
    {
        State.PRESENT: N_("two kinds of evidence agree"),
        State.PROBABLE: N_("main evidence only; the rest could not be asked"),
        State.BROKEN: N_("there, but something it needs is missing or stopped"),
        State.LEFTOVER: N_("traces of something that can no longer run"),
        State.ABSENT: N_("looked for and proved not to be there"),
        State.UNKNOWN: N_("could not be looked at; says nothing about absence"),
    }
)
STATE_SYMBOLS = {
    State.PRESENT: "●",
    State.PROBABLE: "◐",
    State.BROKEN: "▲",
    State.LEFTOVER: "◇",
    State.ABSENT: "–",
    State.UNKNOWN: "?",
}
PURPOSES = Words(
    {
        Purpose.DEVELOPMENT: N_("Development"),
        Purpose.QUALITY: N_("Quality"),
        Purpose.PRODUCTION: N_("Production"),
        Purpose.LIFETIME: N_("LifeTime"),
        Purpose.OTHER: N_("Other"),
    }
)
HOSTINGS = Words({Hosting.ON_PREMISES: N_("on-premises"), Hosting.CLOUD: N_("in the cloud")})
ROLES = Words(
    {
        Role.DEPLOYMENT_CONTROLLER: N_("controller"),
        Role.FRONT_END: N_("front-end"),
        Role.CACHE_BROKER: N_("cache broker"),
    }
)
CHANNELS = Words(
    {
        ChannelName.POWERSHELL_OVER_WINRM: N_("PowerShell over WinRM"),
        ChannelName.WMI_OVER_WSMAN: N_("WMI over WS-Man"),
        ChannelName.POWERSHELL_OVER_SSH: N_("PowerShell over SSH"),
        ChannelName.SH_OVER_SSH: N_("sh over SSH"),
    }
)
SEVERITY_WORDS = Words(
    {
        Severity.CRITICAL: N_("critical"),
        Severity.HIGH: N_("high"),
        Severity.MEDIUM: N_("medium"),
        Severity.LOW: N_("low"),
        Severity.INFO: N_("info"),
    }
)
SEVERITY_SYMBOLS = {
    Severity.CRITICAL: "◆",
    Severity.HIGH: "▲",
    Severity.MEDIUM: "■",
    Severity.LOW: "▼",
    Severity.INFO: "○",
}
STATUSES = Words(
    {
        Status.PASS: N_("passed"),
        Status.FAIL: N_("failed"),
        Status.NOT_APPLICABLE: N_("not applicable"),
        Status.UNKNOWN: N_("not evaluated"),
        Status.ERROR: N_("check broke"),
    }
)
# How a question to a host ended.
OUTCOMES = Words(
    {
        Outcome.OK: N_("ok"),
        Outcome.MISSING: N_("missing"),
        Outcome.DENIED: N_("denied"),
        Outcome.FAILED: N_("failed"),
        Outcome.UNSUPPORTED: N_("unsupported"),
    }
)
CHECK_GROUPS = Words(
    {
        "CACHE": N_("Cache"),
        "COMP": N_("Installed"),
        "CONF": N_("Settings"),
        "DATA": N_("Audit"),
        "DB": N_("Databases"),
        "HA": N_("Failover"),
        "HW": N_("Hardware"),
        "IIS": N_("IIS"),
        "LT": N_("LifeTime"),
        "NET": N_("Network"),
        "OS": N_("Windows"),
        "SEC": N_("Hardening"),
        "SVC": N_("Services"),
        "TOPO": N_("Topology"),
        "VER": N_("Versions"),
    }
)

# As messages: they are translated where they are told.
CAUSES: dict[Reason | None, tuple[str, str]] = {
    Reason.UNREACHABLE: (
        N_("The host could not be read"),
        N_("Repair the way to the host (name, port, TLS, sign-in: the sentence says which) and scan again."),
    ),
    Reason.DENIED: (
        N_("The account may not look"),
        N_("Give the account the right that the user guide names for the question, and scan again."),
    ),
    Reason.CONTRADICTORY: (
        N_("The witnesses contradict each other"),
        N_("Read both pieces of evidence on the server; one of them is out of date or wrong."),
    ),
    Reason.STALE: (N_("The answers are too old"), N_("Scan again, and see why the planned scan did not run.")),
    Reason.PARSE_ERROR: (
        N_("An answer had an unexpected form"),
        N_("Report it to the makers of osaudit with the name of the question."),
    ),
    Reason.VERSION_NOT_IN_TABLE: (
        N_("The version is newer than the tables of the rules"),
        N_("Update osaudit; until then compare with the vendor's page by hand."),
    ),
    Reason.NOT_DECLARED: (
        N_("The inventory or the reference does not say"),
        N_("Declare what the sentence asks for in the inventory or the reference, and scan again."),
    ),
    Reason.NEEDS_ATTESTATION: (N_("A person has to state it"), N_("Have the person in charge make the statement.")),
    Reason.NOT_ASKED: (
        N_("The question was not asked"),
        N_("Read the host over a channel that can ask it; WMI alone cannot ask everything."),
    ),
    Reason.SOURCE_NOT_CONFIGURED: (
        N_("No further witness is configured"),
        N_(
            "Nothing is broken. These checks need a source that is not declared or not asked yet: the sentence says "
            "which."
        ),
    ),
    None: (
        N_("The check itself broke"),
        N_("This is a mistake in osaudit or in the check file, not on your servers; report it with the sentence."),
    ),
}

FINDING_LABELS = Words(
    {
        FindingLabel.REGRESSED: N_("regressed"),
        FindingLabel.NEW_SUBJECT: N_("new subject"),
        FindingLabel.WAIVER_ENDED: N_("waiver ended"),
        FindingLabel.LOST_SIGHT: N_("lost sight"),
        FindingLabel.NOW_SEEN: N_("now seen"),
        FindingLabel.IN_SCOPE: N_("in scope"),
        FindingLabel.REPAIRED: N_("repaired"),
        FindingLabel.WAIVED: N_("waived"),
        FindingLabel.OUT_OF_SCOPE: N_("out of scope"),
        FindingLabel.GONE_SUBJECT: N_("gone subject"),
        FindingLabel.CHANGED_BY_RULES: N_("changed by the rules"),
        FindingLabel.CHANGED_BY_REFERENCE: N_("changed by the reference"),
        FindingLabel.EVIDENCE_CHANGED: N_("evidence changed"),
    }
)
FINDING_LABEL_MEANINGS = Words(
    {
        FindingLabel.REGRESSED: N_("passed before, fails now"),
        FindingLabel.NEW_SUBJECT: N_("the host or environment was not in the earlier scan"),
        FindingLabel.WAIVER_ENDED: N_("the deviation is no longer accepted"),
        FindingLabel.LOST_SIGHT: N_("was decided before and cannot be decided now; neither repaired nor regressed"),
        FindingLabel.NOW_SEEN: N_("could not be decided before and is decided now"),
        FindingLabel.IN_SCOPE: N_("did not apply before and applies now"),
        FindingLabel.REPAIRED: N_("failed before, proved to pass now"),
        FindingLabel.WAIVED: N_("the deviation is still there and is now accepted"),
        FindingLabel.OUT_OF_SCOPE: N_("no longer applies; the sentence says why"),
        FindingLabel.GONE_SUBJECT: N_("the host or environment is not in the later scan"),
        FindingLabel.CHANGED_BY_RULES: N_("other rules judged; not a change of the installation"),
        FindingLabel.CHANGED_BY_REFERENCE: N_("another reference judged; not a change of the installation"),
        FindingLabel.EVIDENCE_CHANGED: N_("same verdict, another measured value or cause"),
    }
)
COMPONENT_LABELS = Words(
    {
        ComponentLabel.INSTALLED: N_("installed"),
        ComponentLabel.REMOVED: N_("removed"),
        ComponentLabel.UPGRADED: N_("upgraded"),
        ComponentLabel.DOWNGRADED: N_("downgraded"),
        ComponentLabel.VERSION_CHANGED: N_("version changed"),
        ComponentLabel.STATE_CHANGED: N_("state changed"),
        ComponentLabel.LOST_SIGHT: N_("lost sight"),
        ComponentLabel.NOW_SEEN: N_("now seen"),
    }
)
ROLE_LABELS = Words(
    {
        RoleLabel.CHANGED: N_("role changed"),
        RoleLabel.LOST_SIGHT: N_("lost sight"),
        RoleLabel.NOW_SEEN: N_("now seen"),
    }
)
FACT_LABELS = Words(
    {
        FactLabel.CHANGED: N_("changed"),
        FactLabel.CAME: N_("came"),
        FactLabel.GONE: N_("gone"),
        FactLabel.LOST_SIGHT: N_("lost sight"),
        FactLabel.NOW_SEEN: N_("now seen"),
    }
)
HOST_LABELS = Words(
    {
        HostLabel.CAME: N_("came into the inventory"),
        HostLabel.GONE: N_("left the inventory"),
        HostLabel.MOVED: N_("moved to another environment"),
        HostLabel.LOST_SIGHT: N_("lost sight"),
        HostLabel.SEEN_AGAIN: N_("seen again"),
        HostLabel.STILL_UNSEEN: N_("still not seen"),
    }
)
EXPECTATIONS = Words(
    {
        Expectation.EXPECTED: N_("expected"),
        Expectation.PARTLY: N_("partly"),
        Expectation.UNEXPECTED: N_("unexpected"),
    }
)
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


def count(number: int, one: str, many: str) -> str:
    """Return the number with its noun."""
    return f"{in_digits(number)} {ngettext(one, many, number)}"


def count_subjects(number: int, kind: SubjectKind) -> str:
    """Return the number with what can be judged."""
    match kind:
        case SubjectKind.HOST:
            return count(number, "host", "hosts")
        case SubjectKind.ENVIRONMENT:
            return count(number, "environment", "environments")
        case SubjectKind.INFRASTRUCTURE:
            return count(number, "infrastructure", "infrastructures")


def count_of_severities(numbers: Mapping[Severity, int]) -> str:
    """Return how many there are of each severity."""
    forms = {
        Severity.CRITICAL: ngettext("%(num)s critical", "%(num)s critical", numbers.get(Severity.CRITICAL, 0)),
        Severity.HIGH: ngettext("%(num)s high", "%(num)s high", numbers.get(Severity.HIGH, 0)),
        Severity.MEDIUM: ngettext("%(num)s medium", "%(num)s medium", numbers.get(Severity.MEDIUM, 0)),
        Severity.LOW: ngettext("%(num)s low", "%(num)s low", numbers.get(Severity.LOW, 0)),
        Severity.INFO: ngettext("%(num)s info", "%(num)s info", numbers.get(Severity.INFO, 0)),
    }
    return enumeration([form for severity, form in forms.items() if severity in numbers])


def amount(verdicts: int, checks: int) -> str:
    """Return how many verdicts of how many checks."""
    told = {"verdicts": count(verdicts, "verdict", "verdicts"), "checks": count(checks, "check", "checks")}
    return _("%(verdicts)s of %(checks)s", **told)


def enumeration(words: Sequence[str]) -> str:
    """Return the words as "a, b and c"."""
    if len(words) < 2:
        return "".join(words)
    return _("%(others)s and %(last)s", others=", ".join(words[:-1]), last=words[-1])


def first_few(names: Sequence[str], limit: int) -> str:
    """Return the names as "a, b and c", of many the first with the number of the others."""
    if len(names) <= limit:
        return enumeration(names)
    return and_more(", ".join(names[:limit]), len(names) - limit)


def and_more(listed: str, more: int) -> str:
    """Return what is listed, saying how many more there are."""
    return ngettext("%(listed)s and %(num)s more", "%(listed)s and %(num)s more", more, listed=listed)


def roles_of(roles: Iterable[Role]) -> str:
    """Return the roles in words in a fixed order, empty for none."""
    wanted = frozenset(roles)
    return ", ".join(word for role, word in ROLES.items() if role in wanted)


def reading_of(reading: RoleReading) -> str:
    """Return what a host does, in words."""
    words = [roles_of(reading.actual)] if reading.actual else []
    if reading.runs_scheduler:
        words.append(_("scheduler"))
    if reading.passive:
        words.append(_("passive"))
    return ", ".join(words)


def moment(when: datetime | None) -> str:
    """Return a time as people read it, in UTC as all times are stored."""
    return _("not finished") if when is None else at_time(when)


def duration(length: timedelta) -> str:
    """Return a length of time in hours, minutes and seconds."""
    seconds = max(0, int(length.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60} s"
    return f"{seconds // 3600} h {seconds % 3600 // 60} min"
