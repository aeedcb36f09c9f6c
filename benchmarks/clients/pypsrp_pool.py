"""pypsrp's WinRS and nothing else: a pool of threads, one shell and one script on standard input for each host."""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from pypsrp.shell import Process, WinRS
from pypsrp.wsman import WSMan

ARGUMENTS = '-NoLogo -NoProfile -NonInteractive -Command "& ([scriptblock]::Create([Console]::In.ReadToEnd()))"'
END = b"-----END OSAUDIT ANSWER-----"


def ask(port: int, fleet: dict[str, Any], script: bytes) -> None:
    """Read one host."""
    tls = {"ssl": True, "cert_validation": fleet["authority"]} if fleet["authority"] else {"ssl": False}
    with (
        WSMan("127.0.0.1", port=port, auth="ntlm", username=fleet["user"], password=fleet["password"], **tls) as wsman,
        WinRS(wsman, codepage=65001) as shell,
    ):
        process = Process(shell, "powershell.exe", [ARGUMENTS])
        process.begin_invoke()
        process.send(script, end=True)
        process.end_invoke()
        if END not in process.stdout:
            raise RuntimeError(f"port {port} answered {process.stdout!r}")


def main() -> None:
    """Read all hosts of the file, as many at a time as the second argument says."""
    fleet = json.loads(Path(sys.argv[1]).read_text())
    script = Path(fleet["script"]).read_bytes()
    with ThreadPoolExecutor(int(sys.argv[2])) as pool:
        list(pool.map(lambda port: ask(port, fleet, script), fleet["ports"]))


if __name__ == "__main__":
    main()
