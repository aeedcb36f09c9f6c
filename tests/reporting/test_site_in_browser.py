"""A site in a real browser, opened as files and from a web server: links work, nothing else is asked for."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser

from auditor.publishing import publish
from auditor.store import open_store
from tests.end_to_end.simulated import rules
from tests.peers.browser import Scheme, opened
from tests.reporting.hostile import NAME
from tests.test_publishing import keep, night

OPEN_ALL = "for (const fold of document.querySelectorAll('details')) fold.open = true"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three nights: the second drifted, and a service was stopped before the third."""
    folder = tmp_path_factory.mktemp("site")
    keep(folder, night(6), night(7), night(25))
    with open_store(str(folder / "osaudit.db")) as store:
        publish(store, folder / "www", rules())
    return folder / "www"


@pytest.fixture
def served(site: Path) -> Iterator[str]:
    """The folder behind a plain web server."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.mark.parametrize("script", [True, False])
def test_the_links_lead_from_the_index_to_a_report_to_a_diff_and_back(
    browser: Browser, site: Path, script: bool
) -> None:
    with opened(browser, site / "index.html", script=script) as page:
        page.page.click("text=Report of scan 3")
        assert page.page.url.endswith("/scan-3.html")
        page.page.click("text=What changed since scan 2")
        assert page.page.url.endswith("/diff-2-3.html")
        page.page.click("text=Report of scan 2")
        page.page.click("text=All scans")
        assert page.page.url.endswith("/index.html")

        assert page.complaints == []
        assert {url.rpartition("/")[2] for url in page.requests} == {
            "index.html",
            "scan-3.html",
            "diff-2-3.html",
            "scan-2.html",
        }


def test_a_web_server_is_asked_for_the_pages_and_for_nothing_else(browser: Browser, served: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(served)
    page.click("text=Scan 2")
    page.wait_for_load_state("load")
    context.close()

    # A browser asks every server for its icon by itself.
    assert [url for url in asked if not url.endswith("/favicon.ico")] == [served, f"{served}scan-2.html"]


@pytest.mark.parametrize("name", ["index.html", "scan-2.html", "diff-2-3.html"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_no_page_scrolls_sideways(
    browser: Browser, site: Path, name: str, scheme: Scheme
) -> None:
    for width in (320, 1280):
        with opened(browser, site / name, width=width, scheme=scheme) as page:
            page.page.evaluate(OPEN_ALL)

            assert page.axe_findings() == []
            assert page.overflow() <= 0
            assert page.requests == [(site / name).as_uri()]
            assert page.complaints == []


def test_hostile_names_and_changes_run_nothing_and_do_not_widen_a_page(browser: Browser, tmp_path: Path) -> None:
    records = (night(6), dataclasses.replace(night(7), changes=(NAME, "x" * 80)))
    hostile = (dataclasses.replace(item.inventory, infrastructure=NAME) for item in records)
    keep(tmp_path, *(dataclasses.replace(item, inventory=own) for item, own in zip(records, hostile, strict=True)))
    with open_store(str(tmp_path / "osaudit.db")) as store:
        publish(store, tmp_path / "www", rules())

    for file in sorted((tmp_path / "www").glob("*.html")):
        with opened(browser, file, width=390) as page:
            page.page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
            page.page.evaluate(OPEN_ALL)

            assert page.requests == [file.as_uri()]
            assert page.complaints == []
            assert page.overflow() <= 0
