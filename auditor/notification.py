"""Delivering a message to an address that apprise understands: mail, chats, webhooks and the rest.

An address holds secrets, and apprise logs addresses. So nothing that apprise or a library below it says is printed or
kept: a failure is told in words of ours, chosen by fixed patterns.
"""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from auditor.errors import UsageError

_SECONDS = 60
# What the log of a delivery is searched for, and what is said then; the first that is found counts.
_REASONS = (
    (re.compile(r"CERTIFICATE_VERIFY_FAILED", re.IGNORECASE), "the certificate of its server is not trusted"),
    (re.compile(r"\(5(?:30|34|35|38), b"), "its mail server refused the sign-in"),
    (re.compile(r"STARTTLS extension not supported"), "its mail server does not offer STARTTLS"),
    (re.compile(r"Name or service not known|getaddrinfo|name resolution", re.IGNORECASE), "its server has no address"),
    (re.compile(r"\berror=(401|403)\b"), "its server refused the sign-in"),
    (re.compile(r"\berror=(404|410)\b"), "its server knows no such address"),
    (re.compile(r"\berror=(429)\b"), "its server takes no more messages for now"),
    (re.compile(r"\berror=(5\d\d)\b"), "its server failed"),
    (re.compile(r"\berror=(\d{3})\b"), "its server refused the message"),
    (re.compile(r"timed out", re.IGNORECASE), "its server does not answer"),
    (re.compile(r"refused", re.IGNORECASE), "its server refused the connection or the message"),
    (re.compile(r"connection error|socket", re.IGNORECASE), "the connection to its server failed"),
)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a message."""

    name: str
    content: bytes
    media_type: str = "text/html"


def deliver(address: str, title: str, body: str, attachment: Attachment | None = None) -> str:
    """Send a message in Markdown; return nothing when it was taken, else the reason as the rest of a sentence.

    Raises `UsageError` only where the package apprise is not installed.
    """
    try:
        import apprise
        from apprise.attachment.memory import AttachMemory
    except ImportError as error:
        raise UsageError(
            "Notifications need apprise; install it with pip install 'outsystems-auditor[notify]'."
        ) from error
    with _kept_quiet() as log:
        try:
            asset = apprise.AppriseAsset(
                app_id="osaudit",
                app_desc="osaudit",
                app_url="",
                # Pictures would be fetched from apprise's site by whoever reads the message.
                image_url_mask="",
                image_url_logo="",
                async_mode=False,
                storage_mode="memory",
                service_timeout=_SECONDS,
                # Braces in what a server says are text.
                allow_templates=False,
            )
            service = apprise.Apprise(asset=asset)
            if not service.add(address):
                return "its address is none that apprise understands"
            attached = (
                None
                if attachment is None
                else AttachMemory(  # type: ignore[no-untyped-call]  # apprise types it not
                    content=attachment.content, name=attachment.name, mimetype=attachment.media_type
                )
            )
            taken = service.notify(body=body, title=title, body_format=apprise.NotifyFormat.MARKDOWN, attach=attached)
        except Exception as error:  # noqa: BLE001 - the border around a message; texts may hold the address
            return f"apprise failed on it ({type(error).__name__})"
    return "" if taken else log.reason()


class _Log(logging.Handler):
    """Keeps what is logged in memory, to be searched and thrown away."""

    def __init__(self) -> None:
        super().__init__(level=logging.NOTSET)
        self._lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        self._lines.append(record.getMessage())

    def reason(self) -> str:
        """Return why a message was not taken, in words of ours."""
        text = "\n".join(self._lines)
        return next((words for pattern, words in _REASONS if pattern.search(text)), "it was not taken")


@contextmanager
def _kept_quiet() -> Iterator[_Log]:
    """Take everything that is logged or warned of, and let nothing through to the screen."""
    log = _Log()
    root, own = logging.getLogger(), logging.getLogger("apprise")
    handlers, level = root.handlers[:], own.level
    root.handlers[:] = [log]
    own.setLevel(logging.DEBUG)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield log
    finally:
        root.handlers[:] = handlers
        own.setLevel(level)
