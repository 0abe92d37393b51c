"""Open handoffs point to their next clock."""

from django.db import migrations, models


def point(apps, schema_editor):
    """Open handoffs point to the running clock that is due next, as sla.services.clocks keeps it from now on."""
    clock = apps.get_model("sla", "Clock").objects
    theirs = models.Q(owner=models.OuterRef("owner")) | models.Q(
        owner__isnull=True, handoff__owner__isnull=True
    )
    running = clock.filter(theirs, handoff=models.OuterRef("pk"), outcome="running").order_by("due_at", "pk")
    handoffs = apps.get_model("sla", "Handoff").objects.filter(state__in=["waiting", "accepted"])
    handoffs.update(next_clock=models.Subquery(running.values("pk")[:1]))


class Migration(migrations.Migration):
    dependencies = [("sla", "0006_next_clock")]
    operations = [migrations.RunPython(point, migrations.RunPython.noop)]
