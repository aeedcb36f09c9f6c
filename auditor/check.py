"""All that a check file may import."""

from auditor.engine.confirming import confirm_environment, lifetime_and_others
from auditor.engine.coverage import Coverage
from auditor.engine.declaration import CheckDeclaration
from auditor.engine.identity import HostPair
from auditor.engine.sight import Inapplicable, Sighting, Unknowable, search
from auditor.engine.subjects import Environment, Host, Infrastructure
from auditor.engine.verdicts import failed, not_applicable, passed, unknown
from auditor.engine.waiving import NEVER_WAIVED, covers
from auditor.model import known_facts as facts
from auditor.model.component import Bearing, Certainty, Component, ComponentKind, RoleReading, State
from auditor.model.fact import Reason
from auditor.model.finding import Finding, Severity, Status, Verdict
from auditor.model.inventory import Hosting, Purpose, Role, Source
from auditor.model.observation import ChannelName
from auditor.model.question import Outcome, Platform
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
    "HostPair",
    "Hosting",
    "Inapplicable",
    "Infrastructure",
    "Outcome",
    "Platform",
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
    "confirm_environment",
    "covers",
    "facts",
    "failed",
    "lifetime_and_others",
    "not_applicable",
    "passed",
    "search",
    "unknown",
]
