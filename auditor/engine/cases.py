"""Cases of checks: facts and the verdicts that must follow from them, as a person writes them.

A case file is TOML and has the slug of its check. Every table is one case, named by a sentence; the table `base` is
laid under each of them, and `never` gives the reason for each status that this check cannot come to. A case starts
from a healthy infrastructure (see `auditor.engine.healthy`) and says only what differs:

    [base]
    environments.Development.purpose = "development"
    hosts.dev-1 = {environment = "Development", roles = ["deployment-controller", "front-end"]}

    ["LifeTime is published on the Development server"]
    hosts.dev-1.components.lifetime = "present"
    expect.dev-1 = {status = "fail", says = ["dev-1 runs LifeTime"]}

- `hosts.<name>`: environment, roles, aliases, passive, same_machine_as, endpoint (powershell, wmi, ssh); components by
  kind (a state, or a table with state, version, reason); reading (intended, actual, runs_scheduler, passive,
  contradictions); facts by name; answers by question (an outcome; `[]` for none); visit (failure, reason,
  channel, observed_at); secrets_found.
- `{unknown = "denied"}` in the place of a fact, a component or a reading makes it not known.
- `lifetime`: there is a LifeTime whose API is asked, and how it differs (see `auditor.engine.healthy_lifetime`); the
  reference then says who is who, unless the case has `reference.people`.
- `reference`, `waivers`, `judged_at`, `rules`: as in the model. `scan_before`: `rules` and `reference`, the digests of
  the scan before. `without` lists paths to take away again.
- `expect.<host, environment or "infrastructure">`: a status, or a table with status, reason, because_of, severity, and
  `says` and `omits`: fragments that must and must not stand in its sentence, expected or found.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auditor.engine.case_material import make_material, merge
from auditor.engine.declaration import Check
from auditor.engine.runner import run_checks
from auditor.engine.subjects import Material
from auditor.engine.waiving import check_names
from auditor.errors import UsageError
from auditor.model.fact import Reason
from auditor.model.finding import Finding, Severity, Status, SubjectKind


class CaseError(UsageError):
    """A case file is not well formed; the sentence names file and case, and what is expected."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What must be found for one subject; None and empty mean that anything will do."""

    subject: str
    status: Status
    reason: Reason | None = None
    because_of: str | None = None
    severity: Severity | None = None
    says: tuple[str, ...] = ()
    omits: tuple[str, ...] = ()

    def disagreements(self, finding: Finding) -> list[str]:
        """Say in sentences where a finding is not as expected."""
        verdict = finding.verdict
        wrong = []
        if verdict.status is not self.status:
            wrong.append(f"{self.subject}: expected {self.status}, but it is {verdict.status}: {verdict.sentence}")
        if self.reason is not None and verdict.reason is not self.reason:
            wrong.append(f"{self.subject}: expected the reason {self.reason}, but it is {verdict.reason}.")
        if self.because_of is not None and verdict.because_of != self.because_of:
            wrong.append(f"{self.subject}: expected because of {self.because_of}, but it is {verdict.because_of}.")
        if self.severity is not None and finding.severity is not self.severity:
            wrong.append(f"{self.subject}: expected severity {self.severity}, but it is {finding.severity}.")
        text = "\n".join((verdict.sentence, verdict.expected, verdict.found))
        wrong.extend(f"{self.subject}: {part!r} is not said in:\n{text}" for part in self.says if part not in text)
        wrong.extend(f"{self.subject}: {part!r} must not be said in:\n{text}" for part in self.omits if part in text)
        return wrong


@dataclass(frozen=True, slots=True)
class Case:
    """One case: the check it is about, a sentence that names it, its document, and what must follow."""

    slug: str
    name: str
    document: Mapping[str, Any]
    expectations: tuple[Expectation, ...]

    def material(self, checks: Iterable[Check]) -> Material:
        """Return the material of this case."""
        try:
            return make_material(self.document, check_names(checks))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise CaseError(f"{self.slug}: {self.name}: {error}") from error


def load_cases(file: Path) -> tuple[Case, ...]:
    """Load the cases of one file, in its order."""
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise CaseError(f"{file}: this is not TOML: {error}") from error
    base = document.pop("base", {})
    document.pop("never", None)
    if not document:
        raise CaseError(f"{file}: there is no case; write a table named by a sentence.")
    return tuple(_case(file, name, base, own) for name, own in document.items())


def impossible_statuses(file: Path) -> dict[Status, str]:
    """Return the statuses that the check of this file cannot come to, each with the reason."""
    document = tomllib.loads(file.read_text(encoding="utf-8"))
    return {Status(status): reason for status, reason in document.get("never", {}).items()}


def _case(file: Path, name: str, base: Mapping[str, Any], own: Mapping[str, Any]) -> Case:
    place = f"{file}: {name}"
    document = _without(merge(base, own), place)
    if not document.get("expect"):
        raise CaseError(f"{place}: the case expects nothing; write expect.<subject>.")
    try:
        expectations = tuple(_expectation(subject, item) for subject, item in document["expect"].items())
    except (ValueError, KeyError, TypeError) as error:
        raise CaseError(f"{place}: expect: {error}") from error
    return Case(file.stem, name, document, expectations)


def _without(document: Mapping[str, Any], place: str) -> dict[str, Any]:
    result: dict[str, Any] = merge({}, document)
    for path in result.pop("without", ()):
        *parents, last = path.split("/")
        table = result
        for parent in parents:
            # Each level is copied: other cases share the base.
            table[parent] = dict(table.get(parent, {}))
            table = table[parent]
        if last not in table:
            raise CaseError(f"{place}: without: there is no {path}.")
        del table[last]
    return result


def _expectation(subject: str, item: str | Mapping[str, Any]) -> Expectation:
    if isinstance(item, str):
        return Expectation(subject, Status(item))
    if surplus := set(item) - {"status", "reason", "because_of", "severity", "says", "omits"}:
        raise ValueError(f"{subject}: unknown key {', '.join(sorted(surplus))}")
    return Expectation(
        subject=subject,
        status=Status(item["status"]),
        reason=Reason(item["reason"]) if "reason" in item else None,
        because_of=item.get("because_of"),
        severity=Severity(item["severity"]) if "severity" in item else None,
        says=_fragments(item.get("says", ())),
        omits=_fragments(item.get("omits", ())),
    )


def _fragments(written: str | list[str]) -> tuple[str, ...]:
    return (written,) if isinstance(written, str) else tuple(written)


def checks_for(slug: str, checks: Iterable[Check]) -> tuple[Check, ...]:
    """Return the check of this slug with all it needs: all checks when it comes after all others."""
    by_id = {check.id: check for check in checks}
    wanted = [check for check in by_id.values() if check.slug == slug]
    if not wanted:
        raise CaseError(f"{slug}: there is no check of this name.")
    if wanted[0].after_all:
        return tuple(by_id.values())
    chosen: dict[str, Check] = {}
    while wanted:
        check = wanted.pop()
        chosen[check.id] = check
        wanted.extend(by_id[needed] for needed in check.needs)
    return tuple(chosen.values())


def run_case(case: Case, checks: Iterable[Check]) -> list[str]:
    """Run a case and say in sentences what is not as expected; an empty list when all is."""
    checks = tuple(checks)
    findings = run_checks(checks_for(case.slug, checks), case.material(checks))
    by_subject = {
        "infrastructure" if finding.subject.kind is SubjectKind.INFRASTRUCTURE else finding.subject.name: finding
        for finding in findings
        if finding.slug == case.slug
    }
    wrong = []
    for expectation in case.expectations:
        if expectation.subject not in by_subject:
            wrong.append(f"There is no subject {expectation.subject}; there are {', '.join(sorted(by_subject))}.")
        else:
            wrong.extend(expectation.disagreements(by_subject[expectation.subject]))
    return wrong
