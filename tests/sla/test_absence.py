"""Leads of reps who are away: the managers are told once and pass them on with one action; nobody takes them silently."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from accounts.models import Absence, User
from drains.runner import run_until_idle
from leads.models import JournalEntry
from notifications.models import Notification
from sla.models import Handoff, HandoffState
from sla.services.answering import accept
from tests.sla.desk import HOUR, MINUTE, MORNING, hand_over, open_desk, owner_of
from tests.support.people import make_user

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def tell(after: timedelta) -> list[Notification]:
    """What managers were told by then."""
    run_until_idle(MORNING + after, ["sla.absence"])
    return list(Notification.objects.filter(kind="rep_away", recipient__isnull=False).order_by("pk"))


def client_of(user: User) -> Client:
    """A browser of somebody who is logged in."""
    client = Client()
    client.force_login(user)
    return client


def test_an_absence_that_begins_is_told_once_to_the_managers_and_changes_no_owner() -> None:
    team, (rep, _other) = open_desk()
    manager = make_user("sales_manager", team=team)
    make_user("sales_manager", team=make_user("rep").team)
    handoffs = hand_over(MORNING, count=4)
    Absence.objects.create(user=rep, starts_at=MORNING + HOUR, ends_at=MORNING + DAY)
    assert tell(30 * MINUTE) == []
    (notice,) = tell(HOUR)
    assert (notice.recipient, notice.path) == (manager, f"/handoffs/reassign/?rep={rep.pk}")
    assert "2 open leads" in notice.body
    assert tell(2 * HOUR) == [notice]
    assert [Handoff.objects.get(pk=row.pk).owner_id for row in handoffs] == [row.owner_id for row in handoffs]
    Absence.objects.create(user=rep, starts_at=MORNING + 2 * DAY, ends_at=MORNING + 3 * DAY)
    assert len(tell(2 * DAY)) == 2


def test_who_is_absent_and_has_answered_everything_alarms_nobody() -> None:
    _team, (rep,) = open_desk(reps=1)
    (handoff,) = hand_over(MORNING)
    accept(handoff=handoff, by=rep, now=MORNING)
    Absence.objects.create(user=rep, starts_at=MORNING, ends_at=MORNING + DAY)
    assert tell(HOUR) == []


def test_a_rep_who_left_with_open_leads_is_told_once() -> None:
    team, (rep,) = open_desk(reps=1)
    make_user("sales_manager", team=team)
    (handoff,) = hand_over(MORNING)
    accept(handoff=handoff, by=rep, now=MORNING)
    rep.is_active = False
    rep.save()
    (notice,) = tell(HOUR)
    assert "for good" in notice.body
    assert tell(2 * HOUR) == [notice]


def test_a_rep_who_came_back_got_leads_and_left_again_is_told_anew() -> None:
    team, (rep,) = open_desk(reps=1)
    make_user("sales_manager", team=team)
    hand_over(MORNING)
    User.objects.filter(pk=rep.pk).update(is_active=False)
    assert len(tell(MINUTE)) == 1
    User.objects.filter(pk=rep.pk).update(is_active=True)
    hand_over(MORNING + HOUR)
    User.objects.filter(pk=rep.pk).update(is_active=False)
    assert len(tell(HOUR + MINUTE)) == 2
    assert len(tell(2 * HOUR)) == 2


def test_the_manager_passes_all_leads_of_a_rep_who_is_away_on_with_one_action() -> None:
    team, (ada, bo, cleo) = open_desk(reps=3)
    manager = make_user("sales_manager", team=team)
    handoffs = hand_over(MORNING, count=6)
    Absence.objects.create(user=ada, starts_at=MORNING, ends_at=MORNING + DAY)
    with time_machine.travel(MORNING + HOUR, tick=False):
        client = client_of(manager)
        page = client.get("/inbox/?view=away").content.decode()
        assert f"/handoffs/reassign/?rep={ada.pk}" in page
        assert "2 open leads" in page
        page = client.get(f"/handoffs/reassign/?rep={ada.pk}").content.decode()
        hers = [row.pk for row in handoffs if owner_of(row) == ada]
        assert [f'name="chosen" value="{pk}"' in page for pk in hers] == [True, True]
        assert f'value="{ada.pk}"' not in page.partition("chosen")[0]
        answer = client.post("/handoffs/reassign/", {"chosen": hers, "to": "turns"}, follow=True)
        assert "2 leads are passed on" in answer.content.decode()
        assert "Rep away" not in answer.content.decode()
    assert {Handoff.objects.get(pk=pk).owner for pk in hers} == {bo, cleo}
    assert JournalEntry.objects.filter(event="handoff.assigned", actor_id=manager.pk).count() == 2


def test_the_page_says_which_leads_were_not_passed_on_and_why() -> None:
    team, (ada, bo) = open_desk()
    manager = make_user("sales_manager", team=team)
    handoffs = hand_over(MORNING, count=2)
    with time_machine.travel(MORNING + HOUR, tick=False):
        answer = client_of(manager).post(
            "/handoffs/reassign/", {"chosen": [row.pk for row in handoffs], "to": bo.pk}, follow=True
        )
    page = answer.content.decode()
    assert "1 lead is passed on" in page
    assert "Not passed on" in page
    assert f"It is with {bo} already" in page
    assert not Handoff.objects.filter(owner=ada).exists()


def test_the_form_tells_a_manager_who_decides_by_what_is_no_longer_so() -> None:
    team, (ada, bo) = open_desk()
    (handoff,) = hand_over(MORNING)
    first = owner_of(handoff)
    other = bo if first == ada else ada
    with time_machine.travel(MORNING + MINUTE, tick=False):
        client = client_of(make_user("sales_manager", team=team))
        page = client.get(f"/handoffs/{handoff.pk}/assign/").content.decode()
        assert f'value="waiting:{first.pk}"' in page
        assert "Reassign" in page
        accept(handoff=handoff, by=first, now=MORNING + MINUTE)
        posted = {"to": other.pk, "seen": f"waiting:{first.pk}"}
        answer = client.post(f"/handoffs/{handoff.pk}/assign/", posted)
        assert answer.status_code == 409
        assert f"{first} accepted this lead" in answer.content.decode()
        posted["seen"] = f"accepted:{first.pk}"
        assert client.post(f"/handoffs/{handoff.pk}/assign/", posted).status_code == 302
    handoff.refresh_from_db()
    assert (handoff.owner, handoff.state) == (other, HandoffState.WAITING)


def test_the_new_owner_gives_the_lead_back_on_its_page() -> None:
    team, (ada, bo) = open_desk()
    (handoff,) = hand_over(MORNING)
    first = owner_of(handoff)
    other = bo if first == ada else ada
    accept(handoff=handoff, by=first, now=MORNING)
    with time_machine.travel(MORNING + MINUTE, tick=False):
        manager = client_of(make_user("sales_manager", team=team))
        manager.post(f"/handoffs/{handoff.pk}/assign/", {"to": other.pk})
        client = client_of(other)
        page = client.get(f"/handoffs/{handoff.pk}/").content.decode()
        assert f"/handoffs/{handoff.pk}/give-back/" in page
        assert f"/handoffs/{handoff.pk}/reject/" not in page
        assert client.post(f"/handoffs/{handoff.pk}/give-back/", {"why": ""}).status_code == 422
        assert client.post(f"/handoffs/{handoff.pk}/give-back/", {"why": "Conflict"}).status_code == 302
    handoff.refresh_from_db()
    assert handoff.owner is None
