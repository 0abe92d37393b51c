"""The simulation: events in order of time, and the drains that run as of each; everything through the real services."""

import heapq
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from random import Random

from django.db import transaction
from django.db.models import Prefetch, prefetch_related_objects
from django.test.utils import override_settings

from drains.registry import get
from drains.runner import run_until_idle, step
from drains.wake import silent
from leads.payload import parse, read
from leads.payload_errors import PayloadErrors
from leads.services.intake import Delivery, keep_refused, receive
from sla.demo.bargain import Bargain
from sla.demo.company import Company, found, plan_absences
from sla.demo.company import read as read_company
from sla.demo.scene import Scene
from sla.demo.staff import Marketing, Sales
from sla.demo.visitors import Post, plan_visits
from sla.models import TAKES_BACK, Clock, Escalation, Handoff, HandoffState

# Raised hands are processed within a minute. Everything else waits for the next run: a few a day in the past, which makes
# the demo quick to build, and soon after arrival in the last days, which are looked at closely.
CLOSE_UP = timedelta(days=3)
A_DAYS_WORK = timedelta(hours=20)
A_ROUND_OF_MAIL = timedelta(minutes=15)
# A sweep that comes late (a worker was down): the late answer is the one to record the breach.
LATE_SWEEPS = 0.1


@transaction.atomic
def build(*, seed: int, now: datetime, days: int, submissions: int, progress: Callable[[int], None]) -> None:
    """Live the company's `days` up to `now`, in one transaction: killed halfway, nothing of it is there.

    The same seed and the same `now` give the same rows. `progress` gets the days passed since the last call.
    """
    start = now - timedelta(days=days)
    rng = Random(seed)  # noqa: S311 - a repeatable story, no secret
    with _quietly():
        found(start, now)
        company = read_company()
        plan_absences(company, rng, start, now)
        world = World(company, rng, start, now)
        scene = Scene(company, rng, now)
        scene.send_colleagues_away()
        posts = plan_visits(
            rng, forms=company.forms, start=start, end=now, count=max(0, submissions - scene.arrivals)
        )
        world.expect([*posts, *scene.posts], scene)
        world.live(progress)


@contextmanager
def _quietly() -> Iterator[None]:
    """No message leaves the house: mails go nowhere, no worker is woken, and no query is written down for debugging."""
    nowhere = "django.core.mail.backends.dummy.EmailBackend"
    with override_settings(EMAIL_BACKEND=nowhere, DEBUG=False), silent():
        yield


class World:
    """A clock, what is going to happen, and what has been noticed so far."""

    def __init__(self, company: Company, rng: Random, start: datetime, now: datetime) -> None:
        self.company, self.rng, self.start, self.end = company, rng, start, now
        self.sales = Sales(self, company, rng)
        self.marketing = Marketing(company, rng)
        self._events: list[tuple[datetime, int, Callable[[datetime], None]]] = []
        self._count = 0
        self._last_handoff = self._last_clock = 0
        self._running: dict[int, set[int]] = {}
        self._watched: set[int] = set()
        self._queued: set[int] = set()
        self._unprocessed = False
        self._pass_at: datetime | None = None
        self._last_pass = start
        self._delivery_planned = False

    def at(self, when: datetime, action: Callable[[datetime], None]) -> None:
        """Let something happen at a time; what lies after the end never does."""
        if when <= self.end:
            heapq.heappush(self._events, (when, self._count, action))
            self._count += 1

    def expect(self, posts: list[Post], scene: Scene) -> None:
        """Plan all arrivals, the working days, and the parts of the closing scene."""
        self.sales.scene = scene
        Bargain(self)
        for post in posts:
            for seconds in (0, *post.again):
                self.at(post.at + timedelta(seconds=seconds), partial(self._arrive, post))
        for moment in scene.passes:
            self.at(moment, self._process)
        for team_id, calendar in self.company.calendars.items():
            opening = calendar.opens_at(self.start)
            while opening <= self.end:
                self.at(opening + timedelta(seconds=20), partial(self._open, team_id))
                opening = calendar.opens_at(opening.replace(hour=23, minute=30))
        for number in range((self.end - self.start).days + 1):
            self._plan_day(self.start + timedelta(days=number))

    def live(self, progress: Callable[[int], None]) -> None:
        """Let everything happen, in order of time."""
        shown = self.start
        while self._events:
            when, _, action = heapq.heappop(self._events)
            if when - shown >= timedelta(days=1):
                progress((when - shown).days)
                shown += timedelta(days=(when - shown).days)
            action(when)
        self._process(self.end)
        run_until_idle(self.end)
        progress((self.end - shown).days)

    def ended(self, handoff: Handoff) -> None:
        """Clocks of a handoff ended with an answer, a touch or its end: nobody need look at those any more. Others began."""
        running = list(Clock.objects.running().filter(handoff=handoff).order_by("pk"))
        self._running[handoff.pk] = {clock.pk for clock in running}
        self._watch(running)

    def watch_clocks(self) -> None:
        """Plan the ladder and the sweep of clocks that were started since the last call."""
        fresh = list(Clock.objects.running().filter(pk__gt=self._last_clock).order_by("pk"))
        self._watch(fresh)
        self._last_clock = fresh[-1].pk if fresh else self._last_clock

    def _watch(self, clocks: list[Clock]) -> None:
        fresh = [clock for clock in clocks if clock.pk not in self._watched]
        steps = Escalation.objects.select_related("step").order_by("at", "position")
        prefetch_related_objects(fresh, Prefetch("escalations", steps))
        for clock in fresh:
            self._watched.add(clock.pk)
            self._running.setdefault(clock.handoff_id, set()).add(clock.pk)
            late = timedelta(seconds=self.rng.randrange(1, 5))
            if self.rng.random() < LATE_SWEEPS:
                late = timedelta(minutes=self.rng.randrange(30, 200))
            self._when_running(clock, clock.due_at + late, partial(self._run, "sla.sweep"))
            soon = late if late > timedelta(minutes=1) else timedelta(seconds=2)
            moments: dict[datetime, bool] = {}
            for planned in clock.escalations.all():
                moments[planned.at] = moments.get(planned.at, False) or planned.step.action in TAKES_BACK
            for at, takes_back in moments.items():
                act = partial(self._take_back, clock) if takes_back else partial(self._run, "sla.escalate")
                self._when_running(clock, at + soon, act)

    def _when_running(self, clock: Clock, when: datetime, action: Callable[[datetime], None]) -> None:
        def look(now: datetime) -> None:
            if clock.pk in self._running.get(clock.handoff_id, ()):
                action(now)
                self.deliver_soon(now)

        self.at(when, look)

    def _run(self, drain: str, now: datetime) -> None:
        step(get(drain), now)

    def _take_back(self, clock: Clock, now: datetime) -> None:
        """Who did not answer in twice the time loses the lead; whoever gets it plans their answer."""
        run_until_idle(now, ["sla.escalate"])
        handoff = Handoff.objects.select_related("owner", "lead__contact").get(pk=clock.handoff_id)
        if handoff.state != HandoffState.WAITING or handoff.owner_id == clock.owner_id:
            return
        self.watch_clocks()
        if handoff.owner_id is None:
            self._queued.add(handoff.pk)
        else:
            self.sales.receive(handoff, now)

    def _plan_day(self, day: datetime) -> None:
        morning = day.replace(hour=5, minute=0, second=0, microsecond=0)
        self.at(morning, self._look_at_nurture)
        self.at(morning.replace(hour=20, minute=self.rng.randrange(60)), self._close_day)
        if morning.weekday() < 5:
            self.at(morning.replace(hour=8, minute=self.rng.randrange(20, 60)), self._review)

    def _arrive(self, post: Post, now: datetime) -> None:
        company = self.company
        delivery = Delivery(
            source=company.forms[post.form].source if post.form else company.api,
            raw=post.raw,
            content_type="application/json",
            key=post.key,
            form=company.forms[post.form] if post.form else None,
            user_agent="Mozilla/5.0" if post.form else "events/1.4",
        )
        if errors := _mistakes(post, now):
            number = keep_refused(delivery=delivery, errors=errors, now=now)
        else:
            number = receive(delivery=delivery, now=now).submission_id
            self._unprocessed = True
        if post.fix or post.treat:
            self.marketing.fixes[number] = post
        if post.urgent:
            self._process_by(now + timedelta(seconds=self.rng.randrange(4, 50)))
        elif now > self.end - CLOSE_UP:
            self._process_by(now + timedelta(minutes=self.rng.randrange(1, 12)))

    def _process_by(self, when: datetime) -> None:
        if self._pass_at is None or when < self._pass_at:
            self._pass_at = when
            self.at(when, self._process)

    def _process(self, now: datetime) -> None:
        """What the workers do after an arrival: the drains of the lead's way, once each."""
        if self._pass_at is not None and now >= self._pass_at:
            self._pass_at = None
        if not self._unprocessed:
            return
        self._unprocessed, self._last_pass = False, now
        step(get("leads.process_submissions"), now)
        self._score(now)

    def _close_day(self, now: datetime) -> None:
        """In the past, the rest of the day's arrivals; a day with a run already leaves its rest to the next one."""
        if now - self._last_pass > A_DAYS_WORK or now > self.end - CLOSE_UP:
            self._process(now)

    def _score(self, now: datetime) -> None:
        step(get("scoring.rescore"), now)
        if step(get("sla.hand_off"), now):
            self._learn_of_handoffs(now)

    def _look_at_nurture(self, now: datetime) -> None:
        """Once a day: leads whose day has come. Scores that time alone has changed follow with the next arrivals."""
        if step(get("leads.pick_up"), now):
            self._score(now)

    def _learn_of_handoffs(self, now: datetime) -> None:
        fresh = (
            Handoff.objects.filter(pk__gt=self._last_handoff)
            .select_related("owner", "lead__contact")
            .order_by("pk")
        )
        self.watch_clocks()
        for handoff in fresh:
            self._last_handoff = handoff.pk
            if handoff.owner_id is None:
                self._queued.add(handoff.pk)
            else:
                self.sales.receive(handoff, now)
        self.deliver_soon(now)

    def _open(self, team_id: int, now: datetime) -> None:
        """A team begins its day: what waited in the queue is given out."""
        if not self._queued or not step(get("sla.assign"), now):
            return
        self.watch_clocks()
        waiting = Handoff.objects.filter(pk__in=sorted(self._queued)).select_related("owner", "lead__contact")
        for handoff in waiting.order_by("pk"):
            if handoff.owner_id is not None:
                self._queued.discard(handoff.pk)
                self.sales.receive(handoff, now)
        self.deliver_soon(now)

    def _review(self, now: datetime) -> None:
        picked_up, corrected = self.marketing.pick_up_returned(now), self.marketing.review(now)
        if picked_up or corrected:
            self._unprocessed = True
            self._process_by(now + timedelta(seconds=30))

    def deliver_soon(self, now: datetime) -> None:
        """Notices go out within minutes, in the last days within seconds; those of the last moment at the end."""
        if not self._delivery_planned:
            self._delivery_planned = True
            is_close = now > self.end - CLOSE_UP
            self.at(now + (timedelta(seconds=5) if is_close else A_ROUND_OF_MAIL), self._deliver)

    def _deliver(self, now: datetime) -> None:
        self._delivery_planned = False
        step(get("notifications.deliver"), now)


def _mistakes(post: Post, now: datetime) -> PayloadErrors | None:
    """What the door would refuse a post for. Only those that were mistyped on purpose are read for it."""
    if not post.fix:
        return None
    try:
        read(parse(post.raw, "application/json"), now)
    except PayloadErrors as errors:
        return errors
    return None
