"""All that a check file may import."""

from auditor.engine.declaration import CheckDeclaration
from auditor.engine.subjects import (
    Coverage,
    Environment,
    Host,
    Infrastructure,
    Sighting,
    Unknowable,
    search,
)
from auditor.engine.verdicts import failed, not_applicable, passed, unknown
from auditor.engine.waiving import NEVER_WAIVED, covers
from auditor.model import known_facts as facts
from auditor.model.component import Bearing, Certainty, Component, ComponentKind, RoleReading, State
from auditor.model.fact import Reason
from auditor.model.finding import Finding, Severity, Status, Verdict
from auditor.model.inventory import Hosting, Purpose, Role, Source
from auditor.model.observation import ChannelName
from auditor.model.question import Outcome
from auditor.model.version import Version

check = CheckDeclaration()

__all__ = [
    "NEVER_WAIVED",
    "Bearing",
    "Certainty",
    "ChannelName",
    "Component",
    "ComponentKind",
    "Coverage",
    "Environment",
    "Finding",
    "Host",
    "Hosting",
    "Infrastructure",
    "Outcome",
    "Purpose",
    "Reason",
    "Role",
    "RoleReading",
    "Severity",
    "Sighting",
    "Source",
    "State",
    "Status",
    "Unknowable",
    "Verdict",
    "Version",
    "check",
    "covers",
    "facts",
    "failed",
    "not_applicable",
    "passed",
    "search",
    "unknown",
]
