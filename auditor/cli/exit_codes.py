"""What osaudit's exit codes mean; docs/exit-codes.md says it to people."""

from enum import IntEnum


class ExitCode(IntEnum):
    """One meaning each; INCOMPLETE wins over FINDINGS, and both are said in words."""

    CLEAN = 0
    CRASH = 1
    USAGE = 2
    INCOMPLETE = 3
    NOTHING_AUDITED = 4
    OVERDUE = 5
    FINDINGS = 10
