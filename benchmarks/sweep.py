"""The sweep over N running clocks with their planned ladders: none due, 1,000 and 10,000 due, against one UPDATE that flags
the same rows; 10,000 due at once by two workers; and the ladder's drain with nothing due."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from benchmarks.dialect import Dialect, execute
from benchmarks.fill import insert, take_statistics
from benchmarks.measure import Aim, Line, Result, alternate, timed
from benchmarks.passing import DAY, EVERY
from drains import registry, runner
from sla.models import Breach, Clock, Escalation, Handoff, LadderStep

CLOCKS = Clock._meta.db_table
FEW, MANY = 1_000, 10_000


class NotSwept(RuntimeError):
    """The sweep did not flag exactly the clocks that were made due."""


def measure(leads: int, clocks: int, rounds: int) -> list[Line]:
    """Steps that find nothing, steps that record the breaches of FEW and MANY clocks (fewer where there are fewer), and two
    workers at once."""
    now = timezone.now()
    add_running_clocks(leads, clocks, now)
    few, many = min(FEW, clocks), min(MANY, clocks)
    sweep = Sweep(many, now)
    idle, look, ladder = alternate(rounds * 6, sweep.step_of(0), sweep.look, sweep.climb)
    note = f"{Clock.objects.running().count():,} running clocks"
    planned = f"{Escalation.objects.planned().count():,} planned steps"
    lines: list[Line] = [
        _line("none due", idle, look, "SELECT of what is due", Aim(5, of="figure"), note),
        _line("ladders, none due", ladder, look, "SELECT of what is due", Aim(5, of="figure"), planned),
    ]
    for due, aim in sorted({few: Aim(500, of="figure"), many: Aim(8)}.items()):
        full, flag = alternate(rounds, sweep.step_of(due), sweep.flag_of(due))
        told = f"{note}, {sweep.statements[due]} statements"
        lines.append(_line(f"{due:,} due", full, flag, "one UPDATE", aim, told))
    if connection.vendor == "postgresql":
        both, flag = alternate(rounds, sweep.two_workers, sweep.flag_of(many))
        aim = Aim(3000, of="figure")
        lines.append(_line(f"{many:,} due at once, two workers", both, flag, "one UPDATE", aim, note))
    return lines


def _line(name: str, measured: float, limit: float, limit_name: str, aim: Aim, note: str) -> Result:
    return Result("sweep", name, measured, "ms", limit, limit_name, (aim,), note)


class Sweep:
    """Makes clocks due, batch by batch, and lets the drain or the limit flag them."""

    def __init__(self, due: int, now: datetime) -> None:
        self.now = now
        self.drain = registry.get("sla.sweep")
        self.statements: dict[int, int] = {}
        self.times = 0
        # What the filling left running may have become due since.
        runner.run_until_idle(now, [self.drain.name, "sla.escalate"])
        added = (
            Clock.objects.filter(due_at__gt=now + timedelta(days=1))
            .order_by("pk")
            .values_list("pk", flat=True)
        )
        self.keys = list(added[:: max(1, len(added) // due)][:due])

    def climb(self) -> float:
        """A step of the ladders' drain that finds nothing."""
        return timed(lambda: _check(runner.step(registry.get("sla.escalate"), self.now), 0))

    def two_workers(self) -> float:
        """Two workers at once, until neither finds anything; each clock is flagged once."""
        self.make_due(len(self.keys))
        before = Breach.objects.count()
        done: list[int] = []

        def work() -> None:
            while count := runner.step(self.drain, self.now):
                done.append(count)
            connection.close()

        def both() -> None:
            workers = [threading.Thread(target=work) for _ in range(2)]
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join()

        passed = timed(both)
        _check(sum(done), len(self.keys))
        _check(Breach.objects.count() - before, len(self.keys))
        return passed

    def step_of(self, due: int) -> "Step":
        """The drain's step with so many clocks due."""
        return Step(self, due)

    def make_due(self, count: int) -> None:
        """Let the deadline of so many running clocks, spread over the table, have passed a while ago, as if for the first time.

        They are the same ones each time, but with another deadline, so that every breach and every notice is a new one.
        """
        if not count:
            return
        self.times += 1
        passed = self.now - timedelta(minutes=1, seconds=self.times)
        Clock.objects.filter(pk__in=self.keys[:count]).update(
            started_at=passed - timedelta(hours=4),
            due_at=passed,
            warn_at=passed - timedelta(hours=1),
            breached_at=None,
        )
        if connection.vendor == "postgresql":
            take_statistics(CLOCKS)

    def look(self) -> float:
        """The limit of an idle step: one statement that looks for what is due, in a transaction as the step has one."""

        def work() -> None:
            with transaction.atomic():
                list(Clock.objects.due(self.now)[: self.drain.batch_size])

        return timed(work)

    def flag_of(self, due: int) -> Callable[[], float]:
        """The limit of a full step: one UPDATE of the same rows."""

        def flag() -> float:
            self.make_due(due)

            def work() -> None:
                with transaction.atomic():
                    flagged = Clock.objects.due(self.now).mark_breached()
                _check(flagged, due)

            return timed(work)

        return flag


class Step:
    """Calling it makes clocks due, and gives the milliseconds of the step with its commit."""

    def __init__(self, sweep: Sweep, due: int) -> None:
        self.sweep, self.due = sweep, due

    def __call__(self) -> float:
        """Milliseconds; the statements are counted in a first step of its own, because counting costs time."""
        if self.due not in self.sweep.statements:
            self.sweep.make_due(self.due)
            with CaptureQueriesContext(connection) as captured:
                self._run()
            self.sweep.statements[self.due] = len(captured)
        self.sweep.make_due(self.due)
        return timed(self._run)

    def _run(self) -> None:
        _check(runner.step(self.sweep.drain, self.sweep.now), self.due)


def _check(flagged: int, due: int) -> None:
    if flagged != due:
        raise NotSwept(f"{flagged} clocks were flagged, {due} were due.")


def add_running_clocks(leads: int, clocks: int, now: datetime) -> None:
    """So many running clocks on the handoffs that are there, due in 30 days and more, each with two steps planned."""
    handoffs = max(1, leads // EVERY)
    dialect = Dialect(connection.vendor, now)
    pattern = f"(SELECT * FROM {CLOCKS} WHERE id = (SELECT MIN(id) FROM {CLOCKS})) AS pattern"
    joined = (
        f"{dialect.series(clocks)} CROSS JOIN {pattern}"
        f" JOIN {Handoff._meta.db_table} AS handoff ON handoff.id = series.n % {handoffs} + 1"
    )
    insert(
        Clock,
        joined,
        handoff_id="handoff.id",
        promise_id="pattern.promise_id",
        calendar_version_id="pattern.calendar_version_id",
        owner_id="handoff.owner_id",
        started_at=dialect.ago(str(DAY)),
        due_at=dialect.ago(f"-30 * {DAY} - series.n"),
        warn_at=dialect.ago(f"-25 * {DAY} - series.n"),
        kind="pattern.kind",
        tier="pattern.tier",
        team_id="handoff.team_id",
        source_id="pattern.source_id",
    )
    steps = LadderStep.objects.filter(promise=Clock.objects.order_by("pk")[0].promise_id)[:2]
    for step, at in zip(steps, ("clock.warn_at", "clock.due_at"), strict=True):
        insert(
            Escalation,
            f"{CLOCKS} AS clock WHERE clock.outcome = 'running' AND clock.due_at > {dialect.ago(str(-DAY))}",
            clock_id="clock.id",
            step_id=str(step.pk),
            position=str(step.position),
            at=at,
        )
    execute("ANALYZE")
