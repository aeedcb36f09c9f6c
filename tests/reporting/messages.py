"""The messages that reports consist of, and the catalogues that translate them.

`make messages` brings the catalogues up to date: new messages are added without a translation, and those that nobody
uses any more go.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from auditor.model.known_facts import KEYS
from auditor.model.language import Language
from auditor.reporting.language import catalogue_of
from tests.end_to_end.simulated import rules

ROOT = Path(__file__).parents[2]
REPORTING = ROOT / "auditor" / "reporting"
CODE = (*REPORTING.glob("*.py"), ROOT / "auditor" / "publishing.py", ROOT / "auditor" / "cli" / "stored.py")
TRANSLATED = tuple(language for language in Language if language is not Language.ENGLISH)
# Which arguments of a call are a message; of two, the second is its plural.
CALLS = {"_": (0,), "N_": (0,), "ngettext": (0, 1), "count": (1, 2)}

# A message, or its singular and plural, with where it stands.
Found = tuple[str | tuple[str, str], str]


def messages() -> Iterator[Found]:
    """Yield the messages of code and templates, the titles of the checks, and what facts mean."""
    for file in sorted(CODE):
        yield from _of_code(file)
    templates = extract_from_dir(
        ROOT / "reports" / "templates", method_map=[("**.j2", "jinja2")], options_map={"**": {"silent": "false"}}
    )
    for name, _, message, _, _ in templates:
        yield (message[0], message[1]) if isinstance(message, tuple) else message, f"reports/templates/{name}"
    for text in sorted(rules().texts.values(), key=lambda item: item.id):
        yield text.title, f"checks/{text.id}"
    for key in sorted(KEYS.values(), key=lambda item: item.name):
        yield key.meaning, "auditor/model/known_facts.py"


def _of_code(file: Path) -> Iterator[Found]:
    """Yield the messages of a module; unlike the extraction of Babel, those inside of f-strings too."""
    place = file.relative_to(ROOT).as_posix()
    calls = [node for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    for call in calls:
        wanted = CALLS.get(call.func.id, ()) if isinstance(call.func, ast.Name) else ()
        texts = [
            str(argument.value) for argument in (call.args[at] for at in wanted) if isinstance(argument, ast.Constant)
        ]
        if len(texts) == 1:
            yield texts[0], place
        elif texts:
            yield (texts[0], texts[1]), place


def gathered() -> Catalog:
    """Return all messages without a translation."""
    catalogue = Catalog(project="osaudit", charset="utf-8")
    for message, place in messages():
        catalogue.add(message, locations=[(place, 0)])
    return catalogue


def stored(language: Language) -> Catalog:
    """Return the catalogue of a language as it is."""
    with catalogue_of(language).open("rb") as file:
        return read_po(file, locale=language.value, abort_invalid=True)


def update(language: Language) -> None:
    """Bring the catalogue of a language up to date."""
    catalogue = stored(language)
    found = gathered()
    # A catalogue that says the same is the same file.
    found.creation_date = catalogue.creation_date
    catalogue.update(found, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    catalogue.project, catalogue.version = "osaudit", ""
    catalogue.msgid_bugs_address = catalogue.last_translator = catalogue.language_team = ""
    with catalogue_of(language).open("wb") as file:
        write_po(file, catalogue, width=120, sort_output=False, include_lineno=False, ignore_obsolete=True)


if __name__ == "__main__":
    for translated in TRANSLATED:
        update(translated)
