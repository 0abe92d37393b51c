"""Targets as people say them: “15 min”, “4 h”, “10 business days”, “6 in 10 business days”, “5 min round the clock”.

`parse` and `say` are each other's inverse; what a person reads in an agreement can be typed into its editor.
"""

import re
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

BUSINESS, ROUND_THE_CLOCK = "business", "round_the_clock"
# The share of the time after which whoever answers is warned, unless the promise says otherwise (sla.models.Promise).
USUAL_WARNING = 75
# Ten years: beyond is a slip of the pen, and no deadline that a calendar could reach.
MAX_SECONDS = 10 * 365 * 86_400
MAX_DAYS = 2_600
MAX_COUNT = 100

_UNITS = (("h", 3600), ("min", 60), ("s", 1))
_SECONDS_OF = {
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1),
}
_CLOCK = gettext_noop("round the clock")
_WARNED = gettext_noop("warned at")
_DAYS = gettext_noop("business days")
_IN = gettext_noop("in")
_PART = re.compile(r"(\d+(?:[.,]\d+)?)\s*([a-z]+)\s*")
_IN_DAYS = re.compile(r"(\d+)\s*(?:(?:business|working)\s+)?days?")
_COUNTED = re.compile(r"(\d+)\s*(?:attempts?|times|x|×)?\s*in\s+(.+)")
_WITH_WARNING = re.compile(r"(.+?)[,;]?\s*warned at\s*(\d+)\s*%")


class NotATarget(ValueError):
    """The text names no time that can be promised; str() says to people what can be written."""


@dataclass(frozen=True)
class Target:
    """What one promise asks: seconds or business days (exactly one of them), counted in which hours; for attempts how many."""

    seconds: int | None = None
    days: int | None = None
    count: int | None = None
    hours: str = BUSINESS
    warn_percent: int = USUAL_WARNING


def say(target: Target) -> str:
    """The target in words."""
    said = _say_days(target) if target.days is not None else say_seconds(target.seconds or 0)
    if target.hours == ROUND_THE_CLOCK:
        said = f"{said} {_(_CLOCK)}"
    if target.count is not None:
        said = f"{target.count} {_(_IN)} {said}"
    if target.warn_percent != USUAL_WARNING:
        said = f"{said}, {_(_WARNED)} {target.warn_percent} %"
    return said


def parse(text: str, *, counted: bool = False) -> Target:
    """The target that a text names; `counted` where a number of attempts belongs to it. Raises NotATarget."""
    rest = _in_english(" ".join(text.lower().split()))
    warn_percent = USUAL_WARNING
    if match := _WITH_WARNING.fullmatch(rest):
        rest, warn_percent = match[1], int(match[2])
        if not 1 <= warn_percent <= 99:
            raise NotATarget(_("Warn after 1 to 99 % of the time."))
    hours = BUSINESS
    if rest.endswith(_CLOCK):
        rest, hours = rest.removesuffix(_CLOCK).strip().rstrip(","), ROUND_THE_CLOCK
    count = None
    if counted:
        match = _COUNTED.fullmatch(rest)
        if match is None:
            raise NotATarget(_("Write how many attempts in which time, such as “6 in 10 business days”."))
        count, rest = int(match[1]), match[2]
        if not 1 <= count <= MAX_COUNT:
            raise NotATarget(_("Write 1 to %d attempts.") % MAX_COUNT)
    if match := _IN_DAYS.fullmatch(rest):
        days = int(match[1])
        if not 1 <= days <= MAX_DAYS:
            raise NotATarget(_("Write 1 to %d days.") % MAX_DAYS)
        return Target(None, days, count, hours, warn_percent)
    return Target(_seconds(rest), None, count, hours, warn_percent)


def parse_seconds(text: str) -> int:
    """A time such as “4 h 30 min”, in the reader's language or in English. Raises NotATarget."""
    return _seconds(_in_english(" ".join(text.lower().split())))


def _seconds(text: str) -> int:
    total, end = 0.0, 0
    for match in _PART.finditer(text):
        if match.start() != end or match[2] not in _SECONDS_OF:
            break
        total += float(match[1].replace(",", ".")) * _SECONDS_OF[match[2]]
        end = match.end()
    if not text or end != len(text):
        raise NotATarget(_("Write a time with its unit, such as “15 min”, “4 h” or “10 business days”."))
    if total != int(total) or not 1 <= total <= MAX_SECONDS:
        raise NotATarget(_("Write whole seconds, at least one and at most ten years."))
    return int(total)


def say_seconds(seconds: int) -> str:
    """A time in units; empty for none."""
    said = []
    for unit, size in _UNITS:
        number, seconds = divmod(seconds, size)
        if number:
            said.append(f"{number} {unit}")
    return " ".join(said)


def _say_days(target: Target) -> str:
    if target.hours == ROUND_THE_CLOCK:
        return _("1 day") if target.days == 1 else _("%d days") % target.days
    return _("1 business day") if target.days == 1 else f"{target.days} {_(_DAYS)}"


def _in_english(text: str) -> str:
    """Words of the reader's language in place of which the English ones are understood as well."""
    pairs = [(_(word).lower(), word) for word in (_CLOCK, _WARNED, _DAYS)]
    pairs += [(_("1 business day").lower(), "1 business day"), ((_("%d days") % 0)[2:].lower(), "days")]
    pairs += [(_("1 day").lower(), "1 day"), (f" {_(_IN).lower()} ", f" {_IN} ")]
    for local, english in pairs:
        if local != english:
            text = text.replace(local, english)
    return text
