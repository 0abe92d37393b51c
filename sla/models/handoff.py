"""The handoff: one passing of the baton, and how it ended."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Team
from leads.models import Lead, Source
from sla.models.agreement import HandoffTier
from sla.models.version import AgreementVersion
from sla.querysets import HandoffQuerySet, ReasonQuerySet, arrival


class HandoffState(models.TextChoices):
    """Where a handoff stands; the first two are open."""

    WAITING = "waiting", _("Waiting for an answer")
    ACCEPTED = "accepted", _("Accepted")
    REJECTED = "rejected", _("Rejected")
    QUALIFIED = "qualified", _("Qualified")
    RECYCLED = "recycled", _("Recycled to nurture")
    DISQUALIFIED = "disqualified", _("Disqualified")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    MERGED = "merged", _("Merged")


OPEN_STATES = (HandoffState.WAITING.value, HandoffState.ACCEPTED.value)
IS_OPEN = Q(state__in=OPEN_STATES)
# Columns of HandoffQuerySet.by_time_left.
BY_TIME_LEFT = ("put_first_at", "next_due_at", "started_at", "id")


class ReasonKind(models.TextChoices):
    """Rejection comes before working a lead, disqualification after contact."""

    REJECTION = "rejection", _("Rejection")
    DISQUALIFICATION = "disqualification", _("Disqualification")


class ReasonClass(models.TextChoices):
    """Whose mistake a rejection points to; empty for disqualifications."""

    NONE = "", _("None")
    PROCEDURAL = "procedural", _("Procedural: misrouted")
    CLERICAL = "clerical", _("Clerical: incomplete or wrong")
    DEFINITIONAL = "definitional", _("Definitional: not what was agreed")


class Reason(models.Model):
    """A reason for giving a lead back, as both sides agreed to call it."""

    slug = models.SlugField(_("short name"), max_length=40, unique=True)
    label = models.CharField(_("reason"), max_length=150)
    kind = models.CharField(_("kind"), max_length=16, choices=ReasonKind.choices)
    reason_class = models.CharField(_("class"), max_length=12, choices=ReasonClass.choices, blank=True)
    to_nurture = models.BooleanField(_("the lead goes to nurture"), default=False)
    needs_attempts = models.BooleanField(_("only after the agreed attempts"), default=False)
    needs_note = models.BooleanField(_("needs a note"), default=False)
    is_active = models.BooleanField(_("offered"), default=True)

    objects = ReasonQuerySet.as_manager()

    class Meta:
        verbose_name = _("reason")
        verbose_name_plural = _("reasons")
        ordering = ["kind", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="rejection", reason_class__in=["procedural", "clerical", "definitional"])
                | Q(kind="disqualification", reason_class=""),
                name="reason_rejections_have_a_class",
            )
        ]

    def __str__(self) -> str:
        return self.label


class Handoff(models.Model):
    """A lead in the hands of one rep or of a team's queue, judged by one version of the agreement."""

    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="handoffs", verbose_name=_("lead"))
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="handoffs", verbose_name=_("team"))
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="handoffs",
        verbose_name=_("rep"),
    )
    tier = models.CharField(_("tier"), max_length=12, choices=HandoffTier.choices)
    agreement_version = models.ForeignKey(
        AgreementVersion, on_delete=models.PROTECT, related_name="handoffs", verbose_name=_("judged by")
    )
    state = models.CharField(
        _("state"), max_length=12, choices=HandoffState.choices, default=HandoffState.WAITING
    )
    ready_at = models.DateTimeField(_("sales-ready"))
    ready_rule = models.CharField(_("made ready by"), max_length=20)
    ready_detail = models.CharField(_("why ready"), max_length=200, blank=True)
    started_at = models.DateTimeField(_("handed off"))
    assigned_at = models.DateTimeField(_("assigned"), null=True, blank=True)
    accepted_at = models.DateTimeField(_("accepted"), null=True, blank=True)
    # Whoever answered: accepted, rejected or withdrew it. Told to the loser of a race.
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("answered by"),
    )
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    # Since when a step of a ladder has it stand first in the inbox; until the promise in question has ended.
    put_first_at = models.DateTimeField(_("put first"), null=True, blank=True)
    reason = models.ForeignKey(
        Reason, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("reason")
    )
    note = models.TextField(_("note"), blank=True)
    # Copied from the lead when the handoff is opened, so that the audit reads one table.
    source = models.ForeignKey(
        Source, on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=_("source")
    )
    # Sales' clock that is due next, of whoever has the handoff, and its due time: what the inbox is ordered by. Both are
    # written by HandoffQuerySet.point_to_next_clock and nothing else.
    next_clock = models.ForeignKey(
        "sla.Clock",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        db_index=False,
        related_name="+",
        verbose_name=_("next clock"),
    )
    next_due_at = models.DateTimeField(_("due next"), null=True, blank=True, editable=False)

    objects = HandoffQuerySet.as_manager()

    class Meta:
        verbose_name = _("handoff")
        verbose_name_plural = _("handoffs")
        ordering = ["-started_at", "-pk"]
        indexes = [
            # The inbox in its order, of a rep, of a team's queue, of a team, and of all teams: a page reads its own rows.
            models.Index(fields=["owner", *BY_TIME_LEFT], name="handoff_inbox", condition=IS_OPEN),
            models.Index(
                fields=["team", *BY_TIME_LEFT],
                name="handoff_queue",
                condition=Q(state="waiting", owner__isnull=True),
            ),
            models.Index(fields=["team", *BY_TIME_LEFT], name="handoff_team", condition=IS_OPEN),
            models.Index(fields=BY_TIME_LEFT, name="handoff_all_teams", condition=IS_OPEN),
            # What came since a reader looked, which every open inbox asks every few seconds.
            models.Index(arrival(), name="handoff_arrivals", condition=IS_OPEN),
            models.Index(fields=["-started_at", "-id"], name="handoff_list"),
            # What sales said to the handoffs of a period, state by state: sla.reports.marketing and the list behind it.
            models.Index(
                fields=["state", "started_at"],
                include=[
                    "team",
                    "owner",
                    "accepted_at",
                    "assigned_at",
                    "ready_at",
                    "reason",
                    "source",
                    "tier",
                ],
                name="handoff_quality",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["lead"], condition=Q(state__in=OPEN_STATES), name="handoff_one_open_per_lead"
            ),
            models.CheckConstraint(condition=Q(state__in=HandoffState.values), name="handoff_state_known"),
            models.CheckConstraint(condition=Q(tier__in=HandoffTier.values), name="handoff_tier_known"),
            models.CheckConstraint(
                condition=Q(state__in=OPEN_STATES, ended_at__isnull=True)
                | (~Q(state__in=OPEN_STATES) & Q(ended_at__isnull=False)),
                name="handoff_ended_when_closed",
            ),
            models.CheckConstraint(
                condition=~Q(state="rejected") | Q(reason__isnull=False),
                name="handoff_rejected_with_a_reason",
            ),
            models.CheckConstraint(
                condition=~Q(state="accepted") | Q(owner__isnull=False), name="handoff_accepted_has_an_owner"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lead}, {self.get_state_display()}"

    def get_absolute_url(self) -> str:
        """The handoff's page."""
        return f"/handoffs/{self.pk}/"

    @property
    def is_open(self) -> bool:
        """Twin of HandoffQuerySet.open."""
        return self.state in OPEN_STATES


class Qualification(models.Model):
    """BANT: what makes an SRL an SQL."""

    handoff = models.OneToOneField(
        Handoff, on_delete=models.PROTECT, related_name="qualification", verbose_name=_("handoff")
    )
    budget = models.CharField(_("budget"), max_length=300)
    authority = models.CharField(_("authority"), max_length=300)
    need = models.CharField(_("need"), max_length=300)
    timeline = models.CharField(_("timeline"), max_length=300)
    at = models.DateTimeField(_("when"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("by")
    )

    class Meta:
        verbose_name = _("qualification")
        verbose_name_plural = _("qualifications")

    def __str__(self) -> str:
        return f"BANT {self.handoff_id}"
