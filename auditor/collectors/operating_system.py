"""Which Windows it is, since when it runs, and what of it is switched on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from auditor.collectors.account import WINDOWS_ACCOUNT
from auditor.collectors.base import Collector, FactMap, Observations
from auditor.collectors.reading import (
    Answers,
    IllTyped,
    fact,
    facts,
    flag,
    member,
    registry_number,
    registry_text,
    row,
    rows,
    text,
    whole_number,
)
from auditor.collectors.rights import FEATURES as FEATURES_RIGHT
from auditor.collectors.rights import REGISTRY, WMI
from auditor.model.fact import Reason
from auditor.model.known_facts import (
    OS_FAMILY,
    OS_FEATURES,
    OS_FIPS_ENABLED,
    OS_HAS_DESKTOP,
    OS_IS_SERVER,
    OS_LAST_BOOT,
    OS_NAME,
    OS_VERSION,
    WindowsFeature,
)
from auditor.model.question import Platform, Question, Verb
from auditor.model.version import Version

SYSTEM = Question(
    id="operating_system.system",
    verb=Verb.WMI,
    platform=Platform.WINDOWS,
    why="Tells edition, version and kind of Windows, and when it was started last.",
    rights=WMI,
    arguments={
        "class": "Win32_OperatingSystem",
        "properties": ["Caption", "Version", "ProductType", "LastBootUpTime"],
    },
)

INSTALLATION = Question(
    id="operating_system.installation",
    verb=Verb.REGISTRY,
    platform=Platform.WINDOWS,
    why="Tells whether Windows has a desktop, since Server Core needs one feature less.",
    rights=REGISTRY,
    arguments={"key": r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion", "values": ["InstallationType"]},
)
FIPS = Question(
    id="operating_system.fips",
    verb=Verb.REGISTRY,
    platform=Platform.WINDOWS,
    why="Tells whether the FIPS policy is on, which older versions of the platform cannot run under.",
    rights=REGISTRY,
    arguments={"key": r"HKLM\SYSTEM\CurrentControlSet\Control\Lsa\FIPSAlgorithmPolicy", "values": ["Enabled"]},
)
FEATURES = Question(
    id="operating_system.features",
    verb=Verb.WMI,
    platform=Platform.WINDOWS,
    why="Tells which features of IIS are installed, to compare with what the platform needs.",
    rights=FEATURES_RIGHT,
    arguments={
        "class": "Win32_OptionalFeature",
        "properties": ["Name", "InstallState"],
        "condition": "Name LIKE 'IIS-%' OR Name LIKE 'WAS-%'",
    },
)

_STATES = {1: "enabled", 2: "disabled", 3: "absent"}
# 1 is a workstation, 2 a domain controller, 3 a server.
_WORKSTATION = 1


def read(observations: Observations) -> FactMap:
    """Give the facts about Windows."""
    return facts(
        fact(observations, OS_FAMILY, lambda answers: _family(answers.value(SYSTEM))),
        fact(observations, OS_NAME, lambda answers: text(member(row(answers.value(SYSTEM)), "Caption"))),
        fact(observations, OS_VERSION, lambda answers: version(member(row(answers.value(SYSTEM)), "Version"))),
        fact(observations, OS_IS_SERVER, _is_server),
        fact(observations, OS_LAST_BOOT, lambda answers: moment(member(row(answers.value(SYSTEM)), "LastBootUpTime"))),
        fact(observations, OS_HAS_DESKTOP, _has_desktop),
        fact(observations, OS_FIPS_ENABLED, lambda answers: bool(registry_number(answers.value(FIPS), "Enabled"))),
        fact(observations, OS_FEATURES, _features),
    )


def _family(value: Any) -> str:
    if "windows" not in text(member(row(value), "Caption")).casefold():
        raise IllTyped("no name of a Windows")
    return Platform.WINDOWS.value


def _is_server(answers: Answers) -> bool:
    return whole_number(member(row(answers.value(SYSTEM)), "ProductType")) > _WORKSTATION


def _has_desktop(answers: Answers) -> bool:
    kind = (registry_text(answers.value(INSTALLATION), "InstallationType") or "").casefold()
    if kind not in ("server", "client", "server core"):
        raise IllTyped("no known kind of installation")
    return kind != "server core"


def _features(answers: Answers) -> tuple[WindowsFeature, ...]:
    """Windows lists its features whether they are installed or not, so an empty list only says that it did not tell."""
    listed = rows(answers.whole(FEATURES))
    if not listed:
        host = answers.observation(FEATURES).host
        sentence = f"{host} lists none of the features of IIS, not even as missing, so it did not tell"
        if flag(member(answers.value(WINDOWS_ACCOUNT), "administrator")):
            raise answers.refusal(Reason.CONTRADICTORY, f"{sentence}.")
        raise answers.refusal(Reason.DENIED, f"{sentence}; the account needs: {FEATURES_RIGHT}.")
    found = [WindowsFeature(text(member(item, "Name")), _state(member(item, "InstallState"))) for item in listed]
    return tuple(sorted(found, key=lambda feature: feature.name.casefold()))


def _state(value: Any) -> str:
    return "unknown" if value is None else _STATES.get(whole_number(value), "unknown")


def version(value: Any) -> Version:
    """Return a dotted version."""
    try:
        return Version.parse(text(value))
    except ValueError:
        raise IllTyped("no version") from None


def moment(value: Any) -> datetime:
    """Return an ISO 8601 time as a time in UTC."""
    try:
        parsed = datetime.fromisoformat(text(value))
        return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise IllTyped("no time") from None


COLLECTOR = Collector(
    "operating_system",
    Platform.WINDOWS,
    (SYSTEM, INSTALLATION, FIPS, FEATURES),
    read,
    also_reads=(WINDOWS_ACCOUNT,),
)
