"""Training sets, their ends, and whose texts were in each (PC-21)."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import privacy.ids
from audit.operations import AppendOnly
from care.operations import RowSecurity

GUARD = "SELECT lifecycle_guard('records_trainingmember');"


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0001_initial"),
        ("care", "0007_people_decide"),
        ("records", "0015_suggestions"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="TrainingBuild",
            fields=[
                ("id", models.UUIDField(default=privacy.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField(unique=True, verbose_name="number")),
                ("built_at", models.DateTimeField(verbose_name="built")),
                ("asked_role", models.CharField(max_length=20, verbose_name="asked by")),
                ("rules", models.PositiveIntegerField(verbose_name="version of the rules")),
                ("minimum", models.PositiveIntegerField(verbose_name="least number of patients")),
                ("patients", models.PositiveIntegerField(verbose_name="patients")),
                ("texts", models.PositiveIntegerField(verbose_name="texts")),
                ("counts", models.JSONField(verbose_name="counts")),
                ("sha256", models.CharField(max_length=64, verbose_name="hash of the sealed file")),
                ("size", models.PositiveBigIntegerField(verbose_name="bytes")),
                ("expires_at", models.DateTimeField(verbose_name="kept until")),
            ],
            options={
                "verbose_name": "training set",
                "verbose_name_plural": "training sets",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("minimum__gte", 11)), name="training_set_of_eleven_at_least"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("patients__gte", models.F("minimum"))), name="training_set_is_large_enough"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TrainingEnd",
            fields=[
                ("id", models.UUIDField(default=privacy.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ("ended_at", models.DateTimeField(verbose_name="destroyed")),
                (
                    "why",
                    models.CharField(
                        choices=[
                            ("left", "somebody in it left"),
                            ("erased", "a file in it was destroyed"),
                            ("replaced", "a newer set took its place"),
                            ("expired", "its time was over"),
                            ("lost", "its key or its members were gone"),
                        ],
                        max_length=10,
                        verbose_name="why",
                    ),
                ),
                (
                    "build",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="end", to="records.trainingbuild"
                    ),
                ),
            ],
            options={
                "verbose_name": "end of a training set",
                "verbose_name_plural": "ends of training sets",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("why__in", ["left", "erased", "replaced", "expired", "lost"])),
                        name="training_end_says_why",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="TrainingMember",
            fields=[
                ("id", models.UUIDField(default=privacy.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ("left_at", models.DateTimeField(blank=True, null=True)),
                (
                    "left_why",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("patient", "the patient took their consent back"),
                            ("practice", "the practice took its own back"),
                            ("death", "the patient died"),
                            ("closed", "a consent ended by itself, or the file was closed"),
                            ("erased", "the file was destroyed"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "build",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="members", to="records.trainingbuild"
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
                "indexes": [models.Index(fields=["author"], name="training_member_by_author")],
                "constraints": [
                    models.UniqueConstraint(fields=("build", "file", "author"), name="training_member_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("left_at__isnull", True), ("left_why", "")),
                            models.Q(
                                ("left_at__isnull", False),
                                ("left_why__in", ["patient", "practice", "death", "closed", "erased"]),
                            ),
                            _connector="OR",
                        ),
                        name="training_member_left_for_a_reason",
                    ),
                ],
            },
        ),
        AppendOnly("records_trainingbuild"),
        AppendOnly("records_trainingend"),
        RowSecurity("records_trainingmember"),
        migrations.RunSQL(GUARD, migrations.RunSQL.noop),
    ]
