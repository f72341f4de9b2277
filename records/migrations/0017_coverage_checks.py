"""Questions to a patient's payer and what came of them (MD-73)."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import privacy.ids
from care.operations import RowSecurity

GUARD = "SELECT lifecycle_guard('records_coveragecheck');"
SAID = ["covered", "not_covered", "unknown_member"]
OUTCOMES = [
    ("covered", "covered"),
    ("not_covered", "not covered"),
    ("unknown_member", "unknown to the payer"),
    ("unreachable", "the payer could not be reached"),
    ("unclear", "the payer gave no usable answer"),
    ("closed", "the way to the payer is closed here"),
    ("no_number", "no number to ask with"),
    ("stopped", "stopped: the file is left alone"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0016_training"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CoverageCheck",
            fields=[
                ("id", models.UUIDField(default=privacy.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ("payer", models.CharField(max_length=30)),
                ("about_on", models.DateField()),
                ("asked_at", models.DateTimeField()),
                ("outcome", models.CharField(blank=True, choices=OUTCOMES, max_length=20)),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
                ("source", models.CharField(blank=True, max_length=253)),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "file",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="%(class)ss", to="records.patientfile"
                    ),
                ),
                (
                    "practice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="care.practice"
                    ),
                ),
            ],
            options={
                "abstract": False,
                "indexes": [models.Index(fields=["file", "-asked_at"], name="coverage_of_file")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("outcome", "")), fields=("file",), name="coverage_asked_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("outcome__in", ["", *(name for name, _words in OUTCOMES)])),
                        name="coverage_outcome",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answered_at__isnull", True), ("outcome", ""), ("source", "")),
                            models.Q(
                                models.Q(("outcome", ""), _negated=True), ("answered_at__gte", models.F("asked_at"))
                            ),
                            _connector="OR",
                        ),
                        name="coverage_answered_at_a_moment",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("outcome__in", SAID), _negated=True),
                            models.Q(("source", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="coverage_said_by_somebody",
                    ),
                ],
            },
        ),
        RowSecurity("records_coveragecheck"),
        migrations.RunSQL(GUARD, migrations.RunSQL.noop),
    ]
