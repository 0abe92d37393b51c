"""Readable arithmetic of a clock: the receipt of its business time, folded where it is long, adding up to the second."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from sla.business_time import BusinessCalendar
from sla.clock import Stretch, merged
from sla.receipts import DayLine, HoursFrom, Receipt, Skipped
from sla.reports.periods import span_label
from sla.reports.wording import to_the_second

MICROSECONDS = 1_000_000
# More lines than this are folded into weeks, then months, then years.
READABLE = 12

WHY = {
    Skipped.CLOSED_WEEKDAY: gettext_lazy("no opening hours"),
    Skipped.HOLIDAY: gettext_lazy("holiday"),
    Skipped.SPECIAL_CLOSED: gettext_lazy("closed on this day"),
    Skipped.OUTSIDE_HOURS: gettext_lazy("outside the hours"),
    Skipped.CLOCK_CHANGE: gettext_lazy("hours left out by the change of clocks"),
    Skipped.NO_SUCH_DATE: gettext_lazy("no such date in this zone"),
}


@dataclass(frozen=True)
class ReceiptLine:
    """One line for templates/components/receipt.html: `seconds` is what it adds to the sum."""

    label: str
    note: str
    seconds: int
    kind: str = ""

    @property
    def value(self) -> str:
        """The seconds in words; a dash where the day does not count."""
        return to_the_second(self.seconds) if self.seconds or not self.kind else "–"


@dataclass(frozen=True)
class Halt:
    """A pause on a receipt: its stretch, and why, in words."""

    stretch: Stretch
    why: str


def lines_of(receipt: Receipt) -> tuple[ReceiptLine, ...]:
    """The lines of a receipt, few enough to read, whose seconds add up to the whole seconds of its total."""
    return _few_lines([receipt], [], ZoneInfo(receipt.tz))


def lines_with_pauses(
    calendar: BusinessCalendar, start: datetime, end: datetime, halts: Sequence[Halt]
) -> tuple[ReceiptLine, ...]:
    """The lines of [start, end) with what was paused left out: each pause a line of its own that counts nothing.

    Their seconds add up to `sla.clock.between` of the same.
    """
    zone = ZoneInfo(calendar.tz)
    counted, paused, at = [], [], start
    for pause in merged([halt.stretch for halt in halts]):
        begin, over = max(pause.start, start), min(pause.end, end)
        if begin < over:
            counted.append(calendar.explain_between(at, begin))
            left_out = int(calendar.between(begin, over))
            paused.append(_pause_line(pause, halts, left_out, zone))
            at = over
    counted.append(calendar.explain_between(at, end))
    return _few_lines(counted, paused, zone)


def _few_lines(
    counted: Sequence[Receipt], paused: Sequence[ReceiptLine], zone: ZoneInfo
) -> tuple[ReceiptLine, ...]:
    """The counted stretches, each folded in the same way, with the pauses between them."""
    stretches = _with_whole_seconds([receipt.lines for receipt in counted])
    for fold in (_runs, _by_week, _by_month, _by_year):
        lines = list(fold(stretches[0], zone))
        for pause, days in zip(paused, stretches[1:], strict=True):
            lines += [pause, *fold(days, zone)]
        if len(lines) <= READABLE:
            break
    return tuple(lines)


def _pause_line(pause: Stretch, halts: Sequence[Halt], left_out: int, zone: ZoneInfo) -> ReceiptLine:
    form = "D j M, H:i"
    begin, end = (date_format(at.astimezone(zone), form) for at in (pause.start, pause.end))
    reasons = [
        halt.why for halt in halts if halt.stretch.start <= pause.end and pause.start <= halt.stretch.end
    ]
    hours = _("%(time)s left out") % {"time": to_the_second(left_out)}
    return ReceiptLine(
        _("Paused %(begin)s – %(end)s") % {"begin": begin, "end": end},
        " · ".join([*dict.fromkeys(reasons), hours]),
        0,
        kind="pause",
    )


Days = Sequence[tuple[DayLine, int]]


def _with_whole_seconds(stretches: Iterable[Iterable[DayLine]]) -> list[list[tuple[DayLine, int]]]:
    """Each day with its seconds in whole numbers. Fractions are carried on, so that the sum loses none but its own."""
    found, passed = [], 0
    for days in stretches:
        rows = []
        for line in days:
            before = passed // MICROSECONDS
            passed += line.microseconds
            rows.append((line, passed // MICROSECONDS - before))
        found.append(rows)
    return found


def _runs(days: Days, zone: ZoneInfo) -> tuple[ReceiptLine, ...]:
    """One line a day, and one for several days in a row that are skipped for the same reason."""
    lines = []
    form = "D j M" if len({line.day.year for line, _seconds in days}) == 1 else "D j M Y"
    for (_key, skipped), run in groupby(days, key=_day_or_reason):
        rows = list(run)
        first, last = rows[0][0], rows[-1][0]
        if skipped is None:
            lines.append(ReceiptLine(date_format(first.day, form), _hours(first, zone), rows[0][1]))
        elif len(rows) == 1:
            lines.append(ReceiptLine(date_format(first.day, form), _why(first), 0, kind="clamp"))
        else:
            label = f"{date_format(first.day, form)} – {date_format(last.day, form)}"
            lines.append(ReceiptLine(label, _why(first), 0, kind="clamp"))
    return tuple(lines)


def _day_or_reason(row: tuple[DayLine, int]) -> tuple[Hashable, Skipped | None]:
    line = row[0]
    return (line.day if line.skipped is None else line.holiday), line.skipped


def _folded(days: Days, key: Callable[[date], Hashable]) -> tuple[ReceiptLine, ...]:
    """One line for all days that share a key."""
    lines = []
    for _key, run in groupby(days, key=lambda row: key(row[0].day)):
        rows = list(run)
        counted = sum(1 for line, seconds in rows if line.spans)
        notes = [ngettext("%d day counted", "%d days counted", counted) % counted] if counted else []
        notes += _skips([line for line, _seconds in rows if line.skipped])
        seconds = sum(seconds for _line, seconds in rows)
        label = span_label(rows[0][0].day, rows[-1][0].day)
        lines.append(ReceiptLine(label, " · ".join(notes), seconds, kind="" if counted else "clamp"))
    return tuple(lines)


def _skips(lines: Sequence[DayLine]) -> list[str]:
    """Why days were skipped: the usual closed days by number, everything else by name and date."""
    usual = sum(1 for line in lines if line.skipped == Skipped.CLOSED_WEEKDAY)
    notes = [ngettext("%d closed weekday", "%d closed weekdays", usual) % usual] if usual else []
    special = [line for line in lines if line.skipped != Skipped.CLOSED_WEEKDAY]
    if len(special) > READABLE:
        notes.append(ngettext("%d other day", "%d other days", len(special)) % len(special))
    else:
        notes += [f"{date_format(line.day, 'j M')}: {_why(line)}" for line in special]
    return notes


def _by_week(days: Days, zone: ZoneInfo) -> tuple[ReceiptLine, ...]:
    return _folded(days, lambda day: day - timedelta(days=day.weekday()) if day.toordinal() > 7 else day)


def _by_month(days: Days, zone: ZoneInfo) -> tuple[ReceiptLine, ...]:
    return _folded(days, lambda day: (day.year, day.month))


def _by_year(days: Days, zone: ZoneInfo) -> tuple[ReceiptLine, ...]:
    return _folded(days, lambda day: day.year)


def _hours(line: DayLine, zone: ZoneInfo) -> str:
    spans = ", ".join(
        f"{_time(span.start, zone)}–{_time(span.end, zone, is_end=True)}" for span in line.spans
    )
    return _("%(hours)s, special hours") % {"hours": spans} if line.hours_from == HoursFrom.SPECIAL else spans


def _time(at: datetime, zone: ZoneInfo, is_end: bool = False) -> str:
    local = at.astimezone(zone)
    if is_end and not (local.hour or local.minute or local.second):
        return "24:00"
    return local.strftime("%H:%M" if not local.second else "%H:%M:%S")


def _why(line: DayLine) -> str:
    assert line.skipped is not None
    why = str(WHY[line.skipped])
    return _("%(why)s: %(name)s") % {"why": why, "name": line.holiday} if line.holiday else why
