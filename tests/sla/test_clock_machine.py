"""Handoffs, driven at random through all that moves their clocks, against a naive model that replays the journal."""

from __future__ import annotations

from datetime import timedelta
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
from leads.models import JournalEntry
from sla.models import (
    AgreementVersion,
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
from sla.services.calendars import correct_calendar
from sla.services.passing import assign, give_back
from sla.services.pausing import can_be_waived, pause, resume, waive
from sla.services.working import disqualify, log_touch, qualify, recycle
from tests.sla.desk import MORNING, clock_of, hand_over, new_version, open_desk, owner_of
from tests.sla.journal_replay import Found, Hours, Replay, Row, agreed_in
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
BANT = dict.fromkeys(("budget", "authority", "need", "timeline"), "Known")
# Mostly round times, so that things meet; now and then to the second.
SPANS = st.one_of(st.integers(1, 40).map(lambda n: n * 900), st.integers(1, 36_000))


class Machine(RuleBasedStateMachine):
    """Drives one handoff after the other; the database is put back after each run."""

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.agreed_at = MORNING - QUARTER
        new_version(self.agreed_at, accept_seconds=900, touch_seconds=TARGET * 900)
        team, self.reps = open_desk(reps=3)
        self.manager, self.administrator = make_user("sales_manager", team=team), make_user("administrator")
        self.hours: dict[int, Hours] = {}
        self.agreed: dict[Any, Any] = {}
        self.replay, self.read_to = Replay(self.hours, self.agreed), 0
        (self.handoff,) = hand_over(MORNING)
        self.now = MORNING
        # Who gave this lead back, by number.
        self.refused: set[int] = set()

    def teardown(self) -> None:
        """Sweep once more, compare every clock there ever was with its breaches, and prove the receipts."""
        try:
            self.sweep()
            self.read()
            assert set(self.replay.clocks) == set(Clock.objects.values_list("pk", flat=True))
            for clock in Clock.objects.prefetch_related("breaches"):
                found = self.found(clock)
                holding = {row.deadline for row in clock.breaches.all() if row.lifted_at is None}
                assert holding == ({found.breach} if found.breach else set()), clock
                for row in clock.breaches.all():
                    assert row.lifted_at is not None or row.owner_id == found.owner, clock
            told = {(row.clock_id, row.deadline) for row in Breach.objects.all()}
            assert told == self.replay.breached
            for handoff in Handoff.objects.all():
                assert all(one.agrees for one in evidence_of(handoff, self.now).clocks)
        finally:
            transaction.set_rollback(True)
            self.atomic.__exit__(None, None, None)

    def read(self) -> None:
        """Let the auditor read on: calendars, signed texts, and the rows of the journal that are new."""
        for version in CalendarVersion.objects.exclude(pk__in=self.hours):
            self.hours[version.pk] = Hours(version.calendar_id, version.as_dict())
        known = {number for number, _kind, _tier in self.agreed}
        for signed in AgreementVersion.objects.exclude(pk__in=known):
            assert signed.document is not None
            for (kind, tier), agreed in agreed_in(signed.document).items():
                self.agreed[signed.pk, kind, tier] = agreed
        entries = list(JournalEntry.objects.filter(pk__gt=self.read_to).order_by("pk"))
        self.read_to = entries[-1].pk if entries else self.read_to
        self.replay.read(Row(row.event, row.subject_id, row.at, row.before, row.after) for row in entries)

    def found(self, clock: Clock) -> Found:
        """What the replay says about a clock, which the clock itself must say as well."""
        found = self.replay.clock(clock.pk, self.now)
        stored = clock.due_at, clock.outcome, clock.ended_at, clock.seconds_used, clock.owner_id
        replayed = found.due_at, found.outcome, found.ended_at, found.seconds_used, found.owner
        assert stored == replayed, clock
        return found

    @invariant()
    def every_clock_is_as_the_replay_says(self) -> None:
        self.read()
        for clock in Clock.objects.filter(handoff=self.handoff):
            self.found(clock)

    @invariant()
    def the_handoff_knows_which_clock_is_due_next_and_when(self) -> None:
        lead = self.lead
        running = Clock.objects.running().of_sales().filter(handoff=lead).order_by("due_at", "pk")
        mine = [clock for clock in running if clock.is_of_lead or clock.owner_id == lead.owner_id]
        told = lead.next_clock_id, lead.next_due_at
        assert told == ((mine[0].pk, mine[0].due_at) if mine else (None, None))

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

    def is_with_a_rep(self) -> bool:
        """A rep has it, waiting or accepted."""
        return self.lead.owner_id is not None

    def is_worked(self) -> bool:
        """Accepted, and touched at least once."""
        return self.lead.state == "accepted" and self.lead.touches.exists()

    def is_paused_or_could_be(self) -> bool:
        """Accepted once and not touched."""
        return any(clock.kind == PromiseKind.FIRST_TOUCH for clock in self.running())

    def running(self) -> list[Clock]:
        """The clocks of the handoff that run."""
        return list(Clock.objects.filter(handoff=self.handoff).running().order_by("pk"))

    def next_lead(self) -> None:
        """It is over with this one; nothing that comes later changes its clocks."""
        (self.handoff,) = hand_over(self.now)
        self.refused = set()

    @rule(seconds=SPANS)
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @precondition(is_anybodys)
    @rule()
    def accept(self) -> None:
        """The first time, after it was passed on, or from the queue."""
        assert self.next_rep is not None
        accept(handoff=self.lead, by=self.next_rep, now=self.now)

    @precondition(lambda self: self.lead.accepted_at is None and self.is_with_a_rep())
    @rule()
    def reject(self) -> None:
        reason = Reason.objects.get(slug="incomplete")
        reject(handoff=self.lead, reason=reason, note="", by=self.worker, now=self.now)
        self.next_lead()

    @rule(number=st.integers(0, 2))
    def reassign(self, number: int) -> None:
        """Also before the first acceptance, and after the touch; a moment after whatever was before."""
        self.now += timedelta(minutes=1)
        row, to = self.lead, self.reps[number]
        if to.pk in self.refused:
            with pytest.raises(NotPossible):
                assign(handoff=row, to=to, by=self.manager, now=self.now)
            return
        changed = assign(handoff=row, to=to, by=self.manager, now=self.now)
        if to.pk == row.owner_id:
            assert str(changed.state) == row.state
            return
        # The newest one, or the team's older one where a corrected calendar gave all of its time back.
        for_answer = Clock.objects.running().filter(handoff=self.handoff, kind=PromiseKind.ACCEPT, owner=to)
        assert (changed.state, for_answer.count()) == ("waiting", 1)

    @precondition(
        lambda self: (
            self.lead.accepted_at is not None and self.lead.state == "waiting" and self.is_with_a_rep()
        )
    )
    @rule()
    def give_back(self) -> None:
        """To the team's queue, which answers from then on; never again to the same rep."""
        self.now += timedelta(minutes=1)
        rep = owner_of(self.lead)
        give_back(handoff=self.lead, why="No time.", by=rep, now=self.now)
        assert (self.lead.state, self.lead.owner, clock_of(self.lead).owner) == ("waiting", None, None)
        self.refused.add(rep.pk)

    @precondition(is_with_a_rep)
    @rule(back=SPANS, reached=st.booleans())
    def touch(self, back: int, reached: bool) -> None:
        """Now or some time ago: what becomes known late counts by its time. Accepts what waits."""
        at = max(self.now - timedelta(seconds=back), self.lead.started_at)
        log_touch(
            handoff=self.lead,
            kind=TouchKind.CALL,
            reached=reached,
            note="",
            at=at,
            by=owner_of(self.lead),
            now=self.now,
        )

    @precondition(is_worked)
    @rule(end=st.sampled_from(("qualify", "recycle", "disqualify")))
    def end(self, end: str) -> None:
        worked: dict[str, Any] = {"handoff": self.lead, "by": self.worker, "now": self.now}
        if end == "qualify":
            qualify(bant=BANT, **worked)
        elif end == "recycle":
            recycle(until=(self.now + timedelta(days=30)).date(), note="", **worked)
        else:
            disqualify(reason=Reason.objects.get(slug="no_need"), note="", **worked)
        self.next_lead()

    @precondition(is_paused_or_could_be)
    @rule(seconds=SPANS, reason=st.sampled_from(PauseReason), number=st.integers(0, 2))
    def pause(self, seconds: int, reason: PauseReason, number: int) -> None:
        self.read()
        own = [clock for clock in self.running() if clock.is_of_lead]
        clock, until = own[number % len(own)], self.now + timedelta(seconds=seconds)
        possible = self.now < self.replay.clock(clock.pk, self.now).due_at
        try:
            pause(clock=clock, until=until, reason=reason, by=self.worker, now=self.now)
        except NotPossible:
            assert not possible
        else:
            assert possible

    @precondition(is_paused_or_could_be)
    @rule()
    def resume(self) -> None:
        self.read()
        for clock in self.running():
            pauses = self.replay.clocks[clock.pk].pauses.values()
            resumed = resume(clock=clock, by=self.worker, now=self.now)
            assert resumed == any(end > self.now for _begin, end in pauses)

    @rule(number=st.integers(0, len(CALENDARS) - 1))
    def correct_the_calendar(self, number: int) -> None:
        hours = CALENDARS[number]
        correct_calendar(
            calendar=Calendar.objects.get(),
            time_zone=hours["tz"],
            week=hours["week"],
            holidays=hours["holidays"],
            special=hours["special"],
            by=self.administrator,
            now=self.now,
        )

    @precondition(lambda self: self.now > self.agreed_at)
    @rule(quarters=st.integers(1, 100))
    def agree_anew(self, quarters: int) -> None:
        """Touches new handoffs only, whether or not this one was accepted before."""
        self.agreed_at = self.now
        new_version(self.now, accept_seconds=60, touch_seconds=quarters * 900)

    @rule(number=st.integers(0, 9))
    def waive(self, number: int) -> None:
        """One that runs or was missed, whichever it is."""
        rows = Clock.objects.filter(handoff=self.handoff).of_sales().order_by("pk")
        clocks = [clock for clock in rows if can_be_waived(clock)]
        if number < len(clocks):
            waive(clock=clocks[number], reason="Agreed.", by=self.manager, now=self.now)

    @rule()
    def sweep(self) -> None:
        """Every clock that is late has its breach then."""
        run_until_idle(self.now, ["sla.escalate", "sla.sweep"])
        self.read()
        for clock in Clock.objects.running().prefetch_related("breaches"):
            holding = [row.deadline for row in clock.breaches.all() if row.lifted_at is None]
            found = self.found(clock)
            assert holding == ([found.due_at] if self.now > found.due_at else []), clock


@pytest.mark.django_db
def test_a_clock_is_at_any_time_what_a_replay_of_the_journal_says() -> None:
    run_state_machine_as_test(
        Machine, settings=hypothesis_settings(max_examples=15, stateful_step_count=15, deadline=None)
    )
