"""Programs run in turn, so that a busy computer slows all of them: wall time, CPU of the whole tree, memory, the peer.

What a round says is a ratio to the reference of the same round; what is told of several rounds is the median of these
ratios, with the smallest and the largest beside it.
"""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
_LAUNCHER = Path(__file__).parent / "clients" / "launcher.py"
_TICKS = os.sysconf("SC_CLK_TCK")
_SETTLING_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one program: seconds, bytes of its largest process, CPU seconds and requests at the other side."""

    wall: float
    cpu: float
    memory: int
    peer_cpu: float = 0.0
    requests: float = 0.0


class Peer:
    """The other side of a run; this one is none."""

    def cpu(self) -> float:
        """Return the CPU seconds that it has used so far, once it is idle."""
        return 0.0

    def requests(self) -> int:
        """Return how many requests it has got so far."""
        return 0


NO_PEER = Peer()


@dataclass(frozen=True, slots=True)
class Contender:
    """A program of a contest. `codes` are the exit codes of success; `prepare` is called before each run, unmeasured.

    One with `rounds` takes part in that many only, because it is slow; none may take longer than `seconds`.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path = ROOT
    codes: frozenset[int] = frozenset({0})
    prepare: Callable[[], None] = lambda: None
    rounds: int | None = None
    seconds: float = 300.0


def run(contender: Contender, peer: Peer = NO_PEER) -> Run:
    """Run a program to its end; RuntimeError with what it said when it failed.

    The CPU time is that of the process and of all descendants that were waited for, as the kernel counts it.
    """
    contender.prepare()
    peer_before, requests_before = peer.cpu(), peer.requests()
    with tempfile.NamedTemporaryFile("r") as used, tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_LAUNCHER), used.name, *contender.command],
            cwd=contender.folder,
            env={**_environment(), **contender.environment},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
        try:
            code = process.wait(contender.seconds)
        except BaseException:
            # The launcher leads a group of its own.
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        if code not in contender.codes:
            said.seek(0)
            raise RuntimeError(f"{contender.name} ended with {code}: {said.read()[-2000:]}")
        wall, cpu, kilobytes = (float(figure) for figure in used.read().split())
    requests = peer.requests() - requests_before
    return Run(wall, cpu, int(kilobytes) * 1024, peer.cpu() - peer_before, requests)


def contest(contenders: Sequence[Contender], rounds: int, peer: Peer = NO_PEER) -> dict[str, list[Run]]:
    """Run all in turn, so many rounds; every second round in the opposite order."""
    runs: dict[str, list[Run]] = {contender.name: [] for contender in contenders}
    for number in range(rounds):
        for contender in contenders if number % 2 == 0 else reversed(contenders):
            if contender.rounds is None or number < contender.rounds:
                runs[contender.name].append(run(contender, peer))
    return runs


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times what the reference of the same round took: the median, the smallest and the largest."""

    median: float
    least: float
    most: float

    def __str__(self) -> str:
        if f"{self.least:.2f}" == f"{self.most:.2f}":
            return f"{self.median:.2f}"
        return f"{self.median:.2f} ({self.least:.2f} to {self.most:.2f})"


def ratio(ours: Sequence[Run], reference: Sequence[Run], figure: Callable[[Run], float]) -> Ratio:
    """Compare round by round; a program that took part in fewer rounds is compared in these."""
    ratios = [figure(one) / figure(other) for one, other in zip(ours, reference, strict=False)]
    return Ratio(statistics.median(ratios), min(ratios), max(ratios))


def median(runs: Iterable[Run], figure: Callable[[Run], float]) -> float:
    """Return the median of a figure over all rounds."""
    return statistics.median(figure(one) for one in runs)


def tree_cpu(process_id: int) -> float:
    """Return the CPU seconds of a process and of all its children that it has waited for; waits for those at work."""
    end = time.monotonic() + _SETTLING_SECONDS
    while _children(process_id) and time.monotonic() < end:
        time.sleep(0.02)
    # The name in brackets may hold anything.
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    return sum(int(one) for one in fields[11:15]) / _TICKS


def _children(process_id: int) -> bool:
    return any(task.read_text().strip() for task in Path(f"/proc/{process_id}/task").glob("*/children"))


def compile_all() -> None:
    """Compile osaudit and the bare clients, as what is installed is, so that no run pays for it."""
    folders = [ROOT / name for name in ("auditor", "checks", "benchmarks", "tests")]
    subprocess.run([sys.executable, "-m", "compileall", "-q", *folders], env=_environment(), check=True)


def _environment() -> dict[str, str]:
    # Whoever forbids Python to keep what it compiled would measure compiling.
    dropped = ("OSAUDIT_", "ANSIBLE_", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    return {**kept, "PYTHONPATH": str(ROOT)}
