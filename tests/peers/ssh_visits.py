"""Visits over SSH as a scan makes them, with bounds short enough for tests."""

from __future__ import annotations

from dataclasses import replace

import pytest

from auditor.errors import FailureKind, TransportError
from auditor.model.inventory import SSHEndpoint
from auditor.model.question import Platform, Question, Verb
from auditor.transports import ssh
from auditor.transports.base import Limits, Reply, Request, Secrets
from tests.peers.openssh import OpenSSHServer

LIMITS = Limits(connect=3.0, sign_in=10.0, question=5.0, visit=30.0)
NO_SECRETS = Secrets()


def clock_request(platform: Platform = Platform.LINUX) -> Request:
    """Return a request with the one question that every host can answer."""
    return Request((Question("time", Verb.CLOCK, platform, "to compare clocks", "none"),))


def endpoint_of(server: OpenSSHServer, **changes: object) -> SSHEndpoint:
    """Return an endpoint for the server, whose host keys are known."""
    plain = SSHEndpoint(server.address, server.port, "root", Platform.LINUX, known_hosts=str(server.known_hosts()))
    return replace(plain, **changes)  # type: ignore[arg-type]


def visit(
    endpoint: SSHEndpoint,
    secrets: Secrets = NO_SECRETS,
    limits: Limits = LIMITS,
    request: Request | None = None,
    gate: ssh.SignInGate | None = None,
) -> Reply:
    """Make one visit to the host `web-1`."""
    with (
        gate or ssh.SignInGate(pause=0.3) as shared,
        ssh.connect("web-1", endpoint, secrets, limits, keys=ssh.KeyRing(), gate=shared) as transport,
    ):
        return transport.ask(request or clock_request(endpoint.platform))


def failure(
    kind: FailureKind,
    endpoint: SSHEndpoint,
    secrets: Secrets = NO_SECRETS,
    limits: Limits = LIMITS,
    request: Request | None = None,
    gate: ssh.SignInGate | None = None,
) -> TransportError:
    """Make one visit that must fail in this way, and return why."""
    with pytest.raises(TransportError) as caught:
        visit(endpoint, secrets, limits, request, gate)
    assert (caught.value.kind, caught.value.host) == (kind, "web-1"), caught.value
    assert caught.value.sentence.endswith((".", ":", "'")) or "hosts trust" in caught.value.sentence
    return caught.value
