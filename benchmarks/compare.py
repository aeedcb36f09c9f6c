"""osaudit beside what people would use instead, in one run: make bench, or python -m benchmarks.compare.

The peers are real where they can be: OpenSSH's sshd, and the simulated WinRM servers of the tests, all on loopback
addresses. All programs of a table run in turn, several rounds, and what counts is the ratio to the reference of the
same round: a busy computer slows both. `--full` takes 200 hosts instead of 50 and 1,000 servers instead of 200.
`--write` puts the tables of each part into docs/performance.md, between the marks of that part and size.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from auditor.simulation.infrastructure import ModelledInfrastructure, load_infrastructure
from benchmarks import ssh_fleet, store_rows, winrm_fleet
from benchmarks.evaluation import write_infrastructure
from benchmarks.measuring import ROOT, Contender, Run, compile_all, contest, median, ratio
from tests.end_to_end.simulated import modelled

PAGE = ROOT / "docs" / "performance.md"
# Programs that the tests do not need are in an environment of their own, which `make bench` makes.
OTHERS = ROOT / ".venv-bench" / "bin"
THREADS = 64
SLOW_SECONDS = 1.0
# It takes a second a host.
ANSIBLE_SETUP_HOSTS = 50
MB = 1_000_000


def client(name: str, *arguments: object, python: str = sys.executable) -> list[str]:
    """Return the command of one of the bare clients."""
    return [python, "-m", f"benchmarks.clients.{name}", *map(str, arguments)]


def osaudit(*arguments: object) -> list[str]:
    """Return a command of osaudit."""
    return [sys.executable, "-m", "auditor", *map(str, arguments)]


def scanning(folder: Path, inventory: Path, name: str, environment: Mapping[str, str] | None = None) -> Contender:
    """Return the complete scan: collect, read, judge, store, and the HTML report; each time into a new store."""
    store = folder / "osaudit.db"

    def without_store() -> None:
        for file in folder.glob("osaudit.db*"):
            file.unlink()

    command = osaudit("scan", "-i", inventory, "-s", store, "--report", folder / "report.html")
    # Three of four answers of a modelled Linux host are denied to its ordinary account: incomplete is a success too.
    return Contender(name, command, environment or {}, folder, frozenset({0, 3}), without_store)


def linux_hosts(number: int) -> ModelledInfrastructure:
    """Return an infrastructure of plain Linux servers."""
    base = modelled("p13-plain-hosts")
    plain = next(host for host in base.hosts if host.machine.platform.value == "linux")
    hosts = tuple(replace(plain, name=f"web-{index}") for index in range(number))
    web = replace(base.environments[0], name="Web", hosts=hosts)
    return replace(base, name="linux", environments=(web,), other_hosts=())


def outsystems_servers(folder: Path, number: int) -> ModelledInfrastructure:
    """Return an infrastructure of environments of five OutSystems servers each."""
    write_infrastructure(folder, number)
    return load_infrastructure(folder)


def ansible(fleet: ssh_fleet.Fleet, kind: str, algorithms: str = "") -> Contender:
    """Return a call of Ansible: `raw` sends a script of 4 KB as an argument, `setup` is its own collection."""
    inventory = fleet.folder / "ansible.json"
    hosts = {address: {"ansible_port": port} for address, port in fleet.places}
    common = {"ansible_user": fleet.user, "ansible_ssh_private_key_file": str(fleet.keys["plain"])}
    inventory.write_text(json.dumps({"all": {"hosts": hosts, "vars": common}}))
    options = f"-F none -o UserKnownHostsFile={fleet.known_hosts} -o ControlMaster=no"
    if algorithms:
        options += f" -o KexAlgorithms={algorithms}"
    # It has no way to give `raw` an input that ends, so the answer is what its command prints.
    script = f"cat {fleet.folder / 'linux' / fleet.places[0][0]} #"
    arguments = ["-m", "raw", "-a", script.ljust(ssh_fleet.SCRIPT_BYTES, "x")] if kind == "raw" else ["-m", kind]
    environment = {
        "ANSIBLE_SSH_ARGS": options,
        "ANSIBLE_HOST_KEY_CHECKING": "True",
        "ANSIBLE_TIMEOUT": "60",
        "ANSIBLE_HOME": str(fleet.folder / "ansible"),
        "ANSIBLE_PYTHON_INTERPRETER": "/usr/bin/python3",
        "PATH": f"{OTHERS}:{os.environ['PATH']}",
    }
    suffix = f", {algorithms.partition('-')[0]}" if algorithms else ", as installed"
    command = [str(OTHERS / "ansible"), "all", "-i", str(inventory), "-f", str(THREADS), *arguments]
    return Contender(f"Ansible {kind}{suffix}", command, environment, fleet.folder)


def ssh(number: int, rounds: int) -> Iterator[str]:
    """Measure reading over SSH, and hosts that take a second each."""
    with tempfile.TemporaryDirectory(prefix="osaudit-bench-") as name:
        folder = Path(name)
        # The account of the servers reads its answers there.
        folder.chmod(0o755)
        (folder / "models").mkdir()
        outsystems, linux = outsystems_servers(folder / "models", number), linux_hosts(number)
        answers = {"linux": (linux, 0.0), "outsystems": (outsystems, 0.0), "slow": (linux, SLOW_SECONDS)}
        with ssh_fleet.serving(folder, number, answers) as fleet:
            bare = fleet.described("linux")
            inventories = {key: fleet.inventory(key, infrastructure) for key, (infrastructure, _) in answers.items()}
            reference = f"paramiko, {THREADS} threads"
            contenders = [
                Contender(reference, client("paramiko_pool", bare, THREADS)),
                Contender(
                    f"asyncssh, {THREADS} at a time",
                    client("asyncssh_all", bare, THREADS, python=str(OTHERS / "python")),
                ),
                Contender("osaudit, collection, Linux", client("osaudit_collection", inventories["linux"])),
                scanning(folder, inventories["linux"], "osaudit scan, Linux"),
                Contender("osaudit, collection, OutSystems", client("osaudit_collection", inventories["outsystems"])),
                scanning(folder, inventories["outsystems"], "osaudit scan, OutSystems"),
                replace(ansible(fleet, "raw", "curve25519-sha256"), rounds=2),
                replace(ansible(fleet, "raw"), rounds=2),
            ]
            if number <= ANSIBLE_SETUP_HOSTS:
                contenders.append(replace(ansible(fleet, "setup"), rounds=1))
            yield f"### SSH, {number} real sshd, a script of 4 KB and an answer of 20 KB\n"
            yield table(contest(contenders, rounds, fleet), reference, number, peer="sshd")
            slow = fleet.described("slow")
            reference = "paramiko, 200 threads"
            contenders = [
                Contender(reference, client("paramiko_pool", slow, 200)),
                Contender(f"paramiko, {THREADS} threads", client("paramiko_pool", slow, THREADS)),
                Contender("asyncssh, 200 at a time", client("asyncssh_all", slow, 200, python=str(OTHERS / "python"))),
                Contender("osaudit, collection, Linux", client("osaudit_collection", inventories["slow"])),
            ]
            yield f"### Slow hosts, {number} real sshd that take {SLOW_SECONDS:.0f} s each\n"
            yield table(contest(contenders, min(rounds, 3), fleet), reference, number, peer="sshd")


def winrm(number: int, rounds: int) -> Iterator[str]:
    """Measure reading over WinRM, sealed by NTLM and inside TLS."""
    for https in (False, True):
        with tempfile.TemporaryDirectory(prefix="osaudit-bench-") as name:
            folder = Path(name)
            (folder / "models").mkdir()
            infrastructure = outsystems_servers(folder / "models", number)
            with winrm_fleet.serving(folder / "fleet", folder / "models", https=https) as fleet:
                bare, inventory = fleet.described(), fleet.inventory(infrastructure)
                password = {winrm_fleet.PASSWORD_VARIABLE: winrm_fleet.PASSWORD}
                reference = "pywinrm Protocol"
                contenders = [
                    Contender(reference, client("pywinrm_pool", bare, THREADS)),
                    Contender("pypsrp WinRS", client("pypsrp_pool", bare, THREADS)),
                    Contender("osaudit, collection", client("osaudit_collection", inventory), password),
                    scanning(folder, inventory, "osaudit scan", password),
                ]
                how = "NTLM in TLS" if https else "NTLM, sealed"
                yield f"### WinRM, {number} simulated servers, {how}\n"
                yield table(contest(contenders, rounds, fleet), reference, number, peer="server")


def store(number: int, rounds: int) -> Iterator[str]:
    """Measure storing one scan."""
    runs, sizes = store_rows.contest(number, rounds)
    yield f"### Store, one scan of {number:,} servers\n"
    lines = ["| way | CPU ms a host | × CPU | MB |", "|---|---|---|---|"]
    for name, own in runs.items():
        times = ratio(own, runs["raw sqlite3"], lambda run: run.cpu)
        lines.append(
            f"| {name} | {median(own, lambda run: run.cpu) * 1000 / number:.2f} | {times} | {sizes[name] / MB:.1f} |"
        )
    yield "\n".join(lines) + "\n"


def start_up(rounds: int) -> Iterator[str]:
    """Measure how long it takes until the first letter, and what is imported for it."""
    with tempfile.TemporaryDirectory(prefix="osaudit-bench-") as name:
        folder = Path(name)
        store_rows.write(folder / "osaudit.db", store_rows.made(5))
        reference = "bare typer application, --help"
        contenders = [
            Contender(reference, client("typer_application", "--help")),
            Contender("osaudit --help", osaudit("--help"), folder=folder),
            Contender("bare typer application, scan --help", client("typer_application", "scan", "--help")),
            Contender("osaudit scan --help", osaudit("scan", "--help"), folder=folder),
            Contender("osaudit status", osaudit("status"), folder=folder, codes=frozenset({0, 3})),
        ]
        runs = contest(contenders, rounds)
        yield "### Start-up\n"
        lines = ["| program | wall ms | CPU ms | × CPU | MB | modules |", "|---|---|---|---|---|---|"]
        for contender in contenders:
            own = runs[contender.name]
            times = ratio(own, runs[reference], lambda run: run.cpu)
            lines.append(
                f"| {contender.name} | {median(own, wall) * 1000:.0f} | {median(own, cpu) * 1000:.0f} | {times} "
                f"| {median(own, memory) / MB:.0f} | {modules(contender)} |"
            )
        yield "\n".join(lines) + "\n"


def modules(contender: Contender) -> int:
    """Return how many modules a program has imported at its end."""
    command = [contender.command[0], "-X", "importtime", *contender.command[1:]]
    done = subprocess.run(
        command,
        cwd=contender.folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    return sum(line.startswith("import time:") for line in done.stderr.splitlines()) - 1


def wall(run: Run) -> float:
    """The seconds that it took."""
    return run.wall


def cpu(run: Run) -> float:
    """The CPU seconds of the program."""
    return run.cpu


def memory(run: Run) -> float:
    """The bytes of its largest process."""
    return float(run.memory)


def peer_cpu(run: Run) -> float:
    """The CPU seconds of the other side."""
    return run.peer_cpu


def table(runs: Mapping[str, Sequence[Run]], reference: str, hosts: int, peer: str) -> str:
    """Return a row for each program; ratios are to the reference, with the smallest and the largest of all rounds."""
    lines = [
        f"| program | rounds | wall s | × wall | CPU ms a host | × CPU | {peer} CPU ms a host | × {peer} CPU "
        "| requests a host | MB |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, own in runs.items():
        cells = [
            name,
            str(len(own)),
            f"{median(own, wall):.2f}",
            str(ratio(own, runs[reference], wall)),
            f"{median(own, cpu) * 1000 / hosts:.1f}",
            str(ratio(own, runs[reference], cpu)),
            f"{median(own, peer_cpu) * 1000 / hosts:.1f}",
            str(ratio(own, runs[reference], peer_cpu)),
            f"{median(own, lambda run: run.requests) / hosts:.1f}",
            f"{median(own, memory) / MB:.0f}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def told(command: Sequence[str]) -> str:
    """Return the first line that a program says of itself."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return next(iter((done.stdout + done.stderr).splitlines()), "not there")


def heading(arguments: Sequence[str]) -> str:
    """Return when, with what and by which command the tables were made."""
    ours = ", ".join(f"{name} {version(name)}" for name in ("paramiko", "pywinrm", "pypsrp", "typer", "sqlalchemy"))
    listed = [str(OTHERS / "python"), "-c", "import asyncssh; print('asyncssh', asyncssh.__version__)"]
    others = f"{told(listed)}, {told([str(OTHERS / 'ansible'), '--version'])}"
    return (
        f"Measured on {datetime.now(UTC):%Y-%m-%d, %H:%M} UTC by `python -m benchmarks.compare {' '.join(arguments)}` "
        f"with Python {platform.python_version()} on {os.cpu_count()} processors, their load {os.getloadavg()[0]:.1f} "
        f"before: {ours}, {others}, {told(['ssh', '-V']).partition(',')[0]}.\n"
    )


PARTS: dict[str, Callable[[bool, int], Iterator[str]]] = {
    "start-up": lambda full, rounds: start_up(3 * rounds),
    "ssh": lambda full, rounds: ssh(200 if full else 50, rounds),
    "winrm": lambda full, rounds: winrm(200 if full else 50, rounds),
    "store": lambda full, rounds: store(1000 if full else 200, rounds),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what is asked for, and print or write the tables."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"of {', '.join(PARTS)}; by default all")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", action="store_true")
    chosen = parser.parse_args(given)
    if unknown := set(chosen.parts) - set(PARTS):
        parser.error(f"no part: {', '.join(sorted(unknown))}")
    compile_all()
    for name in chosen.parts or PARTS:
        texts = [heading([name, *(["--full"] if chosen.full else []), f"--rounds {chosen.rounds}"])]
        print(texts[0], flush=True)
        for text in PARTS[name](chosen.full, chosen.rounds):
            texts.append(text)
            print(text, flush=True)
        if chosen.write:
            write(f"{name} --full" if chosen.full else name, "\n".join(texts))


def write(section: str, text: str) -> None:
    """Put the tables between the marks of their section; ValueError where the page has none."""
    begin, end = f"<!-- begin {section} -->", f"<!-- end {section} -->"
    before, found, rest = PAGE.read_text(encoding="utf-8").partition(f"{begin}\n")
    _, found_end, after = rest.partition(end)
    if not (found and found_end):
        raise ValueError(f"{PAGE} has no place for {section}")
    PAGE.write_text(f"{before}{begin}\n\n{text}\n{end}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
