"""Handoffs over the API: what is told is what the page shows, and every verb goes by the same services, rights and clocks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from sla.clock import Look
from sla.models import Breach, Handoff, HandoffState, PromiseKind, Touch
from sla.services.answering import accept
from tests.sla.desk import HOUR, MINUTE, MORNING, at_once, clock_of, hand_over, open_desk, owner_of
from tests.support.api import Program
from tests.support.people import make_user

pytestmark = pytest.mark.django_db


class Desk:
    """A team at work, and programs of its people that ask at a given time."""

    def __init__(self) -> None:
        self.team, self.reps = open_desk(reps=2)
        self.programs: dict[int, Program] = {}

    @contextmanager
    def ask(self, who: User, at: datetime) -> Iterator[Program]:
        """The program of a person, at a time that stands still."""
        program = self.programs.setdefault(who.pk, Program(who))
        with time_machine.travel(at, tick=False):
            yield program


@pytest.fixture
def desk() -> Desk:
    return Desk()


def clocks(handoff: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {clock["kind"]: clock for clock in handoff["clocks"]}


def test_a_handoff_is_told_with_its_clocks_as_they_are_at_the_moment_of_asking(desk: Desk) -> None:
    (handoff,) = hand_over(MORNING)
    due = clock_of(handoff).due_at
    for at, state, left, late in (
        (MORNING, Look.ON_TIME, 900, None),
        (due, Look.WARNING, 0, None),
        (due + timedelta(microseconds=1), Look.LATE, None, 0),
        (due + MINUTE, Look.LATE, None, 60),
        # The office closes at 17:00, and nobody gets later while it is closed.
        (due + 14 * HOUR, Look.LATE, None, 6 * 3600 + 45 * 60),
    ):
        with desk.ask(owner_of(handoff), at) as program:
            told = clocks(program.get(f"/handoffs/{handoff.pk}"))["accept"]
        assert (told["state"], told["seconds_left"], told["seconds_late"]) == (state, left, late)
        assert (told["outcome"], told["due_at"]) == ("running", "2026-03-04T10:15:00Z")


def test_times_are_told_as_exactly_as_outcomes_are_decided(desk: Desk) -> None:
    (handoff,) = hand_over(MORNING)
    path = f"/handoffs/{handoff.pk}"
    with desk.ask(owner_of(handoff), clock_of(handoff).due_at + timedelta(microseconds=1)) as program:
        told = clocks(program.post(f"{path}/accept"))["accept"]
        evidence = program.get(f"{path}/evidence")
    assert (told["outcome"], told["due_at"]) == ("missed", "2026-03-04T10:15:00Z")
    assert told["ended_at"] == evidence["as_of"] == "2026-03-04T10:15:00.000001Z"


def test_the_way_of_a_lead_from_accept_to_qualified(desk: Desk) -> None:
    (handoff,) = hand_over(MORNING)
    rep, path = owner_of(handoff), f"/handoffs/{handoff.pk}"
    with desk.ask(rep, MORNING + 5 * MINUTE) as program:
        told = program.post(f"{path}/accept")
        assert (program.status, told["state"], told["owner"]["id"]) == (200, "accepted", rep.pk)
        assert (clocks(told)["accept"]["outcome"], clocks(told)["first_touch"]["state"]) == (
            "kept",
            "on_time",
        )
    with desk.ask(rep, MORNING + 9 * MINUTE) as program:
        told = program.post(f"{path}/touches", {"kind": "call", "reached": True, "note": "Wants a demo"})
        assert (program.status, told["repeated"], told["origin"]) == (201, False, "api")
        assert clocks(told["handoff"])["first_touch"]["outcome"] == "kept"
        assert clocks(told["handoff"])["attempts"]["outcome"] == "kept"
        assert program.refused(f"{path}/qualify", {"budget": "b", "authority": "a", "need": "n"}) == (
            422,
            "invalid",
            "timeline",
        )
        bant = {"budget": "10 k", "authority": "she", "need": "speed", "timeline": "May"}
        told = program.post(f"{path}/qualify", bant)
        assert (told["state"], told["qualification"]["need"]) == ("qualified", "speed")
        refused = program.refused(f"{path}/recycle", {"until": "2026-05-01"})
        assert refused == (409, "not_possible", "handoff")


def test_an_accept_that_comes_late_is_a_breach_although_no_sweep_ran(desk: Desk) -> None:
    (handoff,) = hand_over(MORNING)
    with desk.ask(owner_of(handoff), MORNING + HOUR) as program:
        told = clocks(program.post(f"/handoffs/{handoff.pk}/accept"))["accept"]
    assert (told["outcome"], told["seconds_late"]) == ("missed", 45 * 60)
    assert Breach.objects.get(clock=told["id"]).deadline == MORNING + 15 * MINUTE


def test_whoever_accepts_second_is_told_who_was_first(desk: Desk) -> None:
    (handoff,) = hand_over(MORNING)
    winner = owner_of(handoff)
    accept(handoff=handoff, by=winner, now=MORNING)
    loser = next(rep for rep in desk.reps if rep != winner)
    with desk.ask(loser, MORNING + MINUTE) as program:
        told = program.post(f"/handoffs/{handoff.pk}/accept")
    assert (program.status, told["code"]) == (409, "already_answered")
    assert str(winner) in told["errors"][0]["message"]


@pytest.mark.django_db(transaction=True)
def test_of_two_accepts_at_once_one_wins_and_the_other_is_named_the_winner() -> None:
    _team, reps = open_desk(reps=2)
    User.objects.update(is_active=False)
    (handoff,) = hand_over(MORNING)  # nobody is there, so it waits in the queue
    User.objects.update(is_active=True)
    assert handoff.owner is None
    programs = [Program(rep) for rep in reps]
    with time_machine.travel(MORNING + MINUTE, tick=False):
        at_once(
            *(lambda program=program: program.post(f"/handoffs/{handoff.pk}/accept") for program in programs)
        )
    winner, loser = sorted(programs, key=lambda program: program.status)
    assert (winner.status, loser.status, loser.json["code"]) == (200, 409, "already_answered")
    assert winner.json["owner"]["name"] in loser.json["errors"][0]["message"]


def test_touches_over_the_api_count_by_their_own_time_in_whatever_order_they_come(desk: Desk) -> None:
    """Cases 18 and 19: the late one is the first to be known; then the one that was in time."""
    (handoff,) = hand_over(MORNING)
    rep, path = owner_of(handoff), f"/handoffs/{handoff.pk}/touches"
    accept(handoff=handoff, by=rep, now=MORNING)
    with desk.ask(rep, MORNING + 3 * HOUR) as program:
        told = program.post(path, {"kind": "email", "at": "2026-03-04T12:30:00Z", "external_id": "b"})
        assert clocks(told["handoff"])["first_touch"]["outcome"] == "missed"
        told = program.post(path, {"kind": "call", "at": "2026-03-04T11:20:00+01:00", "external_id": "a"})
    first = clocks(told["handoff"])["first_touch"]
    assert (first["outcome"], first["ended_at"]) == ("kept", "2026-03-04T10:20:00Z")
    assert [touch["external_id"] for touch in told["handoff"]["touches"]] == ["b", "a"]


def test_touches_over_the_api_count_as_attempts(desk: Desk) -> None:
    (handoff,) = hand_over(MORNING)
    rep, path = owner_of(handoff), f"/handoffs/{handoff.pk}"
    accept(handoff=handoff, by=rep, now=MORNING)
    with desk.ask(rep, MORNING + HOUR) as program:
        reasons = program.get("/reasons?kind=disqualification")["items"]
        unreachable = {"reason": next(row["code"] for row in reasons if row["needs_attempts"])}
        for number in range(6):
            assert program.refused(f"{path}/disqualify", unreachable) == (409, "not_possible", "handoff")
            told = program.post(f"{path}/touches", {"kind": "call", "external_id": str(number)})
        assert clocks(told["handoff"])["attempts"]["outcome"] == "kept"
        told = program.post(f"{path}/disqualify", unreachable)
    assert told["state"] == "disqualified"


@pytest.mark.parametrize("named", [{"external_id": "crm-7"}, {}])
def test_a_touch_delivered_twice_is_one_also_after_the_end(desk: Desk, named: dict[str, str]) -> None:
    (handoff,) = hand_over(MORNING)
    rep, path = owner_of(handoff), f"/handoffs/{handoff.pk}"
    header = {} if named else {"idempotency_key": "crm-7"}
    body = {"kind": "call", "reached": True, **named}
    with desk.ask(rep, MORNING + MINUTE) as program:
        first = program.post(f"{path}/touches", body, **header)
        program.post(f"{path}/recycle", {"until": "2026-05-01"})
        again = program.post(f"{path}/touches", body, **header)
        assert (program.status, again["id"], again["repeated"]) == (200, first["id"], True)
        program.post(f"{path}/touches", {**body, "kind": "email"}, **header)
        assert (program.status, program.json["code"]) == (409, "differs")
    assert Touch.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_touch_delivered_twice_at_once_is_one() -> None:
    _team, _reps = open_desk(reps=1)
    (handoff,) = hand_over(MORNING)
    programs = [Program(owner_of(handoff)) for _ in range(2)]
    body = {"kind": "call", "external_id": "crm-7"}
    with time_machine.travel(MORNING + MINUTE, tick=False):
        at_once(*(lambda one=one: one.post(f"/handoffs/{handoff.pk}/touches", body) for one in programs))
    assert sorted(program.status for program in programs) == [200, 201]
    assert Touch.objects.count() == 1


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "note"},
        {"kind": "status"},
        {"kind": "automatic_email"},
        {"kind": "email", "automatic": True},
    ],
)
def test_what_is_no_human_touch_is_refused_and_stops_no_clock(desk: Desk, body: dict[str, Any]) -> None:
    """Case 20."""
    (handoff,) = hand_over(MORNING)
    accept(handoff=handoff, by=owner_of(handoff), now=MORNING)
    with desk.ask(owner_of(handoff), MORNING + MINUTE) as program:
        program.post(f"/handoffs/{handoff.pk}/touches", body)
    assert (program.status, program.fields) == (422, ["automatic" if "automatic" in body else "kind"])
    assert clock_of(handoff, PromiseKind.FIRST_TOUCH).ended_at is None
    assert not Touch.objects.exists()


@pytest.mark.parametrize("at", ["2026-03-04T09:59:59Z", "2026-03-04T12:02:00Z"])
def test_a_touch_before_the_handoff_or_in_the_future_is_refused_by_its_field(desk: Desk, at: str) -> None:
    (handoff,) = hand_over(MORNING)
    with desk.ask(owner_of(handoff), MORNING + 2 * HOUR) as program:
        program.post(f"/handoffs/{handoff.pk}/touches", {"kind": "call", "at": at})
    assert (program.status, program.fields) == (422, ["at"])
    assert Handoff.objects.get().state == HandoffState.WAITING


def test_a_rejection_needs_a_reason_that_was_agreed(desk: Desk) -> None:
    (handoff,) = hand_over(MORNING)
    path = f"/handoffs/{handoff.pk}/reject"
    with desk.ask(owner_of(handoff), MORNING + MINUTE) as program:
        assert program.refused(path) == (422, "invalid", "body")
        assert program.refused(path, {"reason": "no such"}) == (422, "invalid", "reason")
        reasons = program.get(f"/reasons?kind=rejection&handoff={handoff.pk}")["items"]
        needy = next(row for row in reasons if row["needs_note"])
        assert program.refused(path, {"reason": needy["code"]}) == (422, "invalid", "note")
        told = program.post(path, {"reason": needy["code"], "note": "because"})
    assert (told["state"], told["reason"], told["note"]) == ("rejected", needy["code"], "because")


def test_clocks_are_paused_and_resumed_and_a_promise_is_waived_by_a_manager(desk: Desk) -> None:
    (handoff,) = hand_over(MORNING)
    rep, manager = owner_of(handoff), make_user("sales_manager", team=desk.team)
    accept(handoff=handoff, by=rep, now=MORNING)
    path = f"/handoffs/{handoff.pk}"
    with desk.ask(rep, MORNING + MINUTE) as program:
        pause = {"reason": "prospect_away", "until": "2026-03-04T12:00:00Z"}
        told = program.post(f"{path}/pause", pause)
        assert clocks(told)["first_touch"]["state"] == "paused"
        assert clocks(told)["first_touch"]["pauses"][0]["by"]["id"] == rep.pk
        assert clocks(told)["accept"]["pauses"] == []
        assert clocks(program.post(f"{path}/resume"))["first_touch"]["state"] == "on_time"
        assert program.refused(f"{path}/resume") == (409, "not_possible", "handoff")
        assert program.refused(f"{path}/pause", {**pause, "until": "2026-03-04T09:00:00Z"}) == (
            422,
            "invalid",
            "until",
        )
        clock = clocks(told)["first_touch"]["id"]
        program.post(f"{path}/waive", {"clock": clock, "reason": "holiday"})
        assert (program.status, program.json["code"]) == (403, "forbidden")
    with desk.ask(manager, MORNING + MINUTE) as program:
        assert program.refused(f"{path}/waive", {"clock": 10**9, "reason": "x"}) == (422, "invalid", "clock")
        told = program.post(f"{path}/waive", {"clock": clock, "reason": "holiday"})
        assert clocks(told)["first_touch"]["waiver"]["reason"] == "holiday"


def test_a_manager_assigns_and_a_new_owner_gives_back(desk: Desk) -> None:
    (handoff,) = hand_over(MORNING)
    rep, manager = owner_of(handoff), make_user("sales_manager", team=desk.team)
    other, stranger = next(one for one in desk.reps if one != rep), make_user()
    accept(handoff=handoff, by=rep, now=MORNING)
    path = f"/handoffs/{handoff.pk}"
    with desk.ask(manager, MORNING + MINUTE) as program:
        assert {row["id"] for row in program.get("/reps")["items"]} == {one.pk for one in desk.reps}
        assert program.refused(f"{path}/assign", {"to": stranger.pk}) == (422, "invalid", "to")
        told = program.post(f"{path}/assign", {"to": other.pk})
        assert (told["state"], told["owner"]["id"]) == ("waiting", other.pk)
    with desk.ask(rep, MORNING + MINUTE) as program:
        assert program.post(f"{path}/assign", {"to": rep.pk})["code"] == "forbidden"
    with desk.ask(other, MORNING + 2 * MINUTE) as program:
        told = program.post(f"{path}/give-back", {"why": "I know them privately"})
    assert (program.status, told["state"], told["owner"]) == (200, "waiting", None)


def test_owner_team_mate_and_stranger_see_and_do_what_the_pages_let_them(desk: Desk) -> None:
    (handoff,) = hand_over(MORNING)
    owner, path = owner_of(handoff), f"/handoffs/{handoff.pk}"
    mate, stranger = next(rep for rep in desk.reps if rep != owner), make_user()
    accept(handoff=handoff, by=owner, now=MORNING)
    touch = {"kind": "call"}
    for who, look, do in ((owner, 200, 201), (mate, 200, 403), (stranger, 404, 404)):
        with desk.ask(who, MORNING + MINUTE) as program:
            program.get(path)
            assert program.status == look
            assert len(program.get("/handoffs")["items"]) == (look == 200)
            assert len(program.get("/leads")["items"]) == (look == 200)
            program.get(f"{path}/evidence")
            assert program.status == look
            program.post(f"{path}/touches", touch)
            assert program.status == do


def test_the_list_is_filtered_paged_and_costs_the_same_for_any_number(desk: Desk) -> None:
    first = hand_over(MORNING)[0]
    accept(handoff=first, by=owner_of(first), now=MORNING)
    manager, noon = make_user("sales_manager", team=desk.team), MORNING + 10 * MINUTE

    def cost() -> int:
        with desk.ask(manager, noon) as program, CaptureQueriesContext(connection) as captured:
            program.get("/handoffs?limit=200")
        assert program.status == 200
        return len(captured)

    cost()
    one = cost()
    rest = hand_over(MORNING + 5 * MINUTE, count=4)
    assert cost() == one <= 4
    with desk.ask(manager, MORNING + 30 * MINUTE) as program:
        seen, address = [], "/handoffs?limit=2"
        while address:
            page = program.get(address)
            seen += [row["id"] for row in page["items"]]
            address = page["next"]
        assert seen == [row.pk for row in reversed([first, *rest])]
        numbers = lambda query: {row["id"] for row in program.get(f"/handoffs?{query}")["items"]}  # noqa: E731
        of_first = {row.pk for row in rest if owner_of(row) == owner_of(first)}
        assert numbers("state=accepted") == {first.pk}
        assert numbers("state=open") == {first.pk, *(row.pk for row in rest)}
        assert numbers("state=closed") == numbers("owner=nobody") == numbers("owner=me") == set()
        assert numbers(f"owner={owner_of(first).pk}") == {first.pk, *of_first}
        assert numbers("late=true") == {row.pk for row in rest}
        assert numbers("late=false") == {first.pk}
        assert numbers(f"lead={first.lead_id}&tier=hand_raiser&team={desk.team.pk}") == {first.pk}
        for query, field in (
            ("stat=open", "stat"),
            ("state=x", "state"),
            ("limit=0", "limit"),
            ("after=x", "after"),
        ):
            program.get(f"/handoffs?{query}")
            assert (program.status, program.fields) == (422, [field])


def test_the_evidence_adds_up_and_agrees_with_what_is_stored(desk: Desk) -> None:
    (handoff,) = hand_over(MORNING)
    with desk.ask(owner_of(handoff), MORNING + HOUR) as program:
        program.post(f"/handoffs/{handoff.pk}/touches", {"kind": "call"})
        told = program.get(f"/handoffs/{handoff.pk}/evidence")
    late = next(row for row in told["clocks"] if row["clock"]["kind"] == "accept")
    assert late["agrees"]
    assert (late["due"]["seconds"], late["used"]["seconds"]) == (900, 3600)
    assert [breach["deadline"] for breach in late["breaches"]] == [late["clock"]["due_at"]]
    assert "Touch logged" in [row["title"] for row in told["happenings"]]
