"""The agreement, the handoffs judged by it, and the evidence."""

from datetime import timedelta

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SlaConfig(AppConfig):
    name = "sla"
    verbose_name = _("Agreement and handoffs")

    def ready(self) -> None:
        from django.db.models.signals import post_migrate, pre_migrate

        from drains.registry import Drain, register
        from leads.models import Lead
        from leads.policies import grant
        from sla import receivers  # noqa: F401 - connects the signals
        from sla.agreements.protection import protect, release
        from sla.models import Handoff
        from sla.policies import leads_of_handoffs
        from sla.services.absence import reps_away, tell_of_absences
        from sla.services.opening import hand_off
        from sla.services.routing import assign_waiting

        pre_migrate.connect(release, sender=self, dispatch_uid="sla.release")
        post_migrate.connect(protect, sender=self, dispatch_uid="sla.protect")
        grant(leads_of_handoffs)
        every = timedelta(seconds=5)
        register(
            Drain(
                name="sla.hand_off",
                pending=lambda now: Lead.objects.ready(),
                handle=hand_off,
                every=every,
                wakes_on=("leads.ready",),
                batch_size=200,
            )
        )
        register(
            Drain(
                name="sla.assign",
                pending=Handoff.objects.assignable,
                handle=assign_waiting,
                every=every,
                wakes_on=("handoffs.queued",),
                batch_size=200,
            )
        )
        register(
            Drain(
                name="sla.absence",
                pending=reps_away,
                handle=tell_of_absences,
                every=timedelta(seconds=30),
                batch_size=50,
            )
        )
        _watch_clocks(every)


def _watch_clocks(every: timedelta) -> None:
    """The drains that find what is late, and that take the steps of ladders."""
    from drains.registry import Drain, register
    from sla.models import Clock, Escalation
    from sla.services.escalating import escalate
    from sla.services.recompute import FOLLOW, follow_corrections
    from sla.services.sweep import sweep

    register(Drain(name=FOLLOW, pending=Clock.objects.behind, handle=follow_corrections, every=every))
    register(
        Drain(
            name="sla.sweep",
            pending=lambda now: Clock.objects.due(now).only("pk"),
            handle=sweep,
            every=timedelta(seconds=1),
            batch_size=10_000,
        )
    )
    register(
        Drain(
            name="sla.escalate",
            pending=Escalation.objects.due,
            handle=escalate,
            every=every,
            wakes_on=("clocks.breached",),
            batch_size=500,
        )
    )
