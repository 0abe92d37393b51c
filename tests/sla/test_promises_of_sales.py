"""What sales promised: attempts and disposition, started and ended by every path."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drains.runner import run_until_idle
from leads.models import Opportunity
from leads.signals import deals_recorded
from notifications.models import Notification
from sla.clock import tried_enough_at
from sla.models import Breach, Clock, Handoff, PauseReason, PromiseKind, Reason, TouchKind
from sla.selectors.inbox import InboxView, inbox_page
from sla.services.answering import NotPossible, accept
from sla.services.passing import assign
from sla.services.pausing import pause, pause_handoff
from sla.services.working import disqualify, log_touch, qualify, recycle
from tests.sla.accepted import DAY, accepted, told
from tests.sla.desk import (
    HOUR,
    MINUTE,
    MORNING,
    clock_of,
    hand_over,
    new_version,
    open_desk,
    owner_of,
    submit,
)
from tests.support.people import make_user

BANT = {"budget": "10,000", "authority": "She decides", "need": "Cold chain", "timeline": "This spring"}
# Wednesday 4 March: the close of the tenth and of the fifteenth open day after it.
TENTH, FIFTEENTH = MORNING.replace(day=18, hour=17), MORNING.replace(day=25, hour=17)
SALES = (PromiseKind.FIRST_TOUCH, PromiseKind.ATTEMPTS, PromiseKind.DISPOSITION)
moments = st.integers(0, 5000).map(lambda minute: MORNING + timedelta(minutes=minute))
touches = st.lists(st.tuples(moments, st.booleans()), max_size=8)


def touch(handoff: Handoff, at: datetime, now: datetime | None = None, reached: bool = False) -> None:
    """A call of the owner."""
    rep = owner_of(handoff)
    log_touch(handoff=handoff, kind=TouchKind.CALL, reached=reached, note="", at=at, by=rep, now=now or at)


@given(touches, st.integers(1, 6), st.randoms())
def test_the_order_in_which_touches_become_known_changes_nothing(
    made: list[tuple[datetime, bool]], count: int, random: Any
) -> None:
    """And one more never makes a lead be tried later."""
    found = tried_enough_at(made, count)
    shuffled = list(made)
    random.shuffle(shuffled)
    assert tried_enough_at(shuffled, count) == found
    if made:
        before = tried_enough_at(shuffled[1:], count)
        assert before is None or (found is not None and found <= before)
    reached = [at for at, was_reached in made if was_reached]
    if found is not None:
        assert sum(at <= found for at, _reached in made) >= count or found in reached
    else:
        assert len(made) < count
        assert not reached


@pytest.mark.django_db
def test_an_acceptance_starts_first_touch_attempts_and_disposition() -> None:
    handoff = accepted()
    due = {kind: clock_of(handoff, kind).due_at for kind in SALES}
    assert due == {
        PromiseKind.FIRST_TOUCH: MORNING + HOUR,
        PromiseKind.ATTEMPTS: TENTH,
        PromiseKind.DISPOSITION: FIFTEENTH,
    }
    assert {clock_of(handoff, kind).owner for kind in SALES} == {handoff.owner}


@pytest.mark.django_db
def test_case_18_the_sixth_touch_by_its_time_ends_the_attempts_whatever_order_they_become_known_in() -> None:
    handoff = accepted()
    for number in (1, 2, 3, 4, 7, 8):
        touch(handoff, MORNING + number * DAY)
    assert told(handoff, PromiseKind.ATTEMPTS) == ("kept", MORNING + 8 * DAY)
    # Two that were made on the fifth and sixth day are written down on the ninth.
    touch(handoff, MORNING + 6 * DAY, now=MORNING + 9 * DAY)
    assert told(handoff, PromiseKind.ATTEMPTS) == ("kept", MORNING + 7 * DAY)
    touch(handoff, MORNING + 5 * DAY, now=MORNING + 9 * DAY)
    assert told(handoff, PromiseKind.ATTEMPTS) == ("kept", MORNING + 6 * DAY)
    assert told(handoff, PromiseKind.FIRST_TOUCH) == ("missed", MORNING + DAY)


@pytest.mark.django_db
def test_case_18_attempts_in_time_that_are_logged_after_the_sweep_lift_the_breach_which_stays() -> None:
    handoff = accepted()
    touch(handoff, MORNING + MINUTE)
    late = TENTH + DAY
    run_until_idle(late, ["sla.sweep"])
    breach = Breach.objects.get(clock__kind=PromiseKind.ATTEMPTS)
    assert (breach.deadline, breach.lifted_at) == (TENTH, None)
    touch(handoff, MORNING + 2 * DAY, now=late, reached=True)
    breach.refresh_from_db()
    assert told(handoff, PromiseKind.ATTEMPTS) == ("kept", MORNING + 2 * DAY)
    assert breach.lifted_at == late


@pytest.mark.django_db
def test_a_touch_that_reached_the_lead_ends_the_attempts() -> None:
    handoff = accepted()
    touch(handoff, MORNING + MINUTE)
    assert told(handoff, PromiseKind.ATTEMPTS) == ("running", None)
    touch(handoff, MORNING + DAY, reached=True)
    assert told(handoff, PromiseKind.ATTEMPTS) == ("kept", MORNING + DAY)


@pytest.mark.django_db
@pytest.mark.parametrize("end", ["qualify", "disqualify", "recycle", "deal"])
@pytest.mark.parametrize(
    ("at", "attempts", "disposition"),
    [
        (TENTH, "cancelled", "kept"),
        (TENTH + timedelta(seconds=1), "missed", "kept"),
        (FIFTEENTH, "missed", "kept"),
        (FIFTEENTH + timedelta(seconds=1), "missed", "missed"),
    ],
)
def test_case_19_every_end_answers_the_disposition_and_makes_attempts_void_unless_they_are_late(
    end: str, at: datetime, attempts: str, disposition: str
) -> None:
    handoff = accepted()
    rep = owner_of(handoff)
    touch(handoff, MORNING + MINUTE)
    if end == "qualify":
        qualify(handoff=handoff, bant=BANT, by=rep, now=at)
    elif end == "disqualify":
        disqualify(handoff=handoff, reason=Reason.objects.get(slug="no_need"), note="", by=rep, now=at)
    elif end == "recycle":
        recycle(handoff=handoff, until=date(2026, 9, 1), note="", by=rep, now=at)
    else:
        deal = Opportunity(lead=handoff.lead, state="won", opened_at=MORNING, closed_at=at)
        deals_recorded.send(sender=Opportunity, opportunities=[deal], now=at, rule="test")
    assert told(handoff, PromiseKind.ATTEMPTS) == (attempts, at)
    assert told(handoff, PromiseKind.DISPOSITION) == (disposition, at)
    assert not handoff.clocks.of_sales().running().exists()
    handoff.refresh_from_db()
    assert handoff.next_clock is None


@pytest.mark.django_db
def test_case_19_a_deal_of_another_system_counts_by_its_own_time_also_after_the_sweep() -> None:
    handoff = accepted()
    late = FIFTEENTH + 5 * DAY
    run_until_idle(late, ["sla.sweep"])
    closed_at = MORNING + 3 * DAY
    deal = Opportunity(lead=handoff.lead, state="won", opened_at=MORNING, closed_at=closed_at)
    deals_recorded.send(sender=Opportunity, opportunities=[deal], now=late, rule="test")
    assert told(handoff, PromiseKind.DISPOSITION) == ("kept", closed_at)
    assert told(handoff, PromiseKind.ATTEMPTS) == ("cancelled", closed_at)
    assert told(handoff, PromiseKind.FIRST_TOUCH)[0] == "missed"
    lifted = Breach.objects.filter(lifted_at=late).values_list("clock__kind", flat=True)
    assert set(lifted) == {PromiseKind.DISPOSITION, PromiseKind.ATTEMPTS}


@pytest.mark.django_db
def test_case_20_what_the_lead_does_and_warnings_end_nothing() -> None:
    handoff = accepted(email="ada@acme.example")
    run_until_idle(MORNING + 50 * MINUTE, ["sla.escalate"])
    submit(MORNING + 55 * MINUTE, email="ada@acme.example", form=None, activity="inbound_mail")
    run_until_idle(MORNING + 55 * MINUTE)
    assert Notification.objects.filter(kind="warning").exists()
    assert {told(handoff, kind) for kind in SALES} == {("running", None)}


@pytest.mark.django_db
def test_case_21_a_touch_in_the_moment_of_a_pause_or_of_the_end_counts() -> None:
    handoff = accepted()
    rep, at = owner_of(handoff), MORNING + HOUR
    touch(handoff, at, reached=True)
    pause_handoff(handoff=handoff, until=at + DAY, reason=PauseReason.PROSPECT_AWAY, by=rep, now=at)
    qualify(handoff=handoff, bant=BANT, by=rep, now=at)
    assert {told(handoff, kind) for kind in SALES} == {("kept", at)}


@pytest.mark.django_db
def test_case_24_a_pause_survives_a_new_agreement_an_assignment_and_any_next_status() -> None:
    open_desk(reps=2)
    (handoff,) = hand_over(MORNING)
    rep = owner_of(handoff)
    handoff = accept(handoff=handoff, by=rep, now=MORNING)
    until = MORNING + 7 * DAY
    pause_handoff(handoff=handoff, until=until, reason=PauseReason.PROSPECT_AWAY, by=rep, now=MORNING)
    due = {kind: clock_of(handoff, kind).due_at for kind in SALES}
    assert due[PromiseKind.FIRST_TOUCH] == until + HOUR
    new_version(MORNING + HOUR, accept_seconds=60)
    touch(handoff, MORNING + HOUR)
    other = next(user for user in handoff.team.members.all() if user != rep)
    manager = make_user("sales_manager", team=handoff.team)
    handoff = assign(handoff=Handoff.objects.get(), to=other, by=manager, now=MORNING + 2 * HOUR)
    accept(handoff=handoff, by=other, now=MORNING + 3 * HOUR)
    for kind in (PromiseKind.ATTEMPTS, PromiseKind.DISPOSITION):
        clock = clock_of(handoff, kind)
        assert (clock.paused_until, clock.due_at, clock.outcome) == (until, due[kind], "running")


@pytest.mark.django_db
def test_a_pause_is_for_what_sales_promised_and_never_for_marketing() -> None:
    handoff = accepted(company_name="")
    clock = clock_of(handoff, PromiseKind.COMPLETENESS)
    assert clock.outcome == "running"
    made = pause_handoff(
        handoff=handoff,
        until=MORNING + DAY,
        reason=PauseReason.PROSPECT_AWAY,
        by=owner_of(handoff),
        now=MORNING,
    )
    assert {row.clock.kind for row in made} == set(SALES)
    with pytest.raises(NotPossible, match="Marketing promised"):
        pause(
            clock=clock,
            until=MORNING + DAY,
            reason=PauseReason.PROSPECT_AWAY,
            by=owner_of(handoff),
            now=MORNING,
        )


@pytest.mark.django_db
def test_case_27_attempts_that_are_due_earlier_never_shorten_an_open_first_touch() -> None:
    hasty = {"attempts": {"target_days": None, "target_seconds": 600}}
    new_version(MORNING - HOUR, promises=hasty)
    handoff = accepted()
    assert clock_of(handoff, PromiseKind.ATTEMPTS).due_at == MORNING + 10 * MINUTE
    run_until_idle(MORNING + 30 * MINUTE, ["sla.sweep"])
    first = clock_of(handoff, PromiseKind.FIRST_TOUCH)
    assert (first.due_at, first.outcome, first.breached_at) == (MORNING + HOUR, "running", None)
    touch(handoff, MORNING + 59 * MINUTE)
    assert told(handoff, PromiseKind.FIRST_TOUCH) == ("kept", MORNING + 59 * MINUTE)


@pytest.mark.django_db
def test_case_27_nothing_alarms_while_the_lead_is_waited_for() -> None:
    handoff = accepted()
    rep = owner_of(handoff)
    waiting = PauseReason.WAITING_FOR_PROSPECT
    pause_handoff(handoff=handoff, until=MORNING + 60 * DAY, reason=waiting, by=rep, now=MORNING)
    run_until_idle(MORNING + 59 * DAY, ["sla.escalate", "sla.sweep"])
    assert not Breach.objects.exists()
    assert not Notification.objects.filter(kind__in=["warning", "breach"]).exists()


@pytest.mark.django_db
def test_case_28_thanks_after_the_end_start_no_clock() -> None:
    handoff = accepted(email="ada@acme.example")
    touch(handoff, MORNING + MINUTE, reached=True)
    qualify(handoff=handoff, bant=BANT, by=owner_of(handoff), now=MORNING + HOUR)
    before = Clock.objects.count()
    submit(MORNING + 2 * HOUR, email="ada@acme.example", form=None, activity="inbound_mail")
    run_until_idle(MORNING + 3 * HOUR)
    assert Clock.objects.count() == before
    assert not Clock.objects.running().exists()


@pytest.mark.django_db
def test_the_inbox_counts_down_the_clock_of_sales_that_is_due_next_and_never_one_of_marketing() -> None:
    handoff = accepted(company_name="")
    rep = owner_of(handoff)
    assert clock_of(handoff, PromiseKind.COMPLETENESS).due_at < MORNING + HOUR

    def shown() -> tuple[str, datetime, int]:
        page = inbox_page(user=rep, view=InboxView.ALL, number=1, now=MORNING + 2 * MINUTE)
        row: Any = page.rows[0]
        return row.clock_kind, row.due_at, page.tally.late

    assert shown() == ("first_touch", MORNING + HOUR, 0)
    touch(handoff, MORNING + MINUTE)
    assert shown() == ("attempts", TENTH, 0)
    touch(handoff, MORNING + 2 * MINUTE, reached=True)
    assert shown() == ("disposition", FIFTEENTH, 0)
