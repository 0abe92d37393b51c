"""Returned leads: marketing's promise to pick up what sales gave back, as services and as a page."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.policies import Refusal
from drains.runner import run_until_idle
from leads.models import JournalEntry, Lead, Opportunity
from leads.services import people
from leads.signals import deals_recorded
from leads.stages import Stage
from notifications.models import Notification
from sla.models import Breach, Clock, ClockOutcome, Handoff, PromiseKind, Reason, Territory, TouchKind
from sla.services.answering import AlreadyAnswered, NotPossible, accept, reject
from sla.services.returned import PickedUp, pick_up
from sla.services.working import disqualify, log_touch, recycle
from tests.sla.desk import ARRIVAL, HOUR, MINUTE, MORNING, clock_of, hand_over, open_desk, owner_of
from tests.support.people import make_user

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
# The close of the fifth open day after Wednesday 4 March.
DUE = MORNING.replace(day=11, hour=17)


def rejected(slug: str = "duplicate", note: str = "", **fields: Any) -> Handoff:
    """A handoff that its rep gave back at MORNING."""
    if not Territory.objects.exists():
        open_desk(reps=1)
    (handoff,) = hand_over(MORNING, **fields)
    reason = Reason.objects.get(slug=slug)
    return reject(handoff=handoff, reason=reason, note=note, by=owner_of(handoff), now=MORNING)


def recycled() -> Handoff:
    """A handoff that its rep recycled at MORNING until 1 September."""
    open_desk(reps=1)
    (handoff,) = hand_over(MORNING)
    rep = owner_of(handoff)
    accept(handoff=handoff, by=rep, now=MORNING)
    log_touch(handoff=handoff, kind=TouchKind.CALL, reached=True, note="", at=MORNING, by=rep, now=MORNING)
    recycle(handoff=handoff, until=date(2026, 9, 1), note="After the fair", by=rep, now=MORNING)
    return handoff


def picked(handoff: Handoff) -> Clock:
    """The clock of the pick-up as it is."""
    return clock_of(handoff, PromiseKind.PICK_UP)


def test_a_rejection_and_a_recycling_start_marketings_clock_and_a_disqualification_none() -> None:
    back = rejected()
    assert (picked(back).owner, picked(back).started_at, picked(back).due_at) == (None, MORNING, DUE)
    (other,) = hand_over(MORNING)
    rep = owner_of(other)
    accept(handoff=other, by=rep, now=MORNING)
    log_touch(handoff=other, kind=TouchKind.CALL, reached=True, note="", at=MORNING, by=rep, now=MORNING)
    disqualify(handoff=other, reason=Reason.objects.get(slug="no_need"), note="", by=rep, now=MORNING)
    assert not other.clocks.filter(kind=PromiseKind.PICK_UP).exists()
    assert list(Clock.objects.running()) == [picked(back)]


def test_a_recycled_lead_waits_for_marketing_as_well() -> None:
    assert picked(recycled()).outcome == ClockOutcome.RUNNING


@pytest.mark.parametrize(("late", "outcome"), [(0, "kept"), (1, "missed")])
@pytest.mark.parametrize(
    ("done", "stage"),
    [
        (PickedUp.NURTURE, Stage.NURTURE),
        (PickedUp.REQUALIFIED, Stage.MQL),
        (PickedUp.DISQUALIFIED, Stage.DISQUALIFIED),
    ],
)
def test_marketing_picks_up_in_time_until_the_due_second(
    done: PickedUp, stage: Stage, late: int, outcome: str
) -> None:
    handoff = rejected()
    marketing, at = make_user("marketing"), DUE + timedelta(seconds=late)
    until = date(2026, 6, 1) if done == PickedUp.NURTURE else None
    pick_up(handoff=handoff, done=done, until=until, note="A student", by=marketing, now=at)
    lead = Lead.objects.get()
    assert (picked(handoff).outcome, picked(handoff).ended_at) == (outcome, at)
    assert (lead.stage, lead.nurture_until) == (stage, until)
    assert lead.threshold_armed == (done == PickedUp.REQUALIFIED), "its score may hand it off once more"
    entry = JournalEntry.objects.get(event="handoff.picked_up")
    assert (entry.actor_id, entry.after["done"]) == (marketing.pk, done)
    with pytest.raises(AlreadyAnswered):
        pick_up(handoff=handoff, done=PickedUp.REQUALIFIED, by=marketing, now=at)


def test_what_is_not_picked_up_is_missed_and_told_to_marketing_alone() -> None:
    handoff = rejected()
    marketing = make_user("marketing")
    make_user("sales_manager")
    run_until_idle(DUE + MINUTE, ["sla.sweep", "sla.escalate"])
    assert Breach.objects.get().clock == picked(handoff)
    assert [row.recipient for row in Notification.objects.filter(kind="breach")] == [marketing]


def test_a_pick_up_that_the_lead_does_not_allow_changes_nothing() -> None:
    handoff, marketing = rejected(), make_user("marketing")
    with pytest.raises(NotPossible, match="day"):
        pick_up(handoff=handoff, done=PickedUp.NURTURE, by=marketing, now=MORNING + HOUR)
    with pytest.raises(NotPossible, match="why"):
        pick_up(handoff=handoff, done=PickedUp.DISQUALIFIED, by=marketing, now=MORNING + HOUR)
    with pytest.raises(Refusal):
        pick_up(handoff=handoff, done=PickedUp.REQUALIFIED, by=make_user("rep"), now=MORNING + HOUR)
    assert picked(handoff).outcome == ClockOutcome.RUNNING


def test_a_stage_change_by_marketing_picks_up_and_one_by_a_rule_does_not() -> None:
    first = recycled()
    run_until_idle(MORNING.replace(month=9, day=1), ["leads.pick_up"])
    assert (Lead.objects.get().stage, picked(first).outcome) == (Stage.MQL, "running")
    people.disqualify(
        lead=Lead.objects.get(), reason="Gone", by=make_user("marketing"), now=MORNING + 200 * DAY
    )
    assert (picked(first).outcome, picked(first).ended_at) == ("missed", MORNING + 200 * DAY)


def test_a_new_handoff_picks_up() -> None:
    handoff = rejected()
    people.hand_off(lead=Lead.objects.get(), by=make_user("marketing"), now=MORNING + HOUR)
    run_until_idle(MORNING + HOUR, ARRIVAL)
    assert Handoff.objects.count() == 2
    assert (picked(handoff).outcome, picked(handoff).ended_at) == ("kept", MORNING + HOUR)


def test_a_deal_elsewhere_leaves_nothing_to_pick_up() -> None:
    handoff = rejected()
    deal = Opportunity(lead=handoff.lead, state="won", opened_at=MORNING, closed_at=MORNING)
    deals_recorded.send(sender=Opportunity, opportunities=[deal], now=MORNING + HOUR, rule="test")
    assert picked(handoff).outcome == ClockOutcome.CANCELLED


# The page.


def client_of(role: str) -> Client:
    client = Client()
    client.force_login(make_user(role))
    return client


def test_the_list_is_by_time_left_with_reason_class_and_note_and_keeps_its_filters() -> None:
    rejected("no_interest", note="Wants it in 2028", last_name="Alpha")
    rejected("duplicate", last_name="Beta")
    client = client_of("marketing")
    page = client.get("/returned/").content.decode()
    assert page.index("Alpha") < page.index("Beta")
    for words in ("Wants it in 2028", "No buying interest", "Definitional", "Nurture until", "Qualify again"):
        assert words in page
    address = "/returned/?view=rejected&class=clerical"
    filtered = client.get(address).content.decode()
    assert "Beta" in filtered
    assert "Alpha" not in filtered
    assert "class=clerical" in filtered.partition('id="returned-list"')[2].partition("hx-trigger")[0]
    part = client.get(address, headers={"HX-Request": "true", "HX-Target": "returned-list"}).content.decode()
    assert "<html" not in part
    assert "Beta" in part
    assert (
        "Nothing fits these filters" in client.get("/returned/?view=recycled&class=clerical").content.decode()
    )


def test_one_click_picks_up_and_a_second_person_is_told() -> None:
    handoff, client = rejected(), client_of("marketing")
    address = f"/handoffs/{handoff.pk}/pick-up/"
    here = {"HX-Request": "true", "HX-Current-URL": "http://testserver/returned/?view=rejected"}
    first = client.post(address, {"done": "requalified"}, headers=here)
    assert (first.status_code, "inbox-changed" in first.headers["HX-Trigger"]) == (204, True)
    assert picked(handoff).ended_at is not None
    again = client.post(address, {"done": "requalified"}, headers=here)
    assert again.status_code == 409
    assert "picked up already" in again.headers["HX-Trigger"]
    assert "Nothing came back" in client.get("/returned/").content.decode()
    assert str(handoff.lead) in client.get("/returned/?view=done").content.decode()


def test_the_form_asks_for_a_day_and_for_a_note() -> None:
    handoff, client = rejected(), client_of("marketing")
    address = f"/handoffs/{handoff.pk}/pick-up/"
    assert client.get(address).status_code == 200
    assert client.post(address, {"done": "nurture"}).status_code == 422
    assert client.post(address, {"done": "disqualified"}).status_code == 422
    assert client.post(address, {"done": "nurture", "until": "2099-01-01"}).status_code == 302
    assert Lead.objects.get().nurture_until == date(2099, 1, 1)


def test_only_marketing_opens_it_and_more_rows_cost_no_more_statements() -> None:
    for role in ("rep", "sales_manager", "auditor"):
        assert client_of(role).get("/returned/").status_code == 403
    client, counts = client_of("marketing"), []
    for number in (2, 8):
        while Clock.objects.running().filter(kind=PromiseKind.PICK_UP).count() < number:
            rejected()
        client.get("/returned/")
        with CaptureQueriesContext(connection) as queries:
            client.get("/returned/")
        counts.append(len(queries))
    assert counts[0] == counts[1]
