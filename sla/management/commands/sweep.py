"""`manage.py sweep`: record what is late and warn of what is about to be, without a worker."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from drains.runner import run


class Command(BaseCommand):
    """Runs the two drains of clocks once, until nothing is due."""

    help = "Records breaches of clocks that are late and sends the warnings that are due."

    def handle(self, *args: Any, **options: Any) -> None:
        """Prints how many of each."""
        breaches, warnings = run("sla.sweep"), run("sla.warn")
        self.stdout.write(
            _("%(breaches)d breaches recorded, %(warnings)d warnings sent.")
            % {"breaches": breaches, "warnings": warnings}
        )
