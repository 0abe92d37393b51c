"""A full rescore, against a plain GROUP BY over the activities with an UPDATE of the leads by join."""

from collections.abc import Callable

from django.db import connection, transaction
from django.utils import timezone

from benchmarks.dialect import execute
from benchmarks.fill import take_statistics
from benchmarks.measure import Aim, Line, Result, alternate, timed
from leads.models import Activity, Lead
from scoring.services import rescore_all

LEADS, ACTIVITIES = Lead._meta.db_table, Activity._meta.db_table
AIM = Aim(3)


def measure(leads: int, rounds: int) -> list[Line]:
    """Two lines: every lead's score changes (the worst case), and none does. Both against the same limit."""
    rescore_all(now=timezone.now())
    changed, settled, limit = alternate(
        rounds, _after(_spoil_scores, _rescore), _rescore, _after(_spoil_scores, _group_and_update)
    )
    # The limit left scores of its own behind.
    rescore_all(now=timezone.now())
    note = f"{leads:,} leads, {leads * 10:,} activities"
    name = "GROUP BY and UPDATE by join"
    return [
        Result("rescore", "every score changes", changed, "ms", limit, name, (AIM,), note),
        Result("rescore", "no score changes", settled, "ms", limit, name, (AIM,), note),
    ]


def _after(prepare: Callable[[], None], work: Callable[[], float]) -> Callable[[], float]:
    def once() -> float:
        prepare()
        return work()

    return once


def _spoil_scores() -> None:
    """Every score is wrong by one, and the table as tidy as autovacuum leaves it."""
    execute(f"UPDATE {LEADS} SET fit = fit + 1, score = score + 1")
    if connection.vendor == "postgresql":
        take_statistics(LEADS)


def _rescore() -> float:
    return timed(lambda: rescore_all(now=timezone.now()))


def _group_and_update() -> float:
    def work() -> None:
        with transaction.atomic():
            execute(
                f"""
                UPDATE {LEADS} SET score = sums.points
                FROM (SELECT contact_id, COUNT(*) AS points FROM {ACTIVITIES} GROUP BY contact_id) AS sums
                WHERE sums.contact_id = {LEADS}.contact_id
                """
            )

    return timed(work)
