"""pywinrm's Protocol and nothing else: a pool of threads, one shell and one script on standard input for each host."""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from winrm.protocol import Protocol

START_UP = (
    'powershell.exe -NoLogo -NoProfile -NonInteractive -Command "& ([scriptblock]::Create([Console]::In.ReadToEnd()))"'
)
END = b"-----END OSAUDIT ANSWER-----"


def ask(port: int, fleet: dict[str, Any], script: bytes) -> None:
    """Read one host."""
    authority = fleet["authority"]
    protocol = Protocol(
        f"{'https' if authority else 'http'}://127.0.0.1:{port}/wsman",
        transport="ntlm",
        username=fleet["user"],
        password=fleet["password"],
        message_encryption="auto",
        ca_trust_path=authority,
        proxy=None,
        read_timeout_sec=60,
        operation_timeout_sec=50,
    )
    shell = protocol.open_shell(codepage=65001)
    command = protocol.run_command(shell, START_UP, console_mode_stdin=False)
    protocol.send_command_input(shell, command, script, end=True)
    answer, _, _ = protocol.get_command_output(shell, command)
    protocol.cleanup_command(shell, command)
    protocol.close_shell(shell)
    if END not in answer:
        raise RuntimeError(f"port {port} answered {answer!r}")


def main() -> None:
    """Read all hosts of the file, as many at a time as the second argument says."""
    fleet = json.loads(Path(sys.argv[1]).read_text())
    script = Path(fleet["script"]).read_bytes()
    with ThreadPoolExecutor(int(sys.argv[2])) as pool:
        list(pool.map(lambda port: ask(port, fleet, script), fleet["ports"]))


if __name__ == "__main__":
    main()
