"""Many simulated servers live in one process, and stop at once."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from auditor.simulation.listening import SimulatedServer
from auditor.simulation.options import WSManOptions
from auditor.simulation.wsman_server import serve_wsman
from tests.simulation.wsman_visits import (
    ACCOUNTS,
    pywinrm,
    questions,
    read_answers,
    visit,
    windows_machine,
    windows_text,
)

HOSTS = 60


def test_sixty_servers_on_their_own_addresses_are_visited_at_a_time() -> None:
    machine = windows_machine()
    asked = questions(5)
    text = windows_text(asked)

    def read(server: SimulatedServer) -> int:
        stdout, _, _ = visit(pywinrm(server, host=server.address, read_timeout_sec=30), text)
        return len(read_answers(stdout, asked))

    with ExitStack() as stack:
        servers = [
            stack.enter_context(
                serve_wsman(
                    machine,
                    accounts=ACCOUNTS,
                    address=f"127.0.0.{number + 2}",
                    options=WSManOptions(latency=0.02, command_seconds=0.2),
                )
            )
            for number in range(HOSTS)
        ]
        with ThreadPoolExecutor(16) as pool:
            assert list(pool.map(read, servers)) == [5] * HOSTS
        assert all(server.connections == 1 for server in servers)
        begun = time.monotonic()
    assert time.monotonic() - begun < 5
    names = [thread.name for thread in threading.enumerate()]
    assert not [name for name in names if name.startswith("simulated ")]
