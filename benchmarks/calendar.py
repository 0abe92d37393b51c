"""A calendar is corrected while N clocks run on it: every due time and every planned step anew, in the one transaction of the
correction, against one UPDATE that moves the same rows."""

from datetime import datetime, timedelta
from itertools import cycle, islice

from django.db import connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Role, User
from benchmarks.dialect import execute
from benchmarks.fill import take_statistics
from benchmarks.measure import Aim, Line, Result, alternate, timed
from benchmarks.people import Cast
from leads.models import JournalEntry
from sla.models import Calendar, CalendarVersion, Clock, Escalation, Handoff, PromiseKind
from sla.services.calendars import correct_calendar
from sla.services.clocks import Start, start_clocks

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri")
# What really runs for days, so that a correction finds it open.
KINDS = (PromiseKind.ATTEMPTS, PromiseKind.DISPOSITION, PromiseKind.FIRST_TOUCH)
# Distinct starts, to the second, within the last two weeks: a prime steps through them in no order.
SINCE, STEP = 14 * 86_400, 7_919
BATCH = 1_000
# The least share of clocks that a correction has to move: others are due before its first changed hour.
MOVED = 0.9


class NotMoved(RuntimeError):
    """The correction left too many due times as they were."""


def measure(clocks: int, cast: Cast, rounds: int) -> list[Line]:
    """One line: seconds of a correction that moves all of them."""
    now = timezone.now()
    _start_clocks(clocks, cast, now)
    moved = Clock.objects.running().on_calendar(Calendar.objects.get().pk).count()
    correct = Correction(cast.users[Role.SALES_MANAGER.value], now)
    with CaptureQueriesContext(connection) as captured:
        correct.correct()
    measured, limit = alternate(rounds, correct, _shift)
    note = f"{moved:,} running clocks, {Escalation.objects.planned().count():,} planned steps, {len(captured)} statements"
    aims = (Aim(5_000, of="figure"),) if clocks <= 10_000 else ()
    return [
        Result("calendar", "corrected", measured, "ms", limit, "one UPDATE of the due times", aims, note),
    ]


class Correction:
    """Lengthens the days of the office or, the next time, shortens them; calling it gives the milliseconds with the commit."""

    def __init__(self, by: User, now: datetime) -> None:
        self.by, self.now = by, now
        self.days = cycle(([["08:00", "18:00"]], [["10:00", "16:00"]]))

    def __call__(self) -> float:
        """Milliseconds."""
        # The round before rewrote every row of both tables.
        for model in (Clock, Escalation):
            take_statistics(model._meta.db_table)
        return timed(self.correct)

    def correct(self) -> None:
        """The next version of the calendar."""
        self.now += timedelta(seconds=1)
        version = correct_calendar(
            calendar=Calendar.objects.get(),
            time_zone="UTC",
            week=dict.fromkeys(WEEKDAYS, next(self.days)),
            holidays={},
            special={},
            by=self.by,
            now=self.now,
        )
        written = JournalEntry.objects.filter(event="clock.recomputed", at=self.now).count()
        running = Clock.objects.running().on_calendar(version.calendar_id).count()
        if written < running * MOVED:
            raise NotMoved(f"{written:,} of {running:,} clocks got another due time.")


def _shift() -> float:
    """The limit: one UPDATE of two columns of the same rows, undone, so that every round finds the same."""

    def work() -> None:
        with transaction.atomic():
            later = timedelta(hours=1)
            rows = Clock.objects.running().on_calendar(Calendar.objects.get().pk)
            rows.update(due_at=F("due_at") + later, warn_at=F("warn_at") + later)
            transaction.set_rollback(True)

    return timed(work)


def _start_clocks(clocks: int, cast: Cast, now: datetime) -> None:
    """So many running clocks with their ladders, each with a start of its own, on the handoffs that are there."""
    version = CalendarVersion.objects.get(pk=cast.calendar_version)
    handoffs = list(Handoff.objects.select_related("lead", "owner"))
    made = islice(zip(cycle(handoffs), cycle(KINDS), strict=False), clocks)
    starts = (
        Start(
            handoff,
            cast.promises[kind.value, handoff.tier],
            version,
            now - timedelta(seconds=number * STEP % SINCE),
            handoff.owner,
            handoff.source_id,
        )
        for number, (handoff, kind) in enumerate(made)
    )
    while batch := list(islice(starts, BATCH)):
        start_clocks(starts=batch, now=now, rule="bench")
    execute("ANALYZE")
