"""All that a check file may import."""

from auditor.detection import windows_services
from auditor.engine.bulletins import missing_fixes
from auditor.engine.catalogs import database_catalogs, is_same_catalog, lacks_schema
from auditor.engine.confirming import confirm_environment, leave_to_lifetime, lifetime_and_others
from auditor.engine.connections import in_words, is_open, place_of
from auditor.engine.coverage import Coverage
from auditor.engine.declaration import CheckDeclaration
from auditor.engine.host_names import is_loopback
from auditor.engine.identity import SameMachine, find_same_machines
from auditor.engine.page_answers import PageReading, read_page, serves_application
from auditor.engine.service_states import ServiceFlaw, service_flaw, service_in_words
from auditor.engine.shown_certificates import (
    HTTPS_PORT,
    ShownCertificate,
    ShownCertificates,
    find_shown_certificates,
    is_front_end,
    on_https_port,
)
from auditor.engine.sight import Inapplicable, Sighting, Unknowable, name_few, search
from auditor.engine.subjects import Environment, Host, Infrastructure
from auditor.engine.table_rows import Row
from auditor.engine.tables import Table
from auditor.engine.verdicts import count, failed, not_applicable, passed, unknown
from auditor.engine.waiving import find_lapsed, match_waivers
from auditor.model import known_facts as facts
from auditor.model.component import Bearing, Certainty, Component, ComponentKind, RoleReading, State
from auditor.model.fact import Reason
from auditor.model.finding import Finding, Severity, Status, Verdict
from auditor.model.inventory import Hosting, Purpose, Role, Source
from auditor.model.observation import ChannelName
from auditor.model.question import NOT_XML, Outcome, Platform
from auditor.model.version import Version
from auditor.model.waiver import MONTHS, MONTHS_WHEN_CRITICAL, NEVER_WAIVED, months_later

check = CheckDeclaration()

__all__ = [
    "HTTPS_PORT",
    "MONTHS",
    "MONTHS_WHEN_CRITICAL",
    "NEVER_WAIVED",
    "NOT_XML",
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
    "Inapplicable",
    "Infrastructure",
    "Outcome",
    "PageReading",
    "Platform",
    "Purpose",
    "Reason",
    "Role",
    "RoleReading",
    "Row",
    "SameMachine",
    "ServiceFlaw",
    "Severity",
    "ShownCertificate",
    "ShownCertificates",
    "Sighting",
    "Source",
    "State",
    "Status",
    "Table",
    "Unknowable",
    "Verdict",
    "Version",
    "check",
    "confirm_environment",
    "count",
    "database_catalogs",
    "facts",
    "failed",
    "find_lapsed",
    "find_same_machines",
    "find_shown_certificates",
    "in_words",
    "is_front_end",
    "is_loopback",
    "is_open",
    "is_same_catalog",
    "lacks_schema",
    "leave_to_lifetime",
    "lifetime_and_others",
    "match_waivers",
    "missing_fixes",
    "months_later",
    "name_few",
    "not_applicable",
    "on_https_port",
    "passed",
    "place_of",
    "read_page",
    "search",
    "serves_application",
    "service_flaw",
    "service_in_words",
    "unknown",
    "windows_services",
]
