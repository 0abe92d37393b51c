"""What a new installation starts with."""

from django.db import migrations

from leads.defaults import seed


class Migration(migrations.Migration):
    dependencies = [("leads", "0002_protect_the_journal")]
    operations = [migrations.RunPython(lambda apps, schema_editor: seed(apps), migrations.RunPython.noop)]
