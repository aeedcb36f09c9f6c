"""Running checks: exactly one finding for each check and subject, whatever a check does."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping

from auditor.engine.declaration import Check
from auditor.engine.discovery import in_running_order
from auditor.engine.sight import TELLS_WHY_UNREAD, Inapplicable, Unknowable
from auditor.engine.subjects import Environment, Host, Infrastructure, Material, Recorder
from auditor.model.fact import Reason
from auditor.model.finding import Finding, Severity, Status, Subject, SubjectKind, Verdict
from auditor.model.inventory import Role

_Judged = Host | Environment | Infrastructure


def run_checks(checks: Iterable[Check], material: Material) -> tuple[Finding, ...]:
    """Run all checks and return their findings, sorted by check and subject.

    1. Checks without needs come first, each check after those it needs, those declared `after_all` last.
    2. Each check sees views of its own, so that the evidence of a finding is what it looked at for that subject.
    3. A check that raises gives an `error` verdict and the run goes on.
    """
    findings: dict[tuple[str, Subject], Finding] = {}
    ordered = in_running_order(checks)
    blinding = frozenset(check.id for check in ordered if check.blinds)
    for check in ordered:
        if check.after_all:
            material = dataclasses.replace(material, earlier=_sorted(findings.values()))
        for subject, finding in _run(check, material, findings, blinding):
            findings[check.id, subject] = finding
    return _sorted(findings.values())


def _sorted(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=_place))


def _place(finding: Finding) -> tuple[str, SubjectKind, str, str]:
    # The order of check and subject, spelled out: comparing subjects one by one takes several times as long.
    subject = finding.subject
    return finding.check, subject.kind, subject.name, subject.environment


def _run(
    check: Check, material: Material, earlier: Mapping[tuple[str, Subject], Finding], blinding: frozenset[str]
) -> Iterator[tuple[Subject, Finding]]:
    recorder = Recorder()
    for subject, environment, judged in _subjects(check, Infrastructure(material, recorder)):
        recorder.forget()
        verdict = _out_of_scope(check, judged, environment) or _held_back(
            check, subject, material.inventory.infrastructure, earlier, blinding
        )
        verdict = verdict or _judge(check, judged)
        severity = _severity(check, verdict, environment, material)
        if severity is Severity.INFO and verdict.status is Status.FAIL:
            # Info checks never fail: what they found is recorded.
            verdict = dataclasses.replace(verdict, status=Status.PASS)
        yield subject, Finding(check.id, check.slug, check.title, severity, subject, verdict, recorder.evidence)


def _subjects(check: Check, infrastructure: Infrastructure) -> Iterator[tuple[Subject, Environment | None, _Judged]]:
    if check.level is SubjectKind.INFRASTRUCTURE:
        yield Subject(SubjectKind.INFRASTRUCTURE, infrastructure.name), None, infrastructure
    elif check.level is SubjectKind.ENVIRONMENT:
        for environment in infrastructure.environments:
            yield Subject(SubjectKind.ENVIRONMENT, environment.name, environment.name), environment, environment
    else:
        for host in infrastructure.hosts:
            name = host.environment.name if host.environment else ""
            yield Subject(SubjectKind.HOST, host.name, name), host.environment, host


def _out_of_scope(check: Check, judged: _Judged, environment: Environment | None) -> Verdict | None:
    if environment is not None and environment.is_cloud and not check.in_cloud:
        sentence = f"{environment.name} is hosted in the cloud: its servers are not ours."
        return Verdict(Status.NOT_APPLICABLE, sentence, because_of="TOPO-018")
    if check.purposes is not None:
        purpose = environment.purpose if environment else None
        if purpose not in check.purposes:
            return Verdict(Status.NOT_APPLICABLE, f"This check is not meant for {_purpose(environment)}.")
    if check.roles is not None and isinstance(judged, Host) and not judged.roles & check.roles:
        if environment is not None and not judged.roles:
            # What nobody declared does not exclude anything.
            sentence = f"{judged.name} belongs to {environment.name}, but the inventory declares no role for it."
            return Verdict(Status.UNKNOWN, sentence, reason=Reason.NOT_DECLARED)
        declared = f"declared as {_roles(judged.roles)}" if judged.roles else "declared without a role"
        sentence = f"This check is meant for {_roles(check.roles)}; {judged.name} is {declared}."
        return Verdict(Status.NOT_APPLICABLE, sentence)
    return None


def _roles(roles: frozenset[Role]) -> str:
    return " and ".join(sorted(role.value for role in roles))


def _purpose(environment: Environment | None) -> str:
    if environment is None:
        return "a host outside all environments"
    return f"{environment.name}, an environment with purpose {environment.purpose}"


def _held_back(
    check: Check,
    subject: Subject,
    infrastructure: str,
    earlier: Mapping[tuple[str, Subject], Finding],
    blinding: frozenset[str],
) -> Verdict | None:
    """Return the verdict that follows from a needed check that did not pass, so that one cause gives one finding."""
    for needed in check.needs:
        for finding in (
            earlier[needed, wider] for wider in _widening(subject, infrastructure) if (needed, wider) in earlier
        ):
            verdict = finding.verdict
            sentence = f"Because of {needed}: {verdict.sentence}"
            if verdict.status is Status.FAIL and needed in blinding:
                return Verdict(Status.UNKNOWN, sentence, reason=Reason.CONTRADICTORY, because_of=needed)
            if verdict.status in (Status.FAIL, Status.NOT_APPLICABLE):
                return Verdict(Status.NOT_APPLICABLE, sentence, because_of=needed)
            if verdict.status is Status.UNKNOWN and verdict.because_of:
                # The same cause farther back: one link is enough.
                return verdict
            if verdict.status in (Status.UNKNOWN, Status.ERROR):
                # A broken check is for the maintainers, like an answer that nobody could parse.
                reason = verdict.reason or Reason.PARSE_ERROR
                return Verdict(Status.UNKNOWN, sentence, reason=reason, because_of=needed)
    return None


def _widening(subject: Subject, infrastructure: str) -> Iterator[Subject]:
    """Give the subject itself, its environment and the infrastructure: whatever a needed check may have judged."""
    yield subject
    if subject.kind is SubjectKind.HOST and subject.environment:
        yield Subject(SubjectKind.ENVIRONMENT, subject.environment, subject.environment)
    if subject.kind is not SubjectKind.INFRASTRUCTURE:
        yield Subject(SubjectKind.INFRASTRUCTURE, infrastructure)


def _judge(check: Check, judged: _Judged) -> Verdict:
    try:
        verdict = check.judge(judged)
    except Unknowable as unknowable:
        not_known = unknowable.not_known
        because_of = TELLS_WHY_UNREAD if unknowable.unread else None
        return Verdict(Status.UNKNOWN, not_known.sentence, reason=not_known.reason, because_of=because_of)
    except Inapplicable as inapplicable:
        return Verdict(Status.NOT_APPLICABLE, inapplicable.sentence, because_of=inapplicable.because_of)
    except Exception as error:  # noqa: BLE001 - the border around a check: its failure is a verdict, never silence
        return Verdict(Status.ERROR, f"The check {check.id} broke: {type(error).__name__}: {str(error)[:200]}")
    if not isinstance(verdict, Verdict):
        return Verdict(
            Status.ERROR, f"The check {check.id} broke: it returned {type(verdict).__name__}, not a verdict."
        )
    return verdict


def _severity(check: Check, verdict: Verdict, environment: Environment | None, material: Material) -> Severity:
    """Return the check's severity, or the verdict's if that is lower; then the reference may lower it once more.

    Severity is that in Production; the reference lowers it by one step for other purposes, but not for all groups.
    """
    severity = check.severity
    if verdict.severity is not None and verdict.severity.rank > severity.rank:
        severity = verdict.severity
    lowered = environment is not None and environment.purpose in material.reference.lower_severity_for
    fixed = check.id.startswith(("TOPO-", "LIC-", "DATA-")) or severity in (Severity.LOW, Severity.INFO)
    if not lowered or fixed:
        return severity
    return list(Severity)[severity.rank + 1]
