"""Whatever is known of hosts, and whatever is not, no check raises: it gives a verdict, or says that it cannot."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.bundled import checks_folder
from auditor.engine.discovery import load_checks
from auditor.engine.fact_decoding import fact_keys
from auditor.engine.runner import run_checks
from auditor.model.component import Component, ComponentKind, Portrait, State
from auditor.model.fact import Facts, Known, NotKnown, Reason
from auditor.model.finding import Status
from auditor.model.scan import EarlierScan
from auditor.model.version import Version
from tests.engine.example_checks import material

CHECKS = load_checks([checks_folder()])
BOTH = ["deployment-controller", "front-end"]
DOCUMENT: dict[str, Any] = {
    "environments": {name: {"purpose": name.lower()} for name in ("Development", "Quality", "Production", "LifeTime")},
    "hosts": {
        "dev-1": {"environment": "Development", "roles": BOTH},
        "qa-1": {"environment": "Quality", "roles": BOTH},
        "prd-1": {"environment": "Production", "roles": ["deployment-controller"]},
        "prd-2": {"environment": "Production", "roles": ["front-end"]},
        "prd-3": {"environment": "Production", "roles": ["cache-broker"]},
        "lt-1": {"environment": "LifeTime", "roles": BOTH},
    },
    "lifetime": {},
}
HEALTHY = material(DOCUMENT)

# What a server may well say, beside anything else that it could.
TELLING = st.sampled_from(
    ["", " ", "localhost", "127.0.0.1", "::1", "10.0.0.1", "999.1.1.1", "dev-1", "PRD-1.corp.example", "prd-2,1433",
     "11", "11.43.0.51000", "11.12.2.0", "10.0.1104.0", "99.1", "11.x", "27.3.4", "SqlServer", "Oracle", "enabled",
     "running", "stopped", "auto", "disabled", "LocalSystem", r"NT Service\x", "Windows Authentication",
     "ServiceCenter.1", "key:digest", ":", "RabbitMQ", "W3SVC", "OutSystems Scheduler Service", "SSL 3.0", "Server"]
)  # fmt: skip
st.register_type_strategy(str, TELLING | st.text(max_size=12))
st.register_type_strategy(
    Version, st.lists(st.integers(0, 99999), min_size=1, max_size=4).map(lambda parts: Version(tuple(parts)))
)
st.register_type_strategy(datetime, st.datetimes(timezones=st.just(UTC)))

UNKNOWN = st.sampled_from(Reason).map(lambda reason: NotKnown(reason, "It could not be read."))
KEYS = fact_keys()


@st.composite
def any_facts(draw: st.DrawFn, host: str) -> Facts:
    """Return the facts of a healthy host with some of them replaced by anything of their type, or by nothing known."""
    facts = dict(HEALTHY.facts[host])
    for name in draw(st.lists(st.sampled_from(sorted(KEYS)), max_size=8, unique=True)):
        facts[name] = draw(UNKNOWN | st.from_type(KEYS[name].type).map(lambda value: Known(value, ("q",))))
    return Facts(host, facts)


@st.composite
def any_portrait(draw: st.DrawFn, host: str) -> Portrait:
    """Return the portrait of a healthy host with one component in any state and of any version."""
    portrait = HEALTHY.portraits[host]
    changed = draw(st.sampled_from(ComponentKind))

    def drawn(component: Component) -> Component:
        if component.kind is not changed:
            return component
        state = draw(st.sampled_from(State))
        return dataclasses.replace(component, state=state, version=draw(st.none() | st.from_type(str)))

    return dataclasses.replace(portrait, components=tuple(drawn(component) for component in portrait.components))


@settings(
    max_examples=300,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    facts=st.fixed_dictionaries({host: any_facts(host) for host in HEALTHY.facts}),
    previous=st.none()
    | st.builds(
        EarlierScan,
        st.fixed_dictionaries({host: any_facts(host) for host in HEALTHY.facts}),
        st.sampled_from(("", HEALTHY.rules, "another")),
        st.sampled_from(("", HEALTHY.reference.digest, "another")),
    ),
    portraits=st.fixed_dictionaries({host: any_portrait(host) for host in HEALTHY.portraits}),
)
def test_no_check_raises_whatever_is_known(
    facts: dict[str, Facts], previous: EarlierScan | None, portraits: dict[str, Portrait]
) -> None:
    stuff = dataclasses.replace(HEALTHY, facts=facts, previous=previous, portraits=portraits)

    raised = [item.verdict.sentence for item in run_checks(CHECKS, stuff) if item.verdict.status is Status.ERROR]

    assert raised == []
