"""The breach register (GDPR Art. 33(5))."""

import django.db.models.functions.datetime
from django.db import migrations, models

import privacy.ids
import vault.fields
from audit.operations import AppendOnly, RowsLeave


class Migration(migrations.Migration):
    dependencies = [
        ("lifecycle", "0013_restriction_door"),
    ]

    operations = [
        migrations.CreateModel(
            name="BreachEvent",
            fields=[
                ("id", models.UUIDField(default=privacy.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ("breach_id", models.UUIDField(verbose_name="breach")),
                ("number", models.PositiveIntegerField(verbose_name="number")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("opened", "entered"),
                            ("scoped", "scope added"),
                            ("decided", "risk decided"),
                            ("authority", "authority told"),
                            ("people", "people told"),
                            ("passwords", "new passwords asked for"),
                            ("closed", "closed"),
                        ],
                        max_length=10,
                        verbose_name="what",
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="when")),
                ("actor_id", models.UUIDField(null=True, verbose_name="who")),
                ("actor_role", models.CharField(max_length=20, verbose_name="in which role")),
                ("facts", models.JSONField(default=dict, verbose_name="facts")),
                ("said", vault.fields.SealedJSONField(blank=True, editable=False, null=True)),
                ("seq", models.BigIntegerField(default=0, editable=False)),
                (
                    "written_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("leaf", models.BinaryField(default=b"")),
            ],
            options={
                "verbose_name": "entry of the breach register",
                "verbose_name_plural": "breach register",
                "constraints": [
                    models.UniqueConstraint(fields=("breach_id", "number"), name="breach_event_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("kind__in", ("opened", "authority", "closed"))),
                        fields=("breach_id", "kind"),
                        name="breach_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("actor_role__in", ("system", "operations", "anonymous")),
                            ("actor_id__isnull", False),
                            _connector="OR",
                        ),
                        name="breach_event_imputable",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BreachNotice",
            fields=[
                ("id", models.UUIDField(default=privacy.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ("breach_id", models.UUIDField(verbose_name="breach")),
                (
                    "whom",
                    models.CharField(
                        choices=[
                            ("holder", "whose credentials were used"),
                            ("controller", "in whose practice a file was opened"),
                            ("patient", "whose file was opened"),
                        ],
                        max_length=10,
                        verbose_name="whom",
                    ),
                ),
                ("subject_id", models.UUIDField(verbose_name="account or file")),
                ("due_at", models.DateTimeField(verbose_name="decided")),
                ("sent_at", models.DateTimeField(null=True, verbose_name="sent")),
                ("by_post", models.BooleanField(default=False, verbose_name="to be told by letter")),
            ],
            options={
                "verbose_name": "notice of a breach",
                "verbose_name_plural": "notices of breaches",
                "constraints": [
                    models.UniqueConstraint(fields=("breach_id", "whom", "subject_id"), name="breach_notice_once")
                ],
            },
        ),
        AppendOnly("lifecycle_breachevent"),
        RowsLeave("lifecycle_breachevent", "PC-52", 36),
    ]
