"""The figures of compliance: by hand and by the database the same, on both databases."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from accounts.models import User
from sla.models import Clock, Reason
from sla.reports.compliance import KindReport, Tally, kind_reports
from sla.reports.filters import Ask, read
from sla.reports.marketing import passed
from sla.reports.periods import PERIODS, custom_period, period_of
from tests.sla.made_clocks import START, World, count_by_hand, make_clock, make_handoff, nearest_rank
from tests.support.people import make_user

NOW = START + timedelta(days=9, hours=3)
HOUR = timedelta(hours=1)


def as_tuple(tally: Tally) -> tuple[Any, ...]:
    used = tally.used
    return tally.kept, tally.missed, tally.late, tally.open, tally.waived, used.count, used.median, used.p90


def report(user: User, kind: str = "accept", **query: str) -> Any:
    return next(one for one in kind_reports(read(query, user, NOW)) if one.kind == kind)


# whose (four reps, or the queue), source, tier, promise, outcome, hours from START, seconds used
CLOCK = st.tuples(
    st.integers(0, 4),
    st.integers(0, 1),
    st.sampled_from(["hand_raiser", "scored", "tier_2"]),
    st.sampled_from(["accept", "first_touch"]),
    st.sampled_from(["running", "kept", "missed", "cancelled", "waived"]),
    st.integers(-45 * 24, 12 * 24),
    st.integers(0, 4 * 3600),
)
COLUMNS = {"team": "team_id", "rep": "owner_id", "source": "source_id", "tier": "tier"}


@pytest.mark.django_db
@hypothesis_settings(max_examples=30)
@given(rows=st.lists(CLOCK, max_size=30), by=st.sampled_from(sorted(COLUMNS)))
def test_every_figure_of_every_cut_is_what_a_child_would_count(rows: list[Any], by: str) -> None:
    with transaction.atomic():
        world = World.make()
        for who, source, tier, kind, outcome, hours, used in rows:
            rep = world.reps[who] if who < 4 else None
            team, at = rep.team if rep else world.teams[0], START + timedelta(hours=hours)
            handoff = make_handoff(team, rep, at, tier=tier, source=world.sources[source])
            make_clock(handoff, outcome, 4 * 3600 + 1 + used if outcome == "missed" else used, kind=kind)
        ask = read({"by": by}, world.manager, NOW)
        for one in kind_reports(ask):
            compare_with_a_count(ask, one, COLUMNS[by])
        transaction.set_rollback(True)


def compare_with_a_count(ask: Ask, one: KindReport, column: str) -> None:
    clocks = list(Clock.objects.filter(kind=one.kind))
    now = [clock for clock in clocks if ask.period.start <= clock.started_at < ask.period.end]
    before = [clock for clock in clocks if ask.period.before_start <= clock.started_at < ask.period.start]
    assert as_tuple(one.now) == count_by_hand(now, NOW)
    assert as_tuple(one.before) == count_by_hand(before, NOW)
    groups: dict[str, list[Clock]] = {}
    for clock in now:
        if clock.outcome != "cancelled":
            groups.setdefault(str(getattr(clock, column) or "queue"), []).append(clock)
    assert {group.value: as_tuple(group.tally) for group in one.groups} == {
        value: count_by_hand(mine, NOW) for value, mine in groups.items()
    }


@pytest.mark.parametrize(
    ("values", "median", "p90"),
    [([], None, None), ([7], 7, 7), ([1, 2], 1, 2), (list(range(1, 11)), 5, 9), (list(range(1, 12)), 6, 10)],
)
def test_nearest_rank_is_a_value_that_occurred(values: list[int], median: Any, p90: Any) -> None:
    assert (nearest_rank(values, 50), nearest_rank(values, 90)) == (median, p90)


@pytest.mark.django_db
def test_a_running_clock_past_its_due_time_is_missed_although_no_sweep_ran() -> None:
    world = World.make()
    make_clock(make_handoff(world.teams[0], world.reps[0], NOW - 4 * HOUR - timedelta(microseconds=1)))
    make_clock(make_handoff(world.teams[0], world.reps[0], NOW - 4 * HOUR))
    assert as_tuple(report(world.manager).now)[:4] == (0, 1, 1, 1)


@pytest.mark.django_db
def test_whoever_owns_a_clock_answers_for_it_and_without_an_owner_the_queue() -> None:
    world = World.make()
    one, two = world.reps[:2]
    handoff = make_handoff(world.teams[0], two)
    make_clock(handoff, "missed", owner=None)
    make_clock(handoff, "kept", owner=two)
    groups = {group.label: group.tally for group in report(world.manager, by="rep").groups}
    assert {label: (tally.kept, tally.missed) for label, tally in groups.items()} == {
        "Queue, nobody’s yet": (0, 1),
        str(two): (1, 0),
    }
    assert str(one) not in groups


@pytest.mark.django_db
def test_filters_leave_what_they_name_and_say_what_they_could_not_mean() -> None:
    world = World.make()
    for rep in world.reps:
        make_clock(make_handoff(rep.team, rep), "kept")
    manager = world.manager
    assert report(manager).now.kept == 4
    assert report(manager, team=str(world.teams[0].pk)).now.kept == 2
    assert report(manager, rep=str(world.reps[3].pk)).now.kept == 1
    assert report(manager, rep="queue").now.kept == 0
    assert report(manager, tier="hand_raiser").now.kept == 0
    nonsense = {
        "team": "99999999999999999999",
        "rep": "x'--",
        "period": "never",
        "by": "heart",
        "outcome": "?",
    }
    ask = read(nonsense, manager, NOW)
    assert (ask.chosen, ask.by, ask.outcome, ask.period.key) == ({}, "team", "", "this_month")
    assert len(ask.problems) == 3


@pytest.mark.django_db
def test_the_manager_of_one_team_gets_that_teams_figures_and_nobody_elses() -> None:
    world = World.make()
    for rep in world.reps:
        make_clock(make_handoff(rep.team, rep), "kept")
    of_north = make_user("sales_manager", team=world.teams[0])
    assert report(of_north, by="rep").now.kept == 2
    assert report(of_north, team=str(world.teams[1].pk)).now.kept == 2, "not a choice of theirs"
    ask = read({}, of_north, NOW)
    assert list(ask.choices["team"]) == [str(world.teams[0].pk)]
    assert str(world.reps[2].pk) not in ask.choices["rep"]
    assert passed(ask)[0].count == 2


@pytest.mark.django_db
def test_months_end_at_midnight_of_the_organisation_half_open(settings: Any) -> None:
    settings.ORGANISATION_TIME_ZONE = "America/New_York"
    world = World.make()
    midnight = datetime(2026, 3, 1, 0, 0, tzinfo=ZoneInfo("America/New_York"))
    for at in (midnight - timedelta(microseconds=1), midnight, datetime(2026, 4, 1, 3, 59, 59, tzinfo=UTC)):
        make_clock(make_handoff(world.teams[0], world.reps[0], at), "kept")
    make_clock(make_handoff(world.teams[0], world.reps[0], datetime(2026, 4, 1, 4, 0, tzinfo=UTC)), "kept")
    march = report(world.manager)
    assert (march.now.kept, march.before.kept) == (2, 1)
    assert report(world.manager, period="custom", **{"from": "2026-04-01", "to": "2026-04-01"}).now.kept == 1


@given(
    now=st.datetimes(datetime(2001, 1, 1), datetime(2900, 1, 1), timezones=st.just(UTC)),
    key=st.sampled_from(sorted(PERIODS)),
    zone=st.sampled_from(["UTC", "Europe/Copenhagen", "Pacific/Apia", "Africa/Cairo", "America/Sao_Paulo"]),
)
def test_a_period_is_whole_days_and_follows_on_the_one_before(now: datetime, key: str, zone: str) -> None:
    period = period_of(key, now, ZoneInfo(zone))
    assert period.before_start < period.start < period.end
    today = now.astimezone(ZoneInfo(zone)).date()
    if key == "last_month":
        assert period.last < today.replace(day=1)
    else:
        assert period.first <= today <= period.last
        assert period.start <= now < period.end
    if key.endswith("month"):
        assert (period.first.day, (period.last + timedelta(days=1)).day) == (1, 1)


@pytest.mark.parametrize(
    ("first", "last"),
    [(date(2026, 3, 2), date(2026, 3, 1)), (date(1, 1, 1), date(2026, 1, 1)), (date(2026, 1, 1), date.max)],
)
def test_days_that_make_no_period_are_refused_in_words(first: date, last: date) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        custom_period(first, last, ZoneInfo("UTC"))


@pytest.mark.django_db
def test_marketings_side_counts_answers_by_class_and_routing_without_history() -> None:
    world = World.make()
    north, rep = world.teams[0], world.reps[0]
    accepted: dict[str, Any] = {"state": "accepted", "accepted_at": START, "answered_at": START}
    ended: dict[str, Any] = {"ended_at": START, "answered_at": START}
    make_handoff(north, rep, **accepted)
    make_handoff(north, rep, state="qualified", accepted_at=START, **ended)
    make_handoff(north, rep, state="disqualified", accepted_at=START, **ended)
    make_handoff(north, rep, state="withdrawn", ended_at=START)
    make_handoff(north, rep, ready_at=START - HOUR)
    for slug in ("duplicate", "wrong_team"):
        make_handoff(north, rep, state="rejected", reason=Reason.objects.get(slug=slug), **ended)
    make_handoff(north, None, ready_at=START, state="qualified", ended_at=START)  # history of an import
    now, before = passed(read({}, world.manager, NOW))
    assert (now.count, now.accepted, now.waiting, now.answered) == (8, 4, 1, 6)
    assert now.rejected == {"procedural": 1, "clerical": 1, "definitional": 0}
    assert now.routing.count == 7
    assert (now.routing.median, now.routing.p90) == (timedelta(seconds=10), HOUR)
    assert (before.count, before.share_accepted) == (0, None)


@pytest.mark.django_db
def test_small_groups_are_marked() -> None:
    assert [Tally(kept=n).is_small for n in (0, 1, 4, 5)] == [False, True, True, False]


@pytest.mark.postgres
@pytest.mark.django_db
def test_postgresql_reads_the_covering_index_and_no_row() -> None:
    world = World.make()
    rep = world.reps[0]
    handoff = make_handoff(world.teams[0], rep)
    pattern = make_clock(handoff, "kept")
    rows = []
    for number in range(20_000):
        pattern.pk = None
        row = Clock(**{f.attname: getattr(pattern, f.attname) for f in Clock._meta.concrete_fields})
        row.started_at = START - timedelta(minutes=20 * number)
        row.ended_at, row.due_at = row.started_at, row.started_at + HOUR
        rows.append(row)
    Clock.objects.bulk_create(rows, batch_size=2000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE sla_clock")
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
    ask = read({}, world.manager, NOW)
    cohort = ask.clocks().judged().started_between(ask.period.start, ask.period.end)
    plan = cohort.ended_judged().order_by().values_list("kind", "team_id", "seconds_used").explain()
    assert "Index Only Scan using clock_compliance" in plan
