"""The certificates that the server shows for HTTPS, and who issued them."""

from __future__ import annotations

import contextlib
import functools
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from auditor.collectors.base import Collector, FactMap, Observations
from auditor.collectors.reading import IllTyped, fact, flag, items, member, one_line, text
from auditor.collectors.rights import CERTIFICATES
from auditor.model.known_facts import HTTPS_BINDINGS, Authority, Certificate, HttpsBinding
from auditor.model.question import Platform, Question, Verb

# The store of the authorities of Microsoft's programme, which Windows fills by itself.
_PUBLIC_STORE = "authroot"
_DEEPEST_CHAIN = 10

SHOWN = Question(
    id="certificates.shown",
    verb=Verb.CERTIFICATE,
    platform=Platform.WINDOWS,
    why="Tells which certificates Windows shows for HTTPS, how long they are valid, and which authority issued them.",
    rights=CERTIFICATES,
)


@dataclass(frozen=True, slots=True)
class _Stored:
    store: str
    thumbprint: str
    private_key: bool
    certificate: Any


def read(observations: Observations) -> FactMap:
    """Give what is shown under each address or name."""
    return fact(observations, HTTPS_BINDINGS, lambda answers: _bindings(answers.whole(SHOWN)))


def _bindings(value: Any) -> tuple[HttpsBinding, ...]:
    stored = [_stored(row) for row in items(member(value, "certificates"))]
    found = []
    for row in items(member(value, "bindings")):
        thumbprint, store = text(member(row, "thumbprint")), text(member(row, "store"))
        own = [
            item
            for item in stored
            if item.thumbprint.casefold() == thumbprint.casefold() and item.store.casefold() == store.casefold()
        ]
        found.append(
            HttpsBinding(
                endpoint=text(member(row, "endpoint")),
                central=text(member(row, "kind")).casefold() == "sslccsbindinginfo",
                certificate=_certificate(own[0], stored) if own else None,
            )
        )
    return tuple(sorted(found, key=lambda item: item.endpoint.casefold()))


def _stored(row: Any) -> _Stored:
    from cryptography import x509  # here, because it is only needed where certificates are

    try:
        certificate = x509.load_der_x509_certificate(bytes.fromhex(str(member(row, "raw"))))
        # What is damaged inside shows only when it is asked for.
        _ = certificate.subject, certificate.issuer, certificate.not_valid_after_utc, certificate.not_valid_before_utc
    except ValueError:
        raise IllTyped("a certificate that cannot be read") from None
    return _Stored(
        text(member(row, "store")), text(member(row, "thumbprint")), flag(member(row, "private_key")), certificate
    )


def _certificate(own: _Stored, stored: Sequence[_Stored]) -> Certificate:
    certificate = own.certificate
    return Certificate(
        subject=one_line(certificate.subject.rfc4514_string()),
        issuer=one_line(certificate.issuer.rfc4514_string()),
        starts=certificate.not_valid_before_utc,
        ends=certificate.not_valid_after_utc,
        authority=_authority(own, stored),
        has_private_key=own.private_key,
    )


def _authority(own: _Stored, stored: Sequence[_Stored]) -> str:
    """Return who vouches for a certificate, by every chain that the certificates of this server allow.

    A chain ends at a certificate that issued itself, or below an authority that every browser brings along.
    """
    if _is_issued_by(own.certificate, own.certificate):
        return Authority.SELF_SIGNED
    ends: set[str] = set()
    level, seen = [own], {own.certificate}
    for _ in range(_DEEPEST_CHAIN):
        above: list[_Stored] = []
        for item in level:
            if any(_is_issued_by(item.certificate, root) for root in _public_authorities(item.certificate.issuer)):
                ends.add(Authority.PUBLIC)
            for issuer in stored:
                if not _is_issued_by(item.certificate, issuer.certificate):
                    continue
                if _is_issued_by(issuer.certificate, issuer.certificate):
                    ends.add(Authority.PUBLIC if _is_public(issuer) else Authority.PRIVATE)
                elif issuer.certificate not in seen:
                    seen.add(issuer.certificate)
                    above.append(issuer)
        level = above
    for authority in (Authority.PUBLIC, Authority.PRIVATE):
        if authority in ends:
            return authority
    return Authority.NOT_FOUND


def _is_public(root: _Stored) -> bool:
    return root.store.casefold() == _PUBLIC_STORE


def _is_issued_by(certificate: Any, issuer: Any) -> bool:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

    if certificate.issuer != issuer.subject:
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except UnsupportedAlgorithm:
        return True  # the name has to do
    except (InvalidSignature, TypeError, ValueError):
        return False
    return True


def _public_authorities(name: Any) -> Sequence[Any]:
    return _authorities_of_browsers().get(name, ())


@functools.lru_cache(maxsize=1)
def _authorities_of_browsers() -> dict[Any, list[Any]]:
    """Return the authorities that Mozilla trusts, as the package certifi carries them, by name."""
    import certifi
    from cryptography import x509

    found: dict[Any, list[Any]] = {}
    for block in certifi.contents().split("-----END CERTIFICATE-----")[:-1]:
        # One has the serial number 0, which the library warns of today and refuses one day.
        with warnings.catch_warnings(), contextlib.suppress(ValueError):
            warnings.simplefilter("ignore")
            certificate = x509.load_pem_x509_certificate(f"{block}-----END CERTIFICATE-----".encode())
            found.setdefault(certificate.subject, []).append(certificate)
    return found


COLLECTOR = Collector("certificates", Platform.WINDOWS, (SHOWN,), read)
