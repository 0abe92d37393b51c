"""The calendar editor between two requests: what was written stays, rows are added, and a version is looked at before it is saved.

Each button posts the whole form with `do`: more, regions, holidays, feed, feed_add, review, save. It works without script;
with it, the same answer takes the place of the editor.
"""

import hashlib
import json
from datetime import date, datetime
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, QueryDict
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from accounts.zones import known_zones
from sla.calendars.days import OwnDay, maps_of
from sla.calendars.ical import Passed, PassedOver
from sla.defaults import OFFICE_WEEK
from sla.forms_calendars import (
    MAX_DAYS,
    CalendarForm,
    FeedForm,
    HolidayPicker,
    as_formset,
    posted_rows,
    row_data,
)
from sla.models import Calendar, CalendarVersion
from sla.opening_hours import WEEKDAYS
from sla.selectors.calendars import difference, drawing, effect_of, first_editable, own_days
from sla.services.calendars import (
    CalendarMovedOn,
    correct_calendar,
    create_calendar,
    draft,
    rename_calendar,
)

BLANKS, MORE_BLANKS = 2, 5


class Editor:
    """One request of the editor; `context()` is what its page shows."""

    def __init__(self, request: HttpRequest, user: User, calendar: Calendar | None, now: datetime) -> None:
        self.user, self.calendar, self.now = user, calendar, now
        self.version = calendar.versions.order_by("-number").first() if calendar else None
        self.data: QueryDict = request.POST
        self.files = request.FILES
        self.do = str(self.data.get("do", "")) if request.method == "POST" else ""
        self.more: dict[str, Any] = {}
        self.message = ""
        self.wanted: CalendarVersion | None = None
        self.form = self._form()
        editable = [row for row in self._old_days() if row.day >= first_editable(now)][
            : MAX_DAYS - MORE_BLANKS
        ]
        self.kept = [row for row in self._old_days() if row not in editable]
        self.rows = posted_rows(self.data) if self.do or self.data else row_data(editable, 0)
        self.picker = HolidayPicker(initial=self._picked(), now=now)
        self.feed = FeedForm(initial={"text": self.data.get("feed-text", "")}, now=now, zone=self._zone())
        self.formset: forms.BaseFormSet = as_formset([])
        self.lay_out()

    def lay_out(self, blanks: int = BLANKS) -> None:
        """The rows as forms, with blank ones after them."""
        room = max(0, MAX_DAYS - len(self.rows))
        self.formset = as_formset(self.rows + row_data([], min(blanks, room)))

    def act(self) -> None:
        """What a button other than review and save does: more rows, nothing is saved."""
        if self.do == "more":
            self.lay_out(MORE_BLANKS)
            self.more["focus"] = "blank"
        elif self.do == "holidays":
            self._add_holidays()
        elif self.do == "feed":
            self._show_feed()
        elif self.do == "feed_add":
            self._add_from_feed()
        elif self.do == "regions":
            self.more["focus"] = "regions"

    def draft(self) -> CalendarVersion | None:
        """The version that was written, not saved; none where something cannot be read or it would never be open."""
        self.form, self.wanted = CalendarForm(self.data), None
        if not (self.form.is_valid() & self.formset.is_valid()):
            return None
        days = self.formset.days()  # type: ignore[attr-defined]
        told = {row.day for row in days}
        holidays, special = maps_of([*(row for row in self.kept if row.day not in told), *days])
        data = self.form.cleaned_data
        calendar = self.calendar or Calendar(name=data["name"])
        version = draft(calendar, data["time_zone"], self.form.week(), holidays, special, self.now)
        try:
            version.clean()
        except ValidationError as error:
            self.form.add_error(None, error)
            return None
        self.wanted = version
        return version

    def review(self, version: CalendarVersion) -> None:
        """Show what saving would change."""
        effect = effect_of(version=version, user=self.user) if self.calendar else None
        if effect is not None and effect.never:
            self.form.add_error(
                None,
                _("With these hours an open promise would never be due. Keep some opening hours ahead."),
            )
            return
        changes = difference(self.version, version) if self.version else []
        renamed = self.calendar is not None and self.form.cleaned_data["name"] != self.calendar.name
        self.more["review"] = {
            "effect": effect,
            "changes": changes,
            "renamed": renamed,
            "number": self.version.number + 1 if self.version else 1,
            "nothing": not changes and not renamed,
        }
        self.more["focus"] = "review"
        # what was looked at is what is saved: the page carries its digest
        data = self.data.copy()
        data["reviewed"] = self.digest(version)
        self.form.data = data

    def is_reviewed(self, version: CalendarVersion) -> bool:
        """The same was looked at before; a new calendar changes no due time and needs no look."""
        return self.calendar is None or self.form.cleaned_data["reviewed"] == self.digest(version)

    def save(self, version: CalendarVersion) -> Calendar | None:
        """Save what was written; none, with the reason on the form, where that is not possible."""
        hours: dict[str, Any] = {
            "time_zone": version.time_zone,
            "week": version.week,
            "holidays": version.holidays,
            "special": version.special,
            "by": self.user,
            "now": self.now,
        }
        name = self.form.cleaned_data["name"]
        try:
            if self.calendar is None:
                return create_calendar(name=name, **hours).calendar
            with transaction.atomic():
                correct_calendar(calendar=self.calendar, expected=self.form.cleaned_data["base"], **hours)
                rename_calendar(calendar=self.calendar, name=name, by=self.user, now=self.now)
            return self.calendar
        except CalendarMovedOn as problem:
            self.form.add_error(None, str(problem))
        except ValidationError as problem:
            self._tell(problem)
        return None

    def digest(self, version: CalendarVersion) -> str:
        """The same for the same name and hours only."""
        told = json.dumps([self.form.cleaned_data["name"], version.as_dict()], sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()

    def drawing(self) -> dict[str, Any] | None:
        """The weeks of what is written, where it can be read."""
        if not self.data:
            shown = self.version or draft(Calendar(), self._zone(), OFFICE_WEEK, {}, {}, self.now)
            return drawing(shown, self.now)
        version = self.wanted if self.do in ("review", "save") else self._quiet_draft()
        return drawing(version, self.now) if version else None

    def context(self) -> dict[str, Any]:
        """What the page shows."""
        return {
            "calendar": self.calendar,
            "version": self.version,
            "form": self.form,
            "formset": self.formset,
            "picker": self.picker,
            "feed_form": self.feed,
            "message": self.message,
            "kept_days": len(self.kept),
            "zones": sorted(known_zones()),
            "is_dirty": bool(self.do),
            "drawing": self.drawing(),
            "now": self.now,
            **self.more,
        }

    def _quiet_draft(self) -> CalendarVersion | None:
        """The draft, without telling of errors that nobody asked about yet."""
        shown, version = self.form, self.draft()
        self.form = shown
        return version

    def _form(self) -> CalendarForm:
        if self.do in ("review", "save"):
            return CalendarForm(self.data)
        if self.do:
            # another button than save: what is not there yet is no mistake yet
            return CalendarForm(initial={name: self.data.get(name, "") for name in CalendarForm().fields})
        shown = self.version or draft(Calendar(), self._zone(), OFFICE_WEEK, {}, {}, self.now)
        initial = {code: shown.week.get(code, []) for code in WEEKDAYS}
        return CalendarForm(
            initial={
                "name": self.calendar.name if self.calendar else "",
                "time_zone": shown.time_zone,
                "base": self.version.number if self.version else 0,
                **initial,
            }
        )

    def _old_days(self) -> list[OwnDay]:
        return own_days(self.version) if self.version else []

    def _zone(self) -> str:
        wanted = str(self.data.get("time_zone", ""))
        if wanted in known_zones():
            return wanted
        if self.version:
            return self.version.time_zone
        return self.user.time_zone or settings.ORGANISATION_TIME_ZONE

    def _picked(self) -> dict[str, Any]:
        names = ("country", "subdivision")
        picked: dict[str, Any] = {
            name: self.data[f"pick-{name}"] for name in names if f"pick-{name}" in self.data
        }
        years = self.data.getlist("pick-years")
        return picked | ({"years": years} if years else {})

    def _add(self, days: list[OwnDay]) -> tuple[int, int]:
        """How many of the days were added, and how many were there already."""
        there = {row["day"] for row in self.rows if row["keep"]} | {row.day.isoformat() for row in self.kept}
        fresh = [row for row in days if row.day.isoformat() not in there]
        if len(self.rows) + len(fresh) > MAX_DAYS:
            self.message = _("That would be more than %(most)d days. Add fewer years.") % {"most": MAX_DAYS}
            return 0, 0
        dropped = {row.day.isoformat() for row in fresh}
        self.rows = [row for row in self.rows if row["day"] not in dropped or row["keep"]] + row_data(
            fresh, 0
        )
        self.rows.sort(key=lambda row: (not row["day"], row["day"]))
        self.lay_out()
        self.message = ngettext("%(n)d day added.", "%(n)d days added.", len(fresh)) % {"n": len(fresh)}
        if known := len(days) - len(fresh):
            self.message += " " + ngettext("%(n)d was there already.", "%(n)d were there already.", known) % {
                "n": known
            }
        return len(fresh), known

    def _add_holidays(self) -> None:
        self.picker = HolidayPicker(self.data, now=self.now)
        self.more["focus"] = "message"
        if not self.picker.is_valid():
            self.more["focus"] = "picker"
            return
        found = self.picker.holidays()
        if not found:
            self.message = _("No public holidays are known for these years.")
            return
        self._add([OwnDay(day, name, is_holiday=True) for day, name in found.items()])

    def _show_feed(self) -> None:
        self.feed = FeedForm(self.data, self.files, now=self.now, zone=self._zone())
        self.more["focus"] = "feed"
        if not self.feed.is_valid():
            return
        there = {row["day"] for row in self.rows if row["keep"]} | {row.day.isoformat() for row in self.kept}
        found = self.feed.feed
        self.more["found"] = {
            "days": [
                {
                    "value": f"{day.isoformat()}|{name}",
                    "day": day,
                    "name": name,
                    "there": day.isoformat() in there,
                }
                for day, name in found.days.items()
            ],
            "passed": [{"name": row.name, "why": why_passed(row)} for row in found.passed[:50]],
            "passed_count": len(found.passed),
        }

    def _add_from_feed(self) -> None:
        days = []
        for value in self.data.getlist("feed_pick"):
            day, _bar, name = value.partition("|")
            try:
                days.append(OwnDay(date.fromisoformat(day), name[:100]))
            except ValueError:
                continue  # not a box of this page
        self._add(days)
        self.more["focus"] = "message"

    def _tell(self, problem: ValidationError) -> None:
        fields = problem.message_dict if hasattr(problem, "error_dict") else {"__all__": problem.messages}
        for name, texts in fields.items():
            self.form.add_error(name if name in self.form.fields else None, texts)


def why_passed(row: PassedOver) -> str:
    """Why an entry of a feed closes no day, in words."""
    words = {
        Passed.NOT_ALL_DAY: _("not for a whole day"),
        Passed.CLOCK_CHANGE: _("the change of clocks, nobody is off"),
        Passed.CANCELLED: _("cancelled"),
        Passed.NO_DATE: _("without a date that can be read"),
        Passed.UNKNOWN_REPEAT: _("repeats in a way that is not about days"),
        Passed.OUT_OF_RANGE: _("before this year, or after the next two"),
    }
    return f"{date_format(row.day, 'j M Y')}, {words[row.why]}" if row.day else words[row.why]
