"""What else can be wrong in waivers.yaml once inventory and checks are known, and how an entry is added to the file.

An entry is added as text at the end, so that comments and lay-out stay as they are. Whether the file then says what it
said before, and the new waiver, is seen by reading it back.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path as FilePath
from typing import NoReturn

import yaml

from auditor.errors import DocumentError, Location
from auditor.model.inventory import Inventory
from auditor.model.waiver import NEVER_WAIVED, Waiver
from auditor.settings.documents import Problem, parse_document, read_document
from auditor.settings.waivers import waivers_of
from auditor.settings.wording import Path, nearest, shown

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_INDENT = 2


def check_waivers(path: FilePath, inventory: Inventory, names: Mapping[str, str]) -> tuple[Waiver, ...]:
    """Return the waivers of a file; raises `DocumentError` also for what no check, host or environment is called.

    `names` gives the id of a check for each name that people may use for it.
    """
    document = read_document(path)
    waivers = waivers_of(document, path.name)
    problems: list[Problem] = []
    for index, waiver in enumerate(waivers):
        for key, sentence in _mistakes(waiver, inventory, names):
            place: Path = ("waivers", index, key) if key else ("waivers", index)
            problems.append((document.location(place), sentence))
    if problems:
        raise DocumentError(problems)
    return waivers


def _mistakes(waiver: Waiver, inventory: Inventory, names: Mapping[str, str]) -> list[tuple[str, str]]:
    found = []
    if waiver.check not in names:
        found.append(("check", _unknown("check", waiver.check, names, "`osaudit checks list` shows all.")))
    elif names[waiver.check] in NEVER_WAIVED:
        sentence = f"this is {names[waiver.check]}, which is never waived; remove the waiver."
        found.append(("check", sentence))
    hosts = {host.name: host for host in inventory.hosts}
    environments = {environment.name: environment for environment in inventory.environments}
    if waiver.host is not None and waiver.host not in hosts:
        found.append(("host", _unknown("host", waiver.host, hosts, "`osaudit hosts list` shows all.")))
    if waiver.environment is not None and waiver.environment not in environments:
        known = "expected one of the inventory."
        found.append(("environment", _unknown("environment", waiver.environment, environments, known)))
    if waiver.purpose is not None and waiver.purpose not in {item.purpose.value for item in environments.values()}:
        found.append(("purpose", f"no environment of the inventory has the purpose {waiver.purpose}."))
    if not found and not _overlap(waiver, inventory):
        found.append(("", "nothing of the inventory is in all of its scopes; all that are given must match."))
    return found


def _unknown(kind: str, name: str, known: Collection[str], otherwise: str) -> str:
    meant = nearest(name, known)
    return f"there is no {kind} {shown(name)}; {f'did you mean {meant}?' if meant else otherwise}"


def _overlap(waiver: Waiver, inventory: Inventory) -> bool:
    """Return whether host, environment and purpose, where given, have something in common."""
    purposes = {environment.name: environment.purpose.value for environment in inventory.environments}
    places = [host.environment for host in inventory.hosts if host.name == waiver.host]
    if waiver.host is None:
        places = list(purposes)
    in_environment = [place for place in places if waiver.environment in (None, place)]
    return any(waiver.purpose is None or purposes.get(place or "") == waiver.purpose for place in in_environment)


def load_entry(entry: str) -> Waiver:
    """Return the waiver of an entry, the text that `waivers:` has below itself, without a place.

    Raises `DocumentError`.
    """
    (waiver,) = waivers_of(parse_document(FilePath("waivers.yaml"), f"waivers:\n{entry}"), "")
    return replace(waiver, place="")


def with_entry(path: FilePath, entry: str) -> tuple[bytes, Waiver]:
    """Return the content of a file with one more waiver, and that waiver with its place; a file may not be there yet.

    Raises `DocumentError` where the file has mistakes, and where no entry can be added without changing what it says.
    """
    before: tuple[Waiver, ...] = ()
    data = b""
    if path.exists():
        # What cannot be read is told as of any other document.
        before = waivers_of(read_document(path), path.name)
        data = path.read_bytes()
    mark = _BYTE_ORDER_MARK if data.startswith(_BYTE_ORDER_MARK) else b""
    try:
        text = data.removeprefix(mark).decode("utf-8")
    except UnicodeDecodeError:
        _refuse(path, 1, "this is not UTF-8 text; save the file with the encoding UTF-8.")
    longer = _appended(path, text, entry)
    try:
        after = waivers_of(parse_document(path, longer), path.name)
    except DocumentError:
        after = ()
    expected = [*before, load_entry(entry)]
    if [replace(item, place="") for item in after] != [replace(item, place="") for item in expected]:
        _refuse(path, text.count("\n") + 1, "no waiver can be added here without changing what the file says.")
    return mark + longer.encode("utf-8"), after[-1]


def _refuse(path: FilePath, line: int, sentence: str) -> NoReturn:
    raise DocumentError([(Location(str(path), line), f"{sentence} Add it by hand.")]) from None


def _appended(path: FilePath, text: str, entry: str) -> str:
    """Return the text with the entry at its end, indented as the others are and with the same line ends."""
    value, heading, indent = _written(text), "", _INDENT
    if value is None:
        heading = "waivers:\n"
    elif not isinstance(value, yaml.SequenceNode) or (value.flow_style and value.value):
        # Also where the whole file stands in brackets.
        _refuse(path, value.start_mark.line + 1, "the waivers stand in brackets, where no line can be added.")
    elif value.flow_style:
        text = text[: value.start_mark.index].rstrip(" ") + text[value.end_mark.index :]
    else:
        indent = value.start_mark.column
    if text and not text.endswith("\n"):
        heading = f"\n{heading}"
    lines = "".join(f"{' ' * indent}{line}\n" for line in entry.splitlines())
    added = heading + lines
    return text + (added.replace("\n", "\r\n") if "\r\n" in text else added)


def _written(text: str) -> yaml.Node | None:
    """Return what stands under `waivers`, None in a file that says nothing."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if root is None:
        return None
    # The file was read before: it has this key and no other.
    assert isinstance(root, yaml.MappingNode)
    (_, value), *_ = root.value
    return root if root.flow_style else value
