"""Both sides of every version boundary of the tables, with the expected side worked out from the files alone.

Nothing here uses the reader to say what is right: the files are parsed as TOML, and versions compared as lists of
four numbers.
"""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from auditor.bundled import checks_folder
from auditor.engine.cases import checks_for
from auditor.engine.discovery import load_checks
from auditor.engine.runner import run_checks
from auditor.engine.sight import Unknowable
from auditor.engine.tables import load_tables
from auditor.model.fact import Reason
from auditor.model.finding import Status, Verdict
from auditor.model.version import Version
from tests.engine.example_checks import material

FOLDER = checks_folder() / "tables"
TABLES = load_tables([checks_folder()])
CHECKS = load_checks([checks_folder()])
FILES = sorted(FOLDER.glob("*.toml"))
PARTS = 4
Numbers = tuple[int, ...]


@cache
def raw(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


def numbers(text: str) -> Numbers:
    found = [int(part) for part in text.split(".")]
    return tuple(found + [0] * (PARTS - len(found)))


def spelled(version: Numbers) -> str:
    return ".".join(map(str, version))


def just_below(version: Numbers) -> Numbers:
    """Return the highest version of four numbers below, as far as builds go in practice."""
    last = max(index for index, number in enumerate(version) if number)
    return (*version[:last], version[last] - 1, *[99999] * (PARTS - 1 - last))


def just_above(version: Numbers) -> Numbers:
    return (*version[:-1], version[-1] + 1)


def boundaries(table: dict[str, Any]) -> list[Numbers]:
    named = {row[key] for row in table["row"] for key in ("from", "before") if key in row}
    return sorted(numbers(text) for text in named | {table["lowest"]})


@dataclass(frozen=True)
class Probe:
    table: str
    version: Numbers

    def __str__(self) -> str:
        return f"{self.table} at {spelled(self.version)}"


def probes(name: str) -> list[Probe]:
    table = raw(name)
    highest = numbers(table["highest"])
    around = {side(edge) for edge in boundaries(table) for side in (just_below, tuple, just_above)}
    around |= {highest, just_above(highest), (*highest[: len(table["highest"].split("."))], *[99999] * PARTS)[:PARTS]}
    around |= {next_after(table["highest"])}
    return [Probe(name, version) for version in sorted(around)]


def next_after(text: str) -> Numbers:
    """Return the first version that is newer than all builds of the one that is written."""
    *first, last = (int(part) for part in text.split("."))
    return numbers(spelled((*first, last + 1)))


def is_in_bounds(table: dict[str, Any], version: Numbers) -> bool:
    return numbers(table["lowest"]) <= version < next_after(table["highest"])


def expected_rows(table: dict[str, Any], version: Numbers) -> list[int]:
    """Return the places of the rows that speak of a version."""
    return [
        index
        for index, row in enumerate(table["row"])
        if numbers(row["from"]) <= version and ("before" not in row or version < numbers(row["before"]))
    ]


EVERY_PROBE = [probe for file in FILES for probe in probes(file.stem)]


@pytest.mark.parametrize("probe", EVERY_PROBE, ids=str)
def test_the_reader_gives_the_rows_of_both_sides(probe: Probe) -> None:
    document, table = raw(probe.table), TABLES[probe.table]
    version = Version(probe.version)
    if not is_in_bounds(document, probe.version):
        with pytest.raises(Unknowable) as error:
            table.all_at(version)
        assert error.value.not_known.reason is Reason.VERSION_NOT_IN_TABLE
        return
    rows = [table.rows[index] for index in expected_rows(document, probe.version)]
    assert list(table.all_at(version)) == rows
    if document["shape"] == "contiguous":
        assert [table.at(version)] == rows
    if document["shape"] != "overlapping":
        assert table.find(version) == (rows[0] if rows else None)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_row_of_a_file_is_read_with_all_its_values(file: Path) -> None:
    document, table = raw(file.stem), TABLES[file.stem]

    assert len(table.rows) == len(document["row"])
    for written, row in zip(document["row"], table.rows, strict=True):
        assert str(row.start) == written["from"]
        assert (None if row.before is None else str(row.before)) == written.get("before")
        assert row.confidence == written.get("confidence", document["confidence"])
        for column in document["columns"]:
            value = row.values.get(column)
            told = list(value) if isinstance(value, tuple) else str(value) if isinstance(value, Version) else value
            assert told == written.get(column), column


def test_the_newest_release_is_the_horizon_of_every_table_about_platform_server() -> None:
    newest = numbers(raw("platform_server_releases")["row"][-1]["from"])

    for file in FILES:
        if raw(file.stem)["of"] == "platform-server":
            assert numbers(raw(file.stem)["highest"]) == newest, file.stem
            assert not is_in_bounds(raw(file.stem), next_after(spelled(newest[:3])))


def test_releases_have_rising_dates_within_a_line() -> None:
    rows = raw("platform_server_releases")["row"]
    lines = itertools.groupby((row for row in rows if "released" in row), lambda row: numbers(row["from"])[:2])
    for line, members in lines:
        dates = [row["released"] for row in members]
        assert dates == sorted(dates), line


def test_what_is_bundled_with_lifetime_is_a_release_and_never_falls() -> None:
    known = {row["from"] for row in raw("platform_server_releases")["row"]}
    bundled = [row["platform_server"] for row in raw("lifetime_bundles")["row"]]

    assert set(bundled) <= known
    assert [numbers(item) for item in bundled] == sorted(numbers(item) for item in bundled)


def test_a_withdrawn_build_of_a_known_number_is_exactly_one_release() -> None:
    releases = {row["from"]: row.get("before") for row in raw("platform_server_releases")["row"]}
    rows = [row for row in raw("platform_server_known_issues")["row"] if row["withdrawn"] and row["certain"]]

    assert {row["from"] for row in rows} == {"11.7.0", "11.7.1", "11.18.0"}
    assert all(releases[row["from"]] == row["before"] for row in rows)


# The checks that rest on tables, at every boundary of theirs.


def verdict(slug: str, facts: dict[str, Any], components: dict[str, Any] | None = None) -> Verdict:
    """Return what a check says of a healthy server with these facts."""
    host = {
        "environment": "Production", "roles": ["deployment-controller", "front-end"],
        "facts": facts, "components": components or {},
    }  # fmt: skip
    document = {"environments": {"Production": {"purpose": "production"}}, "hosts": {"prd-1": host}}
    findings = run_checks(checks_for(slug, CHECKS), material(document))
    return next(item.verdict for item in findings if item.slug == slug and item.subject.name == "prd-1")


def known(name: str) -> list[Probe]:
    """Return the probes of a table about Platform Server that are of major version 11."""
    return [probe for probe in probes(name) if probe.version[0] == 11]


def told(found: Verdict) -> tuple[Status, Reason | None]:
    return found.status, found.reason


NOT_KNOWN = (Status.UNKNOWN, Reason.VERSION_NOT_IN_TABLE)
PASS, FAIL = (Status.PASS, None), (Status.FAIL, None)


def expected_by_row(probe: Probe, rule: Callable[[dict[str, Any]], bool]) -> tuple[Status, Reason | None]:
    table = raw(probe.table)
    if not is_in_bounds(table, probe.version):
        return NOT_KNOWN
    (index,) = expected_rows(table, probe.version)
    return PASS if rule(table["row"][index]) else FAIL


@pytest.mark.parametrize("release", [461807, 461808, 528039, 528040, 533319, 533320])
@pytest.mark.parametrize("probe", known("dotnet_framework"), ids=str)
def test_ver_012_at_both_sides_of_every_row(probe: Probe, release: int) -> None:
    found = verdict(
        "dotnet_framework_meets_the_need",
        {"platform_server.version": spelled(probe.version), "dotnet.release": release},
    )
    expected = expected_by_row(
        probe, lambda row: row["floor_release"] <= release < row.get("above_release", release + 1)
    )
    assert told(found) == expected, found.sentence


BUNDLES = ["2.0.9", "2.1.0", "2.1.30", "3.1.13", "3.1.14", "6.0.5", "6.0.6", "6.0.36", "7.0.20", "8.0.0", "9.0.0"]


@pytest.mark.parametrize("probe", known("hosting_bundle"), ids=str)
def test_ver_013_at_both_sides_of_every_row(probe: Probe) -> None:
    for bundle in BUNDLES:
        found = verdict(
            "hosting_bundle_meets_the_need",
            {"platform_server.version": spelled(probe.version), "dotnet.hosting_bundles": [bundle]},
        )

        def is_enough(row: dict[str, Any], bundle: str = bundle) -> bool:
            return bundle.startswith(row["line"] + ".") and numbers(bundle) >= numbers(row["minimum"])

        assert told(found) == expected_by_row(probe, is_enough), (bundle, found.sentence)


@pytest.mark.parametrize("probe", known("windows_server"), ids=str)
def test_os_002_at_both_sides_of_every_row(probe: Probe) -> None:
    table = raw("windows_server")
    for row in table["row"]:
        found = verdict(
            "windows_is_supported_by_platform_server",
            {"platform_server.version": spelled(probe.version), "os.version": row["build"]},
        )
        supported = PASS if numbers(row["from"]) <= probe.version else FAIL
        expected = supported if is_in_bounds(table, probe.version) else NOT_KNOWN
        assert told(found) == expected, (row["name"], found.sentence)


@pytest.mark.parametrize("probe", known("platform_server_known_issues"), ids=str)
def test_ver_005_at_both_sides_of_every_row_about_platform_server(probe: Probe) -> None:
    table = raw(probe.table)
    found = verdict("no_withdrawn_build_is_installed", {"platform_server.version": spelled(probe.version)})
    rows = [table["row"][index] for index in expected_rows(table, probe.version)]
    withdrawn = [row["certain"] for row in rows if row["withdrawn"]]
    expected = FAIL if any(withdrawn) else NOT_KNOWN if withdrawn else PASS
    assert told(found) == (expected if is_in_bounds(table, probe.version) else NOT_KNOWN), found.sentence


@pytest.mark.parametrize("probe", probes("lifetime_known_issues"), ids=str)
def test_ver_005_at_both_sides_of_every_row_about_lifetime(probe: Probe) -> None:
    table = raw(probe.table)
    lifetime = {"lifetime": {"state": "present", "version": spelled(probe.version)}}
    found = verdict("no_withdrawn_build_is_installed", {}, lifetime)
    expected = FAIL if expected_rows(table, probe.version) else PASS
    assert told(found) == (expected if is_in_bounds(table, probe.version) else NOT_KNOWN), found.sentence


def worst(severities: list[str]) -> str:
    return min(severities, key=["critical", "high", "medium", "low"].index)


def severity_by_score(row: dict[str, Any]) -> str:
    score = float(row.get("score", "7"))
    return "critical" if score >= 9 else "high" if score >= 7 else "medium" if score >= 4 else "low"


def agrees_with_bulletins(probe: Probe, found: Verdict) -> None:
    table = raw(probe.table)
    if not is_in_bounds(table, probe.version):
        assert told(found) == NOT_KNOWN
        return
    rows = [table["row"][index] for index in expected_rows(table, probe.version)]
    certain = [row for row in rows if row["certain"]]
    assert told(found) == (FAIL if certain else NOT_KNOWN if rows else PASS), found.sentence
    if certain:
        assert f"of {len(certain)} bulletin" in found.sentence
        assert found.severity == worst([severity_by_score(row) for row in certain])
        needed = max((row["before"] for row in certain), key=numbers)
        assert found.expected.endswith(f" {needed} or later")


@pytest.mark.parametrize("probe", known("platform_server_bulletins"), ids=str)
def test_ver_006_at_both_sides_of_every_row(probe: Probe) -> None:
    slug = "platform_server_carries_all_security_fixes"
    agrees_with_bulletins(probe, verdict(slug, {"platform_server.version": spelled(probe.version)}))


@pytest.mark.parametrize("probe", probes("lifetime_bulletins"), ids=str)
def test_ver_007_at_both_sides_of_every_row(probe: Probe) -> None:
    lifetime = {"lifetime": {"state": "present", "version": spelled(probe.version)}}
    agrees_with_bulletins(probe, verdict("lifetime_carries_all_security_fixes", {}, lifetime))


@pytest.mark.parametrize("probe", known("platform_server_fixes"), ids=str)
def test_ver_021_at_both_sides_of_every_row(probe: Probe) -> None:
    table = raw(probe.table)
    found = verdict("platform_server_carries_unannounced_fixes", {"platform_server.version": spelled(probe.version)})
    if not is_in_bounds(table, probe.version):
        assert told(found) == NOT_KNOWN
        return
    rows = [table["row"][index] for index in expected_rows(table, probe.version)]
    counting = [row for row in rows if row["severity"] != "info"]
    assert told(found) == (FAIL if counting else PASS), found.sentence
    if counting:
        assert f"of {len(counting)} release" in found.sentence
        assert found.severity == worst([row["severity"] for row in counting])


def around_floors(column: str) -> list[str]:
    floors = {row[column] for row in raw("rabbitmq")["row"]}
    return sorted({spelled(side(numbers(floor))) for floor in floors for side in (just_below, tuple, just_above)})


@pytest.mark.parametrize("probe", known("rabbitmq"), ids=str)
def test_ver_016_at_both_sides_of_every_row(probe: Probe) -> None:
    for version in around_floors("rabbitmq"):
        found = verdict(
            "rabbitmq_is_recent_enough",
            {"platform_server.version": spelled(probe.version)},
            {"rabbitmq": {"state": "present", "version": version}},
        )

        def is_enough(row: dict[str, Any], version: str = version) -> bool:
            return numbers(version) >= numbers(row["rabbitmq"])

        assert told(found) == expected_by_row(probe, is_enough), (version, found.sentence)


@pytest.mark.parametrize("probe", known("rabbitmq"), ids=str)
def test_ver_017_at_both_sides_of_every_row(probe: Probe) -> None:
    table = raw("rabbitmq")
    for version in around_floors("erlang"):
        # A broker that the table names together with this Erlang, so that only the floor decides.
        brokers = [row["rabbitmq"] for row in table["row"] if row["erlang"].split(".")[0] == version.split(".")[0]]
        found = verdict(
            "erlang_is_recent_enough",
            {"platform_server.version": spelled(probe.version), "rabbitmq.erlang_versions": [version]},
            {"rabbitmq": {"state": "present", "version": brokers[0]}},
        )

        def is_enough(row: dict[str, Any], version: str = version) -> bool:
            return numbers(version) >= numbers(row["erlang"])

        assert told(found) == expected_by_row(probe, is_enough), (version, found.sentence)


@pytest.mark.parametrize("probe", known("platform_server_releases"), ids=str)
def test_ver_014_at_both_sides_of_every_release(probe: Probe) -> None:
    slug = "build_tools_are_installed_where_needed"
    found = verdict(slug, {"platform_server.version": spelled(probe.version), "programs.entries": []})
    needed = probe.version < numbers("11.35.0")
    assert told(found) == (FAIL if needed else (Status.NOT_APPLICABLE, None)), found.sentence
