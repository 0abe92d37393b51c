"""The benchmarks run on few rows, on either database, and say of every measurement how it compares with its limit."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from benchmarks.measure import Aim, Result, Skipped, all_well, alternate, table
from benchmarks.run import GROUPS, MISSED, chosen
from tests.sla.made_clocks import make_lead


def bench(**options: object) -> None:
    """Run the command; that an aim is missed on so few rows and a busy machine says nothing."""
    try:
        call_command("bench", scratch=True, rounds=1, seconds=0.3, stdout=StringIO(), **options)
    except CommandError as error:
        if error.returncode != MISSED:
            raise


@pytest.mark.long
@pytest.mark.django_db(transaction=True)
def test_every_group_measures_and_reports_its_ratio(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    # With many rows where companies have them; the harness itself is the same on both.
    on_server = connection.vendor == "postgresql"
    groups = {"pages", "rescore", "sweep"} | ({"intake"} if on_server else {"calendar"})
    rows = 10_000 if on_server else 200
    bench(n=rows, json=str(report), only=",".join(groups))
    lines = json.loads(report.read_text())["results"]
    assert {line["group"] for line in lines} == groups
    assert not [line for line in lines if line.get("failed")]
    timed = [line for line in lines if line.get("limit_name")]
    assert {line["group"] for line in timed} == groups
    assert all(line["ratio"] > 0 and line["measured"] > 0 for line in timed)
    assert all(line["measured"] > 0 for line in lines if line.get("unit") == "SQL")


@pytest.mark.django_db(transaction=True)
def test_a_database_with_leads_is_left_alone() -> None:
    make_lead()
    with pytest.raises(CommandError, match="has leads"):
        call_command("bench", n=10)


def test_an_unknown_group_is_named_with_those_that_there_are() -> None:
    with pytest.raises(CommandError, match="no benchmark named speed; there are pages"):
        call_command("bench", only="speed", scratch=True)


def test_groups_run_in_their_order_whatever_was_asked() -> None:
    assert chosen(",".join(reversed(GROUPS))) == list(GROUPS)


def test_a_result_is_judged_by_its_ratio_or_by_itself() -> None:
    fast = Result("intake", "post", 50, "/s", 100, "bare", (Aim(0.4, at_least=True),))
    slow = Result("sweep", "none due", 7, "ms", 2, "look", (Aim(5, of="figure"),))
    assert (fast.ratio, fast.met) == (0.5, True)
    assert (slow.ratio, slow.met) == (3.5, False)
    assert Result("a", "b", 1, "ms").met is None
    assert all_well([fast, Skipped("pages", "x", "why")])
    assert not all_well([fast, slow])
    assert not all_well([Skipped("pages", "x", "answers 500", failed=True)])


def test_the_table_says_what_was_met_missed_and_skipped() -> None:
    text = table(
        [
            Result("intake", "post", 50, "/s", 100, "bare", (Aim(0.4, at_least=True),)),
            Result("sweep", "none due", 7, "ms", 2, "look", (Aim(5, of="figure"),)),
            Skipped("pages", "x", "not built"),
        ]
    )
    assert [word in text for word in ("0.50", "met", "MISSED", "skipped: not built")] == [True] * 4


def test_sides_are_measured_in_turn_and_their_medians_returned() -> None:
    seen: list[str] = []

    def side(name: str, figures: list[float]):
        def once() -> float:
            seen.append(name)
            return figures.pop(0)

        return once

    assert alternate(3, side("a", [1, 9, 2]), side("b", [5, 4, 6])) == [2, 5]
    assert seen == ["a", "b"] * 3
