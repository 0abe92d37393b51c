"""Past handoffs are run through the law of the clock, and judged by one agreement and by another."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Team, User
from leads.models import JournalEntry, Lead, Source, StageChange, Submission
from notifications.models import Notification
from sla.models import (
    Agreement,
    AgreementVersion,
    Breach,
    Calendar,
    Clock,
    Handoff,
    Pause,
    Promise,
    Territory,
)
from sla.reports.replay import judge_of, replay
from tests.sla.helpdesk_log import EXAMPLE, MONDAY, mapping_with
from tests.support.people import make_user

BUSINESS, CALENDAR = "Help desk, business hours", "Help desk, calendar hours"
# Rome is one hour ahead of UTC in January, and the clock of the log eight hours ahead of Rome: 17:00 is 09:00 there, 08:00 UTC.
# Case A: accepted after 1 h, waits from 11:00 until Thursday 10:00, then work. B: handed over on Friday 17:00, taken on Monday 10:00.
LOG = (
    "A,1,2012-01-02 17:00:00",
    "A,8,2012-01-02 18:00:00",
    "A,9,2012-01-02 19:00:00",
    "A,9,2012-01-02 19:00:00",
    "A,2,2012-01-05 18:00:00",
    "A,6,2012-01-06 18:00:00",
    "B,1,2012-01-07 01:00:00",
    "B,8,2012-01-09 18:00:00",
    "B,6,2012-01-13 18:00:00",
    "C,8,2012-01-02 18:00:00",
    "C,6,2012-01-02 19:00:00",
    "D,1,2012-01-02 18:00:00",
    "E,1,2012-01-02 17:00:00",
    "E,6,2012-01-02 22:30:00",
)


@pytest.fixture
def log_file(tmp_path: Path) -> Callable[..., Path]:
    def write(*lines: str) -> Path:
        path = tmp_path / "log.csv"
        path.write_text("\n".join(["CaseID,ActivityID,CompleteTimestamp", *lines, ""]))
        return path

    return write


def run(path: Path, mapping: Path = EXAMPLE, **options: Any) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("import_handoffs", str(path), mapping=mapping, stdout=out, stderr=err, **options)
    return out.getvalue(), err.getvalue()


def audit(*agreements: str, source: str = "helpdesk") -> str:
    out = StringIO()
    wanted = [part for name in agreements for part in ("--agreement", name)]
    call_command("audit_handoffs", "--source", source, *wanted, stdout=out)
    return out.getvalue()


def counts() -> dict[str, int]:
    return {model._meta.label: model._default_manager.count() for model in apps.get_models()}


def handoff_of(case: str) -> Handoff:
    return Handoff.objects.get(
        lead__contact__identities__namespace="helpdesk", lead__contact__identities__value=case
    )


def clock_of(case: str, kind: str) -> Clock:
    return Clock.objects.get(handoff=handoff_of(case), kind=kind)


@pytest.mark.django_db
def test_the_cases_become_handoffs_of_their_own_time(log_file: Callable[..., Path]) -> None:
    out, err = run(log_file(*LOG))
    assert "1 row repeats another and was dropped." in out
    assert "3 handoffs were taken in." in out
    assert "1 case was left out: the log has no event that hands them over." in out
    assert "1 case was left out: they have not ended" in out
    assert err == ""

    row = handoff_of("A")
    assert (row.state, row.owner, row.tier, str(row.team)) == ("qualified", None, "scored", "Help desk")
    assert row.started_at == MONDAY + timedelta(hours=8)
    assert row.accepted_at == MONDAY + timedelta(hours=9)
    assert row.ended_at == MONDAY + timedelta(days=4, hours=9)
    assert row.lead.stage == "sql"
    stages = StageChange.objects.filter(lead=row.lead).order_by("pk").values_list("to_stage", "at")
    assert list(stages) == [
        ("lead", row.started_at),
        ("mql", row.started_at),
        ("srl", row.started_at),
        ("sql", row.ended_at),
    ]
    raw = json.loads(bytes(Submission.objects.get(delivery_key="helpdesk:A").raw))
    assert raw["events"][2:4] == [["9", "2012-01-02 19:00:00"], ["2", "2012-01-05 18:00:00"]]


@pytest.mark.django_db
def test_clocks_are_judged_in_business_hours_without_the_pauses(log_file: Callable[..., Path]) -> None:
    run(log_file(*LOG))
    accept, touch = clock_of("A", "accept"), clock_of("A", "first_touch")
    assert (accept.outcome, accept.seconds_used, accept.paused_until) == ("kept", 3600, None)
    # From 10:00 to the wait at 11:00; it ends with the event that is the first touch.
    assert (touch.outcome, touch.seconds_used) == ("kept", 3600)
    pause = Pause.objects.get()
    assert (pause.clock, pause.reason, pause.starts_at) == (
        touch,
        "waiting_for_prospect",
        MONDAY + timedelta(hours=10),
    )
    assert touch.paused_until == pause.ends_at == MONDAY + timedelta(days=3, hours=9)
    assert not pause.by.is_active
    # Friday 17:00 to Monday 10:00 are two hours of business.
    assert (clock_of("B", "accept").outcome, clock_of("B", "accept").seconds_used) == ("kept", 2 * 3600)
    # Nobody took E in charge: it was answered by its end, after five and a half hours.
    assert (clock_of("E", "accept").outcome, clock_of("E", "accept").seconds_used) == ("missed", 19800)
    assert not Clock.objects.filter(handoff=handoff_of("E"), kind="first_touch").exists()
    assert not Clock.objects.running().exists()


@pytest.mark.django_db
def test_all_that_sales_promises_is_judged_as_of_a_live_handoff(
    log_file: Callable[..., Path], tmp_path: Path
) -> None:
    promised = {
        "attempts": {"target_days": 10, "count": 2, "hours": "business"},
        "disposition": {"target_days": 3, "hours": "business"},
    }
    mapping = tmp_path / "mapping.json"
    mapping.write_bytes(mapping_with(agreements=[{"name": "All", "promises": promised}]))
    run(
        log_file(
            *LOG,
            "F,1,2012-01-02 17:00:00",
            "F,8,2012-01-02 18:00:00",
            "F,2,2012-01-02 19:00:00",
            "F,2,2012-01-03 19:00:00",
            "F,6,2012-01-20 18:00:00",
        ),
        mapping,
    )
    # The second piece of work of A is its end on Friday, that of F on Tuesday; B was reached by its end a week later.
    assert clock_of("A", "attempts").ended_at == MONDAY + timedelta(days=4, hours=9)
    assert clock_of("F", "attempts").ended_at == MONDAY + timedelta(days=1, hours=10)
    assert {clock_of(case, "attempts").outcome for case in "ABF"} == {"kept"}
    # Three business days from Monday are over on Thursday, and A's waiting until then is left out.
    assert [clock_of(case, "disposition").outcome for case in "ABF"] == ["kept", "missed", "missed"]
    assert not Clock.objects.filter(handoff=handoff_of("E")).exists()
    assert not Clock.objects.running().exists()
    both = {"target_days": 3, "target_seconds": 5, "hours": "business"}
    wrong = {"accept": both, "attempts": promised["disposition"]}
    mapping.write_bytes(mapping_with(agreements=[{"name": "X", "promises": wrong}]))
    with pytest.raises(CommandError, match=r"seconds or in days(.|\n)*Attempts need their number"):
        run(log_file(*LOG), mapping)


@pytest.mark.django_db
def test_breaches_are_dated_by_the_deadline_and_nobody_is_told(log_file: Callable[..., Path]) -> None:
    make_user(role="sales_manager")
    run(log_file(*LOG))
    missed = {breach.clock.handoff: breach for breach in Breach.objects.all()}
    assert set(missed) == {handoff_of("B"), handoff_of("E")}
    assert missed[handoff_of("E")].deadline == MONDAY + timedelta(hours=12)
    assert missed[handoff_of("E")].lifted_at is None
    assert JournalEntry.objects.filter(event="clock.breached", rule="sla.import_handoffs").count() == 2
    assert not Notification.objects.exists()


@pytest.mark.django_db
def test_a_second_run_changes_nothing(log_file: Callable[..., Path]) -> None:
    path = log_file(*LOG)
    run(path)
    before = counts()
    out, _err = run(path)
    assert "3 handoffs are here already." in out
    assert counts() == before


@pytest.mark.django_db
def test_a_stopped_run_goes_on_where_it_stopped(log_file: Callable[..., Path]) -> None:
    run(log_file(*LOG[:6]))
    out, _err = run(log_file(*LOG))
    assert "1 handoff is here already." in out
    assert "2 handoffs were taken in." in out


@pytest.mark.django_db
def test_a_dry_run_writes_nothing(log_file: Callable[..., Path]) -> None:
    before = counts()
    out, _err = run(log_file(*LOG), dry_run=True)
    assert "3 handoffs would be taken in." in out
    assert counts() == before


@pytest.mark.django_db
def test_a_case_with_a_bad_row_is_left_out_whole(log_file: Callable[..., Path]) -> None:
    out, err = run(log_file(*LOG, "A,2,soon", "B,,2012-01-13 18:00:00", "E,6"))
    assert "1 handoff was taken in." in out
    assert "Line 16, CompleteTimestamp: “soon” is no time" in err
    assert "Line 17, ActivityID: The cell is empty." in err
    assert "Line 18, row: The row has 2 cells" in err
    assert Handoff.objects.get() == handoff_of("E")


@pytest.mark.django_db
def test_an_agreement_that_is_nowhere_stops_before_anything_is_written(
    log_file: Callable[..., Path], tmp_path: Path
) -> None:
    mapping = tmp_path / "mapping.json"
    mapping.write_bytes(mapping_with(agreements=[{"name": "Nowhere"}]))
    before = counts()
    with pytest.raises(CommandError, match="There is no agreement “Nowhere”"):
        run(log_file(*LOG), mapping)
    assert counts() == before


@pytest.mark.django_db
def test_what_is_here_already_stays_as_it_is(log_file: Callable[..., Path], tmp_path: Path) -> None:
    team = Team.objects.create(name="Help desk")
    mapping = tmp_path / "mapping.json"
    mapping.write_bytes(
        mapping_with(calendar={"name": "Office hours"}, agreements=[{"name": "Standard agreement"}])
    )
    run(log_file(*LOG), mapping)
    assert Territory.objects.get(team=team).agreement.name == "Standard agreement"
    assert {row.agreement_version.agreement.name for row in Handoff.objects.all()} == {"Standard agreement"}
    assert Calendar.objects.count() == 1
    assert not User.objects.filter(is_active=True).exists()


@pytest.mark.django_db
def test_a_lead_that_sales_has_already_is_left_alone(log_file: Callable[..., Path]) -> None:
    run(log_file(*LOG[:6]))
    Handoff.objects.update(assigned_at=MONDAY, ready_rule="hand_raise")
    out, _err = run(log_file(*LOG[:6]))
    assert "1 case was left out: its lead is with sales already, or beyond." in out
    assert Handoff.objects.count() == 1


@pytest.mark.django_db
def test_the_number_of_statements_does_not_follow_the_number_of_cases(
    log_file: Callable[..., Path],
) -> None:
    def statements(first: int, last: int) -> int:
        lines = [
            f"{case},{activity},2012-01-0{day} 18:00:00"
            for case in range(first, last)
            for day, activity in ((2, 1), (3, 8), (4, 9), (5, 2), (6, 6))
        ]
        path = log_file(*lines)
        with CaptureQueriesContext(
            connection,
        ) as captured:
            run(path)
        return len(captured)

    run(log_file(*LOG))
    # Three times the cases; SQLite takes few values in one statement, so that some come in several.
    assert statements(40, 160) - statements(0, 40) < 40


@pytest.mark.django_db
def test_an_audit_by_the_same_agreement_says_what_was_recorded(log_file: Callable[..., Path]) -> None:
    run(log_file(*LOG))
    judge = judge_of(BUSINESS)
    assert judge is not None
    found = replay(source=Source.objects.get(slug="helpdesk"), judges=[judge])
    for kind, figures in found.figures[0].items():
        recorded = Clock.objects.filter(kind=kind)
        assert figures.kept == recorded.kept().count()
        assert figures.missed == recorded.filter(pk__in=Breach.objects.values("clock")).count()
        assert figures.used.count == recorded.count()


@pytest.mark.django_db
def test_agreements_are_shown_side_by_side_and_nothing_is_written(log_file: Callable[..., Path]) -> None:
    run(log_file(*LOG))
    before = counts()
    said = audit(CALENDAR, BUSINESS)
    assert "Accept or reject  Help desk, calendar hours  Help desk, business hours" in said
    lines = [line.split() for line in said.splitlines()]
    assert ["Kept", "1", "(33.3%)", "2", "(66.7%)"] in lines
    # B waited over the weekend, and nobody works then.
    assert "Kept by the first and missed by the second: 0; the other way round: 1." in said
    assert counts() == before


@pytest.mark.django_db
def test_a_version_that_is_not_in_force_yet_can_be_tried(log_file: Callable[..., Path]) -> None:
    run(log_file(*LOG))
    version = AgreementVersion.objects.create(
        agreement=Agreement.objects.get(name=BUSINESS),
        number=2,
    )
    Promise.objects.create(version=version, kind="accept", tier="scored", target_seconds=3600)
    lines = [line.split() for line in audit(BUSINESS, f"{BUSINESS} v2").splitlines()]
    assert ["Kept", "2", "(66.7%)", "1", "(33.3%)"] in lines
    assert ["Nothing", "promised", "0", "2"] in lines


@pytest.mark.django_db
def test_attempts_are_not_judged_by_another_number_than_was_replayed(
    log_file: Callable[..., Path], tmp_path: Path
) -> None:
    """The clock ended with the second attempt, or with whoever was reached: when a sixth was made, nobody knows."""
    days = {"target_days": 2, "hours": "business"}
    first, second = (
        {"name": name, "promises": {"attempts": {**days, "count": count}}}
        for name, count in (("Two", 2), ("Six", 6))
    )
    mapping = tmp_path / "mapping.json"
    mapping.write_bytes(mapping_with(agreements=[first, second]))
    run(log_file(*LOG), mapping)
    said = audit("Two", "Six")
    assert "  2 attempts within 2 business days  " in said
    assert "business days business hours" not in said
    lines = [line.split() for line in said.splitlines()]
    assert ["Judged", "2", "0"] in lines
    assert ["Other", "number", "0", "2"] in lines


@pytest.mark.django_db
def test_an_audit_of_nothing_known_says_so(log_file: Callable[..., Path]) -> None:
    run(log_file(*LOG))
    with pytest.raises(CommandError, match="There is no source “nowhere”"):
        audit(BUSINESS, source="nowhere")
    for name in ("Nothing", f"{BUSINESS} v9", f"{BUSINESS} v²"):
        with pytest.raises(CommandError, match="There is no agreement"):
            audit(name)


@pytest.mark.django_db
def test_leads_of_the_log_are_leads_like_others(log_file: Callable[..., Path]) -> None:
    run(log_file(*LOG))
    assert Lead.objects.count() == 3
    assert not Lead.objects.filter(dirty_at__isnull=False).exists()
    assert not Lead.objects.filter(ready_at__isnull=False).exists()
