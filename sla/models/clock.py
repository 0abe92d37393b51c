"""Clocks and breaches."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Team
from leads.models import Source
from sla.models.agreement import HandoffTier, Promise, PromiseKind
from sla.models.calendar import CalendarVersion
from sla.models.handoff import Handoff
from sla.querysets import LEADS_OWN, ClockQuerySet


class ClockOutcome(models.TextChoices):
    """How a clock ended; whether a running one is late is a matter of the time of asking, not of a column."""

    RUNNING = "running", _("Running")
    KEPT = "kept", _("Kept")
    MISSED = "missed", _("Missed")
    CANCELLED = "cancelled", _("Cancelled")
    WAIVED = "waived", _("Waived")


class Clock(models.Model):
    """One promise of one agreement on one handoff. `owner` answers for it; without one the team does."""

    handoff = models.ForeignKey(
        Handoff, on_delete=models.PROTECT, related_name="clocks", verbose_name=_("handoff")
    )
    promise = models.ForeignKey(
        Promise, on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=_("promise")
    )
    # Null: round the clock.
    calendar_version = models.ForeignKey(
        CalendarVersion,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name=_("calendar"),
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="clocks",
        verbose_name=_("rep"),
    )
    started_at = models.DateTimeField(_("started"))
    due_at = models.DateTimeField(_("due"))
    warn_at = models.DateTimeField(_("warning"))
    # The last pause, copied from its row for lists; the due time has all pauses in it.
    paused_until = models.DateTimeField(_("paused until"), null=True, blank=True)
    # Set with the breach row, by whoever sees it first: the sweep, or a late answer.
    breached_at = models.DateTimeField(_("breached"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    outcome = models.CharField(
        _("outcome"), max_length=10, choices=ClockOutcome.choices, default=ClockOutcome.RUNNING
    )
    # Business seconds from start to end, in the hours of the promise; what percentiles are made of.
    seconds_used = models.BigIntegerField(_("seconds used"), null=True, blank=True)

    # Copied from promise, handoff and lead when the clock starts, so that the audit reads one table.
    kind = models.CharField(_("promise"), max_length=20, choices=PromiseKind.choices)
    tier = models.CharField(_("tier"), max_length=12, choices=HandoffTier.choices)
    team = models.ForeignKey(
        Team, on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=_("team")
    )
    source = models.ForeignKey(
        Source, on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=_("source")
    )

    objects = ClockQuerySet.as_manager()

    class Meta:
        verbose_name = _("clock")
        verbose_name_plural = _("clocks")
        ordering = ["due_at", "pk"]
        indexes = [
            models.Index(
                fields=["due_at", "id"],
                name="clock_sweep",
                condition=Q(outcome="running", breached_at__isnull=True),
            ),
            models.Index(
                fields=["due_at", "id"],
                name="clock_returned",
                condition=Q(kind="pick_up", outcome="running"),
            ),
            models.Index(fields=["-ended_at", "-id"], name="clock_picked_up", condition=Q(kind="pick_up")),
            models.Index(
                fields=["started_at", "kind"],
                include=["team", "owner", "source", "tier", "outcome", "due_at", "seconds_used"],
                name="clock_compliance",
            ),
            # What sla.reports.cohorts reads promise by promise and verdict by verdict, without sorting or hashing a row.
            models.Index(
                fields=["kind", "outcome", "started_at"],
                include=["team", "owner", "source", "seconds_used", "due_at", "tier"],
                name="clock_cohorts",
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(outcome__in=ClockOutcome.values), name="clock_outcome_known"),
            models.CheckConstraint(
                condition=Q(outcome="running", ended_at__isnull=True)
                | (~Q(outcome="running") & Q(ended_at__isnull=False)),
                name="clock_ended_with_an_outcome",
            ),
            models.CheckConstraint(
                condition=~Q(outcome="kept") | Q(ended_at__lte=F("due_at")), name="clock_kept_is_in_time"
            ),
            models.CheckConstraint(
                condition=~Q(outcome="missed") | Q(ended_at__gt=F("due_at")), name="clock_missed_is_late"
            ),
            models.CheckConstraint(condition=Q(due_at__gte=F("started_at")), name="clock_due_after_start"),
            models.CheckConstraint(
                condition=~Q(kind="accept") | Q(paused_until__isnull=True),
                name="clock_accept_is_never_paused",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} #{self.handoff_id}"

    @property
    def is_waived(self) -> bool:
        """Twin of ClockQuerySet.waived."""
        return self.outcome == ClockOutcome.WAIVED

    @property
    def is_of_lead(self) -> bool:
        """One of the promises that go on unchanged when the lead changes hands."""
        return self.kind in LEADS_OWN

    @property
    def is_cancelled(self) -> bool:
        """Ended by nobody's doing."""
        return self.outcome == ClockOutcome.CANCELLED


class Breach(models.Model):
    """A clock passed its due time. Dated by the deadline; stays for ever."""

    clock = models.ForeignKey(
        Clock, on_delete=models.PROTECT, related_name="breaches", verbose_name=_("clock")
    )
    deadline = models.DateTimeField(_("deadline"))
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("rep"),
    )
    recorded_at = models.DateTimeField(_("recorded"))
    # A touch that happened in time but was recorded late: the breach stays, and says that it was lifted.
    lifted_at = models.DateTimeField(_("lifted"), null=True, blank=True)

    class Meta:
        verbose_name = _("breach")
        verbose_name_plural = _("breaches")
        ordering = ["-deadline", "-pk"]
        constraints = [models.UniqueConstraint(fields=["clock", "deadline"], name="breach_once_per_deadline")]

    def __str__(self) -> str:
        return f"{self.clock} {self.deadline:%Y-%m-%d %H:%M}"
