"""Waivers: a manager's, with a reason, beside kept and missed for ever."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from html import unescape

import pytest
import time_machine
from django.test import Client

from accounts.models import User
from accounts.policies import Refusal
from drains.runner import run_until_idle
from leads.models import JournalEntry
from sla.models import Breach, ClockOutcome, Handoff, PromiseKind, TouchKind, Waiver
from sla.reports.compliance import Tally, kind_reports
from sla.reports.evidence import evidence_of
from sla.reports.filters import read
from sla.reports.lists import ClockList
from sla.services.answering import NotPossible, accept
from sla.services.pausing import waive
from sla.services.working import log_touch
from tests.sla.desk import HOUR, MINUTE, MORNING, clock_of, hand_over, open_desk, owner_of
from tests.support.people import make_team, make_user

NOW = MORNING + 3 * HOUR
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _after_lunch() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def missed() -> tuple[Handoff, User]:
    """A handoff whose first touch came after two hours instead of one, and the manager of its team."""
    open_desk(reps=1)
    (handoff,) = hand_over(MORNING)
    accept(handoff=handoff, by=owner_of(handoff), now=MORNING)
    touch(handoff, 120)
    return handoff, make_user("sales_manager", team=handoff.team, name="Mia Holm")


def touch(handoff: Handoff, minutes: int) -> None:
    at = MORNING + minutes * MINUTE
    log_touch(
        handoff=handoff, kind=TouchKind.CALL, reached=True, note="", at=at, by=owner_of(handoff), now=NOW
    )


def tally(user: User) -> Tally:
    return next(one.now for one in kind_reports(read({}, user, NOW)) if one.kind == PromiseKind.FIRST_TOUCH)


def test_case_42_a_waiver_needs_the_role_and_a_reason_and_stays_in_the_audit() -> None:
    handoff, manager = missed()
    clock = clock_of(handoff, PromiseKind.FIRST_TOUCH)
    for user in (
        owner_of(handoff),
        make_user("rep", team=handoff.team),
        make_user("sales_manager", team=make_team()),
        make_user("marketing"),
        make_user("auditor"),
    ):
        with pytest.raises(Refusal):
            waive(clock=clock, reason="Storm", by=user, now=NOW)
    with pytest.raises(NotPossible, match="Write why"):
        waive(clock=clock, reason="  ", by=manager, now=NOW)
    waive(clock=clock, reason="The telephones were down", by=manager, now=NOW)
    clock.refresh_from_db()
    assert (clock.outcome, clock.ended_at) == (ClockOutcome.WAIVED, MORNING + 2 * HOUR)
    assert Breach.objects.get().lifted_at is None
    told = JournalEntry.objects.get(event="clock.waived")
    assert (told.before, told.after["outcome"], told.actor_id) == (
        {"outcome": "missed"},
        "waived",
        manager.pk,
    )
    with pytest.raises(NotPossible, match="Only a promise"):
        waive(clock=clock, reason="Again", by=manager, now=NOW)


def test_a_kept_promise_is_not_waived() -> None:
    handoff, manager = missed()
    with pytest.raises(NotPossible, match="Only a promise"):
        waive(clock=clock_of(handoff), reason="x", by=manager, now=NOW)


@pytest.mark.parametrize("swept", [True, False])
def test_cases_31_and_32_the_breach_of_a_late_clock_stays_when_it_is_waived_seen_by_a_sweep_or_not(
    swept: bool,
) -> None:
    open_desk(reps=1)
    (handoff,) = hand_over(MORNING)
    if swept:
        run_until_idle(NOW, ["sla.sweep"])
    manager = make_user("administrator")
    waive(clock=clock_of(handoff), reason="Wrong address", by=manager, now=NOW)
    run_until_idle(NOW, ["sla.sweep"])
    breach = Breach.objects.get()
    assert (breach.deadline, breach.lifted_at) == (MORNING + 15 * MINUTE, None)
    clock = clock_of(handoff)
    assert (clock.outcome, clock.ended_at, clock.seconds_used) == (ClockOutcome.WAIVED, NOW, 3 * 3600)
    waiver = evidence_of(handoff, NOW).clocks[0].waiver
    assert waiver is not None
    assert waiver.before == "It was missed."


def test_what_becomes_known_later_leaves_a_waiver_as_it_is() -> None:
    handoff, manager = missed()
    waive(clock=clock_of(handoff, PromiseKind.FIRST_TOUCH), reason="Storm", by=manager, now=NOW)
    touch(handoff, 30)
    clock = clock_of(handoff, PromiseKind.FIRST_TOUCH)
    assert (clock.outcome, clock.ended_at) == (ClockOutcome.WAIVED, MORNING + 2 * HOUR)


def test_it_is_a_figure_of_its_own_and_in_no_share() -> None:
    handoff, manager = missed()
    assert (tally(manager).missed, tally(manager).waived, tally(manager).share) == (1, 0, 0)
    waive(clock=clock_of(handoff, PromiseKind.FIRST_TOUCH), reason="Storm", by=manager, now=NOW)
    after = tally(manager)
    assert (after.missed, after.waived, after.decided, after.total, after.share) == (0, 1, 0, 1, None)
    assert after.used.count == 0
    counts = ClockList(read({}, manager, NOW)).counts()
    assert (counts["waived"], counts[""]) == (1, 6)


def text_of(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return unescape(response.content.decode())


def test_pages_and_file_show_it_with_reason_who_and_when() -> None:
    handoff, manager = missed()
    waive(clock=clock_of(handoff, PromiseKind.FIRST_TOUCH), reason="=The storm", by=manager, now=NOW)
    client = Client()
    client.force_login(make_user("auditor"))
    figures = text_of(client, "/compliance/?by=rep")
    assert "outcome=waived" in figures
    assert 'data-part="waived"' in figures
    rows = text_of(client, "/compliance/clocks/?outcome=waived")
    for words in ("=The storm", "Mia Holm", "4 Mar, 13:00", "Waived, not judged"):
        assert words in rows
    answer = client.get("/compliance/clocks/?format=csv")
    body = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    line = next(row for row in csv.DictReader(io.StringIO(body)) if row["Outcome"] == "waived")
    assert (line["Waived because"], line["Waived by"]) == ("'=The storm", "Mia Holm")
    assert line["Waived"].startswith("2026-03-04 13:00:00")
    evidence = text_of(client, f"/handoffs/{handoff.pk}/evidence/")
    assert "By Mia Holm, Wed 4 Mar 2026, 13:00:00 UTC: =The storm" in evidence
    assert "It was missed." in evidence
    assert "it agrees with what was stored" in evidence


def test_the_form_names_the_promises_and_the_consequence() -> None:
    handoff, manager = missed()
    client, url = Client(), f"/handoffs/{handoff.pk}/waive/"
    client.force_login(manager)
    form = text_of(client, url)
    assert "This cannot be taken back" in form
    assert "First touch, missed: was due Wed 4 Mar, 11:00" in form
    assert "Accept or reject" not in form.partition("<main")[2]
    clock = clock_of(handoff, PromiseKind.FIRST_TOUCH)
    assert client.post(url, {"clock": clock.pk}).status_code == 422
    other = clock_of(handoff)
    assert client.post(url, {"clock": other.pk, "reason": "x"}).status_code == 422
    done = client.post(url, {"clock": clock.pk, "reason": "Storm"}, follow=True)
    assert "It counts neither as kept nor as missed" in done.content.decode()
    assert "Waived by Mia Holm: Storm" in done.content.decode()
    assert Waiver.objects.get().clock == clock
