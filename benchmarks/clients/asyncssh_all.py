"""asyncssh and nothing else: one connection, one short script and one answer for each host, so many at a time."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import asyncssh


async def ask(host: dict[str, Any], fleet: dict[str, Any], key: asyncssh.SSHKey, most: asyncio.Semaphore) -> None:
    """Read one host, whose key alone the client is given."""
    known: Any = ([asyncssh.import_public_key(f"ssh-ed25519 {host['host_key']}")], [], [])
    async with (
        most,
        asyncssh.connect(
            host["address"], host["port"], username=fleet["user"], client_keys=[key], known_hosts=known, config=None,
            agent_path=None, connect_timeout=60, login_timeout=60,
        ) as connection,
    ):  # fmt: skip
        script = b"#" * (fleet["script_bytes"] - 1) + b"\n"
        done = await connection.run("sh -s", input=script, encoding=None)
        if len(done.stdout or b"") < fleet["least_bytes"]:
            raise RuntimeError(f"{host['address']} answered {len(done.stdout or b'')} bytes")


async def main() -> None:
    """Read all hosts of the file, as many at a time as the second argument says."""
    fleet = json.loads(Path(sys.argv[1]).read_text())
    key = asyncssh.read_private_key(fleet["key"])
    most = asyncio.Semaphore(int(sys.argv[2]))
    await asyncio.gather(*(ask(host, fleet, key, most) for host in fleet["hosts"]))


if __name__ == "__main__":
    asyncio.run(main())
