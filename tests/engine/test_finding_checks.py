from __future__ import annotations

import sys
from pathlib import Path

import pytest

from auditor.engine.declaration import DeclarationError
from auditor.engine.discovery import check_files, load_check, load_checks, rules_digest
from auditor.engine.scaffolding import new_check_files
from auditor.errors import UsageError


def write(folder: Path, slug: str, check_id: str = "ZZZ-001", name: str | None = None) -> Path:
    text = new_check_files(check_id, slug, "area")[f"checks/area/{slug}.py"]
    file = folder / f"{name or slug}.py"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def test_checks_are_found_below_any_folder_and_sorted_by_id(tmp_path: Path) -> None:
    write(tmp_path / "later", "one_thing", "ZZZ-002")
    write(tmp_path, "another_thing", "ZZZ-001")

    assert [check.slug for check in load_checks([tmp_path])] == ["another_thing", "one_thing"]


def test_files_that_begin_with_an_underscore_or_a_dot_are_no_checks(tmp_path: Path) -> None:
    write(tmp_path, "thing")
    write(tmp_path, "hidden", name="_hidden")
    write(tmp_path / "__pycache__", "cached")
    write(tmp_path / ".git", "versioned")

    assert [file.stem for file in check_files([tmp_path])] == ["thing"]


def test_a_folder_whose_own_path_has_a_dot_is_searched(tmp_path: Path) -> None:
    write(tmp_path / ".osaudit" / "checks", "thing")

    assert len(load_checks([tmp_path / ".osaudit" / "checks"])) == 1


def test_a_folder_that_is_given_twice_gives_each_check_once(tmp_path: Path) -> None:
    write(tmp_path, "thing")

    assert len(load_checks([tmp_path, tmp_path])) == 1


def test_a_folder_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match="no such folder"):
        load_checks([tmp_path / "cheks"])


def test_two_files_with_one_id_are_refused_and_both_are_named(tmp_path: Path) -> None:
    first, second = write(tmp_path / "a", "first_thing"), write(tmp_path / "b", "second_thing")

    with pytest.raises(DeclarationError) as error:
        load_checks([tmp_path])

    assert str(first) in str(error.value)
    assert str(second) in str(error.value)
    assert "ZZZ-001" in str(error.value)


def test_two_files_with_one_slug_are_refused_and_both_are_named(tmp_path: Path) -> None:
    first, second = write(tmp_path / "a", "thing", "ZZZ-001"), write(tmp_path / "b", "thing", "ZZZ-002")

    with pytest.raises(DeclarationError) as error:
        load_checks([tmp_path])

    assert str(first) in str(error.value)
    assert str(second) in str(error.value)


def test_a_former_name_stays_taken(tmp_path: Path) -> None:
    file = write(tmp_path, "new_thing", "ZZZ-001")
    text = file.read_text(encoding="utf-8").replace('"ZZZ-001",', '"ZZZ-001",\n    formerly=("old_thing",),')
    file.write_text(text, encoding="utf-8")
    write(tmp_path, "old_thing", "ZZZ-002")

    with pytest.raises(DeclarationError, match="both declare old_thing"):
        load_checks([tmp_path])


def change(file: Path, before: str, after: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after), encoding="utf-8")


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("from auditor.check", "from auditor.chek", "cannot be loaded: ModuleNotFoundError"),
        ("def thing(", "def thing(:", "cannot be loaded: SyntaxError"),
        ("def thing(", "def other_thing(", "exactly one check, named thing"),
        ('"ZZZ-001"', '"zzz-1"', "must look like TOPO-006"),
        ('"""Thing.', '"""Thing', "first docstring line"),
        ('"""Thing.', '"""' + "Thing " * 20 + ".", "at most 80 characters"),
        ("## How to fix", "## Remediation", "must have the headings"),
        ("## References\n\n    - Architecture of osaudit (docs/architecture.md)", "## References\n", "each with text"),
        ('"ZZZ-001",', '"ZZZ-001",\n    needs=("ZZZ-001",),', "cannot need itself"),
    ],
)
def test_a_check_file_that_is_not_well_formed_is_refused_by_name(
    tmp_path: Path, before: str, after: str, complaint: str
) -> None:
    file = write(tmp_path, "thing")
    change(file, before, after)

    with pytest.raises(DeclarationError, match=complaint) as error:
        load_check(file)

    assert "thing.py" in str(error.value)
    assert isinstance(error.value, UsageError)


def test_a_check_file_that_is_refused_leaves_no_half_loaded_module_behind(tmp_path: Path) -> None:
    file = write(tmp_path, "thing")
    change(file, "LEAST = 2", "LEAST = 1 / 0")
    before = set(sys.modules)

    with pytest.raises(DeclarationError, match="ZeroDivisionError"):
        load_check(file)

    assert not [name for name in set(sys.modules) - before if "osaudit_check" in name]


def test_a_file_with_two_checks_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path, "thing")
    text = file.read_text(encoding="utf-8")
    body = text[text.index("@check.per_host") :]
    file.write_text(
        text + "\n\n" + body.replace("ZZZ-001", "ZZZ-002").replace("def thing", "def second_thing"), "utf-8"
    )

    with pytest.raises(DeclarationError, match="exactly one check"):
        load_check(file)


def test_a_need_that_no_file_declares_is_refused(tmp_path: Path) -> None:
    change(write(tmp_path, "thing"), '"ZZZ-001",', '"ZZZ-001",\n    needs=("ZZZ-009",),')

    with pytest.raises(DeclarationError, match="ZZZ-001 needs ZZZ-009"):
        load_checks([tmp_path])


def test_a_check_may_not_wait_for_one_that_comes_after_all_others(tmp_path: Path) -> None:
    change(write(tmp_path, "thing"), '"ZZZ-001",', '"ZZZ-001",\n    needs=("ZZZ-002",),')
    change(write(tmp_path, "last_thing", "ZZZ-002"), '"ZZZ-002",', '"ZZZ-002",\n    after_all=True,')

    with pytest.raises(DeclarationError, match="comes after all others"):
        load_checks([tmp_path])


def test_the_digest_of_the_rules_changes_with_a_check_and_with_a_table_and_with_nothing_else(tmp_path: Path) -> None:
    file = write(tmp_path, "thing")
    table = tmp_path / "tables" / "dates.toml"
    table.parent.mkdir()
    table.write_text("[a]\n", encoding="utf-8")
    (tmp_path / "notes.txt").write_text("one", encoding="utf-8")
    first = rules_digest([tmp_path])

    (tmp_path / "notes.txt").write_text("two", encoding="utf-8")
    assert rules_digest([tmp_path]) == first
    table.write_text("[b]\n", encoding="utf-8")
    second = rules_digest([tmp_path])
    change(file, "LEAST = 2", "LEAST = 3")
    assert len({first, second, rules_digest([tmp_path])}) == 3
