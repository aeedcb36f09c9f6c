"""How much CPU time it takes to read and judge modelled hosts, and how that grows: python -m benchmarks.evaluation.

Environments of one controller and four front-ends are copied from the models of a healthy Production, each machine
with a name, address, key and database of its own. What their simulated servers answer is read as ever; nothing goes
over a network. Prints a Markdown table; times are CPU milliseconds of this process for each host.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml

from auditor import bundled
from auditor.evaluating import HostReading
from auditor.model.inventory import Inventory
from auditor.model.observation import Visit
from auditor.simulation.infrastructure import INFRASTRUCTURE_FILE, load_infrastructure
from tests.end_to_end.offline import declared, judged, readings, visits

ENVIRONMENT_SIZE = 5
PURPOSES = ("production", "quality", "development")


def write_infrastructure(folder: Path, hosts: int) -> None:
    """Write an infrastructure of this many hosts, and a model for each of its machines."""
    environments = {}
    for number in range(hosts // ENVIRONMENT_SIZE):
        names = [f"e{number}-controller", *(f"e{number}-front-end-{index}" for index in range(1, ENVIRONMENT_SIZE))]
        members = {}
        for index, name in enumerate(names):
            (folder / f"{name}.yaml").write_text(yaml.safe_dump(_machine(number, index, names)), encoding="utf-8")
            members[name] = {"machine": f"{name}.yaml", "roles": ["front-end" if index else "deployment-controller"]}
        environments[f"Environment {number}"] = {"purpose": PURPOSES[number % len(PURPOSES)], "hosts": members}
    document = {"name": "benchmark", "summary": "Copies.", "environments": environments, "expected": {}}
    (folder / INFRASTRUCTURE_FILE).write_text(yaml.safe_dump(document), encoding="utf-8")


def _machine(environment: int, index: int, names: list[str]) -> dict[str, object]:
    model = "p03-front-end-1.yaml" if index else "p03-controller.yaml"
    address = f"10.{environment // 250 + 1}.{environment % 250}.{index + 10}"
    hsconf = {"catalog": f"outsystems_{environment}", "controller": names[0], "cache_host": names[0]}
    return {
        "extends": str(bundled.machines_folder() / model),
        "name": names[index],
        "identity": {"address": address},
        "platform_server": {"private_key": f"environment-{environment}"},
        "hsconf": {**hsconf, "outgoing": address},
    }


def cpu(work: Iterator[object]) -> Iterator[float]:
    """Yield the CPU seconds that each step takes."""
    while True:
        begun = time.process_time()
        if next(work, None) is None:
            return
        yield time.process_time() - begun


def measure(hosts: int, rounds: int) -> tuple[int, float, float]:
    """Return the number of verdicts, and the median CPU milliseconds a host for reading and for judging."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_infrastructure(folder, hosts)
        infrastructure = load_infrastructure(folder)
        inventory, answered = declared(infrastructure), visits(infrastructure)
    steps = list(cpu(_steps(inventory, answered, rounds)))
    read = readings(inventory, answered)
    verdicts = len(judged(inventory, answered, read).findings)
    reading, judging = (statistics.median(steps[start::2]) * 1000 / hosts for start in (0, 1))
    return verdicts, reading, judging


def _steps(inventory: Inventory, answered: dict[str, Visit], rounds: int) -> Iterator[object]:
    for _ in range(rounds):
        read: dict[str, HostReading] = readings(inventory, answered)
        yield read
        yield judged(inventory, answered, read)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hosts", type=int, nargs="+", default=[250, 500, 1000])
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args(arguments)
    print("| hosts | verdicts | reading, ms a host | judging, ms a host |\n|---|---|---|---|")
    for hosts in chosen.hosts:
        verdicts, reading, judging = measure(hosts, chosen.rounds)
        print(f"| {hosts} | {verdicts} | {reading:.2f} | {judging:.2f} |", flush=True)


if __name__ == "__main__":
    main()
