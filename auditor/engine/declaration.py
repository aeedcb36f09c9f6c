"""How a check is declared: a decorated function whose docstring is its page."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from auditor.engine.subjects import Environment, Host, Infrastructure
from auditor.errors import UsageError
from auditor.model.finding import Severity, SubjectKind, Verdict
from auditor.model.inventory import Purpose, Role

HEADINGS = ("Why it matters", "How it is decided", "How to fix", "References")
_ID = re.compile(r"[A-Z]{2,5}-\d{3}")


class DeclarationError(UsageError):
    """A check file is not well formed; the sentence names the file and what is expected."""


@dataclass(frozen=True, slots=True)
class Check:
    """A declared check.

    `purposes` and `roles` limit its subjects (None: no limit); in an environment hosted in the cloud it applies only
    with `in_cloud`. `needs` are ids of checks that must not have failed for the same subject, its environment or the
    infrastructure. Where such a check fails, this one is not applicable, or unknown if the failed one `blinds`: what it
    judges is there, but cannot be read. `after_all` checks see the findings of all others.
    """

    id: str
    slug: str
    level: SubjectKind
    severity: Severity
    sources: tuple[str, ...]
    judge: Callable[[Any], Verdict]
    title: str
    sections: Mapping[str, str]
    purposes: frozenset[Purpose] | None = None
    roles: frozenset[Role] | None = None
    in_cloud: bool = False
    needs: tuple[str, ...] = ()
    blinds: bool = False
    after_all: bool = False
    formerly: tuple[str, ...] = ()


def _declare(
    function: Callable[[Any], Verdict],
    level: SubjectKind,
    check_id: str,
    severity: Severity,
    sources: tuple[str, ...],
    options: Mapping[str, Any],
) -> Check:
    place = f"{inspect.getsourcefile(function)}: {function.__name__}"
    if not _ID.fullmatch(check_id):
        raise DeclarationError(f"{place}: the id {check_id!r} must look like TOPO-006.")
    title, _, body = inspect.cleandoc(function.__doc__ or "").partition("\n")
    if not 1 <= len(title) <= 80 or not title.endswith("."):
        raise DeclarationError(f"{place}: the first docstring line must be one sentence of at most 80 characters.")
    chunks = re.split(r"^## (.+)$", body, flags=re.MULTILINE)[1:]
    sections = {name.strip(): text.strip() for name, text in zip(chunks[::2], chunks[1::2], strict=True)}
    if tuple(sections) != HEADINGS or not all(sections.values()):
        raise DeclarationError(f"{place}: the docstring must have the headings {', '.join(HEADINGS)}, each with text.")
    if check_id in options["needs"]:
        raise DeclarationError(f"{place}: {check_id} cannot need itself.")
    return Check(
        id=check_id,
        slug=function.__name__,
        level=level,
        severity=severity,
        sources=sources,
        judge=function,
        title=title.removesuffix("."),
        sections=sections,
        **options,
    )


class CheckDeclaration:
    """The decorators `check.per_host`, `check.per_environment` and `check.per_infrastructure`."""

    @staticmethod
    def per_host(
        check_id: str,
        *,
        severity: Severity,
        sources: tuple[str, ...],
        roles: frozenset[Role] | None = None,
        purposes: frozenset[Purpose] | None = None,
        in_cloud: bool = False,
        needs: tuple[str, ...] = (),
        blinds: bool = False,
        after_all: bool = False,
        formerly: tuple[str, ...] = (),
    ) -> Callable[[Callable[[Host], Verdict]], Check]:
        """Declare a check that gives one verdict for each host that has one of the roles."""
        options = {
            "roles": roles, "purposes": purposes, "in_cloud": in_cloud,
            "needs": needs, "blinds": blinds, "after_all": after_all, "formerly": formerly,
        }  # fmt: skip
        return lambda judge: _declare(judge, SubjectKind.HOST, check_id, severity, sources, options)

    @staticmethod
    def per_environment(
        check_id: str,
        *,
        severity: Severity,
        sources: tuple[str, ...],
        purposes: frozenset[Purpose] | None = None,
        in_cloud: bool = False,
        needs: tuple[str, ...] = (),
        after_all: bool = False,
        formerly: tuple[str, ...] = (),
    ) -> Callable[[Callable[[Environment], Verdict]], Check]:
        """Declare a check that gives one verdict for each environment with one of the purposes."""
        options = {
            "purposes": purposes, "in_cloud": in_cloud,
            "needs": needs, "after_all": after_all, "formerly": formerly,
        }  # fmt: skip
        return lambda judge: _declare(judge, SubjectKind.ENVIRONMENT, check_id, severity, sources, options)

    @staticmethod
    def per_infrastructure(
        check_id: str,
        *,
        severity: Severity,
        sources: tuple[str, ...],
        needs: tuple[str, ...] = (),
        after_all: bool = False,
        formerly: tuple[str, ...] = (),
    ) -> Callable[[Callable[[Infrastructure], Verdict]], Check]:
        """Declare a check that gives one verdict for the infrastructure."""
        options = {"needs": needs, "after_all": after_all, "formerly": formerly}
        return lambda judge: _declare(judge, SubjectKind.INFRASTRUCTURE, check_id, severity, sources, options)
