"""Leads: intake, people, activities, stages, journal, deals."""

from datetime import timedelta

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LeadsConfig(AppConfig):
    name = "leads"
    verbose_name = _("Leads")

    def ready(self) -> None:
        from drains.registry import Drain, register
        from leads.models import Lead, Submission
        from leads.services.handing import pick_up
        from leads.services.processing import process_submissions

        register(
            Drain(
                name="leads.process_submissions",
                pending=lambda now: Submission.objects.waiting(),
                handle=process_submissions,
                every=timedelta(seconds=3),
                wakes_on=("submissions.received",),
            )
        )
        register(
            Drain(
                name="leads.pick_up",
                pending=Lead.objects.nurture_due,
                handle=pick_up,
                every=timedelta(minutes=1),
                batch_size=200,
            )
        )
