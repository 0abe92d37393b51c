"""What the drains leave behind: when each last ran, and which rows they had to set aside."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class DrainRun(models.Model):
    """The last run of one drain; /readyz reads its age."""

    name = models.CharField(_("drain"), max_length=60, primary_key=True)
    finished_at = models.DateTimeField(_("last run"))
    worked_at = models.DateTimeField(_("last run that found work"), null=True)
    done = models.PositiveIntegerField(_("rows of that run"), default=0)

    class Meta:
        verbose_name = _("drain")
        verbose_name_plural = _("drains")

    def __str__(self) -> str:
        return self.name


class SetAside(models.Model):
    """A row that a drain could not work on: kept with its error, tried again later, stopping nobody else."""

    drain = models.CharField(_("drain"), max_length=60)
    row_id = models.BigIntegerField(_("row"))
    error = models.TextField(_("error"))
    attempts = models.PositiveIntegerField(_("attempts"), default=1)
    first_at = models.DateTimeField(_("first set aside"))
    retry_at = models.DateTimeField(_("next try"))

    class Meta:
        verbose_name = _("row set aside")
        verbose_name_plural = _("rows set aside")
        constraints = [models.UniqueConstraint(fields=["drain", "row_id"], name="set_aside_once_per_row")]

    def __str__(self) -> str:
        return f"{self.drain} #{self.row_id}"
