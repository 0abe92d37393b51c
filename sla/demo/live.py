"""The demo company after `now`: visitors keep coming, and reps answer some of what they get, in real time."""

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from random import Random

from leads.services.intake import Delivery, receive
from sla.demo.company import Company, Rep
from sla.demo.company import read as read_company
from sla.demo.people import Person, invent, pick
from sla.demo.visitors import HAND_FORMS, token, visit
from sla.models import Handoff, TouchKind
from sla.services.answering import AlreadyAnswered, NotPossible, accept, reject
from sla.services.working import log_touch

# Seconds between two arrivals.
_PACE = (2.0, 6.0)
_STEPS = (
    ("product_page", 26),
    ("pricing_page", 14),
    ("whitepaper", 16),
    ("webinar", 12),
    ("blog_post", 12),
    ("newsletter", 6),
    ("demo", 10),
    ("contact", 4),
)
# Nobody answers in the second in which they are told, and a touch follows an acceptance.
_THINKING, _DIALLING = timedelta(seconds=20), timedelta(seconds=45)
_REMEMBERED = 40


def go_on(*, seed: int, clock: Callable[[], datetime]) -> Iterator[str]:
    """Send one visit, let one rep act, say so, wait; for ever. `clock` gives the time of each. The drains are run by the
    application, as always."""
    company = read_company()
    rng = Random(f"{seed} {clock().isoformat()}")  # noqa: S311 - a story, no secret
    guests: list[Person] = []
    while True:
        yield arrive(company, rng, guests, clock())
        if line := answer(company, rng, clock()):
            yield line
        time.sleep(rng.uniform(*_PACE))


def arrive(company: Company, rng: Random, guests: list[Person], now: datetime) -> str:
    """One visit, by somebody new or by one of the guests; returns what happened in words."""
    known = bool(guests) and rng.random() < 0.6
    person = rng.choice(guests) if known else invent(rng)
    if not known:
        guests.append(person)
        del guests[:-_REMEMBERED]
    step = pick(rng, _STEPS)
    post = visit(
        person, step, company.forms, now, token(rng), first=not known, wish="I would like to see it."
    )
    form = company.forms[post.form] if post.form else None
    delivery = Delivery(
        source=form.source if form else company.api,
        raw=post.raw,
        content_type="application/json",
        key=post.key,
        form=form,
        user_agent="Mozilla/5.0" if form else "events/1.4",
    )
    receipt = receive(delivery=delivery, now=now)
    mark = " (raises a hand)" if step in HAND_FORMS else ""
    return f"{now:%H:%M:%S}  #{receipt.submission_id} {person.email}: {step}{mark}"


def answer(company: Company, rng: Random, now: datetime) -> str:
    """One of the reps acts on one of their open handoffs, sometimes; what is in the inbox of the demo's log-in stays."""
    reps = [rep for rep in company.reps.values() if rep is not company.demo_rep]
    rep = rng.choice(reps)
    if rng.random() < 0.5:
        return ""
    try:
        return _touch(rep, now) if rng.random() < 0.4 else _decide(company, rng, rep, now)
    except (AlreadyAnswered, NotPossible) as error:
        return f"{now:%H:%M:%S}  {rep.user}: {error}"


def _decide(company: Company, rng: Random, rep: Rep, now: datetime) -> str:
    handoff = (
        Handoff.objects.waiting()
        .filter(owner=rep.user, assigned_at__lt=now - _THINKING)
        .select_related("lead__contact")
        .order_by("assigned_at", "pk")
        .first()
    )
    if handoff is None:
        return ""
    if rng.random() < 0.1:
        reject(handoff=handoff, reason=company.reasons["incomplete"], note="", by=rep.user, now=now)
        return f"{now:%H:%M:%S}  {rep.user} rejects {handoff.lead}"
    accept(handoff=handoff, by=rep.user, now=now)
    return f"{now:%H:%M:%S}  {rep.user} accepts {handoff.lead}"


def _touch(rep: Rep, now: datetime) -> str:
    handoff = (
        Handoff.objects.accepted()
        .filter(owner=rep.user, touches__isnull=True, accepted_at__lt=now - _DIALLING)
        .select_related("lead__contact")
        .order_by("accepted_at", "pk")
        .first()
    )
    if handoff is None:
        return ""
    log_touch(handoff=handoff, kind=TouchKind.CALL, reached=True, note="", at=now, by=rep.user, now=now)
    return f"{now:%H:%M:%S}  {rep.user} calls {handoff.lead}"
