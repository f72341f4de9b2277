"""Versions of the retention schedule, append-only (NEW-05)."""

from django.db import migrations, models

import privacy.ids
from audit.operations import AppendOnly


class Migration(migrations.Migration):
    dependencies = [
        ("lifecycle", "0004_deletion"),
    ]

    operations = [
        migrations.CreateModel(
            name="ScheduleVersion",
            fields=[
                ("id", models.UUIDField(default=privacy.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField(verbose_name="version")),
                (
                    "step",
                    models.CharField(
                        choices=[("proposed", "proposed"), ("approved", "approved")], max_length=10, verbose_name="step"
                    ),
                ),
                ("replaces", models.PositiveIntegerField(verbose_name="takes the place of version")),
                ("rules", models.JSONField(verbose_name="rules")),
                ("sha256", models.CharField(max_length=64, verbose_name="digest")),
                ("at", models.DateTimeField(verbose_name="when")),
                ("actor_id", models.UUIDField(null=True, verbose_name="who acted")),
                ("actor_role", models.CharField(max_length=20, verbose_name="in which role")),
            ],
            options={
                "verbose_name": "version of the retention schedule",
                "verbose_name_plural": "versions of the retention schedule",
                "constraints": [
                    models.UniqueConstraint(fields=("number", "step"), name="schedule_step_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("step", "approved")), fields=("replaces",), name="schedule_replaced_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("step__in", ["proposed", "approved"])), name="schedule_step"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("number__gt", models.F("replaces")), ("replaces__gte", 1)),
                        name="schedule_goes_on",
                    ),
                ],
            },
        ),
        AppendOnly("lifecycle_scheduleversion"),
    ]
