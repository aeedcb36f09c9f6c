"""Visits to a simulated LifeTime over real HTTPS."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auditor.collectors.lifetime import questions_of_lifetime
from auditor.model.inventory import Hosting, LifeTimeApi, Purpose
from auditor.model.question import Question
from auditor.simulation.certificates import Authority
from auditor.simulation.lifetime_model import Access, LifeTimeSection, ModelledLifeTime, Registered
from auditor.simulation.lifetime_server import Answers, LifeTimeOptions, serve_lifetime
from auditor.simulation.listening import SimulatedServer
from auditor.transports.base import Limits, Reply, Request, Secrets
from auditor.transports.lifetime import connect

TOKEN = "Planted-Token-4711.abc"
FAST = Limits(connect=2.0, question=2.0, visit=10.0, pause=0.0)
SECTION = LifeTimeSection.model_validate(
    {
        "roles": {"Administrator": {"otherwise": "Full Control", "manage_infrastructure": True}, "Developer": {}},
        "teams": ["Billing"],
        "users": {
            "o.perez": {"role": "Administrator"},
            "d.moreau@corp.example": {"role": "Developer", "teams": {"Billing": "Developer"}},
        },
        "applications": {"Invoices": {"team": "Billing"}},
    }
)


def environment(name: str, purpose: Purpose = Purpose.OTHER) -> Registered:
    return Registered(name, purpose, Hosting.ON_PREMISES, f"{name.lower()}.example.com", 1, "11.43.0.51000")


ENVIRONMENTS = [environment("Development", Purpose.DEVELOPMENT), environment("Production", Purpose.PRODUCTION)]


def model(access: Access = Access.FULL, environments: list[Registered] | None = None) -> ModelledLifeTime:
    section = SECTION.model_copy(update={"access": access})
    return ModelledLifeTime(section, ENVIRONMENTS if environments is None else environments)


@dataclass(frozen=True)
class Served:
    """A running LifeTime, and how it is asked."""

    server: SimulatedServer
    api: LifeTimeApi

    def ask(
        self, questions: tuple[Question, ...] | None = None, token: str | None = TOKEN, limits: Limits = FAST
    ) -> Reply:
        """Visit it once."""
        with connect(self.api, Secrets(token=token), limits) as transport:
            return transport.ask(Request(questions_of_lifetime(self.api) if questions is None else questions))


@contextmanager
def lifetime(
    folder: Path,
    answers: Answers | None = None,
    options: LifeTimeOptions | None = None,
    **asked: Any,
) -> Iterator[Served]:
    """Serve a LifeTime whose authority is trusted."""
    authority = Authority.create(folder)
    with serve_lifetime(answers or model(), token=TOKEN, certificate=authority.issue(), options=options) as server:
        given = {"url": f"https://127.0.0.1:{server.port}", "ca_file": str(authority.file), **asked}
        yield Served(server, LifeTimeApi(**given))
