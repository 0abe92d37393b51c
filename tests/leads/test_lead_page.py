"""The page of one lead: who may see it, its one timeline, its score, and what marketing decides there."""

from datetime import date, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Role
from accounts.policies import Refusal
from leads.journal import Entry, record
from leads.models import Activity, JournalEntry, Lead, StageChange
from leads.selectors import timeline
from leads.services import people
from leads.services.handing import REQUESTED
from leads.services.people import NotPossible
from tests.scoring.make import NOW, make_activity, make_lead
from tests.support.people import make_user

pytestmark = pytest.mark.django_db
LATER = NOW.date() + timedelta(days=30)


@pytest.fixture
def marketing():
    return make_user(Role.MARKETING)


@pytest.fixture
def client(marketing):
    client = Client()
    client.force_login(marketing)
    return client


def as_role(role):
    client = Client()
    client.force_login(make_user(role))
    return client


@pytest.mark.parametrize("path", ["", "timeline/", "score/"])
def test_a_lead_is_seen_by_its_people_and_does_not_exist_for_others(path):
    address = f"/leads/{make_lead().pk}/{path}"
    for role in (Role.MARKETING, Role.SALES_MANAGER, Role.AUDITOR, Role.ADMINISTRATOR):
        assert as_role(role).get(address, headers={"hx-request": "true"}).status_code == 200
    assert as_role(Role.REP).get(address).status_code == 404
    assert Client().get(address).status_code == 302
    assert as_role(Role.MARKETING).get(f"/leads/{2**64}/{path}").status_code == 404


def test_the_page_shows_person_stages_and_where_it_came_from(client):
    lead = make_lead(
        first_name="Ada", last_name="Brandt", job_title="Director", company_name="Acme", extra={"budget": "9"}
    )
    Lead.objects.filter(pk=lead.pk).update(first_origin="google", last_origin="direct")
    page = client.get(f"/leads/{lead.pk}/").content.decode()
    for words in (
        "Ada Brandt",
        "Director",
        "Acme",
        "google",
        "direct",
        "budget",
        "Hand off",
        f"/leads/{lead.pk}/handoffs/",
    ):
        assert words in page


def test_the_timeline_tells_everything_once_newest_first_page_by_page():
    lead = make_lead()
    for number in range(130):
        # Many at the same moment: the order is by kind and number then.
        make_activity(lead, "page_view", NOW + timedelta(minutes=number // 10))
        StageChange.objects.create(
            lead=lead, to_stage="mql", at=NOW + timedelta(minutes=number // 10), rule="x"
        )
    seen, before = [], ""
    while True:
        page = timeline.events(lead, before)
        seen += [event.place for event in page.events]
        before = page.before
        if not before:
            break
        assert len(page.events) == timeline.PAGE
    assert len(seen) == len(set(seen)) == 260
    assert seen == sorted(seen, reverse=True)


def test_the_timeline_names_who_and_which_rule_and_why(marketing):
    lead = make_lead(stage="mql")
    people.disqualify(lead=lead, reason="A test entry", by=marketing, now=NOW)
    told = [(event.title, event.text, event.by) for event in timeline.events(lead).events]
    assert ("MQL → Disqualified", "A test entry", marketing.name) in told
    JournalEntry.objects.create(
        at=NOW, event="handoff.opened", subject_kind="handoff", subject_id=1, lead_id=lead.pk, rule="sla.hand_off",
        after={"owner": marketing.pk},
    )  # fmt: skip
    told = [(event.title, event.text, event.by) for event in timeline.events(lead).events]
    assert ("Handed off to sales", f"for {marketing.name}", "rule: routing") in told


def test_an_activity_taken_back_stays_and_says_so():
    lead = make_lead()
    make_activity(lead, "webinar", voided_at=NOW)
    (event,) = timeline.events(lead).events
    assert "Taken back" in event.text


def test_one_deed_to_several_clocks_is_told_once():
    lead = make_lead()
    kinds = ("accept", "routing", "completeness")
    entries = [
        Entry("clock.started", "clock", number, lead.pk, after={"kind": kind})
        for number, kind in enumerate(kinds)
    ]
    entries.append(Entry("clock.escalated", "clock", 1, lead.pk, after={"action": "notify_rep"}))
    # The handoff that was given to another rep tells of this one.
    entries.append(Entry("clock.escalated", "clock", 1, lead.pk, after={"action": "reassign"}))
    record(entries=entries, at=NOW, rule="sla.hand_off")
    told = [(event.title, event.text) for event in timeline.events(lead).events]
    assert told[:2] == [
        ("Reminder", "the rep was told"),
        ("Clock started", "accept or reject, routing, completeness"),
    ]


@pytest.mark.parametrize("before", ["x", "1.9.9", "99999999999999999.1.1", "-1.0.0"])
def test_a_nonsense_place_in_the_timeline_does_no_harm(client, before):
    lead = make_lead()
    assert client.get(f"/leads/{lead.pk}/?before={before}").status_code == 200


def test_sql_does_not_follow_the_length_of_the_timeline(client):
    lead = make_lead()

    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(f"/leads/{lead.pk}/").status_code == 200
        return len(captured)

    few = statements()
    for _ in range(120):
        make_activity(lead, "page_view")
    assert statements() == few <= 15


def test_the_score_part_states_the_lines_and_their_sum(client):
    lead = make_lead(job_title="Director", employees=300)
    for _ in range(3):
        make_activity(lead, "whitepaper", NOW)
    with time_machine.travel(NOW):
        page = client.get(f"/leads/{lead.pk}/score/", headers={"hx-request": "true"}).content.decode()
    for words in (
        "Why 60?",
        "Decision maker",
        "3 times, no more than 20 for this",
        "<td>60</td>",
        "Standard v1",
    ):
        assert words in page


def test_hand_off_now_goes_before_sales_whatever_the_score(marketing):
    lead = make_lead(stage="nurture")
    people.hand_off(lead=lead, by=marketing, now=NOW)
    lead.refresh_from_db()
    assert (lead.stage, lead.ready_rule, lead.ready_at) == ("mql", REQUESTED, NOW)
    assert JournalEntry.objects.filter(lead_id=lead.pk, event="lead.ready", actor_id=marketing.pk).exists()
    with pytest.raises(NotPossible, match="waits for its handoff"):
        people.hand_off(lead=lead, by=marketing, now=NOW)


def test_nurture_has_a_day_answers_raised_hands_and_may_be_moved(marketing):
    lead = make_lead(stage="mql")
    Lead.objects.filter(pk=lead.pk).update(hand_raised_at=NOW, ready_at=NOW)
    people.nurture(lead=lead, until=LATER, reason="Next budget", by=marketing, now=NOW)
    lead.refresh_from_db()
    assert (lead.stage, lead.nurture_until, lead.ready_at, lead.hand_answered_at) == (
        "nurture",
        LATER,
        None,
        NOW,
    )
    people.nurture(lead=lead, until=LATER + timedelta(days=9), reason="Later", by=marketing, now=NOW)
    assert StageChange.objects.filter(lead=lead).count() == 1
    assert Lead.objects.nurture_due(NOW + timedelta(days=39)).get() == lead


@pytest.mark.parametrize("until", [NOW.date(), date(2000, 1, 1)])
def test_nurture_refuses_a_day_that_has_come(marketing, until):
    with pytest.raises(NotPossible, match="day after today"):
        people.nurture(lead=make_lead(), until=until, reason="", by=marketing, now=NOW)


def test_disqualifying_needs_a_reason_and_can_be_taken_back(marketing):
    lead = make_lead()
    with pytest.raises(NotPossible, match="Write why"):
        people.disqualify(lead=lead, reason=" ", by=marketing, now=NOW)
    people.disqualify(lead=lead, reason="No need", by=marketing, now=NOW)
    people.reopen(lead=lead, by=marketing, now=NOW)
    lead.refresh_from_db()
    assert lead.stage == "lead"
    assert list(StageChange.objects.filter(lead=lead).values_list("to_stage", "by")) == [
        ("disqualified", marketing.pk),
        ("lead", marketing.pk),
    ]


@pytest.mark.parametrize("stage", ["srl", "sql", "opportunity", "customer"])
def test_what_is_with_sales_is_not_decided_by_marketing(marketing, stage):
    lead = make_lead(stage=stage)
    for decide in (
        lambda: people.hand_off(lead=lead, by=marketing, now=NOW),
        lambda: people.nurture(lead=lead, until=LATER, reason="", by=marketing, now=NOW),
        lambda: people.disqualify(lead=lead, reason="x", by=marketing, now=NOW),
        lambda: people.reopen(lead=lead, by=marketing, now=NOW),
    ):
        with pytest.raises(NotPossible, match="Reload its page"):
            decide()
    assert Lead.objects.get(pk=lead.pk).stage == stage


@pytest.mark.parametrize("role", [Role.REP, Role.SALES_MANAGER, Role.AUDITOR])
def test_only_marketing_decides(role):
    lead = make_lead()
    with pytest.raises(Refusal):
        people.hand_off(lead=lead, by=make_user(role), now=NOW)
    client = as_role(role)
    for verb in ("hand-off", "nurture", "disqualify", "reopen"):
        assert client.post(f"/leads/{lead.pk}/{verb}/", {"reason": "x", "until": LATER}).status_code in (
            403,
            404,
        )
    assert not StageChange.objects.exists()


def test_decisions_by_the_buttons_of_the_page(client):
    lead = make_lead()
    assert client.get(f"/leads/{lead.pk}/disqualify/").status_code == 200
    assert client.post(f"/leads/{lead.pk}/disqualify/", {"reason": ""}).status_code == 422
    client.post(f"/leads/{lead.pk}/disqualify/", {"reason": "No need"})
    client.post(f"/leads/{lead.pk}/reopen/")
    assert (
        client.post(f"/leads/{lead.pk}/nurture/", {"until": "2000-01-01", "reason": "x"}).status_code == 422
    )
    client.post(f"/leads/{lead.pk}/nurture/", {"until": "2099-01-01", "reason": "x"})
    assert "comes back on" in client.get(f"/leads/{lead.pk}/").content.decode()
    client.post(f"/leads/{lead.pk}/hand-off/")
    assert "On its way to sales" in client.get(f"/leads/{lead.pk}/").content.decode()
    assert list(StageChange.objects.order_by("pk").values_list("to_stage", flat=True)) == [
        "disqualified", "lead", "nurture", "mql",
    ]  # fmt: skip
    assert Activity.objects.count() == 0


@pytest.mark.parametrize(
    "name",
    [
        "source",
        "form",
        "exclusionrule",
        "activitykind",
        "company",
        "contact",
        "lead",
        "submission",
        "activity",
        "stagechange",
        "opportunity",
        "journalentry",
    ],
)
def test_the_administration_lists_and_searches_in_few_statements(name):
    make_activity(make_lead(stage="mql"), "webinar")
    client = as_role(Role.ADMINISTRATOR)
    for query in ("", "?q=abc", "?q=5"):
        with CaptureQueriesContext(connection) as captured:
            assert client.get(f"/admin/leads/{name}/{query}").status_code == 200
        assert len(captured) <= 12


def test_a_new_key_is_shown_once():
    from leads.models import Source

    client = as_role(Role.ADMINISTRATOR)
    source = Source.objects.get(slug="website")
    address = "/admin/leads/source/"
    page = client.post(address, {"action": "make_key", "_selected_action": [source.pk]}, follow=True)
    source.refresh_from_db()
    assert source.key_hint
    assert f"{source.key_hint}. Copy it now" in page.content.decode()
    assert "Copy it now" not in client.get(address).content.decode()
