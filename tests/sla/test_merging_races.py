"""Merges beside everything else that happens to the same leads at the same moment, in real threads."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from accounts.models import User
from drains.runner import run, run_until_idle
from leads.models import Activity, Lead, Submission
from leads.services.merging import merge_leads
from leads.services.people import NotPossible
from leads.services.review import reject as reject_submission
from sla.models import Breach, Clock, Handoff, PauseReason
from sla.services.answering import AlreadyAnswered, accept
from sla.services.pausing import pause_handoff
from tests.leads.arrivals import deliver
from tests.sla.desk import ARRIVAL, HOUR, MINUTE, MORNING, at_once, hand_over, open_desk, owner_of
from tests.sla.two_leads import accepted
from tests.support.people import make_user

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
LATER = MORNING + 2 * HOUR


def merging(kept: Lead, absorbed: Lead, by: User) -> Callable[[], object]:
    return lambda: merge_leads(kept=kept, absorbed=absorbed, by=by, reason="One person", now=LATER)


def accepting(handoff: Handoff) -> Callable[[], object]:
    rep, row = owner_of(handoff), Handoff.objects.get(pk=handoff.pk)
    return lambda: accept(handoff=row, by=rep, now=MORNING + 5 * MINUTE)


def nothing_is_left(kept: Lead, absorbed: Lead) -> None:
    """At most one open handoff, and all of both at the lead that stays."""
    assert Lead.objects.get(pk=absorbed.pk).merged_into_id == kept.pk
    assert Handoff.objects.open().count() <= 1
    assert not Handoff.objects.filter(lead=absorbed).exists()
    assert not Activity.objects.filter(contact=absorbed.pk).exists()
    assert not Submission.objects.filter(contact=absorbed.pk).exists()
    assert all(clock.handoff.is_open for clock in Clock.objects.running().select_related("handoff"))


def test_of_merges_of_one_pair_at_once_one_wins_whichever_is_to_stay() -> None:
    open_desk(reps=2)
    one, other = (row.lead for row in hand_over(MORNING, count=2))
    people = [make_user("marketing") for _number in range(6)]
    deeds = [merging(one, other, by) for by in people[:3]] + [merging(other, one, by) for by in people[3:]]
    results = at_once(*deeds)
    winners = [row for row in results if isinstance(row, Lead)]
    losers = [row for row in results if isinstance(row, NotPossible)]
    assert (len(winners), len(losers)) == (1, 5), results
    kept = winners[0]
    nothing_is_left(kept, other if kept.pk == one.pk else one)
    assert all(str(kept) in str(loser) and "merged into" in str(loser) for loser in losers)


def test_a_circle_of_merges_at_once_leaves_one_lead_for_all() -> None:
    open_desk(reps=3)
    leads = [row.lead for row in hand_over(MORNING, count=3)]
    by = make_user("marketing")
    results = at_once(*(merging(leads[n], leads[(n + 1) % 3], by) for n in range(3)))
    assert all(isinstance(row, Lead | NotPossible) for row in results), results
    merged = list(Lead.objects.merged())
    assert len(merged) == sum(isinstance(row, Lead) for row in results) >= 1
    standing = set(Lead.objects.not_merged().values_list("pk", flat=True))
    assert {lead.merged_into_id for lead in merged} <= standing
    assert Handoff.objects.open().count() == len(standing)


def test_a_merge_and_an_acceptance_of_what_ends_with_it() -> None:
    open_desk(reps=8)
    for _round in range(4):
        working, waiting = accepted(MORNING), hand_over(MORNING)[0]
        results = at_once(
            accepting(waiting),
            merging(working.lead, waiting.lead, make_user("marketing")),
        )
        assert isinstance(results[0], Handoff | AlreadyAnswered), results
        assert isinstance(results[1], Lead), results
        assert Handoff.objects.open().filter(lead=working.lead).count() == 1
        assert Handoff.objects.get(pk=waiting.pk).lead_id == working.lead_id


def test_a_merge_beside_sweeps_ladders_pauses_and_a_rejected_submission() -> None:
    open_desk(reps=4)
    one, other = accepted(MORNING), accepted(MORNING + 5 * MINUTE)
    rep, marketing = owner_of(one), make_user("marketing")
    until = LATER + HOUR
    submission = Submission.objects.get(contact=other.lead_id)
    results = at_once(
        lambda: run("sla.sweep", lambda: LATER),
        lambda: run("sla.escalate", lambda: LATER),
        lambda: pause_handoff(handoff=one, until=until, reason=PauseReason.PROSPECT_AWAY, by=rep, now=LATER),
        lambda: reject_submission(submissions=[submission], note="Spam", by=marketing, now=LATER),
        merging(one.lead, other.lead, marketing),
    )
    assert not [row for row in results if isinstance(row, Exception)], results
    run_until_idle(LATER, ["sla.sweep"])
    nothing_is_left(one.lead, other.lead)
    # Both were to be called by now: two deadlines missed, two breaches, whoever recorded them.
    assert Breach.objects.filter(clock__kind="first_touch").count() == 2


def test_a_submission_of_the_absorbed_address_that_is_processed_meanwhile_is_the_kept_ones() -> None:
    open_desk(reps=2)
    for number in range(4):
        one, other = (row.lead for row in hand_over(MORNING, count=2))
        sent = deliver(
            {"email": other.contact.email, "activity": "webinar"}, now=LATER, key=f"again-{number}"
        )
        results = at_once(
            lambda: run("leads.process_submissions", lambda: LATER),
            merging(one, other, make_user("marketing")),
            lambda: run("scoring.rescore", lambda: LATER),
        )
        assert not [row for row in results if isinstance(row, Exception)], results
        run_until_idle(LATER, ARRIVAL)
        assert Submission.objects.get(pk=sent.pk).contact_id == one.pk
        assert Activity.objects.filter(contact=one.pk).count() == 3
        assert not Activity.objects.filter(contact=other.pk).exists()
