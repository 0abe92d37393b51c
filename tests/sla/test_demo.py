"""The demo company: the same story for the same seed, made of rows that the services could have written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from accounts.models import User
from leads.exclusions import RULE_SLUGS
from leads.models import Lead, Outcome, StageChange, Submission
from leads.stages import Stage
from notifications.models import Notification
from sla.business_time import BusinessCalendar
from sla.demo.company import API_KEY, DEMO_REP
from sla.demo.scene import minutes_before
from sla.models import AgreementVersion, Clock, Handoff
from tests.sla.demo_story import (
    SUNDAY_NIGHT,
    WEDNESDAY,
    assert_inbox_is_full,
    assert_rows_are_sound,
    build,
    story,
)
from tests.support.people import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def laptop(settings: Any) -> None:
    """The demo is for laptops; pytest-django switches DEBUG off."""
    settings.DEBUG = True


@pytest.mark.long
@pytest.mark.once
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
    versions = AgreementVersion.objects.order_by("number")
    assert [row.state for row in versions] == ["signed", "signed", "proposed"]
    assert {row.agreement_version_id for row in Handoff.objects.all()} == {row.pk for row in versions[:2]}
    assert [row.side for row in versions[2].signatures.all()] == ["marketing"], "sales is asked to sign"
    assert_rows_are_sound(WEDNESDAY)


@pytest.mark.long
def test_something_waits_in_the_inbox_in_a_night_of_the_weekend() -> None:
    build(SUNDAY_NIGHT, submissions=40)

    assert_inbox_is_full(SUNDAY_NIGHT)
    assert_rows_are_sound(SUNDAY_NIGHT)


def test_another_seed_tells_another_story() -> None:
    with transaction.atomic():
        build(seed=1, days=7, submissions=30)
        first = set(Submission.objects.values_list("email", flat=True))
        transaction.set_rollback(True)
    build(seed=2, days=7, submissions=30)

    assert first != set(Submission.objects.values_list("email", flat=True))


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
    before = story()
    call_command("demo", *arguments, stdout=second)

    assert story() == before
    for out in (first, second):
        assert DEMO_REP in out.getvalue()
        assert API_KEY in out.getvalue()


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


def test_minutes_are_counted_back_in_office_time() -> None:
    calendar = BusinessCalendar("UTC", {"mon": [["09:00", "17:00"]], "fri": [["09:00", "17:00"]]})
    monday = datetime(2026, 11, 16, 9, 30, tzinfo=UTC)

    assert minutes_before(calendar, monday, 20) == monday - timedelta(minutes=20)
    assert minutes_before(calendar, monday, 90) == datetime(2026, 11, 13, 16, 0, tzinfo=UTC)
