"""Reports and diffs as one self-contained HTML file each.

Nothing is loaded from anywhere, and a strict content security policy admits the one style and the one script by their
hashes. Every value is escaped, and characters that hide or reorder text are written out.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from auditor import bundled
from auditor.model.language import Language
from auditor.reporting.diff_shapes import DiffView
from auditor.reporting.language import English, _, ngettext, on_day, spoken
from auditor.reporting.page_shapes import ReportView
from auditor.reporting.plain import harmless
from auditor.reporting.site_view import SiteView

# Addresses and words of other pages that lie in the same folder.
Links = tuple[tuple[str, str], ...]


def html_report(view: ReportView, templates_folder: Path | None = None, links: Links = ()) -> str:
    """Return the report as HTML, made with the templates that ship with osaudit or those of another folder."""
    return _render("report.html.j2", view, templates_folder or bundled.templates_folder(), links)


def html_diff(view: DiffView, templates_folder: Path | None = None, links: Links = ()) -> str:
    """Return the comparison of two scans as HTML, made likewise."""
    return _render("diff.html.j2", view, templates_folder or bundled.templates_folder(), links)


def html_site(view: SiteView, templates_folder: Path | None = None) -> str:
    """Return the index of a site as HTML, made likewise."""
    return _render("site.html.j2", view, templates_folder or bundled.templates_folder(), ())


def _render(template: str, view: ReportView | DiffView | SiteView, folder: Path, links: Links) -> str:
    environment = Environment(
        loader=FileSystemLoader(folder),
        # By hand: the customary choice by file name leaves *.html.j2 unescaped.
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals.update(
        _=partial(_said, _),
        ngettext=partial(_said, ngettext),
        # A code that stands in the view, which is escaped as all of it.
        word=_,
        day=_day,
        language=spoken().value,
        in_english=_mark(),
        language_of=_language_of,
    )
    style = (folder / "assets" / "report.css").read_text(encoding="utf-8")
    script = (folder / "assets" / "report.js").read_text(encoding="utf-8")
    policy = (
        f"default-src 'none'; style-src '{_source(style)}'; script-src '{_source(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    # Style and script are our own files, not data; escaped, they would no longer be what the hash is over.
    return environment.get_template(template).render(
        view=view,
        links=links,
        policy=policy,
        style=Markup(style),  # noqa: S704
        script=Markup(script),  # noqa: S704
    )


def _harmless(value: Any) -> Any:
    """Make every value that a template prints harmless, at the one place that all of them pass."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return harmless(value)
    return value


def _said(say: Callable[..., str], *message: Any, **values: Any) -> Markup:
    """Return a message as mark-up: it is our own text, and the values in it are escaped and harmless."""
    harmless_values = {name: escape(_harmless(value)) for name, value in values.items()}
    return Markup(say(*message, **harmless_values))  # noqa: S704


def _day(iso: str) -> str:
    return on_day(date.fromisoformat(iso))


def _mark() -> Markup:
    """Return the attribute that tells a reader that a text is English, nothing on a page that is English itself."""
    return Markup() if spoken() is Language.ENGLISH else Markup(' lang="en"')


def _language_of(value: Any) -> Markup:
    return _mark() if isinstance(value, English) else Markup()


def _source(text: str) -> str:
    """Return the policy's name for an inline text; HTML reads every line end as a newline."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
