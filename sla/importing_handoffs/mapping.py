"""Reading and checking the mapping of an event log. Pure: no Django. The format is described in docs/real-data.md."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from leads.importing.mapping import MappingReader, parsed
from leads.importing.meaning import Moment
from leads.payload_errors import PayloadErrors, gettext_noop, shown
from sla.business_time import BusinessCalendar, CalendarError
from sla.importing_handoffs.meaning import Activities, Contract, Hours, LogMapping, Promised, Recorder, Stamp

_ = gettext_noop

SECTIONS: Final = (
    "source",
    "csv",
    "columns",
    "shift_hours",
    "activities",
    "pause_reason",
    "ended_as",
    "tier",
    "calendar",
    "agreements",
    "recorded_by",
)
PROMISES: Final = ("accept", "first_touch", "attempts", "disposition")
TIERS: Final = ("hand_raiser", "scored", "tier_2")
HOURS: Final = ("business", "round_the_clock")
REASONS: Final = ("prospect_away", "waiting_for_prospect", "agreed_later")
# What a handoff of the log came to. A rejection would need its reason, which a log of activities does not have.
ENDS: Final = ("qualified", "recycled", "disqualified")
# No clock is further off than the zones of the world are from each other.
MAX_SHIFT: Final = 26
# The column of targets holds 31 bits.
MAX_TARGET: Final = 2**31 - 1
# Ten years of working days (sla.models.agreement.MAX_DAYS).
MAX_DAYS: Final = 2600
MAX_COUNT: Final = 100


def read_log_mapping(raw: bytes) -> LogMapping:
    """Read and check a mapping file. Raises PayloadErrors with everything that is wrong, each named by its place."""
    return _LogMappingReader(parsed(raw)).mapping()


class _LogMappingReader(MappingReader):
    def mapping(self) -> LogMapping:
        self.refuse_others("", self.data, SECTIONS)
        csv = self.section("csv", ("encoding", "delimiter"), required=False)
        columns = self.section("columns", ("case", "activity", "time"))
        moment = self.moment("columns.time", columns.get("time"))
        shift = self.shift()
        activities = self.activities()
        found: dict[str, Any] = {
            "source": self.source(),
            "case": self.text("columns.case", columns.get("case")),
            "activity": self.text("columns.activity", columns.get("activity")),
            "activities": activities,
            "pause_reason": self.choice("pause_reason", REASONS, required=bool(activities.pause)),
            "ended_as": self.choice("ended_as", ENDS),
            "tier": self.choice("tier", TIERS),
            "calendar": self.calendar(),
            "agreements": self.agreements(),
            "recorded_by": self.recorder(),
            "encoding": self.encoding(csv),
            "delimiter": self.delimiter(csv),
        }
        self.check_has_hours(moment)
        if self.errors or moment is None:
            raise PayloadErrors(self.errors)
        return LogMapping(time=Stamp(moment, *shift), **found)

    def check_has_hours(self, moment: Moment | None) -> None:
        if moment is not None and not moment.has_time:
            self.add(
                "columns.time.format",
                _("A clock needs the time of day, and this format has none."),
                _("Write a format with HH:MI or HH:MI:SS, and name a column that has it."),
            )

    def choice(self, where: str, known: tuple[str, ...], *, required: bool = True) -> str:
        value = self.data.get(where)
        if value is None and not required:
            return ""
        if value not in known:
            self.add(
                where,
                _("The mapping needs one of: %(known)s."),
                _("Write one of them."),
                known=", ".join(known),
            )
            return ""
        return str(value)

    def shift(self) -> tuple[timedelta, timedelta]:
        """Hours to add to what is written: one number, or one for standard and one for summer time."""
        value = self.data.get("shift_hours", 0)
        parts: list[Any] = (
            [value.get("standard"), value.get("summer")] if isinstance(value, dict) else [value, value]
        )
        if isinstance(value, dict):
            self.refuse_others("shift_hours", value, ("standard", "summer"))
        if not all(type(part) in (int, float) and abs(part) <= MAX_SHIFT for part in parts):
            self.add(
                "shift_hours",
                _(
                    "A shift is a number of hours, at most %(limit)d, or one for “standard” and one for “summer” time."
                ),
                _("Write how far the clock of the file is off, such as -7."),
                limit=MAX_SHIFT,
            )
            return timedelta(), timedelta()
        return timedelta(hours=parts[0]), timedelta(hours=parts[1])

    def activities(self) -> Activities:
        data = self.section("activities", ("open", "accept", "pause", "end"))
        named = {
            name: self.text(f"activities.{name}", data.get(name), required=name != "pause")
            for name in ("open", "accept", "pause", "end")
        }
        given = [name for name in named.values() if name]
        if len(given) != len(set(given)):
            self.add(
                "activities", _("One activity stands for two things."), _("Name a different one for each.")
            )
        return Activities(**named)

    def calendar(self) -> Hours:
        data = self.section("calendar", ("name", "time_zone", "week"))
        week = self.section("calendar.week", (), required=False, inside=data)
        zone = self.text("calendar.time_zone", data.get("time_zone"), required=bool(week)) or "UTC"
        if week and not self.errors:
            try:
                opens = BusinessCalendar(zone, week).has_any_hours()
            except CalendarError as error:
                self.add(
                    "calendar",
                    _("The calendar cannot be read: %(reason)s"),
                    _("Correct it at that place."),
                    reason=str(error),
                )
            else:
                if not opens:
                    self.add("calendar.week", _("This calendar is never open."), _("Give it opening hours."))
        return Hours(self.text("calendar.name", data.get("name"), limit=100), zone, week)

    def agreements(self) -> tuple[Contract, ...]:
        data = self.data.get("agreements")
        if not isinstance(data, list) or not data or not all(isinstance(row, dict) for row in data):
            self.add(
                "agreements",
                _("The mapping needs a list of agreements; the handoffs are judged by the first."),
                _("See the examples in docs/examples/."),
            )
            return ()
        return tuple(self.contract(f"agreements.{place}", row) for place, row in enumerate(data))

    def contract(self, where: str, data: Mapping[str, Any]) -> Contract:
        self.refuse_others(where, data, ("name", "promises"))
        promises = self.section(f"{where}.promises", PROMISES, required=False, inside=data)
        made = {
            kind: self.promise(f"{where}.promises.{kind}", value, counted=kind == "attempts")
            for kind, value in promises.items()
        }
        return Contract(self.text(f"{where}.name", data.get("name"), limit=100), made)

    def promise(self, where: str, value: Any, *, counted: bool) -> Promised:
        data = value if isinstance(value, dict) else {}
        self.refuse_others(
            where, data, ("target_seconds", "target_days", "hours", *(["count"] if counted else []))
        )
        hours, seconds, days = data.get("hours"), None, None
        if "target_days" in data and "target_seconds" in data:
            self.add(where, _("A target is in seconds or in days, not in both."), _("Keep one of the two."))
        elif "target_days" in data:
            text = _("A target is a whole number of days, from 1 to %(limit)d.")
            days = self.number(f"{where}.target_days", data["target_days"], MAX_DAYS, text)
        else:
            text = _("A target is a whole number of seconds above 0.")
            seconds = self.number(f"{where}.target_seconds", data.get("target_seconds"), MAX_TARGET, text)
        count = None
        if counted:
            text = _("Attempts need their number: a whole one from 1 to %(limit)d.")
            count = self.number(f"{where}.count", data.get("count"), MAX_COUNT, text)
        if hours not in HOURS:
            self.add(
                f"{where}.hours",
                _("The hours of “%(hours)s” are unknown."),
                _("Write one of: %(known)s."),
                hours=shown(str(hours)),
                known=", ".join(HOURS),
            )
        return Promised(seconds, str(hours), days, count)

    def number(self, where: str, value: Any, limit: int, text: str) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= limit:
            self.add(where, text, _("Write one."), limit=limit)
            return 1
        return value

    def recorder(self) -> Recorder:
        data = self.section("recorded_by", ("name", "email"))
        email = self.text("recorded_by.email", data.get("email")).lower()
        if email and (email.count("@") != 1 or any(c.isspace() for c in email)):
            self.add(
                "recorded_by.email", _("This is no e-mail address."), _("Write one, such as log@example.com.")
            )
        return Recorder(self.text("recorded_by.name", data.get("name"), limit=150), email)
