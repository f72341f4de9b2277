"""A new version of the register of subprocessors is announced before it counts (PC-90)."""

from django.db import migrations, models

import privacy.ids
from audit.operations import AppendOnly


class Migration(migrations.Migration):
    initial = True
    dependencies = [("audit", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Announcement",
            fields=[
                ("id", models.UUIDField(default=privacy.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField(unique=True, verbose_name="version of the register")),
                ("effective_on", models.DateField(verbose_name="in force from")),
                ("at", models.DateTimeField(verbose_name="announced")),
                ("actor_id", models.UUIDField(null=True, verbose_name="who announced it")),
                ("actor_role", models.CharField(max_length=20, verbose_name="in which role")),
            ],
            options={
                "verbose_name": "announcement of a subprocessor change",
                "verbose_name_plural": "announcements of subprocessor changes",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("number__gt", 1)), name="register_announcement_of_a_change"
                    ),
                ],
            },
        ),
        AppendOnly("subprocessors_announcement"),
    ]
