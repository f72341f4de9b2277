"""The team: invitations, the confidentiality agreement, patients' consents (MD-40 to MD-42)."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import privacy.ids
from audit.operations import AppendOnly
from care.operations import RowSecurity

GUARD = "SELECT lifecycle_guard('care_staffconsent');"
NO_GUARD = "DROP TRIGGER deletion_door ON care_staffconsent; DROP TRIGGER rows_stay ON care_staffconsent;"


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0003_quick_rows"),
        ("lifecycle", "0012_erasure"),
        ("care", "0003_portal"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AgreementSignature",
            fields=[
                ("id", models.UUIDField(default=privacy.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ("membership_id", models.UUIDField()),
                ("account_id", models.UUIDField()),
                ("role", models.CharField(max_length=20)),
                ("number", models.PositiveIntegerField()),
                ("language", models.CharField(max_length=5)),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="AgreementText",
            fields=[
                ("id", models.UUIDField(default=privacy.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ("sha256", models.CharField(max_length=64, unique=True)),
                ("language", models.CharField(max_length=5)),
                ("number", models.PositiveIntegerField()),
                ("effective_on", models.DateField()),
                ("content", models.TextField()),
                ("published_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="StaffConsent",
            fields=[
                ("id", models.UUIDField(default=privacy.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ("file_id", models.UUIDField()),
                (
                    "how",
                    models.CharField(
                        choices=[
                            ("spoken", "in person"),
                            ("written", "in writing"),
                            ("phone", "by telephone"),
                            ("portal", "in the patient's portal"),
                        ],
                        max_length=10,
                    ),
                ),
                ("given_at", models.DateTimeField()),
                ("given_role", models.CharField(max_length=20)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("ended_role", models.CharField(blank=True, max_length=20)),
            ],
        ),
        migrations.CreateModel(
            name="StaffInvitation",
            fields=[
                ("id", models.UUIDField(default=privacy.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ("email", models.EmailField(blank=True, max_length=254)),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("assistant", "practice assistant"),
                            ("staff", "staff under the chief physician"),
                            ("technician", "technical provider"),
                        ],
                        max_length=20,
                    ),
                ),
                ("token_hash", models.CharField(max_length=64, unique=True)),
                ("invited_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(blank=True, null=True)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="membership",
            name="membership_role",
        ),
        migrations.AddField(
            model_name="membership",
            name="name",
            field=models.CharField(blank=True, max_length=120),
        ),
        migrations.AlterField(
            model_name="membership",
            name="role",
            field=models.CharField(
                choices=[
                    ("owner", "Owner"),
                    ("practitioner", "Practitioner"),
                    ("assistant", "Assistant"),
                    ("staff", "Staff"),
                    ("technician", "Technician"),
                ],
                max_length=20,
            ),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.CheckConstraint(
                condition=models.Q(("role__in", ["owner", "practitioner", "assistant", "staff", "technician"])),
                name="membership_role",
            ),
        ),
        migrations.AddConstraint(
            model_name="agreementtext",
            constraint=models.UniqueConstraint(fields=("language", "number"), name="one_agreement_a_number"),
        ),
        migrations.AddField(
            model_name="agreementsignature",
            name="text",
            field=models.ForeignKey(
                db_column="text_sha256",
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="care.agreementtext",
                to_field="sha256",
            ),
        ),
        migrations.AddField(
            model_name="staffconsent",
            name="ended_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="staffconsent",
            name="given_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="staffconsent",
            name="practice",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="care.practice"),
        ),
        migrations.AddField(
            model_name="staffinvitation",
            name="invited_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="staffinvitation",
            name="practice",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="care.practice"),
        ),
        migrations.AddField(
            model_name="staffinvitation",
            name="used_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddIndex(
            model_name="agreementsignature",
            index=models.Index(fields=["account_id"], name="agreement_by_account"),
        ),
        migrations.AddConstraint(
            model_name="agreementsignature",
            constraint=models.UniqueConstraint(
                fields=("membership_id", "number"), name="agreement_signed_once_a_version"
            ),
        ),
        migrations.AddIndex(
            model_name="staffconsent",
            index=models.Index(fields=["file_id"], name="staff_consent_by_file"),
        ),
        migrations.AddConstraint(
            model_name="staffconsent",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at__isnull", True)),
                fields=("practice", "file_id"),
                name="staff_consent_once_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="staffconsent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at__isnull", True), ("ended_by__isnull", True), ("ended_role", "")),
                    models.Q(
                        ("ended_at__gte", models.F("given_at")),
                        ("ended_by__isnull", False),
                        models.Q(("ended_role", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="staff_consent_ends_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="staffinvitation",
            constraint=models.CheckConstraint(
                condition=models.Q(("role__in", ["assistant", "staff", "technician"])), name="invitation_role"
            ),
        ),
        migrations.AddConstraint(
            model_name="staffinvitation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("used_at__isnull", True), ("used_by__isnull", True)),
                    models.Q(("revoked_at__isnull", True), ("used_at__isnull", False), ("used_by__isnull", False)),
                    _connector="OR",
                ),
                name="invitation_used_by_somebody_or_revoked",
            ),
        ),
        migrations.AddConstraint(
            model_name="staffinvitation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("revoked_at__isnull", True), ("used_at__isnull", True)),
                fields=("practice", "email"),
                name="one_open_invitation_per_address",
            ),
        ),
        AppendOnly("care_agreementtext"),
        AppendOnly("care_agreementsignature"),
        RowSecurity("care_staffinvitation"),
        RowSecurity("care_staffconsent"),
        migrations.RunSQL(GUARD, NO_GUARD),
    ]
