"""Lost credentials: what was cut, who checked and issued anew (MD-51)."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import privacy.ids
import vault.rest_fields


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_forgotten_password"),
    ]

    operations = [
        migrations.AddField(
            model_name="credentiallink",
            name="code_mac",
            field=models.BinaryField(blank=True, default=b"", max_length=32),
        ),
        migrations.AddField(
            model_name="credentiallink",
            name="wrong_codes",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AlterField(
            model_name="credentiallink",
            name="kind",
            field=models.CharField(
                choices=[
                    ("reset", "a new password"),
                    ("lost", "the cut of what is lost"),
                    ("issue", "new credentials"),
                ],
                max_length=5,
            ),
        ),
        migrations.CreateModel(
            name="CredentialCut",
            fields=[
                ("id", models.UUIDField(default=privacy.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                (
                    "said",
                    models.CharField(
                        choices=[
                            ("link", "its owner, by a link to the mailbox"),
                            ("owner", "its owner, signed in"),
                            ("office", "the office"),
                        ],
                        max_length=6,
                    ),
                ),
                ("lost", models.CharField(max_length=40)),
                ("reason", vault.rest_fields.AtRestTextField(blank=True)),
                ("sessions", models.PositiveIntegerField()),
                ("factors", models.PositiveIntegerField()),
                ("links", models.PositiveIntegerField()),
                ("locked", models.BooleanField()),
                (
                    "proof",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("passport", "passport"),
                            ("card", "identity card"),
                            ("permit", "residence permit"),
                            ("licence", "driving licence"),
                            ("pro", "professional card of a health practitioner"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "seen",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("desk", "at the desk, the person present"),
                            ("video", "in a video call, document beside the face"),
                            ("practice", "by the practice that knows the person, called back on its public number"),
                        ],
                        max_length=10,
                    ),
                ),
                ("checked_at", models.DateTimeField(blank=True, null=True)),
                ("checked_by_id", models.UUIDField(blank=True, null=True)),
                ("issued_at", models.DateTimeField(blank=True, null=True)),
                ("issued_by_id", models.UUIDField(blank=True, null=True)),
                ("done_at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "cut of lost credentials",
            },
        ),
        migrations.AddField(
            model_name="credentiallink",
            name="cut",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="accounts.credentialcut",
            ),
        ),
        migrations.AddConstraint(
            model_name="credentiallink",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("cut__isnull", False), ("kind", "issue"), models.Q(("code_mac", b""), _negated=True)),
                    models.Q(models.Q(("kind", "issue"), _negated=True), ("code_mac", b""), ("cut__isnull", True)),
                    _connector="OR",
                ),
                name="link_to_new_credentials_has_a_code",
            ),
        ),
        migrations.AddIndex(
            model_name="credentialcut",
            index=models.Index(fields=["user", "-at"], name="credential_cut_by_account"),
        ),
        migrations.AddConstraint(
            model_name="credentialcut",
            constraint=models.UniqueConstraint(
                condition=models.Q(("done_at__isnull", True), ("ended_at__isnull", True), ("locked", True)),
                fields=("user",),
                name="one_cut_waits_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="credentialcut",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("checked_at__isnull", True), ("proof", ""), ("seen", "")),
                    models.Q(
                        ("checked_at__isnull", False),
                        ("locked", True),
                        models.Q(("proof", ""), _negated=True),
                        models.Q(("seen", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="cut_checked_by_a_proof",
            ),
        ),
        migrations.AddConstraint(
            model_name="credentialcut",
            constraint=models.CheckConstraint(
                condition=models.Q(("issued_at__isnull", True), ("checked_at__isnull", False), _connector="OR"),
                name="cut_issued_after_the_check",
            ),
        ),
        migrations.AddConstraint(
            model_name="credentialcut",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("done_at__isnull", True),
                    models.Q(("ended_at__isnull", True), ("issued_at__isnull", False)),
                    _connector="OR",
                ),
                name="cut_done_by_what_was_issued",
            ),
        ),
    ]
