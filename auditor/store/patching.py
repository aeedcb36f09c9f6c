"""What differs between two documents of much the same content, so that only that has to be kept.

A patch is data for JSON: `["=", value]` puts a value, `["~", {key: patch}, [gone]]` changes a mapping, or a list of the
same length by position.
"""

from __future__ import annotations

from typing import Any


def difference(before: Any, after: Any) -> list[Any]:
    """Return the patch that makes `after` of `before`."""
    if isinstance(before, dict) and isinstance(after, dict):
        changed = {
            key: difference(before[key], value) if key in before else ["=", value]
            for key, value in after.items()
            if key not in before or before[key] != value
        }
        return ["~", changed, [key for key in before if key not in after]]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        pairs = enumerate(zip(before, after, strict=True))
        return ["~", {str(index): difference(old, new) for index, (old, new) in pairs if old != new}, []]
    return ["=", after]


def patched(before: Any, patch: list[Any]) -> Any:
    """Return what a patch makes of `before`, which stays as it is."""
    kind, changed, *gone = patch
    if kind == "=":
        return changed
    if isinstance(before, list):
        return [patched(old, changed[str(index)]) if str(index) in changed else old for index, old in enumerate(before)]
    left = {key: value for key, value in before.items() if key not in gone[0]}
    return left | {key: patched(before.get(key), own) for key, own in changed.items()}
