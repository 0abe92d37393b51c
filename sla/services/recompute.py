"""Computing due times anew: after a pause, or when a calendar was corrected."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F, prefetch_related_objects

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
_FIELDS = ["owner", "calendar_version", "due_at", "warn_at", "breached_at", "paused_until"]


@transaction.atomic
def recompute(
    *, clocks: Sequence[Clock], why: str, now: datetime, by: User | None = None, rule: str = ""
) -> int:
    """Write the due and warning times of running clocks that the caller locked, and move their ladders, with before and
    after in the journal.

    A breach whose deadline moved past `now` stays, marked as lifted; the new deadline can be missed once more. Where a
    deadline comes back that was missed and lifted before, its breach holds again. Returns how many due times changed.
    `why` is a code for the journal. Raises NeverOpen.
    """
    entries = []
    lifted, late = [], []
    pauses: dict[int, list[Stretch]] = {}
    for clock in clocks:
        before = clock.due_at
        pauses[clock.pk] = pauses_of(clock)
        times = promise_times(clock.promise, clock.calendar_version, clock.started_at, pauses[clock.pk])
        clock.due_at, clock.warn_at = times.due_at, times.warn_at
        if clock.breached_at is not None and not is_late(clock.due_at, now):
            clock.breached_at = None
            lifted.append(clock)
        if clock.breached_at is None and is_late(clock.due_at, now):
            late.append(clock)
        if before != clock.due_at:
            entries.append(_entry(clock, before, why))
    settle(clocks)
    update_rows(clocks, _FIELDS)
    point_to_next(clocks)
    Breach.objects.filter(clock__in=lifted, lifted_at__isnull=True).update(lifted_at=now)
    Breach.objects.filter(clock__in=late, deadline=F("clock__due_at"), lifted_at__isnull=False).update(
        lifted_at=None
    )
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
        for clock in clocks:
            clock.calendar_version = calendar_version
        prefetch_related_objects([clock for clock in clocks if clock.paused_until is not None], "pauses")
        changed += recompute(clocks=clocks, why="calendar_corrected", now=now, by=by, rule=rule)
        last = clocks[-1].pk
    return changed


def _entry(clock: Clock, before: datetime, why: str) -> Entry:
    return Entry(
        "clock.recomputed",
        "clock",
        clock.pk,
        clock.handoff.lead_id,
        {"due_at": before.isoformat()},
        {
            "due_at": clock.due_at.isoformat(),
            "why": why,
            "calendar_version": clock.calendar_version_id,
            "paused_until": clock.paused_until.isoformat() if clock.paused_until else None,
        },
    )
