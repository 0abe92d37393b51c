"""The simulation agrees with what really happens; the ladder of a draft can be written, of a signed version it cannot."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from accounts.models import Role
from leads.models import JournalEntry
from sla.forms_ladders import StepForm
from sla.models import TAKES_BACK, LadderStep, Promise
from sla.reports.simulation import marks_of, simulate
from sla.services.agreements import draft_from
from sla.services.terms import calendar_version_of
from tests.sla.bargain import standard
from tests.sla.desk import MORNING, clock_of, hand_over, open_desk
from tests.support.people import make_user

pytestmark = pytest.mark.django_db


def test_what_is_simulated_is_what_happens() -> None:
    team, _reps = open_desk(reps=1)
    (handoff,) = hand_over(MORNING)
    clock = clock_of(handoff)
    promises = [Promise.objects.prefetch_related("ladder").get(pk=clock.promise_id)]
    (found,) = simulate(promises=promises, calendar_version=calendar_version_of(team.pk), start=MORNING)
    assert found.due_at == clock.due_at
    assert [step.at for step in found.steps] == [row.at for row in clock.escalations.order_by("position")]
    assert sum(line.seconds for line in found.lines) == 15 * 60
    marks = marks_of([found], MORNING)
    assert [mark.at for mark in marks] == sorted(mark.at for mark in marks)


def test_the_page_tells_every_deadline_in_the_zone_that_was_asked(client: Client) -> None:
    team, _reps = open_desk(reps=1)
    client.force_login(make_user(Role.AUDITOR))
    friday: dict[str, str | int] = {
        "team": team.pk,
        "tier": "hand_raiser",
        "start": "2026-03-06T17:55:00",
        "zone": "Europe/Copenhagen",
    }
    answer = client.get(reverse("sla:simulate"), friday)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "Fri 6 Mar 2026, 17:55:00" in text
    # Five minutes are left of the day until 17:00 UTC, and ten on Monday from 09:00 UTC on.
    assert "Mon 9 Mar 2026, 10:10:00" in text
    assert text.count("<circle") > 10
    for kind in ("Accept or reject", "First touch", "Disposition", "Pick-up of returned leads"):
        assert kind in text
    assert client.get(reverse("sla:simulate"), friday | {"zone": "Mars/Base"}).status_code == 422
    assert "Line of time" in client.get(reverse("sla:simulate")).content.decode()


def test_the_ladder_of_a_draft_is_written_with_a_journal_row_and_only_by_a_party(client: Client) -> None:
    manager = make_user(Role.SALES_MANAGER)
    draft = draft_from(version=standard(), by=manager, now=MORNING)
    promise = draft.promises.get(kind="accept", tier="hand_raiser")
    assert promise.ladder.count() == standard().promises.get(kind="accept", tier="hand_raiser").ladder.count()
    rows = {"form-TOTAL_FORMS": 3, "form-INITIAL_FORMS": 0, "do": "save"}
    rows |= {
        "form-0-action": "notify_rep",
        "form-0-when": "before",
        "form-0-amount": "5 min",
        "form-0-hours": "wall",
    }
    rows |= {"form-1-action": "", "form-1-when": "share"}
    rows |= {
        "form-2-action": "put_first",
        "form-2-when": "share",
        "form-2-amount": "50",
        "form-2-hours": "working",
    }
    there = reverse("sla:ladder", args=[promise.pk])
    client.force_login(make_user(Role.AUDITOR))
    assert client.post(there, rows).status_code == 403
    client.force_login(manager)
    assert client.post(there, rows | {"form-2-amount": "soon"}).status_code == 422
    assert client.post(there, rows).status_code == 302
    assert list(promise.ladder.values_list("when", "amount", "hours", "action")) == [
        ("before", 300, "wall", "notify_rep"),
        ("share", 50, "working", "put_first"),
    ]
    assert JournalEntry.objects.get(event="agreement.ladder_edited").actor_id == manager.pk


def test_the_ladder_of_a_signed_version_stays_as_it_was_signed(client: Client) -> None:
    promise = standard().promises.get(kind="accept", tier="hand_raiser")
    before = list(promise.ladder.values())
    client.force_login(make_user(Role.SALES_MANAGER))
    there = reverse("sla:ladder", args=[promise.pk])
    rows = {"form-TOTAL_FORMS": 0, "form-INITIAL_FORMS": 0, "do": "save"}
    answer = client.post(there, rows, follow=True)
    assert "no draft any more" in answer.content.decode()
    assert list(promise.ladder.values()) == before
    assert "Save ladder" not in client.get(there).content.decode()


def test_only_an_answer_can_be_taken_back() -> None:
    step = LadderStep(
        promise=Promise.objects.filter(kind="first_touch")[0], position=9, when="share", amount=200
    )
    step.action = "reassign"
    with pytest.raises(ValidationError, match="nobody answered"):
        step.clean()
    for kind, offered in (("accept", True), ("first_touch", False)):
        promise = Promise.objects.get(kind=kind, tier="scored")
        assert all(
            (f'value="{action}"' in StepForm(promise=promise).as_p()) == offered for action in TAKES_BACK
        )
    written = StepForm({"action": "reassign", "when": "share", "amount": "200"}, promise=promise)
    assert "nobody answered" in str(written.errors)
