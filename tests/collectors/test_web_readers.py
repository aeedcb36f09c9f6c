"""What is read of the certificates that a server shows, and of the answers of its own web site."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import certifi
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from auditor.collectors import certificates, read_facts
from auditor.model.fact import FactKey, Known, NotKnown, Reason
from auditor.model.known_facts import (
    HTTPS_BINDINGS,
    SERVER_API_PAGE,
    SERVER_IDENTITY_PAGE,
    SERVICE_CENTER_PAGE,
    Authority,
    Certificate,
    HttpsBinding,
    PageAnswer,
)
from auditor.model.question import Answer, Outcome, Platform
from tests.detection.modelled_hosts import visit

STARTS, ENDS = datetime(2025, 1, 1, tzinfo=UTC), datetime(2035, 1, 1, tzinfo=UTC)


def read(key: FactKey[Any], question: str, value: Any, *, complete: bool = True) -> Known[Any] | NotKnown:
    answer = Answer(question, Outcome.OK, value, complete=complete)
    return read_facts(visit({question: answer}, Platform.WINDOWS)).get(key)


def named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


KEYS = {name: Ed25519PrivateKey.generate() for name in ("portal", "issuing", "other", "root", "cross")}


def made(
    subject: str | x509.Name, issuer: str | x509.Name, own: str | None = None, signed_by: str | None = None
) -> x509.Certificate:
    """Return a certificate; its key and the key that signs are called after subject and issuer, or as told."""
    subject_name = named(subject) if isinstance(subject, str) else subject
    issuer_name = named(issuer) if isinstance(issuer, str) else issuer
    return (
        x509.CertificateBuilder()
        .subject_name(subject_name)
        .issuer_name(issuer_name)
        .public_key(KEYS[own or str(subject)].public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(STARTS)
        .not_valid_after(ENDS)
        .sign(KEYS[signed_by or str(issuer)], None)
    )


def thumbprint(certificate: x509.Certificate) -> str:
    return certificate.fingerprint(hashes.SHA1()).hex().upper()


def stored(certificate: x509.Certificate, store: str, *, private_key: bool = False) -> dict[str, Any]:
    raw = certificate.public_bytes(Encoding.DER).hex()
    return {"store": store, "thumbprint": thumbprint(certificate), "private_key": private_key, "raw": raw}


def bound(certificate: x509.Certificate, endpoint: str = "0.0.0.0:443", store: str = "MY") -> dict[str, str]:
    return {"kind": "SslBindingInfo", "endpoint": endpoint, "thumbprint": thumbprint(certificate), "store": store}


def shown(*rows: dict[str, Any], bindings: list[dict[str, str]]) -> tuple[HttpsBinding, ...]:
    fact = read(HTTPS_BINDINGS, "certificates.shown", {"bindings": bindings, "certificates": list(rows)})
    assert isinstance(fact, Known), fact
    value: tuple[HttpsBinding, ...] = fact.value
    return value


def authority(own: x509.Certificate, *others: dict[str, Any]) -> str:
    (binding,) = shown(stored(own, "MY"), *others, bindings=[bound(own)])
    assert binding.certificate is not None
    return binding.certificate.authority


PORTAL, ISSUING, ROOT = made("portal", "issuing"), made("issuing", "root"), made("root", "root")


@pytest.fixture
def trust(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[x509.Certificate], None]]:
    """Put one authority into the list of those that browsers trust: nobody can sign for the real ones."""

    def only(root: x509.Certificate) -> None:
        monkeypatch.setattr(certifi, "contents", lambda: f"# a comment\n{root.public_bytes(Encoding.PEM).decode()}\n")
        certificates._authorities_of_browsers.cache_clear()

    yield only
    monkeypatch.undo()
    certificates._authorities_of_browsers.cache_clear()


def test_a_certificate_is_read_with_its_names_dates_and_key() -> None:
    (binding,) = shown(stored(PORTAL, "MY", private_key=True), bindings=[bound(PORTAL, "[::]:443")])

    assert binding == HttpsBinding(
        "[::]:443", False, Certificate("CN=portal", "CN=issuing", STARTS, ENDS, Authority.NOT_FOUND, True)
    )


def test_a_chain_to_an_authority_of_microsofts_programme_is_public() -> None:
    rows = (stored(ISSUING, "CA"), stored(ROOT, "AuthRoot"), stored(ROOT, "Root"))
    assert authority(PORTAL, *rows) == authority(PORTAL, *reversed(rows)) == Authority.PUBLIC


def test_a_chain_to_a_root_that_only_this_server_trusts_is_private() -> None:
    assert authority(PORTAL, stored(ISSUING, "CA"), stored(ROOT, "Root")) == Authority.PRIVATE


def test_a_certificate_that_issued_itself_is_self_signed_whoever_trusts_it() -> None:
    own = made("portal", "portal")
    assert authority(own) == authority(own, stored(own, "Root"), stored(own, "AuthRoot")) == Authority.SELF_SIGNED


def test_a_chain_that_is_not_whole_has_no_authority() -> None:
    assert authority(PORTAL) == Authority.NOT_FOUND
    assert authority(PORTAL, stored(ISSUING, "CA")) == Authority.NOT_FOUND
    assert authority(PORTAL, stored(ROOT, "AuthRoot")) == Authority.NOT_FOUND


def test_an_issuer_of_the_same_name_with_another_key_is_another_one() -> None:
    namesake = made("root", "root", own="other", signed_by="other")

    assert authority(PORTAL, stored(ISSUING, "CA"), stored(namesake, "AuthRoot")) == Authority.NOT_FOUND
    assert authority(
        PORTAL, stored(ISSUING, "CA"), stored(namesake, "AuthRoot"), stored(ROOT, "Root")
    ) == Authority.PRIVATE  # fmt: skip


def test_one_of_two_chains_suffices() -> None:
    crossed = made("issuing", "cross")

    rows = [
        stored(ISSUING, "CA"),
        stored(ROOT, "Root"),
        stored(crossed, "CA"),
        stored(made("cross", "cross"), "AuthRoot"),
    ]
    assert authority(PORTAL, *rows) == authority(PORTAL, *reversed(rows)) == Authority.PUBLIC


def test_issuers_that_vouch_for_each_other_end_nowhere() -> None:
    assert authority(PORTAL, stored(made("issuing", "root"), "CA"), stored(made("root", "issuing"), "CA")) == (
        Authority.NOT_FOUND
    )


def test_an_authority_that_browsers_bring_along_need_not_be_on_the_server(
    trust: Callable[[x509.Certificate], None],
) -> None:
    trust(ROOT)

    assert authority(PORTAL, stored(ISSUING, "CA")) == Authority.PUBLIC
    assert authority(ISSUING) == Authority.PUBLIC
    assert authority(PORTAL) == Authority.NOT_FOUND


def test_the_authorities_that_browsers_bring_along_can_be_read() -> None:
    known = certificates._authorities_of_browsers()

    assert sum(len(roots) for roots in known.values()) == certifi.contents().count("BEGIN CERTIFICATE") > 100


def test_the_name_of_a_real_authority_alone_makes_nothing_public() -> None:
    name = next(iter(certificates._authorities_of_browsers()))
    forged = made("portal", name, signed_by="other")
    forger = made(name, name, own="other", signed_by="other")

    assert authority(forged) == Authority.NOT_FOUND
    assert authority(forged, stored(forger, "Root")) == Authority.PRIVATE


def test_a_certificate_belongs_to_the_store_of_its_binding() -> None:
    in_my = [stored(PORTAL, "My")]
    assert shown(*in_my, bindings=[bound(PORTAL)])[0].certificate is not None
    assert shown(*in_my, bindings=[bound(PORTAL, store="WebHosting")])[0].certificate is None
    assert shown(*in_my, bindings=[bound(ISSUING)])[0].certificate is None


def test_a_central_store_shows_no_certificate_of_this_server() -> None:
    central = {"kind": "SslCcsBindingInfo", "endpoint": "*:443", "thumbprint": "", "store": "MY"}
    by_name = bound(PORTAL, "portal.corp.example:443") | {"kind": "SslSniBindingInfo"}

    first, second = shown(stored(PORTAL, "MY"), bindings=[by_name, central])

    assert (first.endpoint, first.central, first.certificate) == ("*:443", True, None)
    assert (second.central, second.certificate is None) == (False, False)


def test_a_server_without_https_shows_nothing() -> None:
    assert shown(bindings=[]) == ()


@pytest.mark.parametrize("raw", ["00", "3003020101", "zz", "", PORTAL.public_bytes(Encoding.DER).hex()[:-8]])
def test_a_certificate_that_cannot_be_read_proves_nothing(raw: str) -> None:
    row = stored(PORTAL, "MY") | {"raw": raw}
    fact = read(HTTPS_BINDINGS, "certificates.shown", {"bindings": [bound(PORTAL)], "certificates": [row]})

    assert isinstance(fact, NotKnown)
    assert fact.reason is Reason.PARSE_ERROR


def test_a_list_of_certificates_that_was_cut_proves_nothing() -> None:
    value: dict[str, Any] = {"bindings": [], "certificates": []}
    fact = read(HTTPS_BINDINGS, "certificates.shown", value, complete=False)

    assert isinstance(fact, NotKnown)


PAGES = {
    "local_web.service_center": SERVICE_CENTER_PAGE,
    "local_web.server_api": SERVER_API_PAGE,
    "local_web.server_identity": SERVER_IDENTITY_PAGE,
}


@pytest.mark.parametrize(("question", "key"), PAGES.items())
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"status": 200, "location": "", "problem": ""}, PageAnswer(200, "", "")),
        ({"status": 301, "location": "https://a/\nb", "problem": ""}, PageAnswer(301, "https://a/ b", "")),
        ({"status": 403, "location": "", "problem": "ProtocolError"}, PageAnswer(403, "", "ProtocolError")),
        ({"status": None, "location": "", "problem": "Timeout"}, PageAnswer(None, "", "Timeout")),
    ],
)
def test_the_answer_of_a_page_is_read(
    question: str, key: FactKey[PageAnswer], value: dict[str, Any], expected: PageAnswer
) -> None:
    assert read(key, question, value) == Known(expected, (question,))


@pytest.mark.parametrize(
    "value",
    [
        {"status": "x", "location": "", "problem": ""},
        {"status": True, "location": "", "problem": ""},
        {"status": 200, "location": None, "problem": ""},
        {"status": 200, "location": ""},
        [],
        None,
    ],
)
def test_a_damaged_answer_of_a_page_is_no_answer(value: Any) -> None:
    fact = read(SERVICE_CENTER_PAGE, "local_web.service_center", value)

    assert isinstance(fact, NotKnown)
    assert fact.reason is Reason.PARSE_ERROR


def test_a_page_that_was_not_asked_for_is_not_known() -> None:
    answer = Answer("local_web.service_center", Outcome.FAILED, detail="only a plain path is asked for")
    facts = read_facts(visit({"local_web.service_center": answer}, Platform.WINDOWS))

    assert isinstance(facts.get(SERVICE_CENTER_PAGE), NotKnown)
