"""How reports say times: business time in hours and minutes, never in days, because a working day has not 24 hours."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.dates import moment_to_the_minute
from accounts.templatetags.faces import hours_past
from sla.models import Clock, Hours, Promise, PromiseKind, Side, side_of

MINUTE, HOUR = 60, 3600


def worked(seconds: float | None) -> str:
    """Business seconds at a glance: 42 s, 12 min, 7 h 30 min, 52 h; rounded down. A dash for none."""
    return "–" if seconds is None else hours_past(seconds)


def to_the_second(seconds: int) -> str:
    """Seconds with nothing left out, so that lines can be added up by hand: 7 h 59 min 30 s."""
    parts = [
        (seconds // HOUR, _("%(n)s h")),
        (seconds % HOUR // MINUTE, _("%(n)s min")),
        (seconds % MINUTE, _("%(n)s s")),
    ]
    return " ".join(words % {"n": number} for number, words in parts if number) or _("%(n)s s") % {"n": 0}


def target_words(promise: Promise) -> str:
    """What a promise says, to the second: “4 h”, “15 business days”, “6 attempts within 10 business days”; its hours are told
    beside it. Completeness is kept or not at a moment: “at handoff”, as the agreement says it."""
    if promise.kind == PromiseKind.COMPLETENESS:
        return _("at handoff")
    if promise.target_days is None:
        words = to_the_second(promise.target_seconds or 0)
    elif promise.hours == Hours.ROUND_THE_CLOCK:
        words = ngettext("%(n)d day", "%(n)d days", promise.target_days) % {"n": promise.target_days}
    else:
        words = ngettext("%(n)d business day", "%(n)d business days", promise.target_days) % {
            "n": promise.target_days
        }
    if promise.count is None:
        return words
    return ngettext("%(n)d attempt within %(time)s", "%(n)d attempts within %(time)s", promise.count) % {
        "n": promise.count,
        "time": words,
    }


def whose(clock: Clock, queue: str) -> str:
    """Who answers for a clock: the rep, marketing for what marketing promised, else the queue, as the caller calls it."""
    if clock.owner is not None:
        return str(clock.owner)
    return str(Side.MARKETING.label) if side_of(clock.kind) == Side.MARKETING else queue


def elapsed(span: timedelta | None) -> str:
    """Time round the clock at a glance; below ten seconds with one decimal."""
    if span is None:
        return "–"
    seconds = span.total_seconds()
    if 0 < seconds < 10:
        return _("%(seconds)s s") % {"seconds": f"{seconds:.1f}"}
    return worked(seconds)


def moment(at: datetime | None, now: datetime) -> str:
    """A time to the minute in the reader's zone, with the year unless it is that of `now`; a dash for none."""
    return "–" if at is None else moment_to_the_minute(at, now)


def exact(at: datetime | None, zone: tzinfo | None = None) -> str:
    """A time to the second with the name of its zone; a dash for none."""
    return date_format(localtime(at, zone), "D j M Y, H:i:s T") if at else "–"


def percent(share: float | None) -> str:
    """A share from 0 to 1 in per cent, rounded down, so that 99.6 % is never shown as all; a dash for none."""
    return "–" if share is None else str(int(100 * share + 1e-9))


# Why a step of a ladder was left out, or how it went (codes of sla.services.ladders and escalating).
STEP_DETAILS = {
    "ended": gettext_lazy("the promise was over"),
    "never": gettext_lazy("its time never comes"),
    "too_late": gettext_lazy("the due time had passed already"),
    "not_late": gettext_lazy("the promise was not late"),
    "answered": gettext_lazy("the lead was answered"),
    "in_queue": gettext_lazy("the lead was in the queue"),
    "not_theirs": gettext_lazy("another rep had the lead already"),
    "empty_pool": gettext_lazy("nobody else could take it, so it went to the queue"),
}
