"""The sweep over N running clocks, none due and 1,000 due, against one UPDATE that flags the same rows."""

from datetime import datetime, timedelta

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from benchmarks.dialect import Dialect, execute
from benchmarks.fill import insert, take_statistics
from benchmarks.measure import Aim, Line, Result, alternate, timed
from benchmarks.passing import DAY, EVERY
from drains import registry, runner
from sla.models import Clock, Handoff

CLOCKS = Clock._meta.db_table
DUE = 1000


class NotSwept(RuntimeError):
    """The sweep did not flag exactly the clocks that were made due."""


def measure(leads: int, rounds: int) -> list[Line]:
    """Two lines: a step that finds nothing, and a step that records the breaches of DUE clocks (fewer where N is less)."""
    now = timezone.now()
    _add_running_clocks(leads, now)
    due = min(DUE, leads)
    sweep = Sweep(due, now)
    idle, look = alternate(rounds * 6, sweep.step_of(0), sweep.look)
    full, flag = alternate(rounds, sweep.step_of(due), sweep.flag)
    note = f"{Clock.objects.running().count():,} running clocks"
    found = f"{note}, {sweep.statements[due]} statements"
    return [
        Result(
            "sweep",
            "none due",
            idle,
            "ms",
            look,
            "SELECT of what is due",
            (Aim(5, of="figure"),),
            f"{note}, {sweep.statements[0]} statements",
        ),
        Result("sweep", f"{due:,} due", full, "ms", flag, "one UPDATE", (Aim(500, of="figure"),), found),
    ]


class Sweep:
    """Makes clocks due, batch by batch, and lets the drain or the limit flag them."""

    def __init__(self, due: int, now: datetime) -> None:
        self.now = now
        self.due = due
        self.drain = registry.get("sla.sweep")
        self.statements: dict[int, int] = {}
        self.times = 0
        # What the filling left running may have become due since.
        runner.run_until_idle(now, [self.drain.name])
        added = (
            Clock.objects.filter(due_at__gt=now + timedelta(days=1))
            .order_by("pk")
            .values_list("pk", flat=True)
        )
        self.keys = list(added[:: max(1, len(added) // due)][:due])

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
        Clock.objects.filter(pk__in=self.keys).update(
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

    def flag(self) -> float:
        """The limit of a full step: one UPDATE of the same rows."""
        self.make_due(self.due)

        def work() -> None:
            with transaction.atomic():
                flagged = Clock.objects.due(self.now).mark_breached()
            _check(flagged, self.due)

        return timed(work)


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


def _add_running_clocks(leads: int, now: datetime) -> None:
    """As many running clocks as leads, on the handoffs that are there, due in 30 days and more."""
    handoffs = max(1, leads // EVERY)
    dialect = Dialect(connection.vendor, now)
    pattern = f"(SELECT * FROM {CLOCKS} WHERE id = (SELECT MIN(id) FROM {CLOCKS})) AS pattern"
    joined = (
        f"{dialect.series(leads)} CROSS JOIN {pattern}"
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
    execute("ANALYZE")
