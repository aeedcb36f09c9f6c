"""WQL over modelled rows: as much of the language as a condition of a collector needs."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Row = Mapping[str, Any]
Predicate = Callable[[Row], bool]


class NoSuchClass(Exception):  # noqa: N818 - the name WMI gives it
    """The namespace or class does not exist."""


class AccessDenied(Exception):  # noqa: N818 - the name WMI gives it
    """The account has no right to this class."""


class InvalidQuery(Exception):  # noqa: N818 - the name WMI gives it
    """The query is not WQL, or names a property that the class does not have."""


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query; `properties` is empty for all."""

    properties: tuple[str, ...]
    class_name: str
    condition: Predicate
    names: frozenset[str]


_TOKEN = re.compile(r"""\s*(?:('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|(<>|!=|<=|>=|[=<>(),*])|([\w.\-]+))""")
_OPERATORS = {"=", "<>", "!=", "<", ">", "<=", ">="}


def parse(query: str) -> Query:
    """Parse `select … from … [where …]`; raises `InvalidQuery`."""
    return _Parser(_tokens(query)).query()


def select(query: Query, rows: list[Row]) -> list[dict[str, Any]]:
    """Return the asked properties of the rows for which the condition holds, in the spelling of the class."""
    known = {name.casefold(): name for row in rows for name in row}
    unknown = [name for name in (*query.properties, *query.names) if name.casefold() not in known]
    if rows and unknown:
        raise InvalidQuery(f"{query.class_name} has no property {unknown[0]}")
    names = [known[name.casefold()] for name in query.properties] if rows else []
    kept = [row for row in rows if query.condition({name.casefold(): value for name, value in row.items()})]
    return [{name: row.get(name) for name in names or known.values()} for row in kept]


def _tokens(text: str) -> list[str]:
    tokens, position = [], 0
    while text[position:].strip():
        match = _TOKEN.match(text, position)
        if match is None:
            raise InvalidQuery(f"cannot read {text[position:][:20]!r}")
        tokens.append(match[0].strip())
        position = match.end()
    return tokens


class _Parser:
    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._position = 0
        self._names: set[str] = set()

    def query(self) -> Query:
        self._demand("select")
        properties: list[str] = []
        if not self._take("*"):
            properties.append(self._word())
            while self._take(","):
                properties.append(self._word())
        self._demand("from")
        class_name = self._word()
        condition = self._either() if self._take("where") else _always
        if self._position != len(self._tokens):
            raise InvalidQuery(f"unexpected {self._tokens[self._position]!r}")
        return Query(tuple(properties), class_name, condition, frozenset(self._names))

    def _peek(self) -> str:
        return self._tokens[self._position] if self._position < len(self._tokens) else ""

    def _next(self) -> str:
        token = self._peek()
        if not token:
            raise InvalidQuery("the query ends too early")
        self._position += 1
        return token

    def _take(self, word: str) -> bool:
        taken = self._peek().casefold() == word
        self._position += taken
        return taken

    def _demand(self, word: str) -> None:
        if not self._take(word):
            raise InvalidQuery(f"{word} expected, {self._peek()!r} found")

    def _word(self) -> str:
        token = self._next()
        if not re.fullmatch(r"[A-Za-z_]\w*", token):
            raise InvalidQuery(f"a name expected, {token!r} found")
        return token

    def _either(self) -> Predicate:
        choices = [self._both()]
        while self._take("or"):
            choices.append(self._both())
        return lambda row: any(choice(row) for choice in choices)

    def _both(self) -> Predicate:
        demands = [self._one()]
        while self._take("and"):
            demands.append(self._one())
        return lambda row: all(demand(row) for demand in demands)

    def _one(self) -> Predicate:
        if self._take("not"):
            inner = self._one()
            return lambda row: not inner(row)
        if self._take("("):
            inner = self._either()
            self._demand(")")
            return inner
        name = self._word()
        self._names.add(name)
        return self._comparison(name.casefold())

    def _comparison(self, name: str) -> Predicate:
        if self._take("is"):
            negated = self._take("not")
            self._demand("null")
            return lambda row: (row.get(name) is None) != negated
        if self._take("like"):
            expression = _like(_literal(self._next()))
            return lambda row: row.get(name) is not None and expression.fullmatch(str(row[name])) is not None
        operator = self._next()
        if operator not in _OPERATORS:
            raise InvalidQuery(f"an operator expected, {operator!r} found")
        wanted = _literal(self._next())
        return lambda row: _compare(row.get(name), operator, wanted)


def _always(row: Row) -> bool:
    return True


def _literal(token: str) -> Any:
    if token[0] in "'\"":
        return re.sub(r"\\(.)", r"\1", token[1:-1])
    if token.casefold() in ("true", "false"):
        return token.casefold() == "true"
    if token.casefold() == "null":
        return None
    try:
        return int(token)
    except ValueError as error:
        raise InvalidQuery(f"a value expected, {token!r} found") from error


def _like(pattern: Any) -> re.Pattern[str]:
    parts = re.split(r"(%|_|\[[^\]]+\])", str(pattern))
    forms = {"%": ".*", "_": "."}
    text = "".join(
        forms.get(part) or (part if part.startswith("[") and part.endswith("]") else re.escape(part)) for part in parts
    )
    return re.compile(text, re.IGNORECASE | re.DOTALL)


def _compare(found: Any, operator: str, wanted: Any) -> bool:
    if found is None or wanted is None:
        same = found is wanted
        return same if operator == "=" else not same if operator in ("<>", "!=") else False
    left, right = _comparable(found, wanted)
    results: dict[str, bool] = {
        "=": left == right, "<>": left != right, "!=": left != right,
        "<": left < right, ">": left > right, "<=": left <= right, ">=": left >= right,
    }  # fmt: skip
    return results[operator]


def _comparable(found: Any, wanted: Any) -> tuple[Any, Any]:
    if isinstance(found, bool):
        text = str(wanted).casefold()
        return found, text in ("true", "1")
    if isinstance(found, int):
        try:
            return found, int(wanted)
        except ValueError as error:
            raise InvalidQuery(f"{wanted!r} is not a number") from error
    if isinstance(found, datetime):
        return found.strftime("%Y%m%d%H%M%S"), str(wanted)[:14]
    return str(found).casefold(), str(wanted).casefold()
