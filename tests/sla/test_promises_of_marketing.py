"""What marketing promised: routing at once and complete leads, and nothing of it waits in a queue of sales."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from drains.runner import run_until_idle
from leads.models import Contact, Lead, Source, SourceKind
from notifications.models import Notification
from sla.models import SALES_KINDS, Breach, Clock, Handoff, PromiseKind, Reason
from sla.reports.compliance import kind_reports
from sla.reports.evidence import evidence_of
from sla.reports.filters import read
from sla.reports.unrouted import unrouted, unrouted_page
from sla.selectors.handoffs import detail_queryset, handoff_detail
from sla.services.answering import reject
from tests.sla.accepted import DAY, told
from tests.sla.desk import (
    ARRIVAL,
    HOUR,
    MINUTE,
    MORNING,
    clock_of,
    hand_over,
    open_desk,
    owner_of,
    submit,
)
from tests.support.people import make_user


@pytest.mark.django_db
def test_routing_is_kept_where_the_handoff_follows_at_once() -> None:
    open_desk(reps=1)
    (handoff,) = hand_over(MORNING)
    clock = clock_of(handoff, PromiseKind.ROUTING)
    assert (clock.outcome, clock.started_at, clock.ended_at) == ("kept", handoff.ready_at, handoff.started_at)
    assert (clock.owner, clock.due_at) == (None, handoff.ready_at + 5 * MINUTE)


@pytest.mark.django_db
@pytest.mark.parametrize(("late", "outcome"), [(0, "kept"), (1, "missed")])
def test_routing_that_took_too_long_is_a_breach_of_its_deadline_for_marketing_alone(
    late: int, outcome: str
) -> None:
    team, _reps = open_desk(reps=1)
    manager, marketing = make_user("sales_manager", team=team), make_user("marketing")
    submit(MORNING)
    run_until_idle(MORNING, ARRIVAL[:2])
    ready_at = Lead.objects.get().ready_at
    assert ready_at is not None
    due = ready_at + 5 * MINUTE
    run_until_idle(due + timedelta(seconds=late), ["sla.hand_off", "sla.escalate"])
    handoff = Handoff.objects.get()
    assert told(handoff, PromiseKind.ROUTING) == (outcome, due + timedelta(seconds=late))
    assert [breach.deadline for breach in Breach.objects.all()] == [due] * late
    readers = {row.recipient for row in Notification.objects.filter(kind="breach")}
    assert readers == ({marketing} if late else set())
    assert manager not in readers


@pytest.mark.django_db
def test_a_complete_lead_keeps_completeness_at_once_and_an_incomplete_one_misses_it_after_its_target() -> (
    None
):
    open_desk(reps=1)
    (complete,) = hand_over(MORNING)
    assert told(complete, PromiseKind.COMPLETENESS) == ("kept", MORNING)
    (lacking,) = hand_over(MORNING, company_name="", job_title="Director")
    clock = clock_of(lacking, PromiseKind.COMPLETENESS)
    assert (clock.outcome, clock.owner) == ("running", None)
    assert clock.due_at == MORNING + timedelta(seconds=1)
    run_until_idle(MORNING + 2 * MINUTE, ["sla.sweep"])
    assert Breach.objects.get().clock == clock
    # The rep's own countdown is the answer.
    lacking.refresh_from_db()
    assert lacking.next_clock == clock_of(lacking)


@pytest.mark.django_db
def test_the_missing_fields_are_told_on_the_page_and_in_the_evidence_and_end_when_they_are_filled() -> None:
    open_desk(reps=1)
    (handoff,) = hand_over(MORNING, company_name="", email="ada@acme.example")
    rep = owner_of(handoff)

    def missing() -> list[str]:
        row = detail_queryset(rep).get()
        return handoff_detail(handoff=row, user=rep, now=MORNING).missing

    assert missing() == ["Company name"]
    at = MORNING + 20 * MINUTE
    submit(at, email="ada@acme.example", company_name="Acme", form=None, activity="newsletter")
    run_until_idle(at, ["leads.process_submissions"])
    assert Contact.objects.get().company_name == "Acme"
    assert told(handoff, PromiseKind.COMPLETENESS) == ("missed", at)
    assert missing() == []
    story = evidence_of(detail_queryset(rep).get(), at).happenings
    assert [one.text for one in story if one.title == "Agreed fields were missing"] == [
        "missing: Company name"
    ]


@pytest.mark.django_db
def test_completeness_is_nobodys_business_after_the_handoff() -> None:
    """In time it is cancelled, here because the office was closed; late it is missed."""
    open_desk(reps=1)
    night = MORNING.replace(hour=20)
    (handoff,) = hand_over(night, company_name="")
    assert clock_of(handoff, PromiseKind.COMPLETENESS).outcome == "running"
    manager = make_user("administrator")
    reason = Reason.objects.get(slug="incomplete")
    reject(handoff=handoff, reason=reason, note="", by=manager, now=night + HOUR)
    assert told(handoff, PromiseKind.COMPLETENESS) == ("cancelled", night + HOUR)
    (second,) = hand_over(MORNING + DAY, company_name="")
    reject(handoff=second, reason=reason, note="", by=manager, now=MORNING + DAY + MINUTE)
    assert told(second, PromiseKind.COMPLETENESS) == ("missed", MORNING + DAY + MINUTE)


@pytest.mark.django_db
def test_case_29_imported_history_starts_no_clock_of_either_side() -> None:
    _, (rep,) = open_desk(reps=1)
    source = Source.objects.create(name="Old", slug="old", kind=SourceKind.IMPORT, starts_clocks=False)
    then = MORNING.replace(year=2025)
    (handoff,) = hand_over(
        MORNING, source=source, form=None, activity="demo_request", occurred_at=then.isoformat()
    )
    reject(handoff=handoff, reason=Reason.objects.get(slug="duplicate"), note="", by=rep, now=MORNING + HOUR)
    assert not Clock.objects.exists()


@pytest.mark.django_db
def test_a_ready_lead_that_no_handoff_follows_does_not_look_fine() -> None:
    open_desk(reps=1)
    submit(MORNING)
    run_until_idle(MORNING, ARRIVAL[:2])
    ready_at = Lead.objects.get().ready_at
    assert ready_at is not None
    due = ready_at + 5 * MINUTE
    assert (unrouted(due).count, unrouted(due).oldest, unrouted(due).is_late) == (1, ready_at, False)
    assert unrouted(due + timedelta(seconds=1)).is_late
    with time_machine.travel(due + HOUR, tick=False):
        client = Client()
        client.force_login(make_user("auditor"))
        page = client.get("/compliance/").content.decode()
        assert "Ready, not handed off" in page
        assert "oldest since" in page
        assert str(Lead.objects.get()) in client.get("/compliance/not-handed-off/").content.decode()
    run_until_idle(due + HOUR, ["sla.hand_off"])
    assert unrouted(due + HOUR).count == 0


@pytest.mark.django_db
def test_a_lead_that_no_team_may_take_is_late_at_once() -> None:
    open_desk(fallback=False, countries=["DK"])
    assert hand_over(MORNING, country="ID") == []
    rows, _more = unrouted_page(1, MORNING)
    assert [(row.has_team, row.is_late) for row in rows] == [(False, True)]


@pytest.mark.django_db
def test_what_marketing_promised_is_cut_by_source_and_never_waits_in_a_reps_queue() -> None:
    open_desk(reps=1)
    hand_over(MORNING, company_name="")
    manager = make_user("sales_manager")
    reports = {one.kind: one for one in kind_reports(read({"by": "rep"}, manager, MORNING + MINUTE))}
    assert set(reports) == set(PromiseKind)
    (group,) = reports["completeness"].groups
    assert (group.label, group.tally.missed, reports["completeness"].by) == ("Website", 1, "source")
    assert reports["accept"].by == "rep"
    queue = read({"rep": "queue"}, manager, MORNING + MINUTE)
    assert not queue.clocks().exists()
    assert {one.kind for one in kind_reports(queue)} == set(SALES_KINDS)
