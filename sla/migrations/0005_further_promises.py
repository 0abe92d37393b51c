"""What the standard agreement promises beyond answers and first touches."""

from django.db import migrations

from sla.defaults import promise_further


def write_promises(apps, schema_editor):
    promise_further(apps)


class Migration(migrations.Migration):
    dependencies = [("sla", "0004_promises_of_both_sides")]
    operations = [migrations.RunPython(write_promises, migrations.RunPython.noop)]
