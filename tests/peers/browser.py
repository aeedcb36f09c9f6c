"""A real browser: Chromium, headless, driven by Playwright, with axe for accessibility."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
Scheme = Literal["light", "dark"]


@dataclass
class OpenPage:
    """A page with everything it asked for and complained about since it was opened."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def axe_findings(self) -> list[str]:
        """Return all that axe calls a violation, with the elements."""
        violations: list[dict[str, Any]] = Axe().run(self.page).response["violations"]
        return [f"{item['id']}: {node['html'][:160]}" for item in violations for node in item["nodes"]]

    def overflow(self) -> int:
        """Return by how many pixels the page is wider than its window."""
        width: int = self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        return width


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Chromium and stop it again."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), headless=True, args=_ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(
    browser: Browser, file: Path, *, width: int = 1280, scheme: Scheme = "light", script: bool = True
) -> Iterator[OpenPage]:
    """Open a file as a person would who double-clicks it, with no network to reach."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=script, offline=True
    )
    context.set_default_timeout(10_000)
    page = context.new_page()
    result = OpenPage(page)
    page.on("request", lambda request: result.requests.append(request.url))
    page.on("console", lambda message: result.complaints.append(message.text))
    page.on("pageerror", lambda error: result.complaints.append(str(error)))
    page.goto(file.as_uri())
    try:
        yield result
    finally:
        context.close()
