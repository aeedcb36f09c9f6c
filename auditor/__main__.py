"""`python -m auditor` is `osaudit`."""

from auditor.cli import main

main()
