"""The closing scene: what waits in the inbox of the demo's rep at `now`, whatever the hour or the day of the week."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from sla.business_time import BusinessCalendar
from sla.demo.company import Company, send_away
from sla.demo.people import Person, invent
from sla.demo.visitors import Post, token, visit
from sla.models import Handoff

# Office minutes of the team before `now`: handed off, accepted, first touched. None: has not happened.
# Raised hands have 15 minutes to be accepted (after 30 the next rep gets them) and an hour to be touched, scores 4 and 24 hours, tier 2 8 and 40.
_PARTS: tuple[tuple[str, float, float | None, float | None], ...] = (
    ("score", 330, None, None),
    ("score", 318, 280, None),
    ("score", 204, None, None),
    ("tier2", 190, None, None),
    ("hand", 182, 174, None),
    ("hand", 150, 141, 104),
    ("score", 66, None, None),
    ("hand", 62, 51, None),
    ("hand", 26, None, None),
    ("hand", 12.5, None, None),
    ("hand", 4, None, None),
)
_READY_BY = timedelta(seconds=20)


@dataclass(frozen=True)
class Part:
    """One lead of the scene: when it is handed off, accepted and first touched; None: not by now."""

    person: Person
    starts_at: datetime
    accepts_at: datetime | None
    touched_at: datetime | None


class Scene:
    """The leads that the demo's rep finds on logging in. Their colleagues are away, so that all come to one inbox."""

    def __init__(self, company: Company, rng: Random, now: datetime) -> None:
        self.company, self.now = company, now
        calendar = company.demo_rep.calendar
        self.parts: dict[str, Part] = {}
        self.posts: list[Post] = []
        for kind, handed_off, accepted, touched in _PARTS:
            person = _cast(rng, kind, set(self.parts))
            part = Part(
                person,
                minutes_before(calendar, now, handed_off),
                None if accepted is None else minutes_before(calendar, now, accepted),
                None if touched is None else minutes_before(calendar, now, touched),
            )
            self.parts[person.email] = part
            self.posts += self._posts(rng, kind, part)
        self.arrivals = len(self.posts)

    @property
    def passes(self) -> list[datetime]:
        """When the drains have to run so that the parts begin in time."""
        return [part.starts_at for part in self.parts.values()]

    def part_of(self, handoff: Handoff) -> Part | None:
        """The part that a handoff plays, by the address of its lead."""
        return self.parts.get(handoff.lead.contact.email)

    def send_colleagues_away(self) -> None:
        """A training keeps the colleagues from the first part until now, and takes away the rep's own absences of that time."""
        begin = min(self.passes) - timedelta(minutes=1)
        rep = self.company.demo_rep
        rep.user.absences.filter(ends_at__gt=begin - timedelta(days=3)).delete()
        rep.away = [span for span in rep.away if span[1] <= begin - timedelta(days=3)]
        for other in self.company.reps.values():
            if other is not rep and other.user.team_id == rep.user.team_id:
                send_away(other, begin, self.now, "Training")

    def _posts(self, rng: Random, kind: str, part: Part) -> list[Post]:
        person, forms, last = part.person, self.company.forms, part.starts_at - _READY_BY
        if kind != "score":
            return [visit(person, "demo", forms, last, token(rng), wish="Can we see it this week?")]
        earlier = [timedelta(days=rng.randrange(2, 6)), timedelta(hours=rng.randrange(2, 20))]
        first = visit(person, "whitepaper", forms, last - earlier[0], token(rng))
        return [
            first,
            visit(person, "return_visit", forms, last - earlier[0] + earlier[1], token(rng), first=True),
            visit(person, "webinar", forms, last, token(rng)),
        ]


def minutes_before(calendar: BusinessCalendar, now: datetime, minutes: float) -> datetime:
    """The latest whole second from which on the team had so many open minutes until `now`."""
    wanted = int(minutes * 60)
    low, high = int((now - timedelta(days=60)).timestamp()), int(now.timestamp())
    while high - low > 1:
        middle = (low + high) // 2
        if calendar.between(datetime.fromtimestamp(middle, now.tzinfo), now) >= wanted:
            low = middle
        else:
            high = middle
    return datetime.fromtimestamp(low, now.tzinfo)


def _cast(rng: Random, kind: str, taken: set[str]) -> Person:
    """Somebody for the part: of the region, fitting, and with an address that no other part has."""
    while True:
        person = invent(rng, kind="tier2" if kind == "tier2" else "target", title="decides", region="nordic")
        person.employees = 420 if kind == "score" else person.employees
        if person.email not in taken:
            return person
