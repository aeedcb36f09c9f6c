"""Where a store is: the path of a file, or the URL of a database, which never holds a password."""

from __future__ import annotations

import re

REFUSAL = (
    "The URL of the store holds a password, where others can read it; leave it out, and keep it in the password file "
    "of PostgreSQL or in PGPASSWORD."
)
_PASSWORD = re.compile(r"[a-z0-9+]+://([^/@?]*:[^/]*@|.*[?&]\w*password=)", re.IGNORECASE)


def holds_password(location: str) -> bool:
    """Whether a password stands in the URL, where everybody can read it who sees the arguments of a process."""
    return _PASSWORD.match(location) is not None
