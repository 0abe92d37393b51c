"""What a new installation starts with."""

from django.db import migrations

from sla.defaults import seed


def write_defaults(apps, schema_editor):
    seed(apps)


class Migration(migrations.Migration):
    dependencies = [("sla", "0001_initial")]
    operations = [migrations.RunPython(write_defaults, migrations.RunPython.noop)]
