from django.db import migrations, models


class Migration(migrations.Migration):
    """Indexes for every combination of filters of the submissions list."""

    dependencies = [
        ("leads", "0004_list_and_search"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="submission", name="submission_search_email"),
        migrations.AddIndex(
            model_name="submission",
            index=models.Index(
                fields=["email"], name="submission_search_email", opclasses=["varchar_pattern_ops"]
            ),
        ),
        migrations.AddIndex(
            model_name="submission",
            index=models.Index(
                fields=["review", "outcome", "-received_at", "-id"], name="submission_review_outcome"
            ),
        ),
        migrations.AddIndex(
            model_name="submission",
            index=models.Index(fields=["source", "-received_at", "-id"], name="submission_source"),
        ),
        migrations.AddIndex(
            model_name="submission",
            index=models.Index(
                fields=["source", "review", "-received_at", "-id"], name="submission_source_review"
            ),
        ),
        migrations.AddIndex(
            model_name="submission",
            index=models.Index(fields=["form", "-received_at", "-id"], name="submission_form"),
        ),
        migrations.AddIndex(
            model_name="submission",
            index=models.Index(
                fields=["form", "review", "-received_at", "-id"], name="submission_form_review"
            ),
        ),
        migrations.AddIndex(
            model_name="submission",
            index=models.Index(
                condition=models.Q(("outcome__in", ["spam", "duplicate"])),
                fields=["-received_at", "-id"],
                name="submission_junk",
            ),
        ),
    ]
