"""What both sides promise in a version of the agreement."""

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from sla.models.version import AgreementVersion, Side

# Ten years of working days: a longer promise is a slip of the pen.
MAX_DAYS = 2600


class PromiseKind(models.TextChoices):
    """What each side promises about a handoff."""

    ACCEPT = "accept", _("Accept or reject")
    FIRST_TOUCH = "first_touch", _("First touch")
    ATTEMPTS = "attempts", _("Attempts to reach")
    DISPOSITION = "disposition", _("Disposition")
    ROUTING = "routing", _("Routing")
    COMPLETENESS = "completeness", _("Completeness")
    PICK_UP = "pick_up", _("Pick-up of returned leads")


SALES_KINDS = (
    PromiseKind.ACCEPT,
    PromiseKind.FIRST_TOUCH,
    PromiseKind.ATTEMPTS,
    PromiseKind.DISPOSITION,
)
MARKETING_KINDS = (PromiseKind.ROUTING, PromiseKind.COMPLETENESS, PromiseKind.PICK_UP)


def side_of(kind: str) -> Side:
    """Who promises what is of this kind."""
    return Side.SALES if kind in SALES_KINDS else Side.MARKETING


class HandoffTier(models.TextChoices):
    """How urgent a handoff is."""

    HAND_RAISER = "hand_raiser", _("Hand-raiser")
    SCORED = "scored", _("Qualified by score")
    TIER_2 = "tier_2", _("Tier 2")


class Hours(models.TextChoices):
    """Which hours a promise counts."""

    BUSINESS = "business", _("Business hours of the team")
    ROUND_THE_CLOCK = "round_the_clock", _("Round the clock")


class Promise(models.Model):
    """One promise of one version: how fast (in seconds or in business days), for which tier, in which hours; for attempts
    also how many."""

    version = models.ForeignKey(
        AgreementVersion, on_delete=models.PROTECT, related_name="promises", verbose_name=_("version")
    )
    kind = models.CharField(_("promise"), max_length=20, choices=PromiseKind.choices)
    tier = models.CharField(_("tier"), max_length=12, choices=HandoffTier.choices)
    target_seconds = models.PositiveIntegerField(
        _("target in seconds"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    # Until the close of the N-th open day after the start's own; round the clock N times 24 hours.
    target_days = models.PositiveSmallIntegerField(
        _("or in business days"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_DAYS)],
    )
    count = models.PositiveSmallIntegerField(
        _("number of attempts"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    hours = models.CharField(_("hours"), max_length=16, choices=Hours.choices, default=Hours.BUSINESS)
    warn_percent = models.PositiveSmallIntegerField(
        _("warn after % of the target"), default=75, validators=[MinValueValidator(1), MaxValueValidator(99)]
    )

    class Meta:
        verbose_name = _("promise")
        verbose_name_plural = _("promises")
        ordering = ["version", "kind", "tier"]
        constraints = [
            models.UniqueConstraint(fields=["version", "kind", "tier"], name="promise_once_per_tier"),
            models.CheckConstraint(condition=Q(kind__in=PromiseKind.values), name="promise_kind_known"),
            models.CheckConstraint(condition=Q(tier__in=HandoffTier.values), name="promise_tier_known"),
            models.CheckConstraint(condition=Q(hours__in=Hours.values), name="promise_hours_known"),
            models.CheckConstraint(
                condition=Q(target_seconds__isnull=False, target_seconds__gt=0, target_days__isnull=True)
                | Q(target_days__isnull=False, target_days__range=(1, MAX_DAYS), target_seconds__isnull=True),
                name="promise_in_seconds_or_days",
            ),
            models.CheckConstraint(
                condition=Q(kind="attempts", count__isnull=False, count__gt=0)
                | (~Q(kind="attempts") & Q(count__isnull=True)),
                name="promise_attempts_are_counted",
            ),
            models.CheckConstraint(
                condition=Q(warn_percent__gte=1, warn_percent__lte=99), name="promise_warns_before_due"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.get_tier_display()}"

    @property
    def side(self) -> Side:
        """Who promises it."""
        return side_of(self.kind)

    def clean(self) -> None:
        """Seconds or days; a number of attempts with attempts alone."""
        if (self.target_seconds is None) == (self.target_days is None):
            raise ValidationError(_("Give a target in seconds or in business days, one of the two."))
        if (self.count is None) == (self.kind == PromiseKind.ATTEMPTS):
            raise ValidationError({"count": _("A number belongs to attempts, and to nothing else.")})
