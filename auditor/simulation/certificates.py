"""Certificates for simulated servers and their clients: good ones, and ones with a single thing wrong."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LOOPBACK = ("localhost", "127.0.0.1")


@dataclass(frozen=True, slots=True)
class IssuedCertificate:
    """A certificate and its key, as PEM files."""

    certificate_file: Path
    key_file: Path


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority whose own certificate is in `file` (PEM)."""

    folder: Path
    file: Path
    _certificate: x509.Certificate = field(repr=False)
    _key: ec.EllipticCurvePrivateKey = field(repr=False)

    @classmethod
    def create(cls, folder: Path, name: str = "Simulated Authority") -> Authority:
        """Make an authority in this folder."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _name(name)
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        certificate = (
            _lasting(_builder(subject, subject, key), timedelta(days=-1), timedelta(days=30))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        file = folder / f"{_file_name(name)}.pem"
        file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        return cls(folder, file, certificate, key)

    def issue(
        self,
        names: Sequence[str] = LOOPBACK,
        *,
        starts: timedelta = timedelta(days=-1),
        ends: timedelta = timedelta(days=7),
    ) -> IssuedCertificate:
        """Issue a server's certificate for DNS names and addresses; `starts` and `ends` count from now.

        An expired one ends before now; one for another host has other names.
        """
        return self._issued(names[0], names, starts, ends, ExtendedKeyUsageOID.SERVER_AUTH)

    def issue_for_client(self, account: str) -> IssuedCertificate:
        """Issue a client certificate whose common name is the account that it signs in."""
        lasting = (timedelta(days=-1), timedelta(days=7))
        return self._issued(account, (), *lasting, ExtendedKeyUsageOID.CLIENT_AUTH)

    def _issued(
        self, name: str, names: Sequence[str], starts: timedelta, ends: timedelta, purpose: x509.ObjectIdentifier
    ) -> IssuedCertificate:
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _lasting(_builder(_name(name), self._certificate.subject, key), starts, ends)
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False).add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False
        )
        if names:
            builder = builder.add_extension(_alternatives(names), critical=False)
        return _written(self.folder, name, builder.sign(self._key, hashes.SHA256()), key)


def self_signed(folder: Path, names: Sequence[str] = LOOPBACK) -> IssuedCertificate:
    """Make a certificate that vouches for itself, as a new WinRM listener has."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _name(names[0])
    builder = _lasting(_builder(subject, subject, key), timedelta(days=-1), timedelta(days=7))
    builder = builder.add_extension(_alternatives(names), critical=False)
    return _written(folder, f"self-signed {names[0]}", builder.sign(key, hashes.SHA256()), key)


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
    )


def _lasting(builder: x509.CertificateBuilder, starts: timedelta, ends: timedelta) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return builder.not_valid_before(now + min(starts, ends - timedelta(days=1))).not_valid_after(now + ends)


def _alternatives(names: Sequence[str]) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName([_alternative(name) for name in names])


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _written(
    folder: Path, name: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey
) -> IssuedCertificate:
    # The serial number keeps apart certificates of one name.
    stem = f"{_file_name(name)}-{certificate.serial_number:x}"[:80]
    issued = IssuedCertificate(folder / f"{stem}.pem", folder / f"{stem}.key")
    issued.certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    issued.key_file.touch(mode=0o600)
    issued.key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return issued


def _file_name(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9.-]+", "-", name).strip("-")
