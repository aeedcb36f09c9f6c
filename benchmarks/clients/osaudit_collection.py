"""The collection of osaudit alone: the inventory is loaded, every host is visited, the answers are thrown away."""

from __future__ import annotations

import sys
from pathlib import Path

from auditor.cli.loading import now, secrets_source
from auditor.scanning import Bounds, visit_all
from auditor.settings.inventory import load_inventory
from auditor.transports.base import Limits
from auditor.transports.opening import Connections


def main() -> None:
    """Visit the hosts of the inventory; none may fail."""
    inventory = load_inventory(Path(sys.argv[1]))
    with Connections(Limits()) as connections:
        visits = visit_all(
            list(inventory.hosts), inventory, connections, secrets_source(), Bounds(), clock=now, digest_key=b"k" * 32
        )
        for visit in visits:
            if visit.failure is not None:
                raise SystemExit(f"{visit.host}: {visit.failure.sentence}")


if __name__ == "__main__":
    main()
