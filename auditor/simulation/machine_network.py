"""What a modelled server reaches, how it takes its own name, and what its own web site answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from auditor.model.question import Outcome
from auditor.simulation.machine_document import MachineDocument
from auditor.simulation.machine_iis import all_sites
from auditor.simulation.machine_telling import Told, failed, matches
from auditor.simulation.machine_xml import Element

_MOST_TARGETS = 100
_SITE = "Default Web Site"


def connect_answer(document: MachineDocument, arguments: Mapping[str, Any], root: Element | None) -> Told:
    """Answer `connect`: everything accepts a connection but what the model says does not."""
    targets = list(arguments.get("targets") or ())
    rows = [_attempt(document, target, root) for target in targets[:_MOST_TARGETS]]
    return Told(Outcome.OK, {"connections": rows}, complete=len(targets) <= _MOST_TARGETS)


def _attempt(document: MachineDocument, target: Mapping[str, Any], root: Element | None) -> dict[str, Any]:
    words = str(target.get("host") or "")
    if target.get("element"):
        words = _text(root, target["element"])
    number = str(target.get("port") or "")
    if target.get("port_element"):
        number = _text(root, target["port_element"]).strip() or number
    words = words.strip()
    server, comma, told = (words[4:] if words.casefold().startswith("tcp:") else words).partition(",")
    host, instance, _ = server.partition("\\")
    if comma:
        number = told.strip()
    elif instance:
        number = ""
    host = "localhost" if host.strip() in (".", "(local)") else host.strip()
    port = int(number) if number.isascii() and number.isdigit() and int(number) <= 65535 else 0
    return {"target": str(target["name"]), "host": host, "port": port, "result": _result(document, host, port)}


def _result(document: MachineDocument, host: str, port: int) -> str:
    if not host:
        return "NoHost"
    if not port:
        return "NoPort"
    troubles = document.network.unreachable.items()
    return next((result for pattern, result in troubles if matches(pattern, f"{host}:{port}")), "Open")


def _text(root: Element | None, path: str) -> str:
    first, *steps = path.split("/")
    element = root if root is not None and root.name.casefold() == first.casefold() else None
    for step in steps:
        children: Iterable[Element] = () if element is None else element.children
        element = next((child for child in children if child.name.casefold() == step.casefold()), None)
    return "" if element is None else element.text


def resolve_answer(document: MachineDocument, arguments: Mapping[str, Any]) -> Told:
    """Answer `resolve`; a model knows the address of itself alone."""
    if str(arguments.get("name")).casefold() != "localhost":
        raise failed("No such host is known")
    return Told(Outcome.OK, {"addresses": list(document.network.localhost)})


def http_answer(document: MachineDocument, arguments: Mapping[str, Any], has_folder: Mapping[str, bool]) -> Told:
    """Answer `http` as IIS would: by its service, site, applications and pools, unless the model says otherwise.

    `has_folder` tells, by the path of an application, whether its folder exists.
    """
    path = str(arguments.get("path"))
    own = document.network.pages.get(path)
    answer = _page(document, path, has_folder) if own is None else own
    status, problem = (answer, "") if isinstance(answer, int) else (None, answer)
    location = ""
    if status in (301, 302, 307, 308):
        location = f"https://127.0.0.1{path}"
    elif status is not None and status >= 400:
        problem = "ProtocolError"
    return Told(Outcome.OK, {"status": status, "location": location, "problem": problem})


def _page(document: MachineDocument, path: str, has_folder: Mapping[str, bool]) -> int | str:
    service = document.services.get("W3SVC")
    site = all_sites(document.iis).get(_SITE) if document.iis else None
    if document.iis is None or service is None or service.state != "running" or site is None or not site.started:
        return "ConnectFailure"
    http = [text for protocol, text in site.bindings.items() if protocol.rstrip("0123456789") == "http"]
    if not any(text in ("*:80:", "127.0.0.1:80:", ":80:") for text in http):
        return "ConnectFailure"
    first = "/" + path.split("/")[1]
    application = next((name for name in site.applications if name.casefold() == first.casefold()), None)
    if application is None or not has_folder.get(application, False):
        return 404
    pool = document.iis.pools.get(site.applications[application].pool)
    return 503 if pool is None or not pool.started else 200
