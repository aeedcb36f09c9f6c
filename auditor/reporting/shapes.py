"""The shapes of a finished report: everything counted, sorted and worded, so that templates only loop and place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from auditor.model.finding import Severity
from auditor.reporting.language import _


@dataclass(frozen=True, slots=True)
class CheckText:
    """What a check says to people: its docstring's sections by heading, and its sources as (title, address)."""

    id: str
    slug: str
    title: str
    severity: Severity
    sections: Mapping[str, str]
    references: tuple[tuple[str, str], ...] = ()


class Section(StrEnum):
    """The part of the report in which a finding stands; each stands in exactly one."""

    OPEN = "open"
    UNDECIDED = "undecided"
    WAIVED = "waived"
    PASSED = "passed"
    NOT_APPLICABLE = "not-applicable"


@dataclass(frozen=True, slots=True)
class Moment:
    """A time for programs and for people; `iso` is empty where it did not happen yet."""

    iso: str
    words: str


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text, `code` or not."""

    text: str
    code: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph (one item), a list, numbered steps, or a literal block; `kind` says which."""

    kind: str
    items: tuple[tuple[Run, ...], ...]


@dataclass(frozen=True, slots=True)
class Link:
    """A source. `address` is empty unless it is a web address, so that nothing else can become a link."""

    title: str
    address: str


@dataclass(frozen=True, slots=True)
class Guidance:
    """Why a check matters, how it decides, how to fix, and where that is written."""

    why: tuple[Block, ...]
    decided: tuple[Block, ...]
    fix: tuple[Block, ...]
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class CheckView:
    """A check that gave findings; `guidance` is None where the rules of today do not know it."""

    id: str
    slug: str
    title: str
    severity: str
    guidance: Guidance | None


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """One stored answer behind a verdict, cut to an excerpt."""

    host: str
    question: str
    outcome: str
    outcome_word: str
    excerpt: str
    channel: str
    at: Moment


@dataclass(frozen=True, slots=True)
class SharedEvidence:
    """An answer that `hosts` gave alike."""

    question: str
    outcome: str
    outcome_word: str
    excerpt: str
    hosts: str


@dataclass(frozen=True, slots=True)
class WaiverView:
    """An accepted deviation; `expiry` says in words when it ends, `expires_soon` within thirty days of the scan."""

    reason: str
    owner: str
    approver: str
    granted: str
    until: str
    scope: str
    place: str
    expiry: str
    expires_soon: bool


@dataclass(frozen=True, slots=True)
class LifeView:
    """The scans in which a failure was first and last seen, and how often it came back after it was repaired."""

    first: int
    first_at: Moment
    last: int
    last_at: Moment
    reopened: int
    first_words: str
    last_words: str
    reopened_words: str
    words: str


@dataclass(frozen=True, slots=True)
class FindingView:
    """One finding. Fields named like the model's hold its codes; `…_word` and `where` are for people.

    `change` is the label of a comparison, and `before` the earlier verdict in words: its status, and its sentence where
    it was judged; all are empty without one.
    `before_section` is where it stood in the earlier scan, None where it was not judged there or did not change.
    `place` is the id of the part of the page that shows it, `waiver_entry` what would accept it, empty if nothing can.
    `evidence_fingerprint` is what a waiver accepts of it, `reopened` says why a waiver in force does not cover it; both
    are empty for what no waiver is for.
    """

    fingerprint: str
    anchor: str
    check: str
    slug: str
    title: str
    severity: str
    severity_symbol: str
    status: str
    status_word: str
    section: Section
    subject_kind: str
    subject: str
    environment: str
    where: str
    sentence: str
    expected: str
    found: str
    reason: str
    because_of: str
    evidence: tuple[EvidenceView, ...]
    evidence_number: int
    evidence_left_out: str
    waiver: WaiverView | None
    change: str
    change_word: str
    before_status: str
    before_sentence: str
    before_section: Section | None
    place: str
    waiver_entry: str
    evidence_fingerprint: str
    reopened: str
    life: LifeView | None = None

    @property
    def before(self) -> str:
        """The earlier verdict in words."""
        return f"{self.before_status}: {self.before_sentence}" if self.before_sentence else self.before_status

    @property
    def newly_open(self) -> bool:
        """Whether the comparison says that it is open now and was not before."""
        return self.section is Section.OPEN and bool(self.change) and self.before_section is not Section.OPEN

    @property
    def resolved(self) -> bool:
        """Whether it was open before and is proved not to be now; what nobody could look at is not resolved."""
        return self.before_section is Section.OPEN and self.section in (Section.PASSED, Section.NOT_APPLICABLE)

    @property
    def expires_soon(self) -> bool:
        """Whether it is waived by a waiver that ends within thirty days of the scan."""
        return self.waiver is not None and self.waiver.expires_soon

    @property
    def mark(self) -> str:
        """What else the filter knows it as, beside its section."""
        return "new" if self.newly_open else "expiring" if self.expires_soon else ""


@dataclass(frozen=True, slots=True)
class FindingGroup:
    """The findings of one check that stand in one section: one row with a list of subjects.

    `expected` is what is expected of all alike, empty where that differs. `evidence` are the answers behind all of
    them, `sources` when and over which channel each host gave its answers, as (host, channel, time);
    `evidence_left_out` says what of it is not shown. `snippet` is a waiver for all of them. `one_table` says that what
    was found and the lives stand in one table and not in two.
    """

    anchor: str
    check: str
    slug: str
    title: str
    severity: str
    severity_symbol: str
    status: str
    status_word: str
    headline: str
    places: str
    change_word: str
    expanded: bool
    has_sentences: bool
    expected: str
    has_before: bool
    has_lives: bool
    one_table: bool
    is_new: bool
    evidence: tuple[SharedEvidence, ...]
    sources: tuple[tuple[str, str, Moment], ...]
    evidence_words: str
    evidence_folded: bool
    evidence_left_out: str
    snippet: str
    findings: tuple[FindingView, ...]
    guidance: Guidance | None


@dataclass(frozen=True, slots=True)
class PlainLine:
    """A check with those for whom one verdict holds, in words: where there are too many for a line each."""

    check: str
    title: str
    words: str


@dataclass(frozen=True, slots=True)
class CauseRow:
    """One sentence that explains why verdicts could not be given, with the findings that wait for it.

    `lines` says the same check by check; it is empty where each finding is listed.
    """

    sentence: str
    findings: tuple[FindingView, ...]
    lines: tuple[PlainLine, ...]


@dataclass(frozen=True, slots=True)
class Cause:
    """A reason for not knowing, what to do about it, and everything that waits for it."""

    reason: str
    title: str
    what_to_do: str
    summary: str
    rows: tuple[CauseRow, ...]


@dataclass(frozen=True, slots=True)
class Badge:
    """The worst open finding of something, linked: `words` for people, `count` of all open findings."""

    severity: str
    symbol: str
    words: str
    count: int
    href: str


@dataclass(frozen=True, slots=True)
class Card:
    """A number with its name and the part of the report that explains it.

    `filter` is the state of the filter that shows no more than what is counted, empty where there is no filter.
    """

    key: str
    symbol: str
    number: int
    label: str
    detail: str
    href: str
    tone: str
    filter: str = ""


@dataclass(frozen=True, slots=True)
class VerdictSentence:
    """The report in words: a tone (bad, doubtful, nothing, good), a headline and further sentences.

    `worst` are the sentences of the worst findings; they come first.
    """

    tone: str
    symbol: str
    headline: str
    others: tuple[str, ...]
    worst: tuple[str, ...] = ()

    @property
    def sentences(self) -> tuple[str, ...]:
        """All further sentences."""
        return (*(_("Worst: %(sentence)s", sentence=sentence) for sentence in self.worst), *self.others)
