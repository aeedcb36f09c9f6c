"""Whether a Windows service runs, and runs again after a restart; states that only pass by are no verdict."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from auditor.engine.sight import Unknowable
from auditor.engine.subjects import Host
from auditor.model.fact import NotKnown, Reason
from auditor.model.known_facts import CLOCK_OFFSET, OS_LAST_BOOT, Service

# Windows waits about two minutes before it begins with the services that start delayed.
TIME_TO_START = timedelta(minutes=10)
_COMING_UP = ("start pending", "continue pending")


@dataclass(frozen=True, slots=True)
class ServiceFlaw:
    """What is wrong with a service that should run and start by itself; `words` follow its name."""

    words: str
    runs: bool


def service_flaw(host: Host, service: Service | None) -> ServiceFlaw | None:
    """Return what is wrong with a service that should run and start by itself, None when nothing is.

    Raises `Unknowable` (stale) for one that is just coming up, or starts delayed on a server that started just now.
    """
    if service is None:
        return ServiceFlaw("is not registered", runs=False)
    words = service_in_words(host, service)
    if service.state in _COMING_UP:
        _look_again(f"{service.name} on {host.name} is just coming up ({service.state})")
    if service.state != "running":
        if service.start_mode == "auto" and service.delayed and _has_just_started(host):
            _look_again(
                f"{service.name} on {host.name} is {service.state}, but starts delayed, and the server started less "
                f"than {TIME_TO_START.seconds // 60} minutes before it was looked at"
            )
        return ServiceFlaw(words, runs=False)
    return None if service.start_mode == "auto" else ServiceFlaw(words, runs=True)


def service_in_words(host: Host, service: Service) -> str:
    """Return state and start mode in words that follow the name; `Unknowable` where Windows does not tell both."""
    if not service.state or not service.start_mode:
        sentence = f"Windows does not tell state and start mode of {service.name} on {host.name}."
        raise Unknowable(NotKnown(Reason.CONTRADICTORY, sentence))
    return f"is {service.state} with start mode {service.start_mode}"


def _has_just_started(host: Host) -> bool:
    """Whether services that start delayed may still be to come; by the host's own clock."""
    now = host.visit.observed_at + timedelta(seconds=host.fact(CLOCK_OFFSET))
    return now - host.fact(OS_LAST_BOOT) < TIME_TO_START


def _look_again(sentence: str) -> None:
    raise Unknowable(NotKnown(Reason.STALE, f"{sentence}: scan again in a while."))
