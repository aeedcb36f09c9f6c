"""The certificates of a modelled server: which it shows for HTTPS, and who issued them.

They are the same in every run: keys are made from names, and dates are fixed unless a model counts them from its clock.
"""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID

from auditor.model.question import Outcome
from auditor.simulation.machine_clock import ModelledClock
from auditor.simulation.machine_document import MachineDocument
from auditor.simulation.machine_telling import Told

_STARTS = datetime(2025, 1, 1, tzinfo=UTC)
_ENDS = datetime(2049, 12, 31, tzinfo=UTC)
_ADDRESS = "0.0.0.0:443"
_INTERMEDIATE = "Example Issuing Authority"
# The store in which the root of an authority stands; a root of Microsoft's programme stands in both.
_ROOT_STORES = {"public": ("AuthRoot", "Root"), "private": ("Root",)}


@dataclass(frozen=True, slots=True)
class _Made:
    certificate: x509.Certificate

    def row(self, store: str, *, private_key: bool = False) -> dict[str, Any]:
        raw = self.certificate.public_bytes(serialization.Encoding.DER).hex()
        return {"store": store, "thumbprint": self.thumbprint, "private_key": private_key, "raw": raw}

    @property
    def thumbprint(self) -> str:
        return self.certificate.fingerprint(hashes.SHA1()).hex().upper()  # noqa: S303 - Windows names them by it


def certificate_answer(document: MachineDocument, clock: ModelledClock) -> Told:
    """Answer `certificate`: without IIS, or without a certificate, nothing is registered."""
    section = document.iis.certificate if document.iis else None
    if section is None:
        return Told(Outcome.OK, {"bindings": [], "certificates": []})
    name = section.name or f"{document.name}.example.com"
    ends = (
        _ENDS if section.days_left is None else clock.utc().replace(microsecond=0) + timedelta(days=section.days_left)
    )
    root = f"Example {section.authority.capitalize()} Root"
    issuer = name if section.authority == "self-signed" else _INTERMEDIATE
    own = _made(name, issuer, min(_STARTS, ends - timedelta(days=1)), ends)
    binding = {"kind": "SslBindingInfo", "endpoint": _ADDRESS, "thumbprint": own.thumbprint, "store": "MY"}
    rows = [own.row("MY", private_key=section.private_key)] if section.in_store else []
    if section.in_store and section.authority in _ROOT_STORES:
        rows.append(_made(_INTERMEDIATE, root, _STARTS, _ENDS).row("CA"))
        rows += [_made(root, root, _STARTS, _ENDS).row(store) for store in _ROOT_STORES[section.authority]]
    return Told(Outcome.OK, {"bindings": [binding], "certificates": rows})


@functools.lru_cache(maxsize=256)
def _made(name: str, issuer: str, starts: datetime, ends: datetime) -> _Made:
    """Return a certificate signed with the key of its issuer; a name stands for its key."""
    # A serial number of its own for each, and never zero or negative.
    serial = int.from_bytes(hashlib.sha256(f"{name} {issuer} {ends}".encode()).digest()[:16], "big") | 1
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(_key(name).public_key())
        .serial_number(serial)
        .not_valid_before(starts)
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(ca=name != issuer and name == _INTERMEDIATE, path_length=None), True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name.replace(" ", "-"))]), False)
        .sign(_key(issuer), None)
    )
    return _Made(certificate)


def _key(name: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"simulated key of {name}".encode()).digest())
