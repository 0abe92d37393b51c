"""Pauses: business time, counted once, never for the answer, and over when the lead does something."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.policies import Refusal
from drains.runner import run_until_idle
from leads.models import JournalEntry
from notifications.models import Notification
from sla.models import (
    Breach,
    Calendar,
    CalendarVersion,
    Clock,
    ClockOutcome,
    Handoff,
    Pause,
    PauseReason,
    PromiseKind,
    TouchKind,
)
from sla.reports.evidence import evidence_of
from sla.selectors.handoffs import detail_queryset, handoff_detail
from sla.selectors.inbox import InboxView, inbox_page
from sla.services.answering import NotPossible, accept
from sla.services.pausing import pause, pause_handoff, resume, resume_for_activity, resume_handoff
from sla.services.recompute import recompute_open_clocks
from sla.services.working import log_touch
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

AWAY, WAITING = PauseReason.PROSPECT_AWAY, PauseReason.WAITING_FOR_PROSPECT
CLOSING = MORNING + 7 * HOUR  # the office closes at 17:00
NEXT_OPENING = MORNING + 23 * HOUR
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_the_morning() -> Iterator[None]:
    with time_machine.travel(MORNING, tick=False):
        yield


def accepted(at: datetime = MORNING) -> Handoff:
    """A handoff that its rep accepted at once: the first touch is due within an hour."""
    open_desk(reps=1)
    (handoff,) = hand_over(at)
    return accept(handoff=handoff, by=owner_of(handoff), now=at)


def touching(handoff: Handoff) -> Clock:
    return clock_of(handoff, PromiseKind.FIRST_TOUCH)


def stop(
    handoff: Handoff, until: datetime, now: datetime = MORNING, reason: PauseReason = AWAY, note: str = ""
) -> Pause:
    """The rep pauses the clock of the first touch."""
    return pause(
        clock=touching(handoff), until=until, reason=reason, note=note, by=owner_of(handoff), now=now
    )


def due_at(handoff: Handoff) -> datetime:
    return touching(handoff).due_at


def test_case_22_a_pause_over_night_moves_the_due_time_by_the_business_time_in_it_once() -> None:
    handoff = accepted()
    stop(handoff, NEXT_OPENING + 2 * HOUR, now=MORNING + 30 * MINUTE)
    # Half an hour was used on the first day; the other half begins when the pause is over.
    assert due_at(handoff) == NEXT_OPENING + 2 * HOUR + 30 * MINUTE
    told = JournalEntry.objects.get(event="clock.recomputed")
    assert (told.before, told.after["why"]) == (
        {"due_at": (MORNING + HOUR).isoformat(), "owner": owner_of(handoff).pk},
        "paused:prospect_away",
    )
    assert JournalEntry.objects.filter(event="clock.paused").count() == 1


def test_overlapping_pauses_count_once_and_the_last_end_is_shown() -> None:
    handoff = accepted()
    stop(handoff, MORNING + 3 * HOUR)
    stop(handoff, MORNING + 2 * HOUR, now=MORNING + HOUR, reason=WAITING)
    assert (due_at(handoff), touching(handoff).paused_until) == (MORNING + 4 * HOUR, MORNING + 3 * HOUR)


def test_case_23_a_paused_clock_neither_warns_nor_breaches_and_does_both_afterwards() -> None:
    handoff = accepted()
    until = MORNING + 3 * HOUR
    stop(handoff, until, now=MORNING + 50 * MINUTE)  # past the warning time, which nobody was told
    for at in (MORNING + 51 * MINUTE, MORNING + HOUR, until - timedelta(seconds=1)):
        run_until_idle(at, ["sla.escalate", "sla.sweep"])
        assert not JournalEntry.objects.filter(
            event="clock.escalated", subject_id=touching(handoff).pk
        ).exists()
        assert not Breach.objects.exists()
    again = until + timedelta(seconds=1)
    run_until_idle(again, ["sla.escalate", "sla.sweep"])
    warned = Notification.objects.filter(kind="warning")
    assert warned.filter(dedupe_key__contains=f":{touching(handoff).pk}:").count() == 1
    run_until_idle(until + 10 * MINUTE, ["sla.escalate", "sla.sweep"])
    assert not Breach.objects.exists()
    run_until_idle(until + 10 * MINUTE + timedelta(seconds=1), ["sla.escalate", "sla.sweep"])
    assert Breach.objects.get().deadline == until + 10 * MINUTE


def test_case_24_a_pause_survives_a_new_calendar_and_a_new_agreement() -> None:
    handoff = accepted()
    until = NEXT_OPENING + HOUR
    stop(handoff, until)
    new_version(MORNING, 60)
    version = CalendarVersion.objects.create(
        calendar=Calendar.objects.get(),
        number=2,
        time_zone="UTC",
        week={"wed": [["09:00", "17:00"]], "thu": [["09:00", "10:30"], ["12:00", "17:00"]]},
        created_at=MORNING,
    )
    recompute_open_clocks(calendar_version=version, now=MORNING + MINUTE, rule="test")
    # One hour from 10:00 on Thursday: half of it before the new break, half after.
    assert due_at(handoff) == datetime(2026, 3, 5, 12, 30, tzinfo=UTC)
    assert touching(handoff).paused_until == until


def test_case_21_a_response_in_the_moment_of_the_pause_counts() -> None:
    handoff = accepted()
    stop(handoff, NEXT_OPENING, now=MORNING + 20 * MINUTE)
    at = MORNING + 20 * MINUTE
    log_touch(
        handoff=handoff, kind=TouchKind.CALL, reached=True, note="", at=at, by=owner_of(handoff), now=at
    )
    clock = touching(handoff)
    assert (clock.outcome, clock.ended_at, clock.seconds_used) == (ClockOutcome.KEPT, at, 20 * 60)
    evidence = evidence_of(handoff, at)
    assert all(one.agrees for one in evidence.clocks)


def test_case_27_a_touch_while_it_is_paused_keeps_the_promise_without_the_paused_time() -> None:
    handoff = accepted()
    stop(handoff, MORNING + 5 * HOUR, now=MORNING + 10 * MINUTE)
    at = MORNING + 2 * HOUR
    log_touch(
        handoff=handoff, kind=TouchKind.EMAIL, reached=False, note="", at=at, by=owner_of(handoff), now=at
    )
    clock = touching(handoff)
    assert (clock.outcome, clock.seconds_used) == (ClockOutcome.KEPT, 10 * 60)


def test_resumed_early_only_the_time_that_was_paused_is_left_out() -> None:
    handoff = accepted()
    stop(handoff, NEXT_OPENING, now=MORNING + 10 * MINUTE)
    at = MORNING + 2 * HOUR
    assert resume(clock=touching(handoff), by=owner_of(handoff), now=at)
    clock = touching(handoff)
    assert (clock.due_at, clock.paused_until) == (at + 50 * MINUTE, at)
    assert Pause.objects.get().ends_at == at
    assert not resume(clock=clock, by=owner_of(handoff), now=at)


def test_the_answer_cannot_be_paused_by_the_verb_or_by_the_database() -> None:
    open_desk(reps=1)
    (handoff,) = hand_over(MORNING)
    rep = owner_of(handoff)
    with pytest.raises(NotPossible, match="needs nobody but you"):
        pause(clock=clock_of(handoff), until=CLOSING, reason=AWAY, by=rep, now=MORNING)
    with pytest.raises(NotPossible, match="can be paused"):
        pause_handoff(handoff=handoff, until=CLOSING, reason=AWAY, by=rep, now=MORNING)
    with pytest.raises(IntegrityError), transaction.atomic():
        Clock.objects.filter(pk=clock_of(handoff).pk).update(paused_until=CLOSING)


def test_a_pause_needs_an_end_in_the_future_and_a_clock_with_time_left() -> None:
    handoff = accepted()
    for until in (MORNING, MORNING - HOUR):
        with pytest.raises(NotPossible, match="end in the future"):
            stop(handoff, until)
    for now in (MORNING + HOUR, MORNING + HOUR + timedelta(seconds=1)):
        with pytest.raises(NotPossible, match="run out"):
            stop(handoff, CLOSING, now=now)
    with pytest.raises(NotPossible, match="earlier end"):
        stop(handoff, datetime(9999, 12, 31, 23, 59, tzinfo=UTC))
    assert not Pause.objects.exists()
    log_touch(
        handoff=handoff,
        kind=TouchKind.CALL,
        reached=True,
        note="",
        at=MORNING,
        by=owner_of(handoff),
        now=MORNING,
    )
    with pytest.raises(NotPossible, match="is over"):
        stop(handoff, CLOSING)
    with pytest.raises(NotPossible, match="Nothing is paused"):
        resume_handoff(handoff=handoff, by=owner_of(handoff), now=MORNING)


def test_only_the_owner_and_managers_of_the_team_pause_and_resume() -> None:
    handoff = accepted()
    for role, team in (("rep", handoff.team), ("auditor", None), ("marketing", None)):
        with pytest.raises(Refusal):
            pause(
                clock=touching(handoff),
                until=CLOSING,
                reason=AWAY,
                by=make_user(role, team=team),
                now=MORNING,
            )
    manager = make_user("sales_manager", team=handoff.team)
    pause(clock=touching(handoff), until=CLOSING, reason=AWAY, by=manager, now=MORNING)
    with pytest.raises(Refusal):
        resume(clock=touching(handoff), by=make_user("rep", team=handoff.team), now=MORNING)
    assert resume(clock=touching(handoff), by=manager, now=MORNING + MINUTE)


def test_when_the_lead_acts_what_waited_for_it_goes_on_and_the_journal_says_why() -> None:
    handoff = accepted()
    stop(handoff, NEXT_OPENING, now=MORNING + 10 * MINUTE, reason=WAITING)
    at = MORNING + HOUR
    submit(at, email=handoff.lead.contact.email)
    run_until_idle(at, ["leads.process_submissions"])
    assert due_at(handoff) == at + 50 * MINUTE
    told = JournalEntry.objects.filter(event="clock.recomputed").latest("pk")
    assert (told.after["why"], told.rule) == ("lead_acted", "leads.process_submissions")


def test_another_reason_is_not_ended_by_the_lead_nor_is_a_pause_by_something_older() -> None:
    handoff = accepted()
    stop(handoff, MORNING + 4 * HOUR, reason=AWAY)
    stop(handoff, MORNING + 5 * HOUR, now=MORNING + 10 * MINUTE, reason=WAITING)
    lead, now = handoff.lead_id, MORNING + HOUR
    assert resume_for_activity(acted_at={lead: MORNING}, now=now, rule="test") == 0
    assert resume_for_activity(acted_at={lead: now}, now=now, rule="test") == 1
    assert (touching(handoff).paused_until, due_at(handoff)) == (MORNING + 4 * HOUR, MORNING + 5 * HOUR)


def test_what_waits_for_answers_costs_one_statement_where_none_does_and_few_for_many() -> None:
    open_desk(reps=1)
    counts = {}
    for number in (0, 2, 12):
        handoffs = hand_over(MORNING, count=number)
        for handoff in handoffs:
            accept(handoff=handoff, by=owner_of(handoff), now=MORNING)
            stop(handoff, CLOSING, reason=WAITING)
        acted = {handoff.lead_id: MORNING + MINUTE for handoff in handoffs} or {1: MORNING}
        with CaptureQueriesContext(
            connection,
        ) as queries:
            done = resume_for_activity(acted_at=acted, now=MORNING + MINUTE, rule="test")
        assert done == number
        counts[number] = len([one for one in queries if "SAVEPOINT" not in one["sql"]])
    assert counts[0] == 1
    assert counts[2] == counts[12] <= 14


def test_the_inbox_shows_a_paused_lead_last_as_paused_and_not_as_late() -> None:
    handoff = accepted()
    rep = owner_of(handoff)
    (other,) = hand_over(MORNING)
    stop(handoff, CLOSING)
    now = MORNING + 2 * HOUR
    page = inbox_page(user=rep, view=InboxView.ALL, number=1, now=now)
    assert [row.pk for row in page.rows] == [other.pk, handoff.pk]
    assert page.tally.late == 1
    text = browser(rep).get("/inbox/").content.decode()
    assert 'data-state="paused"' in text
    assert "paused until Wed 17:00" in text


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def verbs_of(handoff: Handoff, user: User, now: datetime = MORNING) -> tuple[bool, bool, bool]:
    """Whether pause, resume and waive are shown."""
    verbs = handoff_detail(handoff=detail_queryset(user).get(pk=handoff.pk), user=user, now=now).verbs
    return verbs.pause, verbs.resume, verbs.waive


def test_the_verbs_are_shown_where_they_are_possible() -> None:
    handoff = accepted()
    rep, manager = owner_of(handoff), make_user("sales_manager", team=handoff.team)
    assert verbs_of(handoff, rep) == (True, False, False)
    assert verbs_of(handoff, manager) == (True, False, True)
    assert verbs_of(handoff, make_user("auditor")) == (False, False, False)
    assert verbs_of(handoff, rep, MORNING + HOUR) == (True, False, False)  # attempts and disposition go on
    assert verbs_of(handoff, rep, MORNING + 40 * 24 * HOUR) == (False, False, False)
    stop(handoff, CLOSING)
    assert verbs_of(handoff, rep) == (False, True, False)
    log_touch(handoff=handoff, kind=TouchKind.CALL, reached=True, note="", at=MORNING, by=rep, now=MORNING)
    # The disposition runs on, and was not paused with the first touch.
    assert verbs_of(handoff, rep) == (True, False, False)
    assert verbs_of(handoff, manager) == (True, False, True)


def test_the_form_asks_for_a_reason_and_an_end_reads_the_readers_zone_and_says_the_new_due_time() -> None:
    handoff = accepted()
    rep = owner_of(handoff)
    User.objects.filter(pk=rep.pk).update(time_zone="Europe/Copenhagen")
    client, url = browser(rep), f"/handoffs/{handoff.pk}/pause/"
    empty = client.post(url, {})
    assert empty.status_code == 422
    assert "Choose why the clocks pause" in empty.content.decode()
    assert "Choose an end" in empty.content.decode()
    assert client.post(url, {"reason": "away", "until": "2026-03-04T15:00"}).status_code == 422
    past = client.post(url, {"reason": AWAY, "until": "2026-03-04T10:30"})
    assert "Choose an end in the future" in past.content.decode()
    data = {"reason": AWAY, "until": "2026-03-04T15:00", "note": "On the road"}
    response = client.post(
        url, data, headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/inbox/"}
    )
    toast = json.loads(response.headers["HX-Trigger"])["toast"]["text"]
    assert toast == "Paused until Wed 4 Mar, 15:00. First touch: due Wed 4 Mar, 16:00 now."
    page = client.get(handoff.get_absolute_url()).content.decode()
    assert "paused until Wed 15:00" in page
    assert "The prospect is away" in page
    assert "On the road" in page
    assert 'data-state="paused"' in client.get(f"/leads/{handoff.lead_id}/handoffs/").content.decode()
    assert client.get(f"/handoffs/{handoff.pk}/resume/").status_code == 200
    done = client.post(f"/handoffs/{handoff.pk}/resume/", follow=True)
    assert "First touch: due Wed 4 Mar, 12:00 now." in done.content.decode()
    assert client.post(f"/handoffs/{handoff.pk}/resume/").status_code == 422


def test_the_list_of_promises_and_its_file_say_paused() -> None:
    handoff = accepted()
    stop(handoff, CLOSING)
    client = browser(make_user("auditor", time_zone="Europe/Copenhagen"))
    assert "paused until 4 Mar, 18:00" in client.get("/compliance/clocks/").content.decode()
    answer = client.get("/compliance/clocks/?format=csv&outcome=open")
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    assert "open, paused" in text
    assert "2026-03-04 18:00:00+01:00" in text
