"""Finding the services of the platform among the Windows services."""

from __future__ import annotations

from collections.abc import Iterable

from auditor.model.known_facts import Service

CONTROLLER = "OutSystems Deployment Controller Service"
DEPLOYMENT = "OutSystems Deployment Service"
SCHEDULER = "OutSystems Scheduler Service"
PLATFORM = (CONTROLLER, DEPLOYMENT, SCHEDULER)
DETACHED_SCHEDULER = "Detached Scheduler Service"
BROKER = "RabbitMQ"
WEB_SERVER = "W3SVC"


def find(services: Iterable[Service], name: str) -> Service | None:
    """Return the service of this name or display name, compared without regard to case."""
    wanted = name.casefold()
    candidates = tuple(services)
    by_name = next((service for service in candidates if service.name.casefold() == wanted), None)
    return by_name or next((service for service in candidates if service.display_name.casefold() == wanted), None)


def runs(service: Service | None) -> bool:
    """Whether the service is there and running, or about to."""
    return service is not None and service.state in ("running", "start pending")


def starts_by_itself(service: Service | None) -> bool:
    """Whether the service is meant to run."""
    return service is not None and service.start_mode == "auto"


def is_below(service: Service, folder: str) -> bool:
    """Whether the service's executable is in the folder."""
    image, above = service.image_path.replace("/", "\\").casefold(), folder.rstrip("\\/").replace("/", "\\").casefold()
    return image.startswith(above + "\\")


def in_words(service: Service) -> str:
    """Describe how the service starts and whether it runs."""
    return f"{service.name} is {service.state or 'in no known state'}, start mode {service.start_mode or 'unknown'}"
