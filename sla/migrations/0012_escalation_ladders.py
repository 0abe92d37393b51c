"""Ladders of promises, and their steps on clocks."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("sla", "0011_away_told"),
    ]

    operations = [
        migrations.CreateModel(
            name="Escalation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(verbose_name="position")),
                ("at", models.DateTimeField(verbose_name="planned for")),
                (
                    "state",
                    models.CharField(
                        choices=[("planned", "Planned"), ("done", "Done"), ("skipped", "Skipped")],
                        default="planned",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("done_at", models.DateTimeField(blank=True, null=True, verbose_name="done")),
                ("is_late", models.BooleanField(default=False, verbose_name="late")),
                ("detail", models.CharField(blank=True, max_length=40, verbose_name="detail")),
            ],
            options={
                "verbose_name": "escalation",
                "verbose_name_plural": "escalations",
                "ordering": ["clock", "at", "position"],
            },
        ),
        migrations.CreateModel(
            name="LadderStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(verbose_name="step")),
                (
                    "when",
                    models.CharField(
                        choices=[
                            ("share", "% of the target"),
                            ("before", "before the due time"),
                            ("after", "after the due time"),
                        ],
                        max_length=8,
                        verbose_name="when",
                    ),
                ),
                (
                    "amount",
                    models.PositiveIntegerField(
                        validators=[django.core.validators.MaxValueValidator(31622400)], verbose_name="amount"
                    ),
                ),
                (
                    "hours",
                    models.CharField(
                        blank=True,
                        choices=[("working", "in the hours of the promise"), ("wall", "by the wall clock")],
                        default="working",
                        max_length=8,
                        verbose_name="time",
                    ),
                ),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("notify_rep", "Tell the rep"),
                            ("notify_manager", "Tell the managers"),
                            ("notify_channel", "Tell the channels"),
                            ("put_first", "Put first in the inbox"),
                            ("reassign", "Take back and give to the next rep"),
                            ("return_to_queue", "Take back into the team’s queue"),
                        ],
                        max_length=16,
                        verbose_name="action",
                    ),
                ),
            ],
            options={
                "verbose_name": "step of a ladder",
                "verbose_name_plural": "steps of ladders",
                "ordering": ["promise", "position"],
            },
        ),
        migrations.AddField(
            model_name="handoff",
            name="put_first_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="put first"),
        ),
        migrations.AddField(
            model_name="escalation",
            name="clock",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="escalations",
                to="sla.clock",
                verbose_name="clock",
            ),
        ),
        migrations.AddField(
            model_name="ladderstep",
            name="promise",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="ladder",
                to="sla.promise",
                verbose_name="promise",
            ),
        ),
        migrations.AddField(
            model_name="escalation",
            name="step",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="sla.ladderstep",
                verbose_name="step",
            ),
        ),
        migrations.AddConstraint(
            model_name="ladderstep",
            constraint=models.UniqueConstraint(fields=("promise", "position"), name="ladder_position"),
        ),
        migrations.AddConstraint(
            model_name="ladderstep",
            constraint=models.CheckConstraint(
                condition=models.Q(("when__in", ["share", "before", "after"])), name="ladder_when_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="ladderstep",
            constraint=models.CheckConstraint(
                condition=models.Q(("hours__in", ["working", "wall"])), name="ladder_hours_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="ladderstep",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "action__in",
                        [
                            "notify_rep",
                            "notify_manager",
                            "notify_channel",
                            "put_first",
                            "reassign",
                            "return_to_queue",
                        ],
                    )
                ),
                name="ladder_action_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="ladderstep",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("amount__range", (1, 1000)), ("hours", "working"), ("when", "share")),
                    models.Q(("amount__range", (1, 31622400)), ("when", "before")),
                    models.Q(("amount__range", (0, 31622400)), ("when", "after")),
                    _connector="OR",
                ),
                name="ladder_amount_fits",
            ),
        ),
        migrations.AddIndex(
            model_name="escalation",
            index=models.Index(
                condition=models.Q(("state", "planned")),
                fields=["at", "position", "id"],
                name="escalation_escalate",
            ),
        ),
        migrations.AddConstraint(
            model_name="escalation",
            constraint=models.UniqueConstraint(fields=("clock", "step"), name="escalation_once_per_clock"),
        ),
        migrations.AddConstraint(
            model_name="escalation",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["planned", "done", "skipped"])), name="escalation_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="escalation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("done_at__isnull", True), ("state", "planned")),
                    models.Q(models.Q(("state", "planned"), _negated=True), ("done_at__isnull", False)),
                    _connector="OR",
                ),
                name="escalation_done_has_a_time",
            ),
        ),
    ]
