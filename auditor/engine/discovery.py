"""Finding checks: every file of the given folders, loaded by path, sorted by id. No list is kept anywhere."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from collections.abc import Iterable
from pathlib import Path

from auditor.engine.declaration import Check, DeclarationError


def check_files(folders: Iterable[Path]) -> list[Path]:
    """Return every check file below the folders, sorted; names that start with an underscore or dot are no checks."""
    files: set[Path] = set()
    for folder in folders:
        if not folder.is_dir():
            raise DeclarationError(f"{folder}: there is no such folder of checks.")
        # Only the part below the folder counts: the folder itself may well be called .osaudit.
        found = ((file, file.relative_to(folder).parts) for file in folder.rglob("*.py"))
        files.update(file for file, parts in found if not any(part.startswith(("_", ".")) for part in parts))
    return sorted(files)


def load_check(file: Path) -> Check:
    """Load the one check of a file, named like the file."""
    name = f"osaudit_check_{hashlib.sha256(str(file).encode()).hexdigest()[:12]}_{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise DeclarationError(f"{file}: cannot be loaded.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except DeclarationError:
        del sys.modules[name]
        raise
    except Exception as error:  # a check file is foreign code: its failure is reported with its name
        del sys.modules[name]
        raise DeclarationError(f"{file}: cannot be loaded: {type(error).__name__}: {error}") from error
    checks = [value for value in vars(module).values() if isinstance(value, Check)]
    if len(checks) != 1 or checks[0].slug != file.stem:
        raise DeclarationError(f"{file}: must declare exactly one check, named {file.stem}.")
    return checks[0]


def load_checks(folders: Iterable[Path]) -> tuple[Check, ...]:
    """Load all checks, sorted by id; two files with one id or slug are refused, naming both.

    Needs must exist, must not go round in a circle, and must not wait for a check that comes after all others.
    """
    seen: dict[str, Path] = {}
    checks: list[Check] = []
    for file in check_files(folders):
        check = load_check(file)
        for name in (check.id, check.slug, *check.formerly):
            if name in seen:
                raise DeclarationError(f"{file} and {seen[name]} both declare {name}.")
            seen[name] = file
        checks.append(check)
    in_running_order(checks)
    return tuple(sorted(checks, key=lambda check: check.id))


def in_running_order(checks: Iterable[Check]) -> list[Check]:
    """Sort: each check after those it needs, those declared `after_all` last, by id otherwise."""
    waiting = sorted(checks, key=lambda check: (check.after_all, check.id))
    last = {check.id: check.after_all for check in waiting}
    for check in waiting:
        if missing := set(check.needs) - set(last):
            raise DeclarationError(f"{check.id} needs {', '.join(sorted(missing))}, which no file declares.")
        if not check.after_all and any(last[needed] for needed in check.needs):
            raise DeclarationError(f"{check.id} needs a check that comes after all others, but does not itself.")
    ordered: list[Check] = []
    done: set[str] = set()
    while waiting:
        ready = next((check for check in waiting if set(check.needs) <= done), None)
        if ready is None:
            raise DeclarationError(f"The checks {', '.join(check.id for check in waiting)} need each other.")
        waiting.remove(ready)
        ordered.append(ready)
        done.add(ready.id)
    return ordered


def rules_digest(folders: Iterable[Path]) -> str:
    """Return a digest of the content of all check files and tables: two scans with one digest had the same rules."""
    digest = hashlib.sha256()
    for folder in folders:
        for file in sorted([*folder.rglob("*.py"), *folder.rglob("*.toml")]):
            digest.update(file.relative_to(folder).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]
