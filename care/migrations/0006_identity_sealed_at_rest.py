"""A practice's name, often its owner's, is sealed at rest (PC-80; ADR 0011)."""

from django.db import migrations

import vault.rest_fields
from vault.operations import SealColumns


class Migration(migrations.Migration):
    dependencies = [
        ("care", "0005_emergency"),
    ]

    operations = [
        migrations.AlterField(
            model_name="practice",
            name="name",
            field=vault.rest_fields.AtRestCharField(max_length=200),
        ),
        SealColumns("care_practice", {"name": False}),
    ]
