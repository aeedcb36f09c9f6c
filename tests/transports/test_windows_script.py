"""The Windows script is plain PowerShell 5.1 and can only read: all that it calls is on a list.

There is no PowerShell to run it here; what is proved is its syntax and the names of all that it can reach.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import resources

import pytest
import tree_sitter
import tree_sitter_pwsh

from auditor.model.question import NOT_XML, Platform, Question, Verb
from auditor.transports.base import Request
from auditor.transports.document import (
    ANSWER_BEGIN,
    ANSWER_END,
    REQUEST_BEGIN,
    REQUEST_END,
    WINDOWS_START_UP,
    windows_script,
)

SCRIPT = resources.files("auditor.transports").joinpath("scripts", "windows.ps1").read_bytes()


def test_the_script_says_that_a_file_is_no_xml_in_the_words_that_are_taken_as_proof() -> None:
    assert f"throw '{NOT_XML}'".encode() in SCRIPT


def names(text: str) -> frozenset[str]:
    return frozenset(text.split())


COMMANDS = names("convertfrom-json get-ciminstance get-nettcpconnection get-process new-object where-object")
MADE = names(
    """System.Collections.ArrayList System.Collections.Queue System.IO.FileNotFoundException System.IO.FileInfo
    System.IO.DirectoryInfo System.IO.DriveInfo System.IO.MemoryStream System.IO.Compression.GZipStream
    System.Net.Sockets.TcpClient System.Security.Cryptography.HMACSHA256
    System.Security.Cryptography.X509Certificates.X509Store System.Security.Principal.WindowsPrincipal
    System.Xml.XmlDocument System.Xml.XmlReaderSettings byte[]"""
)
# What is reached on a type. `Open` of a file is held to reading by a test of its own.
STATIC = names(
    """Array::Sort BitConverter::GetBytes BitConverter::ToString BitConverter::ToUInt32 BitConverter::ToUInt64
    Console::Out Convert::FromBase64String Convert::ToBase64String DateTime::UtcNow
    Environment::ExpandEnvironmentVariables Environment::Is64BitOperatingSystem Environment::Is64BitProcess
    Math::Floor Math::Max Math::Min Math::Round Microsoft.Win32.RegistryHive::LocalMachine
    Microsoft.Win32.RegistryKey::OpenBaseKey Microsoft.Win32.RegistryView::Registry32
    Microsoft.Win32.RegistryView::Registry64 StringComparer::OrdinalIgnoreCase
    System.Base64FormattingOptions::InsertLineBreaks System.Diagnostics.FileVersionInfo::GetVersionInfo
    System.Diagnostics.Stopwatch::StartNew System.Globalization.CultureInfo::InvariantCulture
    System.IO.Compression.CompressionMode::Compress System.IO.DriveType::Network System.IO.File::GetAttributes
    System.IO.File::Open System.IO.FileAccess::Read System.IO.FileAttributes::Directory System.IO.FileMode::Open
    System.IO.Path::GetFullPath System.Net.Dns::GetHostAddresses System.Net.WebRequest::Create
    System.Security.Cryptography.X509Certificates.StoreLocation::LocalMachine
    System.Net.NetworkInformation.IPGlobalProperties::GetIPGlobalProperties
    System.Security.Principal.WindowsBuiltInRole::Administrator
    System.Security.Principal.WindowsIdentity::GetCurrent System.StringComparison::OrdinalIgnoreCase
    System.Text.Encoding::ASCII System.Text.Encoding::UTF8 System.Text.Encoding::Unicode
    System.Threading.Thread::CurrentThread System.Xml.DtdProcessing::Prohibit System.Xml.XmlReader::Create
    TimeZoneInfo::Local double::IsInfinity double::IsNaN regex::Escape regex::Replace"""
)
# Methods of objects. Write, WriteLine and Close belong to the packing in memory, to standard output and to readers.
METHODS = names(
    """Add BeginConnect Clear Close ComputeHash ContainsKey Dequeue EndConnect Enqueue EnumerateFileSystemInfos
    GetActiveTcpListeners GetBytes GetEnumerator GetNamedItem GetResponse GetString GetSubKeyNames GetType
    GetUtcOffset GetValue GetValueNames IsInRole Load Open OpenSubKey Read Replace Split StartsWith Substring
    ToArray ToLowerInvariant ToString ToUniversalTime TrimEnd Trim TrimStart WaitOne Write WriteLine
    get_Attributes get_ChildNodes get_DocumentElement get_LocalName get_NodeType get_Value"""
)
# What may stand left of an equals sign behind a dot: keys of our own tables, settings of our own XML reader, and the
# culture of our own thread; the settings of the request to the own web site.
SET = names(
    """AllowAutoRedirect CurrentCulture DtdProcessing KeepAlive MaxCharactersInDocument Proxy Timeout XmlResolver
    attributes complete detail location milliseconds names outcome problem result status store subkeys text
    thumbprint value"""
)
TYPES_BESIDE_STATIC = names(
    """System.Collections.IDictionary System.Collections.IEnumerable System.IO.DirectoryInfo
    System.IO.DirectoryNotFoundException System.IO.DriveNotFoundException System.IO.FileNotFoundException
    System.IO.FileShare System.Net.Sockets.SocketException System.Net.WebException
    System.Security.Cryptography.X509Certificates.OpenFlags System.Security.SecurityException
    System.UnauthorizedAccessException System.Xml.XmlException bool byte[] char float int long string string[]
    void"""
)
TYPES = TYPES_BESIDE_STATIC | {name.partition("::")[0] for name in STATIC}
# PowerShell 7, and ways to run or write something that no name on a list would show.
FORBIDDEN = names(
    """ERROR ternary_expression null_coalesce_expression ??= pipeline_chain_tail class_statement using_statement
    redirection command_invocation_operator sub_expression foreach_parameter data_statement workflow braced_variable
    expandable_here_string_literal"""
)


def nodes(source: bytes) -> Iterator[tree_sitter.Node]:
    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_pwsh.language()))
    waiting = [parser.parse(source).root_node]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(node.children)


def text(node: tree_sitter.Node | None) -> str:
    return node.text.decode() if node is not None and node.text is not None else ""


def objections(source: bytes) -> list[str]:
    """Return what is in the script that must not be."""
    everything = list(nodes(source))
    own = {text(node).lower() for node in everything if node.type == "function_name"}
    found = [f"{node.type}: {text(node)[:40]}" for node in everything if node.type in FORBIDDEN or node.is_missing]
    for node in everything:
        found.extend(f"{node.type}: {complaint}" for complaint in _complaints(node, own))
    return found


def _complaints(node: tree_sitter.Node, own: set[str]) -> Iterator[str]:
    words = text(node)
    if node.type == "command":
        yield from _command(node, own)
    elif node.type == "type_literal" and words[1:-1] not in TYPES:
        yield words
    elif node.type in ("member_access", "invocation_expression"):
        yield from _member(node)
    elif node.type == "left_assignment_expression":
        member = re.search(r"\.(\w+)(?:\[|$)", words)
        if member and member[1] not in SET:
            yield words
    elif node.type == "variable" and ":" in words and words != "$env:PSModulePath":
        # $env:, $global:, $script: and drives reach beyond the script. The one exception has a test of its own.
        yield words


def _command(node: tree_sitter.Node, own: set[str]) -> Iterator[str]:
    name = text(next((child for child in node.children if child.type == "command_name"), None))
    if name.lower() not in COMMANDS | own:
        yield name or text(node)
    if name.lower() == "new-object":
        made = text(node).split()[1]
        if made not in MADE:
            yield text(node)


def _member(node: tree_sitter.Node) -> Iterator[str]:
    target, *rest = node.children
    name = next((child for child in rest if child.type == "member_name"), None)
    if name is None or [child.type for child in name.children] != ["simple_name"]:
        yield text(node)
        return
    if any(child.type == "::" for child in rest):
        if target.type != "type_literal" or f"{text(target)[1:-1]}::{text(name)}" not in STATIC:
            yield f"{text(target)}::{text(name)}"
    elif node.type == "invocation_expression" and text(name) not in METHODS:
        yield text(name)


def test_the_script_parses_and_calls_nothing_that_is_not_on_the_list() -> None:
    assert objections(SCRIPT) == []


def test_the_script_parses_also_with_a_request_in_it() -> None:
    arguments = {"key": "HKLM\\SOFTWARE\\'@ ; Remove-Item C:\\", "values": ["$(Get-Date)", '"', "\u2019@"]}
    question = Question("q", Verb.REGISTRY, Platform.WINDOWS, "", "", arguments)
    assert objections(windows_script(Request((question,), b"key"), 60, 10).encode()) == []


def test_the_start_up_parses_and_runs_only_what_it_reads() -> None:
    assert set(objections(WINDOWS_START_UP.encode())) == {
        "command_invocation_operator: &",
        "command: & ([scriptblock]::Create([Console]::In.ReadToEnd()))",
        "type_literal: [scriptblock]",
        "invocation_expression: [scriptblock]::Create",
        "member_access: [Console]::In",
        "invocation_expression: ReadToEnd",
    }


@pytest.mark.parametrize(
    "planted",
    [
        "Remove-Item C:\\x",
        "Set-Content -Path C:\\x -Value 1",
        "'x' | Out-File C:\\x",
        "'x' > C:\\x",
        "Get-Process | Stop-Process",
        "Invoke-Expression $requestText",
        "iex $requestText",
        "& $requestText",
        ". C:\\x.ps1",
        "C:\\Windows\\System32\\cmd.exe /c del x",
        "reg.exe delete HKLM\\x",
        "Invoke-WebRequest http://example.org",
        "Add-Type -TypeDefinition $requestText",
        "New-Object System.Net.WebClient",
        "New-Object -ComObject WScript.Shell",
        "[System.IO.File]::Delete('C:\\x')",
        "[System.IO.File]::WriteAllText('C:\\x', 'y')",
        "[IO.File]::Delete('C:\\x')",
        "[System.Diagnostics.Process]::Start('cmd')",
        "[scriptblock]::Create($requestText)",
        "$key.SetValue('a', 1)",
        "$key.DeleteSubKey('a')",
        "$info.Delete()",
        "$info.Attributes = 1",
        "$x.$name()",
        '$x."Delete"()',
        "$type::Delete('a')",
        "$env:PATH = 'x'",
        "$global:x = 1",
        '"$(Get-Date)"',
        "$a ? 1 : 2",
        "$a ?? 1",
        "$a ??= 1",
        "$a?.b",
        "Get-Process && Get-Process",
        "class A { }",
        "using namespace System.IO",
        "if ($true) {",
    ],
)
def test_whatever_is_planted_is_found(planted: str) -> None:
    assert objections(SCRIPT + f"\n{planted}\n".encode()) != []


def test_files_are_opened_for_reading_in_one_place_only() -> None:
    source = SCRIPT.decode()
    opening = "[System.IO.File]::Open($path, [System.IO.FileMode]::Open, [System.IO.FileAccess]::Read, $share)"
    assert source.count("[System.IO.File]::Open(") == source.count(opening) == 1


def test_connections_are_opened_in_two_places_and_nothing_is_sent_over_the_first() -> None:
    source = SCRIPT.decode()
    assert source.count("BeginConnect(") == 1
    assert not re.search(r"GetStream|\.Client\b|\.Send|BeginSend", source)
    asking = "[System.Net.WebRequest]::Create('http://127.0.0.1:80' + $path)"
    assert source.count("WebRequest]::Create(") == source.count(asking) == 1
    assert r"if ($path -notmatch '\A/[A-Za-z0-9._/-]*\z') { throw" in source
    assert "$web.Proxy = $null" in source
    assert "$web.AllowAutoRedirect = $false" in source
    assert not re.search(r"Credential|\.Method\b|\.Headers\.Add|GetRequestStream", source)


def test_stores_of_certificates_are_opened_for_reading_in_one_place_only() -> None:
    source = SCRIPT.decode()
    opening = ".Open([System.Security.Cryptography.X509Certificates.OpenFlags]'ReadOnly, OpenExistingOnly')"
    assert source.count("X509Store") == 1
    assert len(re.findall(r"(?<!\[System\.IO\.File\]::)\bOpen\(\[", source)) == source.count(opening) == 1
    assert "PrivateKey" not in source.replace("HasPrivateKey", "")


def test_keys_are_opened_without_the_right_to_write() -> None:
    for arguments in re.findall(r"\.OpenSubKey\(([^()]*(?:\([^()]*\))?[^()]*)\)", SCRIPT.decode()):
        assert "," not in arguments
        assert "true" not in arguments.lower()


def test_what_is_written_goes_to_memory_and_to_standard_output() -> None:
    source = SCRIPT.decode()
    assert re.findall(r"\$?[\w:\[\]]+(?:\.Out)?\.(?:Write|WriteLine)\(", source) == [
        "$packing.Write(",
        *["[Console]::Out.WriteLine("] * 4,
    ]


def test_the_xml_reader_takes_no_document_type_and_fetches_nothing() -> None:
    source = SCRIPT.decode()
    assert "$settings.DtdProcessing = [System.Xml.DtdProcessing]::Prohibit" in source
    assert "$settings.XmlResolver = $null" in source
    assert "$document.XmlResolver = $null" in source


def test_commands_of_modules_are_told_to_stop_at_an_error() -> None:
    # A function of a module does not see $ErrorActionPreference, and would call a refusal an empty list.
    for command in ("Get-NetTCPConnection", "Get-CimInstance"):
        for line in re.findall(rf".*{command} .*", SCRIPT.decode()):
            assert "-ErrorAction Stop" in line


def test_the_script_is_ascii_with_short_lines_and_explains_itself() -> None:
    source = SCRIPT.decode("ascii")
    assert "\r" not in source
    assert "\t" not in source
    assert max(len(line) for line in source.splitlines()) <= 120
    assert len(SCRIPT) < 40_000
    header = source.partition("\n\n")[0]
    assert all(line.startswith("#") for line in header.splitlines())
    for promise in ("It reads.", "The request is data; nothing of it is ever run.", "readable text"):
        assert promise in header


def test_the_script_knows_every_windows_verb_of_the_contract() -> None:
    answered = set(re.findall(r"^        '(\w+)' \{ return Get-\w+Answer", SCRIPT.decode(), re.MULTILINE))
    assert answered == {verb.value for verb in Verb} - {"command", "lifetime"}


def test_markers_stand_where_the_reader_looks_for_them() -> None:
    lines = SCRIPT.decode().splitlines()
    begin, end = lines.index(REQUEST_BEGIN), lines.index(REQUEST_END)
    assert lines[begin + 1 : end] == ["$requestText = @'", "{}", "'@"]
    assert f"'{ANSWER_BEGIN.decode()}'" in SCRIPT.decode()
    assert f"'{ANSWER_END.decode()}'" in SCRIPT.decode()
