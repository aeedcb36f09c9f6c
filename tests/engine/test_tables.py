"""Tables of figures: what the reader refuses, each mistake with its place, and how checks look figures up."""

from __future__ import annotations

import dataclasses
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.bundled import checks_folder
from auditor.check import Host, Infrastructure, Table, Verdict, Version, passed
from auditor.engine.discovery import check_files, rules_digest
from auditor.engine.runner import run_checks
from auditor.engine.sight import Unknowable
from auditor.engine.subjects import Recorder
from auditor.engine.table_rows import is_below
from auditor.engine.tables import Tables, load_tables
from auditor.errors import DocumentError
from auditor.evaluating import Rules
from auditor.model.fact import Reason
from auditor.model.finding import Status
from tests.engine.example_checks import environment_check, host_check, infrastructure_check, small

HEAD = """title = "Figures"
of = "platform-server"
shape = "contiguous"
lowest = "11.0.0"
highest = "11.43.0"
confidence = "high"
sources = {PSREL = 2026-08-17, SYSREQ = "d05e241"}
columns = {floor = "number", name = "text?", since = "date?", at_least = "version?", on = "flag?", all = "texts?"}
"""
ROWS = """row = [
  {from = "11.0.0", before = "11.35.0", floor = 1, confidence = "low"},
  {from = "11.35.0", floor = 2, name = "two", since = 2025-05-12, at_least = "8.0", on = true, all = ["a", "b"]},
]
"""
SOURCES = '[PSREL]\ntitle = "Notes"\nurl = ""\n[SYSREQ]\ntitle = "Needs"\nurl = ""\n'
V = Version.parse


def written(folder: Path, **files: str) -> Path:
    (folder / "tables").mkdir(exist_ok=True)
    (folder / "sources.toml").write_text(SOURCES, encoding="utf-8")
    for name, text in files.items():
        (folder / "tables" / f"{name}.toml").write_text(text, encoding="utf-8")
    return folder


def loaded(folder: Path, text: str = HEAD + ROWS) -> Table:
    return load_tables([written(folder, figures=text)])["figures"]


def mistakes(folder: Path, text: str) -> list[str]:
    """Return each problem as `line: key: sentence`."""
    with pytest.raises(DocumentError) as error:
        loaded(folder, text)
    return [f"{place.line or '-'}: {place.key}: {sentence}" for place, sentence in error.value.problems]


def test_a_table_gives_the_row_of_a_version_with_typed_values(tmp_path: Path) -> None:
    row = loaded(tmp_path).at(V("11.40.1.49000"))

    assert (row.start, row.before, row.confidence) == (V("11.35.0"), None, "high")
    assert row.value("floor", int) == 2
    assert row.value("name", str) == row.find("name", str) == "two"
    assert row.value("since", date) == date(2025, 5, 12)
    assert row.value("at_least", Version) == V("8.0")
    assert row.value("on", bool) is True
    assert row.texts("all") == ("a", "b")


def test_a_row_says_what_it_does_not_have_and_refuses_another_kind(tmp_path: Path) -> None:
    row = loaded(tmp_path).at(V("11.0.0"))

    assert (row.confidence, row.find("name", str), row.texts("all")) == ("low", None, ())
    with pytest.raises(KeyError):
        row.value("name", str)
    with pytest.raises(TypeError):
        row.value("floor", bool)
    with pytest.raises(TypeError):
        row.texts("floor")


@pytest.mark.parametrize(
    ("version", "floor"),
    [
        ("11.0.0", 1), ("11", 1), ("11.0", 1), ("11.0.0.0", 1), ("11.34.99.99", 1), ("11.35", 2), ("11.35.0", 2),
        ("11.35.0.0", 2), ("11.35.0.1", 2), ("11.43", 2), ("11.43.0", 2), ("11.43.0.99999", 2),
    ],
)  # fmt: skip
def test_from_belongs_to_a_row_and_before_does_not(tmp_path: Path, version: str, floor: int) -> None:
    assert loaded(tmp_path).at(V(version)).value("floor", int) == floor


@pytest.mark.parametrize(
    ("version", "bound"),
    [
        ("10.99.99.99", "older than 11.0.0"), ("10", "older than 11.0.0"), ("11.43.1", "newer than 11.43.0"),
        ("11.43.0.0.0", ""), ("11.44", "newer than 11.43.0"), ("12", "newer than 11.43.0"),
    ],
)  # fmt: skip
def test_a_version_outside_of_the_bounds_is_not_known(tmp_path: Path, version: str, bound: str) -> None:
    table = loaded(tmp_path)
    if not bound:
        assert table.at(V(version)).value("floor", int) == 2
        return
    for ask in (table.at, table.find, table.all_at, table.demand):
        with pytest.raises(Unknowable, match=bound) as error:
            ask(V(version))
        assert error.value.not_known.reason is Reason.VERSION_NOT_IN_TABLE
        assert f"Platform Server {version} is" in error.value.not_known.sentence


def test_a_separate_table_has_gaps_and_an_overlapping_one_several_rows(tmp_path: Path) -> None:
    gap = ROWS.replace('before = "11.35.0"', 'before = "11.30.0"')
    separate = loaded(tmp_path, HEAD.replace("contiguous", "separate") + gap)
    overlap = ROWS.replace('before = "11.35.0"', 'before = "11.40.0"')
    overlapping = loaded(tmp_path, HEAD.replace("contiguous", "overlapping") + overlap)

    assert separate.find(V("11.30.0")) is None
    found = separate.find(V("11.29.9"))
    assert found is not None
    assert found.value("floor", int) == 1
    assert [row.value("floor", int) for row in overlapping.all_at(V("11.36.0"))] == [1, 2]
    assert [row.value("floor", int) for row in overlapping.all_at(V("11.40.0"))] == [2]
    for wrong in (separate.at, overlapping.at, overlapping.find):
        with pytest.raises(TypeError):
            wrong(V("11.36.0"))


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('from = "11.35.0"', 'from = "11.34.0"', "11: row 2: it begins at 11.34.0, but the row before it ends at"),
        ('from = "11.35.0"', 'from = "11.36.0"', "11: row 2: there is a gap between 11.35.0 and 11.36.0."),
        ('before = "11.35.0", ', "", "11: row 2: it begins at 11.35.0, but the row before it ends at no version."),
        ('from = "11.35.0"', 'from = "11.0"', "11: row 2: it begins at 11.0, but the row before it ends at 11.35.0."),
        ('from = "11.0.0"', 'from = "11.1.0"', "10: row 1: there is a gap between the lowest version 11.0.0"),
        ('from = "11.0.0"', 'from = "10.0.0"', "10: row 1: it begins at 10.0.0, below the lowest version 11.0.0."),
        ('from = "11.0.0"', 'from = "11.36.0"', "10: row 1 before: the row ends at 11.35.0, but begins only at 11.36"),
        ('from = "11.0.0"', 'from = "11.35.0"', "10: row 1 before: the row ends at 11.35.0, but begins only at 11.35"),
        ("floor = 2", 'floor = 2, before = "11.50.0"', "11: row 2: the last row must not end"),
        ("floor = 2", 'floor = "two"', "11: row 2 floor: this must be a whole number."),
        ("floor = 2", "floor = true", "11: row 2 floor: this must be a whole number."),
        ("floor = 2, ", "", "11: row 2 floor: the row needs a whole number here."),
        ("floor = 2", "flor = 2, floor = 2", "11: row 2 flor: there is no column flor; there are floor, name"),
        ('name = "two"', 'name = ""', "11: row 2 name: this must be a text."),
        ("on = true", "on = 1", "11: row 2 on: this must be true or false."),
        ('at_least = "8.0"', 'at_least = "eight"', "11: row 2 at_least: this must be a version in quotation marks."),
        ("since = 2025-05-12", 'since = "2025-05-12"', "11: row 2 since: this must be a date."),
        ("since = 2025-05-12", "since = 2025-05-12T00:00:00", "11: row 2 since: this must be a date."),
        ('["a", "b"]', '["a", 1]', "11: row 2 all: this must be a list of texts."),
        ('from = "11.35.0"', "from = 11.35", "11: row 2 from: a row needs the first version"),
        ('before = "11.35.0"', "before = 11", "10: row 1 before: this must be the version at which the row ends"),
        ('confidence = "low"', 'confidence = "some"', "10: row 1 confidence: 'some' is none of high, medium"),
        ('  {from = "11.35.0"', '  1, {from = "11.35.0"', "row 2: a row must be a table."),
        ('of = "platform-server"', 'of = "platform"', "2: of: expected one of platform-server, lifetime"),
        ('shape = "contiguous"', 'shape = "sorted"', "3: shape: expected one of contiguous, separate, overlapping."),
        ('highest = "11.43.0"', "highest = 11", "5: highest: expected a version in quotation marks."),
        ('highest = "11.43.0"', 'highest = "10.0"', "5: highest: 10.0 is below the lowest version 11.0.0."),
        ('highest = "11.43.0"', 'highest = "11.34.0"', "11: row 2: it begins at 11.35.0, above the highest version"),
        ('highest = "11.43.0"\n', "", "-: highest: this key is missing."),
        ('title = "Figures"', 'titel = "Figures"', "1: titel: there is no such key; there are title, of"),
        ('title = "Figures"', "title = 7", "1: title: expected a text."),
        ("PSREL = 2026-08-17", "NOTES = 2026-08-17", "7: sources: NOTES does not stand in sources.toml."),
        ("PSREL = 2026-08-17", "PSREL = 2026", "7: sources: PSREL needs a date, or the stored version"),
        ('{PSREL = 2026-08-17, SYSREQ = "d05e241"}', "{}", "7: sources: expected at least one source"),
        ('floor = "number"', 'floor = "int"', "8: columns: expected a kind for each column"),
        ('title = "Figures"', "title = ", "-: : this is not TOML: Invalid value (at line 1, column 9)."),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, before: str, after: str, said: str) -> None:
    text = HEAD + ROWS
    assert text.count(before) == 1

    assert any(said in told for told in mistakes(tmp_path, text.replace(before, after))), said


def test_rows_of_an_overlapping_table_are_sorted_as_well(tmp_path: Path) -> None:
    rows = 'row = [\n  {from = "11.35.0", floor = 2},\n  {from = "11.0.0", floor = 1},\n]\n'

    told = mistakes(tmp_path, HEAD.replace("contiguous", "overlapping") + rows)

    assert told == ["11: row 2: it begins at 11.0.0, below the row before it: sort the rows."]


def test_a_table_without_rows_and_several_mistakes_are_told_at_once(tmp_path: Path) -> None:
    assert mistakes(tmp_path, HEAD + "row = []\n") == ["9: row: expected at least one row."]
    both = (HEAD + ROWS).replace("floor = 1", "floor = false").replace("floor = 2", "floor = false")
    assert len(mistakes(tmp_path, both)) == 2


def test_rows_may_be_written_as_blocks(tmp_path: Path) -> None:
    blocks = '[[row]]\nfrom = "11.0.0"\nbefore = "11.35.0"\nfloor = 1\n\n[[row]]\nfrom = "11.35.0"\nfloor = "x"\n'

    assert mistakes(tmp_path, HEAD + blocks) == ["14: row 2 floor: this must be a whole number."]


def test_a_name_stands_once_in_all_folders_and_is_a_plain_one(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for folder in (one, other):
        folder.mkdir()
        written(folder, figures=HEAD + ROWS)

    with pytest.raises(DocumentError, match="has a table of this name already"):
        load_tables([one, other])
    (other / "tables" / "figures.toml").rename(other / "tables" / "Other-Figures.toml")
    with pytest.raises(DocumentError, match="a name in lower case"):
        load_tables([one, other])


def test_no_table_claims_to_know_a_release_above_the_newest(tmp_path: Path) -> None:
    releases = HEAD.replace("11.43.0", "11.42.1") + ROWS.replace("11.35.0", "11.42.1")
    newer = HEAD + ROWS
    with pytest.raises(DocumentError, match=r"figures\.toml:5: highest: platform_server_releases knows no release ab"):
        load_tables([written(tmp_path, platform_server_releases=releases, figures=newer)])

    older = newer.replace("11.43.0", "11.40.0")
    assert len(load_tables([written(tmp_path, figures=older)]).by_name) == 2
    with pytest.raises(DocumentError, match=r"the newest release is 11\.42\.1"):
        load_tables(
            [written(tmp_path, platform_server_releases=releases.replace('highest = "11.42.1"', 'highest = "11.42.2"'))]
        )


def test_the_age_of_the_figures_is_that_of_their_sources(tmp_path: Path) -> None:
    undated = (HEAD + ROWS).replace("PSREL = 2026-08-17, ", "")
    older = (HEAD + ROWS).replace("2026-08-17", "2025-01-20")
    tables = load_tables([written(tmp_path, figures=HEAD + ROWS, undated=undated, older=older)])

    assert tables["undated"].date is None
    assert tables["figures"].date == date(2026, 8, 17)
    assert tables.date is not None
    assert (tables.date.oldest, tables.date.newest) == (date(2025, 1, 20), date(2026, 8, 17))
    assert tables.age_line == "3 tables of figures, from sources of 2025-01-20 to 2026-08-17"
    assert Tables().date is None
    assert Tables().age_line == "no tables of figures"
    (tmp_path / "tables" / "figures.toml").unlink()
    (tmp_path / "tables" / "older.toml").unlink()
    assert load_tables([tmp_path]).age_line == "1 table of figures, from sources without a date"


def test_rules_are_loaded_with_their_tables_and_a_changed_figure_changes_their_digest(tmp_path: Path) -> None:
    written(tmp_path, figures=HEAD + ROWS)
    before = rules_digest([tmp_path])

    assert [table.name for table in Rules.load((tmp_path,)).tables] == ["figures"]
    assert check_files([tmp_path]) == []
    written(tmp_path, figures=HEAD + ROWS.replace("floor = 1", "floor = 3"))
    assert rules_digest([tmp_path]) != before
    written(tmp_path, figures=HEAD)
    with pytest.raises(DocumentError):
        Rules.load((tmp_path,))


def test_a_check_of_any_level_gets_at_the_figures(tmp_path: Path) -> None:
    def judge(subject: object) -> Verdict:
        row = subject.figures("figures").at(V("11.40.0"))  # type: ignore[attr-defined]
        return passed(f"The floor is {row.value('floor', int)}.")

    material = dataclasses.replace(small(), tables=load_tables([written(tmp_path, figures=HEAD + ROWS)]))
    checks = [host_check("AAA-001", judge), environment_check("AAA-002", judge), infrastructure_check("AAA-003", judge)]

    findings = run_checks(checks, material)

    assert {item.check for item in findings} == {"AAA-001", "AAA-002", "AAA-003"}
    assert {item.verdict.sentence for item in findings} == {"The floor is 2."}


def test_a_version_that_no_table_knows_gives_an_unknown_verdict_and_a_missing_table_an_error(tmp_path: Path) -> None:
    def newer(host: Host) -> Verdict:
        host.figures("figures").at(V("11.44.0"))
        return passed("It was known.")

    def missing(host: Host) -> Verdict:
        host.figures("no_such_table")
        return passed("It was there.")

    material = dataclasses.replace(small(), tables=load_tables([written(tmp_path, figures=HEAD + ROWS)]))
    findings = run_checks([host_check("AAA-001", newer), host_check("AAA-002", missing)], material)

    told = {(item.check, item.verdict.status, item.verdict.reason) for item in findings}
    assert told == {
        ("AAA-001", Status.UNKNOWN, Reason.VERSION_NOT_IN_TABLE), ("AAA-002", Status.ERROR, None),
    }  # fmt: skip


def test_the_view_knows_the_day_of_the_judgement() -> None:
    infrastructure = Infrastructure(small(), Recorder())

    assert {host.today for host in infrastructure.hosts} == {infrastructure.judged_at.date()}


parts = st.lists(st.integers(0, 50), min_size=1, max_size=5).map(lambda items: Version(tuple(items)))


@given(parts, parts)
def test_versions_are_ordered_with_missing_numbers_as_zero(one: Version, other: Version) -> None:
    mine, theirs = ((*version.parts, 0, 0, 0, 0, 0)[:5] for version in (one, other))

    assert is_below(one, other) == (mine < theirs)
    assert is_below(one, other) + is_below(other, one) + (mine == theirs) == 1


@given(st.lists(st.integers(0, 60), min_size=1, max_size=4))
def test_exactly_one_row_of_a_contiguous_table_holds_for_each_version_it_speaks_of(numbers: list[int]) -> None:
    version = Version((11, *numbers))
    for table in load_tables([checks_folder()]):
        if table.shape == "contiguous" and table.of == "platform-server" and (*numbers, 0)[:2] <= (43, 0):
            assert sum(row.holds(version) for row in table.rows) == 1
            assert table.at(version).holds(version)
