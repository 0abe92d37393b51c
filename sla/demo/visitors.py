"""Who visits when, and what they do: the plan of every post that the company receives. Pure."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from leads.models import Form
from leads.spam import TRAP_FIELD
from sla.demo.people import KINDS, Person, invent, pick

# Forms of a new installation that raise a hand; their posts are processed at once.
HAND_FORMS = ("demo", "contact")
# The way of a visit: what they do, and how many days after the step before.
_GLANCE = (("whitepaper", 40), ("newsletter", 24), ("webinar", 20), ("case_study", 16))
_READING = (
    ("blog_post", 30),
    ("product_page", 22),
    ("newsletter", 14),
    ("whitepaper", 14),
    ("return_visit", 20),
)
_INTEREST = (
    ("product_page", 24),
    ("pricing_page", 18),
    ("case_study", 14),
    ("webinar", 16),
    ("whitepaper", 10),
    ("event", 8),
    ("email_click", 10),
)
_JOURNEYS = (("glance", 38), ("read", 44), ("evaluate", 8), ("ask", 10))
_WISHES = (
    "We lose enquiries between two teams and want to see who has them.",
    "Please show us how response times are measured.",
    "How does it work with sales people in two time zones?",
    "We compare three products and decide this quarter.",
    "Can it take over the forms of our website?",
)
_BAIT = ("Cheap followers", "Casino bonus", "Rank first", "Crypto profit")


@dataclass(frozen=True)
class Post:
    """One arrival to come. `form` is None for the API. `again` are seconds after which it is delivered once more.

    `fix` is what marketing will put right in the review: values of fields, `treat` to overrule the classification.
    """

    at: datetime
    form: str | None
    payload: dict[str, Any]
    key: str | None
    again: tuple[int, ...] = ()
    fix: tuple[tuple[str, str], ...] = ()
    treat: bool = False
    urgent: bool = False

    @property
    def raw(self) -> bytes:
        """The body as it is sent."""
        return json.dumps(self.payload, ensure_ascii=False).encode()


def plan_visits(
    rng: Random, *, forms: dict[str, Form], start: datetime, end: datetime, count: int
) -> list[Post]:
    """About `count` posts between start and end, in order of time; a deliberate share of repeats, robots and mistakes."""
    posts: list[Post] = []
    arrivals = 0
    # One of each kind first, so that a short story has them too.
    kinds = [kind for kind, _weight in KINDS]
    while arrivals < count:
        if rng.random() < 0.05:
            fresh = [robot(rng, _moment(rng, start, end, "Europe/Copenhagen"))]
        else:
            person = invent(rng, kind=kinds.pop() if kinds else "")
            begin = _moment(rng, start, end, person.zone)
            fresh = [post for post in journey(rng, person, forms, begin) if start <= post.at < end]
        posts += fresh
        arrivals += sum(1 + len(post.again) for post in fresh)
    return sorted(posts, key=lambda post: (post.at, post.raw))


def journey(rng: Random, person: Person, forms: dict[str, Form], begin: datetime) -> Iterator[Post]:
    """What one person does, from `begin` on: a glance, some reading, an evaluation of weeks, or a question at once."""
    kind = pick(rng, _JOURNEYS) if person.kind in ("target", "tier2", "personal") else "glance"
    if kind == "evaluate" and person.kind == "target":
        person.employees = max(person.employees, rng.choice((85, 180, 420)))
    steps = _steps(rng, kind)
    if person.kind == "blocked":  # the form has to ask for the country
        steps = ["webinar"]
    if person.kind == "tier2":  # forms do not ask for the industry; the product's own records know it
        steps.insert(0, "product_page")
    at = begin
    for number, step in enumerate(steps):
        if number:
            at = _later(rng, at, person.zone, rng.expovariate(1 / (4.5 if kind == "evaluate" else 9)))
        yield _told(
            rng, visit(person, step, forms, at, token(rng), first=number == 0, wish=rng.choice(_WISHES))
        )


def visit(
    person: Person,
    step: str,
    forms: dict[str, Form],
    at: datetime,
    key: str,
    *,
    first: bool = False,
    wish: str = "",
) -> Post:
    """One thing that a person does at a time: through the form of that name where there is one, else through the API."""
    if step in forms:
        payload = person.answers(tuple(question["name"] for question in forms[step].fields))
        if "message" in {question["name"] for question in forms[step].fields}:
            payload["message"] = wish
        return Post(at, step, payload | person.arrived_by(), key, urgent=step in HAND_FORMS)
    payload = {"email": person.email, "activity": step} | person.known()
    if first:
        payload |= person.answers(("first_name", "last_name", "company_name", "job_title", "country"))
        payload |= person.arrived_by()
    return Post(at, None, payload, key)


def robot(rng: Random, at: datetime) -> Post:
    """A robot that found a form."""
    bait = rng.choice(_BAIT)
    payload: dict[str, Any] = {
        "email": f"{bait.split()[0].lower()}{rng.randrange(999)}@offers.example",
        "first_name": bait,
    }
    sign = rng.randrange(3)
    if sign == 0:
        payload[TRAP_FIELD] = "yes"
    elif sign == 1:
        payload["last_name"] = "https://offers.example/win"
    else:
        payload["message"] = " ".join(f"https://offers.example/{number}" for number in range(6))
    return Post(at, "contact", payload, token(rng))


def token(rng: Random) -> str:
    """A delivery key such as the hosted form makes."""
    return f"{rng.getrandbits(96):024x}"


def _steps(rng: Random, kind: str) -> list[str]:
    if kind == "glance":
        return [pick(rng, _GLANCE)]
    if kind == "read":
        return [pick(rng, _GLANCE)] + [pick(rng, _READING) for _ in range(rng.randrange(2, 6))]
    if kind == "evaluate":
        steps = [pick(rng, _GLANCE)] + [pick(rng, _INTEREST) for _ in range(rng.randrange(3, 8))]
        return steps + (["demo"] if rng.random() < 0.15 else [])
    before = [pick(rng, _READING) for _ in range(rng.randrange(0, 3))]
    return [*before, pick(rng, (("demo", 68), ("contact", 32)))]


def _told(rng: Random, post: Post) -> Post:
    """A few are delivered twice, mistyped, or look worse than they are."""
    chance = rng.random()
    if chance < 0.03:
        return replace(post, again=(2,))
    if chance < 0.045 and post.form is None:
        return replace(post, key=None, again=(40,))
    if chance < 0.06 and post.form is None:
        address = str(post.payload["email"])
        mistyped = post.payload | {"email": address.replace("@", " at ")}
        return replace(post, payload=mistyped, fix=(("email", address),))
    if chance < 0.07 and post.form == "contact":
        links = " ".join(
            f"https://{post.payload['company_name'].lower()}.example/{n}" for n in ("a", "b", "c", "d")
        )
        return replace(
            post, payload=post.payload | {"message": f"Our pages: {links}"}, treat=True, urgent=False
        )
    return replace(post, treat=post.urgent and "gmail.com" in str(post.payload["email"]))


def _moment(rng: Random, start: datetime, end: datetime, zone: str) -> datetime:
    """A time between the two, more often late than early (the company grows) and mostly in the visitor's working time."""
    share = rng.random() ** 0.85
    at = start + (end - start) * share
    return _awake(rng, at, zone)


def _later(rng: Random, at: datetime, zone: str, days: float) -> datetime:
    """Some days later; within the same visit where that is only minutes."""
    if days < 0.4:
        return at + timedelta(seconds=rng.randrange(40, 900))
    return _awake(rng, at + timedelta(days=days), zone)


def _awake(rng: Random, at: datetime, zone: str) -> datetime:
    local = at.astimezone(ZoneInfo(zone))
    if local.weekday() >= 5 and rng.random() < 0.75:
        local += timedelta(days=7 - local.weekday())
    hour = min(23.9, max(0.0, rng.gauss(13, 3.2)))
    local = local.replace(hour=int(hour), minute=rng.randrange(60), second=rng.randrange(60), microsecond=0)
    return local.astimezone(UTC)
