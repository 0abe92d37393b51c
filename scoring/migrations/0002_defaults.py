"""What a new installation starts with."""

from django.db import migrations

from scoring.defaults import seed


def write_defaults(apps, schema_editor):
    seed(apps)


class Migration(migrations.Migration):
    dependencies = [("scoring", "0001_initial"), ("leads", "0003_defaults")]
    operations = [migrations.RunPython(write_defaults, migrations.RunPython.noop)]
