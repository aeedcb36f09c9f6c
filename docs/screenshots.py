"""The pictures of the documents, made from the demo: make screenshots.

Runs `osaudit demo` and `osaudit site`, opens what they wrote in headless Chromium and writes docs/images. Every picture
is reduced to a palette of 256 colours, which a page of flat colours does not show.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import pypdfium2
from PIL import Image
from playwright.sync_api import Browser, FloatRect, Page

from tests.peers.browser import Scheme, chromium

IMAGES = Path(__file__).parent / "images"
# The smallest screen of an operator's desk, and a phone.
DESK, PHONE = (1366, 768), (390, 844)
MARGIN = 12
DOTS_PER_POINT = 1.35
UNFOLD = "part => part.querySelectorAll(':scope > details').forEach(fold => fold.open = part.matches('.finding'))"


def main() -> None:
    """Write every picture anew, and remove those that are no longer made."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _osaudit(folder, "demo", "demo")
        _osaudit(folder, "site", "site", "--store", "demo/osaudit.db")
        with chromium() as browser:
            made = {name: take(browser, folder) for name, take in PICTURES.items()}
    for old in IMAGES.glob("*.png"):
        if old.stem not in made:
            old.unlink()
    for name, picture in made.items():
        (IMAGES / f"{name}.png").write_bytes(_small(picture))


def _osaudit(folder: Path, *arguments: str) -> None:
    # UTC, so that two runs differ in nothing but what the clock says.
    command = [sys.executable, "-m", "auditor", *arguments]
    subprocess.run(command, cwd=folder, env={**os.environ, "TZ": "UTC"}, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own words


def _first_screen(
    file: str, size: tuple[int, int] = DESK, scheme: Scheme = "light"
) -> Callable[[Browser, Path], bytes]:
    def take(browser: Browser, folder: Path) -> bytes:
        with _opened(browser, folder / file, size, scheme) as page:
            return page.screenshot()

    return take


def _part(file: str, selector: str) -> Callable[[Browser, Path], bytes]:
    """Return what takes a part of a page; a finding is opened first, and other folds are closed."""

    def take(browser: Browser, folder: Path) -> bytes:
        with _opened(browser, folder / file, DESK, "light") as page:
            part = page.locator(selector).first
            part.evaluate(UNFOLD)
            box = part.bounding_box()
            assert box is not None, f"{file} shows no {selector}"
            clip = FloatRect(x=box["x"] - MARGIN, y=box["y"] - MARGIN,
                             width=box["width"] + 2 * MARGIN, height=box["height"] + 2 * MARGIN)  # fmt: skip
            return page.screenshot(clip=clip, full_page=True)

    return take


def _first_printed_page(browser: Browser, folder: Path) -> bytes:
    with _opened(browser, folder / "demo" / "report.html", DESK, "light") as page:
        printed = page.pdf(prefer_css_page_size=True, print_background=True)
    result = BytesIO()
    pypdfium2.PdfDocument(printed)[0].render(scale=DOTS_PER_POINT).to_pil().save(result, "PNG")
    return result.getvalue()


@contextmanager
def _opened(browser: Browser, file: Path, size: tuple[int, int], scheme: Scheme) -> Iterator[Page]:
    width, height = size
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme, offline=True)
    page = context.new_page()
    page.goto(file.as_uri())
    try:
        yield page
    finally:
        context.close()


def _small(picture: bytes) -> bytes:
    result = BytesIO()
    flat = Image.open(BytesIO(picture)).convert("RGB")
    flat.quantize(256, dither=Image.Dither.NONE).save(result, "PNG", optimize=True)
    return result.getvalue()


PICTURES: dict[str, Callable[[Browser, Path], bytes]] = {
    "report": _first_screen("demo/report.html"),
    "report-dark": _first_screen("demo/report.html", scheme="dark"),
    "report-phone": _first_screen("demo/report.html", PHONE),
    "report-print": _first_printed_page,
    "topology": _part("demo/report.html", "#topology"),
    "finding": _part("demo/report.html", "#findings .finding"),
    "diff": _first_screen("demo/diff.html"),
    "site": _first_screen("site/index.html"),
}


if __name__ == "__main__":
    main()
