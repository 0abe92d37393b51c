"""Versions that are in force already are signed by nobody in particular, so that nothing waits for paperwork."""

from django.db import migrations, models

from sla.defaults import sign_what_is_in_force


def sign(apps, schema_editor):
    sign_what_is_in_force(apps)


class Migration(migrations.Migration):
    dependencies = [("sla", "0008_signed_versions")]
    operations = [
        migrations.RunPython(sign, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="agreementversion",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["draft", "proposed"])),
                fields=("agreement",),
                name="agreement_one_open_version",
            ),
        ),
        migrations.AddConstraint(
            model_name="agreementversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["draft", "proposed", "signed"])),
                name="agreement_version_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="agreementversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "signed"), _negated=True),
                    ("in_force_from__isnull", False),
                    _connector="OR",
                ),
                name="agreement_version_signed_holds_from_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="agreementversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("digest", ""), ("document__isnull", True), ("state", "draft")),
                    models.Q(
                        models.Q(("state", "draft"), _negated=True),
                        models.Q(("digest", ""), _negated=True),
                        ("document__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="agreement_version_text_is_kept_once_proposed",
            ),
        ),
        migrations.AddConstraint(
            model_name="agreementversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("acceptance_percent__lte", 100), ("clerical_percent__lte", 100)),
                name="agreement_version_percents",
            ),
        ),
        migrations.AddConstraint(
            model_name="agreementversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("ready_threshold__gte", models.F("mql_threshold"))),
                name="agreement_version_thresholds_in_order",
            ),
        ),
    ]
