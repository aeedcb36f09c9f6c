"""A whole modelled infrastructure on loopback addresses, with the inventory that reaches it."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from auditor.model.inventory import LIFETIME_API
from auditor.model.question import Platform
from auditor.simulation.certificates import Authority
from auditor.simulation.infrastructure import ModelledHost, ModelledInfrastructure, ModelledTransport, Reach
from auditor.simulation.lifetime_model import Access, ModelledLifeTime
from auditor.simulation.lifetime_server import LifeTimeOptions, serve_lifetime
from auditor.simulation.listening import SimulatedServer
from auditor.simulation.machine import Machine
from auditor.simulation.options import SSHOptions, Step, WSManOptions, hang
from auditor.simulation.ssh_server import serve_ssh
from auditor.simulation.wsman_server import serve_wsman

USER = "auditor"
KNOWN_HOSTS = "known_hosts"


class _Stage:
    """A machine that can be replaced by another while its server runs."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    @property
    def name(self) -> str:
        return self.machine.name

    @property
    def platform(self) -> Platform:
        return self.machine.platform

    @property
    def language_mode(self) -> str:
        return self.machine.language_mode

    def answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return self.machine.answer(request)

    def wql(self, namespace: str, query: str) -> list[dict[str, Any]]:
        return self.machine.wql(namespace, query)

    def registry_method(self, method: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        return self.machine.registry_method(method, arguments)


class _LifeTimeStage:
    """A LifeTime that can be replaced by another while its server runs."""

    def __init__(self, model: ModelledLifeTime) -> None:
        self.model = model

    @property
    def access(self) -> Access:
        return self.model.access

    def answer(self, path: str) -> tuple[int, Any]:
        return self.model.answer(path)


class ServedInfrastructure:
    """The running servers of a modelled infrastructure, by host name."""

    def __init__(
        self,
        infrastructure: ModelledInfrastructure,
        folder: Path,
        password: str,
        options: Mapping[str, WSManOptions],
        otherwise: WSManOptions,
        lifetime_options: LifeTimeOptions | None = None,
    ) -> None:
        self._infrastructure = infrastructure
        self._folder = folder
        self._password = password
        self._options = options
        self._otherwise = otherwise
        self._stages: dict[str, _Stage] = {}
        self._running: dict[str, ExitStack] = {}
        self._ports: dict[str, int] = {}
        self._lifetime = _LifeTimeStage(infrastructure.lifetime) if infrastructure.lifetime else None
        self._lifetime_options = lifetime_options
        self.servers: dict[str, SimulatedServer] = {}

    def start(self) -> None:
        """Start a server for every host."""
        for host in self._infrastructure.hosts:
            self._start(host)
        if self._lifetime is not None:
            stack = self._running[LIFETIME_API] = ExitStack()
            authority = Authority.create(self._folder, LIFETIME_API)
            served = serve_lifetime(
                self._lifetime,
                token=self._password,
                certificate=authority.issue(),
                options=self._lifetime_options,
            )
            self.servers[LIFETIME_API] = stack.enter_context(served)
            self._authority = authority.file.name

    def stop(self) -> None:
        """Stop all servers."""
        for stack in self._running.values():
            stack.close()
        self._running.clear()

    def become(self, later: ModelledInfrastructure) -> None:
        """Let every host be what it is in `later`, at the same place and under the same name."""
        hosts = {host.name: host for host in self._infrastructure.hosts}
        for host in later.hosts:
            self._stages[host.name].machine = host.machine
            if host.reach is not hosts[host.name].reach:
                self._running.pop(host.name).close()
                self._start(host)
        if self._lifetime is not None and later.lifetime is not None:
            self._lifetime.model = later.lifetime
        self._infrastructure = later

    def inventory_text(self) -> str:
        """Return the inventory file that reaches the servers; it must lie in the folder that was given."""
        lines = [f"infrastructure: {json.dumps(self._infrastructure.name)}", "environments:"]
        for environment in self._infrastructure.environments:
            lines.append(f"  - name: {json.dumps(environment.name)}")
            lines.append(f"    purpose: {environment.purpose}")
            lines.append(f"    hosting: {environment.hosting}")
            if environment.address:
                lines.append(f"    address: {environment.address}")
            if environment.tls_offloading:
                lines.append("    tls_offloading: true")
            if environment.hosts:
                lines.append("    hosts:")
            lines.extend(f"      - {self._host_text(host)}" for host in environment.hosts)
        if self._infrastructure.other_hosts:
            lines.append("other_hosts:")
            lines.extend(f"  - {self._host_text(host)}" for host in self._infrastructure.other_hosts)
        if self._lifetime is not None:
            lifetime = {
                "url": f"https://127.0.0.1:{self.servers[LIFETIME_API].port}",
                "token": {"environment": "OSAUDIT_SIMULATION_PASSWORD"},
                "ca_file": self._authority,
            }
            lines.append(f"lifetime: {json.dumps(lifetime)}")
        return "\n".join(lines) + "\n"

    def _host_text(self, host: ModelledHost) -> str:
        # JSON is YAML, and a line per host is easy to read.
        row: dict[str, Any] = {
            "name": host.name,
            "address": "host.invalid" if host.reach is Reach.NAME else "127.0.0.1",
            "port": self._ports[host.name],
            "roles": sorted(host.roles),
            "user": USER,
            "password": {"environment": "OSAUDIT_SIMULATION_PASSWORD"},
        }
        if host.transport is ModelledTransport.SSH:
            row |= {"transport": "ssh", "platform": host.machine.platform.value, "known_hosts": KNOWN_HOSTS}
        else:
            row |= {"transport": "winrm", "sign_in": "ntlm", "https": host.reach is Reach.TLS}
        if host.transport is ModelledTransport.WMI:
            row["reading"] = "wmi"
        if host.passive:
            row["passive"] = True
        if host.aliases:
            row["aliases"] = list(host.aliases)
        return json.dumps(row)

    def _start(self, host: ModelledHost) -> None:
        stage = self._stages.setdefault(host.name, _Stage(host.machine))
        stack = self._running[host.name] = ExitStack()
        port = self._ports.get(host.name, 0)
        if host.reach in (Reach.REFUSED, Reach.NAME):
            # A bound socket that does not listen refuses, and nobody else can take its port.
            bound = stack.enter_context(contextlib.closing(socket.socket()))
            # Connections that ended a moment ago still count as users of the port.
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind(("127.0.0.1", port))
            self._ports[host.name] = bound.getsockname()[1]
            return
        options = self._options.get(host.name, self._otherwise)
        if host.reach is Reach.SILENT:
            options = replace(options, troubles={**options.troubles, Step.CONNECTION: hang()})
        if host.reach is Reach.TIMEOUT:
            options = replace(options, troubles={**options.troubles, Step.RECEIVE: hang()})
        accounts = {USER: self._password}
        if host.transport is ModelledTransport.SSH:
            ssh = SSHOptions(latency=options.latency, command_seconds=options.command_seconds)
            server = stack.enter_context(serve_ssh(stage, accounts=accounts, options=ssh, port=port))
            with (self._folder / KNOWN_HOSTS).open("a", encoding="ascii") as file:
                file.write(server.known_hosts_line)
            self.servers[host.name] = server
        else:
            is_tls = host.reach is Reach.TLS
            served = serve_wsman(stage, accounts=accounts, https=is_tls, options=options, port=port)
            self.servers[host.name] = stack.enter_context(served)
        self._ports[host.name] = self.servers[host.name].port


@contextmanager
def serve_infrastructure(
    infrastructure: ModelledInfrastructure,
    folder: Path,
    *,
    password: str,
    options: Mapping[str, WSManOptions] | None = None,
    otherwise: WSManOptions | None = None,
    lifetime_options: LifeTimeOptions | None = None,
) -> Iterator[ServedInfrastructure]:
    """Serve every host of a modelled infrastructure until the end of the block.

    `folder` gets the known hosts of the SSH servers. `options` are behaviours by host name, `otherwise` that of all
    other hosts. The password belongs to the account `USER`, and is the token of LifeTime's API; the inventory takes it
    from the environment variable OSAUDIT_SIMULATION_PASSWORD.
    """
    served = ServedInfrastructure(
        infrastructure, folder, password, options or {}, otherwise or WSManOptions(), lifetime_options
    )
    try:
        served.start()
        yield served
    finally:
        served.stop()
