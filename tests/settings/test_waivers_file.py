"""Adding a waiver to a file that a person wrote, and what is wrong in it once inventory and checks are known."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.errors import DocumentError
from auditor.model.inventory import Environment, Host, Inventory, Purpose, Role, WinRMEndpoint, WinRMSignIn
from auditor.model.waiver import Waiver
from auditor.reporting.waiving import entry
from auditor.settings.waivers import load_waivers
from auditor.settings.waivers_file import check_waivers, load_entry, with_entry

Write = Callable[..., Path]

NEW = Waiver(
    "COMP-004", "Moves in spring.", "Team", "Head", datetime.date(2026, 1, 31), datetime.date(2026, 3, 31),
    environment="LifeTime", evidence=("3f9a01c27b5e",),
)  # fmt: skip
OLD = "check: TOPO-006, reason: r, owner: o, approver: a, date: 2026-01-31, until: 2026-06-30, host: a"
ONE = f"waivers:\n  - {{{OLD}}}\n"
BLOCK = "".join(f"{'-' if number == 0 else ' '} {line}\n" for number, line in enumerate(OLD.split(", ")))


def added(path: Path, waiver: Waiver = NEW) -> str:
    content, written = with_entry(path, entry(waiver))
    path.write_bytes(content)
    (*_, last) = load_waivers(path)
    assert last == written
    assert replace(last, place="") == waiver
    return content.decode("utf-8-sig")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nobody accepted anything yet\n",
        "# no line end",
        ONE,
        ONE.removesuffix("\n"),
        f"# first\n{ONE}# and a comment at the end\n\n",
        f"waivers: # of the north\n{BLOCK}",
        "waivers:\n" + "".join(f"      {line}\n" for line in BLOCK.splitlines()),
        ONE.replace("\n", "\r\n"),
        f"---\n{ONE}",
        f"waivers:\n- {{{OLD.replace('reason: r, ', '')}, reason: 'a # b'}}\n",
        "waivers:\n" + BLOCK.replace("host: a", "host: a\n  reason: |+\n    kept\n\n").replace("  reason: r\n", ""),
        ONE.replace("waivers", '"waivers"'),
    ],
)
def test_whatever_stood_in_the_file_stays_and_the_waiver_follows(write: Write, text: str) -> None:
    path = write("x", "waivers.yaml")
    path.write_bytes(text.encode())

    result = added(path)
    assert result.startswith(text)
    assert result.endswith("\r\n" if "\r\n" in text else '"]\n')
    assert "\n" not in result.replace("\r\n", "") or "\r\n" not in text


@pytest.mark.parametrize(
    "empty", ["waivers: []\n", "waivers: [] # none\n\n#waivers:\n  #- check: X\n", "waivers: [\n]\n"]
)
def test_the_brackets_of_an_empty_list_give_way_and_nothing_else(write: Write, empty: str) -> None:
    result = added(write(empty, "waivers.yaml"))
    kept = empty.replace(" [\n]", "").replace(" []", "")
    assert result.startswith(f"{kept}  - check: COMP-004\n")


def test_the_examples_that_init_writes_take_one(write: Write) -> None:
    from auditor.settings.examples import examples

    text = examples()["waivers.yaml"]
    assert added(write(text, "waivers.yaml")).startswith(text.replace("waivers: []", "waivers:"))


def test_a_file_that_is_not_there_is_begun(tmp_path: Path) -> None:
    assert added(tmp_path / "waivers.yaml").startswith("waivers:\n  - check: COMP-004\n")


def test_a_byte_order_mark_stays_the_first_thing(write: Write) -> None:
    path = write("x", "waivers.yaml")
    path.write_bytes(b"\xef\xbb\xbf" + ONE.encode())
    added(path)
    assert path.read_bytes().startswith(b"\xef\xbb\xbfwaivers")
    assert path.read_bytes().count(b"\xef\xbb\xbf") == 1


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        (
            f"# x\nwaivers: [{{{OLD}}}]\n",
            2,
            "the waivers stand in brackets, where no line can be added. Add it by hand.",
        ),
        ("{waivers: []}\n", 1, "the waivers stand in brackets"),
        (f"{ONE}...\n", 4, "no waiver can be added here without changing what the file says. Add it by hand."),
        (f"{ONE}  - {{check: topo}}\n", 3, "is missing"),
        ("waivers:\n", 1, "found nothing"),
        ("- x\n", 1, "found a list"),
    ],
)
def test_a_file_to_which_nothing_can_be_added_is_refused_with_its_line(
    write: Write, text: str, line: int, sentence: str
) -> None:
    with pytest.raises(DocumentError) as caught:
        with_entry(write(text, "waivers.yaml"), entry(NEW))
    assert line in {location.line for location, _ in caught.value.problems}
    assert sentence in str(caught.value)


def test_a_file_in_another_encoding_is_refused(write: Write) -> None:
    path = write("x", "waivers.yaml")
    path.write_bytes(ONE.encode("utf-16"))
    with pytest.raises(DocumentError, match="UTF-8"):
        with_entry(path, entry(NEW))


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=40)


@given(WORDS, WORDS, WORDS, st.lists(WORDS, min_size=1, max_size=4))
def test_whatever_people_write_comes_back_as_it_is(owner: str, approver: str, name: str, words: list[str]) -> None:
    said = replace(NEW, owner=owner, approver=approver, environment=name, reason=" ".join(words))
    assert load_entry(entry(said)) == said


# Beside inventory and checks

NAMES = {"TOPO-006": "TOPO-006", "no_lifetime": "TOPO-006", "every_host_was_reached": "DATA-001"}


def server(name: str, environment: str | None) -> Host:
    endpoint = WinRMEndpoint(name, 5986, https=True, sign_in=WinRMSignIn.NTLM, user="u")
    return Host(name, environment, endpoint, frozenset({Role.FRONT_END}))


INVENTORY = Inventory(
    "Example",
    (
        Environment("Development", Purpose.DEVELOPMENT, hosts=(server("dev-1", "Development"),)),
        Environment("Live", Purpose.PRODUCTION, hosts=(server("prd-1", "Live"),)),
    ),
    (server("spare", None),),
)


def waiver(check: str, scope: str) -> str:
    said = OLD.replace("TOPO-006", check).replace("host: a", scope)
    return "waivers:\n" + "".join(
        f"  {'-' if number == 0 else ' '} {line}\n" for number, line in enumerate(said.split(", "))
    )


@pytest.mark.parametrize(
    ("check", "scope"),
    [
        ("TOPO-006", "host: dev-1"),
        ("no_lifetime", "environment: Live"),
        ("TOPO-006", "purpose: production"),
        ("TOPO-006", "infrastructure: true"),
        ("TOPO-006", "host: spare"),
        ("TOPO-006", "host: prd-1, environment: Live, purpose: production"),
    ],
)
def test_a_waiver_for_something_that_there_is_is_taken(write: Write, check: str, scope: str) -> None:
    assert len(check_waivers(write(waiver(check, scope)), INVENTORY, NAMES)) == 1


@pytest.mark.parametrize(
    ("check", "scope", "line", "key", "sentence"),
    [
        ("TOPO-007", "host: dev-1", 2, "check", "there is no check 'TOPO-007'; did you mean TOPO-006?"),
        ("XX-999", "host: dev-1", 2, "check", "there is no check 'XX-999'; `osaudit checks list` shows all."),
        ("every_host_was_reached", "host: dev-1", 2, "check", "this is DATA-001, which is never waived"),
        ("TOPO-006", "host: DEV-1", 8, "host", "there is no host 'DEV-1'; did you mean dev-1?"),
        ("TOPO-006", "environment: Test", 8, "environment", "there is no environment 'Test'; expected one of the"),
        ("TOPO-006", "purpose: quality", 8, "purpose", "no environment of the inventory has the purpose quality."),
        ("TOPO-006", "host: dev-1, environment: Live", 2, "", "nothing of the inventory is in all of its scopes"),
        ("TOPO-006", "host: spare, purpose: production", 2, "", "nothing of the inventory is in all of its scopes"),
        ("TOPO-006", "environment: Live, purpose: development", 2, "", "nothing of the inventory is in all of"),
    ],
)
def test_a_waiver_for_something_that_there_is_not_is_located(
    write: Write, check: str, scope: str, line: int, key: str, sentence: str
) -> None:
    with pytest.raises(DocumentError) as caught:
        check_waivers(write(waiver(check, scope)), INVENTORY, NAMES)
    ((location, told),) = caught.value.problems
    assert (location.line, location.key) == (line, f"waivers[0].{key}".rstrip("."))
    assert sentence in told
