"""Which of the protocols that nobody should speak any more the registry switches off."""

from __future__ import annotations

from auditor.collectors.base import Collector, FactMap, Observations
from auditor.collectors.reading import Answers, fact, member, registry_subkeys, whole_number
from auditor.collectors.rights import REGISTRY
from auditor.model.known_facts import SECURITY_PROTOCOLS, ProtocolSetting
from auditor.model.question import Platform, Question, Verb

_PROTOCOLS = r"HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols"
_ENABLED, _DISABLED = "Enabled", "DisabledByDefault"
_SIDES = ("client", "server")


def _question(thing: str, protocol: str) -> Question:
    return Question(
        id=f"security.{thing}",
        verb=Verb.REGISTRY,
        platform=Platform.WINDOWS,
        why=f"Tells whether {protocol} is switched off, which has been broken for years.",
        rights=REGISTRY,
        arguments={"key": rf"{_PROTOCOLS}\{protocol}", "values": [_ENABLED, _DISABLED], "subkeys": True},
    )


PROTOCOLS = {"SSL 2.0": _question("ssl_2", "SSL 2.0"), "SSL 3.0": _question("ssl_3", "SSL 3.0")}


def read(observations: Observations) -> FactMap:
    """Give what the registry says of each side of each protocol; a side without a key is left out."""
    return fact(observations, SECURITY_PROTOCOLS, _settings)


def _settings(answers: Answers) -> tuple[ProtocolSetting, ...]:
    return tuple(
        ProtocolSetting(
            protocol, name.casefold(), _number(member(values, _ENABLED)), _number(member(values, _DISABLED))
        )
        for protocol, question in PROTOCOLS.items()
        for name, values in sorted(registry_subkeys(answers.whole(question)).items())
        if name.casefold() in _SIDES
    )


def _number(value: object) -> int | None:
    return None if value is None else whole_number(value)


COLLECTOR = Collector("security", Platform.WINDOWS, tuple(PROTOCOLS.values()), read)
