"""The demo company: the same story for the same seed, made of rows that the services could have written."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from random import Random
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import Count, F, Max

from accounts.models import Absence, Role, User
from drains.models import SetAside
from drains.runner import run_until_idle
from leads.exclusions import RULE_SLUGS
from leads.models import JournalEntry, Lead, Outcome, Review, StageChange, Submission
from leads.stages import Stage
from notifications.models import Notification
from scoring.selectors import explain
from sla.business_time import BusinessCalendar
from sla.demo import live, world
from sla.demo.company import API_KEY, DEMO_REP, LOG_INS, PASSWORD
from sla.demo.company import read as read_company
from sla.demo.people import invent
from sla.demo.scene import minutes_before
from sla.models import Breach, Clock, Handoff, Touch
from tests.support.people import make_user

pytestmark = pytest.mark.django_db
WEDNESDAY = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)
SUNDAY_NIGHT = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def laptop(settings: Any) -> None:
    """The demo is for laptops; pytest-django switches DEBUG off."""
    settings.DEBUG = True


def build(now: datetime = WEDNESDAY, *, seed: int = 1, days: int = 14, submissions: int = 120) -> None:
    world.build(seed=seed, now=now, days=days, submissions=submissions, progress=lambda days: None)


def told_twice(now: datetime) -> Iterator[list[Any]]:
    for _ in range(2):
        with transaction.atomic():
            build(now)
            yield story()
            transaction.set_rollback(True)


def story() -> list[Any]:
    """All that happened, without the numbers of rows, which a database may count on."""
    return [
        list(
            Submission.objects.order_by("pk").values_list("received_at", "email", "outcome", "review", "raw")
        ),
        list(
            Lead.objects.order_by("pk").values_list(
                "contact__email", "stage", "stage_since", "score", "grade"
            )
        ),
        list(
            Handoff.objects.order_by("pk").values_list(
                "lead__contact__email", "owner__email", "state", "started_at", "ended_at", "reason__slug"
            )
        ),
        list(
            Clock.objects.order_by("pk").values_list("kind", "due_at", "ended_at", "outcome", "seconds_used")
        ),
        list(Touch.objects.order_by("pk").values_list("at", "recorded_at", "kind", "note")),
        list(JournalEntry.objects.order_by("pk").values_list("at", "event", "rule")),
        list(Notification.objects.order_by("pk").values_list("created_at", "sent_at", "subject")),
        list(Absence.objects.order_by("pk").values_list("user__email", "starts_at", "ends_at")),
    ]


def test_the_same_seed_and_end_tell_the_same_story() -> None:
    first, second = ([*map(comparable, tables)] for tables in told_twice(WEDNESDAY))

    assert first == second


def comparable(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return [tuple(bytes(cell) if isinstance(cell, memoryview) else cell for cell in row) for row in rows]


def test_another_seed_tells_another_story() -> None:
    with transaction.atomic():
        build(seed=1)
        first = set(Submission.objects.values_list("email", flat=True))
        transaction.set_rollback(True)
    build(seed=2)

    assert first != set(Submission.objects.values_list("email", flat=True))


def test_two_weeks_hold_what_a_company_lives_through() -> None:
    build()

    assert 110 <= Submission.objects.count() <= 140
    assert Submission.objects.aggregate(last=Max("received_at"))["last"] <= WEDNESDAY
    assert {Outcome.NEW_LEAD, Outcome.KNOWN_LEAD, Outcome.EXCLUDED, Outcome.DUPLICATE} <= set(
        Submission.objects.values_list("outcome", flat=True)
    )
    assert {Review.ACCEPTED, Review.PENDING} <= set(Submission.objects.values_list("review", flat=True))
    assert {Stage.LEAD, Stage.MQL, Stage.SRL, Stage.SQL} <= set(
        StageChange.objects.values_list("to_stage", flat=True)
    )
    assert (
        {role for role, *_rest in LOG_INS}
        == set(User.objects.values_list("role", flat=True))
        == set(Role.values)
    )
    assert User.objects.reps().count() == 8
    assert User.objects.values("team").exclude(team=None).distinct().count() == 2


def test_six_weeks_hold_every_exclusion_and_end_of_a_handoff() -> None:
    build(days=45, submissions=400)

    excluded = set(Submission.objects.values_list("outcome_rule", flat=True))
    assert set(RULE_SLUGS) <= excluded, "a kind of exclusion is missing"
    assert {Outcome.SPAM, Outcome.DUPLICATE} <= set(Submission.objects.values_list("outcome", flat=True))
    assert {"waiting", "accepted", "rejected", "qualified"} <= set(
        Handoff.objects.values_list("state", flat=True)
    )
    reached = set(StageChange.objects.values_list("to_stage", flat=True))
    assert {Stage.OPPORTUNITY, Stage.CUSTOMER, Stage.NURTURE} <= reached
    assert {"kept", "missed", "running"} == set(Clock.objects.values_list("outcome", flat=True)) - {
        "cancelled"
    }
    assert Lead.objects.values("tier").distinct().count() == 2
    assert_rows_are_sound(WEDNESDAY)


def assert_rows_are_sound(now: datetime) -> None:
    twice = Handoff.objects.open().values("lead").annotate(n=Count("pk")).filter(n__gt=1)
    assert not twice.exists()
    late = Clock.objects.missed(now)
    assert set(late.values_list("pk", flat=True)) == set(Breach.objects.values_list("clock", flat=True))
    assert not Breach.objects.values("clock").annotate(n=Count("pk")).filter(n__gt=1).exists()
    assert not Breach.objects.exclude(deadline=F("clock__due_at")).exists()
    for lead in Lead.objects.order_by("-score")[:12]:
        assert explain(lead=lead, now=now).score == lead.score
    assert not SetAside.objects.exists()
    assert not Submission.objects.waiting().exists()
    assert not Notification.objects.pending().exists()
    assert JournalEntry.objects.aggregate(last=Max("at"))["last"] <= now


@pytest.mark.parametrize("now", [WEDNESDAY, SUNDAY_NIGHT])
def test_something_waits_in_the_inbox_of_the_log_in_at_any_hour(now: datetime) -> None:
    build(now, submissions=40)

    own = Handoff.objects.open().filter(owner__email=DEMO_REP)
    clocks = Clock.objects.filter(handoff__in=own)
    assert own.waiting().count() >= 5
    assert own.accepted().count() >= 3
    assert clocks.late(now).count() >= 2
    assert clocks.in_warning(now).exists()
    assert clocks.on_time(now).count() >= 2
    assert_rows_are_sound(now)


def test_everybody_of_the_table_can_log_in() -> None:
    build(submissions=20, days=7)

    users = {user.email: user for user in User.objects.active()}
    assert all(users[email].check_password(PASSWORD) for _role, email, _name, _zone in LOG_INS)


def test_no_mail_leaves_the_house(mailoutbox: list[Any]) -> None:
    build(submissions=30, days=7)

    assert Notification.objects.exists()
    assert mailoutbox == []


def test_a_database_in_use_is_left_alone() -> None:
    make_user()
    out = StringIO()

    call_command("demo", "--if-empty", stdout=out)

    assert "nothing was added" in out.getvalue()
    assert User.objects.count() == 1
    with pytest.raises(CommandError, match="only starts from an empty one"):
        call_command("demo")


def test_the_second_start_prints_the_log_ins_and_changes_nothing() -> None:
    first, second = StringIO(), StringIO()
    arguments = ("--if-empty", "--days", "7", "--submissions", "20", "--now", WEDNESDAY.isoformat())

    call_command("demo", *arguments, stdout=first)
    before = comparable_story()
    call_command("demo", *arguments, stdout=second)

    assert comparable_story() == before
    for out in (first, second):
        assert DEMO_REP in out.getvalue()
        assert API_KEY in out.getvalue()


def comparable_story() -> list[Any]:
    return [comparable(table) for table in story()]


def test_a_real_installation_refuses_the_demo(settings: Any) -> None:
    settings.DEBUG = False

    with pytest.raises(CommandError, match="DEBUG is off"):
        call_command("demo")
    assert not User.objects.exists()


@pytest.mark.parametrize("wrong", [("--now", "yesterday"), ("--now", "2026-03-04"), ("--days", "2")])
def test_what_cannot_be_told_is_refused(wrong: tuple[str, str]) -> None:
    with pytest.raises(CommandError):
        call_command("demo", *wrong)
    assert not User.objects.exists()


def test_live_visits_arrive_and_reps_answer() -> None:
    build(submissions=60, days=14)
    company, rng, guests = read_company(), Random(3), [invent(Random(5))]
    before = Submission.objects.count()
    lines = []
    for second in range(80):
        now = WEDNESDAY + timedelta(seconds=10 * second)
        live.arrive(company, rng, guests, now)
        if second % 8 == 0:
            run_until_idle(now)  # as the worker of the running application does
        lines.append(live.answer(company, rng, now))

    assert Submission.objects.count() == before + 80
    assert any(lines)


def test_minutes_are_counted_back_in_office_time() -> None:
    calendar = BusinessCalendar("UTC", {"mon": [["09:00", "17:00"]], "fri": [["09:00", "17:00"]]})
    monday = datetime(2026, 11, 16, 9, 30, tzinfo=UTC)

    assert minutes_before(calendar, monday, 20) == monday - timedelta(minutes=20)
    assert minutes_before(calendar, monday, 90) == datetime(2026, 11, 13, 16, 0, tzinfo=UTC)
