"""`manage.py sweep`: record what is late and take the steps of ladders that are due, without a worker."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from drains.clock import current_time
from drains.runner import run_until_idle


class Command(BaseCommand):
    """Runs the two drains of clocks until nothing is due."""

    help = "Records breaches of clocks that are late and takes the steps of their ladders that are due."

    def handle(self, *args: Any, **options: Any) -> None:
        """Prints how many of each."""
        now = current_time()
        breaches = run_until_idle(now, ["sla.sweep"])
        steps = run_until_idle(now, ["sla.escalate"])
        self.stdout.write(
            _("%(breaches)d breaches recorded, %(steps)d steps of ladders looked at.")
            % {"breaches": breaches, "steps": steps}
        )
