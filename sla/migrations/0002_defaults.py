"""What a new installation starts with."""

from django.db import migrations

from sla.defaults import seed


class Migration(migrations.Migration):
    dependencies = [("sla", "0001_initial")]
    operations = [migrations.RunPython(lambda apps, schema_editor: seed(apps), migrations.RunPython.noop)]
