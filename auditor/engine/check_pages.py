"""The pages of the checks as Markdown: one for each check, and an index by group, severity and source."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from auditor.engine.declaration import Check
from auditor.model.finding import Severity, SubjectKind

INDEX = "README.md"
_SUBJECTS = {
    SubjectKind.HOST: "each host",
    SubjectKind.ENVIRONMENT: "each environment",
    SubjectKind.INFRASTRUCTURE: "the infrastructure",
}
_REFERENCE = re.compile(r"^- (.+) - (https://\S+)$", re.MULTILINE)

# A key of sources.toml gives title and address, empty where the source is not public.
Sources = Mapping[str, tuple[str, str]]


def check_pages(checks: Iterable[Check], sources: Sources) -> dict[str, str]:
    """Return the text of every page by its file name."""
    ordered = sorted(checks, key=lambda check: check.id)
    pages = {page_name(check): _page(check) for check in ordered}
    return {INDEX: _index(ordered, sources), **pages}


def page_name(check: Check) -> str:
    """Return the file name of the page of a check."""
    return f"{check.id.lower()}.md"


def _page(check: Check) -> str:
    rows = [
        ("name", f"`{check.slug}`"),
        ("severity", check.severity.value),
        ("judges", _judges(check)),
        ("after", ", ".join(f"[{needed}]({needed.lower()}.md)" for needed in check.needs)),
        ("former names", ", ".join(f"`{name}`" for name in check.formerly)),
        ("file", f"`{_file(check)}`"),
    ]
    parts = [f"# {check.id}: {_shown(check.title)}", _table(("", ""), [row for row in rows if row[1]])]
    parts += [f"## {heading}\n\n{_shown(text)}" for heading, text in check.sections.items()]
    parts.append("[All checks](README.md)")
    return "\n\n".join(parts) + "\n"


def _file(check: Check) -> str:
    """Return folder of checks, area and file, such as checks/topology/production_environment_exists.py."""
    return "/".join(Path(check.judge.__code__.co_filename).parts[-3:])


def _judges(check: Check) -> str:
    words = _SUBJECTS[check.level]
    if check.roles is not None:
        words += f" that is {' or '.join(_sorted_words(check.roles))}"
    if check.purposes is not None:
        words += f" of purpose {' or '.join(_sorted_words(check.purposes))}"
    if check.level is not SubjectKind.INFRASTRUCTURE and not check.in_cloud:
        words += ", on servers of your own"
    return words


def _sorted_words(values: Iterable[str]) -> list[str]:
    return sorted(str(value) for value in values)


def _index(checks: list[Check], sources: Sources) -> str:
    by_group: dict[str, list[Check]] = defaultdict(list)
    by_source: dict[str, list[Check]] = defaultdict(list)
    for check in checks:
        by_group[check.id.partition("-")[0]].append(check)
        for source in check.sources:
            by_source[source].append(check)
    parts = [
        "# Checks",
        "Made from the checks themselves by `osaudit checks pages docs/checks`. The ids and names never change.",
        "## By group",
    ]
    for group, members in by_group.items():
        rows = [(_link(check), check.severity.value, _shown(check.title)) for check in members]
        parts += [
            f"### {group}: {_file(members[0]).split('/')[1].replace('_', ' ')}",
            _table(("check", "severity", "holds when"), rows),
        ]
    parts += ["## By severity", _table(("severity", "checks"), [
        (severity.value, _links(check for check in checks if check.severity is severity)) for severity in Severity
    ])]  # fmt: skip
    from_source = [
        (_source(*sources.get(key, (key, ""))), _links(members)) for key, members in sorted(by_source.items())
    ]
    parts += ["## By source", _table(("source", "checks"), from_source)]
    parts += ["## By file", _table(("id", "file"), [(check.id, f"`{_file(check)}`") for check in checks])]
    return "\n\n".join(parts) + "\n"


def _link(check: Check) -> str:
    return f"[{check.id}]({page_name(check)})"


def _links(checks: Iterable[Check]) -> str:
    return ", ".join(_link(check) for check in checks) or "none"


def _source(title: str, url: str) -> str:
    return f"[{_shown(title)}]({url})" if url else _shown(title)


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def _shown(text: str) -> str:
    """Return a text of a check as Markdown in which nothing looks like a tag, and references are links."""
    # Within backticks a tag is none.
    parts = text.split("`")
    harmless = "`".join(part if index % 2 else part.replace("<", "&lt;") for index, part in enumerate(parts))
    return _REFERENCE.sub(r"- [\1](\2)", harmless)
