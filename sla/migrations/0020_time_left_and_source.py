import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0008_merged_leads"),
        ("sla", "0019_merged_handoffs"),
    ]

    operations = [
        migrations.AddField(
            model_name="handoff",
            name="next_due_at",
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="due next"),
        ),
        # Empty until the next migration has filled it.
        migrations.AddField(
            model_name="handoff",
            name="source",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="leads.source",
                verbose_name="source",
            ),
        ),
    ]
