"""What holds for every two leads that are merged, whatever stage, handoff and clocks each had."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from drains.runner import run_until_idle
from leads.models import Activity, Lead
from leads.services.merging import merge_leads
from leads.services.people import hand_off
from leads.stages import Stage, stage_of_both
from notifications.models import Notification
from scoring.selectors import explain
from scoring.services import rescore
from sla.clock import is_late
from sla.models import Breach, Clock, Handoff
from sla.reports.evidence import evidence_of
from tests.sla.desk import HOUR, MINUTE, MORNING, open_desk
from tests.sla.two_leads import plain, ways
from tests.support.people import make_user

CLOCKS = ("sla.sweep", "sla.escalate")
READY = "ready"
STATES = [READY, *sorted(ways(None, None))]  # type: ignore[arg-type]


def ended_clocks() -> set[tuple[object, ...]]:
    """What was decided about clocks that are over."""
    over = Clock.objects.exclude(pk__in=Clock.objects.running())
    return set(over.values_list("pk", "started_at", "due_at", "ended_at", "outcome", "owner"))


def breaches() -> set[tuple[object, ...]]:
    return set(Breach.objects.values_list("pk", "clock", "deadline", "owner", "lifted_at"))


def earliest(rows: list[Clock]) -> dict[str, datetime]:
    """The first start of each promise among running clocks."""
    found: dict[str, datetime] = {}
    for clock in rows:
        found[clock.kind] = min(clock.started_at, found.get(clock.kind, clock.started_at))
    return found


@pytest.mark.django_db
@given(
    one=st.sampled_from(STATES),
    other=st.sampled_from(STATES),
    # Within the hours of that day, so that there are reps to take both.
    apart=st.integers(0, 300),
    later=st.integers(0, 3000),
    keep_younger=st.booleans(),
)
@hypothesis_settings(max_examples=12)
def test_whatever_both_were_the_invariants_hold_after_a_merge(
    one: str, other: str, apart: int, later: int, keep_younger: bool
) -> None:
    with transaction.atomic():
        check_a_merge(one, other, apart * MINUTE, later * MINUTE, keep_younger=keep_younger)
        transaction.set_rollback(True)


def check_a_merge(one: str, other: str, apart: timedelta, later: timedelta, *, keep_younger: bool) -> None:
    team, _reps = open_desk(reps=3)
    marketing = make_user("marketing")
    way = ways(marketing, make_user("sales_manager", team=team)) | {READY: plain}
    pair = [way[one](MORNING), way[other](MORNING + apart)]
    now = MORNING + apart + HOUR + later
    run_until_idle(now, CLOCKS)
    for lead, state in zip(pair, (one, other), strict=True):
        if state == READY:
            # Waits for its handoff, whose drain has not come yet.
            hand_off(lead=lead, by=marketing, now=now)
    kept, absorbed = (Lead.objects.get(pk=lead.pk) for lead in (pair[::-1] if keep_younger else pair))
    over, broken = ended_clocks(), breaches()
    running = list(Clock.objects.running().select_related("handoff"))
    activities = Activity.objects.count()
    stage = stage_of_both(kept.stage, absorbed.stage)

    merge_leads(kept=kept, absorbed=absorbed, by=marketing, reason="One person", now=now)

    run_until_idle(now, CLOCKS)
    kept.refresh_from_db()
    absorbed.refresh_from_db()
    assert (absorbed.stage, absorbed.merged_into_id) == (Stage.MERGED, kept.pk)
    assert breaches() == broken
    assert over <= ended_clocks()
    check_handoffs(kept, absorbed, stage)
    check_clocks(running, now)
    check_score(kept, now, activities)
    nobody_hears_of(absorbed, now)


def check_handoffs(kept: Lead, absorbed: Lead, stage: Stage) -> None:
    """Invariant 3, and that an open handoff and the stage say the same."""
    opened = list(Handoff.objects.open())
    assert Handoff.objects.filter(lead=kept).count() == Handoff.objects.count()
    assert not absorbed.handoffs.exists()
    assert kept.stage == stage or kept.ready_at is not None
    assert len(opened) == (1 if stage == Stage.SRL else 0)
    for row in Handoff.objects.all():
        known = row.next_clock_id
        Handoff.objects.point_to_next_clock([row.pk])
        row.refresh_from_db()
        assert row.next_clock_id == known


def check_clocks(running: list[Clock], now: datetime) -> None:
    """None runs beside the open handoff but the pick-up of a returned one; each promise began when it first began, unless it
    would be broken by that; and the evidence adds up."""
    starts = earliest(running)
    for handoff in Handoff.objects.all():
        evidence = evidence_of(handoff, now)
        assert all(one.agrees for one in evidence.clocks)
    going_on = list(Clock.objects.running().select_related("handoff"))
    was = {clock.pk: clock for clock in running}
    assert len({clock.kind for clock in going_on}) == len(going_on)
    for clock in going_on:
        assert clock.handoff.is_open or clock.kind == "pick_up"
        assert clock.due_at <= was[clock.pk].due_at
        assert is_late(clock.due_at, now) == is_late(was[clock.pk].due_at, now)
        if clock.is_of_lead and clock.started_at != starts[clock.kind]:
            assert clock.due_at == was[clock.pk].due_at


def check_score(kept: Lead, now: datetime, activities: int) -> None:
    """Invariant 8: the score is that of all activities, and a computation anew changes nothing."""
    assert Activity.objects.filter(contact=kept.pk).count() == activities
    told = explain(lead=kept, now=now)
    points = sum(line.points for line in (*told.fit_lines, *told.engagement_lines))
    assert points + told.fit_clamp + told.engagement_clamp + told.floor == told.score == kept.score
    rescore([kept], now)
    assert Lead.objects.get(pk=kept.pk).score == kept.score


def nobody_hears_of(absorbed: Lead, now: datetime) -> None:
    """Case 30: in two months of all drains nothing happens to the lead that was merged away, nor is anybody told of a clock
    that ended with it; the kept one is handed off once at most."""
    told = Notification.objects.count()
    over = set(Handoff.objects.not_merged().values_list("pk", flat=True))
    gone = [f"/handoffs/{row.pk}/" for row in Handoff.objects.exclude(pk__in=over)]
    before = Lead.objects.filter(pk=absorbed.pk).values().get()
    run_until_idle(now + timedelta(days=61))
    assert Lead.objects.filter(pk=absorbed.pk).values().get() == before
    fresh = Notification.objects.order_by("pk")[told:]
    assert not [row.subject for row in fresh if row.path in gone]
    assert Handoff.objects.filter(lead=absorbed).count() == 0
    assert Handoff.objects.exclude(pk__in=over).not_merged().count() <= 1
