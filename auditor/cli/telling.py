"""Telling those who are to know of a scan. What goes wrong here is said, and never changes how the scan ended."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from auditor.cli.loading import asked, say
from auditor.model.language import Language

if TYPE_CHECKING:
    from auditor.evaluating import Rules
    from auditor.model.scan import ScanRecord
    from auditor.model.unattended import NotifyWhen, Target
    from auditor.notification import Attachment
    from auditor.reporting.notice import Notice
    from auditor.settings.configuration import Configuration


def tell_of(
    record: ScanRecord,
    rules: Rules,
    store: str,
    configuration: Configuration,
    when: NotifyWhen,
    lang: Language = Language.ENGLISH,
) -> None:
    """Notify all targets of a sealed scan, where it is news or they want to hear of every scan."""
    from auditor.errors import OsauditError
    from auditor.model.unattended import NotifyWhen
    from auditor.reporting.language import speaking

    if not configuration.targets or when is NotifyWhen.NEVER:
        return
    try:
        with speaking(lang):
            _tell(record, rules, store, configuration, always=when is NotifyWhen.ALWAYS)
    except OsauditError as error:
        say(f"Nobody was notified: {error}")


def _tell(record: ScanRecord, rules: Rules, store: str, configuration: Configuration, *, always: bool) -> None:
    from auditor import bundled
    from auditor.cli.stored import open_store
    from auditor.diffing import compare
    from auditor.notification import Attachment
    from auditor.reporting.html import html_report
    from auditor.reporting.notice import has_news, notice
    from auditor.reporting.view import build_view

    with open_store(store) as opened:
        previous = opened.scan_before(record.id)
    difference = None if previous is None else compare(previous, record)
    view = build_view(record, rules.texts, difference, figures=rules.age_of_figures(record))
    if not always and not has_news(view, difference):
        say("Nothing changed since the scan before; nobody was notified.")
        return
    report = None
    if any(target.attach_report for target in configuration.targets):
        page = html_report(view, bundled.templates_folder())
        report = Attachment(f"osaudit-{record.id}.html", page.encode("utf-8"))
    message = notice(view, difference, configuration.link)
    for target in configuration.targets:
        problem = told(target, message, report if target.attach_report else None)
        say(problem or f"Notified: {target.name}.")


def told(target: Target, message: Notice, attachment: Attachment | None = None) -> str:
    """Send a message to a target; return nothing when it was taken, else a sentence. UsageError without apprise."""
    from auditor.notification import deliver
    from auditor.settings.credentials import CredentialError, resolve_reference

    try:
        address = resolve_reference(target.address, environment=os.environ, ask=asked())
    except CredentialError as error:
        return f"{target.name} was not notified: {error}"
    reason = deliver(address, message.title, message.body, attachment)
    return f"{target.name} was not notified: {reason}." if reason else ""
