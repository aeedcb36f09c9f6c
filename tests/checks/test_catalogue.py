"""Rules for the catalogue as a whole; no list of checks stands here, so a new check edits nothing."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest

from auditor.bundled import checks_folder
from auditor.engine.cases import impossible_statuses, load_cases, run_case
from auditor.engine.declaration import Check
from auditor.engine.discovery import check_files, load_check, load_checks
from auditor.engine.scaffolding import new_check_files
from auditor.engine.tables import load_tables
from auditor.errors import UsageError
from auditor.model.finding import Severity, Status, SubjectKind

CASES_FOLDER = Path(__file__).parents[2] / "fixtures" / "checks"
FILES = check_files([checks_folder()])
CHECKS = [load_check(file) for file in FILES]
SOURCES = tomllib.loads((checks_folder() / "sources.toml").read_text(encoding="utf-8"))

each_check = pytest.mark.parametrize("check", CHECKS, ids=[check.slug for check in CHECKS])


def test_all_checks_load_together_with_unique_ids_and_slugs() -> None:
    checks = load_checks([checks_folder()])

    assert [check.id for check in checks] == sorted({check.id for check in checks})
    assert len({check.slug for check in checks}) == len(checks) == len(FILES)


@each_check
def test_a_check_has_a_title_that_states_the_compliant_condition(check: Check) -> None:
    assert not re.match(r"(ensure|check|verify|make sure|no\b.*\bshould|should)\b", check.title, re.IGNORECASE)
    assert re.search(
        r"\b(is|are|has|have|was|were|runs?|lets?|names?|carr(y|ies)|shares?|stands?|serves?|shows?|holds?|agree|get"
        r"|could|had|answered|matches|reach(es)?|takes)\b",
        check.title,
    ), check.title


@each_check
def test_the_page_of_a_check_tells_steps_and_the_effect_on_users(check: Check) -> None:
    fix = check.sections["How to fix"]

    assert re.search(r"^1\. ", fix, re.MULTILINE)
    assert "Effect on users: " in fix
    assert all(len(check.sections[heading]) > 100 for heading in ("Why it matters", "How it is decided"))


@each_check
def test_the_references_of_a_check_are_its_sources(check: Check) -> None:
    assert check.sources
    listed = check.sections["References"].splitlines()
    expected: dict[str, str] = {}
    for key in check.sources:
        title, url = SOURCES[key]["title"], SOURCES[key]["url"]
        expected.setdefault(url, f"- {title} - {url}" if url else f"- {title}")

    assert listed == list(expected.values())


@each_check
def test_what_a_check_needs_it_names_in_its_text_or_judges_the_same_subject(check: Check) -> None:
    levels = {other.id: other.level for other in CHECKS}
    for needed in check.needs:
        assert levels[needed] in (check.level, SubjectKind.ENVIRONMENT, SubjectKind.INFRASTRUCTURE)


def test_every_source_has_a_title_and_an_address_and_is_used() -> None:
    used = {key for check in CHECKS for key in check.sources}
    used |= {key for table in load_tables([checks_folder()]) for key in table.sources}

    assert set(SOURCES) == used
    for key, source in SOURCES.items():
        assert source["title"], key
        maker = "https://learn.microsoft.com/" if key.startswith("MS") else "https://github.com/OutSystems/"
        assert source["url"].startswith(maker) or key == "DESIGN"


def test_a_folder_holds_checks_of_one_group_and_a_group_has_one_folder() -> None:
    pairs = {(file.parent.name, check.id.split("-")[0]) for file, check in zip(FILES, CHECKS, strict=True)}

    assert len({folder for folder, _ in pairs}) == len({group for _, group in pairs}) == len(pairs)


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_a_check_imports_only_the_door_for_checks_and_the_standard_library(file: Path) -> None:
    imported = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            imported.add(node.module or "")

    foreign = {name for name in imported - {"auditor.check"} if name.split(".")[0] not in sys.stdlib_module_names}
    assert foreign == set()


@each_check
def test_a_check_has_cases_for_every_status_that_it_can_come_to(check: Check) -> None:
    file = CASES_FOLDER / f"{check.slug}.toml"
    shown = {expected.status for case in load_cases(file) for expected in case.expectations}
    impossible = impossible_statuses(file)
    needed = {Status.PASS, Status.UNKNOWN}
    if check.severity is not Severity.INFO:
        needed.add(Status.FAIL)
    if check.roles is not None or check.purposes is not None or check.needs:
        needed.add(Status.NOT_APPLICABLE)
    if check.level is SubjectKind.ENVIRONMENT and not check.in_cloud:
        needed.add(Status.NOT_APPLICABLE) if check.severity is not Severity.INFO else None

    assert needed - shown - set(impossible) == set()
    assert not shown & set(impossible)
    assert all(len(reason) > 20 for reason in impossible.values())


def test_every_case_file_belongs_to_a_check() -> None:
    assert {file.stem for file in CASES_FOLDER.glob("*.toml")} == {check.slug for check in CHECKS}


def test_a_new_check_is_two_files_that_load_and_whose_cases_run(tmp_path: Path) -> None:
    files = new_check_files("ZZZ-001", "servers_have_enough_processors", "processors")
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(text, encoding="utf-8")

    checks = load_checks([checks_folder(), tmp_path / "checks"])
    cases = load_cases(tmp_path / "fixtures" / "checks" / "servers_have_enough_processors.toml")

    assert sorted(files) == [
        "checks/processors/servers_have_enough_processors.py",
        "fixtures/checks/servers_have_enough_processors.toml",
    ]
    assert "ZZZ-001" in {check.id for check in checks}
    assert {expected.status for case in cases for expected in case.expectations} >= {
        Status.PASS, Status.FAIL, Status.UNKNOWN, Status.NOT_APPLICABLE,
    }  # fmt: skip
    assert [wrong for case in cases for wrong in run_case(case, checks)] == []


@pytest.mark.parametrize(
    ("check_id", "slug", "area"),
    [
        ("VER-1", "fine", "versions"),
        ("ver-001", "fine", "versions"),
        ("VER-001", "Not_Fine", "versions"),
        ("VER-001", "../escape", "versions"),
        ("VER-001", "class", "versions"),
        ("VER-001", "fine", "../.."),
        ("VER-001", "a" + "_very_long_name" * 6, "versions"),
    ],
)
def test_a_new_check_with_a_bad_name_is_refused(check_id: str, slug: str, area: str) -> None:
    with pytest.raises(UsageError):
        new_check_files(check_id, slug, area)
