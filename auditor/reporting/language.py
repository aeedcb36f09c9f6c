"""The language in which a report speaks: English, or another by its gettext catalogue.

Words are chosen deep inside, where something is counted or judged, and a whole report speaks one language. So the
language is a context variable that `speaking` sets around the making of a report, and not an argument of every function
on the way. What does not ask for another language is English.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import TypeVar

from auditor.model.language import Language

_LOCALES = Path(__file__).parent / "locale"
Key = TypeVar("Key")

# How dates and numbers are written; the catalogue serves Brazil too.
_CONVENTIONS = {Language.PORTUGUESE: "pt_PT"}
_SPOKEN: ContextVar[Language] = ContextVar("spoken language", default=Language.ENGLISH)


@contextmanager
def speaking(language: Language) -> Iterator[None]:
    """Make what is worded inside speak this language."""
    token = _SPOKEN.set(language)
    try:
        yield
    finally:
        _SPOKEN.reset(token)


def spoken() -> Language:
    """Return the language that is spoken here."""
    return _SPOKEN.get()


def _(message: str, /, **values: object) -> str:
    """Return a message in the spoken language, with its %(name)s filled in."""
    text = _messages(spoken()).gettext(message)
    return text % values if values else text


def ngettext(one: str, many: str, number: int, /, **values: object) -> str:
    """Return the message for this number, which it may name as %(num)s, likewise."""
    return _messages(spoken()).ngettext(one, many, number) % {"num": in_digits(number), **values}


def N_(message: str) -> str:  # noqa: N802 - what gettext calls it
    """Mark a constant as a message; it is translated where it is used."""
    return message


class English(str):
    """A text that stays English in every report, as it was stored: what a check, a reader or a transport said."""

    __slots__ = ()


class Words(Mapping[Key, str]):
    """Words for codes, in the language that is spoken when one is looked up."""

    def __init__(self, words: Mapping[Key, str]) -> None:
        self._words = words

    def __getitem__(self, key: Key) -> str:
        return _(self._words[key])

    def __iter__(self) -> Iterator[Key]:
        return iter(self._words)

    def __len__(self) -> int:
        return len(self._words)


def in_digits(number: float, digits: int | None = None) -> str:
    """Return a number as people write it; `digits` says how many stand behind the point or comma."""
    plain = str(number) if isinstance(number, int) else f"{number:g}" if digits is None else f"{number:.{digits}f}"
    if spoken() is Language.ENGLISH:
        return plain
    from babel.numbers import format_decimal

    pattern = "#,##0.############" if digits is None else f"#,##0.{'0' * digits}"
    return format_decimal(plain, format=pattern, locale=_CONVENTIONS[spoken()])


def at_time(when: datetime) -> str:
    """Return a time in UTC, as all times are stored."""
    if spoken() is Language.ENGLISH:
        return when.strftime("%Y-%m-%d %H:%M:%S UTC")
    from babel.dates import format_datetime

    return f"{format_datetime(when, 'medium', locale=_CONVENTIONS[spoken()])} UTC"


def on_day(day: date) -> str:
    """Return a date."""
    if spoken() is Language.ENGLISH:
        return day.isoformat()
    from babel.dates import format_date

    return format_date(day, "medium", locale=_CONVENTIONS[spoken()])


def catalogue_of(language: Language) -> Path:
    """Return the file that holds the messages of a language."""
    return _LOCALES / language.value / "LC_MESSAGES" / "osaudit.po"


@cache
def _messages(language: Language) -> NullTranslations:
    """Read the catalogue itself: what is compiled apart can be older than its source."""
    if language is Language.ENGLISH:
        return NullTranslations()
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with catalogue_of(language).open("rb") as file:
        catalogue = read_po(file, locale=language.value, abort_invalid=True)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled)
