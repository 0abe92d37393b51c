"""What a new installation starts with."""

from django.db import migrations

from leads.defaults import seed


def write_defaults(apps, schema_editor):
    seed(apps)


class Migration(migrations.Migration):
    dependencies = [("leads", "0002_protect_the_journal")]
    operations = [migrations.RunPython(write_defaults, migrations.RunPython.noop)]
