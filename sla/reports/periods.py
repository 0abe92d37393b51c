"""The periods of reports: whole days in the organisation's time zone, half-open, each with the period before it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

DAY = timedelta(days=1)
# What a report can be asked for; further off, dates are slips of the pen (and databases count no further than 9999).
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2999, 12, 31)
CUSTOM = "custom"


@dataclass(frozen=True)
class Period:
    """The local days from `first` to `last`, both included, of a zone. `before_first` begins the period it is compared with,
    which ends where this one starts."""

    key: str
    first: date
    last: date
    before_first: date
    zone: ZoneInfo

    @property
    def start(self) -> datetime:
        """The first instant, in UTC."""
        return _midnight(self.first, self.zone)

    @property
    def end(self) -> datetime:
        """The first instant that is no longer in it, in UTC."""
        return _midnight(self.last + DAY, self.zone)

    @property
    def before_start(self) -> datetime:
        """The first instant of the period before, which ends at `start`."""
        return _midnight(self.before_first, self.zone)

    @property
    def label(self) -> str:
        """The days in words, such as “1–30 Nov 2026”."""
        return span_label(self.first, self.last)

    @property
    def before_label(self) -> str:
        """The days of the period before, in words."""
        return span_label(self.before_first, self.first - DAY)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    # Where clocks go forward over midnight this is the first instant of the day all the same (PEP 495, fold 0).
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def span_label(first: date, last: date) -> str:
    """Two days in words, without repeating what they share."""
    if first == last:
        return date_format(last, "j M Y")
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{date_format(last, 'j M Y')}"
    begin = date_format(first, "j M" if first.year == last.year else "j M Y")
    return f"{begin} – {date_format(last, 'j M Y')}"


def _this_month(today: date) -> tuple[date, date, date]:
    first = today.replace(day=1)
    return first, (first + 31 * DAY).replace(day=1) - DAY, (first - DAY).replace(day=1)


def _last_month(today: date) -> tuple[date, date, date]:
    return _this_month(today.replace(day=1) - DAY)


def _this_quarter(today: date) -> tuple[date, date, date]:
    first = _quarter(today)
    return first, _quarter(first + 100 * DAY) - DAY, _quarter(first - DAY)


def _quarter(day: date) -> date:
    return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


def _days(count: int) -> Callable[[date], tuple[date, date, date]]:
    def of(today: date) -> tuple[date, date, date]:
        first = today - (count - 1) * DAY
        return first, today, first - count * DAY

    return of


# key -> (words, how to find its days: first, last, first of the period before). The first is the default.
PERIODS = {
    "this_month": (gettext_lazy("This month"), _this_month),
    "last_month": (gettext_lazy("Last month"), _last_month),
    "7d": (gettext_lazy("Last 7 days"), _days(7)),
    "30d": (gettext_lazy("Last 30 days"), _days(30)),
    "90d": (gettext_lazy("Last 90 days"), _days(90)),
    "this_quarter": (gettext_lazy("This quarter"), _this_quarter),
}
DEFAULT = "this_month"


def period_of(key: str, now: datetime, zone: ZoneInfo) -> Period:
    """A named period as it is at `now`; an unknown name gives the default."""
    key = key if key in PERIODS else DEFAULT
    return Period(key, *PERIODS[key][1](now.astimezone(zone).date()), zone=zone)


def custom_period(first: date, last: date, zone: ZoneInfo) -> Period:
    """From one day to another, both included; compared with as many days before. Raises ValueError with words for people."""
    if last < first:
        raise ValueError(_("The last day lies before the first: exchange the two."))
    if first < FIRST_DAY or last > LAST_DAY:
        raise ValueError(_("Choose days between 2000 and 2999."))
    return Period(CUSTOM, first, last, first - (last - first + DAY), zone)


def period_name(key: str) -> str:
    """What a period is called."""
    return str(PERIODS[key][0]) if key in PERIODS else _("Chosen days")
