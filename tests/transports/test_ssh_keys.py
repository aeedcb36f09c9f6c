"""Private key files: every reason why one cannot be used has its own sentence, and each is read once."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from auditor.errors import FailureKind, TransportError
from auditor.model.inventory import SSHEndpoint
from auditor.model.question import Platform
from auditor.transports import ssh_keys
from auditor.transports.base import Secrets
from auditor.transports.ssh_keys import KeyRing
from tests.peers.openssh import certify, free_port, make_key
from tests.peers.ssh_visits import failure


def why(path: Path, passphrase: str | None = None) -> str:
    with pytest.raises(TransportError) as caught:
        KeyRing().load("web-1", str(path), passphrase)
    assert caught.value.kind is FailureKind.KEY_UNREADABLE
    assert str(path) in caught.value.sentence
    return caught.value.sentence


def written(path: Path, content: str, mode: int = 0o600) -> Path:
    path.write_text(content)
    path.chmod(mode)
    return path


def test_every_reason_has_its_own_sentence(tmp_path: Path) -> None:
    plain, locked = make_key(tmp_path / "plain"), make_key(tmp_path / "locked", passphrase="open sesame")
    dsa = "-----BEGIN DSA PRIVATE KEY-----\nMAA=\n-----END DSA PRIVATE KEY-----\n"
    reasons = [
        why(tmp_path / "none"),
        why(tmp_path),
        why(locked),
        why(locked, "wrong"),
        why(written(tmp_path / "public", Path(f"{plain}.pub").read_text())),
        why(written(tmp_path / "putty", "PuTTY-User-Key-File-3: ssh-ed25519\n")),
        why(written(tmp_path / "text", "my key\n")),
        why(written(tmp_path / "dsa", dsa)),
        why(written(tmp_path / "cut", plain.read_text()[:120])),
        why(written(tmp_path / "open", plain.read_text(), 0o644)),
    ]
    wanted = (
        "does not exist,is a folder,is encrypted,is wrong,public half,PuTTY,no private key,damaged,damaged,mode 0644"
    )
    assert [word in reason for word, reason in zip(wanted.split(","), reasons, strict=True)] == [True] * 10, reasons
    assert not any("wrong passphrase" in reason or "sesame" in reason for reason in reasons)


def test_keys_in_the_forms_of_openssl_are_read_too(tmp_path: Path) -> None:
    key = rsa.generate_private_key(65537, 2048)
    for form in (serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL):
        for secret in (None, "open sesame"):
            encryption = (
                serialization.BestAvailableEncryption(secret.encode()) if secret else serialization.NoEncryption()
            )
            text = key.private_bytes(serialization.Encoding.PEM, form, encryption).decode()
            assert KeyRing().load("web-1", str(written(tmp_path / "key", text)), secret).plain.get_name() == "ssh-rsa"


def test_a_passphrase_for_a_key_that_needs_none_does_no_harm(tmp_path: Path) -> None:
    key = make_key(tmp_path / "key")
    assert KeyRing().load("web-1", str(key), "not needed").plain.get_name() == "ssh-ed25519"


def test_a_certificate_of_another_kind_of_key_is_said(tmp_path: Path) -> None:
    authority, key, other = make_key(tmp_path / "ca"), make_key(tmp_path / "key"), make_key(tmp_path / "rsa", "rsa")
    certify(authority, other, "root").rename(tmp_path / "key-cert.pub")
    assert "is not a certificate" in why(key)
    (tmp_path / "key-cert.pub").write_text("nonsense\n")
    assert "is not a certificate" in why(key)


def test_a_key_is_read_once_for_all_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = make_key(tmp_path / "key", passphrase="open sesame")
    ring, loaded = KeyRing(), []
    threads = [
        threading.Thread(target=lambda: loaded.append(ring.load("web-1", str(key), "open sesame"))) for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len({id(one) for one in loaded}) == 1
    assert len(loaded) == 12
    # Also once it has gone: nobody reads the file again.
    key.unlink()
    assert ring.load("web-2", str(key), "open sesame") is loaded[0]


def test_a_failure_is_kept_and_told_under_each_name(tmp_path: Path) -> None:
    ring = KeyRing()
    for host in ("web-1", "web-2"):
        with pytest.raises(TransportError) as caught:
            ring.load(host, str(tmp_path / "key"), None)
        assert caught.value.host == host
        make_key(tmp_path / "key") if host == "web-1" else None


def test_a_bad_key_is_said_before_anything_is_connected(tmp_path: Path) -> None:
    endpoint = SSHEndpoint("127.0.0.1", free_port(), "root", Platform.LINUX, key_file=str(tmp_path / "none"))
    assert "does not exist" in failure(FailureKind.KEY_UNREADABLE, endpoint).sentence


def test_no_secret_shows_in_the_text_of_what_holds_it(tmp_path: Path) -> None:
    key = make_key(tmp_path / "key", passphrase="open sesame")
    loaded = KeyRing().load("web-1", str(key), "open sesame")
    assert "sesame" not in repr((loaded, Secrets(key_passphrase="open sesame"), ssh_keys))
