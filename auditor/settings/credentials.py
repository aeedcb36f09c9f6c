"""Fetching secrets from where the inventory says they are kept."""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Callable, Mapping
from concurrent.futures import Future

from auditor.errors import UsageError
from auditor.model.inventory import CredentialKind, CredentialReference
from auditor.settings.secret_places import from_command, from_file, from_keyring

Ask = Callable[[str], str]


class CredentialError(UsageError):
    """A secret could not be had; the sentence names its place, never anything that was found there."""


def resolve_reference(
    reference: CredentialReference,
    *,
    environment: Mapping[str, str],
    ask: Ask | None = None,
    command_seconds: float = 30.0,
) -> str:
    """Return the secret; raises `CredentialError`.

    `environment` holds the variables of this process, also for a command that is run; `ask` puts a prompt to a person
    and returns what was typed, and is None where nobody can be asked.
    """
    locator = reference.locator
    match reference.kind:
        case CredentialKind.ENVIRONMENT:
            secret = environment.get(locator)
            refusal = f"the environment variable {locator} is not set; set it for the account that runs osaudit."
        case CredentialKind.FILE:
            secret, refusal = from_file(locator)
        case CredentialKind.KEYRING:
            secret, refusal = from_keyring(locator)
        case CredentialKind.COMMAND:
            secret, refusal = from_command(locator, environment, command_seconds)
        case CredentialKind.PROMPT:
            secret, refusal = _from_prompt(locator, ask)
    if secret is None:
        raise CredentialError(f"A secret could not be had: {refusal}")
    if not secret or any(unicodedata.category(character) == "Cc" for character in secret):
        what = "is empty" if not secret else "holds control characters"
        raise CredentialError(f"A secret could not be used: the one from {place_of(reference)} {what}.")
    return secret


def place_of(reference: CredentialReference) -> str:
    """Say where a secret is kept, for a sentence; of a command only the program."""
    match reference.kind:
        case CredentialKind.ENVIRONMENT:
            return f"the environment variable {reference.locator}"
        case CredentialKind.FILE:
            return f"the file {reference.locator}"
        case CredentialKind.KEYRING:
            return f"the keyring entry {reference.locator}"
        case CredentialKind.COMMAND:
            return "the command"
        case CredentialKind.PROMPT:
            return "the prompt"


def _from_prompt(text: str, ask: Ask | None) -> tuple[str | None, str]:
    if ask is None:
        return None, "nobody can be asked without a terminal; keep it in a file, the keyring or a variable."
    try:
        return ask(text), ""
    except EOFError:
        return None, "the prompt ended without an answer; run osaudit again and type it."


class CredentialResolver:
    """Fetches each secret once for a run, whatever the number of hosts and threads that want it.

    A failure is remembered too: sixty hosts do not run a broken command sixty times.
    """

    def __init__(self, *, environment: Mapping[str, str], ask: Ask | None, command_seconds: float = 30.0) -> None:
        self._environment = environment
        self._ask = ask
        self._command_seconds = command_seconds
        self._lock = threading.Lock()
        self._one_prompt_at_a_time = threading.Lock()
        self._fetched: dict[CredentialReference, Future[str]] = {}

    def resolve(self, reference: CredentialReference | None) -> str | None:
        """Return the secret, or None where the endpoint needs none; raises `CredentialError`."""
        if reference is None:
            return None
        with self._lock:
            is_first = reference not in self._fetched
            fetched = self._fetched.setdefault(reference, Future())
        if is_first:
            self._fetch(reference, fetched)
        error = fetched.exception()
        if isinstance(error, CredentialError):
            # A fresh one: threads must not share, and lengthen, one traceback.
            raise CredentialError(str(error))
        return fetched.result()

    def _fetch(self, reference: CredentialReference, fetched: Future[str]) -> None:
        try:
            fetched.set_result(
                resolve_reference(
                    reference,
                    environment=self._environment,
                    ask=self._asked_alone if self._ask else None,
                    command_seconds=self._command_seconds,
                )
            )
        except BaseException as error:
            # Whatever ends this fetch, an interrupt too, must not leave other threads waiting for ever.
            fetched.set_exception(error)
            if not isinstance(error, CredentialError):
                raise

    def _asked_alone(self, text: str) -> str:
        assert self._ask is not None
        with self._one_prompt_at_a_time:
            return self._ask(text)
