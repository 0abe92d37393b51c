"""Deals."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from leads.models.lead import Lead
from leads.querysets import OpportunityQuerySet


class OpportunityState(models.TextChoices):
    """Open, won or lost."""

    OPEN = "open", _("Open")
    WON = "won", _("Won")
    LOST = "lost", _("Lost")


class Opportunity(models.Model):
    """The deal that an SQL becomes."""

    lead = models.ForeignKey(
        Lead, on_delete=models.PROTECT, related_name="opportunities", verbose_name=_("lead")
    )
    state = models.CharField(
        _("state"), max_length=5, choices=OpportunityState.choices, default=OpportunityState.OPEN
    )
    # The deal's name in the system it comes from; the same deal recorded twice is one deal.
    external_id = models.CharField(_("external id"), max_length=254, null=True, blank=True, unique=True)
    is_cross_sell = models.BooleanField(_("cross-sell"), default=False)
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=2, null=True, blank=True)
    opened_at = models.DateTimeField(_("opened"))
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("owner"),
    )
    prepared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("prepared by"),
    )

    objects = OpportunityQuerySet.as_manager()

    class Meta:
        verbose_name = _("opportunity")
        verbose_name_plural = _("opportunities")
        ordering = ["-opened_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="open", closed_at__isnull=True)
                | Q(state__in=["won", "lost"], closed_at__isnull=False),
                name="opportunity_closed_with_a_date",
            )
        ]

    def __str__(self) -> str:
        return f"{self.lead} ({self.get_state_display()})"
