"""Who is no lead, whatever they do."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from leads.querysets import ExclusionRuleQuerySet


class ExclusionKind(models.TextChoices):
    """What an exclusion rule looks at."""

    ACADEMIC = "academic", _("Academic mail domains")
    PERSONAL = "personal", _("Personal mail domains")
    DISPOSABLE = "disposable", _("Disposable mail domains")
    COMPETITOR = "competitor", _("Competitor (domain)")
    COUNTRY = "country", _("Country not sold to (two letters)")
    ALLOWED = "allowed", _("Always allowed (domain)")
    OUT_OF_TARGET = "out_of_target", _("Industry out of target (tier 2)")


class ExclusionRule(models.Model):
    """One exclusion. Lists of domains come with the product; competitors and countries are the organisation's own."""

    kind = models.CharField(_("kind"), max_length=20, choices=ExclusionKind.choices)
    value = models.CharField(
        _("value"),
        max_length=253,
        blank=True,
        help_text=_("Domain, country or industry; empty for the built-in lists."),
    )
    is_active = models.BooleanField(_("active"), default=True)

    objects = ExclusionRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("exclusion rule")
        verbose_name_plural = _("exclusion rules")
        ordering = ["kind", "value"]
        constraints = [models.UniqueConstraint(fields=["kind", "value"], name="exclusion_rule_once")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.value}".strip()

    def clean(self) -> None:
        """Domains and countries in their normal form."""
        self.value = (
            self.value.strip().upper() if self.kind == ExclusionKind.COUNTRY else self.value.strip().lower()
        )
