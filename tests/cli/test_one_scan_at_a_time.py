"""Two scans never write into one store at once, and a lock never outlives the scan that held it."""

from __future__ import annotations

import re
from pathlib import Path

from auditor.simulation.options import WSManOptions
from tests.cli.program import Begun, osaudit, refused
from tests.end_to_end.simulated import modelled, serving

SLOW = WSManOptions(command_seconds=20.0)


def test_a_second_scan_of_a_store_is_refused_while_the_first_runs_and_works_after_it_was_killed(tmp_path: Path) -> None:
    with serving(modelled("reference"), tmp_path, options={"dev-1": SLOW}) as (served, _):
        first = Begun(tmp_path, "scan")
        first.wait_for("5/6")

        for arguments in (("scan",), ("scan", "--resume")):
            second = osaudit(tmp_path, *arguments)
            refused(second, "Another run writes into the store osaudit.db (process")
            assert re.search(
                rf"\(process {first.process.pid}, since 2\d{{3}}-\d\d-\d\d \d\d:\d\d:\d\d UTC\)", second.err
            )
        assert {name: len(server.users) for name, server in served.servers.items()} == dict.fromkeys(served.servers, 1)

        first.process.kill()
        first.end()
        resumed = osaudit(tmp_path, "scan", "--resume", "--scan-seconds", "1")
        assert (resumed.code, "Reading 1 of 6 hosts" in resumed.err) == (3, True), resumed.err


def test_a_scan_that_overruns_is_ended_by_its_deadline_and_sealed_as_incomplete(tmp_path: Path) -> None:
    with serving(modelled("reference"), tmp_path, options={"dev-1": WSManOptions(command_seconds=60.0)}):
        ended = osaudit(tmp_path, "scan", "--scan-seconds", "10")

    assert ended.code == 3
    assert "dev-1: not read (timed-out): The scan's deadline of 10 s passed before the host was read." in ended.err
    assert "The audit is incomplete: not read: dev-1" in ended.err
    listed = osaudit(tmp_path, "scans")
    assert "incomplete" not in listed.out
    assert "1 of 6 hosts was not read: dev-1." in osaudit(tmp_path, "report", "--format", "text").out
