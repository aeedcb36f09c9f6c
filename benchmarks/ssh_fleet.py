"""Many SSH servers on loopback addresses: real sshd that prints an answer which was made before.

Whoever signs in with the key of an answer gets that answer, whatever command is sent, after its standard input has
been read to the end. So the work of a server is the same for every client, and none of the clients' doing. The key
`plain` runs what it is asked to.
"""

from __future__ import annotations

import contextlib
import json
import shlex
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from auditor.collectors import questions_of
from auditor.model.question import Platform
from auditor.simulation.answering import run_script
from auditor.simulation.infrastructure import ModelledHost, ModelledInfrastructure
from auditor.transports.base import Request
from auditor.transports.document import linux_script, windows_script
from benchmarks.measuring import Peer, tree_cpu
from tests.end_to_end.offline import declared
from tests.peers.openssh import OpenSSHServer, account, free_port, make_key

# The most sockets that one sshd listens on.
ADDRESSES = 16
ANSWER_BYTES = 20_000
SCRIPT_BYTES = 4_000
DIGEST_KEY = b"k" * 32


@dataclass(frozen=True, slots=True)
class Fleet(Peer):
    """The servers: (address, port) of each, the private key for each answer, and the file that knows all of them."""

    folder: Path
    user: str
    places: tuple[tuple[str, int], ...]
    servers: tuple[OpenSSHServer, ...]
    keys: Mapping[str, Path]
    known_hosts: Path

    def cpu(self) -> float:
        """Return the CPU seconds of all servers, as soon as they have no client."""
        return sum(tree_cpu(server.process_id) for server in self.servers)

    def requests(self) -> int:
        """Return how many commands were run."""
        return sum(server.count("Starting session: ") for server in self.servers)

    def described(self, key: str) -> Path:
        """Write what a bare client has to know, as JSON."""
        file = self.folder / f"fleet-{key}.json"
        host_keys = {line.split()[0]: line.split()[2] for line in self.known_hosts.read_text().splitlines()}
        file.write_text(
            json.dumps(
                {
                    "user": self.user,
                    "key": str(self.keys[key]),
                    "known_hosts": str(self.known_hosts),
                    "script_bytes": SCRIPT_BYTES,
                    "least_bytes": ANSWER_BYTES,
                    "hosts": [
                        {"address": address, "port": port, "host_key": host_keys[f"[{address}]:{port}"]}
                        for address, port in self.places
                    ],
                }
            )
        )
        return file

    def inventory(self, key: str, infrastructure: ModelledInfrastructure) -> Path:
        """Write the inventory that reaches the servers as the hosts of an infrastructure."""
        hosts = iter(self.places)

        def row(host: ModelledHost) -> dict[str, object]:
            address, port = next(hosts)
            return {
                "name": host.name,
                "address": address,
                "port": port,
                "transport": "ssh",
                "platform": host.machine.platform.value,
                "roles": sorted(host.roles),
                "user": self.user,
                "key_file": str(self.keys[key]),
                "known_hosts": str(self.known_hosts),
            }

        document = {
            "infrastructure": infrastructure.name,
            "environments": [
                {
                    "name": environment.name,
                    "purpose": environment.purpose.value,
                    "hosts": [row(host) for host in environment.hosts],
                }
                for environment in infrastructure.environments
            ],
        }
        file = self.folder / f"inventory-{key}.yaml"
        # JSON is YAML.
        file.write_text(json.dumps(document))
        return file


@contextmanager
def serving(folder: Path, hosts: int, answers: Mapping[str, tuple[ModelledInfrastructure, float]]) -> Iterator[Fleet]:
    """Serve so many hosts; `answers` are, by the name of a key, whose answers are given, after how many seconds."""
    keys = {name: make_key(folder / f"key-{name}") for name in (*answers, "plain")}
    port = free_port()
    addresses = [f"127.0.{2 + number // 200}.{1 + number % 200}" for number in range(hosts)]
    for name, (infrastructure, seconds) in answers.items():
        _write_answers(folder / name, infrastructure, addresses)
        public = Path(f"{keys[name]}.pub")
        pause = f"sleep {seconds}; " if seconds else ""
        command = f"set -- $SSH_CONNECTION; cat >/dev/null; {pause}cat {shlex.quote(str(folder / name))}/$3"
        public.write_text(f'restrict,command="{command}" {public.read_text()}')
    home = folder / "home"
    home.mkdir()
    home.chmod(0o777)  # the account does not exist yet
    with ExitStack() as stack:
        # What a shell of root reads at its start can cost more than all the rest.
        user = stack.enter_context(account(home))
        servers = []
        for start in range(0, hosts, ADDRESSES):
            first, *others = addresses[start : start + ADDRESSES]
            options = (
                *(f"ListenAddress {address}:{port}" for address in others),
                # It stands for many servers, each of which has the usual bound of its own.
                "MaxStartups 1000",
                "UsePAM no",
            )
            server = OpenSSHServer(
                folder / f"sshd-{start}", address=first, port=port, authorized=tuple(keys.values()), options=options
            )
            servers.append(stack.enter_context(server))
        lines = [
            server.known_hosts_lines(f"[{address}]:{port}")
            for server, start in zip(servers, range(0, hosts, ADDRESSES), strict=True)
            for address in addresses[start : start + ADDRESSES]
        ]
        known_hosts = folder / "known_hosts"
        known_hosts.write_text("".join(lines))
        yield Fleet(
            folder, user.name, tuple((address, port) for address in addresses), tuple(servers), keys, known_hosts
        )


def _write_answers(folder: Path, infrastructure: ModelledInfrastructure, addresses: list[str]) -> None:
    """Write what each host prints: words of greeting up to the wanted size, then its answer document."""
    folder.mkdir()
    inventory = declared(infrastructure)
    known = {host.name: host for host in inventory.hosts}
    for host, address in zip(infrastructure.hosts, addresses, strict=False):
        platform = host.machine.platform
        request = Request(questions_of(known[host.name], inventory, platform), DIGEST_KEY)
        script = (windows_script if platform is Platform.WINDOWS else linux_script)(request, 60, 10)
        printed = run_script(host.machine, script).stdout
        greeting = b"welcome to this server, whose use is watched\n"
        padding = greeting * max(0, -(-(ANSWER_BYTES - len(printed)) // len(greeting)))
        with contextlib.suppress(FileExistsError):
            (folder / address).write_bytes(padding + printed)
