"""What several commands need before they can work."""

from __future__ import annotations

import getpass
import logging
import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from auditor import bundled
from auditor.cli.options import beside

if TYPE_CHECKING:
    from auditor.evaluating import Rules
    from auditor.model.inventory import Asked, Inventory
    from auditor.model.reference import Reference
    from auditor.model.waiver import Waiver
    from auditor.transports.base import Secrets
    from auditor.transports.journal import Journal


_log = logging.getLogger(__name__)


def now() -> datetime:
    """Return the time in UTC to the millisecond, as it is stored."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def say(sentence: str, level: int = logging.INFO) -> None:
    """Say something to the person, on stderr: stdout is for results. It goes into the log too, if one is kept."""
    typer.echo(sentence, err=True)
    _log.log(level, "%s", sentence)


def load_rules(further: list[Path]) -> Rules:
    """Load the checks that ship with osaudit and those of further folders."""
    from auditor.engine.declaration import DeclarationError
    from auditor.errors import UsageError
    from auditor.evaluating import Rules

    for folder in further:
        if not folder.is_dir():
            raise UsageError(f"{folder} is not a folder of checks; give a folder to --checks.")
    try:
        return Rules.load((bundled.checks_folder(), *further))
    except DeclarationError as error:
        raise UsageError(str(error)) from error


def load_declared(
    inventory: Path, reference: Path | None, waivers: Path | None
) -> tuple[Inventory, Reference, tuple[Waiver, ...]]:
    """Load what the operator declared."""
    from auditor.settings.inventory import load_inventory
    from auditor.settings.reference import load_reference
    from auditor.settings.waivers import load_waivers

    reference_file = taken(inventory, reference, "reference.yaml")
    waivers_file = taken(inventory, waivers, "waivers.yaml")
    return load_inventory(inventory), load_reference(reference_file), load_waivers(waivers_file)


def taken(inventory: Path, given: Path | None, name: str) -> Path | None:
    """Return the file that was given, else the one beside the inventory, saying so: nobody named it."""
    found = beside(inventory, given, name)
    if given is None and found is not None:
        say(f"Using {found}.")
    return found


def demand_zone(inventory: Inventory, zone: str) -> None:
    """Raise UsageError where there is no such zone, or hosts that no zone would read."""
    from auditor.errors import UsageError

    zones = sorted({host.zone for host in inventory.asked if host.zone is not None})
    if zone not in zones:
        known = f"it has {', '.join(zones)}" if zones else "it has none"
        raise UsageError(
            f"No host of the inventory is in the zone {zone}: {known}; name a zone at hosts or environments."
        )
    without = [host.name for host in inventory.asked if host.zone is None]
    if without:
        raise UsageError(
            f"No collector of a zone would read {', '.join(without)}; name a zone for every host of the inventory."
        )


def secrets_source() -> Callable[[Asked], Secrets]:
    """Return the function that resolves the secrets of whoever is asked; prompts are asked only on a terminal."""
    from auditor.model.inventory import LifeTimeApi
    from auditor.settings.credentials import CredentialResolver
    from auditor.transports.base import Secrets

    resolver = CredentialResolver(environment=os.environ, ask=asked())

    def secrets(asked: Asked) -> Secrets:
        if isinstance(asked, LifeTimeApi):
            return Secrets(token=resolver.resolve(asked.token))
        endpoint = asked.endpoint
        bastion = getattr(endpoint, "bastion", None)
        wanted = {
            "password": endpoint.password,
            "key_passphrase": getattr(endpoint, "key_passphrase", None),
            "bastion_password": bastion and bastion.password,
            "bastion_key_passphrase": bastion and bastion.key_passphrase,
        }
        return Secrets(**{name: resolver.resolve(ref) for name, ref in wanted.items() if ref is not None})

    return secrets


def journal_of(context: typer.Context) -> Path | None:
    """Return the file of the journal, if one is to be kept."""
    named = context.find_root().params.get("journal")
    return None if named is None else Path(named)


def kept_journal(file: Path | None) -> AbstractContextManager[Journal | None]:
    """Open the journal, if one is to be kept; UsageError where it cannot be written, before any host is asked."""
    from auditor.transports.journal import Journal

    return nullcontext() if file is None else Journal(file, now)


def asked() -> Callable[[str], str] | None:
    """Return the function that puts a prompt to a person, None where nobody sits at a terminal."""
    return _ask if sys.stdin.isatty() else None


def _ask(text: str) -> str:
    return getpass.getpass(f"{text}: ")


def write_text(path: Path, text: str) -> None:
    """Write a result as UTF-8, with its line ends as they are, as `write_bytes` does."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Write a result whole or not at all, by default readable by its owner alone: reports describe servers."""
    from auditor.errors import UsageError

    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        # The mask of the process may have taken more than was meant.
        temporary.chmod(mode)
        temporary.replace(path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise UsageError(f"{path} cannot be written: {error.strerror}; name another file.") from error
