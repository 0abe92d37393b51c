from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_api_tokens"),
        ("leads", "0008_merged_leads"),
        ("sla", "0022_inbox_by_index"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="handoff",
            name="handoff_quality",
        ),
        migrations.AddIndex(
            model_name="handoff",
            index=models.Index(
                fields=["state", "started_at"],
                include=(
                    "team",
                    "owner",
                    "accepted_at",
                    "assigned_at",
                    "ready_at",
                    "reason",
                    "source",
                    "tier",
                ),
                name="handoff_quality",
            ),
        ),
    ]
