"""Scores: rules, the engine that computes by them, and their explanation."""

from datetime import timedelta

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ScoringConfig(AppConfig):
    name = "scoring"
    verbose_name = _("Scoring")

    def ready(self) -> None:
        from drains.registry import Drain, register
        from leads.models import Lead
        from scoring import receivers  # noqa: F401 - connects the signals
        from scoring.services import rescore

        register(
            Drain(
                name="scoring.rescore",
                pending=lambda now: Lead.objects.to_rescore(now).only("pk"),
                handle=rescore,
                every=timedelta(seconds=5),
                wakes_on=("leads.dirty",),
                batch_size=2000,
            )
        )
