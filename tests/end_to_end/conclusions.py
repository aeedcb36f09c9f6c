"""What a scan concluded, in a form in which two scans of the same servers are equal."""

from __future__ import annotations

from typing import Any

from auditor.model.known_facts import PRIVATE_KEY_DIGEST
from auditor.model.scan import ScanRecord

# What differs from scan to scan: the time, and digests made with a key of their own.
MOVING = {"clock.offset", PRIVATE_KEY_DIGEST.name}


def compared(record: ScanRecord) -> dict[Any, Any]:
    """Return what was concluded, but for what differs from scan to scan."""
    judgement = record.judgement
    assert judgement is not None
    findings = {
        (item.check, item.subject): (item.verdict.status, item.severity, item.verdict.reason, item.verdict.found)
        for item in judgement.findings
        # Their measured values are times.
        if item.check not in ("DATA-007", "DATA-009")
    }
    facts = {
        (host, name): fact for host, facts in judgement.facts.items() for name, fact in facts if name not in MOVING
    }
    components = {
        (host, item.kind): item for host, portrait in judgement.portraits.items() for item in portrait.components
    }
    roles = {host: portrait.roles for host, portrait in judgement.portraits.items()}
    return {"state": record.state, **facts, **components, **roles, **findings}
