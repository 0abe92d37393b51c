"""Dates in words. A list shows a hundred moments of a few days, so each day is put into words once."""

from datetime import date, datetime
from functools import lru_cache

from django.utils.dateformat import DateFormat
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import get_language

# Days times forms times languages; a page shows a few dozen.
MOST_REMEMBERED = 5_000


def day_in_words(day: date, form: str) -> str:
    """A day by a format of Django's date filter that names no time of day, in the active language."""
    return _day_in_words(day.year, day.month, day.day, form, get_language())


# By numbers and not by date: a datetime is a date too, and no two of them are equal.
@lru_cache(maxsize=MOST_REMEMBERED)
def _day_in_words(year: int, month: int, day: int, form: str, language: str | None) -> str:
    return date_format(date(year, month, day), form)


def exact_moment(at: datetime) -> str:
    """The moment to the second in the active zone, with the zone's name: Mon 2 Mar 2026, 09:00:00 CET."""
    there = localtime(at)
    return f"{day_in_words(there, 'D j M Y')}, {there:%H:%M:%S} {DateFormat(there).T()}"


def moment_to_the_minute(at: datetime, now: datetime) -> str:
    """The moment in the active zone, with the year unless it is that of `now`: 2 Mar, 09:00."""
    there = localtime(at)
    form = "j M" if there.year == localtime(now).year else "j M Y"
    return f"{day_in_words(there, form)}, {there:%H:%M}"
