"""The text of a new check and of its cases: two files, and nothing else has to be edited.

What is written can be run as it stands: it judges the number of processors, until its author replaces that.
"""

from __future__ import annotations

import keyword
import re

from auditor.errors import UsageError
from auditor.model.finding import Severity

_ID = re.compile(r"[A-Z]{2,5}-\d{3}")
_NAME = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")

_CHECK = '''from auditor.check import Host, Role, Severity, Verdict, check, facts, failed, passed

LEAST = 2


@check.per_host(
    "{check_id}",
    severity=Severity.{severity},
    sources=("DESIGN",),
    roles=frozenset({{Role.DEPLOYMENT_CONTROLLER, Role.FRONT_END}}),
)
def {slug}(host: Host) -> Verdict:
    """{title}.

    ## Why it matters

    Say in two or three sentences what goes wrong for whom when this does not hold.

    ## How it is decided

    Say which facts are compared with what, what the check does not see, and when it does not apply.

    ## How to fix

    1. Give numbered steps that an operator can follow.

    Effect on users: say whether anybody notices.

    ## References

    - Architecture of osaudit (docs/architecture.md)
    """
    # Asking for a fact that is not known ends the check: the engine answers unknown, with the cause.
    processors = host.fact(facts.PROCESSORS)
    if processors < LEAST:
        return failed(
            f"{{host.name}} has {{processors}} processors.",
            expected=f"at least {{LEAST}} processors",
            found=str(processors),
        )
    return passed(f"{{host.name}} has {{processors}} processors.")
'''

_CASES = """# A case starts from a healthy infrastructure and says only what differs (see auditor/engine/cases.py).

[base.environments]
Production.purpose = "production"

[base.hosts.prd-1]
environment = "Production"
roles = ["deployment-controller", "front-end"]
facts."hardware.processors" = 4

["The server has enough processors"]
expect.prd-1 = "pass"

["The server has one processor"]
hosts.prd-1.facts."hardware.processors" = 1
expect.prd-1 = {status = "fail", says = ["prd-1 has 1 processors"]}

["The number of processors may not be read"]
hosts.prd-1.facts."hardware.processors" = {unknown = "denied"}
expect.prd-1 = {status = "unknown", reason = "denied"}

["A host that is only a cache broker is not judged"]
hosts.mq-1 = {environment = "Production", roles = ["cache-broker"]}
expect.mq-1 = "not-applicable"
"""


def new_check_files(check_id: str, slug: str, area: str, *, severity: Severity = Severity.MEDIUM) -> dict[str, str]:
    """Return the text of the check file and of its cases by path, relative to the folder that holds `checks/`.

    Raises `UsageError` for an id that does not look like VER-001, and for a slug or area that is no plain name.
    """
    if not _ID.fullmatch(check_id):
        raise UsageError(f"The id {check_id!r} must be two to five capitals, a hyphen and three digits, like VER-001.")
    for what, name in (("slug", slug), ("area", area)):
        if not _NAME.fullmatch(name) or keyword.iskeyword(name):
            raise UsageError(f"The {what} {name!r} must be words in lower case joined by underscores.")
    title = slug.replace("_", " ").capitalize()
    if len(title) > 79:
        raise UsageError(f"The slug {slug!r} is too long: as a sentence it must have at most 80 characters.")
    check = _CHECK.format(check_id=check_id, slug=slug, title=title, severity=severity.name)
    return {f"checks/{area}/{slug}.py": check, f"fixtures/checks/{slug}.toml": _CASES}
