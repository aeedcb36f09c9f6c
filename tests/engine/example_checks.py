"""Small checks and small infrastructures for the tests of the engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from auditor.check import Host, Severity, Verdict, passed
from auditor.engine.case_material import make_material
from auditor.engine.declaration import Check, CheckDeclaration
from auditor.engine.subjects import Infrastructure, Material, Recorder

PAGE = """The condition holds.

## Why it matters

Because.

## How it is decided

By looking.

## How to fix

1. Fix it.

## References

- None
"""


def host_check(check_id: str, judge: Callable[[Any], Any], **options: Any) -> Check:
    """Return a check of every host that judges with a plain function."""
    return _declare(CheckDeclaration.per_host, check_id, judge, options)


def environment_check(check_id: str, judge: Callable[[Any], Any], **options: Any) -> Check:
    """Return a check of every environment that judges with a plain function."""
    return _declare(CheckDeclaration.per_environment, check_id, judge, options)


def infrastructure_check(check_id: str, judge: Callable[[Any], Any], **options: Any) -> Check:
    """Return a check of the infrastructure that judges with a plain function."""
    return _declare(CheckDeclaration.per_infrastructure, check_id, judge, options)


def _declare(level: Callable[..., Any], check_id: str, judge: Callable[[Any], Any], options: dict[str, Any]) -> Check:
    def function(subject: Any) -> Any:
        return judge(subject)

    function.__doc__ = PAGE
    function.__name__ = check_id.lower().replace("-", "_")
    severity = options.pop("severity", Severity.HIGH)
    declared = level(check_id, severity=severity, sources=("DESIGN",), **options)(function)
    assert isinstance(declared, Check)
    return declared


def passing(_: Any) -> Verdict:
    """Judge that all is well, whatever is there."""
    return passed("All is well.")


def material(document: Mapping[str, Any]) -> Material:
    """Return the material that a case document spells."""
    return make_material(document, {})


def small(**changes: Any) -> Material:
    """Return two environments of one server each, Development and Production, and the given keys of a case."""
    both = ["deployment-controller", "front-end"]
    return material(
        {
            "environments": {"Development": {"purpose": "development"}, "Production": {"purpose": "production"}},
            "hosts": {
                "dev-1": {"environment": "Development", "roles": both},
                "prd-1": {"environment": "Production", "roles": both},
            },
            **changes,
        }
    )


def hosts_of(stuff: Material, recorder: Recorder | None = None) -> dict[str, Host]:
    """Return the hosts as checks see them, by name."""
    return {host.name: host for host in Infrastructure(stuff, recorder or Recorder()).hosts}
