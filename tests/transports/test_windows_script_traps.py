"""The Windows script avoids what Windows PowerShell does silently and otherwise than it looks.

Each test is a class of mistakes that its syntax shows; it is tried on a planted mistake as well as on the script.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
import tree_sitter

from tests.transports.test_windows_script import SCRIPT, names, nodes, text

# What PowerShell sets by itself; Windows PowerShell lets some of them be overwritten and loses the value at once.
AUTOMATIC = names(
    """args consolefilename error event eventargs eventsubscriber executioncontext false foreach home host input
    lastexitcode matches myinvocation nestedpromptlevel null pid profile psboundparameters pscmdlet pscommandpath
    psculture psdebugcontext pshome psitem psscriptroot pssenderinfo psuiculture psversiontable pwd sender shellid
    stacktrace switch this true _"""
)
# Methods that return nothing, and functions of the script that print nothing: as a statement they leave no output.
SILENT_METHODS = names("Clear Close EndConnect Enqueue Load Open Sort Write WriteLine")
SILENT_FUNCTIONS = names("assert-kind assert-time write-document")


def overwritten(source: bytes) -> list[str]:
    """Return the automatic variables that are assigned, looped over, or parameters."""
    return [name for name in _assigned(source) if name.lower().lstrip("$") in AUTOMATIC]


def _assigned(source: bytes) -> Iterator[str]:
    for node in nodes(source):
        if node.type == "left_assignment_expression":
            yield text(node)
        elif node.type in ("foreach_statement", "script_parameter"):
            yield next(text(child) for child in node.children if child.type == "variable")


def leaking(source: bytes) -> list[str]:
    """Return the statements whose value would become part of what their function returns, or be printed."""
    return [
        text(node)
        for node in nodes(source)
        if node.type == "pipeline" and _is_statement(node) and not _is_silent(node.children[0])
    ]


def _is_statement(node: tree_sitter.Node) -> bool:
    above = node.parent
    if above is None or above.type != "statement_list":
        return False
    while above is not None and above.type != "function_statement":
        # A condition or a replacement in braces, and what is made a list with @(), is there for its value.
        if above.type in ("script_block_expression", "array_expression"):
            return False
        above = above.parent
    return True


def _is_silent(chain: tree_sitter.Node) -> bool:
    if chain.type == "assignment_expression":
        return True
    words = text(chain)
    if words.startswith("[void]"):
        return True
    command = re.match(r"[A-Za-z]+-[A-Za-z]+", words)
    if command:
        return command[0].lower() in SILENT_FUNCTIONS
    method = re.search(r"\.(\w+)\([^()]*(?:\([^()]*(?:\([^()]*\)[^()]*)*\)[^()]*)*\)\Z|::(\w+)\(.*\)\Z", words)
    return method is not None and (method[1] or method[2]) in SILENT_METHODS


def joined(source: bytes) -> list[str]:
    """Return the calls of own functions with a comma: PowerShell would pass one list instead of several arguments."""
    everything = list(nodes(source))
    own = {text(node).lower() for node in everything if node.type == "function_name"}
    return [text(node) for node in everything if node.type == "command" and _is_joined(node, own)]


def _is_joined(command: tree_sitter.Node, own: set[str]) -> bool:
    name = text(next((child for child in command.children if child.type == "command_name"), None)).lower()
    elements = next((child for child in command.children if child.type == "command_elements"), None)
    if name not in own or elements is None:
        return False
    return any(child.type == "array_literal_expression" for child in elements.children) or (
        "(" in text(command)[: len(name) + 1]
    )


def compared(source: bytes) -> list[str]:
    """Return comparisons with $null on the right: with a list on the left they choose from the list."""
    return re.findall(r"-[ci]?(?:eq|ne) \$null", source.decode(), re.IGNORECASE)


def typed(source: bytes) -> list[str]:
    """Return dates and numbers that are read or printed in the language of the server."""
    return re.findall(r"\.ToString\((?!\)|[^()]*\$invariant\))[^()]*\)|\[(?:DateTime|double)\]::Parse", source.decode())


@pytest.mark.parametrize(
    ("trap", "planted"),
    [
        (overwritten, "function Get-X($input) { }"),
        (overwritten, "$matches = 1"),
        (overwritten, "foreach ($host in 1, 2) { }"),
        (leaking, "function Get-X($a) { $a.Add(1) }"),
        (leaking, "function Get-X($a) { if ($a) { $a.Remove(1) } }"),
        (leaking, "function Get-X($a) { Get-Place $a; return 1 }"),
        (leaking, "function Get-X($a) { $a\n return 1 }"),
        (leaking, "function Get-X($a) { [regex]::Escape($a)\n return 1 }"),
        (joined, "$a = Open-Key $b, 64"),
        (compared, "if ($a -eq $null) { }"),
        (typed, "$a.ToString('yyyy')"),
        (typed, "[DateTime]::Parse($a)"),
    ],
)
def test_the_script_has_none_of_the_mistakes_and_a_planted_one_is_found(
    trap: Callable[[bytes], list[str]], planted: str
) -> None:
    assert trap(SCRIPT) == []
    assert trap(SCRIPT + f"\n{planted}\n".encode()) != []


def test_commands_come_from_the_modules_of_windows_alone() -> None:
    statements = SCRIPT.decode().splitlines()
    assert statements.count("$env:PSModulePath = $PSHOME + '\\Modules'") == 1
    first = next(number for number, line in enumerate(statements) if re.search(r"\w-(?:Json|Object|Cim)", line))
    assert statements.index("$env:PSModulePath = $PSHOME + '\\Modules'") < first
    assert SCRIPT.count(b"$env:") == 1


def test_the_culture_of_the_server_is_out_of_play_before_anything_is_compared() -> None:
    source = SCRIPT.decode()
    assert source.index("CurrentCulture = $invariant") < source.index("function ")


def test_absence_is_never_concluded_from_a_file_that_powershell_itself_lacks() -> None:
    source = SCRIPT.decode()
    assert "if ($isAbsent -and ($verb -ne 'wmi')) { return 'missing' }" in source
    assert source.count("return 'missing'") == 2


def test_no_place_is_read_that_another_server_or_another_folder_would_answer() -> None:
    place = SCRIPT.decode().partition("function Get-Place")[2].partition("\n}\n")[0]
    assert place.index("Is64BitProcess") < place.index("ExpandEnvironmentVariables")
    assert place.index("[System.IO.DriveType]::Network") < place.index("GetFullPath")
    assert "'\\A[A-Za-z]:\\\\'" in place


def test_a_file_that_is_no_program_is_not_opened_for_its_version() -> None:
    version = SCRIPT.decode().partition("function Get-FileVersion")[2].partition("\n}\n")[0]
    assert version.index(r"'\.(exe|dll)\z') { return $null }") < version.index("(Open-File $path).Close()")
    assert version.index("(Open-File $path).Close()") < version.index("GetVersionInfo")


def test_the_answer_begins_on_a_line_of_its_own_whatever_was_printed_before() -> None:
    assert "[Console]::Out.WriteLine()\n    [Console]::Out.WriteLine('-----BEGIN" in SCRIPT.decode()
