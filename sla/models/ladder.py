"""The escalation ladder of a promise, and what of it is planned or done on one clock."""

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from sla.ladder import Anchor, Rung
from sla.models.agreement import Promise, PromiseKind
from sla.models.clock import Clock
from sla.querysets import EscalationQuerySet

MAX_SHARE = 1000
MAX_SECONDS = 366 * 86_400


class StepWhen(models.TextChoices):
    """What the amount of a step counts from."""

    SHARE = Anchor.SHARE.value, _("% of the target")
    BEFORE = Anchor.BEFORE.value, _("before the due time")
    AFTER = Anchor.AFTER.value, _("after the due time")


class StepHours(models.TextChoices):
    """Which time a step before or after the due time counts in."""

    WORKING = "working", _("in the hours of the promise")
    WALL = "wall", _("by the wall clock")


class StepAction(models.TextChoices):
    """What a step does."""

    NOTIFY_REP = "notify_rep", _("Tell the rep")
    NOTIFY_MANAGER = "notify_manager", _("Tell the managers")
    NOTIFY_CHANNEL = "notify_channel", _("Tell the channels")
    PUT_FIRST = "put_first", _("Put first in the inbox")
    REASSIGN = "reassign", _("Take back and give to the next rep")
    RETURN_TO_QUEUE = "return_to_queue", _("Take back into the team’s queue")


TAKES_BACK = (StepAction.REASSIGN, StepAction.RETURN_TO_QUEUE)


class LadderStep(models.Model):
    """One step of a promise's ladder: when, and what happens if the promise is still open then."""

    promise = models.ForeignKey(
        Promise, on_delete=models.CASCADE, related_name="ladder", verbose_name=_("promise")
    )
    position = models.PositiveSmallIntegerField(_("step"))
    when = models.CharField(_("when"), max_length=8, choices=StepWhen.choices)
    # Percent with a share, else seconds.
    amount = models.PositiveIntegerField(_("amount"), validators=[MaxValueValidator(MAX_SECONDS)])
    hours = models.CharField(
        _("time"), max_length=8, choices=StepHours.choices, default=StepHours.WORKING, blank=True
    )
    action = models.CharField(_("action"), max_length=16, choices=StepAction.choices)

    class Meta:
        verbose_name = _("step of a ladder")
        verbose_name_plural = _("steps of ladders")
        ordering = ["promise", "position"]
        constraints = [
            models.UniqueConstraint(fields=["promise", "position"], name="ladder_position"),
            models.CheckConstraint(condition=Q(when__in=StepWhen.values), name="ladder_when_known"),
            models.CheckConstraint(condition=Q(hours__in=StepHours.values), name="ladder_hours_known"),
            models.CheckConstraint(condition=Q(action__in=StepAction.values), name="ladder_action_known"),
            models.CheckConstraint(
                condition=Q(when="share", amount__range=(1, MAX_SHARE), hours="working")
                | Q(when="before", amount__range=(1, MAX_SECONDS))
                | Q(when="after", amount__range=(0, MAX_SECONDS)),
                name="ladder_amount_fits",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.promise}: {self.get_action_display()}"

    @property
    def rung(self) -> Rung:
        """Its time, for sla.ladder."""
        return Rung(Anchor(self.when), self.amount, self.hours == StepHours.WALL)

    def clean(self) -> None:
        """A share is one of the target's own hours; only a lead that waits for an answer can be taken back."""
        if self.when == StepWhen.SHARE:
            self.hours = StepHours.WORKING
            for check in (MinValueValidator(1), MaxValueValidator(MAX_SHARE)):
                check(self.amount)
        if self.when == StepWhen.BEFORE and not self.amount:
            raise ValidationError({"amount": _("“Before the due time” needs an amount.")})
        if self.action in TAKES_BACK and self.promise.kind != PromiseKind.ACCEPT:
            raise ValidationError(
                {"action": _("Only a lead that nobody answered is taken back: choose this for “accept”.")}
            )


class EscalationState(models.TextChoices):
    """Where a planned step stands."""

    PLANNED = "planned", _("Planned")
    DONE = "done", _("Done")
    SKIPPED = "skipped", _("Skipped")


class Escalation(models.Model):
    """One step on one clock: planned when the clock starts, done once or skipped with its reason (`detail`, a code)."""

    clock = models.ForeignKey(
        Clock, on_delete=models.CASCADE, related_name="escalations", db_index=False, verbose_name=_("clock")
    )
    step = models.ForeignKey(
        LadderStep, on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=_("step")
    )
    # Copied from the step: the order of steps that come at the same time.
    position = models.PositiveSmallIntegerField(_("position"))
    at = models.DateTimeField(_("planned for"))
    state = models.CharField(
        _("state"), max_length=8, choices=EscalationState.choices, default=EscalationState.PLANNED
    )
    done_at = models.DateTimeField(_("done"), null=True, blank=True)
    is_late = models.BooleanField(_("late"), default=False)
    detail = models.CharField(_("detail"), max_length=40, blank=True)

    objects = EscalationQuerySet.as_manager()

    class Meta:
        verbose_name = _("escalation")
        verbose_name_plural = _("escalations")
        ordering = ["clock", "at", "position"]
        indexes = [
            # Read by the drain sla.escalate, which takes what is due and nothing else.
            models.Index(
                fields=["at", "position", "id"], name="escalation_escalate", condition=Q(state="planned")
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["clock", "step"], name="escalation_once_per_clock"),
            models.CheckConstraint(condition=Q(state__in=EscalationState.values), name="escalation_known"),
            models.CheckConstraint(
                condition=Q(state="planned", done_at__isnull=True)
                | (~Q(state="planned") & Q(done_at__isnull=False)),
                name="escalation_done_has_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.step} #{self.clock_id}"
