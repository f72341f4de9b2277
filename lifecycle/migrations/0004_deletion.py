"""The events of deletion requests: append-only evidence (PC-34)."""

from django.db import migrations, models

import privacy.ids
from audit.operations import AppendOnly


class Migration(migrations.Migration):
    dependencies = [
        ("lifecycle", "0003_runs"),
    ]

    operations = [
        migrations.CreateModel(
            name="DeletionEvent",
            fields=[
                ("id", models.UUIDField(default=privacy.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ("account_id", models.UUIDField(verbose_name="account")),
                ("number", models.PositiveIntegerField(verbose_name="entry")),
                ("request", models.PositiveIntegerField(verbose_name="request")),
                ("kind", models.CharField(max_length=12, verbose_name="kind")),
                ("at", models.DateTimeField(verbose_name="when")),
                ("execute_at", models.DateTimeField(null=True, verbose_name="executed at")),
                ("plan_sha256", models.CharField(blank=True, max_length=64, verbose_name="plan")),
                ("why", models.CharField(blank=True, max_length=16, verbose_name="why it was stopped")),
                ("actor_id", models.UUIDField(null=True, verbose_name="who acted")),
                ("actor_role", models.CharField(max_length=20, verbose_name="in which role")),
                ("channel", models.CharField(max_length=10, verbose_name="channel")),
            ],
            options={
                "verbose_name": "deletion event",
                "verbose_name_plural": "deletion events",
                "indexes": [
                    models.Index(
                        condition=models.Q(("kind__in", ["requested", "waived"])),
                        fields=["execute_at"],
                        name="deletion_instants",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("account_id", "number"), name="one_deletion_event_a_number")
                ],
            },
        ),
        AppendOnly("lifecycle_deletionevent"),
    ]
