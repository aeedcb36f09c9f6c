"""The certificates that the front-ends of an environment show on the port of HTTPS."""

from __future__ import annotations

from dataclasses import dataclass

from auditor.engine.sight import Inapplicable, Sighting, Unknowable, search
from auditor.engine.subjects import Environment, Host
from auditor.model.fact import NotKnown, Reason
from auditor.model.inventory import Role
from auditor.model.known_facts import HTTPS_BINDINGS, Certificate, HttpsBinding

HTTPS_PORT = "443"


@dataclass(frozen=True, slots=True)
class ShownCertificate:
    """A certificate with the host that shows it, and under which address or name."""

    host: str
    endpoint: str
    certificate: Certificate

    @property
    def name(self) -> str:
        """Host and address, for a sentence."""
        return f"{self.host} ({self.endpoint})"


@dataclass(frozen=True, slots=True)
class ShownCertificates:
    """All certificates seen, and which front-ends showed them; not of every host it may be known."""

    found: tuple[ShownCertificate, ...]
    front_ends: Sighting[Host]


def find_shown_certificates(environment: Environment) -> ShownCertificates:
    """Find what the front-ends with Platform Server show on port 443, whichever site it belongs to.

    A binding without a certificate is left to IIS-004. Raises `Unknowable` where HTTPS ends before the servers, and
    `Inapplicable` where there is no front-end or none shows a certificate.
    """
    servers = environment.find_servers()
    front_ends = search((*servers.found, *(host for host, _ in servers.unseen)), is_front_end)
    if not front_ends.found:
        front_ends.demand_complete_sight()
        raise Inapplicable(f"{environment.name} has no front-end that could show a certificate.", because_of="TOPO-016")
    if environment.declared.tls_offloading:
        sentence = (
            f"HTTPS ends before the servers of {environment.name}, as the inventory declares, and this osaudit cannot "
            "ask yet which certificate is shown there."
        )
        raise Unknowable(NotKnown(Reason.SOURCE_NOT_CONFIGURED, sentence))
    found: list[ShownCertificate] = []
    showing = search(front_ends.found, lambda host: _note(host, found))
    seen = Sighting(showing.found, (*showing.unseen, *front_ends.unseen))
    if not found:
        seen.demand_complete_sight()
        sentence = f"No front-end of {environment.name} shows a certificate on port {HTTPS_PORT}."
        raise Inapplicable(sentence, because_of="IIS-004")
    return ShownCertificates(tuple(found), seen)


def is_front_end(host: Host) -> bool:
    """Take the operator's word; ask the services only where no role is declared."""
    return Role.FRONT_END in (host.roles or host.role_reading.intended)


def on_https_port(binding: HttpsBinding) -> bool:
    """Return whether this is for the port of HTTPS: remote administration has ports of its own."""
    return binding.endpoint.rpartition(":")[2] == HTTPS_PORT


def _note(host: Host, found: list[ShownCertificate]) -> bool:
    bindings = [binding for binding in host.fact(HTTPS_BINDINGS) if on_https_port(binding)]
    own = [
        ShownCertificate(host.name, binding.endpoint, binding.certificate)
        for binding in bindings
        if binding.certificate is not None
    ]
    found += own
    if any(binding.central for binding in bindings):
        sentence = f"{host.name} takes certificates from a central store, which is not read."
        raise Unknowable(NotKnown(Reason.SOURCE_NOT_CONFIGURED, sentence))
    return bool(own)
