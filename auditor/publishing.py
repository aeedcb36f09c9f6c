"""The site: a folder with a page for each complete scan, one for each two that follow each other, and an index.

Whatever happens in between, the index leads to whole pages only: every file is written aside and renamed, pages come
before the index that names them, and what is no longer named goes after it. A manifest tells which files are ours and
what each was made of. It is read before the store, so that what another run has just added is in both; and the store is
looked at again at the end, so that whichever run ends last leaves what the store holds.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from auditor import bundled
from auditor.comparing import compared
from auditor.errors import StoreError, UsageError
from auditor.evaluating import Rules
from auditor.model.difference import Difference
from auditor.model.language import Language
from auditor.model.scan import ScanState
from auditor.reporting.diff_view import build_diff_view
from auditor.reporting.findings import named
from auditor.reporting.html import html_diff, html_report, html_site
from auditor.reporting.language import _, speaking, spoken
from auditor.reporting.shapes import Moment
from auditor.reporting.site_view import (
    Line,
    SiteRow,
    build_site_view,
    diff_line,
    report_line,
    site_infrastructure,
    site_row,
)
from auditor.reporting.view import build_view
from auditor.reporting.words import moment
from auditor.store import ScanSummary, Store

INDEX = "index.html"
MANIFEST = "osaudit-site.json"
_MANIFEST_VERSION = 2
_OURS = re.compile(r"scan-\d+\.html|diff-\d+-\d+\.html")
# Stands in the first lines of every page of ours, and so tells a page of ours whose run was killed from a foreign one.
_SIGNATURE = b'<meta name="generator" content="osaudit">'
_HEAD = 2000
_ASIDE = ".osaudit-"
_ABANDONED_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Published:
    """How many pages were written, were there already, and were removed; the index is one of them."""

    written: int
    kept: int
    removed: int


@dataclass(frozen=True, slots=True)
class _Page:
    """What the manifest knows of a page: what it was made of, its content, both as digests, and its line in the index.

    A page that is only announced has no digests yet.
    """

    made_of: str = ""
    content: str = ""
    line: Line = field(default=Line("", "", ""))


_PAGES = TypeAdapter(dict[str, _Page])


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A page that belongs to the site: of `scan` alone, or of what changed since the scan `before`."""

    name: str
    scan: ScanSummary
    before: ScanSummary | None


def publish(
    store: Store,
    folder: Path,
    rules: Rules,
    templates: Path | None = None,
    language: Language = Language.ENGLISH,
) -> Published:
    """Bring the site in this folder up to date with the store; pages in another language are made anew.

    Raises `StoreError` where the store holds no complete scan, and `UsageError` where the folder cannot be written or
    holds a file of another origin under a name that the site needs.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with speaking(language):
            return _Site(store, folder, rules, templates or bundled.templates_folder()).update()
    except OSError as error:
        raise UsageError(
            f"The site in {folder} cannot be written: {error.strerror}; name another folder, or see to its rights."
        ) from error


class _Site:
    """One run on one folder."""

    def __init__(self, store: Store, folder: Path, rules: Rules, templates: Path) -> None:
        self._store = store
        self._folder = folder
        self._rules = rules
        self._texts = rules.texts
        self._templates = templates
        self._made_by = _digest(
            [
                rules.rule_set.digest,
                rules.tables.age_line,
                rules.rule_set.tool_version,
                spoken().value,
                *_content_of(templates),
            ]
        )
        self._written: set[str] = set()
        self._removed: set[str] = set()

    def update(self) -> Published:
        """Write and remove until the folder holds what the store holds."""
        self._forget_what_was_abandoned()
        while True:
            known = _read_manifest(self._folder)
            scans = self._complete()
            wanted = list(_pages(scans))
            # A scan is needed for its report, for its diff, and for those of the scan after it.
            self._record = lru_cache(maxsize=3)(self._store.scan)
            self._difference = lru_cache(maxsize=1)(self._compared)
            self._bring_up_to_date(known, wanted)
            if self._complete() == scans:
                kept = len(wanted) + 1 - len(self._written)
                return Published(len(self._written), kept, len(self._removed))

    def _complete(self) -> tuple[ScanSummary, ...]:
        scans = tuple(scan for scan in self._store.scans() if scan.state is ScanState.COMPLETE)
        if not scans:
            raise StoreError("The store holds no complete scan; run `osaudit scan` first.")
        return scans

    def _bring_up_to_date(self, known: Mapping[str, _Page], wanted: list[_Wanted]) -> None:
        names = {page.name for page in wanted}
        self._refuse_foreign({*names, INDEX} - known.keys())
        pages = {page.name: known.get(page.name, _Page()) for page in wanted}
        obsolete = {name for name in known if name not in names and _OURS.fullmatch(name)}
        if pages.keys() - known.keys():
            # Announced before they are written, so that pages of a run that was killed are ours too.
            self._save(pages)
        for page in wanted:
            made_of = self._made_of(page)
            if pages[page.name].made_of == made_of and self._is_whole(page.name, pages[page.name]):
                continue
            line, content = self._render(page)
            self._write(page.name, content)
            pages[page.name] = _Page(made_of, hashlib.sha256(content).hexdigest(), line)
            self._save(pages)
        self._write(INDEX, self._index(wanted, pages))
        for name in sorted(obsolete):
            if not _is_foreign(self._folder / name):
                (self._folder / name).unlink(missing_ok=True)
                self._removed.add(name)
        if obsolete:
            self._save(pages)

    def _refuse_foreign(self, names: set[str]) -> None:
        for name in sorted(names):
            if _is_foreign(self._folder / name):
                path = self._folder / name
                raise UsageError(f"{path} was not written by osaudit and is left alone; name another folder.")

    def _made_of(self, page: _Wanted) -> str:
        sources = [asdict(scan) for scan in (page.scan, page.before) if scan is not None]
        return _digest([page.name, self._made_by, *(json.dumps(source, default=str) for source in sources)])

    def _is_whole(self, name: str, page: _Page) -> bool:
        try:
            return hashlib.sha256((self._folder / name).read_bytes()).hexdigest() == page.content
        except FileNotFoundError:
            return False

    def _render(self, page: _Wanted) -> tuple[Line, bytes]:
        record = self._record(page.scan.id)
        before = self._record(page.before.id) if page.before is not None else None
        difference = None if page.before is None else self._difference(page.before.id, page.scan.id)
        links = [(INDEX, _("All scans"))]
        if page.name.startswith("scan-"):
            report = build_view(record, self._texts, difference, figures=self._rules.age_of_figures(record))
            if page.before is not None:
                links.append(
                    (_diff_name(page.before, page.scan), _("What changed since scan %(scan)s", scan=page.before.id))
                )
            return report_line(report, record), html_report(report, self._templates, tuple(links)).encode()
        assert before is not None and difference is not None, "a page of changes has a scan before"
        view = build_diff_view(difference, before, record, self._texts)
        links += [
            (_scan_name(scan), _("Report of scan %(scan)s", scan=scan.id)) for scan in (page.before, page.scan) if scan
        ]
        return diff_line(view, difference), html_diff(view, self._templates, tuple(links)).encode()

    def _compared(self, before: int, after: int) -> Difference:
        return compared(self._store, self._record(before), self._record(after), lambda: self._rules)

    def _index(self, wanted: list[_Wanted], pages: Mapping[str, _Page]) -> bytes:
        rows: dict[str, list[SiteRow]] = {}
        for page in reversed(wanted):
            if page.name.startswith("scan-"):
                rows.setdefault(page.scan.infrastructure, []).append(_row(page, pages))
        infrastructures = [site_infrastructure(name, own) for name, own in sorted(rows.items())]
        return html_site(build_site_view(infrastructures, self._rules.rule_set.tool_version), self._templates).encode()

    def _write(self, name: str, content: bytes) -> None:
        """Write a file whole or not at all, with the rights that the folder gives: a web server has to read it."""
        path = self._folder / name
        with suppress(FileNotFoundError):
            if path.read_bytes() == content:
                return
        aside = self._folder / f"{_ASIDE}{name}.{os.getpid()}-{secrets.token_hex(4)}"
        try:
            with aside.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            aside.replace(path)
        except BaseException:
            with suppress(OSError):
                aside.unlink()
            raise
        if name != MANIFEST:
            self._written.add(name)

    def _save(self, pages: Mapping[str, _Page]) -> None:
        """Write the manifest, with what another run has added to it meanwhile and has not been removed."""
        others = {
            name: page
            for name, page in _read_manifest(self._folder).items()
            if name not in pages and (self._folder / name).exists()
        }
        document = {
            "osaudit_site": _MANIFEST_VERSION,
            "pages": _PAGES.dump_python(dict(sorted({**others, **pages}.items())), mode="json"),
        }
        self._write(MANIFEST, (json.dumps(document, indent=1) + "\n").encode())

    def _forget_what_was_abandoned(self) -> None:
        """Remove what a killed run left aside; a young file may belong to a run that goes on."""
        for path in self._folder.glob(f"{_ASIDE}*"):
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > _ABANDONED_SECONDS:
                    path.unlink()


def _is_foreign(path: Path) -> bool:
    """Whether a file is there that is no page of osaudit."""
    try:
        with path.open("rb") as file:
            return _SIGNATURE not in file.read(_HEAD)
    except FileNotFoundError:
        return False


def _pages(scans: tuple[ScanSummary, ...]) -> Iterator[_Wanted]:
    """Yield the pages of all scans, oldest first."""
    last: dict[str, ScanSummary] = {}
    for scan in scans:
        before = last.get(scan.infrastructure)
        yield _Wanted(_scan_name(scan), scan, before)
        if before is not None:
            yield _Wanted(_diff_name(before, scan), scan, before)
        last[scan.infrastructure] = scan


def _scan_name(scan: ScanSummary) -> str:
    return f"scan-{scan.id}.html"


def _diff_name(before: ScanSummary, scan: ScanSummary) -> str:
    return f"diff-{before.id}-{scan.id}.html"


def _row(page: _Wanted, pages: Mapping[str, _Page]) -> SiteRow:
    diff_page = _diff_name(page.before, page.scan) if page.before is not None else ""
    ended = page.scan.finished_at
    return site_row(
        scan=page.scan.id,
        page=page.name,
        line=pages[page.name].line,
        ended=Moment(ended.isoformat() if ended else "", moment(ended)),
        changes=named(page.scan.changes),
        diff=(diff_page, pages[diff_page].line) if diff_page else None,
    )


def _read_manifest(folder: Path) -> dict[str, _Page]:
    """Return what the manifest knows; nothing where there is none or it cannot be read, so that all is made anew."""
    try:
        document = json.loads((folder / MANIFEST).read_bytes())
        if document["osaudit_site"] != _MANIFEST_VERSION:
            return {}
        pages = _PAGES.validate_python(document["pages"])
    except (FileNotFoundError, ValueError, ValidationError, LookupError, TypeError):
        return {}
    return {name: page for name, page in pages.items() if _OURS.fullmatch(name)}


def _content_of(folder: Path) -> Iterator[str]:
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        yield file.relative_to(folder).as_posix()
        yield hashlib.sha256(file.read_bytes()).hexdigest()


def _digest(parts: list[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
