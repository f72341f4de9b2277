from django.db import migrations, models

import privacy.ids
from audit.operations import AppendOnly


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0013_authority_orders"),
        ("audit", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="StatisticsRelease",
            fields=[
                ("id", models.UUIDField(default=privacy.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ("question", models.CharField(max_length=20, verbose_name="question")),
                ("period", models.DateField(verbose_name="first day of the quarter")),
                ("published_at", models.DateTimeField(verbose_name="published")),
                ("mechanism", models.CharField(max_length=80, verbose_name="mechanism")),
                ("epsilon", models.FloatField(verbose_name="epsilon of a practice")),
                ("delta", models.FloatField(verbose_name="delta")),
                ("patient_epsilon", models.FloatField(verbose_name="epsilon of a patient")),
                ("bounds", models.JSONField(verbose_name="bounds")),
                ("cohort", models.CharField(max_length=64, verbose_name="mark of the cohort")),
                ("cohort_number", models.PositiveIntegerField(verbose_name="version of the cohort")),
                ("cells", models.JSONField(verbose_name="figures")),
            ],
            options={
                "verbose_name": "publication of statistics",
                "verbose_name_plural": "publications of statistics",
                "constraints": [
                    models.UniqueConstraint(fields=("question", "period"), name="statistics_answered_once"),
                    models.CheckConstraint(
                        condition=models.Q(("delta__gte", 0), ("epsilon__gt", 0)), name="statistics_cost_something"
                    ),
                ],
            },
        ),
        AppendOnly("records_statisticsrelease"),
    ]
