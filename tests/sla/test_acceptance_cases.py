"""Cases of docs/acceptance.md that belong to no other file: what broke elsewhere must not break here."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.test import Client
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.models import User
from drains.runner import run_until_idle
from leads.models import Opportunity, OpportunityState, Submission
from leads.services.review import reject as withdraw
from leads.signals import deals_recorded
from notifications.models import Notification
from sla.clock import Look, look
from sla.models import Breach, Clock, ClockOutcome, Handoff, Promise, PromiseKind, Reason, TouchKind
from sla.services.answering import accept, reject
from sla.services.passing import assign
from sla.services.working import disqualify, log_touch, qualify, recycle
from tests.sla.desk import HOUR, MINUTE, MORNING, clock_of, hand_over, open_desk, owner_of, submit
from tests.sla.made_clocks import START, make_clock, make_handoff
from tests.support.people import make_team, make_user

SECOND = timedelta(seconds=1)
TOUCH = PromiseKind.FIRST_TOUCH


def accepted(at: datetime = MORNING) -> Handoff:
    """A handoff that its rep accepted at once."""
    open_desk(reps=1)
    (handoff,) = hand_over(at)
    return accept(handoff=handoff, by=owner_of(handoff), now=at)


def call(handoff: Handoff, at: datetime) -> None:
    """The owner calls."""
    log_touch(
        handoff=handoff, kind=TouchKind.CALL, reached=True, note="", at=at, by=owner_of(handoff), now=at
    )


@pytest.mark.django_db
def test_case_12_no_target_is_zero_or_missing_and_one_that_equals_the_default_is_kept() -> None:
    promise = Promise.objects.get(kind="accept", tier="hand_raiser")
    for seconds in (0, None):
        promise.target_seconds = seconds
        with pytest.raises(ValidationError):
            promise.full_clean()
    assert Promise.objects.get(pk=promise.pk).target_seconds == 15 * 60


@pytest.mark.django_db
def test_case_13_a_response_exactly_at_the_deadline_is_met_everywhere() -> None:
    handoff = accepted()
    due = clock_of(handoff, TOUCH).due_at
    assert not Clock.objects.late(due).exists()
    assert Clock.objects.with_verdict(due).get(kind=TOUCH).verdict == "open"  # type: ignore[attr-defined]
    run_until_idle(due, ["sla.sweep"])
    call(handoff, due)
    assert clock_of(handoff, TOUCH).outcome == ClockOutcome.KEPT
    assert not Breach.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Honolulu", "Asia/Kathmandu"])
def test_case_15_a_new_lead_is_in_time_whatever_zone_its_reader_is_in(zone: str) -> None:
    _team, (rep,) = open_desk(reps=1)
    User.objects.filter(pk=rep.pk).update(time_zone=zone)
    hand_over(MORNING)
    with time_machine.travel(MORNING + MINUTE, tick=False):
        client = Client()
        client.force_login(User.objects.get(pk=rep.pk))
        page = client.get("/inbox/").content.decode()
    assert 'data-state="late"' not in page
    assert "1 waiting" in page


class Agreement(TestCase):
    """Case 16: one engine for deadline, badge, filter, list, sweep and report."""

    @hypothesis_settings(max_examples=60, deadline=None)
    @given(
        st.integers(-10, 300),
        st.integers(1, 120),
        st.one_of(st.none(), st.integers(0, 200)),
        st.one_of(st.none(), st.integers(1, 150)),
    )
    def test_case_16_badge_filter_sweep_and_report_tell_the_same_of_a_clock(
        self, minute: int, target: int, ended: int | None, paused: int | None
    ) -> None:
        now = START + timedelta(minutes=minute)
        due, end = (
            START + timedelta(minutes=target),
            None if ended is None else START + timedelta(minutes=ended),
        )
        outcome = "running" if end is None else "kept" if end <= due else "missed"
        clock = make_clock(
            make_handoff(make_team()),
            outcome,
            used=(ended or 0) * 60,
            kind="first_touch",
            due_at=due,
            warn_at=START + timedelta(minutes=target * 3 // 4),
            paused_until=None if paused is None else START + timedelta(minutes=paused),
        )
        badge = look(
            due_at=clock.due_at,
            warn_at=clock.warn_at,
            ended_at=clock.ended_at,
            paused_until=clock.paused_until,
            now=now,
        )
        rows = Clock.objects.filter(pk=clock.pk)
        assert rows.late(now).exists() == (badge == Look.LATE)
        assert rows.due(now).exists() == (badge == Look.LATE)
        assert rows.in_warning(now).exists() == (badge == Look.WARNING)
        assert rows.on_time(now).exists() == (badge == Look.ON_TIME)
        assert rows.missed(now).exists() == (badge in (Look.LATE, Look.MISSED))
        verdict = rows.with_verdict(now).get().verdict  # type: ignore[attr-defined]
        open_looks = (Look.ON_TIME, Look.WARNING, Look.PAUSED)
        assert verdict == ("open" if badge in open_looks else str(badge))


@pytest.mark.django_db
def test_case_17_an_answer_committed_in_time_is_no_breach_although_the_scan_looks_later() -> None:
    _team, (rep,) = open_desk(reps=1)
    (handoff,) = hand_over(MORNING)
    due = clock_of(handoff).due_at
    accept(handoff=handoff, by=rep, now=due - MINUTE)
    run_until_idle(due + MINUTE, ["sla.sweep"])
    assert not Breach.objects.exists()


@pytest.mark.django_db
def test_case_19_a_deal_that_is_closed_elsewhere_stops_the_clock() -> None:
    handoff = accepted()
    deal = Opportunity(
        lead=handoff.lead,
        amount=Decimal(10),
        state=OpportunityState.WON,
        opened_at=MORNING,
        closed_at=MORNING + 30 * MINUTE,
    )
    deals_recorded.send(sender=Opportunity, opportunities=[deal], now=MORNING + 30 * MINUTE, rule="tests")
    assert clock_of(handoff, TOUCH).outcome == ClockOutcome.KEPT


@pytest.mark.django_db
def test_case_19_a_touch_logged_on_the_page_stops_the_clock_as_of_its_time() -> None:
    handoff = accepted()
    with time_machine.travel(MORNING + 2 * HOUR, tick=False):
        client = Client()
        client.force_login(owner_of(handoff))
        sent = {"kind": "call", "reached": "on", "at": "2026-03-04T10:30"}
        assert client.post(f"/handoffs/{handoff.pk}/touch/", sent).status_code == 302
    clock = clock_of(handoff, TOUCH)
    assert (clock.outcome, clock.ended_at) == (ClockOutcome.KEPT, MORNING + 30 * MINUTE)


@pytest.mark.django_db
def test_case_20_neither_the_lead_nor_a_warning_nor_a_reassignment_stops_the_clock() -> None:
    team, (ada, bo) = open_desk()
    manager = make_user("sales_manager", team=team)
    (handoff,) = hand_over(MORNING)
    first = owner_of(handoff)
    accept(handoff=handoff, by=first, now=MORNING)
    submit(MORNING + 5 * MINUTE, email=handoff.lead.contact.email)
    run_until_idle(MORNING + 50 * MINUTE)
    assign(
        handoff=Handoff.objects.get(), to=bo if first == ada else ada, by=manager, now=MORNING + 51 * MINUTE
    )
    clock = clock_of(handoff, TOUCH)
    assert clock.escalations.filter(step__action="notify_rep", done_at__isnull=False).exists()
    assert clock.outcome == ClockOutcome.RUNNING


@pytest.mark.django_db
def test_case_25_a_recycled_lead_gets_a_new_handoff_with_new_clocks_and_the_old_result_stays() -> None:
    handoff = accepted()
    call(handoff, MORNING + 2 * HOUR)
    recycle(
        handoff=handoff,
        until=datetime(2026, 9, 1, tzinfo=UTC).date(),
        note="",
        by=owner_of(handoff),
        now=MORNING + 3 * HOUR,
    )
    before = list(handoff.clocks.of_sales().order_by("pk").values())
    (again,) = hand_over(MORNING + 4 * HOUR, email=handoff.lead.contact.email)
    assert again.lead == handoff.lead
    assert clock_of(again).started_at == MORNING + 4 * HOUR
    assert list(handoff.clocks.of_sales().order_by("pk").values()) == before
    assert clock_of(handoff, PromiseKind.PICK_UP).outcome == ClockOutcome.KEPT  # the new handoff is a pick-up
    assert clock_of(handoff, TOUCH).outcome == ClockOutcome.MISSED
    with time_machine.travel(MORNING + 4 * HOUR, tick=False):
        client = Client()
        client.force_login(owner_of(again))
        page = client.get(f"/leads/{handoff.lead_id}/handoffs/").content.decode()
    assert all(f"/handoffs/{row.pk}/" in page for row in (handoff, again))


@pytest.mark.django_db
def test_case_28_what_the_lead_does_after_the_end_opens_no_clock() -> None:
    handoff = accepted()
    call(handoff, MORNING + MINUTE)
    bant = dict.fromkeys(("budget", "authority", "need", "timeline"), "known")
    qualify(handoff=handoff, bant=bant, by=owner_of(handoff), now=MORNING + 2 * MINUTE)
    submit(MORNING + 3 * MINUTE, email=handoff.lead.contact.email)
    run_until_idle(MORNING + 4 * MINUTE)
    assert Handoff.objects.count() == 1
    assert not Clock.objects.of_sales().running().exists()


@pytest.mark.django_db
@pytest.mark.parametrize("end", ["rejected", "qualified", "recycled", "disqualified", "withdrawn"])
def test_case_30_a_closed_lead_never_alarms(end: str) -> None:
    """Whichever way it was closed; merged away: tests/sla/test_merging.py."""
    team, (rep,) = open_desk(reps=1)
    people = [rep, make_user("sales_manager", team=team)]
    (handoff,) = hand_over(MORNING)
    close(handoff, end, rep)
    assert Handoff.objects.get().state == end
    run_until_idle(MORNING + timedelta(days=60), ["sla.escalate", "sla.sweep"])
    assert not Notification.objects.filter(kind__in=["warning", "breach"], recipient__in=people).exists()
    assert not Breach.objects.filter(clock__in=Clock.objects.of_sales()).exists()


def close(handoff: Handoff, end: str, rep: User) -> None:
    """End a handoff within a few minutes of the morning."""
    at = MORNING + 2 * MINUTE
    if end == "rejected":
        reject(handoff=handoff, reason=Reason.objects.get(slug="incomplete"), note="", by=rep, now=at)
    elif end == "withdrawn":
        withdraw(submissions=[Submission.objects.get()], note="Spam", by=make_user("marketing"), now=at)
    else:
        row = accept(handoff=handoff, by=rep, now=MORNING + MINUTE)
        call(row, MORNING + MINUTE)
        if end == "qualified":
            bant = dict.fromkeys(("budget", "authority", "need", "timeline"), "known")
            qualify(handoff=row, bant=bant, by=rep, now=at)
        elif end == "recycled":
            recycle(handoff=row, until=datetime(2026, 9, 1, tzinfo=UTC).date(), note="", by=rep, now=at)
        else:
            reason = Reason.objects.get(slug="no_need")
            disqualify(handoff=row, reason=reason, note="They told me so.", by=rep, now=at)


@pytest.mark.django_db
def test_case_32_a_breach_that_starts_and_ends_between_two_scans_is_recorded() -> None:
    handoff = accepted()
    due = clock_of(handoff, TOUCH).due_at
    call(handoff, due + SECOND)
    run_until_idle(due + MINUTE, ["sla.sweep"])
    breach = Breach.objects.get()
    assert (breach.clock.kind, breach.deadline, breach.owner) == (TOUCH, due, owner_of(handoff))


@pytest.mark.django_db
def test_case_36_a_breach_is_counted_without_an_owner_and_without_anybody_to_tell() -> None:
    open_desk(reps=0)
    (handoff,) = hand_over(MORNING)
    due = clock_of(handoff).due_at
    run_until_idle(due + SECOND, ["sla.sweep"])
    assert [row.owner for row in Breach.objects.filter(clock__kind="accept")] == [None]
    manager = make_user("sales_manager")
    (late,) = hand_over(MORNING + HOUR)
    run_until_idle(clock_of(late).due_at + SECOND, ["sla.sweep", "sla.escalate"])
    assert Notification.objects.filter(kind="breach", recipient=manager).exists()


@pytest.mark.django_db
def test_cases_37_38_and_39_a_warning_counts_business_time_and_comes_once_and_not_at_creation() -> None:
    open_desk(reps=1)
    monday = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
    (handoff,) = hand_over(monday, job_title="Director")
    Clock.objects.filter(handoff=handoff, kind="accept")
    clock = clock_of(handoff)
    run_until_idle(monday, ["sla.escalate"])
    assert not Notification.objects.filter(kind="warning").exists()
    accept(handoff=handoff, by=owner_of(handoff), now=monday + 90 * MINUTE)
    touch = clock_of(handoff, TOUCH)
    # An hour of promise from Monday 16:30: due Tuesday 9:30, three quarters of it gone at 9:15.
    tuesday = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
    assert (touch.due_at, touch.warn_at) == (tuesday + 30 * MINUTE, tuesday + 15 * MINUTE)
    assert clock.outcome == ClockOutcome.RUNNING
    for at in (monday + 4 * HOUR, monday + 10 * HOUR, tuesday, tuesday + 15 * MINUTE, tuesday + 20 * MINUTE):
        run_until_idle(at, ["sla.escalate"])
        told = Notification.objects.filter(kind="warning", dedupe_key__contains=str(touch.pk)).count()
        assert told == (1 if at > touch.warn_at else 0)
