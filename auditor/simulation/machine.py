"""A modelled server: loaded from a YAML file, it answers whatever is asked, in the words of docs/questions.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from auditor.model.question import Outcome, Platform
from auditor.simulation import machine_planted as planted
from auditor.simulation.machine_document import Fault, MachineDocument
from auditor.simulation.machine_linux import LinuxHost
from auditor.simulation.machine_telling import NotTold, Told
from auditor.simulation.machine_windows import WindowsServer
from auditor.simulation.machine_wmi import address_of
from auditor.simulation.machine_wql import AccessDenied, InvalidQuery, NoSuchClass
from auditor.simulation.modelled_document import read_document, validated

__all__ = ["AccessDenied", "InvalidQuery", "Machine", "NoSuchClass", "load_machine"]


@dataclass(frozen=True, slots=True)
class Machine:
    """A server as a model describes it; safe to be asked by several threads at a time.

    `secrets` are all planted values that must never leave the server, `masked` those that may leave it only masked
    (the serial number).
    """

    name: str
    platform: Platform
    summary: str
    address: str
    language_mode: str
    is_administrator: bool
    secrets: tuple[str, ...] = field(repr=False)
    masked: tuple[str, ...] = field(repr=False)
    _state: WindowsServer | LinuxHost = field(repr=False, compare=False)
    _document: MachineDocument = field(repr=False, compare=False)

    def answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer a whole question document with an answer document.

        A question under a `drop` fault gets no answer; those after `stops_after` run out of time.
        """
        answers = []
        stops_after = self._document.stops_after
        for number, question in enumerate(request["questions"]):
            identity, verb = str(question["id"]), str(question["verb"])
            fault = self._document.faults.get(identity) or self._document.faults.get(verb)
            if fault is not None and fault.kind == "drop":
                continue
            if stops_after is not None and number >= stops_after:
                told = Told(Outcome.FAILED, detail="out of time")
            else:
                told = self._told(verb, question.get("arguments"), request, fault)
            answers.append(_as_answer(identity, told))
        return {"osaudit": 1, "session": self._state.session, "answers": answers}

    def _told(self, verb: str, arguments: Any, request: Mapping[str, Any], fault: Fault | None) -> Told:
        if fault is not None and fault.kind != "truncate":
            return Told(Outcome(fault.kind), detail=fault.detail)
        if verb in self._document.denied.verbs:
            return Told(Outcome.DENIED, detail="access denied")
        try:
            told = self._state.answer(verb, arguments, request)
        except NotTold as not_told:
            return not_told.told
        except (KeyError, TypeError, ValueError) as error:
            # Arguments that no contract allows lose only their own question, as they do on a server.
            return Told(Outcome.FAILED, detail=f"{type(error).__name__}: {error}")
        return _truncated(told) if fault is not None else told

    def wql(self, namespace: str, query: str) -> list[dict[str, Any]]:
        """Run a WQL query; values are texts, integers, booleans, UTC datetimes, lists of these, or None.

        Raises `NoSuchClass`, `AccessDenied` or `InvalidQuery`.
        """
        if not isinstance(self._state, WindowsServer):
            raise NoSuchClass("a Linux host has no WMI")
        return self._state.query(namespace, query)

    def registry_method(self, method: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Call a method of StdRegProv with its own argument names (hDefKey, sSubKeyName, sValueName).

        Gives its own outputs (sNames, Types, sValue, uValue), None where Windows leaves them null, and `ReturnValue`:
        0, 1 no such value, 2 no such key, 5 denied.
        """
        if not isinstance(self._state, WindowsServer):
            return {"ReturnValue": 2}
        return self._state.registry.method(method, arguments)


def load_machine(path: Path) -> Machine:
    """Load a model with all it extends; raises `DocumentError` with file, line and key of each mistake."""
    document = validated(read_document(path), MachineDocument)
    windows = document.platform == "windows"
    section = document.platform_server
    secrets = [*planted.PLANTED, *document.secrets.values()]
    if section and section.private_key:
        secrets.append(planted.private_key_line(section.private_key))
    return Machine(
        name=document.name,
        platform=Platform.WINDOWS if windows else Platform.LINUX,
        summary=document.summary,
        address=address_of(document),
        language_mode=document.language_mode,
        is_administrator=document.account.administrator,
        secrets=tuple(secrets),
        masked=(section.serial or planted.serial_of(document.name),) if section else (),
        _state=WindowsServer(document) if windows else LinuxHost(document),
        _document=document,
    )


def _as_answer(identity: str, told: Told) -> dict[str, Any]:
    return {
        "id": identity,
        "outcome": told.outcome.value,
        "value": told.value,
        "detail": told.detail,
        "complete": told.complete,
        "milliseconds": 1,
    }


def _truncated(told: Told) -> Told:
    """Cut every list of the value in half, and say so."""
    if not isinstance(told.value, dict):
        return told
    value = {key: item[: len(item) // 2] if isinstance(item, list) else item for key, item in told.value.items()}
    return Told(told.outcome, value, told.detail, complete=False)
