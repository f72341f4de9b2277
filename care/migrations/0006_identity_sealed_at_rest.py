"""A practice's name, often its owner's, and who is in its team or invited, are sealed at rest (PC-80; ADR 0011)."""

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
        migrations.AlterField(
            model_name="membership",
            name="name",
            field=vault.rest_fields.AtRestCharField(blank=True, max_length=120),
        ),
        SealColumns("care_membership", {"name": False}),
        migrations.AlterField(
            model_name="staffinvitation",
            name="email",
            field=vault.rest_fields.AtRestEmailField(blank=True, max_length=254),
        ),
        SealColumns("care_staffinvitation", {"email": True}),
    ]
