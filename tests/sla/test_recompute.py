"""A calendar is corrected: open clocks follow at once, finished ones never."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from drains.runner import run_until_idle
from leads.models import JournalEntry
from sla.business_time import BusinessCalendar
from sla.clock import Stretch, add, between
from sla.models import (
    Breach,
    Calendar,
    CalendarVersion,
    Clock,
    ClockOutcome,
    Handoff,
    PauseReason,
    PromiseKind,
    TouchKind,
)
from sla.reports.evidence import evidence_of
from sla.reports.receipts import Halt, lines_with_pauses
from sla.services.answering import accept
from sla.services.pausing import pause
from sla.services.recompute import recompute_open_clocks
from sla.services.working import log_touch, recycle
from tests.sla.bargain import proposal, sides, sign_both, standard, targets_of
from tests.sla.desk import HOUR, MINUTE, MORNING, clock_of, hand_over, open_desk, owner_of
from tests.sla.made_clocks import World, make_clock, make_handoff
from tests.sla.test_evidence import CALENDARS
from tests.support.people import make_user

OFFICE = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
THURSDAY_9 = MORNING + 23 * HOUR


def corrected(now: datetime, week: dict[str, Any], **more: Any) -> int:
    """A new version of the calendar as of `now`; how many due times it changed."""
    calendar = Calendar.objects.get()
    version = CalendarVersion.objects.create(
        calendar=calendar,
        number=calendar.current.number + 1,
        time_zone="UTC",
        week=week,
        created_at=now,
        **more,
    )
    return recompute_open_clocks(calendar_version=version, now=now, rule="test")


def at_work() -> Handoff:
    """Accepted at MORNING: the first touch is due within an hour, and the answer was kept."""
    open_desk(reps=1)
    (handoff,) = hand_over(MORNING)
    return accept(handoff=handoff, by=owner_of(handoff), now=MORNING)


def touching(handoff: Handoff) -> Clock:
    return clock_of(handoff, PromiseKind.FIRST_TOUCH)


@pytest.mark.django_db
def test_case_40_open_clocks_follow_a_correction_in_both_directions_and_finished_ones_do_not() -> None:
    handoff = at_work()
    answered = clock_of(handoff)
    later = {"wed": [["09:00", "10:30"], ["12:00", "17:00"]]}
    # First touch, attempts and disposition.
    assert corrected(MORNING + MINUTE, later) == 3
    assert touching(handoff).due_at == MORNING + 2.5 * HOUR
    assert corrected(MORNING + 2 * MINUTE, OFFICE) == 3
    assert touching(handoff).due_at == MORNING + HOUR
    assert corrected(MORNING + 3 * MINUTE, OFFICE) == 0
    assert touching(handoff).calendar_version == CalendarVersion.objects.latest("number")
    answered.refresh_from_db()
    assert (answered.calendar_version, answered.due_at) == (
        CalendarVersion.objects.get(number=1),
        MORNING + 15 * MINUTE,
    )
    told = JournalEntry.objects.filter(event="clock.recomputed", subject_id=touching(handoff).pk).order_by(
        "pk"
    )
    assert [(row.after["why"], row.rule) for row in told] == [("calendar_corrected", "test")] * 2
    anew = evidence_of(handoff, MORNING + HOUR).clocks[1].recomputations
    assert [(one.before, one.after, one.why) for one in anew] == [
        (
            "Wed 4 Mar 2026, 11:00:00 UTC",
            "Wed 4 Mar 2026, 12:30:00 UTC",
            "the calendar was corrected",
        ),
        (
            "Wed 4 Mar 2026, 12:30:00 UTC",
            "Wed 4 Mar 2026, 11:00:00 UTC",
            "the calendar was corrected",
        ),
    ]


@pytest.mark.django_db
def test_a_breach_is_lifted_by_a_later_due_time_which_can_be_missed_once_more() -> None:
    handoff = at_work()
    now = MORNING + 2 * HOUR
    run_until_idle(now, ["sla.sweep"])
    assert Breach.objects.get().deadline == MORNING + HOUR
    corrected(now, OFFICE, holidays={"2026-03-04": "A holiday"})
    assert touching(handoff).due_at == THURSDAY_9 + HOUR
    assert (Breach.objects.get().lifted_at, touching(handoff).breached_at) == (now, None)
    run_until_idle(THURSDAY_9 + HOUR, ["sla.escalate", "sla.sweep"])
    assert Breach.objects.count() == 1
    run_until_idle(THURSDAY_9 + 2 * HOUR, ["sla.sweep"])
    assert list(Breach.objects.order_by("deadline").values_list("deadline", "lifted_at")) == [
        (MORNING + HOUR, now),
        (THURSDAY_9 + HOUR, None),
    ]


@pytest.mark.django_db
def test_a_deadline_that_comes_back_after_it_was_lifted_is_missed_again() -> None:
    handoff = at_work()
    now = MORNING + 2 * HOUR
    run_until_idle(now, ["sla.sweep"])
    corrected(now, OFFICE, holidays={"2026-03-04": "A holiday"})
    corrected(now + MINUTE, OFFICE)
    run_until_idle(now + 2 * MINUTE, ["sla.sweep"])
    breach = Breach.objects.get()
    assert (breach.deadline, breach.lifted_at) == (MORNING + HOUR, None)
    assert touching(handoff).breached_at == MORNING + HOUR


@pytest.mark.django_db
def test_an_earlier_due_time_that_has_passed_is_missed_at_the_next_sweep() -> None:
    handoff = at_work()
    corrected(MORNING + MINUTE, {"wed": [["09:00", "10:15"]], "thu": [["09:00", "17:00"]]})
    assert touching(handoff).due_at > MORNING + 20 * HOUR
    corrected(MORNING + 3 * HOUR, OFFICE)
    run_until_idle(MORNING + 3 * HOUR, ["sla.sweep"])
    assert Breach.objects.get().deadline == MORNING + HOUR


@pytest.mark.django_db
def test_a_clock_round_the_clock_follows_no_calendar() -> None:
    marketing, sales = sides()
    promise = ("first_touch", "hand_raiser")
    round_the_clock = replace(targets_of(standard())[promise], hours="round_the_clock")
    draft = proposal(marketing, MORNING - HOUR, targets={promise: round_the_clock})
    sign_both(draft, marketing, sales, MORNING - HOUR)
    handoff = at_work()
    corrected(MORNING + MINUTE, {"thu": [["09:00", "17:00"]]})
    assert touching(handoff).due_at == MORNING + HOUR


@pytest.mark.django_db
def test_it_takes_as_many_statements_for_five_hundred_clocks_as_for_five() -> None:
    world = World.make()
    handoff = make_handoff(world.teams[0], world.reps[0])
    pattern = make_clock(handoff, kind="first_touch")
    counts: list[int] = []
    for number in (5, 500):
        Clock.objects.all().delete()
        rows = []
        for _ in range(number):
            rows.append(
                Clock(**{f.attname: getattr(pattern, f.attname) for f in Clock._meta.concrete_fields})
            )
            rows[-1].pk = None
        Clock.objects.bulk_create(rows)
        with CaptureQueriesContext(connection) as queries:
            assert corrected(MORNING, {"tue": [["09:00", f"1{len(counts) + 6}:00"]]}) == number
        counts.append(len(queries))
    assert counts[1] <= counts[0] + 6  # long inserts are written in pieces
    assert counts[0] <= 18


@pytest.mark.django_db
def test_the_administration_recomputes_as_it_saves_and_refuses_hours_that_end() -> None:
    handoff = at_work()
    client, calendar = Client(), Calendar.objects.get()
    client.force_login(make_user("administrator", name="Ada Brandt"))

    def save(week: str, special: str) -> str:
        data = {
            "name": calendar.name,
            "versions-TOTAL_FORMS": "1",
            "versions-INITIAL_FORMS": "0",
            "versions-0-time_zone": "UTC",
            "versions-0-week": week,
            "versions-0-holidays": "",
            "versions-0-special": special,
        }
        return client.post(f"/admin/sla/calendar/{calendar.pk}/change/", data, follow=True).content.decode()

    assert "Nothing was saved" in save("{}", '{"2026-03-05": [["09:00", "09:30"]]}')
    assert calendar.versions.count() == 1
    save('{"thu": [["09:00", "17:00"]]}', "")
    assert touching(handoff).due_at == THURSDAY_9 + HOUR
    recomputed = JournalEntry.objects.filter(event="clock.recomputed", subject_id=touching(handoff).pk)
    assert recomputed.get().actor_id is not None


def pauses_on(calendar: BusinessCalendar) -> st.SearchStrategy[list[Stretch]]:
    """Up to four pauses, to the microsecond, that may overlap."""
    seconds = st.integers(0, 20 * 86_400_000_000)
    first = datetime(2026, 3, 20, tzinfo=UTC)
    return st.lists(
        st.tuples(seconds, st.integers(1, 5 * 86_400_000_000)).map(
            lambda pair: Stretch(
                first + timedelta(microseconds=pair[0]), first + timedelta(microseconds=sum(pair))
            )
        ),
        max_size=4,
    )


@given(
    calendar=st.sampled_from(CALENDARS),
    start=st.integers(0, 86_400_000_000).map(
        lambda n: datetime(2026, 3, 20, tzinfo=UTC) + timedelta(microseconds=n)
    ),
    seconds=st.integers(1, 60 * 3600),
    data=st.data(),
)
def test_case_41_the_receipt_with_its_pauses_adds_up_to_the_second(
    calendar: BusinessCalendar, start: datetime, seconds: int, data: st.DataObject
) -> None:
    pauses = data.draw(pauses_on(calendar))
    halts = [Halt(pause, "away") for pause in pauses]
    due = add(calendar, start, seconds, pauses)
    assert sum(line.seconds for line in lines_with_pauses(calendar, start, due, halts)) == seconds
    until = data.draw(st.integers(0, 40)) * HOUR + start
    lines = lines_with_pauses(calendar, start, until, halts)
    assert sum(line.seconds for line in lines) == between(calendar, start, until, pauses)
    assert all(line.seconds == 0 for line in lines if line.kind)


@pytest.mark.django_db
def test_the_receipt_names_each_pause_with_its_reason_between_the_days_that_count() -> None:
    handoff = at_work()
    rep, half_past = owner_of(handoff), MORNING + 30 * MINUTE
    pause(
        clock=touching(handoff),
        until=THURSDAY_9 + HOUR,
        reason=PauseReason.PROSPECT_AWAY,
        note="fair",
        by=rep,
        now=half_past,
    )
    evidence = evidence_of(handoff, half_past)
    one = evidence.clocks[1]
    assert [(line.label, line.note, line.value) for line in one.due.lines] == [
        ("Wed 4 Mar", "10:00–10:30", "30 min"),
        (
            "Paused Wed 4 Mar, 10:30 – Thu 5 Mar, 10:00",
            "The prospect is away (fair) · 7 h 30 min left out",
            "–",
        ),
        ("Thu 5 Mar", "10:00–10:30", "30 min"),
    ]
    assert (one.due.total, one.agrees, one.clock.outcome) == ("1 h", True, ClockOutcome.RUNNING)
    assert one.mark.words == "paused until 5 Mar, 10:00"
    titles = [happening.title for happening in evidence.happenings]
    assert "Clock paused: First touch" in titles
    assert "Due time computed anew: First touch" in titles
    assert all(earlier.at <= later.at for earlier, later in pairwise(evidence.happenings))
    client = Client()
    client.force_login(rep)
    page = client.get(f"/handoffs/{handoff.pk}/evidence/").content.decode()
    assert "computed anew" in page
    assert "Paused Wed 4 Mar, 10:30" in page


@pytest.mark.django_db
def test_cases_31_and_35_how_late_an_answer_was_stays_whatever_comes_after() -> None:
    handoff = at_work()
    rep, at = owner_of(handoff), MORNING + 90 * MINUTE
    log_touch(handoff=handoff, kind=TouchKind.CALL, reached=True, note="", at=at, by=rep, now=at)
    before = Clock.objects.filter(pk=touching(handoff).pk).values().get()
    recycle(handoff=handoff, until=date(2026, 6, 1), note="", by=rep, now=at + HOUR)
    corrected(at + 2 * HOUR, {"mon": [["09:00", "10:00"]]})
    run_until_idle(at + 3 * HOUR, ["sla.escalate", "sla.sweep"])
    assert Clock.objects.filter(pk=touching(handoff).pk).values().get() == before
    for now in (at + 3 * HOUR, at + 3000 * HOUR):
        assert evidence_of(handoff, now).clocks[1].mark.words == "missed by 30 min"
