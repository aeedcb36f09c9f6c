"""What the documents say of commands, failures, exit codes and tests is true, and their links lead somewhere."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer

from auditor.cli.app import app
from auditor.cli.exit_codes import ExitCode
from auditor.cli.options import ReportForm
from auditor.errors import FailureKind
from auditor.model.finding import Severity, Status
from auditor.reporting import ocsf, sarif, words
from auditor.reporting.shapes import Section
from auditor.settings.configuration import load_configuration
from auditor.settings.inventory import load_inventory
from auditor.settings.reference import load_reference
from auditor.settings.waivers import load_waivers

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *DOCS.glob("*.md")])
GUIDES = [
    ROOT / "README.md",
    DOCS / "user-guide.md",
    DOCS / "windows-servers.md",
    DOCS / "linux-servers.md",
]
# Blocks of these are typed by people, as they stand.
SHELLS = {"sh", "powershell", "bat", "cron"}
OTHER_BLOCKS = {"text", "yaml", "json", "sql"}
LOADERS: dict[str, Callable[[Path], object]] = {
    "inventory": load_inventory,
    "reference": load_reference,
    "waivers": load_waivers,
    "osaudit": load_configuration,
}


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path) -> list[tuple[str, str]]:
    """Return language and content of every fenced block, also of those inside a list."""
    found = re.findall(r"^ *```(\w*)\n(.*?)^ *```$", text_of(page), flags=re.DOTALL | re.MULTILINE)
    return [(str(language), str(content)) for language, content in found]


def prose(page: Path) -> str:
    return re.sub(r"^ *```\w*\n.*?^ *```$", "", text_of(page), flags=re.DOTALL | re.MULTILINE)


def section(page: Path, heading: str) -> str:
    """Return what stands between a heading of the second level and the next one."""
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text_of(page), flags=re.DOTALL | re.MULTILINE)
    assert found is not None, f"{name_of(page)} has no part {heading}"
    return found[1]


def rows(markdown: str) -> list[list[str]]:
    """Return the cells of all rows of all tables, without the lines under the headers."""
    lines = [line for line in markdown.splitlines() if line.startswith("|") and not re.fullmatch(r"[|\-: ]+", line)]
    return [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines]


# The command line


@dataclass(frozen=True)
class Command:
    """A command that does something itself; `words` are what is typed after osaudit."""

    words: tuple[str, ...]
    made: Any

    @property
    def options(self) -> list[Any]:
        context = self.made.make_context("osaudit", [], resilient_parsing=True)
        return [item for item in self.made.get_params(context) if item.param_type_name == "option"]

    def __str__(self) -> str:
        return " ".join(("osaudit", *self.words))


def child(group: Any, name: str) -> Any:
    context = group.make_context("osaudit", [], resilient_parsing=True)
    return group.get_command(context, name)


def is_group(command: Any) -> bool:
    return hasattr(command, "list_commands")


def leaves(group: Any, words: tuple[str, ...] = ()) -> Iterator[Command]:
    context = group.make_context("osaudit", [], resilient_parsing=True)
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        if is_group(found):
            yield from leaves(found, (*words, name))
        else:
            yield Command((*words, name), found)


@cache
def root() -> Any:
    return typer.main.get_command(app)


@cache
def commands() -> tuple[Command, ...]:
    return (Command((), root()), *leaves(root()))


OWN_OPTIONS = {"--config", "--log", "--log-format", "--journal"}


def command_for(words: list[str]) -> tuple[Command, list[str]]:
    """Return the command that these words call, and its arguments; fails for a command that does not exist.

    What stands before the command are options of osaudit itself, each with its value.
    """
    while len(words) > 2 and words[0] in OWN_OPTIONS:
        words = words[2:]
    found, depth = root(), 0
    while is_group(found) and words[depth:] and not words[depth].startswith("-"):
        found = child(found, words[depth])
        depth += 1
        assert found is not None, f"there is no command {described(words[:depth])}"
    return Command(tuple(words[:depth]), found), words[depth:]


def described(words: list[str]) -> str:
    return " ".join(("osaudit", *words))


def calls(content: str) -> Iterator[list[str]]:
    """Yield the arguments of every call of osaudit in a block that is typed into a shell or a crontab."""
    for line in content.splitlines():
        lexer = shlex.shlex(re.sub(r"^([\d*/,-]+ +){5}", "", line), posix=True, punctuation_chars="<>|&;")
        # A backslash is part of a path on Windows.
        lexer.whitespace_split, lexer.escape, lexer.commenters = True, "", "#"
        typed: list[str] = []
        for word in (*lexer, ";"):
            if not set(word) <= set("<>|&;"):
                typed.append(word)
                continue
            if typed and re.fullmatch(r"(.*[\\/])?osaudit(\.exe)?", typed[0]):
                yield typed[1:]
            typed = []


SHELL_CALLS = [
    pytest.param(page, typed, id=f"{name_of(page)}: {described(typed)}")
    for page in PAGES
    for language, content in blocks(page)
    if language in SHELLS
    for typed in calls(content)
]
INLINE_CALLS = [
    pytest.param(page, shlex.split(quoted), id=f"{name_of(page)}: osaudit {quoted}")
    for page in PAGES
    for quoted in sorted(set(re.findall(r"`osaudit ([^`]+)`", prose(page))))
]


@pytest.mark.parametrize("command", commands(), ids=str)
def test_the_user_guide_names_every_command_and_each_of_its_options(command: Command) -> None:
    guide = text_of(DOCS / "user-guide.md")
    names = [name for option in command.options for name in (*option.opts, *option.secondary_opts)]
    variables = [option.envvar for option in command.options if option.envvar]

    assert "--help" in names
    assert f"`{command}`" in guide or command.words == ()
    assert [name for name in (*names, *variables) if not re.search(rf"(?<![\w-]){name}(?![\w-])", guide)] == []


def test_the_list_of_all_commands_is_complete_and_holds_nothing_else() -> None:
    listed = [row[0] for row in rows(section(DOCS / "user-guide.md", "All commands"))[1:]]

    assert sorted(listed) == sorted(f"`{command}`" for command in commands() if command.words)


@pytest.mark.parametrize(("page", "typed"), SHELL_CALLS)
def test_every_call_in_a_shell_example_is_one_that_the_command_line_takes(page: Path, typed: list[str]) -> None:
    command, arguments = command_for(typed)

    if not {"--help", "-h", "--version"} & set(arguments):
        assert not is_group(command.made), f"{command} does nothing alone"
        # Raises where a name, a number of arguments, or a value is not one that the command takes; runs nothing.
        command.made.make_context(str(command), list(arguments))


@pytest.mark.parametrize(("page", "typed"), INLINE_CALLS)
def test_every_call_in_the_text_names_a_command_and_options_that_exist(page: Path, typed: list[str]) -> None:
    command, arguments = command_for(typed)
    names = {name for option in command.options for name in (*option.opts, *option.secondary_opts)}

    assert [word for word in arguments if word.startswith("-") and word not in names] == []


def test_the_examples_were_found() -> None:
    for page in GUIDES:
        assert any(case.values[0] == page for case in SHELL_CALLS), name_of(page)


@pytest.mark.parametrize(
    "line", ["osaudit scam", "osaudit hosts", "osaudit scan --fail-on huge", "osaudit hosts trust"]
)
def test_a_wrong_example_would_be_noticed(line: str) -> None:
    (typed,) = calls(line)

    with pytest.raises(Exception, match=r"no command|nothing alone|is not one of|[Mm]issing"):
        test_every_call_in_a_shell_example_is_one_that_the_command_line_takes(ROOT / "README.md", typed)


# Codes and labels


def test_the_troubleshooting_table_has_one_row_for_each_kind_of_failure() -> None:
    table = rows(section(DOCS / "user-guide.md", "Troubleshooting").partition("| also seen")[0])
    explained = [row for row in table[1:] if row[0].startswith("`")]

    assert [row[0].strip("`") for row in explained] == [kind.value for kind in FailureKind]
    assert [row for row in table if len(row) != 3 or not all(row)] == []


@pytest.mark.parametrize("page", [DOCS / "exit-codes.md", DOCS / "user-guide.md"], ids=name_of)
def test_every_exit_code_is_explained_and_no_other(page: Path) -> None:
    table = rows(text_of(page) if page.name == "exit-codes.md" else section(page, "Exit codes"))

    assert [int(row[0]) for row in table[1:]] == sorted(ExitCode)
    assert all(row[1] for row in table)


def test_the_labels_of_a_diff_are_explained_in_the_words_of_the_report() -> None:
    part = section(DOCS / "user-guide.md", "Compare two scans")
    table = {row[0]: row[1] for row in rows(part) if len(row) == 2}
    flat = " ".join(part.split())
    labels = (words.COMPONENT_LABELS, words.ROLE_LABELS, words.FACT_LABELS, words.HOST_LABELS)
    others = [shown for group in labels for shown in group.values()]

    for label, shown in words.FINDING_LABELS.items():
        assert table[shown] == words.FINDING_LABEL_MEANINGS[label]
    assert [shown for shown in others if shown not in flat] == []


def test_the_verdicts_states_and_causes_are_explained_in_the_words_of_the_report() -> None:
    explained = {row[0] for row in rows(section(DOCS / "user-guide.md", "Read the result"))}
    shown = {*words.STATUSES.values(), *words.STATES.values(), *(cause for cause, _ in words.CAUSES.values())}

    assert shown - explained == set()


def test_the_forms_of_the_report_and_what_becomes_of_a_verdict_in_them_are_explained() -> None:
    table = {row[0].strip("`"): row[1:] for row in rows(section(DOCS / "user-guide.md", "Report"))}
    sections = {
        Status.PASS: Section.PASSED,
        Status.FAIL: Section.OPEN,
        Status.UNKNOWN: Section.UNDECIDED,
        Status.NOT_APPLICABLE: Section.NOT_APPLICABLE,
        Status.ERROR: Section.UNDECIDED,
    }

    assert [form for form in ReportForm if form not in table] == []
    for status, place in sections.items():
        _, kind, verdict, state = table[words.STATUSES[status]]
        assert kind.startswith(f"`{sarif.KINDS[status]}`")
        assert f"({ocsf.COMPLIANCE[status][0]})" in verdict
        assert "{1} ({0})".format(*ocsf.STATES[place]) == state
    for severity in Severity:
        level, shown = table[severity]
        assert level == f"`{sarif.LEVELS[severity]}`"
        assert "{1} ({0})".format(*ocsf.SEVERITIES[severity]) == shown


# Promises


def functions_of(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_promise_of_the_readme_names_a_test_or_a_command_that_exists() -> None:
    table = rows(section(ROOT / "README.md", "Why"))
    assert table[0] == ["fear", "claim", "where it is shown"]
    assert len(table) > 10

    for _, claim, shown in table[1:]:
        proofs = re.findall(r"`([^`]+)`", shown)
        assert proofs, f"nothing shows that {claim}"
        for proof in proofs:
            if proof.startswith("osaudit "):
                command_for(shlex.split(proof)[1:])
                continue
            path, _, function = proof.partition("::")
            assert function in functions_of(ROOT / path), proof


def test_the_two_commands_of_the_readme_are_targets_of_the_makefile() -> None:
    made = re.findall(r"^make (\w+)$", "\n".join(content for _, content in blocks(ROOT / "README.md")), re.MULTILINE)
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)

    assert made == ["demo", "test"]
    assert set(made) <= set(targets)


def test_the_wheel_in_the_readme_has_the_present_version() -> None:
    from auditor import __version__

    assert set(re.findall(r"outsystems_auditor-([\d.]+)-py3", text_of(ROOT / "README.md"))) == {__version__}


# Advice that nobody should follow


@pytest.mark.parametrize("page", GUIDES, ids=name_of)
def test_no_example_weakens_a_server_or_the_check_of_its_identity(page: Path) -> None:
    words = ("AllowUnencrypted", r"verify_tls:\s*false", "SkipC[AN]Check", "StrictHostKey", "TrustedHosts", "NOPASSWD")
    examples = "\n".join(content for _, content in blocks(page))

    assert re.findall("|".join(words), examples) == []
    for sentence in re.split(r"(?<=[.;:])\s", " ".join(prose(page).split())):
        if "AllowUnencrypted" in sentence:
            assert "Leave" in sentence, sentence


# Form


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_relative_link_leads_to_a_file_and_every_anchor_to_a_heading(page: Path) -> None:
    broken = []
    for target in re.findall(r"\[[^\]]*\]\(([^)\s]+)\)", prose(page)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(target)
    assert broken == []


def pictures(page: Path) -> list[tuple[str, str]]:
    """Return the alternative text and the address of each picture of a page."""
    return re.findall(r"!\[([^\]]*)\]\(([^)\s]+)\)", prose(page))


def test_every_picture_is_there_is_shown_and_is_told_in_words() -> None:
    shown = {(page.parent / target).resolve() for page in PAGES for _, target in pictures(page)}

    assert shown == set((DOCS / "images").iterdir())
    for page in PAGES:
        assert all(len(words.split()) >= 10 for words, _ in pictures(page)), name_of(page)


def test_every_picture_is_made_by_the_script_and_they_stay_small() -> None:
    tree = ast.parse((DOCS / "screenshots.py").read_text(encoding="utf-8"))
    (made,) = (node.value for node in tree.body if isinstance(node, ast.AnnAssign))
    files = list((DOCS / "images").iterdir())

    assert isinstance(made, ast.Dict)
    assert {file.stem for file in files} == {ast.literal_eval(key) for key in made.keys if key}
    assert sum(file.stat().st_size for file in files) < 1_000_000


def anchors(page: Path) -> set[str]:
    """Return the anchors that a page of Markdown has when it is shown, as GitHub makes them."""
    headings = re.findall(r"^#{1,6} (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_block_says_what_it_is(page: Path) -> None:
    drawings = set() if page in GUIDES else {""}
    assert {language for language, _ in blocks(page)} <= SHELLS | OTHER_BLOCKS | drawings
    # The number of fences shows that no block was overlooked.
    assert 2 * len(blocks(page)) == len(re.findall(r"^ *```", text_of(page), re.MULTILINE))


def test_the_index_lists_every_page() -> None:
    listed = set(re.findall(r"\]\(([\w-]+\.md)\)", text_of(DOCS / "README.md")))

    assert listed == {page.name for page in DOCS.glob("*.md")} - {"README.md"}


EXAMPLES = [
    pytest.param(content, id=f"{name_of(page)} {number}")
    for page in GUIDES
    for number, (language, content) in enumerate(blocks(page))
    if language == "yaml"
]


@pytest.mark.parametrize("content", EXAMPLES)
def test_every_document_in_an_example_is_valid(content: str, tmp_path: Path) -> None:
    named = re.match(r"# (\w+)\.yaml\n", content)
    assert named is not None, "the first line of an example says which document it is"
    file = tmp_path / f"{named[1]}.yaml"
    file.write_text(content, encoding="utf-8")

    assert LOADERS[named[1]](file)
