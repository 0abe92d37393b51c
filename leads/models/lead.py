"""The lead: a contact that could become a customer, and every change of its stage."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from leads.models.activity import Activity
from leads.models.intake import Source
from leads.models.people import Contact
from leads.querysets import LeadQuerySet
from leads.stages import Stage

STAGE_CHOICES = [
    (Stage.LEAD.value, _("Lead")),
    (Stage.MQL.value, _("MQL")),
    (Stage.SRL.value, _("SRL")),
    (Stage.SQL.value, _("SQL")),
    (Stage.OPPORTUNITY.value, _("Opportunity")),
    (Stage.CUSTOMER.value, _("Customer")),
    (Stage.NURTURE.value, _("Nurture")),
    (Stage.DISQUALIFIED.value, _("Disqualified")),
    (Stage.MERGED.value, _("Merged")),
]


class Tier(models.IntegerChoices):
    """In target, or kept for nurture."""

    ONE = 1, _("Tier 1")
    TWO = 2, _("Tier 2")


class Lead(models.Model):
    """A contact that could become a customer. Its number is the contact's."""

    contact = models.OneToOneField(
        Contact, on_delete=models.CASCADE, primary_key=True, related_name="lead", verbose_name=_("contact")
    )
    stage = models.CharField(_("stage"), max_length=12, choices=STAGE_CHOICES, default=Stage.LEAD.value)
    stage_since = models.DateTimeField(_("in this stage since"))
    tier = models.PositiveSmallIntegerField(_("tier"), choices=Tier.choices, default=Tier.ONE)
    created_at = models.DateTimeField(_("lead since"))
    nurture_until = models.DateField(_("look again on"), null=True, blank=True)
    # The lead that stands for this one since both were found to be one person; never one that was merged away itself.
    merged_into = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        db_index=False,
        related_name="absorbed",
        verbose_name=_("merged into"),
    )

    # First touch is written once, last touch overwritten; the dated arrivals are the submissions.
    first_source = models.ForeignKey(
        Source, on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=_("first source")
    )
    first_origin = models.CharField(_("first origin"), max_length=200, blank=True)
    first_medium = models.CharField(_("first medium"), max_length=500, blank=True)
    first_campaign = models.CharField(_("first campaign"), max_length=500, blank=True)
    first_landing_page = models.CharField(_("first landing page"), max_length=2000, blank=True)
    first_activity_at = models.DateTimeField(_("first activity"))
    last_origin = models.CharField(_("last origin"), max_length=200, blank=True)
    last_medium = models.CharField(_("last medium"), max_length=500, blank=True)
    last_campaign = models.CharField(_("last campaign"), max_length=500, blank=True)
    last_landing_page = models.CharField(_("last landing page"), max_length=2000, blank=True)
    last_activity_at = models.DateTimeField(_("last activity"))

    # Written by scoring only.
    fit = models.IntegerField(_("fit"), default=0)
    engagement = models.IntegerField(_("engagement"), default=0)
    score = models.IntegerField(_("score"), default=0)
    grade = models.CharField(_("grade"), max_length=2, blank=True)
    scored_at = models.DateTimeField(_("scored"), null=True, blank=True)
    # Set when something about the lead changed; cleared by the rescore that took it in.
    dirty_at = models.DateTimeField(_("to be rescored since"), null=True, blank=True)
    # When time alone will change the score: a window ends.
    next_change_at = models.DateTimeField(_("score changes by itself"), null=True, blank=True)
    # A crossing hands off once: disarmed by it, armed again when the score has been below the threshold.
    threshold_armed = models.BooleanField(_("threshold armed"), default=True)

    # Ready for sales and not handed off yet.
    ready_at = models.DateTimeField(_("sales-ready since"), null=True, blank=True)
    ready_rule = models.CharField(_("made ready by"), max_length=20, blank=True)
    ready_detail = models.CharField(_("why ready"), max_length=200, blank=True)
    ready_activity = models.ForeignKey(
        Activity,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name=_("raised hand"),
    )
    # The newest raised hand (written by scoring), and up to when a handoff answered them.
    hand_raised_at = models.DateTimeField(_("raised a hand"), null=True, blank=True)
    hand_answered_at = models.DateTimeField(_("raised hands answered up to"), null=True, blank=True)

    objects = LeadQuerySet.as_manager()

    class Meta:
        verbose_name = _("lead")
        verbose_name_plural = _("leads")
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["dirty_at"], name="lead_dirty", condition=Q(dirty_at__isnull=False)),
            models.Index(
                fields=["next_change_at"], name="lead_next_change", condition=Q(next_change_at__isnull=False)
            ),
            models.Index(fields=["ready_at"], name="lead_ready", condition=Q(ready_at__isnull=False)),
            models.Index(fields=["stage", "-score", "-contact"], name="lead_list_stage_score"),
            models.Index(fields=["-score", "-contact"], name="lead_list_score"),
            models.Index(fields=["-last_activity_at", "-contact"], name="lead_list_recent"),
            # The other orders and filters of the leads list (leads.selectors.people).
            models.Index(fields=["-created_at", "-contact"], name="lead_list_newest"),
            models.Index(fields=["stage", "-last_activity_at", "-contact"], name="lead_list_stage_recent"),
            models.Index(fields=["first_origin", "-last_activity_at", "-contact"], name="lead_list_origin"),
            models.Index(fields=["grade", "-score", "-contact"], name="lead_list_grade"),
            models.Index(
                fields=["-last_activity_at", "-contact"], name="lead_list_tier_2", condition=Q(tier=2)
            ),
            models.Index(fields=["nurture_until"], name="lead_nurture_due", condition=Q(stage="nurture")),
            # Read by whatever tells the story of a lead, which is that of all that were merged into it.
            models.Index(
                fields=["merged_into"], name="lead_absorbed", condition=Q(merged_into__isnull=False)
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(stage__in=[stage.value for stage in Stage]), name="lead_stage_known"
            ),
            models.CheckConstraint(condition=Q(tier__in=Tier.values), name="lead_tier_known"),
            models.CheckConstraint(
                condition=Q(stage="merged", merged_into__isnull=False, ready_at__isnull=True)
                | (~Q(stage="merged") & Q(merged_into__isnull=True)),
                name="lead_merged_into_another",
            ),
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True) | ~Q(merged_into=models.F("contact")),
                name="lead_not_merged_into_itself",
            ),
        ]

    def __str__(self) -> str:
        return str(self.contact)

    def get_absolute_url(self) -> str:
        """The lead's page."""
        return f"/leads/{self.pk}/"


class StageChange(models.Model):
    """One change of stage: from, to, when, by whom or by which rule, why. Every time counts; none overwrites another."""

    lead = models.ForeignKey(
        Lead, on_delete=models.CASCADE, related_name="stage_changes", verbose_name=_("lead")
    )
    from_stage = models.CharField(_("from"), max_length=12, choices=STAGE_CHOICES, blank=True)
    to_stage = models.CharField(_("to"), max_length=12, choices=STAGE_CHOICES)
    at = models.DateTimeField(_("when"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("by"),
    )
    rule = models.CharField(_("rule"), max_length=50, blank=True)
    reason = models.CharField(_("why"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("change of stage")
        verbose_name_plural = _("changes of stage")
        ordering = ["at", "pk"]
        indexes = [
            models.Index(fields=["lead", "at"], name="stage_change_of_lead"),
            models.Index(fields=["to_stage", "at"], name="stage_change_funnel"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(by__isnull=False) | ~Q(rule=""), name="stage_change_by_a_person_or_a_rule"
            )
        ]

    def __str__(self) -> str:
        return f"{self.from_stage} → {self.to_stage}"
