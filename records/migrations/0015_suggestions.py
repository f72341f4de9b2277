"""What machines suggest for a consultation, until a person decides on it (MD-31, PC-97, PC-98)."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import privacy.ids
import vault.fields
from care.operations import RowSecurity

GUARD = "SELECT lifecycle_guard('records_suggestion');"


class Migration(migrations.Migration):
    dependencies = [
        ("care", "0007_people_decide"),
        ("records", "0014_statistics"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Suggestion",
            fields=[
                ("id", models.UUIDField(default=privacy.ids.new_id, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(choices=[("draft", "a draft"), ("transcript", "a transcript")], max_length=10),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("ready", "Ready"),
                            ("accepted", "Accepted"),
                            ("declined", "Declined"),
                            ("dropped", "Dropped"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("asked_at", models.DateTimeField()),
                ("ready_at", models.DateTimeField(blank=True, null=True)),
                ("model", models.CharField(blank=True, max_length=80)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("ended_role", models.CharField(blank=True, max_length=20)),
                ("problem", models.CharField(blank=True, max_length=60)),
                ("remote_id", models.CharField(blank=True, max_length=64)),
                ("removal_id", models.UUIDField(blank=True, null=True)),
                ("removed_at", models.DateTimeField(blank=True, null=True)),
                ("text", vault.fields.SealedJSONField(blank=True, editable=False, null=True)),
                ("sound", vault.fields.SealedTextField(blank=True, editable=False, null=True)),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "consultation",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="suggestions",
                        to="records.consultation",
                    ),
                ),
                (
                    "ended_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
                "indexes": [
                    models.Index(
                        condition=models.Q(("removed_at", None), models.Q(("remote_id", ""), _negated=True)),
                        fields=["asked_at"],
                        name="suggestion_copy_there",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["draft", "transcript"])), name="suggestion_kind"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["waiting", "ready", "accepted", "declined", "dropped"])),
                        name="suggestion_state",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "waiting")),
                        fields=("consultation", "kind"),
                        name="suggestion_asked_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("remote_id", ""), _negated=True),
                        fields=("remote_id",),
                        name="suggestion_of_one_copy",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ("accepted", "declined")), _negated=True),
                            models.Q(
                                ("ended_by__isnull", False),
                                models.Q(("ended_role__in", ["system", "anonymous", ""]), _negated=True),
                            ),
                            ("ended_role", "operations"),
                            _connector="OR",
                        ),
                        name="suggestion_decided_by_a_person",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "waiting"), ("text__isnull", True)),
                            models.Q(("sound__isnull", True), ("state", "ready"), ("text__isnull", False)),
                            models.Q(("ended_at__isnull", False), ("sound__isnull", True), ("text__isnull", True)),
                            _connector="OR",
                        ),
                        name="suggestion_goes_with_its_decision",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("removed_at__isnull", True),
                            models.Q(("removal_id__isnull", False), models.Q(("remote_id", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="suggestion_removed_by_a_message",
                    ),
                ],
            },
        ),
        RowSecurity("records_suggestion"),
        migrations.RunSQL(GUARD, migrations.RunSQL.noop),
    ]
