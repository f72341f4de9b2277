"""Links by mail of our own for a forgotten password, and when renewing one was put off (MD-52, MD-53)."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import privacy.ids


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_identity_sealed_at_rest"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="renewal_put_off_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.CreateModel(
            name="CredentialLink",
            fields=[
                ("id", models.UUIDField(default=privacy.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ("kind", models.CharField(choices=[("reset", "a new password")], max_length=5)),
                ("token_hash", models.BinaryField(max_length=32, unique=True)),
                ("made_at", models.DateTimeField()),
                ("valid_until", models.DateTimeField()),
                ("used_at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "link by mail",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True), ("used_at__isnull", True)),
                        fields=("user", "kind"),
                        name="one_open_link_of_a_kind",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("used_at__isnull", True), ("ended_at__isnull", True), _connector="OR"),
                        name="link_is_used_or_ended",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("valid_until__gt", models.F("made_at"))), name="link_has_an_end"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("used_at__isnull", True), ("used_at__lt", models.F("valid_until")), _connector="OR"
                        ),
                        name="link_is_used_in_time",
                    ),
                ],
            },
        ),
    ]
