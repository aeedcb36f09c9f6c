"""Notifications through a real mail server and a real web server: when, what, and that they never harm a scan."""

from __future__ import annotations

import base64
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from auditor.simulation.certificates import Authority
from tests.cli.program import PASSWORD_VARIABLE, ROOT, Ended, osaudit, refused
from tests.end_to_end.simulated import PASSWORD, modelled, serving
from tests.peers.mail import MailServer, mail_server
from tests.peers.webhook import Receiver, webhook

USER, SECRET, TOKEN = "osaudit", "Planted-Mail-7431", "Planted-Token-9052"

CONFIGURATION = """notifications:
  link: https://reports.example.com/
  targets:
    - {name: mail, address: {file: mail.txt}, attach_report: true}
    - {name: chat, address: {environment: CHAT_ADDRESS}}
"""


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.create(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def mail(authority: Authority) -> Iterator[MailServer]:
    with mail_server(authority.issue(), USER, SECRET) as server:
        yield server


@pytest.fixture
def chat() -> Iterator[Receiver]:
    with webhook() as receiver:
        yield receiver


def declare(folder: Path, mail: MailServer, text: str = CONFIGURATION, password: str = SECRET) -> None:
    (folder / "osaudit.yaml").write_text(text, encoding="utf-8")
    address = (
        f"mailtos://{USER}:{password}@127.0.0.1:{mail.port}/?mode=starttls&smtp=127.0.0.1"
        "&from=osaudit@example.com&to=operations@example.com"
    )
    (folder / "mail.txt").write_text(address, encoding="utf-8")
    (folder / "mail.txt").chmod(0o600)


def run(folder: Path, chat: Receiver, authority: Authority | None, *arguments: str) -> Ended:
    trusted = {} if authority is None else {"SSL_CERT_FILE": str(authority.file)}
    address = f"json://{USER}:{TOKEN}@127.0.0.1:{chat.port}/hooks/{TOKEN}"
    return osaudit(folder, *arguments, CHAT_ADDRESS=address, **trusted)


def leaves_no_secret(folder: Path, *runs: Ended) -> None:
    said = "".join(ended.out + ended.err for ended in runs)
    kept = b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file() and file.name != "mail.txt")
    for secret in (SECRET, TOKEN):
        assert secret not in said
        assert secret.encode() not in kept


def test_targets_are_told_of_the_first_scan_and_then_only_when_something_changed_unless_asked(
    tmp_path: Path, mail: MailServer, chat: Receiver, authority: Authority
) -> None:
    with serving(modelled("reference"), tmp_path) as (served, _):
        declare(tmp_path, mail)
        first = run(tmp_path, chat, authority, "scan")
        same = run(tmp_path, chat, authority, "scan")
        assert (len(mail.messages), len(chat.posts)) == (1, 1)

        asked = run(tmp_path, chat, authority, "scan", "--notify", "always")
        assert (len(mail.messages), len(chat.posts)) == (2, 2)

        served.become(modelled("p05-lifetime-in-development"))
        never = run(tmp_path, chat, authority, "scan", "--notify", "never", "--store", "other.db")
        changed = run(tmp_path, chat, authority, "scan", "--fail-on", "critical")
    unseen = run(tmp_path, chat, authority, "scan", "--visit-seconds", "5")

    assert [ended.code for ended in (first, same, asked, never, changed, unseen)] == [0, 0, 0, 0, 10, 4]
    assert "Notified: mail.\nNotified: chat.\n" in first.err
    assert "Nothing changed since the scan before; nobody was notified." in same.err
    assert "otified" not in never.err
    assert (len(mail.messages), len(chat.posts)) == (4, 4)
    titles = [post["title"] for _, post in chat.posts]
    assert re.fullmatch(r"osaudit: reference: .*1 critical.* findings are open.*", titles[2])
    assert titles[3] == "osaudit: reference: Nothing was audited: none of the 6 hosts could be read."

    told = chat.posts[2][1]["message"]
    assert "TOPO-006 dev-1 (Development)" in told.partition("### New")[2].partition("###")[0]
    assert "Reports: <https://reports.example.com/>" in told
    assert "Sight was lost of 6 hosts" in chat.posts[3][1]["message"]
    assert "### No longer seen" in chat.posts[3][1]["message"]
    assert chat.posts[2][0] == f"/hooks/{TOKEN}"
    assert chat.posts[2][1]["attachments"] == []
    leaves_no_secret(tmp_path, first, same, asked, never, changed, unseen)


def test_a_mail_is_sent_after_starttls_and_sign_in_with_the_report_attached(
    scanned_twice: Path, mail: MailServer, chat: Receiver, authority: Authority
) -> None:
    declare(scanned_twice, mail)
    told = tell(scanned_twice, chat, authority)

    assert told.returncode == 0, told.stderr
    assert mail.sign_ins == [(USER, True)]
    (message,) = mail.messages
    assert message["to"] == "operations@example.com"
    assert "critical" in str(message["subject"])
    html = message.get_body(("html",))
    assert html is not None
    assert "TOPO-006" in html.get_content()
    (report,) = message.iter_attachments()
    assert report.get_filename() == "osaudit-2.html"
    page = report.get_content()
    assert "dev-1 (Development) also runs LifeTime" in (page if isinstance(page, str) else page.decode())
    assert SECRET not in message.as_string()


TELL = """
from pathlib import Path
from auditor.cli.loading import load_rules
from auditor.cli.telling import tell_of
from auditor.model.unattended import NotifyWhen
from auditor.settings.configuration import load_configuration
from auditor.store import open_store
with open_store("osaudit.db") as opened:
    record = opened.scan(2)
tell_of(record, load_rules([]), "osaudit.db", load_configuration(Path("osaudit.yaml")), NotifyWhen.CHANGED)
"""


def tell(folder: Path, chat: Receiver, authority: Authority) -> subprocess.CompletedProcess[str]:
    """Tell of a stored scan as `osaudit scan` does at its end."""
    return subprocess.run(
        [sys.executable, "-c", TELL],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "SSL_CERT_FILE": str(authority.file),
            "CHAT_ADDRESS": f"json://127.0.0.1:{chat.port}/",
            PASSWORD_VARIABLE: PASSWORD,
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_what_cannot_be_delivered_is_said_without_its_address_and_the_scan_ends_as_it_would(
    tmp_path: Path, mail: MailServer, chat: Receiver, authority: Authority
) -> None:
    with serving(modelled("reference"), tmp_path):
        declare(tmp_path, mail, password="wrong")
        chat.status = 403
        refused_both = run(tmp_path, chat, authority, "scan", "--notify", "always")
        declare(tmp_path, mail)
        chat.status = 500
        untrusted = run(tmp_path, chat, None, "scan", "--notify", "always")
        (tmp_path / "mail.txt").write_text("what is this", encoding="utf-8")
        (tmp_path / "mail.txt").chmod(0o644)
        nowhere = osaudit(tmp_path, "scan", "--notify", "always", CHAT_ADDRESS="nonsense")

    assert [ended.code for ended in (refused_both, untrusted, nowhere)] == [0, 0, 0]
    assert "mail was not notified: its mail server refused the sign-in.\n" in refused_both.err
    assert "chat was not notified: its server refused the sign-in.\n" in refused_both.err
    assert "mail was not notified: the certificate of its server is not trusted.\n" in untrusted.err
    assert "chat was not notified: its server failed.\n" in untrusted.err
    assert "mail was not notified: A secret could not be had: the file" in nowhere.err
    assert "chat was not notified: its address is none that apprise understands.\n" in nowhere.err
    assert mail.messages == []
    leaves_no_secret(tmp_path, refused_both, untrusted, nowhere)


def test_notify_test_tells_which_targets_are_reached(
    tmp_path: Path, mail: MailServer, chat: Receiver, authority: Authority
) -> None:
    refused(
        osaudit(tmp_path, "notify", "test"), "No target is declared; write notifications.targets into osaudit.yaml."
    )
    declare(tmp_path, mail)

    good = run(tmp_path, chat, authority, "notify", "test")
    alone = run(tmp_path, chat, authority, "notify", "test", "CHAT")
    unknown = run(tmp_path, chat, authority, "notify", "test", "pager")
    chat.status = 404
    half = run(tmp_path, chat, authority, "notify", "test")

    assert (good.code, good.out) == (0, "Notified: mail.\nNotified: chat.\n")
    assert (alone.code, alone.out) == (0, "Notified: chat.\n")
    refused(unknown, "osaudit.yaml has no target 'pager'; `osaudit config show` shows all.")
    assert (half.code, half.out) == (2, "Notified: mail.\n")
    assert "osaudit: chat was not notified: its server knows no such address." in half.err
    assert [str(message["subject"]) for message in mail.messages] == ["osaudit: test", "osaudit: test"]
    leaves_no_secret(tmp_path, good, alone, unknown, half)


def test_a_target_that_is_down_is_said_and_is_no_harm(tmp_path: Path, mail: MailServer, authority: Authority) -> None:
    declare(tmp_path, mail)
    with webhook() as gone:
        pass
    ended = run(tmp_path, gone, authority, "notify", "test", "chat")
    assert ended.code == 2
    assert "osaudit: chat was not notified: its server refused the connection or the message." in ended.err
    leaves_no_secret(tmp_path, ended)


def test_without_apprise_a_scan_says_what_to_install(tmp_path: Path, mail: MailServer, chat: Receiver) -> None:
    # A module of the same name that cannot be imported stands in front, as if the extra were not installed.
    (tmp_path / "without").mkdir()
    (tmp_path / "without" / "apprise.py").write_text("raise ImportError", encoding="utf-8")
    places = os.pathsep.join((str(tmp_path / "without"), str(ROOT)))
    declare(tmp_path, mail)
    refused(
        osaudit(tmp_path, "notify", "test", CHAT_ADDRESS="json://127.0.0.1", PYTHONPATH=places),
        "Notifications need apprise; install it with pip install 'outsystems-auditor[notify]'.",
    )


def test_a_waiver_that_comes_to_its_last_thirty_days_is_news(
    scanned_twice: Path, mail: MailServer, chat: Receiver, authority: Authority
) -> None:
    today = datetime.now(UTC).date()
    (scanned_twice / "waivers.yaml").write_text(
        "waivers:\n  - {check: TOPO-006, host: dev-1, reason: Moved soon., owner: operations, approver: a, "
        f"date: {today - timedelta(days=40)}, until: {today + timedelta(days=20)}}}\n",
        encoding="utf-8",
    )
    declare(scanned_twice, mail)
    osaudit(scanned_twice, "evaluate", "1")
    osaudit(scanned_twice, "evaluate", "2")
    told = tell(scanned_twice, chat, authority)

    assert told.returncode == 0, told.stderr
    message = chat.posts[0][1]["message"]
    part = message.partition("### Waivers that end within 30 days")[2]
    assert "TOPO-006 dev-1 (Development): ends in 20 days, owner operations" in part


def test_an_attachment_arrives_whole(tmp_path: Path, chat: Receiver) -> None:
    from auditor.notification import Attachment, deliver

    content = os.urandom(200_000)
    reason = deliver(
        f"json://127.0.0.1:{chat.port}/", "t", "b", Attachment("a.bin", content, "application/octet-stream")
    )
    assert reason == ""
    assert base64.b64decode(chat.posts[0][1]["attachments"][0]["base64"]) == content
