"""The rows behind the figures: promises (clocks) and handoffs, as lists, pages and files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from django.db.models import Prefetch, QuerySet
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from leads.counting import count_up_to
from leads.models import Source
from sla.models import Clock, Handoff, HandoffTier, PromiseKind, Waiver
from sla.querysets import ClockQuerySet, HandoffQuerySet
from sla.reports.filters import ANSWERS, REJECTIONS, Ask
from sla.reports.wording import elapsed, moment, whose, worked
from sla.services.clocks import seconds_between
from sla.services.terms import calendar_of, target_of

# Counted exactly up to here; beyond it a list says "10,000+".
MOST_COUNTED = 10_000
_OUTCOME_ROWS: dict[str, Callable[[ClockQuerySet, datetime], ClockQuerySet]] = {
    "": lambda rows, now: rows.judged(),
    "kept": lambda rows, now: rows.kept(),
    "missed": lambda rows, now: rows.missed(now),
    "late": lambda rows, now: rows.late(now),
    "open": lambda rows, now: rows.open_in_time(now),
    "waived": lambda rows, now: rows.waived(),
    "cancelled": lambda rows, now: rows.cancelled(),
}


@dataclass(frozen=True)
class Mark:
    """An outcome as a chip: words, icon and one of the five meanings (or none)."""

    words: str
    icon: str
    meaning: str = ""


_NAMES = ("first_name", "last_name", "email")
_WITH_PEOPLE = Handoff.objects.select_related("lead__contact").only(
    "lead__contact_id", *(f"lead__contact__{name}" for name in _NAMES)
)

# The keys of columns with the opening tags of their cells.
Openings = Sequence[tuple[str, SafeString]]


@dataclass(frozen=True)
class Row:
    """One row of a list: `cells` by the key of the column, as text; times and amounts also raw, for files."""

    id: int
    handoff_id: int
    name: str
    cells: dict[str, str]
    raw: dict[str, datetime | int | str | None]
    mark: Mark
    openings: Openings

    @property
    def rest(self) -> SafeString:
        """The cells after the first two, which the template draws; at once, because a list has hundreds of them."""
        return SafeString("".join(f"{tag}{escape(self.cells[key])}</td>" for key, tag in self.openings))


@dataclass(frozen=True)
class Column:
    """A column: its key, its head, and its class."""

    key: str
    label: str
    css: str = ""


# Columns: key, head, class. The first is the link, the second the mark.
CLOCK_COLUMNS = (
    ("lead", gettext_lazy("Lead"), ""),
    ("mark", gettext_lazy("Outcome"), ""),
    ("kind", gettext_lazy("Promise"), ""),
    ("used", gettext_lazy("Time used"), "num"),
    ("rep", gettext_lazy("Rep"), ""),
    ("started", gettext_lazy("Started"), "num"),
    ("due", gettext_lazy("Due"), "num"),
    ("ended", gettext_lazy("Ended"), "num"),
    ("team", gettext_lazy("Team"), ""),
    ("tier", gettext_lazy("Tier"), ""),
    ("source", gettext_lazy("Source"), ""),
)
# Of a waived promise the first thing to know is why, by whom and when.
WAIVED_COLUMNS = (
    *CLOCK_COLUMNS[:3],
    ("waived_because", gettext_lazy("Waived because"), ""),
    ("waived_by", gettext_lazy("Waived by"), ""),
    ("waived_at", gettext_lazy("Waived"), "num"),
    *CLOCK_COLUMNS[3:],
)
HANDOFF_COLUMNS = (
    ("lead", gettext_lazy("Lead"), ""),
    ("mark", gettext_lazy("Answer"), ""),
    ("reason", gettext_lazy("Reason"), ""),
    ("rep", gettext_lazy("Rep"), ""),
    ("team", gettext_lazy("Team"), ""),
    ("tier", gettext_lazy("Tier"), ""),
    ("source", gettext_lazy("Source"), ""),
    ("ready", gettext_lazy("Sales-ready"), "num"),
    ("started", gettext_lazy("Handed off"), "num"),
    ("took", gettext_lazy("Routed in"), "num"),
    ("answered", gettext_lazy("Answered"), "num"),
)


class ClockList:
    """The promises of an ask."""

    name = "promises"

    def __init__(self, ask: Ask) -> None:
        self.ask = ask
        self.columns = WAIVED_COLUMNS if ask.outcome == "waived" else CLOCK_COLUMNS
        self.openings = openings_of(self.columns)
        self.cohort = ask.clocks().started_between(ask.period.start, ask.period.end)

    def rows(self) -> ClockQuerySet:
        """All of them, without an order."""
        return _OUTCOME_ROWS[self.ask.outcome](self.cohort, self.ask.now)

    def counts(self) -> dict[str, int]:
        """How many there are of each outcome, "" for all but the cancelled, more than MOST_COUNTED for any more than that; one
        query."""
        rows, now = self.cohort.of_any_kind(), self.ask.now
        found = count_up_to(
            MOST_COUNTED,
            {
                "kept": rows.kept(),
                "missed": rows.ended_late(),
                "late": rows.late(now),
                "open": rows.open_in_time(now),
                "waived": rows.waived(),
                "cancelled": rows.cancelled(),
            },
        )
        found["missed"] += found["late"]
        return {"": sum(found[name] for name in ("kept", "missed", "open", "waived")), **found}

    def shown(self) -> ClockQuerySet:
        """The rows with all that is said of them."""
        return (
            self.rows()
            .with_verdict(self.ask.now)
            .select_related("promise", "waiver__by")
            # The others beside, and not joined: planning a join of twelve tables takes longer than reading fifty rows, and a
            # page has one calendar or two. Teams, reps and sources are known by the choices of the filters.
            .prefetch_related(Prefetch("handoff", _WITH_PEOPLE), "calendar_version", "pauses")
        )

    def row(self, clock: Clock) -> Row:
        """One row; `clock` comes from shown()."""
        verdict = clock.verdict  # type: ignore[attr-defined]
        until = clock.ended_at or self.ask.now
        used = clock.seconds_used
        if used is None and verdict != "cancelled":
            used = seconds_between(clock, clock.started_at, until)
        beyond = 0
        if verdict in ("missed", "late"):
            beyond = seconds_late(clock, used or 0, clock.ended_at or self.ask.now)
        cells = {
            "lead": str(clock.handoff.lead),
            "kind": str(PromiseKind(clock.kind).label),
            "tier": str(HandoffTier(clock.tier).label),
            "rep": self.ask.label("rep", str(clock.owner_id)) if clock.owner_id else whose(clock, _("Queue")),
            "team": self.ask.label("team", str(clock.team_id)),
            "source": self.ask.label("source", str(clock.source_id)),
            "started": moment(clock.started_at, self.ask.now),
            "due": moment(clock.due_at, self.ask.now),
            "ended": moment(clock.ended_at, self.ask.now),
            "used": worked(used)
            if clock.ended_at or used is None
            else _("%(time)s so far") % {"time": worked(used)},
        }
        raw: dict[str, datetime | int | str | None] = {
            "started": clock.started_at,
            "due": clock.due_at,
            "ended": clock.ended_at,
            "used": used,
            "beyond": beyond if verdict in ("missed", "late") else None,
        }
        self._tell_waiver(getattr(clock, "waiver", None), cells, raw)
        paused_until = raw["paused_until"] = pause_end(clock, verdict, self.ask.now)
        if paused_until is not None:
            # A file tells times in columns of their own.
            raw["mark"] = _("open, paused")
        mark = verdict_mark(verdict, beyond, paused_until, self.ask.now)
        return Row(clock.pk, clock.handoff_id, cells["lead"], cells, raw, mark, self.openings)

    def _tell_waiver(
        self, waiver: Waiver | None, cells: dict[str, str], raw: dict[str, datetime | int | str | None]
    ) -> None:
        cells["waived_because"] = waiver.reason if waiver else "–"
        cells["waived_by"] = str(waiver.by) if waiver else "–"
        cells["waived_at"] = moment(waiver.at if waiver else None, self.ask.now)
        raw["waived_at"] = waiver.at if waiver else None
        raw["waived_because"] = waiver.reason if waiver else None
        raw["waived_by"] = str(waiver.by) if waiver else None


def seconds_late(clock: Clock, used: int, end: datetime) -> int:
    """Whole seconds in the hours of the promise by which a missed one was late at `end`, having `used` so many. Any part of a
    second counts as one, so that what was late while it was open is never told as late by nothing; 0 after closing time."""
    over = used - int(target_of(clock.promise, clock.calendar_version, clock.started_at))
    if over > 0:
        return over
    calendar = calendar_of(clock.promise, clock.calendar_version)
    return 1 if clock.due_at < end and calendar.between(clock.due_at, end) > 0 else 0


def pause_end(clock: Clock, verdict: str, now: datetime) -> datetime | None:
    """Until when an open clock in time stands still at `now`; None where it does not."""
    if verdict != "open" or clock.paused_until is None or clock.paused_until <= now:
        return None
    return clock.paused_until


def verdict_mark(verdict: str, beyond: int, paused_until: datetime | None, now: datetime) -> Mark:
    """The outcome of a promise with how late it is, in business time; `beyond` is 0 where it ran out at closing time."""
    by = {"time": worked(beyond)}
    if verdict == "missed":
        words = _("missed by %(time)s") % by if beyond else _("missed after closing time")
        return Mark(words, "x-circle-fill", "late")
    if verdict == "late":
        words = _("late by %(time)s, open") % by if beyond else _("late since closing time, open")
        return Mark(words, "exclamation-circle-fill", "late")
    if verdict == "kept":
        return Mark(_("kept"), "check-circle-fill", "ontime")
    if paused_until is not None:
        words = _("paused until %(time)s") % {"time": moment(paused_until, now)}
        return Mark(words, "pause-circle-fill", "paused")
    if verdict == "waived":
        return Mark(_("waived"), "slash-circle", "waived")
    if verdict == "open":
        return Mark(_("open, in time"), "stopwatch")
    return Mark(_("cancelled"), "slash-circle", "waived")


class HandoffList:
    """The handoffs of an ask."""

    name = "handoffs"
    columns = HANDOFF_COLUMNS

    def __init__(self, ask: Ask) -> None:
        self.ask = ask
        self.openings = openings_of(self.columns)
        self.cohort = ask.handoffs().started_between(ask.period.start, ask.period.end)
        self._sources: dict[int, str] = {}

    def rows(self) -> HandoffQuerySet:
        """All of them, without an order."""
        if not self.ask.answer:
            return self.cohort
        answers = REJECTIONS if self.ask.answer == "rejected" else (self.ask.answer,)
        return self.cohort.answered_with(answers)

    def counts(self) -> dict[str, int]:
        """How many there are of each answer, "" for all, more than MOST_COUNTED for any more than that; one query."""
        answers = {name: self.cohort.answered_with((name,)) for name in ANSWERS if name != "rejected"}
        found = count_up_to(MOST_COUNTED, {"": self.cohort, **answers})
        found["rejected"] = sum(found[name] for name in REJECTIONS)
        return found

    def shown(self) -> HandoffQuerySet:
        """The rows with all that is said of them."""
        return self.rows().with_answer().select_related("lead__contact", "owner", "team", "reason")

    def row(self, handoff: Handoff) -> Row:
        """One row; `handoff` comes from shown()."""
        if not self._sources:
            self._sources = dict(Source.objects.values_list("pk", "name"))
        took = handoff.started_at - handoff.ready_at
        answer = handoff.answer  # type: ignore[attr-defined]
        cells = {
            "lead": str(handoff.lead),
            "reason": handoff.reason.label if handoff.reason and answer in REJECTIONS else "–",
            "rep": str(handoff.owner) if handoff.owner else _("Queue"),
            "team": str(handoff.team),
            "tier": str(HandoffTier(handoff.tier).label),
            "source": self._sources.get(handoff.source_id, ""),
            "ready": moment(handoff.ready_at, self.ask.now),
            "started": moment(handoff.started_at, self.ask.now),
            "took": elapsed(took),
            "answered": moment(handoff.answered_at, self.ask.now),
        }
        raw: dict[str, datetime | int | str | None] = {
            "ready": handoff.ready_at,
            "started": handoff.started_at,
            "took": int(took.total_seconds()),
            "answered": handoff.answered_at,
        }
        return Row(handoff.pk, handoff.pk, cells["lead"], cells, raw, answer_mark(answer), self.openings)


def answer_mark(answer: str) -> Mark:
    """What sales said, as a chip."""
    if answer in REJECTIONS:
        return Mark(str(ANSWERS[answer]), "hand-thumbs-down", "warning")
    if answer == "accepted":
        return Mark(str(ANSWERS[answer]), "hand-thumbs-up", "ontime")
    if answer == "waiting":
        return Mark(str(ANSWERS[answer]), "hourglass-split")
    return Mark(_("Withdrawn before an answer"), "slash-circle", "waived")


def columns_of(columns: Sequence[tuple[str, object, str]]) -> list[Column]:
    """The columns with their heads in the reader's language."""
    return [Column(key, str(label), css) for key, label, css in columns]


def openings_of(columns: Sequence[tuple[str, object, str]]) -> Openings:
    """The cells after the first two, as far as they are the same in every row."""
    return [
        (key, format_html('<td data-col="{}" class="{}" data-label="{}">', key, css, label))
        for key, label, css in columns[2:]
    ]


def every_row(listing: ClockList | HandoffList) -> Iterator[Row]:
    """All rows, newest first, read in pieces: a file may be as long as it likes."""
    rows: QuerySet = listing.shown().order_by("-started_at", "-pk")
    return map(listing.row, rows.iterator(chunk_size=1000))
