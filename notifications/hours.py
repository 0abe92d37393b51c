"""When a person wants to hear of things: quiet hours, days of rest, digests. Pure: rules in, a moment out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

EVERY_DAY = frozenset(range(7))
# Two weeks have every open hour there is, twice: once may fall into an hour that the clock skips.
_DAYS_AHEAD = 16


@dataclass(frozen=True)
class Hours:
    """What a person chose. Times are wall-clock times of `zone`; weekdays count from Monday, 0.

    Quiet from `quiet_from` up to `quiet_to` (over midnight where it is the later one), and on all days but `weekdays`. Where the
    two are equal or not given there are no quiet hours. At least one weekday must be named.
    """

    zone: ZoneInfo
    quiet_from: time | None = None
    quiet_to: time | None = None
    weekdays: frozenset[int] = EVERY_DAY
    digest: str = "at_once"  # or hourly, or daily
    daily_at: time = time(8)

    def __post_init__(self) -> None:
        """Raises ValueError without a weekday, for everything would wait for ever, and for a digest that is none."""
        if not self.weekdays or self.digest not in ("at_once", "hourly", "daily"):
            raise ValueError("At least one weekday must be open, and the digest be at_once, hourly or daily.")

    def is_quiet(self, at: datetime) -> bool:
        """Whether nothing may come at this moment."""
        local = at.astimezone(self.zone)
        return local.weekday() not in self.weekdays or self.in_quiet_hours(local.time())

    def in_quiet_hours(self, at: time) -> bool:
        """Whether this wall-clock time is within the quiet hours of every day."""
        if self.quiet_from is None or self.quiet_to is None or self.quiet_from == self.quiet_to:
            return False
        if self.quiet_from < self.quiet_to:
            return self.quiet_from <= at < self.quiet_to
        return at >= self.quiet_from or at < self.quiet_to

    def open_from(self, at: datetime) -> datetime:
        """The first moment from `at` on that is not quiet."""
        if not self.is_quiet(at):
            return at
        # It opens at midnight, or where quiet hours end.
        ends = {time(0)} if self.quiet_to is None else {time(0), self.quiet_to}
        opening = self._first(at, sorted(ends))
        assert opening is not None, "a weekday is named, so some hour of it is open"
        return opening

    def next_digest(self, at: datetime) -> datetime:
        """When what happens at `at` is told: at once outside quiet hours, or with the next digest that may come.

        Where every digest would fall into quiet hours it comes at their end instead.
        """
        if self.digest == "at_once":
            return self.open_from(at)
        times = [self.daily_at] if self.digest == "daily" else [time(hour) for hour in range(24)]
        return self._first(at, times) or self.open_from(at)

    def _first(self, at: datetime, times: Sequence[time]) -> datetime | None:
        """The first of these times of the coming days that is not quiet."""
        today = at.astimezone(self.zone).date()
        # From yesterday on: on the night the clock goes back, an hour comes twice.
        for days in range(-1, _DAYS_AHEAD):
            for each in times:
                moment = self._moment(today + timedelta(days=days), each)
                if moment >= at and not self.is_quiet(moment):
                    return moment
        return None

    def _moment(self, day: date, at: time) -> datetime:
        """That wall-clock time; one that the clock skips is as much later, one that comes twice is the first."""
        return datetime.combine(day, at, self.zone).astimezone(UTC)
