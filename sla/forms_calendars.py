"""Forms of the calendar editor: name, zone and week; the dates that differ; public holidays; a calendar feed."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils.dates import WEEKDAYS
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.forms import fields_only
from accounts.zones import check_zone
from sla.calendars.days import Hours, OwnDay, read_hours, write_hours
from sla.calendars.ical import MAX_BYTES, Feed, NotACalendar, read_feed, window
from sla.calendars.public_holidays import UnknownPlace, countries, public_holidays, subdivisions
from sla.opening_hours import WEEKDAYS as CODES
from sla.opening_hours import CalendarError

# Five inputs a row stay below what Django takes of one form (DATA_UPLOAD_MAX_NUMBER_FIELDS).
MAX_DAYS = 150

HOURS_WRONG: dict[str, Any] = {
    "bad_interval": _("Write hours such as 09:00-12:00, 13:00-17:00. Leave it empty when closed."),
    "bad_time": _("Write times of day from 00:00 to 24:00, such as 09:00 or 17:30."),
    "overlap": _("Two of these intervals overlap. Write them as one."),
    "empty_interval": _("An interval ends when it begins, so it would never be open."),
    "ends_at_midnight": _("Write midnight as 24:00 where a day ends."),
    "over_midnight": _(
        "These hours run over midnight. Write two intervals: until 24:00 on this day, and from 00:00 on the next day."
    ),
}


class HoursField(forms.CharField):
    """Opening hours as one line of text; cleans to a list of ["HH:MM", "HH:MM"]."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, max_length=200, **kwargs)

    def clean(self, value: Any) -> Any:
        """Raises ValidationError with what to write instead."""
        text = super().clean(value)
        try:
            return read_hours(text)
        except CalendarError as error:
            raise ValidationError(
                HOURS_WRONG.get(error.code, HOURS_WRONG["bad_interval"]), code=error.code
            ) from error

    def prepare_value(self, value: Any) -> Any:
        """Hours as text."""
        return write_hours(value) if isinstance(value, list | tuple) else value


class CalendarForm(forms.Form):
    """Name, zone and the hours of each weekday. `base`: the version it began with; `reviewed`: what was looked at."""

    name = forms.CharField(label=_("Name"), max_length=100)
    time_zone = forms.CharField(
        label=_("Time zone"),
        help_text=_("Begin to type a city, such as Copenhagen."),
        max_length=60,
        validators=[check_zone],
        widget=forms.TextInput(attrs={"list": "zones", "autocomplete": "off", "spellcheck": "false"}),
    )
    base = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)
    reviewed = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = fields_only()
        for number, code in enumerate(CODES):
            self.fields[code] = HoursField(
                label=WEEKDAYS[number],
                widget=forms.TextInput(attrs={"placeholder": _("closed"), "autocomplete": "off"}),
            )

    @property
    def weekdays(self) -> list[forms.BoundField]:
        """The seven fields of the week."""
        return [self[code] for code in CODES]

    def week(self) -> dict[str, Hours]:
        """The week as a calendar version has it; of a valid form."""
        return {code: self.cleaned_data[code] for code in CODES if self.cleaned_data[code]}


class DayForm(forms.Form):
    """One date that differs from the week. `kind`: holiday or own; a row that is not kept is dropped."""

    kind = forms.CharField(
        required=False, initial="own", widget=forms.HiddenInput(attrs={"autocomplete": "off"})
    )
    keep = forms.BooleanField(label=_("Keep"), required=False, initial=True)
    day = forms.DateField(
        label=_("Date"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": "form-control-sm"}),
    )
    hours = HoursField(
        label=_("Hours"),
        widget=forms.TextInput(
            attrs={"placeholder": _("closed"), "autocomplete": "off", "class": "form-control-sm"}
        ),
    )
    name = forms.CharField(
        label=_("What for"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "form-control-sm"}),
    )

    def clean(self) -> dict[str, Any]:
        """A kept row with anything in it needs its date."""
        data = super().clean() or {}
        told = data.get("name") or data.get("hours") or data.get("kind") == "holiday"
        if data.get("keep") and told and not data.get("day") and "day" not in self.errors:
            self.add_error("day", _("Give the date of this day."))
        return data

    def own_day(self) -> OwnDay | None:
        """The date, if the row is kept; of a valid form."""
        data = self.cleaned_data
        if not data.get("keep") or not data.get("day"):
            return None
        hours = tuple((begin, end) for begin, end in data["hours"])
        return OwnDay(data["day"], data["name"].strip(), hours, data["kind"] == "holiday" and not hours)

    @property
    def year(self) -> str:
        """Under which year the row stands; as it was written, valid or not."""
        return str(self["day"].value() or "")[:4]


class DayFormSetBase(forms.BaseFormSet):
    """The dates that differ from the week, each once."""

    def clean(self) -> None:
        """A date stands once among the team's own days, and once among the holidays."""
        if any(self.errors):
            return
        seen: set[tuple[date, bool]] = set()
        for form in self.forms:
            row = form.own_day()
            if row is None:
                continue
            if (row.day, row.is_holiday) in seen:
                form.add_error("day", _("This date is here twice. Give all its hours in one row."))
            seen.add((row.day, row.is_holiday))

    def days(self) -> list[OwnDay]:
        """The dates that are kept; of a valid formset."""
        return [row for form in self.forms if (row := form.own_day()) is not None]


DayFormSet = forms.formset_factory(
    DayForm, formset=DayFormSetBase, extra=0, max_num=MAX_DAYS, absolute_max=MAX_DAYS + 10, validate_max=True
)


def row_data(days: Iterable[OwnDay], blanks: int) -> list[dict[str, str]]:
    """Rows of the form for these dates, and blank ones after them."""
    rows = [
        {
            "kind": "holiday" if row.is_holiday else "own",
            "keep": "on",
            "day": row.day.isoformat(),
            "hours": write_hours(row.hours),
            "name": row.name,
        }
        for row in days
    ]
    return rows + [
        {"kind": "own", "keep": "on", "day": "", "hours": "", "name": ""} for _number in range(blanks)
    ]


def posted_rows(data: Mapping[str, Any]) -> list[dict[str, str]]:
    """The rows as they were sent, without blank ones, by date."""
    total = str(data.get("days-TOTAL_FORMS", "0"))
    count = min(int(total), MAX_DAYS + 10) if total.isdecimal() else 0
    names = ("kind", "keep", "day", "hours", "name")
    rows = [{name: str(data.get(f"days-{number}-{name}", "")) for name in names} for number in range(count)]
    told = [row for row in rows if row["day"] or row["hours"] or row["name"]]
    return sorted(told, key=lambda row: (not row["day"], row["day"]))


def as_formset(rows: list[dict[str, str]]) -> forms.BaseFormSet:
    """The formset of these rows."""
    data = {"days-TOTAL_FORMS": str(len(rows)), "days-INITIAL_FORMS": "0"}
    data |= {
        f"days-{number}-{name}": value
        for number, row in enumerate(rows)
        for name, value in row.items()
        if name != "keep" or value
    }
    return DayFormSet(data, prefix="days")


class HolidayPicker(forms.Form):
    """Which public holidays to add."""

    prefix = "pick"

    country = forms.ChoiceField(label=_("Country"))
    subdivision = forms.ChoiceField(label=_("State or region"), required=False)
    years = forms.MultipleChoiceField(label=_("Years"), widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = fields_only()
        years = [str(now.year + ahead) for ahead in range(3)]
        chosen = str(self.data.get("pick-country", "") or self.initial.get("country", ""))
        self.fields["country"].choices = [  # type: ignore[attr-defined]
            ("", _("Choose a country")),
            *((place.code, place.name) for place in countries()),
        ]
        self.fields["subdivision"].choices = [("", _("Only those of the whole country")), *_regions(chosen)]  # type: ignore[attr-defined]
        self.fields["years"].choices = [(year, year) for year in years]  # type: ignore[attr-defined]
        self.fields["years"].initial = years[:2]

    @property
    def has_regions(self) -> bool:
        """The country has holidays that are not everybody's."""
        return len(self.fields["subdivision"].choices) > 1  # type: ignore[attr-defined]

    def holidays(self) -> dict[date, str]:
        """The holidays that were chosen; of a valid form."""
        data = self.cleaned_data
        years = [int(year) for year in data["years"]]
        return public_holidays(
            data["country"], data["subdivision"], years, (get_language() or "en").replace("-", "_")
        )


def _regions(country: str) -> list[tuple[str, str]]:
    try:
        return [(place.code, place.name) for place in subdivisions(country)]
    except UnknownPlace:
        return []


FEED_WRONG: dict[str, Any] = {
    "unreadable": _(
        "This is not a calendar feed. Choose a file that ends in .ics, or paste text that begins with BEGIN:VCALENDAR."
    ),
    "too_long": _("This feed is too long: at most 1 MB and 5,000 entries."),
    "too_many_days": _("This feed closes more than 200 days until the end of the year after next."),
}


class FeedForm(forms.Form):
    """An iCalendar feed, as a file or as text."""

    prefix = "feed"

    file = forms.FileField(
        label=_("Calendar file"),
        required=False,
        widget=forms.ClearableFileInput(attrs={"accept": ".ics,text/calendar"}),
    )
    text = forms.CharField(
        label=_("Or its text"),
        required=False,
        max_length=MAX_BYTES,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, now: datetime, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = fields_only()
        self.now, self.zone = now, zone
        self.feed = Feed()

    def clean(self) -> dict[str, Any]:
        """Reads the feed into `feed`."""
        data = super().clean() or {}
        upload = data.get("file")
        if upload is not None and upload.size > MAX_BYTES:
            raise ValidationError(FEED_WRONG["too_long"], code="too_long")
        text = upload.read().decode("utf-8-sig", errors="replace") if upload else data.get("text", "")
        if not text.strip():
            raise ValidationError(_("Choose a calendar file, or paste its text."), code="required")
        zone = ZoneInfo(self.zone)
        first, last = window(self.now, zone)
        try:
            self.feed = read_feed(text, zone=zone, first=first, last=last)
        except NotACalendar as error:
            raise ValidationError(FEED_WRONG[error.code], code=error.code) from error
        return data
