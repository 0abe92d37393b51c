"""manage.py rescore: score every lead anew by the active model."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Max, Min
from tqdm import tqdm

from drains.clock import current_time
from leads.models import Lead
from scoring.models import ScoringModel
from scoring.services import rescore_all


class Command(BaseCommand):
    help = (
        "Scores every lead anew by the active model, and makes MQLs and sales-ready leads of those who have become that. "
        "May be stopped at any time and started again: what was scored stays scored, and nothing is done twice."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """No bar for logs."""
        parser.add_argument("--no-progress", action="store_true", help="Show no progress bar.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run rescore_all under a progress bar over the numbers of leads."""
        model = ScoringModel.objects.active().first()
        if model is None:
            raise CommandError("No scoring model is active. Activate one in the administration.")
        ends = Lead.objects.aggregate(first=Min("pk"), last=Max("pk"))
        total = ends["last"] - ends["first"] + 1 if ends["first"] is not None else 0
        with tqdm(total=total, unit=" leads", disable=options["no_progress"] or None) as bar:
            changed = rescore_all(now=current_time(), progress=bar.update)
        self.stdout.write(f"Scored by {model}: {changed} leads have changed.")
