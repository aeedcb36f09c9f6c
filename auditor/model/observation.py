"""What one visit to one host brought back, raw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from auditor.errors import FailureKind
from auditor.model.question import Answer, Platform


class ChannelName(StrEnum):
    """The way in which a host was asked."""

    POWERSHELL_OVER_WINRM = "powershell-over-winrm"
    WMI_OVER_WSMAN = "wmi-over-wsman"
    POWERSHELL_OVER_SSH = "powershell-over-ssh"
    SH_OVER_SSH = "sh-over-ssh"
    LIFETIME_API = "lifetime-api"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a visit brought nothing, or stopped: a `TransportError` turned into data."""

    kind: FailureKind
    sentence: str


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit: every question that was put has exactly one answer unless `failure` says why there is none.

    `observed_at` is the moment, in UTC by the collector's clock, at which the answer arrived; `requests` counts the
    payload requests beyond signing in; `notes` are sentences for the report (for example a fallback to WMI).
    """

    host: str
    started_at: datetime
    observed_at: datetime
    channel: ChannelName | None = None
    platform: Platform | None = None
    answers: Mapping[str, Answer] = field(default_factory=lambda: MappingProxyType({}))
    failure: Failure | None = None
    notes: tuple[str, ...] = ()
    requests: int = 0


@dataclass(frozen=True, slots=True)
class Observation:
    """One answer with the host it came from, when and how: the only thing a reader sees."""

    host: str
    answer: Answer
    observed_at: datetime
    channel: ChannelName
