"""Calendars: made, corrected, protected; acceptance cases 8 to 11 from end to end."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from accounts.policies import Refusal
from leads.models import JournalEntry
from sla.calendars.days import OwnDay, maps_of
from sla.models import Calendar, CalendarVersion, Clock, PromiseKind, Territory
from sla.policies import can_edit_calendar
from sla.selectors.calendars import calendar_list, effect_of, versions_of, years_without_holidays
from sla.services.answering import accept
from sla.services.calendars import (
    CalendarMovedOn,
    correct_calendar,
    create_calendar,
    draft,
    rename_calendar,
)
from tests.sla.calendars import WEEK, closed_by
from tests.sla.desk import MORNING, clock_of, hand_over, open_desk, owner_of
from tests.support.people import make_user

NEVER: dict[str, Any] = {"week": {}, "holidays": {}, "special": {}}


@pytest.mark.django_db
def test_a_calendar_is_made_with_its_first_version_and_a_journal_row() -> None:
    manager = make_user("sales_manager")
    version = create_calendar(
        name="Copenhagen",
        time_zone="Europe/Copenhagen",
        week=WEEK,
        holidays={"2026-12-25": "Christmas Day"},
        special={},
        by=manager,
        now=MORNING,
    )
    assert (version.number, version.calendar.name) == (1, "Copenhagen")
    entry = JournalEntry.objects.get(event="calendar.created")
    assert (entry.subject_kind, entry.subject_id, entry.actor_id) == (
        "calendar",
        version.calendar_id,
        manager.pk,
    )
    assert entry.after["holidays"] == ["2026-12-25"]
    assert "Christmas" not in str(entry.after)
    row = next(row for row in calendar_list(MORNING) if row.calendar == version.calendar)
    assert (row.hours, row.opening.is_open, row.teams) == ("40 h", True, [])


@pytest.mark.django_db
def test_case_9_a_calendar_that_is_never_open_cannot_be_saved() -> None:
    manager, calendar = make_user("sales_manager"), Calendar.objects.get()
    with pytest.raises(ValidationError, match="never open"):
        create_calendar(name="Never", time_zone="UTC", **NEVER, by=manager, now=MORNING)
    with pytest.raises(ValidationError, match="never open"):
        correct_calendar(calendar=calendar, time_zone="UTC", **NEVER, by=manager, now=MORNING)
    assert Calendar.objects.count() == CalendarVersion.objects.count() == 1


@pytest.mark.django_db
def test_case_9_a_correction_after_which_an_open_clock_would_never_be_due_is_refused_whole() -> None:
    open_desk()
    handoff = hand_over(MORNING)[0]
    due, calendar, manager = clock_of(handoff).due_at, Calendar.objects.get(), make_user("sales_manager")
    past = {"2026-01-05": [["09:00", "17:00"]]}
    wanted = draft(calendar, "UTC", {}, {}, past, MORNING)
    assert effect_of(version=wanted, user=manager).never == 1
    with pytest.raises(ValidationError, match="never be due"):
        correct_calendar(
            calendar=calendar,
            time_zone="UTC",
            week={},
            holidays={},
            special=past,
            by=manager,
            now=MORNING,
        )
    assert clock_of(handoff).due_at == due
    assert CalendarVersion.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["rep", "marketing", "auditor"])
def test_only_sales_managers_and_administrators_change_calendars(role: str) -> None:
    calendar, person = Calendar.objects.get(), make_user(role)
    hours: dict[str, Any] = {"time_zone": "UTC", "week": WEEK, "holidays": {}, "special": {}}
    with pytest.raises(Refusal):
        create_calendar(name="Mine", **hours, by=person, now=MORNING)
    with pytest.raises(Refusal):
        correct_calendar(calendar=calendar, **hours, by=person, now=MORNING)
    with pytest.raises(Refusal):
        rename_calendar(calendar=calendar, name="Mine", by=person, now=MORNING)


@pytest.mark.django_db
def test_a_teams_manager_changes_the_hours_of_the_team_and_new_ones_and_no_others() -> None:
    (team, _reps), (other, _theirs) = open_desk(), open_desk(fallback=False)
    people = {
        "own": make_user("sales_manager", team=team),
        "other": make_user("sales_manager", team=other),
        "all": make_user("sales_manager"),
        "administrator": make_user("administrator"),
    }
    hours: dict[str, Any] = {"time_zone": "UTC", "week": WEEK, "holidays": {}, "special": {}}
    made = {
        name: create_calendar(name=name, **hours, by=person, now=MORNING).calendar
        for name, person in people.items()
    }
    shared, nobodys = Territory.objects.get(team=team).calendar, made["other"]
    Territory.objects.filter(team=other).update(calendar=made["all"])
    may = {
        name: [can_edit_calendar(person, row) for row in (shared, made["all"], nobodys)]
        for name, person in people.items()
    }
    assert may == {
        "own": [True, False, True],
        "other": [False, True, True],
        "all": [True] * 3,
        "administrator": [True] * 3,
    }
    with pytest.raises(Refusal, match="Other teams work by all"):
        correct_calendar(calendar=made["all"], **hours, by=people["own"], now=MORNING)
    with pytest.raises(Refusal):
        rename_calendar(calendar=made["all"], name="Mine", by=people["own"], now=MORNING)
    correct_calendar(calendar=shared, **hours | {"time_zone": "Asia/Tokyo"}, by=people["own"], now=MORNING)


@pytest.mark.django_db
def test_case_11_a_holiday_is_really_skipped_from_handoff_to_due_time() -> None:
    open_desk()
    manager, calendar = make_user("sales_manager"), Calendar.objects.get()
    correct_calendar(
        calendar=calendar,
        time_zone="UTC",
        week=WEEK,
        holidays={"2026-03-05": "Founding day"},
        special={},
        by=manager,
        now=MORNING,
    )
    # Wednesday 16:50, 15 minutes to accept: 10 of them today, the rest on Friday, for Thursday is a holiday
    start = MORNING.replace(hour=16, minute=50)
    clock = clock_of(hand_over(start)[0])
    assert clock.due_at == datetime(2026, 3, 6, 9, 5, tzinfo=UTC)
    assert clock.calendar_version is not None
    receipt = clock.calendar_version.business().explain(clock.started_at, 15 * 60)
    assert [(line.day, line.holiday) for line in receipt.skipped] == [(date(2026, 3, 5), "Founding day")]


@pytest.mark.django_db
def test_case_10_days_of_an_imported_feed_are_skipped_and_named_in_the_receipt() -> None:
    open_desk()
    days = closed_by(
        "UID:1\nSUMMARY:Works outing\nDTSTART;VALUE=DATE:20260305\nDTEND;VALUE=DATE:20260307",
        "UID:2\nSUMMARY:Summer time begins\nDTSTART;VALUE=DATE:20260309",
    )
    own = [OwnDay(date.fromisoformat(day), name) for day, name in days.items()]
    holidays, special = maps_of(own)
    correct_calendar(
        calendar=Calendar.objects.get(),
        time_zone="UTC",
        week=WEEK,
        holidays=holidays,
        special=special,
        by=make_user("administrator"),
        now=MORNING,
    )
    clock = clock_of(hand_over(MORNING.replace(hour=16, minute=50))[0])
    assert clock.due_at == datetime(2026, 3, 9, 9, 5, tzinfo=UTC)
    assert clock.calendar_version is not None
    receipt = clock.calendar_version.business().explain(clock.started_at, 15 * 60)
    named = [line.holiday for line in receipt.skipped if line.holiday]
    assert named == ["Works outing", "Works outing"]


@pytest.mark.django_db
def test_a_special_day_beats_a_holiday_for_the_due_time() -> None:
    open_desk()
    correct_calendar(
        calendar=Calendar.objects.get(),
        time_zone="UTC",
        week=WEEK,
        holidays={"2026-03-05": "Founding day"},
        special={"2026-03-05": [["10:00", "12:00"]]},
        by=make_user("administrator"),
        now=MORNING,
    )
    clock = clock_of(hand_over(MORNING.replace(hour=16, minute=50))[0])
    assert clock.due_at == datetime(2026, 3, 5, 10, 5, tzinfo=UTC)


@pytest.mark.django_db
def test_a_correction_moves_open_clocks_as_it_was_shown_before_and_leaves_ended_ones() -> None:
    open_desk()
    start = MORNING.replace(hour=16, minute=50)
    open_one, answered = hand_over(start, count=2)
    accept(handoff=answered, by=owner_of(answered), now=start)
    kept = clock_of(answered)
    manager, calendar = make_user("sales_manager"), Calendar.objects.get()
    hours: dict[str, Any] = {
        "time_zone": "UTC",
        "week": WEEK,
        "holidays": {"2026-03-05": "Forgotten"},
        "special": {},
    }
    effect = effect_of(version=draft(calendar, now=start, **hours), user=manager)
    # the open accept clock; first touch, attempts and disposition of the lead that was accepted
    assert (effect.open, effect.examined, effect.later, effect.earlier) == (4, 4, 4, 0)
    told = {row.clock.pk: row.new for row in effect.first}
    assert told[clock_of(open_one).pk] == datetime(2026, 3, 6, 9, 5, tzinfo=UTC)
    version = correct_calendar(calendar=calendar, **hours, by=manager, now=start)
    for pk in told:
        clock = Clock.objects.get(pk=pk)
        assert (clock.due_at, clock.calendar_version) == (told[pk], version)
    after = clock_of(answered, PromiseKind.ACCEPT)
    assert (after.due_at, after.calendar_version_id, after.outcome) == (
        kept.due_at,
        kept.calendar_version_id,
        kept.outcome,
    )


@pytest.mark.django_db
def test_the_effect_names_no_lead_of_another_team() -> None:
    open_desk()
    start = MORNING.replace(hour=16, minute=50)
    handoff = hand_over(start)[0]
    wanted = draft(Calendar.objects.get(), "UTC", WEEK, {"2026-03-05": "Forgotten"}, {}, start)
    own = make_user("sales_manager", team=handoff.team)
    stranger = make_user("sales_manager", team=open_desk(fallback=False)[0])
    assert len(effect_of(version=wanted, user=own).first) == 1
    effect = effect_of(version=wanted, user=stranger)
    assert (effect.changed, effect.first) == (1, [])


@pytest.mark.django_db
def test_the_same_hours_again_make_no_version_and_an_old_page_is_refused() -> None:
    manager, calendar = make_user("sales_manager"), Calendar.objects.get()
    hours: dict[str, Any] = {"time_zone": "UTC", "holidays": {}, "special": {}, "by": manager, "now": MORNING}
    same = correct_calendar(calendar=calendar, week=WEEK, expected=1, **hours)
    assert same.number == 1
    short = {"mon": [["09:00", "12:00"]]}
    assert correct_calendar(calendar=calendar, week=short, expected=1, **hours).number == 2
    with pytest.raises(CalendarMovedOn, match="version 2"):
        correct_calendar(calendar=calendar, week={"tue": [["09:00", "12:00"]]}, expected=1, **hours)


@pytest.mark.django_db
def test_versions_say_who_made_them_and_what_changed() -> None:
    manager, calendar = make_user("sales_manager", name="Mia"), Calendar.objects.get()
    correct_calendar(
        calendar=calendar,
        time_zone="Europe/Berlin",
        week=WEEK,
        holidays={"2026-12-25": "Christmas Day"},
        special={},
        by=manager,
        now=MORNING,
    )
    newest, oldest = versions_of(calendar)
    assert (newest.by, newest.before, oldest.rows, oldest.by) == (str(manager), 1, [], "")
    assert [(row["label"], row["old"], row["new"]) for row in newest.rows] == [
        ("Time zone", "UTC", "Europe/Berlin"),
        ("Fri 25 Dec 2026", "as every week", "Christmas Day: closed"),
    ]


@pytest.mark.django_db
def test_a_year_without_days_off_is_pointed_out_and_from_october_on_the_next_year_too() -> None:
    version = Calendar.objects.get().current
    assert years_without_holidays(version, MORNING) == [2026]
    version.holidays = {"2026-12-25": "Christmas Day"}
    assert years_without_holidays(version, MORNING) == []
    assert years_without_holidays(version, MORNING.replace(month=10)) == [2027]
