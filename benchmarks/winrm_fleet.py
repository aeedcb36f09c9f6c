"""Many simulated WinRM servers in a process of their own, which counts what it is asked.

`python -m benchmarks.winrm_fleet FOLDER HOSTS http|https` serves until its standard input ends: one line of JSON says
where, and for each line that it reads it prints how many payload messages all servers have got.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from auditor.collectors import questions_for
from auditor.model.question import Platform
from auditor.simulation.certificates import Authority
from auditor.simulation.infrastructure import ModelledInfrastructure, load_infrastructure
from auditor.simulation.options import Step
from auditor.simulation.wsman_server import serve_wsman
from auditor.transports.base import Request
from auditor.transports.document import windows_script
from benchmarks.measuring import ROOT, Peer, tree_cpu

USER, PASSWORD = "EXAMPLE\\auditor", "Planted-Sign-In-7431"
PASSWORD_VARIABLE = "OSAUDIT_BENCHMARK_PASSWORD"  # noqa: S105 - its name
PAYLOAD = (Step.CREATE, Step.COMMAND, Step.SEND, Step.RECEIVE, Step.SIGNAL, Step.DELETE, Step.ENUMERATE, Step.PULL)


@dataclass(frozen=True, slots=True)
class Fleet(Peer):
    """The servers, all on 127.0.0.1, by the name of their host."""

    folder: Path
    ports: dict[str, int]
    authority: Path | None
    process_id: int
    asking: IO[str]
    answering: IO[str]

    def cpu(self) -> float:
        """Return the CPU seconds of all servers."""
        return tree_cpu(self.process_id)

    def requests(self) -> int:
        """Return how many payload messages have come."""
        self.asking.write("\n")
        self.asking.flush()
        return int(self.answering.readline())

    def described(self) -> Path:
        """Write what a bare client has to know, as JSON."""
        script = self.folder / "script.ps1"
        script.write_text(windows_script(Request(tuple(questions_for(Platform.WINDOWS)), b"k" * 32), 120, 30))
        file = self.folder / "fleet.json"
        authority = str(self.authority) if self.authority else None
        file.write_text(
            json.dumps(
                {
                    "user": USER,
                    "password": PASSWORD,
                    "authority": authority,
                    "script": str(script),
                    "ports": list(self.ports.values()),
                }
            )
        )
        return file

    def inventory(self, infrastructure: ModelledInfrastructure) -> Path:
        """Write the inventory that reaches the servers as the hosts of an infrastructure."""
        document = {
            "infrastructure": infrastructure.name,
            "environments": [
                {
                    "name": environment.name,
                    "purpose": environment.purpose.value,
                    "hosts": [
                        {
                            "name": host.name,
                            "address": "127.0.0.1",
                            "port": self.ports[host.name],
                            "roles": sorted(host.roles),
                            "transport": "winrm",
                            "sign_in": "ntlm",
                            "https": self.authority is not None,
                            "user": USER,
                            "password": {"environment": PASSWORD_VARIABLE},
                            **({"ca_file": str(self.authority)} if self.authority else {}),
                        }
                        for host in environment.hosts
                    ],
                }
                for environment in infrastructure.environments
            ],
        }
        file = self.folder / "inventory-winrm.yaml"
        # JSON is YAML.
        file.write_text(json.dumps(document))
        return file


@contextmanager
def serving(folder: Path, infrastructure: Path, *, https: bool) -> Iterator[Fleet]:
    """Serve the hosts of the infrastructure in this folder until the end of the block."""
    folder.mkdir()
    command = [sys.executable, "-m", "benchmarks.winrm_fleet", str(folder), str(infrastructure), str(https)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            place = json.loads(process.stdout.readline())
            authority = Path(place["authority"]) if https else None
            yield Fleet(folder, place["ports"], authority, process.pid, process.stdin, process.stdout)
        finally:
            process.stdin.close()
            process.wait(timeout=30)


def _serve(folder: Path, infrastructure: ModelledInfrastructure, https: bool) -> None:
    with ExitStack() as stack:
        authority = Authority.create(folder)
        certificate = authority.issue() if https else None
        servers = {
            host.name: stack.enter_context(
                serve_wsman(host.machine, accounts={USER: PASSWORD}, https=https, certificate=certificate)
            )
            for host in infrastructure.hosts
        }
        ports = {name: server.port for name, server in servers.items()}
        print(json.dumps({"ports": ports, "authority": str(authority.file)}), flush=True)
        for _ in sys.stdin:
            print(sum(server.requests[step] for server in servers.values() for step in PAYLOAD), flush=True)


if __name__ == "__main__":
    _serve(Path(sys.argv[1]), load_infrastructure(Path(sys.argv[2])), sys.argv[3] == "True")
