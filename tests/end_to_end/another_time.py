"""The program with its clock put forward or back: `python -m tests.end_to_end.another_time` is `osaudit`, then.

The program has no option for that. It reads the time in one place, so that place is changed before it begins.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta

from auditor.cli import loading, main

MODULE = "tests.end_to_end.another_time"
AHEAD = "TESTS_SECONDS_AHEAD"


def put_forward(seconds: float) -> None:
    """Put the clock of the program forward; back, where it is less than nothing."""
    real = loading.now

    def now() -> datetime:
        return real() + timedelta(seconds=seconds)

    loading.now = now


if __name__ == "__main__":
    put_forward(float(os.environ[AHEAD]))
    main()
