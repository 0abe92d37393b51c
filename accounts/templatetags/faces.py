"""What a clock or a moment looks like in words: pure functions of the facts and `now`.

The page's script (static/js/clock.js) says the same words from the same table: `words()` is handed to it as JSON.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from math import ceil
from typing import Protocol

from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.dates import day_in_words

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WEEK = 7 * DAY

# State of a clock -> (its meaning, which fixes the colour; its icon). The five meanings are those of interface.md.
CLOCK_LOOKS: dict[str, tuple[str, str]] = {
    "running": ("ontime", "stopwatch"),
    "warning": ("warning", "alarm"),
    "late": ("late", "exclamation-circle-fill"),
    "paused": ("paused", "pause-circle-fill"),
    "kept": ("ontime", "check-circle-fill"),
    "missed": ("late", "x-circle-fill"),
    "waived": ("waived", "slash-circle"),
}


@dataclass(frozen=True)
class ClockFace:
    """How one clock is shown: `state` (a key of CLOCK_LOOKS), `meaning` (its colour), `icon` and `text`."""

    state: str
    meaning: str
    icon: str
    text: str


def words() -> dict[str, str]:
    """The sentences of clocks and relative times in the active language, for Python and for the page's script."""
    return _words_of(get_language())


# Looked up once per language: a list shows a hundred times, and each would ask for all of these.
@cache
def _words_of(language: str | None) -> dict[str, str]:
    return {
        "due_in": _("due in %(time)s"),
        "late": _("late"),
        "late_by": _("late by %(time)s"),
        "missed_by": _("missed by %(time)s"),
        "paused_until": _("paused until %(time)s"),
        "kept": _("kept"),
        "missed": _("missed"),
        "waived": _("waived"),
        "days_hours": _("%(days)s d %(hours)s h"),
        "hours_minutes": _("%(hours)s h %(minutes)s min"),
        "days": _("%(days)s d"),
        "hours": _("%(hours)s h"),
        "minutes": _("%(minutes)s min"),
        "seconds": _("%(seconds)s s"),
        "just_now": _("just now"),
        "minutes_ago": _("%(n)s min ago"),
        "hours_ago": _("%(n)s h ago"),
        "days_ago": _("%(n)s d ago"),
        "in_minutes": _("in %(n)s min"),
        "in_hours": _("in %(n)s h"),
        "in_days": _("in %(n)s d"),
    }


def _days_and_hours(seconds: int) -> str:
    days, hours = seconds // DAY, seconds % DAY // HOUR
    return words()["days_hours" if hours else "days"] % {"days": days, "hours": hours}


def countdown(seconds: float) -> str:
    """Time left in words; `seconds` >= 0. Rounded up, so that 0:00:00 shows at the deadline itself and not before."""
    left = ceil(seconds)
    if left >= 2 * DAY:
        return _days_and_hours(left)
    return f"{left // HOUR}:{left % HOUR // MINUTE:02d}:{left % MINUTE:02d}"


def time_past(seconds: float) -> str:
    """Time past in words, from `seconds` >= 0, rounded down: nobody is later than they are."""
    past = int(seconds)
    return hours_past(past) if past < 2 * DAY else _days_and_hours(past)


def hours_past(seconds: float) -> str:
    """Business time in words, from `seconds` >= 0, rounded down; never in days, which have not the same hours everywhere."""
    past = int(seconds)
    if past < MINUTE:
        return words()["seconds"] % {"seconds": past}
    if past < HOUR:
        return words()["minutes"] % {"minutes": past // MINUTE}
    hours, minutes = past // HOUR, past % HOUR // MINUTE
    with_minutes = minutes and hours < 100
    return words()["hours_minutes" if with_minutes else "hours"] % {"hours": hours, "minutes": minutes}


def clock_state(
    *,
    now: datetime,
    due_at: datetime,
    warn_at: datetime | None = None,
    ended_at: datetime | None = None,
    outcome: str = "",
    paused_until: datetime | None = None,
) -> str:
    """The state of a clock at `now`, from facts alone: an overdue clock is late whether or not a sweep has run.

    At the due second exactly a clock is in time; a clock that ended is judged by when it ended.
    """
    if outcome == "waived":
        return "waived"
    if ended_at is not None:
        return "kept" if ended_at <= due_at else "missed"
    if outcome == "kept":
        return "kept"
    if now > due_at:
        return "late"
    if paused_until is not None and now < paused_until:
        return "paused"
    if warn_at is not None and now >= warn_at:
        return "warning"
    return "running"


class Lateness(Protocol):
    """How late a clock is in business hours: `seconds` so far, growing in [grows_from, grows_until)."""

    @property
    def seconds(self) -> int: ...
    @property
    def grows_from(self) -> datetime: ...
    @property
    def grows_until(self) -> datetime | None: ...


def clock_face(
    *,
    now: datetime,
    due_at: datetime,
    warn_at: datetime | None = None,
    ended_at: datetime | None = None,
    outcome: str = "",
    paused_until: datetime | None = None,
    lateness: Lateness | None = None,
) -> ClockFace:
    """How a clock is shown at `now`; the same arguments as `clock_state`. Without `lateness` it is late round the clock."""
    state = clock_state(
        now=now, due_at=due_at, warn_at=warn_at, ended_at=ended_at, outcome=outcome, paused_until=paused_until
    )
    meaning, icon = CLOCK_LOOKS[state]
    said = words()
    if state in ("running", "warning"):
        text = said["due_in"] % {"time": countdown((due_at - now).total_seconds())}
    elif state == "late":
        text = _by("late", now - due_at, lateness)
    elif state == "missed" and ended_at is not None:
        text = _by("missed", ended_at - due_at, lateness)
    elif state == "paused" and paused_until is not None:
        text = said["paused_until"] % {"time": short_moment(paused_until)}
    else:
        text = said[state]
    return ClockFace(state=state, meaning=meaning, icon=icon, text=text)


def _by(word: str, past: timedelta, lateness: Lateness | None) -> str:
    """How late: by business hours where they count, the word alone while none has passed; else by days and hours."""
    said = words()
    if lateness is None:
        return said[f"{word}_by"] % {"time": time_past(past.total_seconds())}
    return said[f"{word}_by"] % {"time": hours_past(lateness.seconds)} if lateness.seconds else said[word]


def short_moment(at: datetime) -> str:
    """Weekday and time of day in the active zone, such as "Mon 09:00"."""
    there = timezone.localtime(at)
    return f"{day_in_words(there, 'D')} {there:%H:%M}"


def relative_moment(at: datetime, *, now: datetime) -> str:
    """A moment as seen from `now`: "3 min ago", "in 2 h"; further off than a week, the date."""
    away = (at - now).total_seconds()
    size = abs(away)
    said = words()
    if size < 45:
        return said["just_now"]
    if size >= WEEK:
        there = timezone.localtime(at)
        return day_in_words(there, "j M" if there.year == timezone.localtime(now).year else "j M Y")
    unit, name = (MINUTE, "minutes") if size < HOUR else (HOUR, "hours") if size < DAY else (DAY, "days")
    count = max(1, int(size // unit))
    return said[f"{name}_ago" if away < 0 else f"in_{name}"] % {"n": count}


def amount_of_time(span: timedelta | float) -> str:
    """A length of time in words, as time_past() says it; takes a timedelta or seconds."""
    return time_past(abs(span.total_seconds() if isinstance(span, timedelta) else span))
