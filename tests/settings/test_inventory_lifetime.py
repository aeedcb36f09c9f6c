"""The section of an inventory that says how LifeTime's API is asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from auditor.errors import DocumentError
from auditor.model.inventory import LIFETIME_API, CredentialKind, CredentialReference, LifeTimeApi
from auditor.settings.inventory import load_inventory
from auditor.store.encoding import dump_inventory
from auditor.store.encoding import load_inventory as stored_inventory

Write = Callable[..., Path]
TOKEN = "token: {environment: LIFETIME_TOKEN}"


def inventory(lifetime: str) -> str:
    return (
        f"infrastructure: Example\nlifetime: {lifetime}\nenvironments: [{{name: A, purpose: other, hosting: cloud}}]\n"
    )


def mistake(write: Write, lifetime: str) -> tuple[int | None, str, str]:
    with pytest.raises(DocumentError) as caught:
        load_inventory(write(inventory(lifetime)))
    ((location, sentence),) = caught.value.problems
    return location.line, location.key, sentence


def test_the_section_becomes_an_api_that_is_visited_like_a_host(write: Write, tmp_path: Path) -> None:
    text = f"{{url: 'https://lt.example.com:8443/', {TOKEN}, ca_file: ca.pem, identities: false, pseudonymise: true}}"
    loaded = load_inventory(write(inventory(text)))

    reference = CredentialReference(CredentialKind.ENVIRONMENT, "LIFETIME_TOKEN")
    api = LifeTimeApi("https://lt.example.com:8443", reference, str(tmp_path / "ca.pem"), False, True)
    assert loaded.lifetime == api
    assert loaded.asked == (api,)
    assert api.name == LIFETIME_API
    assert loaded.hosts == ()


def test_without_the_section_only_hosts_are_visited(write: Write) -> None:
    loaded = load_inventory(write(inventory("")))

    assert loaded.lifetime is None
    assert loaded.asked == loaded.hosts


@pytest.mark.parametrize(
    ("lifetime", "key", "sentence"),
    [
        (f"{{{TOKEN}}}", "lifetime.url", "is missing; expected text."),
        ("{url: 'https://lt'}", "lifetime.token", "is missing; expected a group of settings."),
        (
            f"{{url: 'http://lt', {TOKEN}}}",
            "lifetime.url",
            "found http, over which everybody on the way could read the token; expected https.",
        ),
        *(
            (
                f"{{url: '{url}', {TOKEN}}}",
                "lifetime.url",
                "expected an address such as https://lifetime.example.com, without user, path and query.",
            )
            for url in ("lt", "https://lt/lifetime", "https://u:p@lt", "https://lt?x=1", "ftp://lt", "https://lt#x")
        ),
        (
            "{url: 'https://lt', token: Planted}",
            "lifetime.token",
            "a secret may not stand in the file; expected where it is kept, for example "
            "{environment: OSAUDIT_PASSWORD}.",
        ),
        (
            f"{{url: 'https://lt', {TOKEN}, verify_tls: false}}",
            "lifetime.verify_tls",
            "'verify_tls' is not a known key; expected url, token, ca_file, identities, pseudonymise or zone.",
        ),
    ],
)
def test_a_mistake_is_located_and_told_in_a_sentence(write: Write, lifetime: str, key: str, sentence: str) -> None:
    assert mistake(write, lifetime) == (2, key, sentence)


def test_no_host_can_have_the_reserved_name(write: Write) -> None:
    text = f"infrastructure: E\nenvironments: []\nother_hosts: [{{name: {LIFETIME_API}, user: a}}]\n"
    with pytest.raises(DocumentError) as caught:
        load_inventory(write(text))

    assert "other_hosts[0].name" in [location.key for location, _ in caught.value.problems]


def test_the_store_keeps_how_lifetime_is_asked_but_not_where_the_token_is(write: Write) -> None:
    loaded = load_inventory(write(inventory(f"{{url: 'https://lt.example.com', {TOKEN}}}")))

    kept = dump_inventory(loaded)
    assert "LIFETIME_TOKEN" not in repr(kept)
    assert stored_inventory(kept).lifetime == LifeTimeApi("https://lt.example.com")
