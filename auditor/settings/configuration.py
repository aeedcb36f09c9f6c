"""osaudit.yaml: how osaudit is run here. Every setting of it has a default, so the file is not needed."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path as FilePath
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from auditor.errors import DocumentError, Location
from auditor.model.language import Language
from auditor.model.store_location import holds_password
from auditor.model.unattended import NotifyWhen, Schedule, Target, Weekday
from auditor.settings.connection_settings import SecretReference
from auditor.settings.documents import Document, read_document
from auditor.settings.endpoints import credential_reference
from auditor.settings.fields import DocumentModel, Line, Name, ZoneName, mistake
from auditor.settings.fields import FilePath as PathText
from auditor.settings.structure import judge
from auditor.settings.wording import Path, rendered, shown

_ACCOUNT = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9 ._@\\-]*[A-Za-z0-9._-])?\$?")
_SECTIONS = ("scan", "retention", "notifications")


class LogFormat(StrEnum):
    """What a line of the log is."""

    TEXT = "text"
    JSON = "json"


class GateSeverity(StrEnum):
    """How severe an open finding must be for a scan to end with exit code 10."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


def _time(text: str) -> str:
    if not re.fullmatch(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]", text):
        raise mistake(f"found {shown(text)}; expected a time of day such as 02:00.")
    return text


def _unit(text: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,39}", text):
        raise mistake(f"found {shown(text)}; expected small letters, digits and hyphens, such as osaudit-north.")
    return text


def _account(text: str) -> str:
    if not _ACCOUNT.fullmatch(text) or len(text) > 100:
        raise mistake(f"found {shown(text)}; expected an account such as osaudit, or EXAMPLE\\svc-osaudit$.")
    return text


def _store(text: str) -> str:
    if holds_password(text):
        raise mistake("found a password in the URL; expected it in the password file of PostgreSQL or in PGPASSWORD.")
    return text


def _link(text: str) -> str:
    if not re.fullmatch(r"https?://[^\s<>()\[\]\"'\\@]{1,400}", text):
        raise mistake("expected a web address such as https://reports.example.com/osaudit/, without user and password.")
    return text


class ScanSettings(DocumentModel):
    """How a scan is made, as the options of `osaudit scan` say it."""

    concurrency: Annotated[int, Field(ge=1, le=1000)] | None = Field(
        default=None, description="Hosts read at once; by default follows their number."
    )
    visit_seconds: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="Deadline of one host; 180 by default."
    )
    scan_seconds: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="Deadline of the whole scan; 3600 by default."
    )
    zone: ZoneName | None = Field(
        default=None,
        description="Read only the hosts of this zone, into the scan that the collectors of all zones share.",
    )
    fail_on: Annotated[GateSeverity, Field(strict=False)] | None = Field(
        default=None, description="End with exit code 10 on open findings at least this severe."
    )
    fail_on_new: bool | None = Field(
        default=None,
        description="true: only findings that were not open in the compared scan count; without fail_on, all of these.",
    )
    baseline: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="The number of the scan to compare with instead of the one before."
    )
    min_coverage: Annotated[int, Field(ge=1, le=100)] | None = Field(
        default=None, description="Which percentage of the verdicts has to be decided, or the scan is incomplete."
    )
    report: PathText | None = Field(default=None, description="The file to which a scan also writes the HTML report.")


class RetentionSettings(DocumentModel):
    """How long scans are kept, as the options of `osaudit prune` say it; with one of the first two, a scan prunes."""

    keep_days: Annotated[int, Field(ge=1, le=36500)] | None = Field(
        default=None, description="Keep the scans of so many days."
    )
    keep_scans: Annotated[int, Field(ge=1)] | None = Field(default=None, description="Keep the last so many scans.")
    keep: list[Annotated[int, Field(ge=1)]] | None = Field(
        default=None, description="Numbers of scans that are kept whatever their age, such as baselines."
    )


class ScheduleSettings(DocumentModel):
    """When scans are planned, in the local time of this computer."""

    at: Annotated[str, AfterValidator(_time)] = Field(description="The time of day.")
    days: list[Annotated[Weekday, Field(strict=False)]] | None = Field(
        default=None, description="The days of the week; every day by default.", min_length=1
    )
    account: Annotated[str, AfterValidator(_account)] | None = Field(
        default=None, description="The account that scans; by default the one that installs the schedule."
    )
    name: Annotated[str, AfterValidator(_unit)] = Field(
        default="osaudit", description="What the timer or task is called; tells several on one computer apart."
    )


class TargetSettings(DocumentModel):
    """Somebody to tell."""

    name: Name = Field(description="What the target is called in messages; unique in the file.")
    address: SecretReference = Field(
        description="Where the address is kept, a URL as apprise takes it; it may hold a secret and stands in no file."
    )
    attach_report: bool = Field(default=False, description="Whether the HTML report is attached.")


class NotificationSettings(DocumentModel):
    """Who is told of a scan, and when."""

    when: Annotated[NotifyWhen, Field(strict=False)] | None = Field(
        default=None, description="After which scans: when something changed (the default), always or never."
    )
    link: Annotated[str, AfterValidator(_link)] | None = Field(
        default=None, description="A web address where the reports are found."
    )
    targets: list[TargetSettings] = Field(default_factory=list, description="Who is told.")


class OsauditDocument(DocumentModel):
    """How osaudit is run here. Paths are relative to the folder of this file."""

    inventory: PathText | None = Field(default=None, description="The inventory of environments and hosts.")
    reference: PathText | None = Field(default=None, description="Overlay of the built-in reference.")
    waivers: PathText | None = Field(default=None, description="Accepted deviations.")
    store: Annotated[Line, AfterValidator(_store)] | None = Field(
        default=None, description="The store: a file, made by the first scan, or postgresql://user@host/database."
    )
    checks: list[PathText] | None = Field(default=None, description="Further folders of checks.")
    lang: Annotated[Language, Field(strict=False)] | None = Field(
        default=None, description="The language of pages, Markdown and messages; English by default."
    )
    log: PathText | None = Field(default=None, description="The file to which what is said on the screen is appended.")
    log_format: Annotated[LogFormat, Field(strict=False)] | None = Field(
        default=None, description="What a line of the log is; text by default."
    )
    journal: PathText | None = Field(
        default=None, description="The file to which a line is appended for everything that is asked of a host."
    )
    scan: ScanSettings = Field(default_factory=ScanSettings, description="How a scan is made.")
    retention: RetentionSettings = Field(
        default_factory=RetentionSettings, description="How long scans are kept; for ever by default."
    )
    schedule: ScheduleSettings | None = Field(default=None, description="When scans are planned.")
    notifications: NotificationSettings = Field(
        default_factory=NotificationSettings, description="Who is told of a scan."
    )

    @classmethod
    def hint_for(cls, key: str) -> str | None:
        """Say in which group a setting stands."""
        for section in _SECTIONS:
            if key in cls.model_fields[section].annotation.model_fields:  # type: ignore[union-attr]
                return f"such a setting stands under {section}."
        return None


@dataclass(frozen=True, slots=True)
class Configured:
    """A setting and where it was written."""

    value: Any
    place: Location


@dataclass(frozen=True, slots=True)
class Configuration:
    """What osaudit.yaml says; `settings` holds those that are options too, by key such as `scan.report`.

    `places` tells where the rest is written, by key such as `schedule` or `notifications.targets[0]`.
    """

    file: FilePath | None = None
    settings: Mapping[str, Configured] = field(default_factory=dict)
    places: Mapping[str, Location] = field(default_factory=dict)
    schedule: Schedule | None = None
    link: str = ""
    targets: tuple[Target, ...] = ()

    @property
    def says_something(self) -> bool:
        """Whether anything is set."""
        return bool(self.settings or self.schedule or self.link or self.targets)


def load_configuration(path: FilePath) -> Configuration:
    """Read osaudit.yaml; raises `DocumentError` with all that is wrong, each mistake located.

    Paths come back full, relative to the folder of the file; `~` is the home folder.
    """
    document = read_document(path)
    if document.content is None:
        return Configuration(path.absolute())
    problems = [*document.problems, *judge(document, OsauditDocument).problems]
    if not problems:
        model = OsauditDocument.model_validate(document.content)
        problems += _doubles(document, model)
    if problems:
        raise DocumentError(sorted(problems, key=lambda problem: (problem[0].line or 0, problem[0].key)))
    folder = path.absolute().parent
    return Configuration(
        file=path.absolute(),
        settings=_settings(document, model, folder),
        places={rendered(path): document.location(path) for path in document.lines},
        schedule=None if model.schedule is None else _schedule(model.schedule),
        link=model.notifications.link or "",
        targets=tuple(
            Target(
                target.name,
                credential_reference(target.address, lambda written: _full(written, folder)),
                target.attach_report,
            )
            for target in model.notifications.targets
        ),
    )


def _doubles(document: Document, model: OsauditDocument) -> list[tuple[Location, str]]:
    names = [target.name.casefold() for target in model.notifications.targets]
    return [
        (document.location(("notifications", "targets", index, "name")), "stands twice; give each target its own name.")
        for index, name in enumerate(names)
        if name in names[:index]
    ]


def _schedule(written: ScheduleSettings) -> Schedule:
    days = tuple(day for day in Weekday if written.days is None or day in written.days)
    return Schedule(datetime.time.fromisoformat(written.at), days, written.account, written.name)


def _settings(document: Document, model: OsauditDocument, folder: FilePath) -> dict[str, Configured]:
    def full(text: str) -> str:
        return _full(text, folder)

    store = model.store if model.store is None or "://" in model.store else full(model.store)
    values: dict[Path, Any] = {
        ("inventory",): model.inventory and full(model.inventory),
        ("reference",): model.reference and full(model.reference),
        ("waivers",): model.waivers and full(model.waivers),
        ("store",): store,
        ("checks",): None if model.checks is None else [full(item) for item in model.checks],
        ("lang",): model.lang and model.lang.value,
        ("log",): model.log and full(model.log),
        ("log_format",): model.log_format and model.log_format.value,
        ("journal",): model.journal and full(model.journal),
        ("scan", "concurrency"): model.scan.concurrency,
        ("scan", "visit_seconds"): model.scan.visit_seconds,
        ("scan", "scan_seconds"): model.scan.scan_seconds,
        ("scan", "zone"): model.scan.zone,
        ("scan", "fail_on"): model.scan.fail_on and model.scan.fail_on.value,
        ("scan", "fail_on_new"): model.scan.fail_on_new,
        ("scan", "baseline"): model.scan.baseline,
        ("scan", "min_coverage"): model.scan.min_coverage,
        ("scan", "report"): model.scan.report and full(model.scan.report),
        ("retention", "keep_days"): model.retention.keep_days,
        ("retention", "keep_scans"): model.retention.keep_scans,
        ("retention", "keep"): model.retention.keep,
        ("notifications", "when"): model.notifications.when and model.notifications.when.value,
    }
    return {
        ".".join(str(part) for part in path): Configured(value, document.location(path))
        for path, value in values.items()
        if value is not None
    }


def _full(text: str, folder: FilePath) -> str:
    try:
        return str(folder / FilePath(text).expanduser())
    except RuntimeError:
        # No home folder is known; whoever opens the file says that it is not there.
        return text
