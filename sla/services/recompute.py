"""Computing due times anew: after a pause, when a calendar was corrected, or when leads were merged."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, OuterRef, Subquery, prefetch_related_objects

from accounts.models import User
from leads.bulk import update_rows
from leads.journal import Entry, record
from sla.clock import Stretch, is_late
from sla.models import Breach, CalendarVersion, Clock
from sla.services.clocks import point_to_next
from sla.services.ladders import replan
from sla.services.tenures import settle
from sla.services.terms import pauses_of, promise_times

BATCH = 5_000
FOLLOW = "sla.follow_calendars"
# What a new due time can change, and what of it seldom does.
_TIMES, _REST = ["due_at", "warn_at"], ["owner", "breached_at"]


@transaction.atomic
def recompute(
    *,
    clocks: Sequence[Clock],
    why: str,
    now: datetime,
    by: User | None = None,
    rule: str = "",
    tell_all: bool = False,
) -> int:
    """Write the due and warning times of running clocks that the caller locked and saved, and move their ladders, with before
    and after in the journal.

    A breach whose deadline moved stays, marked as lifted; the new deadline can be missed once more, and the sweep sees to it
    where it was. Where a deadline comes back that was missed and lifted before, its breach holds again. Returns how many due
    times or owners changed; only those are told in the journal, unless `tell_all`. `why` is a code for it. Raises NeverOpen.
    """
    before: dict[int, dict[str, Any]] = {}
    was = {clock.pk: (clock.due_at, clock.warn_at, clock.breached_at, clock.owner_id) for clock in clocks}
    lifted, late = [], []
    pauses: dict[int, list[Stretch]] = {}
    for clock in clocks:
        before[clock.pk] = {"due_at": clock.due_at.isoformat(), "owner": clock.owner_id}
        pauses[clock.pk] = pauses_of(clock)
        times = promise_times(clock.promise, clock.calendar_version, clock.started_at, pauses[clock.pk])
        clock.due_at, clock.warn_at = times.due_at, times.warn_at
        if clock.breached_at is not None and clock.breached_at != clock.due_at:
            clock.breached_at = None
            lifted.append(clock)
        if clock.breached_at is None and is_late(clock.due_at, now):
            late.append(clock)
    settle(clocks)
    entries = [
        Entry(
            "clock.recomputed", "clock", clock.pk, clock.handoff.lead_id, before[clock.pk], _after(clock, why)
        )
        for clock in clocks
        if tell_all or before[clock.pk] != {"due_at": clock.due_at.isoformat(), "owner": clock.owner_id}
    ]
    update_rows([row for row in clocks if (row.due_at, row.warn_at) != was[row.pk][:2]], _TIMES)
    update_rows([row for row in clocks if (row.breached_at, row.owner_id) != was[row.pk][2:]], _REST)
    point_to_next(clocks)
    Breach.objects.filter(clock__in=lifted, lifted_at__isnull=True).update(lifted_at=now)
    _hold_again(late, [row for row in clocks if row.breached_at and row.owner_id != was[row.pk][3]])
    replan(clocks=clocks, pauses=pauses, now=now)
    record(entries=entries, at=now, by=by, rule=rule)
    return len(entries)


@transaction.atomic
def recompute_open_clocks(
    *, calendar_version: CalendarVersion, now: datetime, by: User | None = None, rule: str = ""
) -> int:
    """Put every running clock of the calendar on its new version, at once and in both directions; ended ones keep theirs.

    Returns how many due times changed. In batches with a bounded number of statements each.
    """
    changed, last = 0, 0
    while clocks := list(
        Clock.objects.running()
        .on_calendar(calendar_version.calendar_id)
        .filter(pk__gt=last)
        .with_law()
        .select_for_update(of=("self",))
        .order_by("pk")[:BATCH]
    ):
        _put_on(clocks, calendar_version)
        changed += recompute(clocks=clocks, why="calendar_corrected", now=now, by=by, rule=rule)
        last = clocks[-1].pk
    return changed


@transaction.atomic
def follow_corrections(rows: Sequence[Clock], now: datetime) -> None:
    """Put clocks on the newest version of their calendar that a request started by the one before, because it had read the hours
    just before somebody corrected them."""
    calendars: dict[int, list[Clock]] = {}
    locked = Clock.objects.running().filter(pk__in=[row.pk for row in rows]).with_law()
    for clock in locked.select_for_update(of=("self",)).order_by("pk"):
        assert clock.calendar_version is not None  # round the clock no version is ever behind
        calendars.setdefault(clock.calendar_version.calendar_id, []).append(clock)
    for number, clocks in calendars.items():
        _put_on(clocks, CalendarVersion.objects.filter(calendar=number).latest("number"))
        recompute(clocks=clocks, why="calendar_corrected", now=now, rule=FOLLOW, tell_all=True)


def _put_on(clocks: Sequence[Clock], version: CalendarVersion) -> None:
    """Judge locked clocks by another version, with all that computing them needs."""
    Clock.objects.filter(pk__in=[clock.pk for clock in clocks]).update(calendar_version=version)
    for clock in clocks:
        clock.calendar_version = version
    prefetch_related_objects([clock for clock in clocks if clock.paused_until is not None], "pauses")


def _hold_again(late: Sequence[Clock], passed_on: Sequence[Clock]) -> None:
    """Breaches of deadlines that came back, and those whose clock another answers for now."""
    owner = Subquery(Clock.objects.filter(pk=OuterRef("clock")).values("owner"))
    back = Breach.objects.filter(clock__in=late, deadline=F("clock__due_at"), lifted_at__isnull=False)
    back.update(lifted_at=None, owner=owner)
    if passed_on:
        Breach.objects.filter(clock__in=passed_on, lifted_at__isnull=True).update(owner=owner)


def _after(clock: Clock, why: str) -> dict[str, Any]:
    return {
        "due_at": clock.due_at.isoformat(),
        "owner": clock.owner_id,
        "why": why,
        "calendar_version": clock.calendar_version_id,
        "paused_until": clock.paused_until.isoformat() if clock.paused_until else None,
    }
