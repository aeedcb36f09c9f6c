"""What `osaudit hosts ping` does: one visit to each host as a scan makes it, told and not stored."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from auditor.cli.loading import kept_journal, now, say, secrets_source
from auditor.cli.printing import print_indented
from auditor.cli.progress import outcome, scan_progress
from auditor.collectors import COLLECTORS
from auditor.engine.completeness import unanswered
from auditor.model.inventory import Asked, Inventory
from auditor.model.observation import Visit
from auditor.model.question import Outcome, Platform, Verb
from auditor.reporting.plain import shortened
from auditor.scanning import Bounds, new_digest_key, visit_all
from auditor.transports.base import Limits
from auditor.transports.opening import Connections

_QUESTIONS = {question.id: question for collector in COLLECTORS for question in collector.questions}
_DETAIL = 200
_WHY = {
    Outcome.DENIED: "denied",
    Outcome.FAILED: "failed",
    Outcome.UNSUPPORTED: "cannot be asked this way",
}


def ping(hosts: list[Asked], inventory: Inventory, journal_file: Path | None) -> bool:
    """Visit the hosts and print, in their order, what each would tell; whether all would tell everything."""
    limits = Limits()
    seen: dict[str, Visit] = {}
    with (
        kept_journal(journal_file) as journal,
        Connections(limits, journal) as connections,
        scan_progress(outcomes=False) as progress,
    ):
        visits = visit_all(
            hosts,
            inventory,
            connections,
            secrets_source(),
            Bounds(limits.visit),
            clock=now,
            digest_key=new_digest_key(),
        )
        progress.began(len(hosts), 0)
        for visit in visits:
            seen[visit.host] = visit
            progress.visited(visit)
    for host in hosts:
        _print(seen[host.name])
    read = [host for host in hosts if seen[host.name].failure is None]
    whole = [host for host in read if not unanswered(host, seen[host.name])]
    say(f"{len(hosts)} hosts: {len(whole)} read whole, {len(read) - len(whole)} in part, {len(hosts) - len(read)} not.")
    return len(whole) == len(hosts)


def _print(visit: Visit) -> None:
    print_indented(outcome(visit), 0)
    for note in (*visit.notes, *_about_the_account(visit), *_about_the_token(visit)):
        print_indented(shortened(note, _DETAIL), 4)
    unread: defaultdict[tuple[str, str, str], list[str]] = defaultdict(list)
    for answer in visit.answers.values():
        if answer.outcome in _WHY:
            needs = _QUESTIONS[answer.question].rights
            unread[_WHY[answer.outcome], needs, shortened(answer.detail, _DETAIL)].append(answer.question)
    for (why, needs, detail), questions in sorted(unread.items()):
        print_indented(f"{why}{f' ({detail})' if detail else ''}; needs {needs}:", 4)
        print_indented(", ".join(sorted(questions)), 8)


def _about_the_account(visit: Visit) -> tuple[str, ...]:
    """Say that an empty answer may be a hidden one, where the account says so."""
    for answer in visit.answers.values():
        is_about_it = _QUESTIONS[answer.question].verb is Verb.ACCOUNT and answer.outcome is Outcome.OK
        if is_about_it and answer.value.get("administrator") is False:
            who = "an administrator" if visit.platform is Platform.WINDOWS else "root"
            return (f"The account is not {who} there: what is kept from it can look as if it did not exist.",)
    return ()


def _about_the_token(visit: Visit) -> tuple[str, ...]:
    """Say what the token of LifeTime's API may see, in numbers."""
    if visit.platform is not Platform.LIFETIME or visit.failure is not None:
        return ()
    told = {
        name.partition(".")[2]: len(answer.value["rows"])
        for name, answer in visit.answers.items()
        if answer.outcome is Outcome.OK
    }
    people = "users" in told
    sees = ", ".join(f"{number} {name}" for name, number in sorted(told.items())) or "nothing"
    kind = "may manage users, so keep it apart and revoke it after use" if people else "sees nothing of people"
    return (f"The token sees {sees}; it {kind}.",)
