"""The pages of calendars and the editor, without script."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import User
from sla.models import Calendar, CalendarVersion
from sla.services.calendars import correct_calendar
from tests.sla.calendars import WEEK, feed
from tests.sla.desk import MORNING, clock_of, hand_over, open_desk
from tests.support.people import make_team, make_user

pytestmark = pytest.mark.django_db
WEEKDAY = "09:00-17:00"
AFTERNOON = MORNING.replace(hour=16, minute=50)


@pytest.fixture
def manager() -> User:
    """Who corrects calendars."""
    return make_user("sales_manager", name="Mia")


@pytest.fixture
def client(client: Client, manager: User) -> Any:
    """The manager's browser, on a Wednesday afternoon."""
    with time_machine.travel(AFTERNOON, tick=False):
        client.force_login(manager)
        yield client


def form(do: str, *rows: tuple[str, str, str], **fields: Any) -> dict[str, Any]:
    """What the editor sends: rows are (date, hours, name)."""
    data: dict[str, Any] = {
        "do": do,
        "name": "Office hours",
        "time_zone": "UTC",
        "base": "1",
        **dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), WEEKDAY),
        "days-TOTAL_FORMS": str(len(rows)),
        "days-INITIAL_FORMS": "0",
    }
    for number, (day, hours, name) in enumerate(rows):
        data |= {f"days-{number}-keep": "on", f"days-{number}-kind": "own"}
        data |= {f"days-{number}-day": day, f"days-{number}-hours": hours, f"days-{number}-name": name}
    return data | fields


def edit_url() -> str:
    """The editor of the one calendar."""
    return reverse("sla:calendar_edit", args=[Calendar.objects.get().pk])


def rows_of(answer: Any) -> list[tuple[str, str, str, str]]:
    """The rows with a date that the answer shows: kind, date, hours, name."""
    return [
        (row["kind"].value(), row["day"].value(), row["hours"].value(), row["name"].value())
        for row in answer.context["formset"]
        if row["day"].value()
    ]


def test_the_list_and_the_page_show_what_is_open(client: Client) -> None:
    team, _reps = open_desk()
    listed = client.get(reverse("sla:calendars"))
    assert team.name in listed.content.decode()
    assert "40 h" in listed.content.decode()
    page = client.get(reverse("sla:calendar", args=[Calendar.objects.get().pk]))
    assert len(page.context["drawing"]["weeks"]) == 8
    assert "No days off are entered for 2026" in page.content.decode()


def test_the_manager_of_another_team_reads_the_hours_and_finds_no_way_to_change_them(client: Client) -> None:
    open_desk()
    page = reverse("sla:calendar", args=[Calendar.objects.get().pk])
    assert edit_url() in client.get(page).content.decode()
    client.force_login(make_user("sales_manager", team=make_team()))
    assert edit_url() not in client.get(page).content.decode()
    sent = form("", calendar=str(Calendar.objects.get().pk))
    answers = (
        client.get(edit_url()),
        client.post(edit_url(), sent),
        client.post(reverse("sla:calendar_preview"), sent),
    )
    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert client.get(reverse("sla:calendar_new")).status_code == 200


def test_a_change_is_looked_at_with_the_clocks_it_moves_and_then_saved(client: Client) -> None:
    open_desk()
    handoff = hand_over(AFTERNOON)[0]
    sent = form("review", ("2026-03-05", "", "Founding day"))
    looked = client.post(edit_url(), sent)
    review = looked.context["review"]
    assert (review["effect"].changed, review["number"]) == (1, 2)
    assert "Fri 6 Mar, 09:05" in looked.content.decode()
    assert CalendarVersion.objects.count() == 1
    reviewed = looked.context["form"]["reviewed"].value()
    saved = client.post(edit_url(), sent | {"do": "save", "reviewed": reviewed})
    assert saved.status_code == 302
    version = CalendarVersion.objects.get(number=2)
    assert (version.special, version.holidays) == ({"2026-03-05": []}, {"2026-03-05": "Founding day"})
    assert clock_of(handoff).due_at == datetime(2026, 3, 6, 9, 5, tzinfo=UTC)


def test_what_was_changed_after_the_look_is_looked_at_again(client: Client) -> None:
    looked = client.post(edit_url(), form("review", ("2026-03-05", "", "Founding day")))
    reviewed = looked.context["form"]["reviewed"].value()
    again = client.post(edit_url(), form("save", ("2026-03-06", "", "Founding day"), reviewed=reviewed))
    assert again.context["review"]["changes"]
    assert CalendarVersion.objects.count() == 1


def test_an_old_page_does_not_overwrite_what_somebody_else_saved(client: Client, manager: User) -> None:
    sent = form("review", ("2026-03-05", "", "Founding day"))
    reviewed = client.post(edit_url(), sent).context["form"]["reviewed"].value()
    correct_calendar(
        calendar=Calendar.objects.get(),
        time_zone="Europe/Berlin",
        week=WEEK,
        holidays={},
        special={},
        by=manager,
        now=AFTERNOON,
    )
    refused = client.post(edit_url(), sent | {"do": "save", "reviewed": reviewed})
    assert refused.status_code == 422
    assert "Somebody saved version 2" in refused.content.decode()
    assert CalendarVersion.objects.count() == 2


@pytest.mark.parametrize(
    "fields, words",
    [
        ({"mon": "22:00-06:00"}, "run over midnight"),
        ({"mon": "nine to five"}, "Write hours such as"),
        ({"time_zone": "Mars/Base"}, "is not a time zone"),
        ({"name": ""}, "This field is required"),
        (dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), ""), "never open"),
    ],
)
def test_what_cannot_be_saved_says_why_and_keeps_what_was_written(
    client: Client, fields: dict[str, str], words: str
) -> None:
    for do in ("review", "save"):
        answer = client.post(edit_url(), form(do, ("2026-03-05", "", "Fair"), **fields))
        assert answer.status_code == 422
        assert words in answer.content.decode()
        assert rows_of(answer) == [("own", "2026-03-05", "", "Fair")]
    assert CalendarVersion.objects.count() == 1


@pytest.mark.parametrize(
    "rows, words",
    [
        ([("2026-03-05", "", "A"), ("2026-03-05", "10-12", "B")], "here twice"),
        ([("", "10-12", "Fair")], "Give the date"),
        ([("2026-02-30", "", "Fair")], "valid date"),
        ([("2026-03-05", "12-10", "Fair")], "over midnight"),
    ],
)
def test_a_wrong_day_says_what_is_wrong_at_its_row(
    client: Client, rows: list[tuple[str, str, str]], words: str
) -> None:
    answer = client.post(edit_url(), form("review", *rows))
    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_public_holidays_become_rows_that_can_be_renamed_or_taken_out(client: Client) -> None:
    sent = form(
        "holidays",
        ("2026-12-24", "09:00-12:00", "Half day"),
        **{"pick-country": "DE", "pick-subdivision": "BY", "pick-years": ["2026", "2027"]},
    )
    answer = client.post(edit_url(), sent)
    rows = rows_of(answer)
    assert ("holiday", "2026-01-06", "", "Epiphany") in rows
    assert ("own", "2026-12-24", "09:00-12:00", "Half day") in rows
    assert rows == sorted(rows, key=lambda row: row[1])
    assert {row[1][:4] for row in rows} == {"2026", "2027"}
    # once more: nothing is there twice
    again = client.post(edit_url(), {**sent, **answer.context["formset"].data, "do": "holidays"})
    assert rows_of(again) == rows
    data = {**sent, **again.context["formset"].data, "do": "review"}
    number = next(n for n, row in enumerate(rows) if row[1] == "2026-01-06")
    del data[f"days-{number}-keep"]
    number = next(n for n, row in enumerate(rows) if row[1] == "2026-12-25")
    data[f"days-{number}-name"] = "Christmas"
    reviewed = client.post(edit_url(), data).context["form"]["reviewed"].value()
    client.post(edit_url(), data | {"do": "save", "reviewed": reviewed})
    version = CalendarVersion.objects.get(number=2)
    assert "2026-01-06" not in version.holidays
    assert version.holidays["2026-12-25"] == "Christmas"
    assert version.special == {"2026-12-24": [["09:00", "12:00"]]}


def test_a_country_shows_its_regions(client: Client) -> None:
    answer = client.post(edit_url(), form("regions", **{"pick-country": "DE"}))
    assert "Bayern" in answer.content.decode()
    assert "This field is required" not in answer.content.decode()


def test_a_feed_shows_the_days_it_closes_before_any_is_added(client: Client) -> None:
    text = feed(
        "UID:1\nSUMMARY:Works outing\nDTSTART;VALUE=DATE:20260703",
        "UID:2\nSUMMARY:Summer time begins\nDTSTART;VALUE=DATE:20260329",
        "UID:3\nSUMMARY:Lunch\nDTSTART:20260401T120000Z\nDTEND:20260401T130000Z",
    )
    upload = SimpleUploadedFile("days.ics", text.encode(), "text/calendar")
    shown = client.post(edit_url(), form("feed", **{"feed-file": upload}))
    found = shown.context["found"]
    assert [row["value"] for row in found["days"]] == ["2026-07-03|Works outing"]
    assert [row["name"] for row in found["passed"]] == ["Summer time begins", "Lunch"]
    assert rows_of(shown) == []
    added = client.post(edit_url(), form("feed_add", feed_pick=["2026-07-03|Works outing", "rubbish"]))
    assert rows_of(added) == [("own", "2026-07-03", "", "Works outing")]


def test_a_file_that_is_no_feed_is_refused_in_words(client: Client) -> None:
    for fields in ({"feed-text": "hello"}, {}):
        answer = client.post(edit_url(), form("feed", **fields))
        assert answer.status_code == 200
        assert ("not a calendar feed" if fields else "Choose a calendar file") in answer.content.decode()


def test_days_of_earlier_years_stay_as_they_are(client: Client, manager: User) -> None:
    correct_calendar(
        calendar=Calendar.objects.get(),
        time_zone="UTC",
        week=WEEK,
        holidays={"2019-12-25": "Christmas Day", "2026-12-25": "Christmas Day"},
        special={"2020-01-02": []},
        by=manager,
        now=AFTERNOON,
    )
    page = client.get(edit_url())
    assert rows_of(page) == [("holiday", "2026-12-25", "", "Christmas Day")]
    sent = form("review", base="2")
    reviewed = client.post(edit_url(), sent).context["form"]["reviewed"].value()
    client.post(edit_url(), sent | {"do": "save", "reviewed": reviewed})
    newest = Calendar.objects.get().current
    assert (newest.number, newest.holidays, newest.special) == (
        3,
        {"2019-12-25": "Christmas Day"},
        {"2020-01-02": []},
    )


def test_a_new_calendar_is_made_and_its_name_is_its_own(client: Client) -> None:
    new = reverse("sla:calendar_new")
    assert client.get(new).status_code == 200
    made = client.post(new, form("save", name="Copenhagen", time_zone="Europe/Copenhagen", base="0"))
    row = Calendar.objects.get(name="Copenhagen")
    assert made["Location"] == reverse("sla:calendar", args=[row.pk])
    taken = client.post(new, form("save", name="Copenhagen", base="0"))
    assert taken.status_code == 422
    assert "already exists" in taken.content.decode()


def test_a_calendar_is_renamed_without_a_new_version(client: Client) -> None:
    sent = form("review", name="Head office")
    reviewed = client.post(edit_url(), sent).context["form"]["reviewed"].value()
    assert client.post(edit_url(), sent | {"do": "save", "reviewed": reviewed}).status_code == 302
    assert Calendar.objects.get().name == "Head office"
    assert CalendarVersion.objects.count() == 1


def test_the_preview_draws_what_is_written_and_saves_nothing(client: Client) -> None:
    preview = reverse("sla:calendar_preview")
    number = str(Calendar.objects.get().pk)
    drawn = client.post(preview, form("", ("2026-03-05", "", "Founding day"), calendar=number))
    assert "Founding day" in drawn.content.decode()
    broken = client.post(preview, form("", calendar=number, mon="rubbish"))
    assert "drawn as soon as" in broken.content.decode()
    assert CalendarVersion.objects.count() == 1


def test_with_htmx_saving_leads_to_the_page_of_the_calendar(client: Client) -> None:
    sent = form("save", name="Copenhagen", base="0")
    answer = client.post(reverse("sla:calendar_new"), sent, headers={"HX-Request": "true"})
    assert answer.status_code == 204
    assert answer["HX-Redirect"].startswith("/calendars/")
