"""osaudit.yaml as defaults of the options: an option wins over the environment, and that over the file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from auditor.settings.configuration import Configuration

DEFAULT_FILE = Path("osaudit.yaml")
# The parameter of the commands behind each key of the file.
PARAMETERS = {
    "inventory": "inventory",
    "reference": "reference",
    "waivers": "waivers",
    "store": "store",
    "checks": "further",
    "lang": "lang",
    "scan.concurrency": "concurrency",
    "scan.visit_seconds": "visit_seconds",
    "scan.scan_seconds": "scan_seconds",
    "scan.zone": "zone",
    "scan.fail_on": "fail_on",
    "scan.fail_on_new": "fail_on_new",
    # `osaudit diff` has a `baseline` of its own, which is not this one.
    "scan.baseline": "compare_with",
    "scan.min_coverage": "min_coverage",
    "scan.report": "report",
    "retention.keep_days": "keep_days",
    "retention.keep_scans": "keep_scans",
    "retention.keep": "keep",
    "notifications.when": "notify",
}
# Options of osaudit itself, which stand before the command; their keys have the same names.
OWN_PARAMETERS = ("log", "log_format", "journal")
# These groups have commands of their own below them.
_GROUPS = {
    "hosts": ("list", "ping", "trust"),
    "checks": ("list", "explain", "pages"),
    "config": ("show",),
    "notify": ("test",),
    "schedule": ("show", "install", "remove"),
    "store": ("backup", "check"),
    "waivers": ("list", "add", "check"),
}
_ALONE = ("scan", "evaluate", "report", "diff", "scans", "site", "status", "prune")
CONFIGURED = frozenset((*_ALONE, *_GROUPS))


def configure(context: Any, command: str) -> None:
    """Lay the settings of the file under the options of the command that is called; `context.obj` is all it says.

    Raises `DocumentError` for a file with mistakes, and for one that was named and is not there.
    """
    named = context.params.get("config")
    # Releases of typer differ in when they make a path of it.
    file = Path(named or DEFAULT_FILE)
    if named is None and not file.is_file():
        return
    from auditor.cli.loading import say
    from auditor.settings.configuration import load_configuration

    context.obj = load_configuration(file)
    if named is None and context.obj.says_something:
        say(f"Using {file}.")
    settings = dict(context.obj.settings)
    for key in OWN_PARAMETERS:
        own = settings.pop(key, None)
        # Whoever plans a scan for another account must not leave a log behind that this account cannot write.
        if own is not None and command != "schedule" and context.get_parameter_source(key).name == "DEFAULT":
            context.params[key] = own.value
    values = {PARAMETERS[key]: setting.value for key, setting in settings.items()}
    context.default_map = dict.fromkeys(_ALONE, values)
    context.default_map |= {group: dict.fromkeys(commands, values) for group, commands in _GROUPS.items()}


def settings_of(context: Any, command: str) -> Any:
    """Return the context in which a command without arguments would run now: its settings, and where each is from."""
    root = context.find_root()
    return root.command.get_command(root, command).make_context(command, [], parent=root)


def configuration_of(context: Any) -> Configuration:
    """Return what osaudit.yaml says, nothing where there is none."""
    from auditor.settings.configuration import Configuration

    found = context.find_root().obj
    return found if isinstance(found, Configuration) else Configuration()
