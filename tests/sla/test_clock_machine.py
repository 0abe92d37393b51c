"""One handoff, driven at random through all that moves its clock, against a model that walks the time in quarters of an hour."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from accounts.models import User
from drains.runner import run_until_idle
from sla.models import (
    Breach,
    Calendar,
    CalendarVersion,
    Clock,
    Handoff,
    PauseReason,
    PromiseKind,
    Reason,
    TouchKind,
)
from sla.reports.evidence import evidence_of
from sla.services.answering import NotPossible, accept, reject
from sla.services.passing import assign, give_back
from sla.services.pausing import pause, resume
from sla.services.recompute import recompute_open_clocks
from sla.services.working import log_touch
from tests.sla.desk import MORNING, clock_of, hand_over, new_version, open_desk, owner_of
from tests.sla.naive_clock import looks_open
from tests.support.people import make_user

QUARTER = timedelta(minutes=15)
TARGET = 26  # quarters of an hour
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CALENDARS: list[dict[str, Any]] = [
    {"tz": "UTC", "week": {day: [["09:00", "17:00"]] for day in DAYS[:5]}, "holidays": {}, "special": {}},
    {
        "tz": "Europe/Copenhagen",
        "week": {day: [["08:00", "12:00"], ["12:30", "18:00"]] for day in DAYS},
        "holidays": {"2026-03-05": "A holiday"},
        "special": {"2026-03-06": [["10:15", "11:00"]]},
    },
    {
        "tz": "Asia/Kathmandu",
        "week": {day: [["00:00", "24:00"]] for day in DAYS},
        "holidays": {},
        "special": {},
    },
]
PAUSES = st.integers(1, 200)


@dataclass
class Naive:
    """The clock of the first touch, replayed from its facts: a quarter of an hour after the other."""

    started: datetime
    hours: dict[str, Any]
    pauses: list[tuple[datetime, datetime]] = field(default_factory=list)
    touched: datetime | None = None
    breaches: dict[datetime, bool] = field(default_factory=dict)
    is_breached: bool = False
    # Who has the lead from when on, by number; None is the team's queue.
    hands: list[tuple[datetime, int | None]] = field(default_factory=list)

    def due(self) -> datetime:
        """The end of the quarter in which the last one counted."""
        return self.walk()[0]

    def answers(self) -> int | None:
        """Who answers for it: whoever had most of the quarters that counted up to the deadline, of equals the last."""
        counts = self.walk()[1]
        if self.touched is not None and self.touched <= self.due():
            return [self.hands[0][1], *(who for at, who in self.hands[1:] if at < self.touched)][-1]
        return max(counts, key=lambda who: (counts[who], list(counts).index(who)))

    def walk(self) -> tuple[datetime, dict[int | None, int]]:
        """The deadline, and how many of its quarters each had, in the order in which each had it last."""
        at, counted = self.started, 0
        had: dict[int | None, int] = {}
        while counted < TARGET:
            standing = any(begin <= at < end for begin, end in self.pauses)
            if looks_open(self.hours, at) and not standing:
                counted += 1
                who = [rep for since, rep in self.hands if since <= at][-1]
                had[who] = had.pop(who, 0) + 1
            at += QUARTER
        return at, had

    def sweep(self, at: datetime) -> None:
        """A breach for a deadline that passed, once."""
        if self.touched is None and at > self.due() and not self.is_breached:
            self.breaches[self.due()], self.is_breached = True, True

    def moved(self, at: datetime) -> None:
        """Another due time lifts the breach where it has not passed."""
        if self.is_breached and at <= self.due():
            self.breaches, self.is_breached = dict.fromkeys(self.breaches, False), False


class Machine(RuleBasedStateMachine):
    """Facts happen on quarters of an hour; the database is put back after each run."""

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.agreed_at = MORNING - QUARTER
        new_version(self.agreed_at, accept_seconds=900, touch_seconds=TARGET * 900)
        team, self.reps = open_desk(reps=3)
        self.manager = make_user("sales_manager", team=team)
        (self.handoff,) = hand_over(MORNING)
        self.now, self.hours = MORNING, CALENDARS[0]
        self.naive: Naive | None = None
        # Who gave this lead back, by number; and the clocks of sales of the leads that were rejected, as they were left.
        self.refused: set[int] = set()
        self.rejected: dict[int, list[Any]] = {}

    def teardown(self) -> None:
        """Sweep once more, compare the breaches, prove the receipts, and leave nothing behind."""
        try:
            self.sweep()
            handoff = Handoff.objects.get(pk=self.handoff.pk)
            assert all(one.agrees for one in evidence_of(handoff, self.now).clocks)
            for number, clocks in self.rejected.items():
                assert list(Clock.objects.filter(handoff=number).of_sales().order_by("pk").values()) == clocks
                assert all(row["ended_at"] is not None for row in clocks)
        finally:
            transaction.set_rollback(True)
            self.atomic.__exit__(None, None, None)

    @property
    def clock(self) -> Clock:
        """The clock of the first touch."""
        return clock_of(self.handoff, PromiseKind.FIRST_TOUCH)

    @property
    def lead(self) -> Handoff:
        """The handoff as it is now."""
        return Handoff.objects.get(pk=self.handoff.pk)

    @property
    def worker(self) -> User:
        """Whoever works on it; on what is in the queue, the manager."""
        return self.lead.owner or self.manager

    @property
    def next_rep(self) -> User | None:
        """Whoever has it; from the queue the first rep who did not give it back."""
        willing = [rep for rep in self.reps if rep.pk not in self.refused]
        return self.lead.owner or (willing[0] if willing else None)

    def is_anybodys(self) -> bool:
        """Waiting, and there is a rep who may accept it."""
        return self.lead.state == "waiting" and self.next_rep is not None

    def is_running(self) -> bool:
        """Accepted and not touched."""
        return self.naive is not None and self.naive.touched is None

    @rule(quarters=st.integers(1, 40))
    def time_passes(self, quarters: int) -> None:
        self.now += quarters * QUARTER

    @precondition(lambda self: self.naive is None)
    @rule()
    def accept(self) -> None:
        assert self.next_rep is not None
        accept(handoff=self.lead, by=self.next_rep, now=self.now)
        self.naive = Naive(self.now, self.hours, hands=[(self.now, owner_of(self.lead).pk)])

    @precondition(lambda self: self.naive is None and self.lead.owner_id is not None)
    @rule()
    def reject(self) -> None:
        """It is over with this lead, and nothing that comes later changes its clocks; another one takes its place."""
        reason = Reason.objects.get(slug="incomplete")
        reject(handoff=self.lead, reason=reason, note="", by=self.worker, now=self.now)
        clocks = Clock.objects.filter(handoff=self.handoff).of_sales().order_by("pk")
        self.rejected[self.handoff.pk] = list(clocks.values())
        (self.handoff,) = hand_over(self.now)

    @rule(number=st.integers(0, 2))
    def reassign(self, number: int) -> None:
        """Also before the first acceptance, and after the touch; a moment after whatever was before."""
        self.now += QUARTER
        row, to = self.lead, self.reps[number]
        before = (row.owner_id, row.state)
        if to.pk in self.refused:
            with pytest.raises(NotPossible):
                assign(handoff=row, to=to, by=self.manager, now=self.now)
            return
        changed = assign(handoff=row, to=to, by=self.manager, now=self.now)
        if to.pk == before[0]:
            assert str(changed.state) == before[1]
            return
        assert changed.state == "waiting"
        # The newest one, or the team's older one where a corrected calendar gave all of its time back.
        assert (
            Clock.objects.running().filter(handoff=self.handoff, kind=PromiseKind.ACCEPT, owner=to).count()
            == 1
        )
        if self.naive is not None:
            self.naive.hands.append((self.now, to.pk))

    @precondition(lambda self: self.naive is not None and self.is_anybodys())
    @rule()
    def accept_what_was_passed_on(self) -> None:
        """Also from the queue."""
        assert self.naive is not None
        assert self.next_rep is not None
        row, rep = self.lead, self.next_rep
        accept(handoff=row, by=rep, now=self.now)
        assert self.lead.state == "accepted"
        if rep.pk != row.owner_id:
            self.naive.hands.append((self.now, rep.pk))

    @precondition(
        lambda self: (
            self.naive is not None and self.lead.state == "waiting" and self.lead.owner_id is not None
        )
    )
    @rule()
    def give_back(self) -> None:
        """To the team's queue, which answers from then on; never again to the same rep."""
        assert self.naive is not None
        self.now += QUARTER
        rep = owner_of(self.lead)
        give_back(handoff=self.lead, why="No time.", by=rep, now=self.now)
        assert (self.lead.state, self.lead.owner, clock_of(self.lead).owner) == ("waiting", None, None)
        self.naive.hands.append((self.now, None))
        self.refused.add(rep.pk)

    @precondition(lambda self: self.is_running() and self.lead.owner_id is not None)
    @rule(back=st.integers(0, 30))
    def touch(self, back: int) -> None:
        assert self.naive is not None
        naive, at = self.naive, max(self.now - back * QUARTER, self.naive.started)
        log_touch(
            handoff=self.lead,
            kind=TouchKind.CALL,
            reached=True,
            note="",
            at=at,
            by=owner_of(self.lead),
            now=self.now,
        )
        if at > naive.due():
            naive.sweep(self.now)
        elif naive.is_breached:
            naive.breaches = dict.fromkeys(naive.breaches, False)
        naive.touched = at

    @precondition(is_running)
    @rule(quarters=PAUSES, reason=st.sampled_from(PauseReason))
    def pause(self, quarters: int, reason: PauseReason) -> None:
        assert self.naive is not None
        until, possible = self.now + quarters * QUARTER, self.now < self.naive.due()
        try:
            pause(clock=self.clock, until=until, reason=reason, by=self.worker, now=self.now)
        except NotPossible:
            assert not possible
        else:
            assert possible
            self.naive.pauses.append((self.now, until))

    @precondition(is_running)
    @rule()
    def resume(self) -> None:
        assert self.naive is not None
        resumed = resume(clock=self.clock, by=self.worker, now=self.now)
        assert resumed == any(end > self.now for _begin, end in self.naive.pauses)
        self.naive.pauses = [(begin, min(end, self.now)) for begin, end in self.naive.pauses]

    @rule(number=st.integers(0, len(CALENDARS) - 1))
    def correct_the_calendar(self, number: int) -> None:
        self.hours = CALENDARS[number]
        calendar = Calendar.objects.get()
        version = CalendarVersion.objects.create(
            calendar=calendar,
            number=calendar.current.number + 1,
            time_zone=self.hours["tz"],
            week=self.hours["week"],
            holidays=self.hours["holidays"],
            special=self.hours["special"],
            created_at=self.now,
        )
        recompute_open_clocks(calendar_version=version, now=self.now, rule="test")
        if self.naive is not None and self.naive.touched is None:
            self.naive.hours = self.hours
            self.naive.moved(self.now)

    @precondition(lambda self: self.now > self.agreed_at)
    @rule(quarters=st.integers(1, 100))
    def agree_anew(self, quarters: int) -> None:
        """Touches new handoffs only, whether or not this one was accepted before."""
        self.agreed_at = self.now
        new_version(self.now, accept_seconds=60, touch_seconds=quarters * 900)

    @rule()
    def sweep(self) -> None:
        run_until_idle(self.now, ["sla.escalate", "sla.sweep"])
        if self.naive is not None:
            self.naive.sweep(self.now)
            found = Breach.objects.filter(clock=self.clock).values_list("deadline", "lifted_at")
            assert {at.astimezone(UTC): lifted is None for at, lifted in found} == self.naive.breaches

    @invariant()
    def the_clock_is_as_the_facts_say(self) -> None:
        if self.naive is None:
            return
        clock, due = self.clock, self.naive.due()
        assert clock.due_at == due
        if self.naive.touched is None:
            assert clock.outcome == "running"
        else:
            assert clock.outcome == ("kept" if self.naive.touched <= due else "missed")
        assert clock.owner_id == self.naive.answers()
        if clock.breached_at is not None and clock.outcome != "kept":
            assert clock.breaches.get(deadline=clock.due_at).owner_id == self.naive.answers()


@pytest.mark.django_db
def test_a_clock_is_at_any_time_what_a_replay_of_its_facts_says() -> None:
    run_state_machine_as_test(
        Machine, settings=hypothesis_settings(max_examples=15, stateful_step_count=15, deadline=None)
    )
