"""Scoring models and their rules."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from leads.models import ActivityKind
from scoring.querysets import ScoringModelQuerySet


class ModelState(models.TextChoices):
    """A model is drafted, scores, and is retired."""

    DRAFT = "draft", _("Draft")
    ACTIVE = "active", _("Active")
    RETIRED = "retired", _("Retired")


class ScoringModel(models.Model):
    """A set of rules with its thresholds; one is active."""

    name = models.CharField(_("name"), max_length=100)
    version = models.PositiveIntegerField(_("version"), default=1)
    state = models.CharField(_("state"), max_length=10, choices=ModelState.choices, default=ModelState.DRAFT)
    fit_cap = models.PositiveIntegerField(_("most points for fit"), default=50)
    engagement_cap = models.PositiveIntegerField(_("most points for engagement"), default=50)
    mql_threshold = models.PositiveIntegerField(_("score of an MQL"), default=30)
    mql_min_fit = models.IntegerField(_("least fit of an MQL"), default=10)
    ready_threshold = models.PositiveIntegerField(_("score of a sales-ready lead"), default=65)
    hand_raise_min_fit = models.IntegerField(
        _("least fit of a hand-raiser"), default=0, help_text=_("Nothing known is 0: unknown is not unfit.")
    )

    objects = ScoringModelQuerySet.as_manager()

    class Meta:
        verbose_name = _("scoring model")
        verbose_name_plural = _("scoring models")
        ordering = ["name", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["name", "version"], name="scoring_model_version"),
            models.UniqueConstraint(
                fields=["state"], condition=Q(state="active"), name="scoring_model_one_active"
            ),
            models.CheckConstraint(
                condition=Q(state__in=ModelState.values), name="scoring_model_state_known"
            ),
            models.CheckConstraint(
                condition=Q(ready_threshold__gte=models.F("mql_threshold")),
                name="scoring_model_thresholds_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"

    def clean(self) -> None:
        """Thresholds in order, and within reach."""
        if self.ready_threshold < self.mql_threshold:
            raise ValidationError(
                {"ready_threshold": _("A sales-ready lead needs at least the score of an MQL.")}
            )
        if self.ready_threshold > self.fit_cap + self.engagement_cap:
            raise ValidationError(
                {"ready_threshold": _("No lead can reach this: it is more than both caps together.")}
            )


class ProfileField(models.TextChoices):
    """What a profile rule can look at."""

    JOB_TITLE = "job_title", _("Job title")
    COMPANY_NAME = "company_name", _("Company name")
    INDUSTRY = "industry", _("Industry")
    COUNTRY = "country", _("Country")
    EMPLOYEES = "employees", _("Employees")
    EMAIL = "email", _("E-mail address")
    PHONE = "phone", _("Phone")


class Operator(models.TextChoices):
    """How a profile rule compares."""

    IS_ONE_OF = "is_one_of", _("is one of")
    CONTAINS = "contains", _("contains one of")
    AT_LEAST = "at_least", _("is at least")
    BELOW = "below", _("is below")
    IS_KNOWN = "is_known", _("is known")


class ProfileRule(models.Model):
    """Points for who somebody is."""

    model = models.ForeignKey(
        ScoringModel, on_delete=models.CASCADE, related_name="profile_rules", verbose_name=_("model")
    )
    label = models.CharField(_("name"), max_length=100)
    field = models.CharField(_("field"), max_length=20, choices=ProfileField.choices)
    operator = models.CharField(_("comparison"), max_length=10, choices=Operator.choices)
    values = models.JSONField(
        _("values"), default=list, blank=True, help_text=_('A list such as ["director", "head of"] or [50].')
    )
    points = models.IntegerField(_("points"))

    class Meta:
        verbose_name = _("profile rule")
        verbose_name_plural = _("profile rules")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(field__in=ProfileField.values), name="profile_rule_field_known"
            ),
            models.CheckConstraint(
                condition=Q(operator__in=Operator.values), name="profile_rule_operator_known"
            ),
        ]

    def __str__(self) -> str:
        return self.label

    def clean(self) -> None:
        """Values that fit the comparison."""
        if not isinstance(self.values, list):
            raise ValidationError({"values": _('Write a list, such as ["director"].')})
        if self.operator in (Operator.AT_LEAST, Operator.BELOW):
            if self.field != ProfileField.EMPLOYEES:
                raise ValidationError(
                    {"operator": _("Only the number of employees can be compared by size.")}
                )
            if (
                len(self.values) != 1
                or not isinstance(self.values[0], int)
                or isinstance(self.values[0], bool)
            ):
                raise ValidationError({"values": _("Write one whole number in brackets, such as [50].")})
        elif self.operator != Operator.IS_KNOWN:
            if self.field == ProfileField.EMPLOYEES:
                raise ValidationError({"operator": _("Compare the number of employees by size.")})
            if not self.values or not all(isinstance(value, str) and value.strip() for value in self.values):
                raise ValidationError(
                    {"values": _('Write at least one text in brackets, such as ["director"].')}
                )


class BehaviourRule(models.Model):
    """Points for what somebody does."""

    model = models.ForeignKey(
        ScoringModel, on_delete=models.CASCADE, related_name="behaviour_rules", verbose_name=_("model")
    )
    label = models.CharField(_("name"), max_length=100)
    kind = models.ForeignKey(
        ActivityKind, on_delete=models.PROTECT, related_name="+", verbose_name=_("activity")
    )
    points = models.IntegerField(_("points each time"))
    cap = models.IntegerField(
        _("most points"), null=True, blank=True, help_text=_("Empty: no limit of its own.")
    )
    window_days = models.PositiveIntegerField(
        _("counts for days"), null=True, blank=True, help_text=_("Empty: for ever.")
    )

    class Meta:
        verbose_name = _("behaviour rule")
        verbose_name_plural = _("behaviour rules")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["model", "kind"], name="behaviour_rule_once_per_kind")]

    def __str__(self) -> str:
        return self.label

    def clean(self) -> None:
        """A cap on the side of the points, a window of at least a day."""
        if self.cap is not None and (self.cap < 0) != (self.points < 0):
            raise ValidationError(
                {"cap": _("A rule that gives points needs a cap above 0, one that takes them one below.")}
            )
        if self.window_days == 0:
            raise ValidationError({"window_days": _("At least one day, or empty for ever.")})
