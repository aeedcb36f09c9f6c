"""The checks of the example scans, with one page for all of them."""

from __future__ import annotations

from auditor.model.finding import Severity
from auditor.reporting.view import CheckText

CHECKS = {
    "TOPO-003": ("production_environment_exists", "Production environment exists", Severity.CRITICAL),
    "TOPO-004": ("lifetime_environment_exists", "Exactly one LifeTime environment exists", Severity.HIGH),
    "TOPO-006": ("lifetime_not_in_existing_environment", "LifeTime is in no other environment", Severity.CRITICAL),
    "TOPO-008": ("lifetime_without_business_applications", "LifeTime carries no business application", Severity.MEDIUM),
    "TOPO-015": ("one_deployment_controller", "Every environment has one controller", Severity.CRITICAL),
    "TOPO-016": ("front_end_and_scheduler", "Every environment has front-end and scheduler", Severity.HIGH),
    "COMP-001": ("platform_server_installed", "Platform Server is installed on each host", Severity.CRITICAL),
    "COMP-002": ("service_center_present", "Service Center is present in each environment", Severity.CRITICAL),
    "COMP-003": ("lifetime_installed", "LifeTime is installed in its environment", Severity.CRITICAL),
    "COMP-013": ("cache_broker_designated", "A cache invalidation broker is designated", Severity.HIGH),
    "DATA-001": ("every_host_reached", "Every host was reached", Severity.HIGH),
    "DATA-002": ("every_datum_collected", "Every datum was collected", Severity.MEDIUM),
    "DATA-005": ("declared_role_is_observed", "The declared role is the observed role", Severity.MEDIUM),
    "DATA-015": ("optional_sources_declared", "Optional sources are declared", Severity.INFO),
}  # fmt: skip

PAGE = {
    "Why it matters": "Since OutSystems 11 this set-up is not supported.\n\nThe next upgrade of `LifeTime` stops:\n"
    "- the installer refuses the server\n- deployments are blocked until it is undone",
    "How it is decided": "From the registry value `LifeTime` and the application `/lifetime`.\nOne is enough.",
    "How to fix": "1. Install LifeTime in an environment of its own.\n2. Register all environments there.\n"
    "3. Remove LifeTime from here in the documented order.",
    "References": "See the sources.",
}


def check_texts() -> dict[str, CheckText]:
    """Return the page of every check of these records."""
    sources = (("Set up OutSystems (success.outsystems.com)", "https://success.outsystems.com/documentation/11/"),)
    return {
        check: CheckText(check, slug, title, severity, PAGE, sources)
        for check, (slug, title, severity) in CHECKS.items()
    }
