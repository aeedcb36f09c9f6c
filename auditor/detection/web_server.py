"""Whether the web server runs, without which no console lives."""

from __future__ import annotations

from auditor.detection import windows_services
from auditor.detection.evidence import Weighing
from auditor.model.known_facts import SERVICES


def web_server_is_stopped(weighing: Weighing) -> bool | None:
    """Whether IIS is stopped, which is noted as a contradiction; None where its services are not known."""
    services = weighing.look("service", SERVICES)
    if services is None:
        return None
    web_server = windows_services.find(services.value, windows_services.WEB_SERVER)
    if web_server is None or windows_services.runs(web_server):
        return False
    weighing.contradicts("service", f"{windows_services.in_words(web_server)}.", services)
    return True
