"""A small simulated infrastructure and the real program, both at a time that the test chooses.

The clocks of servers and program are as far ahead of the real one as is needed, and go on as it does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from auditor import bundled
from auditor.model.inventory import Hosting
from auditor.simulation.infrastructure import (
    ModelledEnvironment,
    ModelledHost,
    ModelledInfrastructure,
    ModelledTransport,
    Reach,
)
from auditor.simulation.machine import Machine, load_machine
from auditor.simulation.serving import ServedInfrastructure
from tests.cli.program import Ended, osaudit
from tests.end_to_end.another_time import AHEAD, MODULE
from tests.end_to_end.simulated import modelled, serving

# What differs from the healthy machine of a host, by host, in the words of a machine model.
Drift = Mapping[str, Mapping[str, Any]]
MACHINES = {"dev-1": "p01-development.yaml", "qa-1": "p02-quality.yaml", "lt-1": "p04-lifetime.yaml"}


class Nights:
    """Three servers, the program, and the clock that they share."""

    def __init__(self, folder: Path, variables: Mapping[str, str]) -> None:
        self.folder = folder
        self._models = folder / "models"
        self._models.mkdir()
        self._given = variables
        self._ahead = 0.0
        self._drift: Drift = {}
        self._unread: frozenset[str] = frozenset()
        self._served: ServedInfrastructure | None = None

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Serve the servers until the end of the block, and write the inventory that reaches them."""
        with serving(self._infrastructure(), self.folder) as (self._served, _):
            yield

    def it_is(self, moment: datetime) -> None:
        """Put all clocks to a moment; those of the servers follow when they next `become`."""
        self._ahead = (moment - datetime.now(UTC)).total_seconds()

    def become(self, drift: Drift, unread: frozenset[str] = frozenset()) -> None:
        """Let the servers be what they are now: healthy but for the drift, and some answer without an end."""
        assert self._served is not None
        self._drift, self._unread = drift, unread
        self._served.become(self._infrastructure())

    def osaudit(self, *arguments: str) -> Ended:
        """Run the program to its end."""
        return osaudit(self.folder, *arguments, module=MODULE, **self._variables())

    def _variables(self) -> dict[str, str]:
        return {**self._given, AHEAD: str(self._ahead), "TZ": "UTC"}

    def _infrastructure(self) -> ModelledInfrastructure:
        """Return the reference on one host for each environment; those of Production are in the cloud."""
        reference = modelled("reference")
        environments = tuple(self._environment(environment) for environment in reference.environments)
        return replace(reference, name="fortnight", environments=environments)

    def _environment(self, environment: ModelledEnvironment) -> ModelledEnvironment:
        hosts = tuple(self._host(host) for host in environment.hosts if host.name in MACHINES)
        return replace(environment, hosting=Hosting.ON_PREMISES if hosts else Hosting.CLOUD, hosts=hosts)

    def _host(self, host: ModelledHost) -> ModelledHost:
        return replace(
            host,
            machine=self._machine(host.name),
            transport=ModelledTransport.SSH if host.name == "lt-1" else ModelledTransport.WINRM,
            reach=Reach.TIMEOUT if host.name in self._unread else Reach.OK,
        )

    def _machine(self, host: str) -> Machine:
        model = {
            "extends": str(bundled.machines_folder() / MACHINES[host]),
            "clock": {"offset_seconds": self._ahead},
            **self._drift.get(host, {}),
        }
        file = self._models / f"{host}.yaml"
        file.write_text(yaml.safe_dump(model), encoding="utf-8")
        return load_machine(file)
