"""Two leads that are one person: cases 30, 57, 58, 59 and 63 of docs/acceptance.md, and what marketing sees of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.policies import Refusal
from drains.runner import run_until_idle
from leads.models import Activity, Lead, Opportunity, OpportunityState, StageChange, Submission
from leads.policies import visible_leads
from leads.services.merging import merge_leads, older_first
from leads.services.people import NotPossible
from leads.services.taking_over import take_over_facts
from leads.stages import Stage
from notifications.models import Notification
from scoring.selectors import explain
from scoring.services import rescore
from sla.models import Breach, Clock, ClockOutcome, Handoff, PromiseKind, Reason, Tenure, TouchKind
from sla.reports.evidence import evidence_of
from sla.services.answering import AlreadyAnswered, accept, reject
from sla.services.working import close_deal, log_touch, open_deal, qualify
from tests.leads.arrivals import arrive
from tests.sla.desk import ARRIVAL, HOUR, MINUTE, MORNING, clock_of, hand_over, open_desk, owner_of
from tests.sla.two_leads import BANT, accepted, plain, touched
from tests.support.people import make_user

pytestmark = pytest.mark.django_db
TOUCH = PromiseKind.FIRST_TOUCH
CLOCKS = ("sla.sweep", "sla.escalate")


def merged(kept: Lead, absorbed: Lead, at: datetime) -> Lead:
    """The kept lead after a merge by somebody of marketing."""
    by = make_user("marketing")
    merge_leads(kept=kept, absorbed=absorbed, by=by, reason="The same phone", now=at)
    return Lead.objects.get(pk=kept.pk)


def enter(role: str = "marketing", **fields: object) -> Client:
    client = Client()
    client.force_login(make_user(role, **fields))
    return client


def test_case_30_a_lead_that_was_merged_away_alarms_nobody() -> None:
    open_desk()
    one, other = hand_over(MORNING, count=2)
    merged(one.lead, other.lead, MORNING + MINUTE)
    told = set(Notification.objects.values_list("pk", flat=True))
    run_until_idle(MORNING + timedelta(days=60))
    paths = set(Notification.objects.exclude(pk__in=told).values_list("path", flat=True))
    assert paths == {one.get_absolute_url()}
    assert not Breach.objects.filter(clock__handoff=other).exists()


def test_case_57_old_links_lead_to_the_older_lead_and_say_merged() -> None:
    open_desk()
    (older,), (younger,) = hand_over(MORNING), hand_over(MORNING + MINUTE)
    kept, absorbed = older_first(younger.lead, older.lead)
    assert (kept, absorbed) == (older.lead, younger.lead)
    merged(kept, absorbed, MORNING + 5 * MINUTE)
    absorbed.refresh_from_db()
    assert (absorbed.stage, absorbed.merged_into_id) == ("merged", kept.pk)
    client = enter()
    for path, target in (
        (f"/leads/{absorbed.pk}/", f"/leads/{kept.pk}/"),
        (f"/leads/{absorbed.pk}/handoffs/", f"/leads/{kept.pk}/"),
        (f"/handoffs/{younger.pk}/", f"/handoffs/{older.pk}/"),
    ):
        answer = client.get(path, follow=True)
        assert answer.redirect_chain == [(target, 302)]
        assert "was merged into this one" in answer.content.decode()
    page = client.get(f"/leads/{kept.pk}/").content.decode()
    assert "SRL → Merged" in page
    assert "The same phone" in page
    assert "Disqualified" not in page
    assert client.get(f"/handoffs/{younger.pk}/?own=1").status_code == 200
    assert absorbed not in visible_leads(make_user("marketing"))


def test_case_58_the_one_who_works_on_the_lead_goes_on_with_all_that_both_did() -> None:
    """The older record stays, the owner is that of the younger one, which was being worked on."""
    open_desk()
    (waiting,) = hand_over(MORNING)
    worked = touched(MORNING + MINUTE)
    kept = merged(waiting.lead, worked.lead, MORNING + HOUR)
    (going_on,) = Handoff.objects.open()
    assert (going_on.pk, going_on.lead, going_on.owner) == (worked.pk, kept, worked.owner)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.lead) == ("merged", kept)
    assert Activity.objects.filter(contact=kept.pk).count() == 2
    assert Submission.objects.filter(contact=kept.pk).count() == 2
    assert going_on.touches.count() == 1
    log_touch(
        handoff=worked,
        kind=TouchKind.CALL,
        reached=True,
        note="",
        at=MORNING + HOUR,
        by=owner_of(worked),
        now=MORNING + HOUR,
    )
    with pytest.raises(AlreadyAnswered, match="goes on elsewhere"):
        accept(handoff=waiting, by=owner_of(waiting), now=MORNING + HOUR)


def test_case_59_the_points_are_those_of_both_at_once_and_after_a_computation_anew() -> None:
    numbers = [arrive(now=MORNING, activity=kind).contact_id for kind in ("webinar", "whitepaper")]
    run_until_idle(MORNING, ARRIVAL)
    kept, absorbed = (Lead.objects.get(pk=number) for number in numbers)
    points = kept.engagement + absorbed.engagement
    assert kept.engagement > 0
    kept = merged(kept, absorbed, MORNING + 5 * MINUTE)
    assert kept.engagement == points == explain(lead=kept, now=MORNING + 5 * MINUTE).engagement
    rescore([kept], MORNING + HOUR)
    assert Lead.objects.get(pk=kept.pk).engagement == points


def test_case_63_the_earliest_start_of_each_promise_goes_on_and_every_breach_stays() -> None:
    """One was accepted first, and waits for its touch for longer; the other was handed off first, and answered too late."""
    open_desk()
    (late,) = hand_over(MORNING)
    quick = accepted(MORNING + 2 * MINUTE)
    run_until_idle(MORNING + 20 * MINUTE, CLOCKS)
    accept(handoff=late, by=owner_of(late), now=MORNING + 30 * MINUTE)
    (breach,) = Breach.objects.all()
    before = clock_of(late, TOUCH)
    kept = merged(late.lead, quick.lead, MORNING + 40 * MINUTE)
    after = clock_of(late, TOUCH)
    assert (before.started_at, before.due_at) == (MORNING + 30 * MINUTE, MORNING + 90 * MINUTE)
    assert (after.started_at, after.due_at) == (MORNING + 12 * MINUTE, MORNING + 72 * MINUTE)
    assert [row.pk for row in Breach.objects.all()] == [breach.pk]
    assert clock_of(late).outcome == "missed"
    assert clock_of(quick, TOUCH).outcome == "cancelled"
    shown = evidence_of(Handoff.objects.get(pk=late.pk), MORNING + HOUR)
    told = [one for one in shown.clocks if one.clock.kind == TOUCH]
    assert told[0].agrees
    assert told[0].recomputations[-1].why == "two leads were one person"
    assert enter().get(f"/handoffs/{late.pk}/evidence/").status_code == 200
    assert Lead.objects.get(pk=kept.pk).handoffs.count() == 2


def test_who_had_the_time_that_now_counts_answers_for_it() -> None:
    """Bo had the person for most of the hour; that Ada's handoff goes on does not make it hers."""
    open_desk()
    (adas,) = hand_over(MORNING)
    bos = accepted(MORNING)
    assert adas.owner != bos.owner
    accept(handoff=adas, by=owner_of(adas), now=MORNING + 50 * MINUTE)
    merged(adas.lead, bos.lead, MORNING + 55 * MINUTE)
    clock = clock_of(adas, TOUCH)
    assert (clock.started_at, clock.due_at) == (MORNING + 10 * MINUTE, MORNING + 70 * MINUTE)
    assert clock.owner == bos.owner
    adas.refresh_from_db()
    assert (adas.state, adas.owner) == ("accepted", owner_of(adas))
    tenure = Tenure.objects.get(handoff=adas)
    assert (tenure.owner, tenure.ends_at) == (bos.owner, MORNING + 50 * MINUTE)


def test_a_promise_that_was_broken_already_is_not_broken_twice() -> None:
    open_desk()
    old = accepted(MORNING)
    (young,) = hand_over(MORNING + HOUR)
    Handoff.objects.filter(pk=old.pk).update(started_at=MORNING + 2 * HOUR)  # so that the young one goes on
    accept(handoff=young, by=owner_of(young), now=MORNING + HOUR + MINUTE)
    now = MORNING + HOUR + 30 * MINUTE
    merged(old.lead, young.lead, now)
    run_until_idle(now, CLOCKS)
    assert clock_of(old, TOUCH).outcome == "missed"
    assert clock_of(young, TOUCH).started_at == MORNING + HOUR + MINUTE
    assert Breach.objects.count() == 1


def test_to_say_that_two_leads_are_one_person_picks_neither_up() -> None:
    open_desk(reps=1)
    (handoff,) = hand_over(MORNING)
    reason = Reason.objects.get(slug="incomplete")
    reject(handoff=handoff, reason=reason, note="", by=owner_of(handoff), now=MORNING)
    kept, by = plain(MORNING + HOUR), make_user("marketing")
    merge_leads(kept=kept, absorbed=handoff.lead, by=by, reason="Same number", now=MORNING + 2 * HOUR)
    assert clock_of(handoff, PromiseKind.PICK_UP).outcome == ClockOutcome.RUNNING


def test_later_submissions_of_either_address_are_the_kept_ones() -> None:
    kept, absorbed = plain(MORNING), plain(MORNING + MINUTE)
    gone = plain(MORNING + 2 * MINUTE)
    merged(absorbed, gone, MORNING + 3 * MINUTE)
    merged(kept, absorbed, MORNING + 4 * MINUTE)
    for lead in (kept, absorbed, gone):
        submission = arrive(lead.contact.email, now=MORNING + HOUR, activity="webinar")
        assert (submission.contact_id, submission.outcome) == (kept.pk, "known_lead")
    assert set(kept.absorbed.values_list("pk", flat=True)) == {absorbed.pk, gone.pk}
    found = enter().get("/leads/", {"q": gone.contact.email}).content.decode()
    assert f'href="/leads/{kept.pk}/"' in found
    assert f'href="/leads/{gone.pk}/"' not in found


def test_a_threshold_that_only_both_cross_hands_off_once() -> None:
    open_desk()
    person: dict[str, Any] = {"job_title": "Director", "employees": 100, "company_name": "Acme"}
    numbers = [arrive(now=MORNING, activity="webinar", **person).contact_id for _number in range(2)]
    run_until_idle(MORNING, ARRIVAL)
    assert not Handoff.objects.exists()
    kept, absorbed = (Lead.objects.get(pk=number) for number in numbers)
    kept = merged(kept, absorbed, MORNING + 5 * MINUTE)
    for later in range(3):
        run_until_idle(MORNING + (6 + later) * MINUTE, ARRIVAL)
    assert [row.lead for row in Handoff.objects.all()] == [kept]


def test_a_threshold_that_one_of_them_crossed_stays_used_up() -> None:
    kept, absorbed = plain(MORNING), plain(MORNING + MINUTE)
    absorbed.threshold_armed = False
    take_over_facts(kept, absorbed, Stage.LEAD, tier_too=False, now=MORNING + HOUR)
    assert not Lead.objects.get(pk=kept.pk).threshold_armed


def test_two_open_deals_are_closed_one_after_the_other_and_who_bought_is_a_customer() -> None:
    open_desk()
    deals = []
    for at in (MORNING, MORNING + MINUTE):
        handoff = touched(at, reached=True)
        qualify(handoff=handoff, bant=BANT, by=owner_of(handoff), now=at + 30 * MINUTE)
        open_deal(handoff=handoff, amount=None, by=owner_of(handoff), now=at + 31 * MINUTE)
        deals.append(handoff)
    kept = merged(deals[0].lead, deals[1].lead, MORNING + HOUR)
    assert (kept.stage, Opportunity.objects.filter(lead=kept).count()) == ("opportunity", 2)
    for handoff, end, stage in (
        (deals[0], OpportunityState.WON, "opportunity"),
        (deals[1], OpportunityState.LOST, "customer"),
    ):
        close_deal(handoff=handoff, state=end, amount=None, by=owner_of(handoff), now=MORNING + 2 * HOUR)
        assert Lead.objects.get(pk=kept.pk).stage == stage


def test_a_merge_needs_marketing_a_reason_and_two_leads_that_are_there() -> None:
    kept, absorbed = plain(MORNING), plain(MORNING)
    for role in ("rep", "sales_manager", "auditor"):
        with pytest.raises(Refusal):
            merge_leads(kept=kept, absorbed=absorbed, by=make_user(role), reason="x", now=MORNING)
    marketing = make_user("marketing")
    for one, other, reason in ((kept, absorbed, "  "), (kept, kept, "x")):
        with pytest.raises(NotPossible):
            merge_leads(kept=one, absorbed=other, by=marketing, reason=reason, now=MORNING)
    assert not StageChange.objects.filter(to_stage="merged").exists()
    merged(kept, absorbed, MORNING)
    with pytest.raises(NotPossible, match="was merged into"):
        merge_leads(kept=absorbed, absorbed=kept, by=marketing, reason="x", now=MORNING)


def test_the_database_refuses_what_can_never_be() -> None:
    kept, other = plain(MORNING), plain(MORNING)
    impossible = ({"stage": "merged"}, {"merged_into": kept}, {"stage": "merged", "merged_into": other})
    for fields in impossible:
        with pytest.raises(IntegrityError), transaction.atomic():
            Lead.objects.filter(pk=other.pk).update(**fields)


def test_marketing_finds_the_other_lead_sees_what_will_be_and_merges() -> None:
    open_desk()
    with time_machine.travel(MORNING + 20 * MINUTE, tick=False):
        one, other = accepted(MORNING), hand_over(MORNING, first_name="Zoe", last_name="Zebra")[0]
        client = enter()
        found = client.get(f"/leads/{one.lead_id}/merge/", {"who": "zebra"}, headers={"HX-Request": "true"})
        target = f"/leads/{one.lead_id}/merge/{other.lead_id}/"
        assert f'href="{target}"' in found.content.decode()
        page = client.get(target).content.decode()
        assert "Zoe Zebra" in page
        assert f"No. {one.lead_id} stays" in page
        outlook = client.get(f"{target}handoffs/", headers={"HX-Request": "true"}).content.decode()
        assert f"{one.owner}, {one.team}, goes on" in outlook
        assert "ends as merged" in outlook
        assert "its breach stays" in outlook
        assert client.post(target, {"keep": one.lead_id}).status_code == 422
        assert not Lead.objects.merged().exists()
        done = client.post(target, {"keep": one.lead_id, "reason": "The same phone"}, follow=True)
        assert done.redirect_chain == [(f"/leads/{one.lead_id}/", 302)]
        assert Lead.objects.get(pk=other.lead_id).merged_into_id == one.lead_id
        assert other.lead.contact.email in done.content.decode()
        told = Notification.objects.get(kind="handoff_merged")
        assert (told.recipient, told.path) == (other.owner, other.get_absolute_url())


def test_the_younger_lead_is_kept_where_somebody_says_so() -> None:
    older, younger = plain(MORNING), plain(MORNING + MINUTE)
    client, target = enter(), f"/leads/{older.pk}/merge/{younger.pk}/"
    page = client.get(target, {"keep": younger.pk}).content.decode()
    assert f"No. {younger.pk} stays" in page
    client.post(target, {"keep": younger.pk, "reason": "The newer address"})
    assert Lead.objects.get(pk=older.pk).merged_into_id == younger.pk
    assert Clock.objects.count() == 0
