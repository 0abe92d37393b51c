"""Business hours, in versions that never change, so that a finished clock can always be recomputed."""

import json
from functools import lru_cache
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.zones import check_zone
from sla.business_time import BusinessCalendar, CalendarError


class Calendar(models.Model):
    """A named calendar; its hours are in its versions, of which the newest holds."""

    name = models.CharField(_("name"), max_length=100, unique=True)

    class Meta:
        verbose_name = _("calendar")
        verbose_name_plural = _("calendars")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def current(self) -> "CalendarVersion":
        """The newest version. Raises CalendarVersion.DoesNotExist where there is none."""
        return self.versions.latest("number")


class CalendarVersion(models.Model):
    """One state of a calendar, in the JSON form that sla.business_time reads. Never edited."""

    calendar = models.ForeignKey(
        Calendar, on_delete=models.PROTECT, related_name="versions", verbose_name=_("calendar")
    )
    number = models.PositiveIntegerField(_("version"))
    time_zone = models.CharField(_("time zone"), max_length=60, validators=[check_zone])
    # Blank is a week without hours: a calendar too, as long as special days are open; clean() is the judge of that.
    week = models.JSONField(
        _("weekly hours"),
        blank=True,
        help_text=_('Such as {"mon": [["09:00", "17:00"]]}; a missing day is closed.'),
    )
    holidays = models.JSONField(
        _("holidays"), default=dict, blank=True, help_text=_("Dates with their names.")
    )
    special = models.JSONField(
        _("special days"),
        default=dict,
        blank=True,
        help_text=_("Dates with their opening hours; an empty list is closed."),
    )
    created_at = models.DateTimeField(_("since"))

    class Meta:
        verbose_name = _("version of a calendar")
        verbose_name_plural = _("versions of calendars")
        ordering = ["calendar", "-number"]
        constraints = [models.UniqueConstraint(fields=["calendar", "number"], name="calendar_version_number")]

    def __str__(self) -> str:
        return f"{self.calendar} v{self.number}"

    def business(self) -> BusinessCalendar:
        """The calendar that computes. Equal versions share one, because it remembers what it has worked out."""
        return _computing(json.dumps(self.as_dict(), sort_keys=True))

    def as_dict(self) -> dict[str, Any]:
        """The JSON form of ../cases/business_time.jsonl."""
        return {"tz": self.time_zone, "week": self.week, "holidays": self.holidays, "special": self.special}

    def clean(self) -> None:
        """Hours that can be read, and that open at some time."""
        try:
            calendar = BusinessCalendar.from_dict(self.as_dict())
        except CalendarError as error:
            raise ValidationError(str(error)) from error
        if not calendar.has_any_hours():
            raise ValidationError(
                _("This calendar is never open, so no deadline could be computed. Add opening hours.")
            )


@lru_cache(maxsize=256)
def _computing(hours: str) -> BusinessCalendar:
    return BusinessCalendar.from_dict(json.loads(hours))
