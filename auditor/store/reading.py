"""Reading with several statements what others write meanwhile."""

from __future__ import annotations

from sqlalchemy.orm import Session


def at_one_moment(session: Session) -> None:
    """Let all that this session reads be as it was at its first statement; it must not have begun."""
    if session.get_bind().dialect.name == "postgresql":
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    else:
        # Python's driver begins a transaction only before it writes.
        session.connection().exec_driver_sql("begin")
