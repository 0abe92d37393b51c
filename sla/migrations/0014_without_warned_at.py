"""Whether somebody was warned of a clock stands in its ladder."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("sla", "0013_plan_ladders")]
    operations = [
        migrations.RemoveIndex(model_name="clock", name="clock_warn"),
        migrations.RemoveField(model_name="clock", name="warned_at"),
    ]
