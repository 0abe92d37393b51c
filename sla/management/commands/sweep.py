"""`manage.py sweep`: record what is late and take the steps of ladders that are due, without a worker."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from drains.runner import run


class Command(BaseCommand):
    """Runs the two drains of clocks once, until nothing is due."""

    help = "Records breaches of clocks that are late and takes the steps of their ladders that are due."

    def handle(self, *args: Any, **options: Any) -> None:
        """Prints how many of each."""
        breaches, steps = run("sla.sweep"), run("sla.escalate")
        self.stdout.write(
            _("%(breaches)d breaches recorded, %(steps)d steps of ladders looked at.")
            % {"breaches": breaches, "steps": steps}
        )
