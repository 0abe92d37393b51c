"""The evidence of a handoff: the story from the journal, and arithmetic that adds up to the second."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from django.http import HttpResponse
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from leads.journal import Entry, record
from leads.models import Contact, Lead
from sla.business_time import BusinessCalendar
from sla.models import Agreement, Calendar, Clock, Handoff, Reason, Territory, TouchKind
from sla.reports.evidence import evidence_of
from sla.reports.happenings import EVENTS, READY_RULES
from sla.reports.receipts import READABLE, lines_of
from sla.reports.wording import to_the_second, worked
from sla.services.answering import accept, reject
from sla.services.opening import hand_off
from sla.services.sweep import sweep
from sla.services.working import log_touch
from tests.sla.made_clocks import START, make_clock, make_handoff, make_lead
from tests.support.people import make_team, make_user

CALENDARS = [
    BusinessCalendar("UTC", {day: [("09:00", "17:00")] for day in ("mon", "tue", "wed", "thu", "fri")}),
    BusinessCalendar(
        "Europe/Copenhagen",
        {day: [("08:00", "12:00"), ("12:30", "16:00")] for day in ("mon", "wed", "sat")},
        holidays={"2026-04-03": "Good Friday", "2026-04-06": "Easter Monday"},
        special={"2026-04-03": [("10:00", "11:00")], "2026-05-05": []},
    ),
    BusinessCalendar("America/New_York", {"sun": [("01:00", "04:00")], "fri": [("22:00", "24:00")]}),
    BusinessCalendar.round_the_clock(),
]


@given(
    calendar=st.sampled_from(CALENDARS),
    start=st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),
    seconds=st.one_of(st.integers(0, 3 * 86_400), st.integers(0, 20_000_000)),
)
def test_the_lines_are_few_and_add_up_to_the_second(
    calendar: BusinessCalendar, start: datetime, seconds: int
) -> None:
    receipt = calendar.explain(start, seconds)
    lines = lines_of(receipt)
    assert sum(line.seconds for line in lines) == seconds
    assert all(line.seconds >= 0 and line.label for line in lines)
    assert len(lines) <= max(READABLE, receipt.due.year - start.year + 2)
    used = calendar.between(start, receipt.due + timedelta(hours=100))
    again = lines_of(calendar.explain_between(start, receipt.due + timedelta(hours=100)))
    assert sum(line.seconds for line in again) == int(used)


def test_a_short_receipt_names_days_hours_and_why_days_were_skipped() -> None:
    friday = datetime(2026, 4, 2, 13, 0, tzinfo=UTC)  # a Thursday, closed
    lines = lines_of(CALENDARS[1].explain(friday, 3 * 3600))
    assert [(line.label, line.note, line.value) for line in lines] == [
        ("Thu 2 Apr", "no opening hours", "–"),
        ("Fri 3 Apr", "10:00–11:00, special hours", "1 h"),
        ("Sat 4 Apr", "08:00–10:00", "2 h"),
    ]
    assert [(line.label, line.note) for line in lines_of(CALENDARS[1].explain(friday, 9 * 3600))][3:5] == [
        ("Sun 5 Apr", "no opening hours"),
        ("Mon 6 Apr", "holiday: Easter Monday"),
    ]


def test_a_long_receipt_is_folded_and_still_names_the_holidays() -> None:
    lines = lines_of(CALENDARS[1].explain(datetime(2026, 3, 2, 7, 0, tzinfo=UTC), 200 * 3600))
    assert len(lines) <= READABLE
    assert any("Easter Monday" in line.note and "days counted" in line.note for line in lines)


@pytest.mark.parametrize(
    ("seconds", "exact", "glance"),
    [
        (0, "0 s", "0 s"),
        (59, "59 s", "59 s"),
        (3600, "1 h", "1 h"),
        (28_770, "7 h 59 min 30 s", "7 h 59 min"),
    ],
)
def test_amounts_in_words(seconds: int, exact: str, glance: str) -> None:
    assert (to_the_second(seconds), worked(seconds)) == (exact, glance)


@pytest.fixture
def rep(db: None) -> User:
    team = make_team("North")
    Territory.objects.create(
        team=team, calendar=Calendar.objects.get(), agreement=Agreement.objects.get(), is_fallback=True
    )
    return make_user("rep", team=team, name="Ida Lund")


def handed_off(now: datetime = START) -> Handoff:
    lead = make_lead()
    Contact.objects.filter(pk=lead.contact_id).update(job_title="Director", company_name="Acme")
    Lead.objects.filter(pk=lead.pk).update(
        stage="mql", ready_at=now - timedelta(seconds=5), ready_rule="hand_raise", ready_detail="Demo"
    )
    hand_off(list(Lead.objects.ready()), now)
    return Handoff.objects.get(lead=lead)


def test_the_story_is_told_in_order_with_who_and_what_changed(rep: User) -> None:
    handoff = handed_off()
    sweep(list(Clock.objects.due(START + timedelta(minutes=16))), START + timedelta(minutes=16))
    accept(handoff=handoff, by=rep, now=START + timedelta(minutes=20))
    log_touch(
        handoff=handoff,
        kind=TouchKind.CALL,
        reached=True,
        note="Wants a demo.",
        at=START + timedelta(minutes=30),
        by=rep,
        now=START + timedelta(minutes=40),
    )
    handoff.refresh_from_db()
    evidence = evidence_of(handoff, START + timedelta(hours=2))
    assert [(one.title, one.who) for one in evidence.happenings] == [
        ("Stage changed", "rule: routing"),
        ("Handed off", "rule: routing"),
        ("Clock started: Accept or reject", "rule: routing"),
        ("Clock started: Routing", "rule: routing"),
        ("Clock started: Completeness", "rule: routing"),
        ("Clock ended: Routing", "rule: routing"),
        ("Clock ended: Completeness", "rule: routing"),
        ("Breach recorded: Accept or reject", "rule: the sweep of clocks"),
        ("Clock ended: Accept or reject", "Ida Lund"),
        ("Clock started: First touch", "Ida Lund"),
        ("Clock started: Attempts to reach", "Ida Lund"),
        ("Clock started: Disposition", "Ida Lund"),
        ("Accepted", "Ida Lund"),
        ("Clock ended: First touch", "Ida Lund"),
        ("Clock ended: Attempts to reach", "Ida Lund"),
        ("Touch logged", "Ida Lund"),
    ]
    texts = [one.text for one in evidence.happenings]
    assert "stage: MQL → SRL" in texts[0]
    assert "outcome: Running → Missed" in texts[8]
    assert "time used: 20 min" in texts[8]
    assert "Call · reached" in texts[15]
    assert "Wants a demo." in texts[15]
    accepting, touching, attempts, disposition, routing, completeness = evidence.clocks
    assert (attempts.target, attempts.mark.words) == ("6 attempts within 10 business days", "kept")
    assert (disposition.target, disposition.mark.words) == ("15 business days", "open, in time")
    assert (routing.mark.words, completeness.mark.words) == ("kept", "kept")
    assert ("Answers for it", "Marketing") in routing.facts
    assert all(one.agrees for one in evidence.clocks)
    assert (accepting.target, accepting.due.total, accepting.mark.words) == (
        "15 min",
        "15 min",
        "missed by 5 min",
    )
    assert accepting.used is not None
    assert accepting.used.total == "20 min"
    assert accepting.agrees
    assert touching.agrees
    assert (accepting.ended_by, touching.mark.words) == ("Ida Lund", "kept")
    assert accepting.breaches[0].deadline == START + timedelta(minutes=15)
    assert ("Hours", "Office hours, version 1") in accepting.facts


def test_a_rejection_shows_reason_and_class(rep: User) -> None:
    handoff = handed_off()
    reason = Reason.objects.get(slug="duplicate")
    reject(handoff=handoff, reason=reason, note="", by=rep, now=START + timedelta(minutes=5))
    handoff.refresh_from_db()
    told = " ".join(one.text for one in evidence_of(handoff, START + timedelta(hours=1)).happenings)
    assert "reason: Duplicate" in told
    assert "class: Clerical: incomplete or wrong" in told


def test_a_stored_time_that_the_calendar_does_not_give_is_told(rep: User) -> None:
    handoff = make_handoff(rep.team, rep)
    clock = make_clock(handoff, "kept")
    assert evidence_of(handoff, START).clocks[0].agrees
    Clock.objects.filter(pk=clock.pk).update(due_at=clock.due_at + timedelta(seconds=1))
    assert not evidence_of(handoff, START).clocks[0].agrees


def test_an_event_without_words_is_shown_by_its_own_name(rep: User) -> None:
    handoff = make_handoff(rep.team, rep)
    record(entries=[Entry("handoff.sung", "handoff", handoff.pk, handoff.lead_id)], at=START, rule="x.y")
    assert [one.title for one in evidence_of(handoff, START).happenings] == ["handoff.sung"]
    assert all(str(words) for words, _icon, _meaning in EVENTS.values())
    assert len(READY_RULES) == 3


def page(user: User, handoff: Handoff) -> HttpResponse:
    client = Client()
    client.force_login(user)
    return client.get(f"/handoffs/{handoff.pk}/evidence/")  # type: ignore[return-value]


def test_owner_team_mate_manager_marketing_and_auditor_see_it_and_a_stranger_does_not(rep: User) -> None:
    handoff = handed_off()
    for seeing in (
        rep,
        make_user("rep", team=rep.team),
        make_user("sales_manager", team=rep.team),
        make_user("sales_manager"),
        make_user("marketing"),
        make_user("auditor"),
        make_user("administrator"),
    ):
        assert page(seeing, handoff).status_code == 200
    for stranger in (make_user("rep"), make_user("sales_manager", team=make_team())):
        assert page(stranger, handoff).status_code == 404


def test_times_are_in_the_readers_zone_and_the_calendars_zone_is_named(rep: User) -> None:
    handoff = handed_off()
    text = unescape(page(make_user("auditor", time_zone="Asia/Jakarta"), handoff).content.decode())
    assert "Mon 2 Mar 2026, 16:00:00 WIB" in text
    assert "Office hours, version 1 (UTC)" in text
    assert "09:00–09:15" in text
    assert "it agrees with what was stored" in text


def test_the_auditor_finds_nothing_to_change_on_it(rep: User) -> None:
    handoff = handed_off()
    text = page(make_user("auditor"), handoff).content.decode()
    main = text[text.index("<main") : text.index("</main>")]
    assert "<form" not in main
    assert "<button" not in main


def test_many_clocks_and_breaches_cost_no_more_statements(
    rep: User, django_assert_max_num_queries: object
) -> None:
    handoff = make_handoff(rep.team, rep)
    for number in range(12):
        make_clock(handoff, "kept", at=START + timedelta(hours=number))
    client = Client()
    client.force_login(make_user("auditor"))
    with django_assert_max_num_queries(15):  # type: ignore[operator]
        assert client.get(f"/handoffs/{handoff.pk}/evidence/").status_code == 200
