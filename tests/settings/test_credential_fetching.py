"""Secrets are fetched from where they are kept, once, and never shown."""

from __future__ import annotations

import os
import shlex
import sys
import threading
import time
import traceback
import types
from collections.abc import Callable
from pathlib import Path

import pytest

from auditor.errors import UsageError
from auditor.model.inventory import (
    CredentialKind,
    CredentialReference,
)
from auditor.settings.credentials import (
    CredentialError,
    CredentialResolver,
    resolve_reference,
)

SECRET = "Pa55 wörd & $HOME"


def fetch(kind: CredentialKind, locator: str, ask: Callable[[str], str] | None = None, seconds: float = 30.0) -> str:
    reference = CredentialReference(kind, locator)
    return resolve_reference(reference, environment=dict(os.environ), ask=ask, command_seconds=seconds)


def refusal(kind: CredentialKind, locator: str, **more: object) -> str:
    with pytest.raises(CredentialError) as caught:
        fetch(kind, locator, **more)  # type: ignore[arg-type]
    told = "".join(traceback.format_exception(caught.value))
    assert SECRET not in told and "hunter2" not in told
    assert isinstance(caught.value, UsageError)
    return str(caught.value)


def secret_file(folder: Path, content: bytes, mode: int = 0o600) -> str:
    path = folder / "secret"
    path.write_bytes(content)
    path.chmod(mode)
    return str(path)


def python(*words: str) -> str:
    return shlex.join([sys.executable, "-c", *words])


def test_a_variable_of_the_environment_is_read() -> None:
    reference = CredentialReference(CredentialKind.ENVIRONMENT, "OSAUDIT_PASSWORD")
    assert resolve_reference(reference, environment={"OSAUDIT_PASSWORD": SECRET}) == SECRET


def test_a_variable_that_is_not_set_or_empty_is_told() -> None:
    reference = CredentialReference(CredentialKind.ENVIRONMENT, "OSAUDIT_PASSWORD")
    with pytest.raises(CredentialError, match="variable OSAUDIT_PASSWORD is not set; set it"):
        resolve_reference(reference, environment={})
    with pytest.raises(CredentialError, match="variable OSAUDIT_PASSWORD is empty"):
        resolve_reference(reference, environment={"OSAUDIT_PASSWORD": ""})


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_a_file_is_read_without_its_last_line_end(tmp_path: Path, ending: str) -> None:
    assert fetch(CredentialKind.FILE, secret_file(tmp_path, (SECRET + ending).encode())) == SECRET


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o610, 0o601])
def test_a_file_that_others_have_rights_on_is_refused(tmp_path: Path, mode: int) -> None:
    path = secret_file(tmp_path, SECRET.encode(), mode)
    said = refusal(CredentialKind.FILE, path)
    assert f"open to other accounts (mode {mode:04o}); run `chmod 600`" in said
    assert path in said


def test_a_file_of_another_account_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = secret_file(tmp_path, SECRET.encode())
    if os.geteuid() == 0:
        os.chown(path, 65534, 65534)
    else:
        owner = os.geteuid()
        monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    assert "belongs to another account" in refusal(CredentialKind.FILE, path)


def test_what_is_not_a_plain_file_is_refused_and_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    assert "not a plain file" in refusal(CredentialKind.FILE, str(tmp_path / "pipe"))
    assert "not a plain file" in refusal(CredentialKind.FILE, str(tmp_path))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"), (b"\n", "is empty"), (b"hunter2\nmore\n", "more than one line"),
        (b"hunter2\xff", "not UTF-8"),
        (b"hunter2" * 10000, "larger than"), (b"hunter2\x07", "control characters"),
    ],
)  # fmt: skip
def test_a_file_that_does_not_hold_the_secret_alone_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    assert words in refusal(CredentialKind.FILE, secret_file(tmp_path, content))


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert "there is no file" in refusal(CredentialKind.FILE, str(tmp_path / "none"))


def test_a_command_gives_its_first_line_and_no_shell_reads_its_words() -> None:
    program = "import sys; print(sys.argv[1]); print('more'); print('noise', file=sys.stderr)"
    assert fetch(CredentialKind.COMMAND, python(program, SECRET)) == SECRET


def test_a_command_sees_the_environment_that_was_given_and_no_input() -> None:
    program = "import os, sys; print(os.environ['WHERE'] + repr(sys.stdin.read()))"
    reference = CredentialReference(CredentialKind.COMMAND, python(program))
    assert resolve_reference(reference, environment={**os.environ, "WHERE": "here"}) == "here''"


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("import sys; print('hunter2'); print('hunter2', file=sys.stderr); sys.exit(3)", "ended with 3"),
        ("pass", "printed nothing"),
        ("print()", "is empty"),
        ("import sys; sys.stdout.buffer.write(b'hunter2\\xff')", "UTF-8"),
    ],
)
def test_a_command_that_gives_no_secret_is_told_without_its_words(program: str, words: str) -> None:
    said = refusal(CredentialKind.COMMAND, python(program, "hunter2"))
    assert words in said
    assert "argv" not in said and "import" not in said


def test_a_command_that_hangs_is_ended() -> None:
    started = time.monotonic()
    program = "import time; print('hunter2', flush=True); time.sleep(60)"
    said = refusal(CredentialKind.COMMAND, python(program), seconds=1.0)
    assert "gave nothing within 1 seconds" in said
    assert time.monotonic() - started < 20


def test_a_program_that_is_not_there_or_cannot_be_run_is_told(tmp_path: Path) -> None:
    assert "there is no program none" in refusal(CredentialKind.COMMAND, str(tmp_path / "none"))
    assert "cannot be run" in refusal(CredentialKind.COMMAND, secret_file(tmp_path, b"x"))


def test_a_prompt_is_put_to_a_person() -> None:
    asked: list[str] = []

    def ask(text: str) -> str:
        asked.append(text)
        return SECRET

    assert fetch(CredentialKind.PROMPT, "Password for the servers", ask) == SECRET
    assert asked == ["Password for the servers"]


def test_a_prompt_without_a_terminal_or_an_answer_is_told() -> None:
    def ended(text: str) -> str:
        raise EOFError

    assert "nobody can be asked without a terminal" in refusal(CredentialKind.PROMPT, "Password")
    assert "ended without an answer" in refusal(CredentialKind.PROMPT, "Password", ask=ended)
    assert "is empty" in refusal(CredentialKind.PROMPT, "Password", ask=lambda text: "")


def keyring_stand_in(get_password: Callable[[str, str], str | None]) -> dict[str, types.ModuleType]:
    """Return the two modules of the optional keyring package, as far as they are used."""
    keyring, errors = types.ModuleType("keyring"), types.ModuleType("keyring.errors")
    errors.KeyringError = type("KeyringError", (Exception,), {})  # type: ignore[attr-defined]
    keyring.get_password = get_password  # type: ignore[attr-defined]
    keyring.errors = errors  # type: ignore[attr-defined]
    return {"keyring": keyring, "keyring.errors": errors}


def test_the_keyring_is_asked_for_service_and_user(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = {("https://vault/osaudit", "DOM\\audit"): SECRET}
    for name, module in keyring_stand_in(lambda service, user: kept.get((service, user))).items():
        monkeypatch.setitem(sys.modules, name, module)
    assert fetch(CredentialKind.KEYRING, "https://vault/osaudit/DOM\\audit") == SECRET
    assert "has no entry osaudit/me; run `keyring set osaudit me`" in refusal(CredentialKind.KEYRING, "osaudit/me")


def test_a_keyring_that_is_locked_is_told_without_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(service: str, user: str) -> str:
        raise sys.modules["keyring.errors"].KeyringError("hunter2")

    for name, module in keyring_stand_in(locked).items():
        monkeypatch.setitem(sys.modules, name, module)
    assert "(KeyringError); unlock it" in refusal(CredentialKind.KEYRING, "osaudit/me")


def test_without_the_keyring_package_the_install_line_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert "pip install outsystems-auditor[keyring]" in refusal(CredentialKind.KEYRING, "osaudit/me")


PROMPT = CredentialReference(CredentialKind.PROMPT, "Password")


def resolve_in_threads(resolver: CredentialResolver, references: list[CredentialReference]) -> list[str]:
    results: list[str] = []

    def resolve(reference: CredentialReference) -> None:
        try:
            results.append(str(resolver.resolve(reference)))
        except CredentialError as error:
            results.append(str(error))

    threads = [threading.Thread(target=resolve, args=(reference,)) for reference in references]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert not any(thread.is_alive() for thread in threads)
    return results


def test_many_threads_put_one_prompt_once() -> None:
    asked: list[str] = []

    def ask(text: str) -> str:
        asked.append(text)
        time.sleep(0.05)
        return SECRET

    resolver = CredentialResolver(environment={}, ask=ask)
    assert resolve_in_threads(resolver, [PROMPT] * 20) == [SECRET] * 20
    assert asked == ["Password"]


def test_two_prompts_are_never_put_at_the_same_time() -> None:
    asking = threading.Lock()
    collisions: list[str] = []

    def ask(text: str) -> str:
        if not asking.acquire(blocking=False):
            collisions.append(text)
            return text
        time.sleep(0.02)
        asking.release()
        return text

    resolver = CredentialResolver(environment={}, ask=ask)
    references = [CredentialReference(CredentialKind.PROMPT, f"Password {number}") for number in range(6)]
    assert sorted(resolve_in_threads(resolver, references)) == [f"Password {number}" for number in range(6)]
    assert collisions == []


def test_a_command_is_run_once_also_when_it_fails(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    program = f"import sys; open({str(runs)!r}, 'a').write('x'); sys.exit(1)"
    reference = CredentialReference(CredentialKind.COMMAND, python(program))
    resolver = CredentialResolver(environment=dict(os.environ), ask=None)
    results = resolve_in_threads(resolver, [reference] * 5)
    assert len(results) == 5 and all("ended with 1" in result for result in results)
    assert runs.read_text() == "x"


def test_an_interrupt_at_the_prompt_leaves_nobody_waiting() -> None:
    def interrupted(text: str) -> str:
        raise KeyboardInterrupt

    resolver = CredentialResolver(environment={}, ask=interrupted)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            resolver.resolve(PROMPT)


def test_no_reference_is_no_secret() -> None:
    assert CredentialResolver(environment={}, ask=None).resolve(None) is None


def test_a_resolver_does_not_show_what_it_holds() -> None:
    resolver = CredentialResolver(environment={"A": SECRET}, ask=None)
    assert resolver.resolve(CredentialReference(CredentialKind.ENVIRONMENT, "A")) == SECRET
    assert SECRET not in repr(resolver) and SECRET not in repr(vars(resolver)["_fetched"])
