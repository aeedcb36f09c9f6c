"""Reading YAML with the line of every value, and refusing what no operator means."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from auditor.errors import DocumentError
from auditor.settings.documents import MAXIMUM_BYTES, read_document

Write = Callable[..., Path]


def refusal(path: Path) -> str:
    with pytest.raises(DocumentError) as caught:
        read_document(path)
    return str(caught.value)


def test_every_path_has_the_line_where_its_key_stands(write: Write) -> None:
    document = read_document(write("# comment\na:\n  - b: 1\n    c:\n      [x, y]\n"))
    assert document.content == {"a": [{"b": 1, "c": ["x", "y"]}]}
    assert document.lines[("a",)] == 2
    assert document.lines[("a", 0, "b")] == 3
    assert document.lines[("a", 0, "c")] == 4
    assert document.lines[("a", 0, "c", 1)] == 5
    assert str(document.location(("a", 0, "d"))) == f"{document.file}:3: a[0].d"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("No", "No"), ("yes", "yes"), ("true", True), ("2026-01-31", "2026-01-31"), ("12:30", "12:30"), ("007", "007"),
        ("5986", 5986), ("1e3", "1e3"), ("11.5", "11.5"), ("~", None), ("", None), ("'5'", "5"), ("0x10", "0x10"),
        ("9" * 5000, "9" * 5000),
    ],
)  # fmt: skip
def test_plain_words_mean_what_they_look_like(write: Write, written: str, read: object) -> None:
    assert read_document(write(f"a: {written}\n")).content == {"a": read}


def test_a_key_that_stands_twice_is_a_located_mistake(write: Write) -> None:
    path = write("a:\n  port: 1\n  other: 2\n  port: 3\n")
    ((location, sentence),) = read_document(path).problems
    assert (location.line, location.key) == (4, "a")
    assert sentence == "the key 'port' stands twice (first in line 2); keep one of them."


def test_a_key_that_is_not_text_is_a_mistake(write: Write) -> None:
    problems = read_document(write("1: a\n? [x]\n: b\n")).problems
    assert len(problems) == 2
    assert all("not text" in sentence for _, sentence in problems)


def test_anchors_and_aliases_are_unfolded(write: Write) -> None:
    document = read_document(write("a: &x {b: 1}\nc: *x\n"))
    assert document.content == {"a": {"b": 1}, "c": {"b": 1}}
    assert document.lines[("c", "b")] == 1


def test_an_alias_bomb_is_refused_before_it_unfolds(write: Write) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    assert "unfolds to more than" in refusal(write("\n".join(lines)))


def test_many_aliases_are_refused(write: Write) -> None:
    assert "more than 200 aliases" in refusal(write("a: &x 1\nb: [" + "*x, " * 300 + "]\n"))


def test_a_value_cannot_hold_itself(write: Write) -> None:
    assert "no such anchor" in refusal(write("a: &x [*x]\n"))


@pytest.mark.parametrize("text", ["[" * 5000, "{a: " * 5000, "- " * 5000])
def test_deep_nesting_is_refused(write: Write, text: str) -> None:
    assert "nested deeper than 24 levels" in refusal(write(text))


@pytest.mark.parametrize("tag", ["!!python/object/apply:os.system [id]", "!secret x", "!!str 5", "! x"])
def test_tags_are_refused(write: Write, tag: str) -> None:
    assert "tags (!) are not understood" in refusal(write(f"a: {tag}\n"))


def test_a_large_file_is_refused_without_being_parsed(write: Write) -> None:
    assert "larger than" in refusal(write("a: " + "x" * MAXIMUM_BYTES))


@pytest.mark.parametrize(
    ("text", "words", "line"),
    [
        ("a: 1\nb: c: d\n", "second colon", 2),
        ("a: 1\nb\nc: 2\n", "key stands here without a colon", 2),
        ("a: 1\nb: %x\n", "put it in quotes", 2),
        ("a: *x\n", "no such anchor", 1),
        ("a: [1\nb: 2\n", "this is not YAML", 2),
        ("a: 1\n---\nb: 2\n", "more than one document", 2),
        ('a: "\\UFFFFFFFF"\n', "an escape that is no character", None),
        ("a: 1\nb: \x07\n", "no text file may hold", 2),
    ],
)
def test_what_is_not_yaml_is_said_with_its_line(write: Write, text: str, words: str, line: int | None) -> None:
    path = write(text)
    with pytest.raises(DocumentError) as caught:
        read_document(path)
    ((location, sentence),) = caught.value.problems
    assert words in sentence
    # PyYAML sees some mistakes only at the next token.
    assert location.line in (line, None if line is None else line + 1)


@pytest.mark.parametrize("text", ["password: *hunter2\n", "password: %hunter2\n", "password: !hunter2 x\n",
                                  "password: 'hunter2\n", "password: hunter2: x\n", "password: {hunter2, hunter2}\n",
                                  "password: &hunter2 [*hunter3]\n", 'password: "\\hunter2"\n'])  # fmt: skip
def test_a_damaged_password_line_is_never_repeated(write: Write, text: str) -> None:
    try:
        problems = list(read_document(write(text)).problems)
    except DocumentError as error:
        problems = error.problems
    assert problems
    assert "hunter" not in str(problems)


def test_a_file_of_very_many_values_is_refused(write: Write) -> None:
    assert "holds more than 100000 values" in refusal(write("[" + "a," * 110_000 + "]"))


def test_both_halves_of_a_character_that_json_escapes_are_joined(write: Write) -> None:
    assert read_document(write('{"a": "\\ud83d\\ude00"}')).content == {"a": "\U0001f600"}
    assert "half a character" in refusal(write('{"a": "\\ud83d"}'))


def test_a_file_that_is_not_there_is_said_with_what_to_do(tmp_path: Path) -> None:
    assert "no such file; `osaudit init`" in refusal(tmp_path / "inventory.yaml")


def test_a_folder_is_not_a_document(tmp_path: Path) -> None:
    assert "cannot be read" in refusal(tmp_path)


def test_text_that_is_not_utf_8_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes("a: 1\nb: Größe\n".encode("latin-1"))
    assert f"{path}:2: this is not UTF-8 text" in refusal(path)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_the_encodings_of_windows_editors_are_read(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes("a: Größe\n".encode(encoding))
    assert read_document(path).content == {"a": "Größe"}


@pytest.mark.parametrize("text", ["", "# only a comment\n", "---\n"])
def test_a_file_without_content_is_none(write: Write, text: str) -> None:
    assert read_document(write(text)).content is None
