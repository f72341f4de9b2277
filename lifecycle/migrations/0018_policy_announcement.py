"""New versions of the policy are announced before they take effect (MD-13)."""

from django.db import migrations, models

import privacy.ids
from audit.operations import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("lifecycle", "0017_corrections_door")]

    operations = [
        migrations.CreateModel(
            name="PolicyAnnouncement",
            fields=[
                ("id", models.UUIDField(default=privacy.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField(unique=True, verbose_name="version of the policy")),
                ("effective_on", models.DateField(verbose_name="in force from")),
                ("material", models.BooleanField(verbose_name="material")),
                ("at", models.DateTimeField(verbose_name="announced")),
                ("actor_id", models.UUIDField(null=True, verbose_name="who announced it")),
                ("actor_role", models.CharField(max_length=20, verbose_name="in which role")),
            ],
            options={
                "verbose_name": "announcement of a policy version",
                "verbose_name_plural": "announcements of policy versions",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("number__gt", 1)), name="policy_announcement_of_a_change"
                    ),
                ],
            },
        ),
        AppendOnly("lifecycle_policyannouncement"),
    ]
