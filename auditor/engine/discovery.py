"""Finding checks: every file of the given folders, loaded by path, sorted by id. No list is kept anywhere."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from collections.abc import Iterable
from pathlib import Path

from auditor.engine.declaration import Check, DeclarationError


def check_files(folders: Iterable[Path]) -> list[Path]:
    """Return every check file below the folders, sorted; names that start with an underscore are not checks."""
    files = [file for folder in folders for file in folder.rglob("*.py")]
    return sorted(file for file in files if not any(part.startswith(("_", ".")) for part in file.parts[-3:]))


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
        raise
    except Exception as error:  # a check file is foreign code: its failure is reported with its name
        raise DeclarationError(f"{file}: cannot be loaded: {type(error).__name__}: {error}") from error
    checks = [value for value in vars(module).values() if isinstance(value, Check)]
    if len(checks) != 1 or checks[0].slug != file.stem:
        raise DeclarationError(f"{file}: must declare exactly one check, named {file.stem}.")
    return checks[0]


def load_checks(folders: Iterable[Path]) -> tuple[Check, ...]:
    """Load all checks, sorted by id; two files with one id or slug are refused, naming both."""
    seen: dict[str, Path] = {}
    checks: list[Check] = []
    for file in check_files(folders):
        check = load_check(file)
        for name in (check.id, check.slug, *check.formerly):
            if name in seen:
                raise DeclarationError(f"{file} and {seen[name]} both declare {name}.")
            seen[name] = file
        checks.append(check)
    known = {check.id for check in checks}
    for check in checks:
        if missing := set(check.needs) - known:
            raise DeclarationError(f"{check.id} needs {', '.join(sorted(missing))}, which no file declares.")
    return tuple(sorted(checks, key=lambda check: check.id))


def rules_digest(folders: Iterable[Path]) -> str:
    """Return a digest of the content of all check files and tables: two scans with one digest had the same rules."""
    digest = hashlib.sha256()
    for folder in folders:
        for file in sorted([*folder.rglob("*.py"), *folder.rglob("*.toml")]):
            digest.update(file.relative_to(folder).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]
