"""Everything that is known of each host: how it was read, why components are said to be there, and all facts."""

from __future__ import annotations

from auditor.model.component import Component, Portrait
from auditor.model.fact import NotKnown
from auditor.model.inventory import Host
from auditor.model.observation import Visit
from auditor.model.scan import Judgement, ScanRecord
from auditor.reporting.findings import short
from auditor.reporting.host_shapes import ComponentEvidence, HostFacts
from auditor.reporting.language import N_, English, Words, _, in_digits
from auditor.reporting.matrix import cell, facts_anchor, reading_state
from auditor.reporting.plain import cut_line
from auditor.reporting.values import SENTENCE, fact_row
from auditor.reporting.words import CHANNELS, count, duration, moment

READINGS = Words({"read": N_("read"), "partly": N_("read in part"), "unread": N_("not read")})
BEARINGS = Words(
    {
        "supports": N_("speaks for it"),
        "denies": N_("speaks against it"),
        "contradicts": N_("contradicts"),
        "unreadable": N_("could not be read"),
    }
)


def host_facts(record: ScanRecord, judgement: Judgement) -> tuple[HostFacts, ...]:
    """Return all hosts in the order of the inventory."""
    return tuple(_host(host, record.visits.get(host.name), judgement) for host in record.inventory.hosts)


def _host(host: Host, visit: Visit | None, judgement: Judgement) -> HostFacts:
    facts = judgement.facts.get(host.name)
    portrait = judgement.portraits.get(host.name)
    rows = tuple(fact_row(name, fact) for name, fact in facts) if facts is not None else ()
    known = sum(not row.not_known for row in rows)
    state, note = reading_state(visit)
    reading = READINGS[state]
    roles, contradictions = _roles(portrait)
    return HostFacts(
        name=host.name,
        environment_name=host.environment or "",
        reading=state,
        note=note,
        host=short(host.name),
        anchor=facts_anchor(host.name),
        environment=short(host.environment) if host.environment else _("outside of environments"),
        summary=_summary(reading, known, len(rows)) if rows else reading,
        visit=_visit(visit),
        roles=roles,
        contradictions=contradictions,
        components=tuple(component_evidence(item) for item in portrait.components) if portrait is not None else (),
        facts=rows,
    )


def _visit(visit: Visit | None) -> tuple[tuple[str, str], ...]:
    if visit is None:
        return ((_("Read"), _("not visited in this scan")),)
    rows = [(_("Began"), moment(visit.started_at))]
    if visit.failure is not None:
        failure = f"{cut_line(visit.failure.sentence, SENTENCE)} ({visit.failure.kind.value})"
        rows.append((_("Failed"), English(failure)))
    if visit.channel is not None:
        told = {
            "channel": CHANNELS[visit.channel],
            "time": duration(visit.observed_at - visit.started_at),
            "requests": count(visit.requests, "request", "requests"),
        }
        rows.append((_("Read over"), _("%(channel)s, in %(time)s, %(requests)s", **told)))
        answers, at = in_digits(len(visit.answers)), moment(visit.observed_at)
        rows.append((_("Answers"), _("%(number)s, received %(at)s", number=answers, at=at)))
    rows.extend((_("Note"), English(cut_line(note, SENTENCE))) for note in visit.notes)
    return tuple(rows)


def _summary(reading: str, known: int, number: int) -> str:
    facts, others = count(known, "fact", "facts"), in_digits(number - known)
    return _("%(reading)s, %(facts)s known, %(others)s not known", reading=reading, facts=facts, others=others)


def _roles(portrait: Portrait | None) -> tuple[str, tuple[str, ...]]:
    if portrait is None:
        return "", ()
    if isinstance(portrait.roles, NotKnown):
        return f"Roles are not known: {cut_line(portrait.roles.sentence, SENTENCE)}", ()
    contradictions = tuple(cut_line(item, SENTENCE) for item in portrait.roles.contradictions)
    return cut_line(portrait.roles.statement, SENTENCE), contradictions


def component_evidence(component: Component) -> ComponentEvidence:
    """Return a component with everything that speaks for and against it."""
    rows = [
        (item.probe, BEARINGS[item.bearing.value], cut_line(item.statement, SENTENCE), item.weight)
        for item in component.evidence
    ]
    if component.not_known is not None:
        rows.append(("", _("not known"), cut_line(component.not_known.sentence, SENTENCE), 0))
    return ComponentEvidence(cell(component), tuple(rows))
