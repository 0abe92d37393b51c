"""Which team gets which leads, and whose turn it is."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Absence, Team, User
from sla.models.calendar import Calendar
from sla.models.version import Agreement


class Territory(models.Model):
    """What a team sells to, when it works, and which agreement it is held to."""

    team = models.OneToOneField(
        Team, on_delete=models.CASCADE, related_name="territory", verbose_name=_("team")
    )
    calendar = models.ForeignKey(
        Calendar, on_delete=models.PROTECT, related_name="+", verbose_name=_("business hours")
    )
    agreement = models.ForeignKey(
        Agreement, on_delete=models.PROTECT, related_name="territories", verbose_name=_("agreement")
    )
    countries = models.JSONField(
        _("countries"), default=list, blank=True, help_text=_('Two-letter codes, such as ["DK", "SE"].')
    )
    is_fallback = models.BooleanField(
        _("gets what no other team sells to"), default=False, help_text=_("One team takes all other leads.")
    )

    class Meta:
        verbose_name = _("territory")
        verbose_name_plural = _("territories")
        ordering = ["team"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_fallback"], condition=Q(is_fallback=True), name="territory_one_fallback"
            )
        ]

    def __str__(self) -> str:
        return str(self.team)

    def clean(self) -> None:
        """Country codes in capitals, each sold to by one team."""
        if not isinstance(self.countries, list) or not all(
            isinstance(code, str) and len(code) == 2 for code in self.countries
        ):
            raise ValidationError({"countries": _('Write a list of two-letter codes, such as ["DK", "SE"].')})
        self.countries = [code.upper() for code in self.countries]
        for other in Territory.objects.exclude(pk=self.pk):
            if shared := sorted(set(self.countries) & set(other.countries)):
                raise ValidationError(
                    {
                        "countries": _("%(team)s sells to %(codes)s already.")
                        % {"team": other, "codes": ", ".join(shared)}
                    }
                )


class RepTurn(models.Model):
    """Round robin: whoever was given a lead longest ago is next."""

    user = models.OneToOneField(
        User, on_delete=models.CASCADE, primary_key=True, related_name="turn", verbose_name=_("rep")
    )
    last_turn = models.PositiveBigIntegerField(_("last turn"), default=0)

    class Meta:
        verbose_name = _("turn")
        verbose_name_plural = _("turns")

    def __str__(self) -> str:
        return f"{self.user}: {self.last_turn}"


class AwayTold(models.Model):
    """The managers were told that leads wait for a rep who is away: once per absence, and once (no absence) per leaving."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", verbose_name=_("rep"))
    absence = models.ForeignKey(
        Absence, on_delete=models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("absence")
    )
    at = models.DateTimeField(_("told"))

    class Meta:
        verbose_name = _("told of an absence")
        verbose_name_plural = _("told of absences")
        constraints = [
            models.UniqueConstraint(fields=["absence"], name="away_told_once_per_absence"),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.at:%Y-%m-%d}"
