"""The language of reports is chosen by option, environment or file; what programs read, and the screen, is English."""

from __future__ import annotations

from pathlib import Path

from tests.cli.program import osaudit, refused
from tests.end_to_end.simulated import modelled, serving
from tests.peers.webhook import webhook

CONFIGURATION = """lang: pt
notifications:
  targets:
    - {name: chat, address: {environment: CHAT_ADDRESS}}
"""


def language_of(file: Path) -> str:
    return file.read_text(encoding="utf-8").partition('<html lang="')[2].partition('"')[0]


def test_a_report_speaks_the_language_of_the_option_before_that_of_the_environment_and_the_file(
    scanned_twice: Path,
) -> None:
    (scanned_twice / "osaudit.yaml").write_text("lang: pt\n", encoding="utf-8")
    osaudit(scanned_twice, "report", "-o", "file.html")
    osaudit(scanned_twice, "report", "-o", "environment.html", OSAUDIT_LANG="en")
    osaudit(scanned_twice, "report", "-o", "option.html", "--lang", "pt", OSAUDIT_LANG="en")

    written = {file.stem: language_of(file) for file in scanned_twice.glob("*.html")}
    assert written == {"file": "pt", "environment": "en", "option": "pt"}
    assert "Código de saída da análise" in (scanned_twice / "option.html").read_text(encoding="utf-8")


def test_diff_site_and_summary_speak_it_too(scanned_twice: Path) -> None:
    diff = osaudit(scanned_twice, "diff", "--format", "html", "-o", "diff.html", "--lang", "pt")
    site = osaudit(scanned_twice, "site", "www", "--lang", "pt")
    summary = osaudit(scanned_twice, "report", "--format", "markdown", "--lang", "pt")

    assert (diff.code, site.code, summary.code) == (0, 0, 0)
    pages = [scanned_twice / "diff.html", *(scanned_twice / "www").glob("*.html")]
    assert [language_of(page) for page in pages] == ["pt"] * 5
    assert "Desde a análise 1" in summary.out


def test_what_programs_and_the_screen_get_is_english_in_any_language(scanned_twice: Path) -> None:
    english, portuguese = (
        osaudit(scanned_twice, "report", "--format", "json", "--lang", lang) for lang in ("en", "pt")
    )
    screen = osaudit(scanned_twice, "report", "--format", "text", "--lang", "pt")

    assert portuguese == english
    assert "findings are open" in portuguese.out
    assert "findings are open" in screen.out


def test_a_language_that_nobody_speaks_here_is_refused(scanned_twice: Path) -> None:
    asked = osaudit(scanned_twice, "report", "--lang", "fr")
    (scanned_twice / "osaudit.yaml").write_text("lang: fr\n", encoding="utf-8")

    assert (asked.code, "'fr' is not one of 'en', 'pt'" in asked.err) == (2, True)
    assert not list(scanned_twice.glob("*.html"))
    refused(osaudit(scanned_twice, "report"), "osaudit.yaml:1: lang: found 'fr'; expected en or pt.")


def test_a_scan_writes_report_and_message_in_the_language_and_talks_english(tmp_path: Path) -> None:
    (tmp_path / "osaudit.yaml").write_text(CONFIGURATION, encoding="utf-8")
    with webhook() as chat, serving(modelled("reference"), tmp_path):
        address = f"json://127.0.0.1:{chat.port}/hook"
        tried = osaudit(tmp_path, "notify", "test", CHAT_ADDRESS=address)
        scanned = osaudit(tmp_path, "scan", "--report", "latest.html", CHAT_ADDRESS=address)

    assert (tried.code, scanned.code) == (0, 0), scanned.err
    assert language_of(tmp_path / "latest.html") == "pt"
    (_, trial), (_, told) = chat.posts
    assert trial["title"] == "osaudit: teste"
    assert "A análise 1 é a primeira completa de reference." in told["message"]
    assert "What is installed where" in scanned.out
    assert "Report: latest.html" in scanned.err
