"""The agreement itself: a name, and versions that are drafted, proposed, and signed by both sides."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from sla.agreements.fields import REQUIRABLE
from sla.querysets import AgreementQuerySet, AgreementVersionQuerySet

# What the next version starts with.
COPIED = (
    *(
        "marketing_party",
        "sales_party",
        "mql_definition",
        "srl_definition",
        "sql_definition",
        "mql_threshold",
    ),
    *("ready_threshold", "required_fields", "exclusions", "attempts_before_unreachable", "recycle_limit"),
    *("recycle_after_days", "route_around", "review_every_months", "volume_per_rep", "value_per_rep"),
    *("acceptance_percent", "clerical_percent"),
)
PERCENT = [MinValueValidator(0), MaxValueValidator(100)]
AT_LEAST_ONE = [MinValueValidator(1)]


class Side(models.TextChoices):
    """Who promises, and who signs."""

    MARKETING = "marketing", _("Marketing")
    SALES = "sales", _("Sales")


class Agreement(models.Model):
    """A contract between marketing and sales, named; what it says is in its versions."""

    name = models.CharField(_("name"), max_length=100, unique=True)

    objects = AgreementQuerySet.as_manager()

    class Meta:
        verbose_name = _("agreement")
        verbose_name_plural = _("agreements")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """The page of the agreement, with the version in force."""
        return f"/agreements/{self.pk}/"


class VersionState(models.TextChoices):
    """How far a version is. Whether a signed one is in force, to come or superseded follows from the time of asking."""

    DRAFT = "draft", _("Draft")
    PROPOSED = "proposed", _("Proposed")
    SIGNED = "signed", _("Signed")


class AgreementVersion(models.Model):
    """One version of an agreement. Handoffs keep the version they began under.

    A signed version never changes: services refuse, and so does the database (sla.agreements.triggers), for the version itself,
    its promises and its reasons alike. It is followed by a new one.
    """

    agreement = models.ForeignKey(
        Agreement, on_delete=models.PROTECT, related_name="versions", verbose_name=_("agreement")
    )
    number = models.PositiveIntegerField(_("version"))
    state = models.CharField(
        _("state"), max_length=8, choices=VersionState.choices, default=VersionState.DRAFT
    )
    based_on = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("based on")
    )
    # Until it is signed, the time that was asked for, empty for "at once"; from then on the time from which it holds.
    in_force_from = models.DateTimeField(_("in force from"), null=True, blank=True)
    change_note = models.TextField(_("what changes and why"), blank=True)
    created_at = models.DateTimeField(_("drafted"), null=True, blank=True)
    # What was proposed, as it was shown and signed (sla.agreements.document); its digest is what a signature is under.
    document = models.JSONField(_("text"), null=True, blank=True)
    digest = models.CharField(_("digest of the text"), max_length=64, blank=True)

    marketing_party = models.CharField(_("for marketing"), max_length=150, default="Marketing")
    sales_party = models.CharField(_("for sales"), max_length=150, default="Sales")

    mql_definition = models.TextField(_("what an MQL is"), blank=True)
    srl_definition = models.TextField(_("what an SRL is"), blank=True)
    sql_definition = models.TextField(_("what an SQL is"), blank=True)
    mql_threshold = models.PositiveIntegerField(_("score of an MQL"), default=30)
    ready_threshold = models.PositiveIntegerField(_("score of a sales-ready lead"), default=65)
    # Codes of sla.agreements.fields: what marketing has filled in by the handoff (promise "completeness").
    required_fields = models.JSONField(_("fields filled at handoff"), default=list, blank=True)
    exclusions = models.TextField(_("who is excluded"), blank=True)

    reasons = models.ManyToManyField(
        "sla.Reason", blank=True, related_name="+", verbose_name=_("reasons offered; none chosen: all in use")
    )
    attempts_before_unreachable = models.PositiveSmallIntegerField(
        _("attempts before “unable to reach”"), default=6, validators=AT_LEAST_ONE
    )
    recycle_limit = models.PositiveSmallIntegerField(_("how often a lead may be recycled"), default=3)
    recycle_after_days = models.PositiveSmallIntegerField(
        _("days in nurture, unless sales says otherwise"), default=90, validators=AT_LEAST_ONE
    )
    route_around = models.TextField(_("who gets a lead when its rep cannot"), blank=True)

    review_every_months = models.PositiveSmallIntegerField(
        _("reviewed every … months"), default=3, validators=AT_LEAST_ONE
    )
    volume_per_rep = models.PositiveIntegerField(_("workable leads per rep and month"), null=True, blank=True)
    value_per_rep = models.DecimalField(
        _("their value per rep and month"),
        max_digits=14,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
    )
    acceptance_percent = models.PositiveSmallIntegerField(
        _("of the leads answered, accepted at least %"), default=90, validators=PERCENT
    )
    clerical_percent = models.PositiveSmallIntegerField(
        _("rejected as clerical at most %"), default=10, validators=PERCENT
    )

    objects = AgreementVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("version of an agreement")
        verbose_name_plural = _("versions of agreements")
        ordering = ["agreement", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["agreement", "number"], name="agreement_version_number"),
            models.UniqueConstraint(
                fields=["agreement"],
                condition=Q(state__in=["draft", "proposed"]),
                name="agreement_one_open_version",
            ),
            models.CheckConstraint(
                condition=Q(state__in=VersionState.values), name="agreement_version_state_known"
            ),
            models.CheckConstraint(
                condition=~Q(state="signed") | Q(in_force_from__isnull=False),
                name="agreement_version_signed_holds_from_a_time",
            ),
            models.CheckConstraint(
                condition=Q(state="draft", digest="", document__isnull=True)
                | (~Q(state="draft") & ~Q(digest="") & Q(document__isnull=False)),
                name="agreement_version_text_is_kept_once_proposed",
            ),
            models.CheckConstraint(
                condition=Q(acceptance_percent__lte=100, clerical_percent__lte=100),
                name="agreement_version_percents",
            ),
            models.CheckConstraint(
                condition=Q(ready_threshold__gte=models.F("mql_threshold")),
                name="agreement_version_thresholds_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agreement} v{self.number}"

    def get_absolute_url(self) -> str:
        """The page of this version."""
        return f"/agreements/{self.agreement_id}/versions/{self.number}/"

    @property
    def is_draft(self) -> bool:
        """Still being written."""
        return self.state == VersionState.DRAFT

    @property
    def is_proposed(self) -> bool:
        """Waits for signatures."""
        return self.state == VersionState.PROPOSED

    @property
    def is_signed(self) -> bool:
        """Twin of AgreementVersionQuerySet.signed: by both sides."""
        return self.state == VersionState.SIGNED

    def clean(self) -> None:
        """Thresholds in order, and fields that contacts have."""
        if self.ready_threshold < self.mql_threshold:
            raise ValidationError(
                {"ready_threshold": _("A sales-ready lead needs at least the score of an MQL.")}
            )
        codes: Any = self.required_fields
        if not isinstance(codes, list) or not set(codes) <= set(REQUIRABLE):
            raise ValidationError({"required_fields": _("Choose among the fields of a contact.")})

    def is_to_come(self, now: datetime) -> bool:
        """Signed, and not in force before a later time."""
        return self.is_signed and self.in_force_from is not None and self.in_force_from > now

    @property
    def title(self) -> str:
        """How people call it."""
        return _("%(agreement)s, version %(number)d") % {"agreement": self.agreement, "number": self.number}


class Signature(models.Model):
    """One side's name under the text with this digest. Without a person where the installation itself set the version in force."""

    version = models.ForeignKey(
        AgreementVersion, on_delete=models.PROTECT, related_name="signatures", verbose_name=_("version")
    )
    side = models.CharField(_("for"), max_length=9, choices=Side.choices)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("signed by"),
    )
    name = models.CharField(_("name"), max_length=150)
    at = models.DateTimeField(_("signed"))
    digest = models.CharField(_("digest of the text"), max_length=64)

    class Meta:
        verbose_name = _("signature")
        verbose_name_plural = _("signatures")
        ordering = ["version", "side"]
        constraints = [
            models.UniqueConstraint(fields=["version", "side"], name="signature_one_per_side"),
            models.UniqueConstraint(fields=["version", "by"], name="signature_two_different_people"),
            models.CheckConstraint(condition=Q(side__in=Side.values), name="signature_side_known"),
            models.CheckConstraint(condition=~Q(digest="") & ~Q(name=""), name="signature_of_a_text"),
        ]

    def __str__(self) -> str:
        return f"{self.version}: {self.name}"
