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

from drains.runner import run_until_idle
from sla.models import (
    Breach,
    Calendar,
    CalendarVersion,
    Clock,
    Handoff,
    PauseReason,
    Promise,
    PromiseKind,
    TouchKind,
)
from sla.reports.evidence import evidence_of
from sla.services.answering import NotPossible, accept
from sla.services.pausing import pause, resume
from sla.services.recompute import recompute_open_clocks
from sla.services.working import log_touch
from tests.sla.desk import MORNING, clock_of, hand_over, open_desk, owner_of
from tests.sla.naive_clock import looks_open

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

    def due(self) -> datetime:
        """The end of the quarter in which the last one counted."""
        at, counted = self.started, 0
        while counted < TARGET:
            standing = any(begin <= at < end for begin, end in self.pauses)
            counted += looks_open(self.hours, at) and not standing
            at += QUARTER
        return at

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
        Promise.objects.filter(kind=PromiseKind.FIRST_TOUCH).update(target_seconds=TARGET * 900)
        open_desk(reps=1)
        (self.handoff,) = hand_over(MORNING)
        self.now, self.hours = MORNING, CALENDARS[0]
        self.naive: Naive | None = None

    def teardown(self) -> None:
        """Sweep once more, compare the breaches, prove the receipts, and leave nothing behind."""
        try:
            self.sweep()
            handoff = Handoff.objects.get(pk=self.handoff.pk)
            assert all(one.agrees for one in evidence_of(handoff, self.now).clocks)
        finally:
            transaction.set_rollback(True)
            self.atomic.__exit__(None, None, None)

    @property
    def clock(self) -> Clock:
        """The clock of the first touch."""
        return clock_of(self.handoff, PromiseKind.FIRST_TOUCH)

    def is_running(self) -> bool:
        """Accepted and not touched."""
        return self.naive is not None and self.naive.touched is None

    @rule(quarters=st.integers(1, 40))
    def time_passes(self, quarters: int) -> None:
        self.now += quarters * QUARTER

    @precondition(lambda self: self.naive is None)
    @rule()
    def accept(self) -> None:
        accept(handoff=self.handoff, by=owner_of(self.handoff), now=self.now)
        self.naive = Naive(self.now, self.hours)

    @precondition(is_running)
    @rule(back=st.integers(0, 30))
    def touch(self, back: int) -> None:
        assert self.naive is not None
        naive, at = self.naive, max(self.now - back * QUARTER, self.naive.started)
        log_touch(
            handoff=self.handoff,
            kind=TouchKind.CALL,
            reached=True,
            note="",
            at=at,
            by=owner_of(self.handoff),
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
            pause(clock=self.clock, until=until, reason=reason, by=owner_of(self.handoff), now=self.now)
        except NotPossible:
            assert not possible
        else:
            assert possible
            self.naive.pauses.append((self.now, until))

    @precondition(is_running)
    @rule()
    def resume(self) -> None:
        assert self.naive is not None
        resumed = resume(clock=self.clock, by=owner_of(self.handoff), now=self.now)
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

    @rule()
    def sweep(self) -> None:
        run_until_idle(self.now, ["sla.warn", "sla.sweep"])
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


@pytest.mark.django_db
def test_a_clock_is_at_any_time_what_a_replay_of_its_facts_says() -> None:
    run_state_machine_as_test(
        Machine, settings=hypothesis_settings(max_examples=15, stateful_step_count=15, deadline=None)
    )
