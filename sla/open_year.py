"""One UTC year of a calendar: local opening hours laid onto real time, counted between changes of offset.

Pure: no Django.
"""

from bisect import bisect_left, bisect_right

from sla.opening_hours import LocalHours
from sla.zone_changes import Stretches


class OpenYear:
    """The open time of one calendar in one UTC year, counted up to each change of offset."""

    __slots__ = ("_counted", "_hours", "_offsets", "_opened", "_reached", "_starts", "total")

    def __init__(self, hours: LocalHours, parts: Stretches) -> None:
        self._hours = hours
        self._starts = parts.starts
        self._offsets = parts.offsets
        self._opened = [
            hours.opened(start + offset) for start, offset in zip(parts.starts, parts.offsets, strict=True)
        ]
        self._counted: list[int] = []  # open time of the year before each stretch
        self._reached: list[int] = []  # and with it
        self.total = 0
        for end, offset, opened in zip(parts.ends, parts.offsets, self._opened, strict=True):
            self._counted.append(self.total)
            self.total += hours.opened(end + offset) - opened
            self._reached.append(self.total)

    def offset_at(self, instant: int) -> int:
        """The offset from UTC, in microseconds, at an instant of the year."""
        return self._offsets[self._at(instant)]

    def count(self, instant: int) -> int:
        """Open time from the beginning of the year to an instant in it."""
        index = self._at(instant)
        return self._counted[index] + self._hours.opened(instant + self._offsets[index]) - self._opened[index]

    def find(self, total: int) -> int:
        """The first instant of the year with `total`, at least 1, of open time before it."""
        index = bisect_left(self._reached, total)
        return self._hours.reach(self._opened[index] + total - self._counted[index]) - self._offsets[index]

    def _at(self, instant: int) -> int:
        return max(0, bisect_right(self._starts, instant) - 1)
