"""Handoffs know when their next clock is due and which source their lead came from."""

from django.db import migrations, models


def copy(apps, schema_editor):
    """From the clock that each points to, as point_to_next_clock keeps it from now on, and from the lead; two statements."""
    handoffs = apps.get_model("sla", "Handoff").objects
    clock = apps.get_model("sla", "Clock").objects.filter(pk=models.OuterRef("next_clock"))
    lead = apps.get_model("leads", "Lead").objects.filter(pk=models.OuterRef("lead"))
    handoffs.filter(next_clock__isnull=False).update(next_due_at=models.Subquery(clock.values("due_at")))
    handoffs.update(source=models.Subquery(lead.values("first_source")))


class Migration(migrations.Migration):
    dependencies = [("sla", "0020_time_left_and_source")]
    operations = [migrations.RunPython(copy, migrations.RunPython.noop)]
