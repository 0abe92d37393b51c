"""Calendars: made, corrected, drawn; public holidays and feeds; acceptance cases 8 to 11 from end to end."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError

from accounts.policies import Refusal
from leads.models import JournalEntry
from sla.business_time import BusinessCalendar
from sla.calendars.days import OwnDay, days_of, maps_of, read_hours, write_hours
from sla.calendars.ical import NotACalendar, Passed, read_feed
from sla.calendars.preview import next_weeks
from sla.calendars.public_holidays import UnknownPlace, countries, public_holidays, subdivisions
from sla.forms_calendars import HOURS_WRONG
from sla.models import Calendar, CalendarVersion, Clock, PromiseKind, Territory
from sla.opening_hours import CalendarError
from sla.policies import can_edit_calendar
from sla.receipts import HoursFrom
from sla.selectors.calendars import calendar_list, effect_of, opening, versions_of, years_without_holidays
from sla.services.answering import accept
from sla.services.calendars import (
    CalendarMovedOn,
    correct_calendar,
    create_calendar,
    draft,
    rename_calendar,
)
from tests.sla.desk import HOUR, MORNING, clock_of, hand_over, open_desk, owner_of
from tests.support.people import make_user

WEEK = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
NEVER: dict[str, Any] = {"week": {}, "holidays": {}, "special": {}}
FIRST, LAST = date(2026, 1, 1), date(2028, 12, 31)
BERLIN = ZoneInfo("Europe/Berlin")


def feed(*events: str) -> str:
    """An iCalendar feed with a zone whose clocks change, as real ones have it."""
    zone = """BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:DAYLIGHT
DTSTART:19810329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
BEGIN:STANDARD
DTSTART:19961027T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
END:VTIMEZONE"""
    body = [f"BEGIN:VEVENT\n{event}\nEND:VEVENT" for event in events]
    return "\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//y//EN", zone, *body, "END:VCALENDAR"])


def closed_by(*events: str, zone: ZoneInfo = BERLIN) -> dict[str, str]:
    """The days that a feed closes."""
    found = read_feed(feed(*events), zone=zone, first=FIRST, last=LAST)
    return {day.isoformat(): name for day, name in found.days.items()}


# --- Hours as text ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, hours",
    [
        ("09:00-12:00, 13:00-17:00", [["09:00", "12:00"], ["13:00", "17:00"]]),
        ("13:00–17:00; 9-12", [["09:00", "12:00"], ["13:00", "17:00"]]),
        ("22.00-24.00", [["22:00", "24:00"]]),
        ("24 hours", [["00:00", "24:00"]]),
        (" closed ", []),
        ("", []),
    ],
)
def test_hours_are_read_as_people_write_them(text: str, hours: list[list[str]]) -> None:
    assert read_hours(text) == hours
    assert read_hours(write_hours(hours)) == hours


@pytest.mark.parametrize(
    "text, code",
    [
        ("22:00-06:00", "over_midnight"),
        ("09:00-12:00, 11:00-13:00", "overlap"),
        ("09:00-09:00", "empty_interval"),
        ("22:00-00:00", "ends_at_midnight"),
        ("25:00-26:00", "bad_time"),
        ("nine to five", "bad_interval"),
        ("9:00", "bad_interval"),
    ],
)
def test_hours_that_cannot_be_read_are_refused_with_words_for_each_reason(text: str, code: str) -> None:
    with pytest.raises(CalendarError) as caught:
        read_hours(text)
    assert caught.value.code == code
    assert code in HOURS_WRONG


def test_case_8_an_overnight_window_is_refused_in_one_piece_and_works_as_two() -> None:
    with pytest.raises(CalendarError, match="over midnight"):
        read_hours("22:00-06:00")
    night = BusinessCalendar("UTC", {"mon": read_hours("22:00-24:00"), "tue": read_hours("00:00-06:00")})
    start = datetime(2026, 3, 2, 22, 0, tzinfo=UTC)
    assert night.add(start, 5 * 3600) == start + 5 * HOUR
    assert night.between(start, start + timedelta(days=1)) == 8 * 3600


def test_the_two_maps_of_a_calendar_and_its_days_are_the_same_thing() -> None:
    days = [
        OwnDay(date(2026, 12, 24), "Christmas Eve", (("09:00", "12:00"),)),
        OwnDay(date(2026, 12, 25), "Christmas Day", is_holiday=True),
        OwnDay(date(2026, 12, 28), "Stocktaking"),
        OwnDay(date(2026, 12, 29)),
    ]
    assert days_of(*maps_of(days)) == days


# --- Public holidays ------------------------------------------------------------------------------------


def test_public_holidays_are_those_of_the_country_and_the_subdivision() -> None:
    country, bavaria = public_holidays("DE", "", [2026]), public_holidays("DE", "BY", [2026])
    assert country[date(2026, 10, 3)] == "German Unity Day"
    assert date(2026, 1, 6) not in country
    assert bavaria[date(2026, 1, 6)] == "Epiphany"
    assert set(country) < set(bavaria)
    assert {day.year for day in public_holidays("DK", "", [2026, 2027])} == {2026, 2027}


def test_countries_and_subdivisions_can_be_chosen_by_name() -> None:
    assert ("Denmark", "DK") in {(place.name, place.code) for place in countries()}
    assert ("Bayern", "BY") in {(place.name, place.code) for place in subdivisions("DE")}
    assert ("Trinidad and Tobago", "TT") in {(place.name, place.code) for place in countries()}
    for country, subdivision in (("XX", ""), ("DE", "XX")):
        with pytest.raises(UnknownPlace):
            public_holidays(country, subdivision, [2026])


# --- Calendar feeds -------------------------------------------------------------------------------------


def test_case_10_clock_changes_in_a_feed_close_no_day() -> None:
    found = read_feed(
        feed(
            "UID:1\nSUMMARY:Daylight Saving Time starts\nDTSTART;VALUE=DATE:20260329",
            "UID:2\nSUMMARY:Ende der Sommerzeit\nDTSTART;VALUE=DATE:20261025",
            "UID:3\nSUMMARY:Easter Monday\nDTSTART;VALUE=DATE:20260406",
        ),
        zone=BERLIN,
        first=FIRST,
        last=LAST,
    )
    assert found.days == {date(2026, 4, 6): "Easter Monday"}
    assert [row.why for row in found.passed] == [Passed.CLOCK_CHANGE, Passed.CLOCK_CHANGE]


def test_the_end_of_an_entry_is_the_day_after_it() -> None:
    event = "UID:1\nSUMMARY:Works holiday\nDTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261227"
    assert list(closed_by(event)) == ["2026-12-24", "2026-12-25", "2026-12-26"]
    assert list(closed_by("UID:1\nSUMMARY:x\nDTSTART;VALUE=DATE:20261224\nDURATION:P2D")) == [
        "2026-12-24",
        "2026-12-25",
    ]


def test_a_repeated_entry_closes_each_of_its_days_but_those_taken_out_or_moved() -> None:
    rule = (
        "UID:1\nSUMMARY:Founding day\nDTSTART;VALUE=DATE:20200914\nRRULE:FREQ=YEARLY;UNTIL=20281231T000000Z"
    )
    assert list(closed_by(rule)) == ["2026-09-14", "2027-09-14", "2028-09-14"]
    moved = (
        "UID:1\nSUMMARY:Founding day, moved\nDTSTART;VALUE=DATE:20270915\nRECURRENCE-ID;VALUE=DATE:20270914"
    )
    assert list(closed_by(f"{rule}\nEXDATE;VALUE=DATE:20260914", moved)) == ["2027-09-15", "2028-09-14"]


def test_an_entry_with_hours_closes_no_day_unless_they_are_a_whole_day_in_the_zone_of_the_team() -> None:
    lunch = "UID:1\nSUMMARY:Lunch\nDTSTART;TZID=Europe/Berlin:20260401T120000\nDTEND;TZID=Europe/Berlin:20260401T130000"
    whole = "UID:2\nSUMMARY:Off\nDTSTART:20260401T220000Z\nDTEND:20260402T220000Z"
    assert closed_by(lunch, whole) == {"2026-04-02": "Off"}
    assert closed_by(whole, zone=ZoneInfo("UTC")) == {}


@pytest.mark.parametrize(
    "event, why",
    [
        ("UID:1\nSUMMARY:x\nSTATUS:CANCELLED\nDTSTART;VALUE=DATE:20261224", Passed.CANCELLED),
        ("UID:1\nSUMMARY:x\nDTSTART;VALUE=DATE:20191224", Passed.OUT_OF_RANGE),
        ("UID:1\nSUMMARY:x", Passed.NO_DATE),
        ("UID:1\nSUMMARY:x\nDTSTART;VALUE=DATE:20261224\nRRULE:FREQ=SECONDLY", Passed.UNKNOWN_REPEAT),
        ("UID:1\nSUMMARY:x\nDTSTART;VALUE=DATE:20261224\nRRULE:FREQ=DAILY;BYHOUR=1,2", Passed.UNKNOWN_REPEAT),
        ("UID:1\nSUMMARY:x\nDTSTART;VALUE=DATE:16000101\nRRULE:FREQ=DAILY", Passed.UNKNOWN_REPEAT),
    ],
)
def test_an_entry_that_closes_no_day_says_why(event: str, why: Passed) -> None:
    found = read_feed(feed(event), zone=BERLIN, first=FIRST, last=LAST)
    assert not found.days
    assert [row.why for row in found.passed] == [why]


@pytest.mark.parametrize("text", ["", "hello", "BEGIN:VCALENDAR", "BEGIN:VEVENT\nEND:VEVENT", "\0\0"])
def test_what_is_no_feed_is_refused(text: str) -> None:
    with pytest.raises(NotACalendar, match="unreadable"):
        read_feed(text, zone=BERLIN, first=FIRST, last=LAST)


def test_a_feed_that_closes_everything_is_refused() -> None:
    with pytest.raises(NotACalendar, match="too_many_days"):
        closed_by("UID:1\nSUMMARY:x\nDTSTART;VALUE=DATE:20260101\nRRULE:FREQ=DAILY")


# --- The drawing ----------------------------------------------------------------------------------------


def test_the_next_weeks_show_each_day_on_the_clock_of_the_team() -> None:
    calendar = BusinessCalendar(
        "America/New_York",
        WEEK,
        {"2026-12-25": "Christmas Day", "2026-12-24": "Christmas Eve"},
        {"2026-12-24": [["09:00", "12:00"]], "2026-12-26": [["10:00", "24:00"]]},
    )
    # still the 20th, a Sunday, in New York
    weeks = next_weeks(calendar, datetime(2026, 12, 21, 3, 0, tzinfo=UTC))
    assert [week.monday for week in weeks][:2] == [date(2026, 12, 14), date(2026, 12, 21)]
    assert len(weeks) == 8
    by_day = {day.day: day for week in weeks for day in week.days}
    assert by_day[date(2026, 12, 20)].is_today
    assert by_day[date(2026, 12, 23)].spans == ((540, 1020),)
    half = by_day[date(2026, 12, 24)]
    assert (half.spans, half.name, half.hours_from) == (((540, 720),), "Christmas Eve", HoursFrom.SPECIAL)
    assert (by_day[date(2026, 12, 25)].spans, by_day[date(2026, 12, 25)].name) == ((), "Christmas Day")
    assert by_day[date(2026, 12, 26)].spans == ((600, 1440),)
    assert weeks[1].seconds == (3 * 8 + 3 + 14) * 3600


def test_open_now_closes_and_opens_again() -> None:
    office = BusinessCalendar("UTC", WEEK)
    friday = datetime(2026, 3, 6, 16, 0, tzinfo=UTC)
    now = opening(office, friday)
    assert (now.is_open, now.closes_at, now.opens_at) == (
        True,
        friday + HOUR,
        datetime(2026, 3, 9, 9, 0, tzinfo=UTC),
    )
    assert opening(office, friday + 2 * HOUR).is_open is False
    always = opening(BusinessCalendar.round_the_clock(), friday)
    assert (always.is_open, always.closes_at, always.opens_at) == (True, None, None)
    over = opening(BusinessCalendar("UTC", {}, None, {"2026-01-05": [["09:00", "10:00"]]}), friday)
    assert (over.is_open, over.opens_at) == (False, None)


# --- In the database ------------------------------------------------------------------------------------


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
