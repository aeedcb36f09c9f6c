"""Inheritance: the settings that hold for a host, from the top of the inventory down to the host itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from auditor.settings.connection_settings import (
    EITHER,
    INHERITED,
    BastionSettings,
    ConnectionSettings,
    Defaults,
    TransportName,
)
from auditor.settings.fields import DocumentModel
from auditor.settings.wording import Path


@dataclass(frozen=True, slots=True)
class Level:
    """The settings of one place of the inventory: the top, an environment, or a host."""

    path: Path
    settings: ConnectionSettings


@dataclass(frozen=True, slots=True)
class Setting:
    """A value and where it was written."""

    value: Any
    path: Path


@dataclass(frozen=True, slots=True)
class Connection:
    """What holds for one host; a setting of the bastion has a name such as `bastion.user`.

    `forgotten` are the settings for which null was the last word, `bastion` as a whole among them.
    """

    transport: TransportName
    settings: dict[str, Setting] = field(default_factory=dict)
    forgotten: set[str] = field(default_factory=set)

    def is_silent_about(self, name: str) -> bool:
        """Whether no level wrote this setting, not even null."""
        return name not in self.settings and self.forgotten.isdisjoint((name, name.partition(".")[0]))

    def value(self, name: str, otherwise: Any = None) -> Any:
        """Return the value of a setting, or `otherwise` when nobody wrote one."""
        setting = self.settings.get(name)
        return otherwise if setting is None else setting.value

    def place(self, name: str, otherwise: Path) -> Path:
        """Return where a setting was written, or `otherwise`."""
        setting = self.settings.get(name)
        return otherwise if setting is None else setting.path


def settle(levels: Iterable[Level]) -> Connection:
    """Return what holds for the host of the last level.

    Port, user and password are for the hosts of the transport that is in force where they stand: a password meant
    for Windows servers is never sent to a server reached over SSH.
    """
    levels = tuple(levels)
    in_force = tuple(_transports(levels))
    transport = in_force[-1]
    connection = Connection(transport)
    for level, local in zip(levels, in_force, strict=True):
        left_out = frozenset[str]() if local is transport else EITHER
        _lay_over(connection, level.settings, level.path, left_out)
        special = getattr(level.settings, transport.value) if isinstance(level.settings, Defaults) else None
        if special is not None:
            _lay_over(connection, special, (*level.path, transport.value))
    return connection


def _transports(levels: Iterable[Level]) -> Iterator[TransportName]:
    transport = TransportName.WINRM
    for level in levels:
        transport = level.settings.transport or transport
        yield transport


def _lay_over(
    connection: Connection, written: DocumentModel, path: Path, left_out: frozenset[str] = frozenset()
) -> None:
    for name in sorted((written.model_fields_set & INHERITED) - left_out):
        value = getattr(written, name)
        if name != "bastion":
            _put(connection, name, value, (*path, name))
        elif value is None:
            for inner in BastionSettings.model_fields:
                connection.settings.pop(f"bastion.{inner}", None)
                connection.forgotten.discard(f"bastion.{inner}")
            connection.forgotten.add(name)
        else:
            connection.forgotten.discard(name)
            for inner in value.model_fields_set:
                _put(connection, f"bastion.{inner}", getattr(value, inner), (*path, name, inner))


def _put(connection: Connection, name: str, value: Any, path: Path) -> None:
    if value is None:
        connection.settings.pop(name, None)
        connection.forgotten.add(name)
    else:
        connection.settings[name] = Setting(value, path)
        connection.forgotten.discard(name)
