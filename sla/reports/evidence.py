"""The evidence of one handoff: what happened in order, and the arithmetic of each of its clocks, computed again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.models import User
from leads.models import JournalEntry
from sla.business_time import BusinessCalendar
from sla.clock import Stretch, add, is_late
from sla.models import Breach, Clock, ClockOutcome, Handoff, Hours, Side, side_of
from sla.reports.happenings import Happening, happenings, journal_of, why_words
from sla.reports.lists import Mark, pause_end, seconds_late, verdict_mark
from sla.reports.receipts import Halt, ReceiptLine, lines_of, lines_with_pauses
from sla.reports.steps_taken import StepFact, steps_of
from sla.reports.wording import exact, target_words, to_the_second, whose
from sla.services.clocks import seconds_between
from sla.services.tenures import held_of
from sla.services.terms import calendar_of, pauses_of, target_of
from sla.tenure import Held, shares


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
class WaiverFact:
    """Who waived a clock, when, why, and what it was before."""

    who: str
    when: str
    reason: str
    before: str


@dataclass(frozen=True)
class Recomputation:
    """A due time that was computed anew: when and by whom, before and after, and why."""

    when: str
    who: str
    before: str
    after: str
    why: str


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
    waiver: WaiverFact | None
    recomputations: tuple[Recomputation, ...]
    steps: tuple[StepFact, ...]
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Evidence:
    """All there is to know about how a handoff was kept."""

    handoff: Handoff
    clocks: tuple[ClockEvidence, ...]
    happenings: tuple[Happening, ...]


def evidence_of(handoff: Handoff, now: datetime) -> Evidence:
    """The evidence of a handoff as it is at `now`; thirteen queries, whatever happened."""
    clocks = list(
        Clock.objects.filter(handoff=handoff)
        .with_verdict(now)
        .select_related(
            "promise__version__agreement", "calendar_version__calendar", "owner", "team", "waiver__by"
        )
        .prefetch_related("breaches__owner", "pauses", "escalations__step", "promise__ladder")
        .order_by("started_at", "pk")
    )
    clocks.sort(key=lambda clock: side_of(clock.kind) == Side.MARKETING)
    entries = list(journal_of(handoff, [clock.pk for clock in clocks]))
    story = happenings(handoff, clocks, entries)
    enders = {
        entry.subject_id: happening.who
        for entry, happening in zip(entries, story, strict=True)
        if entry.event == "clock.ended"
    }
    held = held_of([handoff]).get(handoff.pk, [])
    people = {user.pk: str(user) for user in User.objects.filter(pk__in={one.who for one in held})}
    anew: dict[int, list[Recomputation]] = {}
    for entry, happening in zip(entries, story, strict=True):
        if entry.event == "clock.recomputed":
            anew.setdefault(entry.subject_id, []).append(_recomputation(entry, happening))
    return Evidence(
        handoff,
        tuple(
            _clock_evidence(
                clock,
                enders.get(clock.pk, ""),
                tuple(anew.get(clock.pk, ())),
                _by_owner(clock, held, people, now),
                now,
            )
            for clock in clocks
        ),
        tuple(story),
    )


def _recomputation(entry: JournalEntry, happening: Happening) -> Recomputation:
    before, after = (exact(datetime.fromisoformat(side["due_at"])) for side in (entry.before, entry.after))
    return Recomputation(happening.exact, happening.who, before, after, why_words(entry.after["why"]))


def _by_owner(clock: Clock, held: Sequence[Held], people: Mapping[int, str], now: datetime) -> str:
    """“Anna 3 h 10 min, Ben 20 min”: the time of a clock by who had the lead; empty where one had all of it."""
    if not held or side_of(clock.kind) != Side.SALES or clock.outcome == ClockOutcome.CANCELLED:
        return ""
    calendar, end = calendar_of(clock.promise, clock.calendar_version), clock.ended_at or now
    used = shares(calendar, clock.started_at, end, pauses_of(clock), held)
    if len(used) < 2:
        return ""
    queue = _("the queue of %s") % clock.team
    return ", ".join(
        f"{people[who] if who is not None else queue} {to_the_second(seconds)}"
        for who, seconds in used.items()
    )


def _clock_evidence(
    clock: Clock, ended_by: str, anew: tuple[Recomputation, ...], by_owner: str, now: datetime
) -> ClockEvidence:
    business = calendar_of(clock.promise, clock.calendar_version)
    target, halts = target_of(clock.promise, clock.calendar_version, clock.started_at), _halts(clock)
    due_at = add(business, clock.started_at, target, pauses_of(clock))
    used, used_title, agrees, beyond = None, "", due_at == clock.due_at, 0
    if clock.outcome != ClockOutcome.CANCELLED:
        until = clock.ended_at or now
        seconds = seconds_between(clock, clock.started_at, until)
        beyond = seconds_late(clock, seconds, until)
        used = Sum(lines_with_pauses(business, clock.started_at, until, halts), to_the_second(seconds))
        used_title = _("Time used") if clock.ended_at else _("Time used so far")
        agrees = agrees and clock.seconds_used in (None, seconds)
    return ClockEvidence(
        clock=clock,
        mark=_mark(clock, beyond, now),
        target=target_words(clock.promise),
        calendar=_calendar(clock),
        zone=business.tz,
        due=_due_sum(business, clock, target, due_at, halts),
        used=used,
        used_title=used_title,
        agrees=agrees,
        ended_by=ended_by,
        breaches=tuple(_breach(row) for row in clock.breaches.all()),
        waiver=_waiver(clock),
        recomputations=anew,
        steps=steps_of(clock),
        facts=_facts(clock, ended_by, by_owner),
    )


def _halts(clock: Clock) -> list[Halt]:
    """The pauses with their reasons; whoever set one is in the journal beside."""
    if clock.paused_until is None:
        return []
    return [
        Halt(Stretch(row.starts_at, row.ends_at), _why_paused(row.get_reason_display(), row.note))
        for row in clock.pauses.all()
    ]


def _why_paused(reason: str, note: str) -> str:
    return _("%(reason)s (%(note)s)") % {"reason": reason, "note": note} if note else str(reason)


def _due_sum(
    business: BusinessCalendar, clock: Clock, target: int | float, due_at: datetime, halts: list[Halt]
) -> Sum:
    words = to_the_second(int(target))
    if halts:
        return Sum(lines_with_pauses(business, clock.started_at, due_at, halts), words)
    # Also says which closed days a promise of no seconds at all waited for.
    return Sum(lines_of(business.explain(clock.started_at, target)), words)


def _mark(clock: Clock, beyond: int, now: datetime) -> Mark:
    verdict = clock.verdict  # type: ignore[attr-defined]
    return verdict_mark(verdict, beyond, pause_end(clock, verdict, now), now)


def _waiver(clock: Clock) -> WaiverFact | None:
    row = getattr(clock, "waiver", None)
    if row is None:
        return None
    late = row.outcome_before == ClockOutcome.MISSED or is_late(clock.due_at, row.at)
    before = _("It was missed.") if late else _("It was running, in time.")
    return WaiverFact(str(row.by), exact(row.at), row.reason, before)


def _calendar(clock: Clock) -> str:
    if clock.promise.hours == Hours.ROUND_THE_CLOCK or clock.calendar_version is None:
        return _("Round the clock")
    version = clock.calendar_version
    return _("%(name)s, version %(number)d") % {"name": version.calendar.name, "number": version.number}


def _facts(clock: Clock, ended_by: str, by_owner: str) -> tuple[tuple[str, str], ...]:
    version = clock.promise.version
    facts = [
        (_("Started"), exact(clock.started_at)),
        (_("Promised"), target_words(clock.promise)),
        (_("Due"), exact(clock.due_at)),
        (_("Ended"), exact(clock.ended_at) if clock.ended_at else _("still running")),
        (_("Answers for it"), whose(clock, _("the queue of %s") % clock.team)),
        (
            _("Judged by"),
            _("%(name)s, version %(number)d") % {"name": version.agreement.name, "number": version.number},
        ),
        (_("Hours"), _calendar(clock)),
    ]
    if ended_by:
        facts.insert(4, (_("Ended by"), ended_by))
    if by_owner:
        facts.insert(-2, (_("Time by owner"), by_owner))
    return tuple(facts)


def _breach(row: Breach) -> BreachFact:
    return BreachFact(
        row.deadline,
        row.recorded_at,
        row.lifted_at,
        str(row.owner) if row.owner else whose(row.clock, _("Queue")),
    )
