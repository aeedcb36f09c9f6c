"""What the tests of reports share: one browser, and the example report and diff as files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from auditor.diffing import compare
from auditor.reporting.diff_view import build_diff_view
from auditor.reporting.html import html_diff, html_report
from auditor.reporting.view import build_view
from tests.peers.browser import chromium
from tests.reporting.northwind import drifted_record, healthy_record, history_of, repaired_since
from tests.reporting.pages import check_texts
from tests.reporting.records import with_findings


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, started once."""
    with chromium() as started:
        yield started


@pytest.fixture(scope="session")
def report_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of the drifted scan, compared with one in which something else failed, and with its history."""
    before, after = with_findings(healthy_record(41), repaired_since()), drifted_record(42)
    file = tmp_path_factory.mktemp("report") / "report.html"
    view = build_view(after, check_texts(), compare(before, after), history=history_of(after))
    file.write_text(html_report(view), encoding="utf-8", newline="\n")
    return file


@pytest.fixture(scope="session")
def diff_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The comparison of the healthy scan with the drifted one."""
    before, after = healthy_record(41), drifted_record(42)
    file = tmp_path_factory.mktemp("diff") / "diff.html"
    view = build_diff_view(compare(before, after), before, after, check_texts())
    file.write_text(html_diff(view), encoding="utf-8", newline="\n")
    return file
