"""Names in an inventory: each is given once, whatever its case, and who is referred to exists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from auditor.settings.fields import canonical_host
from auditor.settings.wording import Path, nearest, rendered, shown


def written_hosts(content: Any) -> Iterator[Path]:
    """Yield the path of every group of settings that stands where a host is expected."""
    if not isinstance(content, dict):
        return
    for environment in _groups(content, ("environments",)):
        yield from _groups(content["environments"][environment[1]], (*environment, "hosts"))
    yield from _groups(content, ("other_hosts",))


def _groups(group: Any, path: Path) -> Iterator[Path]:
    items = group.get(path[-1])
    if isinstance(items, list):
        yield from ((*path, index) for index, item in enumerate(items) if isinstance(item, dict))


class NameRegister:
    """All names of a document, also of one that is not well formed; `problems` holds (path, sentence)."""

    def __init__(self, content: Any) -> None:
        self.problems: list[tuple[Path, str]] = []
        self._content = content
        self._hosts: dict[str, str] = {}
        self._taken: dict[str, Path] = {}
        hosts = list(written_hosts(content))
        self._register_environments()
        for path in hosts:
            self._register_host(path)
        for path in hosts:
            self._register_aliases(path)
            self._look_up_same_machines(path)

    def as_declared(self, name: str) -> str:
        """Return the spelling with which the host of this name was declared."""
        return self._hosts[canonical_host(name)]

    def _item(self, path: Path) -> dict[str, Any]:
        item = self._content
        for part in path:
            item = item[part]
        return item  # type: ignore[no-any-return]

    def _register_environments(self) -> None:
        taken: dict[str, Path] = {}
        paths = _groups(self._content, ("environments",)) if isinstance(self._content, dict) else ()
        for path in paths:
            name = self._item(path).get("name")
            if isinstance(name, str):
                self._claim(taken, name.strip(), (*path, "name"), "environment")

    def _register_host(self, path: Path) -> None:
        name = self._item(path).get("name")
        if isinstance(name, str) and self._claim(self._taken, name, (*path, "name"), "host"):
            self._hosts[canonical_host(name)] = name

    def _register_aliases(self, path: Path) -> None:
        item = self._item(path)
        aliases = item.get("aliases")
        for index, alias in enumerate(aliases if isinstance(aliases, list) else ()):
            if isinstance(alias, str) and self._taken.get(canonical_host(alias), ())[:-1] != path:
                self._claim(self._taken, alias, (*path, "aliases", index), "host or alias")

    def _claim(self, taken: dict[str, Path], name: str, path: Path, kind: str) -> bool:
        first = taken.setdefault(canonical_host(name), path)
        if first is path:
            return True
        self.problems.append(
            (path, f"the {kind} {shown(name)} exists already, at {rendered(first)}; names are unique.")
        )
        return False

    def _look_up_same_machines(self, path: Path) -> None:
        item = self._item(path)
        names = item.get("same_machine_as")
        for index, name in enumerate(names if isinstance(names, list) else ()):
            if not isinstance(name, str):
                continue
            place, own = (*path, "same_machine_as", index), item.get("name")
            if isinstance(own, str) and canonical_host(name) == canonical_host(own):
                self.problems.append((place, "a host is always the same machine as itself; name another host."))
            elif canonical_host(name) not in self._hosts:
                meant = nearest(name, self._hosts.values())
                hint = f"did you mean {meant}?" if meant else "expected the name of a host of this file."
                self.problems.append((place, f"there is no host {shown(name)}; {hint}"))
