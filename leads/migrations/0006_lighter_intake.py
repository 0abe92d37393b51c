import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

# What is not known of an arrival yet is in no index.
KNOWN_OUTCOME = ~Q(outcome="")
KNOWN_FORM = Q(form__isnull=False)


class Migration(migrations.Migration):
    """Taking a submission in writes half of its indexes; the others are written once their column says something."""

    dependencies = [
        ("leads", "0005_submission_lists"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="submission", name="submission_outcome"),
        migrations.RemoveIndex(model_name="submission", name="submission_review_outcome"),
        migrations.RemoveIndex(model_name="submission", name="submission_form"),
        migrations.RemoveIndex(model_name="submission", name="submission_form_review"),
        migrations.AlterField(
            model_name="submission",
            name="contact",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="submissions",
                to="leads.contact",
                verbose_name="contact",
            ),
        ),
        migrations.AlterField(
            model_name="submission",
            name="duplicate_of",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="repeats",
                to="leads.submission",
                verbose_name="repeats",
            ),
        ),
        migrations.AddIndex(
            model_name="submission",
            index=models.Index(
                fields=["contact"], name="submission_of_contact", condition=Q(contact__isnull=False)
            ),
        ),
        migrations.AddIndex(
            model_name="submission",
            index=models.Index(
                fields=["duplicate_of"], name="submission_repeats", condition=Q(duplicate_of__isnull=False)
            ),
        ),
        migrations.AddIndex(
            model_name="submission",
            index=models.Index(
                fields=["outcome", "-received_at", "-id"], name="submission_outcome", condition=KNOWN_OUTCOME
            ),
        ),
        migrations.AddIndex(
            model_name="submission",
            index=models.Index(
                fields=["review", "outcome", "-received_at", "-id"],
                name="submission_review_outcome",
                condition=KNOWN_OUTCOME,
            ),
        ),
        migrations.AddIndex(
            model_name="submission",
            index=models.Index(
                fields=["form", "-received_at", "-id"], name="submission_form", condition=KNOWN_FORM
            ),
        ),
        migrations.AddIndex(
            model_name="submission",
            index=models.Index(
                fields=["form", "review", "-received_at", "-id"],
                name="submission_form_review",
                condition=KNOWN_FORM,
            ),
        ),
    ]
