"""What the collector of a zone says, and what becomes of a scan whose zones do not all come."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from auditor.model.reference import Reference
from auditor.settings.inventory import load_inventory
from auditor.store import open_store
from tests.cli.program import osaudit

# No such names exist: a host that cannot be read is in all the same.
INVENTORY = """infrastructure: Example
defaults: {sign_in: kerberos}
environments:
  - {name: Production, purpose: production, zone: dmz, hosts: [{name: d-1.invalid}, {name: o-1.invalid, zone: office}]}
"""
CONFIGURATION = """scan: {zone: dmz, min_coverage: 100, fail_on_new: true}
retention: {keep_scans: 1}
notifications:
  when: always
  targets: [{name: operations, address: {environment: NOWHERE}}]
"""


def deadline_passes(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "osaudit.db")) as database, database:
        database.execute("update shared_scan set ends_at = '2026-01-01 00:00:00.000000'")


def test_a_scan_waits_for_its_zones_until_the_deadline_and_the_next_one_seals_it(tmp_path: Path) -> None:
    inventory, configuration = tmp_path / "inventory.yaml", tmp_path / "osaudit.yaml"
    inventory.write_text(INVENTORY, encoding="utf-8")
    configuration.write_text(CONFIGURATION, encoding="utf-8")

    first = osaudit(tmp_path, "scan")
    deadline_passes(tmp_path)
    second = osaudit(tmp_path, "scan")
    inventory.write_text(INVENTORY.replace("production, zone", "quality, zone"), encoding="utf-8")
    third = osaudit(tmp_path, "scan", "--zone", "office")

    assert (first.code, first.out) == (4, "")
    assert re.search(
        r"The zone dmz is in: scan 1 holds 1 of its 1 hosts, waits for office until 2.* UTC, and is judged and held "
        r"against gates only then\.\nNothing was audited: no host of the zone could be read\.\n$",
        first.err,
    ), first.err
    assert "operations was not notified" not in first.err
    assert (
        "Scan 1 was not finished at its deadline and is sealed now. "
        "The audit is incomplete: not read: d-1.invalid, o-1.invalid."
    ) in second.err
    assert second.err.count("operations was not notified") == 1
    assert "scan 2 holds 1 of its 1 hosts, waits for office until" in second.err
    assert "Scan 2 waits for zones with another inventory, reference, rules or osaudit: this is a new one." in third.err
    assert "scan 3 holds 1 of its 1 hosts, waits for dmz until" in third.err
    assert "emoved" not in first.err + second.err + third.err
    with open_store(str(tmp_path / "osaudit.db")) as store:
        failures = {name: visit.failure.sentence for name, visit in store.scan(1).visits.items() if visit.failure}
    assert "before the collector of the zone office had read the host" in failures["o-1.invalid"]
    assert "the zone" not in failures["d-1.invalid"]


def test_the_status_tells_for_which_zones_a_scan_waits_and_what_is_left_of_a_plain_one_is_none(tmp_path: Path) -> None:
    (tmp_path / "inventory.yaml").write_text(INVENTORY, encoding="utf-8")
    inventory = load_inventory(tmp_path / "inventory.yaml")
    at = datetime(2026, 3, 1, tzinfo=UTC)
    with open_store(str(tmp_path / "osaudit.db"), create=True) as store:
        store.join(inventory, Reference(), at, identity="i", ends_at=at, digest_key=b"k" * 32)
        shared = osaudit(tmp_path, "status").out
        store.begin(inventory, Reference(), at)
        plain = osaudit(tmp_path, "status").out

    assert "Scan 1 waits for zones: dmz, office.\n" in shared
    assert "--resume" not in shared
    assert "Scan 2 was begun later and not finished; `osaudit scan --resume` completes it." in plain


def test_the_list_of_hosts_tells_their_zones_where_there_are_any(tmp_path: Path) -> None:
    (tmp_path / "inventory.yaml").write_text(INVENTORY, encoding="utf-8")
    listed = osaudit(tmp_path, "hosts", "list").out

    assert "Zone" in listed
    assert re.search(r"d-1\.invalid .* dmz$", listed, re.MULTILINE)
    assert re.search(r"o-1\.invalid .* office$", listed, re.MULTILINE)
