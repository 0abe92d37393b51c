"""Marketing rejects a submission whose lead is with sales already: what waits is taken back, what is accepted stays."""

from __future__ import annotations

import pytest

from drains.runner import run_until_idle
from leads.models import Lead, Submission
from leads.services.review import reject, take_back
from sla.models import Clock, Handoff
from sla.services.answering import AlreadyAnswered, accept
from tests.sla.desk import MINUTE, MORNING, clock_of, open_desk, submit
from tests.support.people import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def handoff() -> Handoff:
    """A spammer's demo request, handed to a rep."""
    open_desk()
    submit(MORNING)
    run_until_idle(MORNING)
    return Handoff.objects.get()


def reject_it(after: int = 5) -> None:
    reject(
        submissions=[Submission.objects.get()],
        note="Spam",
        by=make_user("marketing"),
        now=MORNING + after * MINUTE,
    )


def test_an_unanswered_handoff_is_withdrawn_and_its_clock_cancelled(handoff: Handoff) -> None:
    reject_it()
    handoff.refresh_from_db()
    assert (handoff.state, clock_of(handoff).outcome) == ("withdrawn", "cancelled")
    assert not Clock.objects.running().exists()
    assert Lead.objects.get().stage == "disqualified"
    assert handoff.owner is not None
    with pytest.raises(AlreadyAnswered):
        accept(handoff=handoff, by=handoff.owner, now=MORNING + 6 * MINUTE)


def test_a_clock_that_was_late_by_then_stays_missed(handoff: Handoff) -> None:
    reject_it(after=20)
    assert clock_of(handoff).outcome == "missed"


def test_an_accepted_lead_stays_with_sales(handoff: Handoff) -> None:
    assert handoff.owner is not None
    accept(handoff=handoff, by=handoff.owner, now=MORNING + MINUTE)
    reject_it()
    handoff.refresh_from_db()
    assert (handoff.state, Lead.objects.get().stage) == ("accepted", "srl")


def test_taking_the_rejection_back_hands_the_lead_off_again(handoff: Handoff) -> None:
    reject_it()
    later = MORNING + 10 * MINUTE
    take_back(submissions=[Submission.objects.get()], by=make_user("marketing"), now=later)
    run_until_idle(later)
    assert sorted(Handoff.objects.values_list("state", flat=True)) == ["waiting", "withdrawn"]
    assert Lead.objects.get().stage == "srl"
