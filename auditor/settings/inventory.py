"""inventory.yaml: what exists, and how to reach it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path as FilePath
from typing import Any

from auditor.errors import DocumentError
from auditor.model.inventory import Environment, Host, Hosting, Inventory, LifeTimeApi
from auditor.settings.connection_settings import Defaults
from auditor.settings.digest import digest_of
from auditor.settings.documents import Document, Problem, read_document
from auditor.settings.endpoints import EndpointBuilder, credential_reference
from auditor.settings.inventory_document import EnvironmentSettings, HostSettings, InventoryDocument
from auditor.settings.inventory_names import NameRegister, written_hosts
from auditor.settings.levels import Level, settle
from auditor.settings.ssh_config_values import Reached, SSHConfigs, complete
from auditor.settings.structure import Structure, judge
from auditor.settings.wording import Path


def load_inventory(path: FilePath) -> Inventory:
    """Read an inventory; raises `DocumentError` with all that is wrong with it, each mistake located.

    Paths in the file are relative to the folder of the file; `~` is the home folder. The digest is that of the
    declared content with paths as written, so a moved file keeps it; what an ssh config adds counts as declared.
    """
    document = read_document(path)
    if document.content is None:
        raise DocumentError([(document.location(()), "the file is empty; `osaudit init` writes an example.")])
    structure = judge(document, InventoryDocument)
    names = NameRegister(document.content)
    configs = SSHConfigs(_relative_to(path))
    problems = [*document.problems, *structure.problems]
    problems += [(document.location(place), sentence) for place, sentence in names.problems]
    problems += _connection_problems(document, structure, configs)
    if problems:
        raise DocumentError(_in_order(problems))
    model = InventoryDocument.model_validate(document.content)
    as_written = _Builder(model, names, configs, lambda written: written).inventory()
    inventory = _Builder(model, names, configs, _relative_to(path)).inventory()
    return dataclasses.replace(inventory, digest=digest_of(as_written))


def _in_order(problems: list[Problem]) -> list[Problem]:
    """Sort by line and drop repetitions: a mistake in the defaults is one mistake, however many hosts inherit it."""
    return sorted(dict.fromkeys(problems), key=lambda problem: (problem[0].line or 0, problem[0].key, problem[1]))


def _relative_to(path: FilePath) -> Callable[[str], str]:
    folder = path.absolute().parent

    def full(written: str) -> str:
        try:
            return str(folder / FilePath(written).expanduser())
        except RuntimeError:
            # No home folder is known; whoever opens the file says that it is not there.
            return written

    return full


def _connection_problems(document: Document, structure: Structure, configs: SSHConfigs) -> Iterator[Problem]:
    """Judge how each host is reached, wherever the form of the host and of its defaults is sound."""
    for path in written_hosts(document.content):
        places = [("defaults",), *([(*path[:2], "defaults")] if path[0] == "environments" else []), path]
        if not all(structure.is_sound(place) for place in places):
            continue
        levels = [Level(place, Defaults.model_validate(_at(document.content, place))) for place in places[:-1]]
        host = HostSettings.model_validate(_at(document.content, path))
        reached = _reached(host, path, levels, configs)
        builder = EndpointBuilder(reached.address, path, reached.connection, str)
        builder.build()
        # With an ssh config that cannot be taken, what is missing here would be a mistake that nobody made.
        problems = reached.problems or builder.problems
        yield from ((document.location(place), sentence) for place, sentence in problems)
    for index, environment in enumerate(_environments(document.content)):
        path = ("environments", index)
        if not structure.is_sound(path):
            continue
        model = EnvironmentSettings.model_validate(environment)
        if model.hosting is Hosting.ON_PREMISES and not model.hosts:
            sentence = "has no host; expected at least one, or hosting: cloud."
            yield document.location((*path, "hosts")), sentence


def _reached(host: HostSettings, path: Path, levels: Iterable[Level], configs: SSHConfigs) -> Reached:
    """Settle how a host is reached; a null for its address means its name, whatever an ssh config says."""
    is_silent = "address" not in host.model_fields_set
    address = None if is_silent else host.address or host.name
    return complete(host.name, address, path, settle([*levels, Level(path, host)]), configs)


def _environments(content: Any) -> list[Any]:
    environments = content.get("environments") if isinstance(content, dict) else None
    return environments if isinstance(environments, list) else []


def _at(content: Any, path: Path) -> Any:
    for part in path:
        content = content.get(part, {}) if isinstance(content, dict) else content[part]
    return content


class _Builder:
    """Makes the frozen values out of a document without mistakes."""

    def __init__(
        self, model: InventoryDocument, names: NameRegister, configs: SSHConfigs, place_of: Callable[[str], str]
    ) -> None:
        self._model = model
        self._names = names
        self._configs = configs
        self._place_of = place_of

    def inventory(self) -> Inventory:
        top = Level(("defaults",), self._model.defaults)
        environments = [self._environment(environment, top) for environment in self._model.environments]
        other_hosts = [self._host(host, None, None, top) for host in self._model.other_hosts]
        return Inventory(self._model.infrastructure, tuple(environments), tuple(other_hosts), lifetime=self._lifetime())

    def _lifetime(self) -> LifeTimeApi | None:
        written = self._model.lifetime
        if written is None:
            return None
        return LifeTimeApi(
            url=written.url,
            token=credential_reference(written.token, self._place_of),
            ca_file=None if written.ca_file is None else self._place_of(written.ca_file),
            identities=written.identities,
            pseudonymise=written.pseudonymise,
            zone=written.zone,
        )

    def _environment(self, written: EnvironmentSettings, top: Level) -> Environment:
        local = Level(("environments", "defaults"), written.defaults)
        return Environment(
            name=written.name,
            purpose=written.purpose,
            hosting=written.hosting,
            hosts=tuple(self._host(host, written.name, written.zone, top, local) for host in written.hosts),
            address=written.address,
            tls_offloading=written.tls_offloading,
            approved_tooling=tuple(written.approved_tooling),
            sources=None if written.sources is None else frozenset(written.sources),
        )

    def _host(self, written: HostSettings, environment: str | None, zone: str | None, *levels: Level) -> Host:
        path: Path = ("hosts",)
        reached = _reached(written, path, levels, self._configs)
        endpoint = EndpointBuilder(reached.address, path, reached.connection, self._place_of).build()
        return Host(
            name=written.name,
            environment=environment,
            endpoint=endpoint,
            roles=frozenset(written.roles),
            aliases=tuple(written.aliases),
            passive=written.passive,
            same_machine_as=tuple(self._names.as_declared(name) for name in written.same_machine_as),
            zone=written.zone or zone,
        )
