"""Two weeks of the demo company, lived once and then looked at from all sides."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Max
from pytest_django.plugin import DjangoDbBlocker

from accounts.models import Role, User
from drains.runner import run_until_idle
from leads.models import Outcome, Review, StageChange, Submission
from leads.stages import Stage
from sla.demo import live
from sla.demo.company import LOG_INS, PASSWORD
from sla.demo.company import read as read_company
from sla.demo.people import invent
from tests.sla.demo_story import WEDNESDAY, assert_inbox_is_full, assert_rows_are_sound, build, story
from tests.support.database import rows_of_a_module

pytestmark = [pytest.mark.django_db, pytest.mark.long]


@pytest.fixture(scope="module", autouse=True)
def told_before(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Any]:
    """The company as it is, and what it told when it was built before with the same seed and end."""
    with rows_of_a_module(django_db_blocker):
        with transaction.atomic():
            build()
            before = story()
            transaction.set_rollback(True)
        build()
        yield before


def test_the_same_seed_and_end_tell_the_same_story(told_before: Any) -> None:
    assert story() == told_before


def test_two_weeks_hold_what_a_company_lives_through() -> None:
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
    assert_rows_are_sound(WEDNESDAY)


def test_something_waits_in_the_inbox_of_the_log_in() -> None:
    assert_inbox_is_full(WEDNESDAY)


def test_everybody_of_the_table_can_log_in() -> None:
    users = {user.email: user for user in User.objects.active()}
    assert all(users[email].check_password(PASSWORD) for _role, email, _name, _zone in LOG_INS)


def test_live_visits_arrive_and_reps_answer() -> None:
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
