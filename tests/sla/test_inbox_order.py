"""The order of the inbox read from its indexes, page by page, against a sort of the same rows; and counts that stop."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import product

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Role, User
from leads.counting import count_up_to, said_up_to
from sla.models import Clock, Handoff
from sla.selectors import inbox
from sla.selectors.inbox import InboxView, count_new, inbox_page
from tests.sla.desk import HOUR, MINUTE, MORNING, open_desk
from tests.sla.made_clocks import make_clock, make_handoff
from tests.support.people import make_user

pytestmark = pytest.mark.django_db
NOW = MORNING + 5 * HOUR


def of_every_kind() -> User:
    """A rep with two handoffs of each combination: put first or not, due when or never, and paused how."""
    team, (rep, other) = open_desk(reps=2)
    firsts = (None, NOW - HOUR, NOW - MINUTE)
    dues = (None, NOW - timedelta(microseconds=1), NOW, NOW + HOUR)
    pauses = (None, NOW - MINUTE, NOW, NOW + MINUTE)
    for number, (first, due, pause, owner) in enumerate(
        product(firsts, dues, pauses, (rep, rep, None, other))
    ):
        begun = MORNING + (number * 7 % 10) * MINUTE
        row = make_handoff(
            team, owner, at=begun, state="accepted" if owner else "waiting", put_first_at=first
        )
        if due is not None:
            kind = "first_touch" if owner else "accept"
            make_clock(row, kind=kind, due_at=due, paused_until=pause if owner else None)
            # Another clock that is due later changes nothing.
            make_clock(row, kind="disposition", due_at=due + HOUR, paused_until=NOW + HOUR)
    Handoff.objects.point_to_next_clock(Handoff.objects.values_list("pk", flat=True))
    return rep


def in_words(row: Handoff, now: datetime) -> tuple[object, ...]:
    """What the order is by, as the product has it: put first, then by due time, then without a clock, and paused ones last."""
    clocks = Clock.objects.filter(handoff=row).order_by("due_at", "pk")
    clock = clocks.first()
    stands = clock is not None and clock.paused_until is not None and clock.paused_until > now <= clock.due_at
    first = row.put_first_at
    return (
        first is None,
        first or now,
        first is None and stands,
        clock is None,
        clock.due_at if clock else now,
        row.started_at,
        row.pk,
    )


def pages(user: User, view: InboxView = InboxView.ALL) -> list[int]:
    """The rows of all pages of a view, by number."""
    found: list[int] = []
    for number in range(1, 20):
        page = inbox_page(user=user, view=view, number=number, now=NOW)
        found += [row.pk for row in page.rows]
        assert page.has_next == (len(found) < (page.total or 0))
        if not page.has_next:
            assert not inbox_page(user=user, view=view, number=number + 3, now=NOW).rows
            return found
    raise AssertionError("no last page")


def test_all_pages_together_are_all_rows_in_the_order_of_the_product() -> None:
    rep = of_every_kind()
    manager, everybody = make_user(Role.SALES_MANAGER, team=rep.team), make_user(Role.ADMINISTRATOR)
    place = {row.pk: in_words(row, NOW) for row in Handoff.objects.all()}
    for user in (rep, manager, everybody):
        mine = list(Handoff.objects.to_act(user).values_list("pk", flat=True))
        assert pages(user) == sorted(mine, key=place.__getitem__)
    queue = Handoff.objects.filter(owner=None).values_list("pk", flat=True)
    assert pages(rep, InboxView.QUEUE) == sorted(queue, key=place.__getitem__)


def test_where_nobody_counted_to_the_end_the_pages_still_have_one(monkeypatch: pytest.MonkeyPatch) -> None:
    rep = of_every_kind()
    counted = pages(rep)
    monkeypatch.setattr(inbox, "MOST_COUNTED", 10)
    found = [
        row.pk
        for number in range(1, 8)
        for row in inbox_page(user=rep, view=InboxView.ALL, number=number, now=NOW).rows
    ]
    assert found == counted
    page = inbox_page(user=rep, view=InboxView.ALL, number=1, now=NOW)
    assert (page.total, page.more_than_total, page.has_next) == (10, True, True)
    assert page.tally.of_view[InboxView.ALL] == 11
    assert (page.tally.late_said, page.tally.waiting_said) == ("10+", "10+")
    assert count_new(user=rep, view=InboxView.ALL, seen=MORNING - HOUR) == 11


def test_the_page_says_more_than_it_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    rep = of_every_kind()
    for module in ("sla.selectors.inbox", "sla.views.inbox"):
        monkeypatch.setattr(f"{module}.MOST_COUNTED", 30)
    client = Client()
    client.force_login(rep)
    with CaptureQueriesContext(connection) as queries:
        page = " ".join(client.get("/inbox/").content.decode().split())
    assert '<span class="views-count">30+</span>' in page
    assert "30+ waiting" in page
    assert "1–25 of 30+" in page
    assert len(queries) <= 15
    assert 'hx-trigger="every' not in client.get("/inbox/?view=closed").content.decode()


def test_counting_stops_where_the_reader_stops_reading() -> None:
    for name in ("ann", "ben", "cleo"):
        make_user(Role.REP, email=f"{name}@example.com")
    reps = User.objects.filter(role=Role.REP)
    with CaptureQueriesContext(connection) as queries:
        found = count_up_to(
            2, {"all": reps, "one": reps.filter(email="ben@example.com"), "none": reps.none()}
        )
    assert found == {"all": 3, "one": 1, "none": 0}
    assert len(queries) == 1
    assert [said_up_to(2, number) for number in found.values()] == ["2+", "1", "0"]
