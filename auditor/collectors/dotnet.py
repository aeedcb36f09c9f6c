""".NET: the Framework, its machine.config, and the hosting bundles."""

from __future__ import annotations

from typing import Any

from auditor.collectors.base import Collector, FactMap, Observations
from auditor.collectors.reading import (
    Answers,
    data_text,
    distinct,
    fact,
    facts,
    member,
    registry_number,
    registry_subkeys,
    whole_number,
)
from auditor.collectors.rights import REGISTRY, SYSTEM_FILE
from auditor.collectors.xml_nodes import attribute, below, root
from auditor.model.known_facts import DOTNET_RELEASE, HOSTING_BUNDLES, MACHINE_CONFIG_KEYS
from auditor.model.question import Platform, Question, Verb

FRAMEWORK = Question(
    id="dotnet.framework",
    verb=Verb.REGISTRY,
    platform=Platform.WINDOWS,
    why="Tells the release of .NET Framework 4, to compare with what the platform's version needs.",
    rights=REGISTRY,
    arguments={
        "key": r"HKLM\SOFTWARE\Microsoft\NET Framework Setup\NDP\v4\Full",
        "values": ["Release"],
        "subkeys": True,
    },
)
BUNDLES = Question(
    id="dotnet.hosting_bundles",
    verb=Verb.REGISTRY,
    platform=Platform.WINDOWS,
    why="Tells which .NET hosting bundles are installed, to compare with what the platform's version needs.",
    rights=REGISTRY,
    arguments={
        "key": r"HKLM\SOFTWARE\Microsoft\Updates\.NET",
        "view": 32,
        "values": ["PackageVersion"],
        "subkeys": True,
        "subkeys_like": "Microsoft .NET*Windows Server Hosting*",
    },
)


def _machine_config(thing: str, folder: str, why: str) -> Question:
    arguments = {
        "path": rf"%windir%\Microsoft.NET\{folder}\v4.0.30319\Config\machine.config",
        "take": [
            {
                "path": "configuration/appSettings/add",
                "attributes": ["key"],
                "where": {"key": "OutSystems*"},
            }
        ],
    }
    return Question(f"dotnet.{thing}", Verb.XML, Platform.WINDOWS, why, SYSTEM_FILE, arguments)


MACHINE_CONFIGS = (
    _machine_config(
        "machine_config",
        "Framework64",
        "Tells by the names of settings whether the platform was configured here; their values are never read.",
    ),
    _machine_config("machine_config_32", "Framework", "Tells the same of the 32-bit Framework."),
)


def read(observations: Observations) -> FactMap:
    """Give what is known of .NET."""
    return facts(
        fact(observations, DOTNET_RELEASE, lambda answers: _release(answers.value(FRAMEWORK))),
        fact(observations, HOSTING_BUNDLES, lambda answers: _bundles(answers.whole(BUNDLES))),
        fact(observations, MACHINE_CONFIG_KEYS, _keys),
    )


def _release(value: Any) -> int | None:
    """Return the highest release: on localised systems it stands in language subkeys."""
    in_subkeys = [member(values, "Release") for values in registry_subkeys(value).values()]
    found = [registry_number(value, "Release"), *(None if data is None else whole_number(data) for data in in_subkeys)]
    return max((release for release in found if release is not None), default=None)


def _bundles(value: Any) -> tuple[str, ...]:
    found = (data_text(member(values, "PackageVersion")) for values in registry_subkeys(value).values())
    return distinct(version or "" for version in found)


def _keys(answers: Answers) -> tuple[str, ...]:
    """Return the names of the first Framework that has any; none only where both were read."""
    for question in MACHINE_CONFIGS:
        value = answers.whole(question)
        settings = () if value is None else below(root(value, "configuration"), "appSettings/add")
        names = distinct(attribute(setting, "key") for setting in settings)
        if names:
            return names
    return ()


COLLECTOR = Collector("dotnet", Platform.WINDOWS, (FRAMEWORK, BUNDLES, *MACHINE_CONFIGS), read)
