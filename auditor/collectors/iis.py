"""Sites, applications, pools and bindings of IIS, from its configuration file: loading its module would be slow."""

from __future__ import annotations

from typing import Any

from auditor.collectors.base import Collector, FactMap, Observations
from auditor.collectors.reading import (
    Answers,
    IllTyped,
    fact,
    facts,
    place_exists,
    registry_number,
    registry_text,
    whole_number,
)
from auditor.collectors.rights import IIS_CONFIGURATION, REGISTRY, SYSTEM_FILE
from auditor.collectors.xml_nodes import Node, attribute, below, root
from auditor.model.fact import Reason
from auditor.model.known_facts import (
    ASPNETCORE_MODULE,
    ASPNETCORE_MODULE_FILE,
    IIS_APPLICATIONS,
    IIS_BINDINGS,
    IIS_POOLS,
    IIS_SITES,
    IIS_VERSION,
    Application,
    Binding,
    Pool,
    Site,
)
from auditor.model.question import Platform, Question, Verb

_FOLDER = r"%windir%\System32\inetsrv\config"
_SITES = "system.applicationHost/sites"
_POOLS = "system.applicationHost/applicationPools/add"
_POOL_DEFAULTS = "system.applicationHost/applicationPools/applicationPoolDefaults"
# What IIS takes where neither the pool nor the defaults of the file say anything.
_USUAL_IDENTITY = "ApplicationPoolIdentity"
_MODULES = "system.webServer/globalModules/add"

VERSION = Question(
    id="iis.version",
    verb=Verb.REGISTRY,
    platform=Platform.WINDOWS,
    why="Tells whether IIS is installed, and its version.",
    rights=REGISTRY,
    arguments={
        "key": r"HKLM\SOFTWARE\Microsoft\InetStp",
        "values": ["VersionString", "MajorVersion", "MinorVersion"],
    },
)
CONFIGURATION = Question(
    id="iis.configuration",
    verb=Verb.XML,
    platform=Platform.WINDOWS,
    why="Tells which applications IIS serves and from which folders: the proof that a console is published here.",
    rights=IIS_CONFIGURATION,
    arguments={
        "path": rf"{_FOLDER}\applicationHost.config",
        "take": [
            {"path": f"configuration/{_SITES}/site", "attributes": ["name", "id", "serverAutoStart"]},
            {"path": f"configuration/{_SITES}/siteDefaults", "attributes": ["serverAutoStart"]},
            {"path": f"configuration/{_SITES}/applicationDefaults", "attributes": ["applicationPool"]},
            {"path": f"configuration/{_SITES}/site/application", "attributes": ["path", "applicationPool"]},
            {
                "path": f"configuration/{_SITES}/site/application/virtualDirectory",
                "attributes": ["path", "physicalPath"],
            },
            {"path": f"configuration/{_SITES}/site/bindings/binding", "attributes": ["protocol", "bindingInformation"]},
            {"path": f"configuration/{_POOLS}", "attributes": ["name", "autoStart"]},
            {"path": f"configuration/{_POOLS}/processModel", "attributes": ["identityType"]},
            {"path": f"configuration/{_POOL_DEFAULTS}", "attributes": ["autoStart"]},
            {"path": f"configuration/{_POOL_DEFAULTS}/processModel", "attributes": ["identityType"]},
            {
                "path": f"configuration/{_MODULES}",
                "attributes": ["name"],
                "where": {"name": "AspNetCoreModule*"},
            },
        ],
    },
)
MODULE_FILE = Question(
    id="iis.module_file",
    verb=Verb.FILE,
    platform=Platform.WINDOWS,
    why="Tells whether the library of the ASP.NET Core module is there, without which IIS cannot load the module.",
    rights=SYSTEM_FILE,
    arguments={"path": r"%ProgramFiles%\IIS\Asp.Net Core Module\V2\aspnetcorev2.dll"},
)
REDIRECTION = Question(
    id="iis.redirection",
    verb=Verb.XML,
    platform=Platform.WINDOWS,
    why="Tells whether IIS uses a shared configuration, so that the local file says nothing.",
    rights=IIS_CONFIGURATION,
    arguments={
        "path": rf"{_FOLDER}\redirection.config",
        "take": [{"path": "configuration/configurationRedirection", "attributes": ["enabled"]}],
    },
)


def read(observations: Observations) -> FactMap:
    """Give what IIS serves; nothing where its configuration file is proved not to exist."""
    return facts(
        fact(observations, IIS_VERSION, _version),
        fact(observations, IIS_APPLICATIONS, lambda answers: _applications(_configuration(answers))),
        fact(observations, IIS_SITES, lambda answers: _all_sites(_configuration(answers))),
        fact(observations, IIS_POOLS, lambda answers: _pools(_configuration(answers))),
        fact(observations, IIS_BINDINGS, lambda answers: _bindings(_configuration(answers))),
        fact(observations, ASPNETCORE_MODULE, lambda answers: _has_module(_configuration(answers))),
        fact(observations, ASPNETCORE_MODULE_FILE, lambda answers: place_exists(answers.value(MODULE_FILE))),
    )


def _version(answers: Answers) -> str | None:
    value = answers.value(VERSION)
    major, minor = registry_number(value, "MajorVersion"), registry_number(value, "MinorVersion")
    if major is not None:
        return f"{major}.{minor or 0}"
    words = registry_text(value, "VersionString")
    return None if words is None else words.removeprefix("Version ").strip()


def _configuration(answers: Answers) -> Node | None:
    value = answers.whole(CONFIGURATION)
    if _is_redirected(answers.whole(REDIRECTION)):
        sentence = "IIS uses a shared configuration, which was not read; what it serves is not known."
        raise answers.refusal(Reason.NOT_ASKED, sentence)
    return None if value is None else root(value, "configuration")


def _is_redirected(value: Any) -> bool:
    if value is None:
        return False
    redirections = below(root(value, "configuration"), "configurationRedirection")
    return any(attribute(redirection, "enabled").casefold() == "true" for redirection in redirections)


def _sites(configuration: Node | None) -> tuple[Node, ...]:
    return () if configuration is None else below(configuration, f"{_SITES}/site")


def _applications(configuration: Node | None) -> tuple[Application, ...]:
    defaults = () if configuration is None else below(configuration, f"{_SITES}/applicationDefaults")
    pool = next((attribute(default, "applicationPool") for default in defaults), "")
    found = [
        Application(
            site=attribute(site, "name"),
            path=attribute(application, "path"),
            pool=attribute(application, "applicationPool") or pool,
            physical_path=_physical_path(application),
        )
        for site in _sites(configuration)
        for application in below(site, "application")
    ]
    return tuple(sorted(found, key=lambda item: (item.site.casefold(), item.path.casefold(), item.physical_path)))


def _physical_path(application: Node) -> str:
    folders = below(application, "virtualDirectory")
    return next((attribute(item, "physicalPath") for item in folders if attribute(item, "path") == "/"), "")


def _all_sites(configuration: Node | None) -> tuple[Site, ...]:
    defaults = () if configuration is None else below(configuration, f"{_SITES}/siteDefaults")
    found = [
        Site(
            name=attribute(site, "name"),
            identifier=whole_number(attribute(site, "id")),
            starts=_switch((site, *defaults), "serverAutoStart"),
        )
        for site in _sites(configuration)
    ]
    return tuple(sorted(found, key=lambda item: item.name.casefold()))


def _pools(configuration: Node | None) -> tuple[Pool, ...]:
    if configuration is None:
        return ()
    defaults = below(configuration, _POOL_DEFAULTS)
    usual = below(configuration, f"{_POOL_DEFAULTS}/processModel")
    found = []
    for pool in below(configuration, _POOLS):
        models = (*below(pool, "processModel"), *usual)
        found.append(
            Pool(
                name=attribute(pool, "name"),
                starts=_switch((pool, *defaults), "autoStart"),
                identity=_first(models, "identityType") or _USUAL_IDENTITY,
            )
        )
    return tuple(sorted((pool for pool in found if pool.name), key=lambda item: item.name.casefold()))


def _first(nodes: tuple[Node, ...], name: str) -> str:
    """Return the attribute of the first node that has it: an element before its defaults."""
    return next((value for value in (attribute(node, name) for node in nodes) if value), "")


def _switch(nodes: tuple[Node, ...], name: str) -> bool:
    """Return a switch that IIS takes as on where nothing is said."""
    words = _first(nodes, name).casefold()
    if words not in ("", "true", "false"):
        raise IllTyped(f"{name} is neither true nor false")
    return words != "false"


def _bindings(configuration: Node | None) -> tuple[Binding, ...]:
    found = [
        Binding(attribute(site, "name"), attribute(binding, "protocol"), attribute(binding, "bindingInformation"))
        for site in _sites(configuration)
        for binding in below(site, "bindings/binding")
    ]
    return tuple(sorted(dict.fromkeys(found), key=lambda item: item.site.casefold()))


def _has_module(configuration: Node | None) -> bool:
    modules = () if configuration is None else below(configuration, _MODULES)
    return any(attribute(module, "name").casefold() == "aspnetcoremodulev2" for module in modules)


COLLECTOR = Collector("iis", Platform.WINDOWS, (VERSION, CONFIGURATION, REDIRECTION, MODULE_FILE), read)
