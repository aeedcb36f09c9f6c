"""What is kept of an answer of LifeTime: the members that the question names, and of people as little as can be."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from typing import Any

_LONGEST = 300

Tree = dict[str, "Tree"]


class Keeping:
    """Keeps of each row the members that a question names in `keep`, under the spelling that it gives them.

    A path such as `Teams.TeamKey` names a member of the records in a member. `persons` are members that name a person:
    of a name in the form of a mail address the part before the @ is kept, with `pseudonyms` a keyed digest of the name.
    """

    def __init__(self, keep: Iterable[str], persons: Iterable[str], pseudonyms: bytes | None) -> None:
        self._tree: Tree = {}
        for path in keep:
            branch = self._tree
            for name in path.split("."):
                branch = branch.setdefault(name, {})
        self._persons = frozenset(persons)
        self._pseudonyms = pseudonyms

    def of(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is kept of one row."""
        kept = _kept(row, self._tree)
        for name in self._persons & kept.keys():
            kept[name] = self._person(str(kept[name] or ""))
        return kept

    def _person(self, name: str) -> str:
        if self._pseudonyms is None:
            return name.partition("@")[0]
        digest = hmac.new(self._pseudonyms, name.casefold().encode(), hashlib.sha256).hexdigest()
        return f"person-{digest[:12]}"


def pseudonym_key(token: str) -> bytes:
    """Return the key of pseudonyms: they stay the same as long as the token does, and only its holder can make them."""
    return hmac.new(token.encode(), b"osaudit pseudonyms of LifeTime", hashlib.sha256).digest()


def _kept(row: Mapping[str, Any], tree: Tree) -> dict[str, Any]:
    # LifeTime's spelling of names differs between calls and from its own description.
    by_fold = {name.casefold(): value for name, value in row.items()}
    kept: dict[str, Any] = {}
    for name, inner in tree.items():
        if name.casefold() in by_fold:
            value = by_fold[name.casefold()]
            if not inner:
                if isinstance(value, str | bool | int | float | None):
                    kept[name] = value[:_LONGEST] if isinstance(value, str) else value
            elif isinstance(value, list):
                kept[name] = [_kept(item, inner) for item in value if isinstance(item, Mapping)]
    return kept
