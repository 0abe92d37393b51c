"""How the people of the demo company do their work: reps answer, touch and close, marketing reviews."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING

from leads.models import Opportunity, OpportunityState, Outcome, Submission
from leads.services import review
from leads.services.opportunities import close_opportunity, open_opportunity
from sla.demo.company import Company, Rep
from sla.demo.people import pick
from sla.demo.visitors import Post
from sla.models import Clock, Handoff, Promise, PromiseKind, TouchKind
from sla.services.answering import accept, reject
from sla.services.returned import PickedUp, pick_up, suggested
from sla.services.working import disqualify, log_touch, qualify, recycle

if TYPE_CHECKING:
    from sla.demo.scene import Part, Scene
    from sla.demo.world import World

REJECTED = 0.09
REACHED = 0.62
# What an accepted lead that was reached becomes: not now (recycled) or never (disqualified); all others are qualified.
RECYCLED, DISQUALIFIED = 0.06, 0.03
OPENED, WON, CROSS_SELL, CROSS_SELL_WON = 0.8, 0.31, 0.4, 0.75
# Of what is classified wrongly, marketing puts so much right; the rest nobody recognises.
CORRECTED = 0.7
_REJECTIONS = (
    ("wrong_team", 14),
    ("already_worked", 16),
    ("wrong_contact_data", 14),
    ("incomplete", 18),
    ("duplicate", 6),
    ("not_the_persona", 14),
    ("not_the_company", 10),
    ("no_interest", 8),
)
_NEVER = (
    ("no_need", 4),
    ("no_budget", 4),
    ("no_authority", 3),
    ("bad_timing", 2),
    ("no_fit", 2),
    ("wrong_data", 1),
)
_BANT = {
    "budget": ("Approved for this year", "Part of the operations budget", "About 20,000 a year"),
    "authority": ("Decides with the finance director", "Signs alone", "Board decides, she recommends"),
    "need": ("Loses enquiries between teams", "Has no figures on response times", "Replaces a spreadsheet"),
    "timeline": ("This quarter", "Before the summer", "Within two months", "As soon as the contract ends"),
}
_TOUCH_NOTES = (
    "",
    "",
    "Voicemail left.",
    "Sent the comparison as agreed.",
    "Asked to call back on Thursday.",
)


class Sales:
    """The reps: each answers what they are given in their own time, and works on what they accepted."""

    def __init__(self, world: World, company: Company, rng: Random) -> None:
        self.world, self.company, self.rng = world, company, rng
        self.scene: Scene | None = None
        # How much of each end is due: half at first, which rounds; deals take long, so the first to close is won.
        self._due = {"won": 1.0}
        self.targets: dict[tuple[int, str, str], int] = {}
        self.learn_targets()

    def learn_targets(self) -> None:
        """Read what is promised, once more whenever another version is in force."""
        self.targets = {
            (promise.version_id, promise.kind, promise.tier): promise.target_seconds or 0
            for promise in Promise.objects.all()
        }

    def receive(self, handoff: Handoff, now: datetime) -> None:
        """A rep was given a handoff: plan the answer."""
        assert handoff.owner_id is not None
        rep = self.company.reps[handoff.owner_id]
        part = self.scene.part_of(handoff) if self.scene else None
        if part is not None:
            if part.accepts_at is not None:
                self.world.at(part.accepts_at, lambda at: self._accept(handoff, rep, at, part))
            return
        when = self._time(rep, now, handoff, PromiseKind.ACCEPT)
        self.world.at(when, lambda at: self._answer(handoff, rep, at))

    def _time(self, rep: Rep, start: datetime, handoff: Handoff, kind: PromiseKind) -> datetime:
        """When a rep of this character does what is promised; now and then too late, never while absent."""
        target = self.targets[handoff.agreement_version_id, kind.value, handoff.tier]
        rng, character = self.rng, rep.character
        if rng.random() < character.punctuality:
            share = min(0.97, rng.betavariate(2, 2 / character.pace))
        else:
            share = min(5.0, 1.03 + rng.expovariate(1.1))
        when = rep.calendar.add(start, max(25, int(target * share)))
        return rep.calendar.opens_at(rep.back(when))

    def _answer(self, handoff: Handoff, rep: Rep, now: datetime) -> None:
        if not Handoff.objects.waiting().filter(pk=handoff.pk, owner=rep.user).exists():
            return  # taken back, for want of an answer in time
        if not self._falls_to("rejected", REJECTED):
            self._accept(handoff, rep, now, None)
            return
        reason = self.company.reasons[pick(self.rng, _REJECTIONS)]
        note = "Collects material for a thesis, buys nothing." if reason.needs_note else ""
        reject(handoff=handoff, reason=reason, note=note, by=rep.user, now=now)
        self.world.ended(handoff)

    def _accept(self, handoff: Handoff, rep: Rep, now: datetime, part: Part | None) -> None:
        row = accept(handoff=handoff, by=rep.user, now=now)
        self.world.ended(row)
        if part is None:
            when = self._time(rep, now, row, PromiseKind.FIRST_TOUCH)
            self.world.at(when, lambda at: self._touch(row, rep, at, 1))
        elif part.touched_at is not None:
            self.world.at(part.touched_at, lambda at: self._touch(row, rep, at, 1, is_reached=False))

    def _touch(
        self, handoff: Handoff, rep: Rep, now: datetime, attempt: int, is_reached: bool | None = None
    ) -> None:
        rng = self.rng
        reached = rng.random() < REACHED if is_reached is None else is_reached
        kind = TouchKind(
            pick(rng, (("call", 60), ("email", 26), ("message", 8), ("meeting", 6 if reached else 0)))
        )
        # Written down a few minutes after the call, which is what counts.
        at = max(handoff.accepted_at or now, now - timedelta(seconds=rng.randrange(0, 300)))
        log_touch(
            handoff=handoff,
            kind=kind,
            reached=reached,
            note=rng.choice(_TOUCH_NOTES),
            at=at,
            by=rep.user,
            now=now,
        )
        self.world.ended(handoff)
        hours = rng.uniform(3, 30) if reached else rng.uniform(5, 14)
        when = rep.calendar.opens_at(rep.back(rep.calendar.add(now, int(hours * 3600))))
        if reached:
            self.world.at(when, lambda then: self._close(handoff, rep, then))
        elif attempt < handoff.agreement_version.attempts_before_unreachable:
            self.world.at(when, lambda then: self._touch(handoff, rep, then, attempt + 1))
        else:
            reason = self.company.reasons["unable_to_reach"]
            self.world.at(
                when, lambda then: disqualify(handoff=handoff, reason=reason, note="", by=rep.user, now=then)
            )

    def _close(self, handoff: Handoff, rep: Rep, now: datetime) -> None:
        self._end(handoff, rep, now)
        self.world.ended(handoff)

    def _end(self, handoff: Handoff, rep: Rep, now: datetime) -> None:
        rng = self.rng
        if self._falls_to("recycled", RECYCLED):
            until = (now + timedelta(days=rng.randrange(14, 60))).date()
            recycle(
                handoff=handoff,
                until=until,
                note="Wants to talk after the budget round.",
                by=rep.user,
                now=now,
            )
        elif self._falls_to("disqualified", DISQUALIFIED):
            reason = self.company.reasons[pick(rng, _NEVER)]
            note = "Builds it in-house." if reason.needs_note else ""
            disqualify(handoff=handoff, reason=reason, note=note, by=rep.user, now=now)
        else:
            bant = {name: rng.choice(texts) for name, texts in _BANT.items()}
            qualify(handoff=handoff, bant=bant, by=rep.user, now=now)
            if rng.random() < OPENED:
                self._in_days(
                    rep, now, rng.uniform(0.5, 7), lambda at: self._open_deal(handoff, rep, at, is_new=True)
                )

    def _open_deal(self, handoff: Handoff, rep: Rep, now: datetime, *, is_new: bool) -> None:
        amount = Decimal(self.rng.randrange(40, 480) * 100)
        deal = open_opportunity(lead=handoff.lead, amount=amount, owner=rep.user, by=rep.user, now=now)
        days = min(75.0, self.rng.lognormvariate(3.0, 0.6))
        self._in_days(rep, now, days, lambda at: self._close_deal(deal, handoff, rep, at, is_new=is_new))

    def _close_deal(
        self, deal: Opportunity, handoff: Handoff, rep: Rep, now: datetime, *, is_new: bool
    ) -> None:
        won = self._falls_to("won", WON if is_new else CROSS_SELL_WON)
        state = OpportunityState.WON if won else OpportunityState.LOST
        close_opportunity(opportunity=deal, state=state, amount=None, by=rep.user, now=now)
        if won and self.rng.random() < CROSS_SELL:
            days = self.rng.uniform(15, 50)
            self._in_days(rep, now, days, lambda at: self._open_deal(handoff, rep, at, is_new=False))

    def _falls_to(self, end: str, share: float) -> bool:
        """Whether this one has the end that a share of all have. Counted, not drawn: a short story has every end too."""
        due = self._due.get(end, 0.5) + share
        falls = due >= 1
        self._due[end] = due - falls
        return falls

    def _in_days(self, rep: Rep, now: datetime, days: float, action: Callable[[datetime], None]) -> None:
        self.world.at(rep.calendar.opens_at(rep.back(now + timedelta(days=days))), action)


# Days until marketing picks a returned lead up, and how often; five working days are promised.
_PATIENCE = ((1, 46), (2, 26), (4, 16), (9, 12))


class Marketing:
    """Reviews every working morning what came in until the evening before."""

    def __init__(self, company: Company, rng: Random) -> None:
        self.company, self.rng = company, rng
        self.fixes: dict[int, Post] = {}
        # When each returned lead is picked up, by its clock.
        self._picked_up_at: dict[int, datetime] = {}

    def pick_up_returned(self, now: datetime) -> int:
        """Pick up what sales gave back: most of it within days, a little too late. Returns how many were."""
        done = 0
        returned = Clock.objects.running().filter(kind=PromiseKind.PICK_UP)
        for clock in returned.select_related("handoff__lead", "handoff__reason").order_by("pk"):
            if clock.pk not in self._picked_up_at:
                rest = timedelta(days=pick(self.rng, _PATIENCE), hours=-12)
                self._picked_up_at[clock.pk] = clock.started_at + rest
            if self._picked_up_at[clock.pk] <= now:
                self._pick_up(clock.handoff, now)
                done += 1
        return done

    def _pick_up(self, handoff: Handoff, now: datetime) -> None:
        done, until = suggested(handoff, now)
        note = ""
        if handoff.reason is not None and handoff.reason.slug == "duplicate":
            done, note = PickedUp.DISQUALIFIED, "Known under another address."
        pick_up(handoff=handoff, done=done, until=until, note=note, by=self.company.marketing, now=now)

    def review(self, now: datetime) -> int:
        """Accept, reject or correct what waits; returns how many were corrected and have to be processed again."""
        by = self.company.marketing
        waiting = (
            Submission.objects.to_review()
            .filter(received_at__lt=now - timedelta(hours=15))
            .only("pk", "outcome", "form_id", "review", "contact_id")
            .order_by("pk")
        )
        agreed, junk, corrected = [], [], 0
        for row in waiting:
            post = self.fixes.pop(row.pk, None)
            if post is not None and self.rng.random() < CORRECTED:
                review.correct(
                    submission=row, values=dict(post.fix), treat_as_lead=post.treat, by=by, now=now
                )
                corrected += 1
            elif row.outcome == Outcome.SPAM or (
                row.outcome == Outcome.NEW_LEAD and self.rng.random() < 0.012
            ):
                junk.append(row)
            else:
                agreed.append(row)
        if agreed:
            review.accept(submissions=agreed, by=by, now=now)
        if junk:
            review.reject(submissions=junk, note="Not a real enquiry", by=by, now=now + timedelta(minutes=4))
        return corrected
