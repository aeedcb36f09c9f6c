"""`osaudit config`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.settings.configuration import Configuration

app = typer.Typer(
    help="Show which settings hold, and where each comes from.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)


@app.callback()
def _group() -> None:
    """Show which settings hold, and where each comes from."""


@app.command("show")
def show(context: typer.Context) -> None:
    """Print the settings with which a scan would be made now, and where each comes from; no secret is fetched."""
    from auditor.cli.configured import configuration_of
    from auditor.cli.printing import print_rows

    configuration = configuration_of(context)
    rows = [*_options(context.find_root(), configuration), *_beyond_options(configuration)]
    print_rows(("Setting", "Value", "Comes from"), rows)


def _options(root: Any, configuration: Configuration) -> Iterator[tuple[str, str, str]]:
    """Yield what the command line itself would take, by asking the commands that scan and prune."""
    from auditor.cli.configured import PARAMETERS, settings_of
    from auditor.cli.options import beside

    with settings_of(root, "scan") as scan, settings_of(root, "prune") as prune:
        for key, parameter in PARAMETERS.items():
            called = prune if key.startswith("retention.") else scan
            options = {item.name: item for item in called.command.params}
            value = called.params[parameter]
            source = called.get_parameter_source(parameter).name
            place = "default"
            if source == "ENVIRONMENT":
                place = str(options[parameter].envvar)
            elif source == "DEFAULT_MAP":
                place = _short(configuration.settings[key].place)
            elif key in ("reference", "waivers"):
                value = beside(Path(called.params["inventory"]), None, f"{key}.yaml")
                place = "beside the inventory" if value else place
            yield key, _words(value), place


def _short(place: Any) -> str:
    return f"{place.file}:{place.line}"


def _words(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(str(item) for item in value) or "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    return "none" if value is None else str(value)


def _beyond_options(configuration: Configuration) -> Iterator[tuple[str, str, str]]:
    from auditor.settings.credentials import place_of

    schedule, places = configuration.schedule, configuration.places
    if schedule is None:
        yield "schedule", "none", "default"
    else:
        days = "every day" if len(schedule.days) == 7 else ", ".join(schedule.days)
        account = f", as {schedule.account}" if schedule.account else ""
        yield "schedule", f"{schedule.name}: {schedule.at:%H:%M}, {days}{account}", _short(places["schedule"])
    if configuration.link:
        yield "notifications.link", configuration.link, _short(places["notifications.link"])
    for index, target in enumerate(configuration.targets):
        report = ", with the report" if target.attach_report else ""
        place = _short(places[f"notifications.targets[{index}]"])
        yield "notifications.targets", f"{target.name}: address from {place_of(target.address)}{report}", place
