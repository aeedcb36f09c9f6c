"""What arrives from a host is kept free of secrets, and each digest with the name of its key."""

from __future__ import annotations

from auditor.collectors import questions_for, read_facts
from auditor.collectors.redaction import MARK
from auditor.errors import FailureKind
from auditor.model.fact import Known
from auditor.model.inventory import Asked, Host, Inventory, WinRMEndpoint, WinRMSignIn
from auditor.model.known_facts import PRIVATE_KEY_DIGEST
from auditor.model.observation import Visit
from auditor.model.question import Answer, Outcome, Platform, Verb
from auditor.scanning import Bounds, arrived, new_digest_key, visit_all
from auditor.settings.credentials import CredentialError
from auditor.transports.base import Limits, Secrets
from auditor.transports.opening import Connections
from tests.detection.modelled_hosts import NOW, visit

(DIGEST,) = (question.id for question in questions_for(Platform.WINDOWS) if question.verb is Verb.DIGEST)
VALUE = {"path": "C:\\private.key", "size": 48, "digest": "ab" * 32}


def digest_fact(key: bytes) -> object:
    kept = arrived({DIGEST: Answer(DIGEST, Outcome.OK, dict(VALUE))}, key)
    fact = read_facts(visit(kept, Platform.WINDOWS)).get(PRIVATE_KEY_DIGEST)
    assert isinstance(fact, Known), fact
    return fact.value


def test_digests_of_one_key_compare_and_those_of_two_keys_never_do() -> None:
    first, second = new_digest_key(), new_digest_key()
    assert digest_fact(first) == digest_fact(first)
    assert digest_fact(first) != digest_fact(second)


def test_the_name_of_a_key_tells_nothing_of_the_key() -> None:
    key = bytes(range(32))
    name, _, digest = str(digest_fact(key)).partition(":")
    assert digest == VALUE["digest"]
    assert len(name) == 8
    assert name not in key.hex()


def test_a_digest_that_was_not_had_gets_no_name() -> None:
    missing, denied = Answer(DIGEST, Outcome.MISSING), Answer(DIGEST, Outcome.DENIED, detail="access denied")
    assert arrived({DIGEST: missing}, b"k") == {DIGEST: missing}
    assert arrived({DIGEST: denied}, b"k") == {DIGEST: denied}


def test_other_answers_are_kept_as_they_are_but_for_secrets() -> None:
    answer = Answer("hardware.volumes", Outcome.OK, {"rows": [{"Name": "C:"}]})
    secret = Answer("hardware.bios", Outcome.OK, {"rows": [{"Name": "password=Planted-7"}]})
    kept = arrived({secret.question: secret, answer.question: answer}, b"k")
    assert kept == {
        "hardware.bios": Answer("hardware.bios", Outcome.OK, {"rows": [{"Name": MARK}]}),
        "hardware.volumes": answer,
    }
    assert list(kept) == sorted(kept)


def test_every_secret_is_fetched_before_the_first_visit_and_a_host_without_its_secret_is_not_contacted() -> None:
    hosts = [
        Host(name, None, WinRMEndpoint("127.0.0.1", 9, False, WinRMSignIn.NTLM, "auditor")) for name in ("a-1", "b-1")
    ]
    inventory = Inventory("Example", (), tuple(hosts))
    asked: list[str] = []

    def secrets(host: Asked) -> Secrets:
        asked.append(host.name)
        if host.name == "a-1":
            raise CredentialError("A secret could not be had: it is elsewhere.")
        return Secrets(password="x")

    with Connections(Limits(connect=1.0)) as connections:
        visits = visit_all(hosts, inventory, connections, secrets, Bounds(5.0), clock=lambda: NOW, digest_key=b"k")
        assert asked == ["a-1", "b-1"]
        ended: list[Visit] = list(visits)

    kinds = {visit.host: visit.failure.kind for visit in ended if visit.failure}
    assert kinds == {"a-1": FailureKind.CREDENTIAL_UNAVAILABLE, "b-1": FailureKind.REFUSED}
    assert ended[0].host == "a-1"
