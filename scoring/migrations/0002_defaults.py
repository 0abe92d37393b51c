"""What a new installation starts with."""

from django.db import migrations

from scoring.defaults import seed


class Migration(migrations.Migration):
    dependencies = [("scoring", "0001_initial"), ("leads", "0003_defaults")]
    operations = [migrations.RunPython(lambda apps, schema_editor: seed(apps), migrations.RunPython.noop)]
