"""What stops a clock for a while, and what takes it out of the account."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from sla.models.clock import Clock, ClockOutcome


class PauseReason(models.TextChoices):
    """Why nobody can work on a lead for a while, through no fault of sales."""

    PROSPECT_AWAY = "prospect_away", _("The prospect is away")
    WAITING_FOR_PROSPECT = "waiting_for_prospect", _("Waiting for the prospect’s answer")
    AGREED_LATER = "agreed_later", _("The prospect asked for a later date")


class Pause(models.Model):
    """A stretch of time that does not count for a clock. It ends by itself; ended early, `ends_at` is when that was."""

    clock = models.ForeignKey(Clock, on_delete=models.PROTECT, related_name="pauses", verbose_name=_("clock"))
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    reason = models.CharField(_("reason"), max_length=24, choices=PauseReason.choices)
    note = models.CharField(_("note"), max_length=300, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("by")
    )

    class Meta:
        verbose_name = _("pause")
        verbose_name_plural = _("pauses")
        ordering = ["starts_at", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gte=F("starts_at")), name="pause_ends_after_start"),
            models.CheckConstraint(condition=Q(reason__in=PauseReason.values), name="pause_reason_known"),
        ]

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%d %H:%M} – {self.ends_at:%Y-%m-%d %H:%M}"


class Waiver(models.Model):
    """A manager took a clock out of the account, with a reason. The clock stays, shown as waived beside kept and missed."""

    clock = models.OneToOneField(
        Clock, on_delete=models.PROTECT, related_name="waiver", verbose_name=_("clock")
    )
    outcome_before = models.CharField(_("before"), max_length=10, choices=ClockOutcome.choices)
    reason = models.CharField(_("reason"), max_length=300)
    at = models.DateTimeField(_("when"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("by")
    )

    class Meta:
        verbose_name = _("waiver")
        verbose_name_plural = _("waivers")
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.clock}: {self.reason}"
