"""An auditor without the program: the clocks of handoffs, worked out again from rows of the journal, calendars and agreements.

Written from the rules alone and shares nothing with `sla` but the journal's words; slow, and right at a glance. Where a row lacks
what is needed here, nobody could check the evidence by hand, and the row is what has to change.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.sla.naive_hours import Span, after, close_of, seconds_in

ROUND_THE_CLOCK = {
    "tz": "UTC",
    "week": {day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")},
    "holidays": {},
    "special": {},
}
OF_THE_LEAD = ("first_touch", "attempts", "disposition")
ANSWERS = ("handoff.accepted", "handoff.rejected", "handoff.given_back", "handoff.qualified")
ENDS = (
    "handoff.rejected",
    "handoff.qualified",
    "handoff.recycled",
    "handoff.disqualified",
    "handoff.withdrawn",
)


@dataclass(frozen=True)
class Row:
    """One row of the journal, in the order of their numbers."""

    event: str
    subject: int
    at: datetime
    before: Mapping[str, Any]
    after: Mapping[str, Any]


@dataclass(frozen=True)
class Agreed:
    """What one version of an agreement promises about a kind and a tier."""

    seconds: int | None
    days: int | None
    count: int | None
    by_calendar: bool


def agreed_in(document: Mapping[str, Any]) -> dict[tuple[str, str], Agreed]:
    """What the signed text of a version says about each kind and tier, such as “6 in 10 business days”."""
    found = {}
    for section in document["sections"]:
        if section["key"] in ("sales", "marketing"):
            for row in section["rows"]:
                for (tier, _name), cell in zip(section["columns"], row["cells"], strict=True):
                    if cell != "–":
                        found[row["key"], tier] = _agreed(cell)
    return found


def _agreed(text: str) -> Agreed:
    text = text.split(", warned at")[0]
    if text == "at handoff":
        return Agreed(1, None, None, by_calendar=True)
    plain = text.removesuffix(" round the clock")
    count, said = plain.split(" in ") if " in " in plain else ("", plain)
    days = re.fullmatch(r"(\d+) (?:business )?days?", said)
    parts = re.findall(r"(\d+) (h|min|s)", said)
    seconds = sum(int(number) * {"h": 3600, "min": 60, "s": 1}[unit] for number, unit in parts)
    return Agreed(
        None if days else seconds,
        int(days[1]) if days else None,
        int(count) if count else None,
        by_calendar=plain == text,
    )


@dataclass(frozen=True)
class Hours:
    """One version of a calendar, by its number."""

    calendar: int
    week: Mapping[str, Any]


@dataclass(frozen=True)
class Found:
    """What a clock must be."""

    due_at: datetime
    outcome: str
    ended_at: datetime | None
    seconds_used: int | None
    owner: int | None
    # The deadline that was missed and not lifted again.
    breach: datetime | None


@dataclass
class Story:
    """One handoff."""

    tier: str
    version: int
    started_at: datetime
    hands: list[tuple[datetime, int | None]]
    touches: list[tuple[datetime, bool]] = field(default_factory=list)
    ended_at: datetime | None = None
    withdrawn: bool = False
    lacking: bool = False


@dataclass
class Told:
    """One clock, as far as the rows tell of it."""

    story: Story
    kind: str
    started_at: datetime
    hours: int | None
    owner: int | None
    pauses: dict[int, Span] = field(default_factory=dict)
    # Told of clocks that no fact about the handoff ends: the answer, fields that are filled, a pick-up.
    ended_at: datetime | None = None
    answered: bool = False
    waived_at: datetime | None = None
    over: bool = False
    # How often the lead had changed hands when it was waived.
    hands: int = 0


class Replay:
    """Reads rows in their order; `clock(number)` says what a clock must be at the time of asking."""

    def __init__(self, hours: Mapping[int, Hours], agreed: Mapping[tuple[int, str, str], Agreed]) -> None:
        self._hours, self._agreed = hours, agreed
        self.stories: dict[int, Story] = {}
        self.clocks: dict[int, Told] = {}
        self.breached: set[tuple[int, datetime]] = set()
        self._ended: list[Told] = []

    def read(self, rows: Iterable[Row]) -> None:
        """Go on with these rows."""
        for row in rows:
            deed = getattr(self, "_" + row.event.replace(".", "_"), None)
            if row.event in (*ANSWERS, *ENDS, "handoff.assigned", "handoff.returned_to_queue"):
                self._answer(row)
            if row.event in ENDS:
                story = self.stories[row.subject]
                story.ended_at = _time(row.after.get("ended_at")) or row.at
                story.withdrawn = row.event == "handoff.withdrawn"
            if "owner" in row.after and row.event.startswith("handoff.") and row.event != "handoff.opened":
                self._changed_hands(row)
            if deed is not None:
                deed(row)

    def clock(self, number: int, now: datetime) -> Found:
        """What that clock must be at `now`, by the facts."""
        clock = self.clocks[number]
        due = self._due(clock)
        ended, outcome = self._end(clock, due)
        late = due < (ended or now)
        used = None
        if outcome in ("kept", "missed", "waived"):
            assert ended is not None
            used = int(seconds_in(self._week(clock), clock.started_at, ended, clock.pauses.values()))
        owner = self._answers(clock, due, ended if outcome == "kept" else None)
        return Found(due, outcome, ended, used, owner, due if late and outcome != "kept" else None)

    # What the rows say

    def _handoff_opened(self, row: Row) -> None:
        self.stories[row.subject] = Story(
            row.after["tier"],
            row.after["agreement_version"],
            datetime.fromisoformat(row.after["started_at"]),
            [(datetime.min.replace(tzinfo=UTC), row.after["owner"])],
        )

    def _handoff_incomplete(self, row: Row) -> None:
        self.stories[row.subject].lacking = True

    def _touch_logged(self, row: Row) -> None:
        touch = (datetime.fromisoformat(row.after["at"]), bool(row.after["reached"]))
        self.stories[row.subject].touches.append(touch)

    def _changed_hands(self, row: Row) -> None:
        story = self.stories[row.subject]
        if row.after["owner"] != story.hands[-1][1]:
            story.hands.append((row.at, row.after["owner"]))

    def _answer(self, row: Row) -> None:
        """Clocks for the answer that ended just before were kept by it, or were nobody's business any more."""
        for clock in self._ended:
            if clock.story is self.stories[row.subject] and clock.kind == "accept":
                clock.answered = row.event in ANSWERS
        self._ended = []

    def _clock_started(self, row: Row) -> None:
        self.clocks[row.subject] = Told(
            self.stories[row.after["handoff"]],
            row.after["kind"],
            datetime.fromisoformat(row.after["started_at"]),
            row.after["calendar_version"],
            row.after["owner"],
        )

    def _clock_passed_on(self, row: Row) -> None:
        self.clocks[row.subject].owner = row.after["owner"]

    def _clock_paused(self, row: Row) -> None:
        span = datetime.fromisoformat(row.after["from"]), datetime.fromisoformat(row.after["until"])
        self.clocks[row.subject].pauses[row.after["pause"]] = span

    def _clock_resumed(self, row: Row) -> None:
        pauses = self.clocks[row.subject].pauses
        for number, end in row.after["pauses"].items():
            pauses[int(number)] = pauses[int(number)][0], datetime.fromisoformat(end)

    def _clock_breached(self, row: Row) -> None:
        self.breached.add((row.subject, datetime.fromisoformat(row.after["deadline"])))

    def _clock_ended(self, row: Row) -> None:
        clock = self.clocks[row.subject]
        clock.ended_at, clock.over = datetime.fromisoformat(row.after["ended_at"]), True
        self._ended.append(clock)

    def _clock_waived(self, row: Row) -> None:
        clock = self.clocks[row.subject]
        # From now on no touch that becomes known changes anything.
        clock.ended_at = self._end(clock, self._due(clock))[0] or row.at
        clock.waived_at, clock.over = row.at, True
        clock.hands = len(clock.story.hands)

    def _clock_recomputed(self, row: Row) -> None:
        self.clocks[row.subject].hours = row.after["calendar_version"]

    def _calendar_corrected(self, row: Row) -> None:
        for clock in self.clocks.values():
            if (
                not clock.over
                and clock.hours is not None
                and self._hours[clock.hours].calendar == row.subject
            ):
                clock.hours = row.after["version"]

    # What follows from them

    def _week(self, clock: Told) -> Mapping[str, Any]:
        return ROUND_THE_CLOCK if clock.hours is None else self._hours[clock.hours].week

    def _promise(self, clock: Told) -> Agreed:
        return self._agreed[clock.story.version, clock.kind, clock.story.tier]

    def _due(self, clock: Told) -> datetime:
        promise, week = self._promise(clock), self._week(clock)
        seconds: float
        if promise.seconds is not None:
            seconds = promise.seconds
        elif clock.hours is None:
            seconds = (promise.days or 0) * 86_400
        else:
            seconds = seconds_in(
                week, clock.started_at, close_of(week, clock.started_at, promise.days or 0), ()
            )
        return after(week, clock.started_at, seconds, clock.pauses.values())

    def _end(self, clock: Told, due: datetime) -> tuple[datetime | None, str]:
        """When it ended, and how."""
        story = clock.story
        if clock.waived_at is not None:
            return clock.ended_at, "waived"
        end, by_answer = clock.ended_at, True
        if clock.kind == "accept":
            by_answer = clock.answered
        elif clock.kind in OF_THE_LEAD:
            end = self._touched(clock)
            if end is None and story.ended_at is not None:
                end, by_answer = story.ended_at, clock.kind != "attempts" and not story.withdrawn
        elif clock.kind == "routing" or (clock.kind == "completeness" and not story.lacking):
            end = story.started_at
        elif end is not None and clock.kind == "completeness":
            by_answer = story.ended_at is None or end < story.ended_at
        if end is None:
            return None, "running"
        end = max(end, clock.started_at)
        if end > due:
            return end, "missed"
        return end, "kept" if by_answer else "cancelled"

    def _touched(self, clock: Told) -> datetime | None:
        touches = sorted(clock.story.touches)
        if clock.kind == "first_touch" and touches:
            return touches[0][0]
        if clock.kind == "attempts":
            reached = [at for at, reached in touches if reached]
            enough = [at for at, _reached in touches][(self._promise(clock).count or 1) - 1 :]
            return min([*reached[:1], *enough[:1]], default=None)
        return None

    def _answers(self, clock: Told, due: datetime, kept_at: datetime | None) -> int | None:
        """Whoever had the lead when it was kept; else whoever had most of the time up to the deadline, of equals the last."""
        if clock.kind not in OF_THE_LEAD:
            return clock.owner
        hands = clock.story.hands[: clock.hands or None]
        if len(hands) == 1:
            return hands[0][1]
        if kept_at is not None:
            since = [one for place, one in enumerate(hands[:-1]) if hands[place + 1][0] > clock.started_at]
            since = [*since, hands[-1]]
            return [since[0][1], *(who for at, who in since[1:] if at < kept_at)][-1]
        had: dict[int | None, float] = {}
        for place, (at, who) in enumerate(hands):
            until = hands[place + 1][0] if place + 1 < len(hands) else due
            mine = seconds_in(
                self._week(clock), max(at, clock.started_at), min(until, due), clock.pauses.values()
            )
            if mine:
                had[who] = had.pop(who, 0) + mine
        if not had:
            return [hands[0][1], *(who for at, who in hands[1:] if at < due)][-1]
        return max(reversed(had), key=lambda who: had[who])


def _time(text: Any) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
