"""The page of all commands and the man page, made from the commands themselves: make commands.

Writes docs/commands.md and docs/osaudit.1. Names, help, variables and defaults are those of the command line, types are
those of the functions behind it; nothing is taken from how a release of typer words its help.
"""

from __future__ import annotations

import inspect
import re
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any

import typer

from auditor import __version__
from auditor.cli.app import app

DOCS = Path(__file__).parent
PAGE, MAN = DOCS / "commands.md", DOCS / "osaudit.1"
# What stands for a value.
WORDS = {int: "NUMBER", float: "SECONDS", Path: "PATH", str: "TEXT"}
# In every command, so it is told once.
HELP = "help"


@dataclass(frozen=True)
class Parameter:
    """An option or an argument; `names` are what is typed, `value` what stands for its value, empty for a switch."""

    names: tuple[str, ...]
    value: str
    meaning: str
    choices: tuple[str, ...]
    bounds: str
    default: str
    variable: str
    is_option: bool
    is_required: bool
    is_repeated: bool

    @property
    def rest(self) -> str:
        """What is said behind the meaning."""
        known = (("default", self.default), ("variable", self.variable))
        also = ", ".join(f"{name}: {value}" for name, value in known if value)
        parts = (
            f"One of {', '.join(self.choices)}." if self.choices else "",
            self.bounds,
            "Required." if self.is_required and self.is_option else "",
            f"[{also}]" if also else "",
        )
        return " ".join(part for part in parts if part)

    @property
    def synopsis(self) -> str:
        """How it stands in a call."""
        shown = self.names[0] if self.is_option else self.value
        shown = f"{shown} {self.value}" if self.is_option and self.value else shown
        shown = shown if self.is_required else f"[{shown}]"
        return f"{shown}..." if self.is_repeated else shown


@dataclass(frozen=True)
class Command:
    """A command that does something itself, and what is typed to call it."""

    call: str
    summary: str
    parameters: tuple[Parameter, ...]

    @property
    def synopsis(self) -> str:
        """One line: the call, what it requires, and its arguments."""
        options = [item for item in self.parameters if item.is_option]
        shown = [item.synopsis for item in options if item.is_required]
        shown += ["[OPTIONS]"] if len(shown) < len(options) else []
        return " ".join((self.call, *shown, *(item.synopsis for item in self.parameters if not item.is_option)))


def main() -> None:
    """Write both anew."""
    PAGE.write_text(page(), encoding="utf-8")
    old = MAN.read_text(encoding="utf-8") if MAN.is_file() else ""
    # The day is that of the last change.
    if old != manual(day_of(old)):
        MAN.write_text(manual(f"{datetime.now(UTC):%Y-%m-%d}"), encoding="utf-8")


def root() -> Command:
    """Return the options that stand before the command, as a command."""
    made = typer.main.get_command(app)
    return Command("osaudit", _summary(made), tuple(_parameters(made)))


def commands(group: Any = None, words: tuple[str, ...] = ("osaudit",)) -> Iterator[Command]:
    """Yield every command, in the order of the help."""
    group = group or typer.main.get_command(app)
    context = group.make_context("osaudit", [], resilient_parsing=True)
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        if hasattr(found, "list_commands"):
            yield from commands(found, (*words, name))
        else:
            yield Command(" ".join((*words, name)), _summary(found), tuple(_parameters(found)))


def _summary(made: Any) -> str:
    return " ".join(str(made.help).split())


def _parameters(made: Any) -> Iterator[Parameter]:
    context = made.make_context("osaudit", [], resilient_parsing=True)
    hints = typing.get_type_hints(inspect.unwrap(made.callback), include_extras=True)
    for item in made.get_params(context):
        if item.name == HELP or item.hidden:
            continue
        kind, repeated = _type(hints.get(item.name, bool))
        is_option = item.param_type_name == "option"
        choices = tuple(str(choice.value) for choice in kind) if issubclass(kind, Enum) else ()
        value = "" if kind is bool else item.metavar or ("WORD" if choices else WORDS[kind])
        yield Parameter(
            names=(*sorted(item.opts, key=len, reverse=True), *item.secondary_opts),
            value=value if is_option else item.metavar or item.name.upper(),
            meaning=" ".join((item.help or "").split()),
            choices=choices,
            bounds=_bounds(hints.get(item.name, bool)),
            default=_default(item.default),
            variable=item.envvar or "",
            is_option=is_option,
            is_required=item.required,
            is_repeated=repeated,
        )


def _type(hint: Any) -> tuple[type, bool]:
    """Return the type of one value, and whether there can be several."""
    if typing.get_origin(hint) is typing.Annotated:
        hint = typing.get_args(hint)[0]
    if isinstance(hint, types.UnionType):
        hint = next(part for part in typing.get_args(hint) if part is not type(None))
    if typing.get_origin(hint) is list:
        return typing.get_args(hint)[0], True
    return hint, False


def _bounds(hint: Any) -> str:
    """Return which numbers are taken; empty where it does not matter."""
    declared = typing.get_args(hint)[1:] if typing.get_origin(hint) is typing.Annotated else ()
    least, most = ([*(getattr(part, end, None) for part in declared), None][0] for end in ("min", "max"))
    if least is None:
        return ""
    return f"At least {least:g}." if most is None else f"From {least:g} to {most:g}."


def _default(value: Any) -> str:
    if value is None or value is False or value in ([], ()):
        return ""
    if isinstance(value, Enum):
        return str(value.value)
    return f"{value:g}" if isinstance(value, float) else str(value)


# Markdown


def page() -> str:
    """Return docs/commands.md."""
    own = root()
    parts = [
        "# All commands",
        "Made from the commands themselves by `make commands`; the [user guide](user-guide.md) explains them.\n"
        "`--help` prints the same of each, and so does `man osaudit` where the man page is installed. A variable of\n"
        "the environment gives way to the option. Most of them can also stand in\n"
        "[osaudit.yaml](inventory.md#configuration). [Exit codes](exit-codes.md) have a page of their own.",
        "## Before the command",
        _block(own.call + " [OPTIONS] COMMAND ..."),
        _table(own),
    ]
    for command in commands():
        parts += [f"## {command.call}", command.summary, _block(command.synopsis)]
        parts += [_table(command)] if command.parameters else []
    return "\n\n".join(parts) + "\n"


def _block(line: str) -> str:
    return f"```text\n{line}\n```"


def _table(command: Command) -> str:
    lines = ["| option or argument | meaning | default | variable |", "|---|---|---|---|"]
    for item in command.parameters:
        names = ", ".join(f"`{name}`" for name in item.names) if item.is_option else f"`{item.value}`"
        value = f" {item.value}" if item.is_option and item.value else ""
        choices = f" One of {', '.join(f'`{choice}`' for choice in item.choices)}." if item.choices else ""
        further = f" {item.bounds}" if item.bounds else ""
        further += " Required." if item.is_required and item.is_option else ""
        cells = (names + value, item.meaning + choices + further, _code(item.default), _code(item.variable))
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)


def _code(word: str) -> str:
    return f"`{word}`" if word else ""


# The man page


def day_of(text: str) -> str:
    """Return the day that a man page tells; empty if it tells none."""
    found = re.search(r'^\.TH OSAUDIT 1 "([0-9-]*)"', text, re.MULTILINE)
    return found[1] if found else ""


def manual(day: str) -> str:
    """Return docs/osaudit.1 of this day, in the macros of man(7)."""
    own = root()
    lines = [
        '.\\" Made from the commands themselves: make commands.',
        f'.TH OSAUDIT 1 "{day}" "osaudit {__version__}" "User Commands"',
        # Words that are typed are not to be divided.
        ".nh",
        ".ad l",
        ".SH NAME",
        "osaudit \\- audit existing OutSystems 11 installations",
        ".SH SYNOPSIS",
        ".B osaudit",
        "[OPTIONS] COMMAND ...",
        ".SH DESCRIPTION",
        *_text(own.summary),
        ".SH OPTIONS",
        "These stand before the command.",
        *_entries(own),
        ".SH COMMANDS",
    ]
    for command in commands():
        lines += [f'.SS "{_escaped(command.synopsis)}"', *_text(command.summary), *_entries(command)]
    lines += [".SH EXIT STATUS", *_exit_codes(), ".SH FILES"]
    for name, meaning in FILES.items():
        lines += [".TP", f".I {_escaped(name)}", *_text(meaning)]
    lines += [".SH SEE ALSO", *_text("The user guide, in the folder docs of the source.")]
    return "\n".join(lines) + "\n"


FILES = {
    "inventory.yaml": "Which environments and servers exist, and how to reach them.",
    "reference.yaml": "How the set-up to compare with differs from the built-in one.",
    "waivers.yaml": "Which deviations somebody accepted, and until when.",
    "osaudit.yaml": "Where the others are, how a scan is made, when one is planned, and who is told of it.",
    "osaudit.db": "The store: all scans.",
}


def _entries(command: Command) -> Iterator[str]:
    for item in command.parameters:
        names = item.names if item.is_option else (item.value,)
        value = f" \\fI{_escaped(item.value)}\\fR" if item.is_option and item.value else ""
        yield ".TP"
        yield ", ".join(f"\\fB{_escaped(name)}\\fR" for name in names) + value
        yield from _text(f"{item.meaning} {item.rest}".strip())


def _exit_codes() -> Iterator[str]:
    """Yield the table of docs/exit-codes.md, which a test holds to the codes of the program."""
    table = re.findall(r"^\| (\d+) \| (.*) \|$", (DOCS / "exit-codes.md").read_text(encoding="utf-8"), re.MULTILINE)
    for code, meaning in table:
        yield ".TP"
        yield f".B {code}"
        yield from _text(meaning.replace("`", ""))


def _text(text: str) -> Iterator[str]:
    """Yield a text as lines of input, a sentence a line; none can be taken for a request."""
    for sentence in re.split(r"(?<=[.;]) (?=\S)", text):
        yield re.sub(r"^([.'])", r"\\&\1", _escaped(sentence))


def _escaped(text: str) -> str:
    return text.replace("\\", "\\e").replace("-", "\\-").replace("…", "...").replace('"', "\\(dq")


if __name__ == "__main__":
    main()
