"""Who gets a lead: in turn, at work, and never twice the one who rejected it."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Absence, Role, User
from drains.runner import run_until_idle
from leads.models import Source, SourceKind
from notifications.models import Notification
from sla.models import Breach, ClockOutcome, Handoff, PromiseKind, Reason
from sla.services.answering import accept, reject
from tests.sla.desk import HOUR, MINUTE, MORNING, at_once, clock_of, hand_over, open_desk, owner_of, submit
from tests.support.people import make_user
from tests.support.statements import statements

pytestmark = pytest.mark.django_db
NIGHT = MORNING.replace(hour=20)
OPENING = NIGHT.replace(day=5, hour=9)


def away(user: User, start: datetime = MORNING - HOUR, end: datetime = MORNING + HOUR) -> None:
    """An absence round the morning."""
    Absence.objects.create(user=user, starts_at=start, ends_at=end)


def shares() -> Counter[str]:
    """How many handoffs each rep has."""
    return Counter(str(owner) for owner in Handoff.objects.values_list("owner__name", flat=True))


def test_fifty_leads_in_one_second_over_five_reps_are_ten_each() -> None:
    _, reps = open_desk(reps=5)
    hand_over(MORNING, count=50)
    assert shares() == {rep.name: 10 for rep in reps}


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_fifty_leads_over_five_reps_are_ten_each_with_two_workers() -> None:
    _, reps = open_desk(reps=5)
    for _number in range(50):
        submit(MORNING)
    run_until_idle(MORNING, ["leads.process_submissions", "scoring.rescore"])
    results = at_once(*[lambda: run_until_idle(MORNING, ["sla.hand_off"])] * 2)
    assert sum(row for row in results if isinstance(row, int)) == 50, results
    assert shares() == {rep.name: 10 for rep in reps}


def test_inactive_and_absent_reps_get_nothing() -> None:
    _team, (at_work, ill, gone) = open_desk(reps=3)
    away(ill)
    gone.is_active = False
    gone.save()
    hand_over(MORNING, count=6)
    assert shares() == {at_work.name: 6}


def test_the_turns_of_an_absent_rep_do_not_all_fall_on_one_other() -> None:
    _, reps = open_desk(reps=4)
    away(reps[1])
    hand_over(MORNING, count=9)
    assert sorted(shares().values()) == [3, 3, 3]


def test_an_empty_pool_leaves_the_lead_queued_with_its_clock_running_and_the_manager_told() -> None:
    team, reps = open_desk(reps=2)
    manager = make_user(Role.SALES_MANAGER, team=team)
    for rep in reps:
        away(rep)
    (handoff,) = hand_over(MORNING)
    assert handoff.owner is None
    assert (clock_of(handoff).outcome, clock_of(handoff).owner) == (ClockOutcome.RUNNING, None)
    assert Notification.objects.get(kind="empty_pool").recipient == manager


def test_the_queue_is_given_out_at_opening_time_and_the_night_costs_the_rep_nothing() -> None:
    _, (rep,) = open_desk(reps=1)
    (handoff,) = hand_over(NIGHT)
    assert handoff.owner is None
    run_until_idle(NIGHT + HOUR, ["sla.assign"])
    handoff.refresh_from_db()
    assert handoff.owner is None
    run_until_idle(OPENING, ["sla.assign"])
    handoff.refresh_from_db()
    clock = clock_of(handoff)
    assert [handoff.owner, clock.owner] == [rep, rep]
    assert clock.due_at == OPENING + 15 * MINUTE
    notice = Notification.objects.get(kind="handed_off")
    assert notice.recipient == rep


def test_a_rep_is_not_blamed_for_time_in_the_queue() -> None:
    _, (rep,) = open_desk(reps=1)
    away(rep, end=MORNING + HOUR)
    (handoff,) = hand_over(MORNING)
    run_until_idle(MORNING + HOUR, ["sla.sweep", "sla.assign"])
    accept(handoff=Handoff.objects.get(), by=rep, now=MORNING + HOUR + 10 * MINUTE)
    own = handoff.clocks.get(owner=rep, kind=PromiseKind.ACCEPT)
    assert (own.outcome, own.started_at) == (ClockOutcome.KEPT, MORNING + HOUR)
    assert [breach.owner for breach in Breach.objects.all()] == [None]


@pytest.mark.parametrize(("seconds", "clocks"), [(10, 1), (11, 2)])
def test_what_the_look_at_the_queue_took_is_the_reps_and_a_second_more_is_the_teams(
    seconds: int, clocks: int
) -> None:
    _, (rep,) = open_desk(reps=1)
    at = MORNING + timedelta(seconds=seconds)
    away(rep, end=at)
    (handoff,) = hand_over(MORNING)
    run_until_idle(at, ["sla.assign"])
    for_the_answer = handoff.clocks.filter(kind=PromiseKind.ACCEPT)
    assert for_the_answer.count() == clocks
    assert for_the_answer.get(owner=rep).started_at == (MORNING if clocks == 1 else at)


def test_a_rejected_lead_never_comes_back_to_the_same_rep() -> None:
    _, (ada, bo) = open_desk()
    (handoff,) = hand_over(MORNING)
    first = owner_of(handoff)
    reason = Reason.objects.get(slug="incomplete")
    reject(handoff=handoff, reason=reason, note="", by=first, now=MORNING)
    (again,) = hand_over(MORNING + MINUTE, email=handoff.lead.contact.email)
    assert again.owner == (bo if first == ada else ada)


@pytest.mark.parametrize("by_the_manager", [False, True])
def test_where_only_the_one_who_rejected_it_is_at_work_the_lead_stays_queued_and_the_drain_rests(
    by_the_manager: bool,
) -> None:
    team, (rep,) = open_desk(reps=1)
    manager = make_user(Role.SALES_MANAGER, team=team)
    (handoff,) = hand_over(MORNING)
    reason = Reason.objects.get(slug="incomplete")
    by = manager if by_the_manager else rep
    reject(handoff=handoff, reason=reason, note="", by=by, now=MORNING)
    (again,) = hand_over(MORNING + MINUTE, email=handoff.lead.contact.email)
    assert again.owner is None
    assert run_until_idle(MORNING + 2 * MINUTE, ["sla.assign"]) == 0
    colleague = make_user("rep", team=team)
    assert run_until_idle(MORNING + 3 * MINUTE, ["sla.assign"]) == 1
    again.refresh_from_db()
    assert again.owner == colleague


def test_a_lead_goes_to_the_team_that_sells_to_its_country() -> None:
    north, _ = open_desk(fallback=False, countries=["DK", "SE"])
    rest, _ = open_desk()
    handoffs = hand_over(MORNING, country="DK") + hand_over(MORNING, country="ID") + hand_over(MORNING)
    assert [row.team for row in handoffs] == [north, rest, rest]


def test_a_source_of_its_own_team_beats_the_country() -> None:
    open_desk(countries=["DK"])
    own, _ = open_desk(fallback=False)
    source = Source.objects.create(name="Fair", slug="fair", kind=SourceKind.API, team=own)
    (handoff,) = hand_over(MORNING, source=source, form=None, activity="demo_request", country="DK")
    assert handoff.team == own


def test_the_queue_is_given_out_in_a_bounded_number_of_statements() -> None:
    counts = []
    open_desk(reps=3)
    for number in (5, 60):
        hand_over(NIGHT, count=number)
        with CaptureQueriesContext(connection) as queries:
            assert run_until_idle(OPENING + MINUTE, ["sla.assign"]) == number
        counts.append(statements(queries))
    assert counts[1] <= counts[0], counts
