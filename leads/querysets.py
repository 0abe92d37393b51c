"""The vocabulary of leads."""

from collections.abc import Collection
from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q


class ExclusionRuleQuerySet(models.QuerySet):
    """Exclusion rules."""

    def active(self) -> Self:
        """Rules that hold."""
        return self.filter(is_active=True)


class SubmissionQuerySet(models.QuerySet):
    """Submissions by how far they came and what they turned out to be."""

    def waiting(self) -> Self:
        """Received and not processed, in the order of arrival."""
        return self.filter(state="received").select_related("source", "form").order_by("pk")

    def classified(self) -> Self:
        """Processed: it is known what they are."""
        return self.filter(state="processed")

    def to_review(self) -> Self:
        """Waiting for marketing."""
        return self.filter(review="pending")

    def in_review(self, review: str) -> Self:
        """In one state of marketing's review."""
        return self.filter(review=review)

    def with_outcome(self, outcome: str) -> Self:
        """Turned out to be this."""
        return self.filter(outcome=outcome)

    def junk(self) -> Self:
        """Spam and repeats, which nobody has to answer; in the words of the index submission_junk."""
        return self.filter(outcome__in=("spam", "duplicate"))

    def may_be_overruled(self) -> Self:
        """Kept out by a rule that marketing may overrule. Somebody without a name and address is no person yet."""
        return self.classified().filter(outcome__in=("excluded", "spam")).exclude(outcome_rule="anonymous")

    def newest_first(self) -> Self:
        """In the order of the list: the last to arrive on top."""
        return self.order_by("-received_at", "-pk")

    def later_in_list(self, received_at: datetime, pk: int) -> Self:
        """Below that row of the list. Both conditions on the time are needed: the first is what an index can start at."""
        return self.filter(received_at__lte=received_at).filter(Q(received_at__lt=received_at) | Q(pk__lt=pk))

    def earlier_in_list(self, received_at: datetime, pk: int) -> Self:
        """Above that row of the list."""
        return self.filter(received_at__gte=received_at).filter(Q(received_at__gt=received_at) | Q(pk__gt=pk))

    def decided(self) -> Self:
        """Accepted or rejected by marketing."""
        return self.filter(review__in=["accepted", "rejected"])

    def originals(self) -> Self:
        """Arrivals that repeat no other."""
        return self.filter(duplicate_of__isnull=True)

    def refused(self) -> Self:
        """Could not be read, or named nobody who is known."""
        return self.filter(outcome="refused")

    def exclude_refused(self) -> Self:
        """Without those that could not be read."""
        return self.exclude(outcome="refused")


class LeadQuerySet(models.QuerySet):
    """Leads by what is to be done with them."""

    def to_rescore(self, now: datetime) -> Self:
        """Something about them changed, or time changes their score by `now`."""
        changed = self.filter(Q(dirty_at__lte=now) | Q(next_change_at__lte=now))
        return changed.not_merged().order_by("pk")

    def ready(self) -> Self:
        """Sales-ready and not handed off; longest waiting first."""
        return self.filter(ready_at__isnull=False).order_by("ready_at", "pk")

    def to_act_on(self, *, mql_score: int, mql_fit: int, ready_score: int, hand_fit: int) -> Self:
        """Candidates of a fresh score: not ready yet, and with an unanswered raised hand (which also opens nurtured and
        disqualified leads again), a crossing of the threshold, or the score of an MQL. Tier 2 goes by raised hands alone."""
        answered = Q(hand_answered_at__isnull=False) & Q(hand_raised_at__lte=F("hand_answered_at"))
        raised = Q(hand_raised_at__isnull=False, fit__gte=hand_fit) & ~answered
        qualified = Q(tier=1, score__gte=mql_score, fit__gte=mql_fit)
        crossed = qualified & Q(threshold_armed=True, score__gte=ready_score, stage__in=["lead", "mql"])
        rising = qualified & Q(stage="lead")
        return self.filter(ready_at__isnull=True).filter(raised | crossed | rising)

    def nurture_due(self, now: datetime) -> Self:
        """In nurture, and the day to look again has come."""
        return self.filter(stage="nurture", nurture_until__lte=now.date()).order_by("nurture_until", "pk")

    def from_sources(self, slugs: Collection[str]) -> Self:
        """First brought by one of these sources (short names); all leads where none is named."""
        return self.filter(first_source__slug__in=slugs) if slugs else self.all()

    def not_merged(self) -> Self:
        """Without those that another lead stands for: they are in no list, no figure, and no drain."""
        return self.exclude(stage="merged")

    def merged(self) -> Self:
        """Those that another lead stands for."""
        return self.filter(stage="merged")

    def in_stage(self, *stages: str) -> Self:
        """In one of the stages."""
        return self.filter(stage__in=stages)


class OpportunityQuerySet(models.QuerySet):
    """Deals by how they ended."""

    def open(self) -> Self:
        """Not closed."""
        return self.filter(state="open")

    def won(self) -> Self:
        """Closed and won."""
        return self.filter(state="won")
