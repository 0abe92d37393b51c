import django.db.models.deletion
import django.db.models.functions.comparison
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_api_tokens"),
        ("leads", "0008_merged_leads"),
        ("sla", "0021_copy_time_left_and_source"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="handoff",
            name="handoff_queue",
        ),
        migrations.RemoveIndex(
            model_name="handoff",
            name="handoff_inbox",
        ),
        migrations.RemoveIndex(
            model_name="handoff",
            name="handoff_team",
        ),
        migrations.RemoveIndex(
            model_name="handoff",
            name="handoff_quality",
        ),
        migrations.AlterField(
            model_name="handoff",
            name="source",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="leads.source",
                verbose_name="source",
            ),
        ),
        migrations.AddIndex(
            model_name="handoff",
            index=models.Index(
                condition=models.Q(("state__in", ("waiting", "accepted"))),
                fields=["owner", "put_first_at", "next_due_at", "started_at", "id"],
                name="handoff_inbox",
            ),
        ),
        migrations.AddIndex(
            model_name="handoff",
            index=models.Index(
                condition=models.Q(("owner__isnull", True), ("state", "waiting")),
                fields=["team", "put_first_at", "next_due_at", "started_at", "id"],
                name="handoff_queue",
            ),
        ),
        migrations.AddIndex(
            model_name="handoff",
            index=models.Index(
                condition=models.Q(("state__in", ("waiting", "accepted"))),
                fields=["team", "put_first_at", "next_due_at", "started_at", "id"],
                name="handoff_team",
            ),
        ),
        migrations.AddIndex(
            model_name="handoff",
            index=models.Index(
                condition=models.Q(("state__in", ("waiting", "accepted"))),
                fields=["put_first_at", "next_due_at", "started_at", "id"],
                name="handoff_all_teams",
            ),
        ),
        migrations.AddIndex(
            model_name="handoff",
            index=models.Index(
                django.db.models.functions.comparison.Coalesce("assigned_at", "started_at"),
                condition=models.Q(("state__in", ("waiting", "accepted"))),
                name="handoff_arrivals",
            ),
        ),
        migrations.AddIndex(
            model_name="handoff",
            index=models.Index(
                fields=["started_at"],
                include=(
                    "team",
                    "owner",
                    "accepted_at",
                    "assigned_at",
                    "ready_at",
                    "reason",
                    "source",
                    "state",
                    "tier",
                ),
                name="handoff_quality",
            ),
        ),
    ]
