"""Leads and what they did, agreements and figures over the API: the same as on the pages, at a bounded cost."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from drains.runner import run_until_idle
from leads.models import Activity, JournalEntry, Lead
from scoring.selectors import explain
from sla.models import PauseReason, PromiseKind
from sla.reports.compliance import kind_reports
from sla.reports.filters import read
from sla.services.answering import accept
from sla.services.pausing import pause
from tests.sla.desk import HOUR, MINUTE, MORNING, at_once, clock_of, hand_over, open_desk, owner_of
from tests.support.api import Program
from tests.support.people import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def marketing() -> Program:
    open_desk()
    with time_machine.travel(MORNING, tick=False):
        return Program(make_user("marketing"))


@pytest.fixture(autouse=True)
def morning():
    with time_machine.travel(MORNING + 30 * MINUTE, tick=False):
        yield


def test_a_lead_is_told_with_its_score_and_its_newest_handoff(marketing: Program) -> None:
    (handoff,) = hand_over(MORNING)
    told = marketing.get(f"/leads/{handoff.lead_id}")
    lead = Lead.objects.get()
    assert (told["stage"], told["score"], told["grade"]) == ("srl", lead.score, lead.grade)
    assert (told["company"], told["first_source"]["name"]) == (
        lead.contact.company_name,
        lead.first_source.name,
    )
    assert (told["handoff"]["id"], told["handoff"]["owner"]["id"]) == (handoff.pk, owner_of(handoff).pk)
    assert told["handoff"]["next_clock"] == {
        "kind": "accept",
        "due_at": "2026-03-04T10:15:00Z",
        "state": "late",
    }


def test_leads_are_filtered_paged_and_cost_the_same_for_any_number(marketing: Program) -> None:
    hand_over(MORNING)

    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            marketing.get("/leads?limit=200")
        assert marketing.status == 200
        return len(captured)

    cost()
    one = cost()
    hand_over(MORNING, count=4)
    assert cost() == one <= 3
    everybody = [lead.pk for lead in Lead.objects.order_by("-pk")]
    seen, address = [], "/leads?limit=2&stage=srl"
    while address:
        page = marketing.get(address)
        seen += [row["id"] for row in page["items"]]
        address = page["next"]
    assert seen == everybody
    email = Lead.objects.get(pk=everybody[0]).contact.email

    def numbers(query: str) -> list[int]:
        return [row["id"] for row in marketing.get(f"/leads?{query}")["items"]]

    assert numbers(f"email={email.upper()}") == numbers(f"q={email[:12]}") == [everybody[0]]
    assert numbers("stage=nurture") == numbers("tier=2") == numbers("min_score=1000") == []
    assert numbers("min_score=1&max_score=999&tier=1") == everybody


@pytest.mark.parametrize("kind", ["", "Demo Request", "x" * 51, "a\n"])
def test_a_kind_that_cannot_be_is_told_how_to_be_written(marketing: Program, kind: str) -> None:
    told = marketing.post(f"/leads/{hand_over(MORNING)[0].lead_id}/activities", {"kind": kind})
    assert (marketing.status, marketing.fields) == (422, ["kind"])
    assert "small letters, digits and underscores" in told["errors"][0]["remedy"]


def test_an_activity_over_the_api_is_scored_and_ends_a_pause_that_waits_for_the_lead(
    marketing: Program,
) -> None:
    (handoff,) = hand_over(MORNING)
    rep = owner_of(handoff)
    accept(handoff=handoff, by=rep, now=MORNING)
    touch = clock_of(handoff, PromiseKind.FIRST_TOUCH)
    reason = PauseReason.WAITING_FOR_PROSPECT
    pause(clock=touch, until=MORNING + 3 * HOUR, reason=reason, by=rep, now=MORNING + MINUTE)
    before = Lead.objects.get()
    told = marketing.post(f"/leads/{handoff.lead_id}/activities", {"kind": "webinar", "detail": "Live"})
    assert (marketing.status, told["kind"], told["repeated"]) == (201, "webinar", False)
    now = MORNING + 31 * MINUTE
    run_until_idle(now, ["scoring.rescore"])
    lead = Lead.objects.get()
    assert lead.score == explain(lead=lead, now=now).score > before.score
    assert lead.last_activity_at == MORNING + 30 * MINUTE
    touch.refresh_from_db()
    assert touch.paused_until == MORNING + 30 * MINUTE
    entry = JournalEntry.objects.get(event="activity.recorded")
    assert (entry.lead_id, entry.after["kind"]) == (lead.pk, "webinar")
    listed = marketing.get(f"/leads/{lead.pk}/activities")["items"]
    assert [row["kind"] for row in listed] == ["webinar", "demo_request"]


def test_activities_come_in_any_order_and_pages_go_by_their_own_time(marketing: Program) -> None:
    (handoff,) = hand_over(MORNING)
    path = f"/leads/{handoff.lead_id}/activities"
    for day in (3, 1, 2):
        marketing.post(
            path, {"kind": "event", "occurred_at": f"2026-03-0{day}T08:00:00Z", "external_id": str(day)}
        )
    lead = Lead.objects.get()
    assert (lead.first_activity_at.day, lead.last_activity_at) == (1, MORNING)
    seen, address = [], f"{path}?limit=2"
    while address:
        page = marketing.get(address)
        seen += [row["external_id"] for row in page["items"]]
        address = page["next"]
    assert seen == [None, "3", "2", "1"]


def test_an_activity_delivered_twice_is_one_and_another_one_under_its_name_is_refused(
    marketing: Program,
) -> None:
    (handoff,) = hand_over(MORNING)
    path, body = f"/leads/{handoff.lead_id}/activities", {"kind": "event", "external_id": "fair-1"}
    first, second = (marketing.post(path, body) for _ in range(2))
    assert (marketing.status, second["repeated"], second["id"]) == (200, True, first["id"])
    assert marketing.refused(path, {**body, "kind": "webinar"}) == (409, "differs", "external_id")
    assert marketing.refused(path, {"kind": "Fair!"}) == (422, "invalid", "kind")
    assert (
        marketing.refused(path, {"kind": "event", "occurred_at": "2026-03-05T10:00:00Z"})[2] == "occurred_at"
    )
    assert Activity.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_an_activity_delivered_twice_at_once_is_one() -> None:
    open_desk()
    (handoff,) = hand_over(MORNING)
    user = make_user("marketing")
    programs = [Program(user) for _ in range(2)]
    path, body = f"/leads/{handoff.lead_id}/activities", {"kind": "event", "external_id": "fair-1"}
    at_once(*(lambda one=one: one.post(path, body) for one in programs))
    assert sorted(program.status for program in programs) == [200, 201]
    assert Activity.objects.count() == 2


def test_the_figures_are_those_of_the_page(marketing: Program) -> None:
    handoffs = hand_over(MORNING, count=3)
    accept(handoff=handoffs[0], by=owner_of(handoffs[0]), now=MORNING + MINUTE)
    accept(handoff=handoffs[1], by=owner_of(handoffs[1]), now=MORNING + 20 * MINUTE)
    told = marketing.get("/compliance?from=2026-03-01&to=2026-03-31&by=rep")
    reader = make_user("marketing")
    query = {"period": "custom", "from": "2026-03-01", "to": "2026-03-31", "by": "rep"}
    reports = {row.kind: row for row in kind_reports(read(query, reader, MORNING + 30 * MINUTE))}
    assert [row["kind"] for row in told["promises"]] == list(reports)
    for row in told["promises"]:
        report = reports[row["kind"]]
        assert (row["now"]["kept"], row["now"]["missed"], row["now"]["open"]) == (
            report.now.kept,
            report.now.missed,
            report.now.open,
        )
        assert [group["label"] for group in row["groups"]] == [group.label for group in report.groups]
    first = told["promises"][0]["now"]
    assert (first["kept"], first["missed"], first["late"], first["share"]) == (1, 2, 1, pytest.approx(1 / 3))
    assert (told["marketing"]["handed_off"], told["marketing"]["accepted"]) == (3, 2)
    assert told["period"]["ends_before"] == "2026-04-01T00:00:00Z"


@pytest.mark.parametrize(
    "query, field",
    [
        ("from=2026-03-01", "to"),
        ("to=2026-03-01", "from"),
        ("from=2026-03-31&to=2026-03-01", "to"),
        ("from=2026-02-30&to=2026-03-01", "from"),
        ("from=5&to=2026-03-01", "from"),
        ("from=2026-03-01&to=2026-03-02&period=7d", "period"),
        ("period=ever", "period"),
        ("by=kind", "by"),
        ("team=999", "team"),
        ("rep=999", "rep"),
        ("teem=1", "teem"),
    ],
)
def test_figures_that_cannot_be_meant_are_refused_by_the_parameter(
    marketing: Program, query: str, field: str
) -> None:
    told = marketing.get(f"/compliance?{query}")
    assert (marketing.status, marketing.fields) == (422, [field])
    assert "shown" not in told["errors"][0]["message"], "nothing is shown instead"


def test_an_agreement_is_told_with_the_text_that_its_digest_is_of(marketing: Program) -> None:
    (agreement,) = marketing.get("/agreements")["items"]
    assert agreement["in_force"] == 1
    told: dict[str, Any] = marketing.get(f"/agreements/{agreement['id']}/versions/1")
    assert told["digest"] == hashlib.sha256(told["text"].encode()).hexdigest()
    assert {row["side"] for row in told["signatures"]} == {"marketing", "sales"}
    assert {row["digest"] for row in told["signatures"]} == {told["digest"]}
    target = next(
        row["target"] for row in told["promises"] if (row["kind"], row["tier"]) == ("accept", "hand_raiser")
    )
    assert target == {"seconds": 900, "days": None, "count": None, "hours": "business"}
    marketing.get(f"/agreements/{agreement['id']}/versions/2")
    assert (marketing.status, marketing.json["code"]) == (404, "not_found")


def test_the_words_of_an_answer_name_times_in_the_zone_of_whoever_asks(marketing: Program) -> None:
    (handoff,) = hand_over(MORNING)
    winner = owner_of(handoff)
    accept(handoff=handoff, by=winner, now=MORNING + timedelta(minutes=5))
    tokyo = Program(make_user("rep", team=winner.team, time_zone="Asia/Tokyo"))
    assert tokyo.refused(f"/handoffs/{handoff.pk}/accept")[1] == "already_answered"
    assert "19:05 JST" in tokyo.json["errors"][0]["message"]
