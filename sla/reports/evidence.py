"""The evidence of one handoff: what happened in order, and the arithmetic of each of its clocks, computed again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from sla.models import Breach, Clock, ClockOutcome, Handoff, Hours
from sla.reports.happenings import Happening, happenings, journal_of
from sla.reports.lists import Mark, verdict_mark
from sla.reports.receipts import ReceiptLine, lines_of
from sla.reports.wording import exact, to_the_second
from sla.services.clocks import seconds_between
from sla.services.terms import calendar_of


@dataclass(frozen=True)
class Sum:
    """A receipt that adds up: its lines, their total in words, and what it proves."""

    lines: tuple[ReceiptLine, ...]
    total: str


@dataclass(frozen=True)
class BreachFact:
    """A breach as it is shown: dated by the deadline, and when it was recorded and lifted."""

    deadline: datetime
    recorded_at: datetime
    lifted_at: datetime | None
    rep: str

    @property
    def deadline_words(self) -> str:
        """The deadline in the reader's zone."""
        return exact(self.deadline)

    @property
    def recorded_words(self) -> str:
        """When it was recorded, in the reader's zone."""
        return exact(self.recorded_at)

    @property
    def lifted_words(self) -> str:
        """When it was lifted, in the reader's zone."""
        return exact(self.lifted_at)


@dataclass(frozen=True)
class ClockEvidence:
    """One clock with its arithmetic. `agrees` is whether computing it again gives what was stored."""

    clock: Clock
    mark: Mark
    target: str
    calendar: str
    zone: str
    due: Sum
    used: Sum | None
    used_title: str
    agrees: bool
    ended_by: str
    breaches: tuple[BreachFact, ...]
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Evidence:
    """All there is to know about how a handoff was kept."""

    handoff: Handoff
    clocks: tuple[ClockEvidence, ...]
    happenings: tuple[Happening, ...]


def evidence_of(handoff: Handoff, now: datetime) -> Evidence:
    """The evidence of a handoff as it is at `now`; eight queries, whatever happened."""
    clocks = list(
        Clock.objects.filter(handoff=handoff)
        .with_verdict(now)
        .select_related("promise__version__agreement", "calendar_version__calendar", "owner", "team")
        .prefetch_related("breaches__owner")
        .order_by("started_at", "pk")
    )
    entries = list(journal_of(handoff, [clock.pk for clock in clocks]))
    story = happenings(handoff, clocks, entries)
    enders = {
        entry.subject_id: happening.who
        for entry, happening in zip(entries, story, strict=True)
        if entry.event == "clock.ended"
    }
    return Evidence(
        handoff,
        tuple(_clock_evidence(clock, enders.get(clock.pk, ""), now) for clock in clocks),
        tuple(story),
    )


def _clock_evidence(clock: Clock, ended_by: str, now: datetime) -> ClockEvidence:
    business = calendar_of(clock.promise, clock.calendar_version)
    target = clock.promise.target_seconds
    receipt = business.explain(clock.started_at, target)
    used, used_title, agrees = None, "", receipt.due == clock.due_at
    if clock.outcome != ClockOutcome.CANCELLED:
        until = clock.ended_at or now
        seconds = seconds_between(clock, clock.started_at, until)
        used = Sum(lines_of(business.explain_between(clock.started_at, until)), to_the_second(seconds))
        used_title = _("Time used") if clock.ended_at else _("Time used so far")
        agrees = agrees and clock.seconds_used in (None, seconds)
    else:
        seconds = 0
    return ClockEvidence(
        clock=clock,
        mark=verdict_mark(clock.verdict, max(0, seconds - target)),  # type: ignore[attr-defined]
        target=to_the_second(target),
        calendar=_calendar(clock),
        zone=business.tz,
        due=Sum(lines_of(receipt), to_the_second(int(receipt.total))),
        used=used,
        used_title=used_title,
        agrees=agrees,
        ended_by=ended_by,
        breaches=tuple(_breach(row) for row in clock.breaches.all()),
        facts=_facts(clock, ended_by),
    )


def _calendar(clock: Clock) -> str:
    if clock.promise.hours == Hours.ROUND_THE_CLOCK or clock.calendar_version is None:
        return _("Round the clock")
    version = clock.calendar_version
    return _("%(name)s, version %(number)d") % {"name": version.calendar.name, "number": version.number}


def _facts(clock: Clock, ended_by: str) -> tuple[tuple[str, str], ...]:
    version = clock.promise.version
    facts = [
        (_("Started"), exact(clock.started_at)),
        (_("Promised within"), to_the_second(clock.promise.target_seconds)),
        (_("Due"), exact(clock.due_at)),
        (_("Ended"), exact(clock.ended_at) if clock.ended_at else _("still running")),
        (_("Answers for it"), str(clock.owner) if clock.owner else _("the queue of %s") % clock.team),
        (
            _("Judged by"),
            _("%(name)s, version %(number)d") % {"name": version.agreement.name, "number": version.number},
        ),
        (_("Hours"), _calendar(clock)),
    ]
    if ended_by:
        facts.insert(4, (_("Ended by"), ended_by))
    return tuple(facts)


def _breach(row: Breach) -> BreachFact:
    return BreachFact(
        row.deadline, row.recorded_at, row.lifted_at, str(row.owner) if row.owner else _("Queue")
    )
