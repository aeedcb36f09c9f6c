"""init, schema, explain and checks: what the program writes and says without any server or store."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import jsonschema
import pytest
import yaml

from auditor.collectors import COLLECTORS
from auditor.model.question import Platform
from tests.cli.program import ROOT, osaudit, refused


def test_init_writes_examples_that_are_valid_and_overwrites_nothing(tmp_path: Path) -> None:
    made = osaudit(tmp_path, "init", "new")
    folder = tmp_path / "new"

    assert made.code == 0
    assert [Path(line) for line in made.out.splitlines()] == [
        Path("new", name) for name in ("inventory.yaml", "osaudit.yaml", "reference.yaml", "waivers.yaml")
    ]
    assert "osaudit hosts ping" in made.err
    for name in ("inventory", "osaudit", "reference", "waivers"):
        # A file of which every setting is still commented out declares nothing.
        document = yaml.safe_load((folder / f"{name}.yaml").read_text(encoding="utf-8")) or {}
        schema = json.loads(osaudit(tmp_path, "schema", name).out)
        jsonschema.Draft202012Validator.check_schema(schema)
        jsonschema.validate(json.loads(json.dumps(document, default=str)), schema)

    (folder / "inventory.yaml").write_text("mine", encoding="utf-8")
    (folder / "waivers.yaml").unlink()
    refused(osaudit(tmp_path, "init", "new"), "exists already and is left as it is")
    assert (folder / "inventory.yaml").read_text(encoding="utf-8") == "mine"
    assert not (folder / "waivers.yaml").exists()


def test_the_examples_of_init_are_taken_by_the_commands_that_read_them(tmp_path: Path) -> None:
    osaudit(tmp_path, "init")
    listed = osaudit(tmp_path, "hosts", "list")
    scanned = osaudit(tmp_path, "scan", "--resume")

    assert listed.code == 0
    assert listed.out.splitlines()[1].split()[:2] == ["Development", "dev-1"]
    refused(scanned, "There is no unfinished scan of this infrastructure to resume")
    assert scanned.err.count("Using ") == 2


def test_explain_tells_every_question_why_it_is_asked_and_what_right_it_needs(tmp_path: Path) -> None:
    text = osaudit(tmp_path, "explain").out
    questions = [question for collector in COLLECTORS for question in collector.questions]

    assert len(questions) > 60
    for question in questions:
        start = text.index(f"  {question.id}: {question.verb}")
        told = text[start : text.index("needs:", start) + 300]
        assert f"why: {question.why}\n" in told
        assert f"needs: {question.rights}\n" in told


def test_explain_as_data_has_the_same_questions_and_can_be_had_for_one_platform(tmp_path: Path) -> None:
    everything = json.loads(osaudit(tmp_path, "explain", "--format", "json").out)
    linux = json.loads(osaudit(tmp_path, "explain", "--format", "json", "--platform", "linux").out)
    questions = {question.id: question for collector in COLLECTORS for question in collector.questions}

    assert everything["osaudit_questions"] == 1
    assert {row["id"]: (row["why"], row["rights"], row["verb"]) for row in everything["questions"]} == {
        name: (question.why, question.rights, question.verb) for name, question in questions.items()
    }
    assert {row["id"] for row in linux["questions"]} == {
        name for name, question in questions.items() if question.platform is Platform.LINUX
    }


def test_checks_list_has_every_check_file(tmp_path: Path) -> None:
    listed = osaudit(tmp_path, "checks", "list")
    files = [file for file in (ROOT / "checks").glob("*/*.py") if not file.name.startswith("_")]

    assert len(listed.out.splitlines()) == len(files)
    assert f"{len(files)} checks" in listed.err
    assert "TOPO-006" in listed.out


@pytest.mark.parametrize("name", ["TOPO-006", "topo-006", "lifetime_not_in_existing_environment"])
def test_checks_explain_finds_a_check_by_id_and_by_slug(name: str, tmp_path: Path) -> None:
    told = osaudit(tmp_path, "checks", "explain", name)
    assert told.out.startswith("TOPO-006 lifetime_not_in_existing_environment (critical)\n")
    for heading in ("Why it matters", "How it is decided", "How to fix", "References"):
        assert f"\n{heading}\n" in told.out


def test_checks_explain_says_where_all_checks_are_listed(tmp_path: Path) -> None:
    refused(osaudit(tmp_path, "checks", "explain", "TOPO-999"), "There is no check TOPO-999; `osaudit checks list`")


def test_checks_new_writes_a_check_and_its_cases_that_the_program_then_knows(tmp_path: Path) -> None:
    made = osaudit(tmp_path, "checks", "new", "VER-900", "versions_are_new", "--area", "versions")
    check, cases = (Path(line) for line in made.out.splitlines())

    assert check == Path("checks/versions/versions_are_new.py")
    assert tomllib.loads((tmp_path / cases).read_text(encoding="utf-8"))
    explained = osaudit(tmp_path, "checks", "explain", "VER-900", "--checks", "checks")
    assert explained.out.startswith("VER-900 versions_are_new")
    refused(osaudit(tmp_path, "checks", "new", "VER-901", "versions_are_new", "--area", "versions"), "exists already")


def test_folders_of_checks_must_be_there_and_hold_checks(tmp_path: Path) -> None:
    refused(osaudit(tmp_path, "checks", "list", "--checks", "nowhere"), "nowhere is not a folder of checks")
    (tmp_path / "own" / "area").mkdir(parents=True)
    (tmp_path / "own" / "area" / "broken.py").write_text("this is no Python", encoding="utf-8")
    ended = osaudit(tmp_path, "checks", "list", "--checks", "own")
    assert ended.code == 2, ended.err
    assert "broken.py" in ended.err
    assert "Traceback" not in ended.err
