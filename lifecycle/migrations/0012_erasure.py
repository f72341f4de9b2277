"""Erasures as append-only evidence, certificates, the archive of closed accounts; and a planner that remembers nobody."""

from django.db import migrations, models

import privacy.ids
import vault.fields
from audit.operations import AppendOnly

# ANALYZE copies values of columns into the planner's statistics, where they outlive the rows (NEW-07). Nothing plans by
# these columns but equality over a unique index, which needs none. Giving a column its own type again drops what was kept.
FORGET = """
DO $$
DECLARE
  col record;
BEGIN
  FOR col IN
    SELECT named.tab, named.name, format_type(a.atttypid, a.atttypmod) AS type
      FROM (VALUES ('accounts_user', 'email'), ('accounts_user', 'password'),
        ('accounts_practitionerprofile', 'surname'), ('accounts_practitionerprofile', 'given_names'),
        ('accounts_practitionerprofile', 'rpps'), ('accounts_practitionerprofile', 'adeli'),
        ('accounts_practitionerprofile', 'qualifications'), ('accounts_practitionerprofile', 'phone'),
        ('accounts_practitionerprofile', 'address_line'), ('account_emailaddress', 'email'),
        ('account_emailconfirmation', 'key'), ('care_practice', 'name'), ('django_session', 'session_data'),
        ('django_admin_log', 'object_repr')) AS named (tab, name)
      JOIN pg_attribute a ON a.attrelid = named.tab::regclass AND a.attname = named.name AND NOT a.attisdropped
  LOOP
    EXECUTE format('ALTER TABLE %I ALTER COLUMN %I TYPE %s, ALTER COLUMN %I SET STATISTICS 0',
                   col.tab, col.name, col.type, col.name);
  END LOOP;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("lifecycle", "0011_versions_leave"),
        ("account", "0009_emailaddress_unique_primary_email"),
        ("accounts", "0001_initial"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("care", "0002_row_security"),
        ("sessions", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="ErasureCertificate",
            fields=[
                ("id", models.UUIDField(default=privacy.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ("erasure_id", models.UUIDField(unique=True, verbose_name="erasure")),
                ("made_at", models.DateTimeField(verbose_name="made")),
                ("content", models.TextField(verbose_name="statement")),
                ("pdf", models.BinaryField(verbose_name="document")),
                ("sent_at", models.DateTimeField(null=True, verbose_name="sent")),
            ],
            options={
                "verbose_name": "erasure certificate",
                "verbose_name_plural": "erasure certificates",
            },
        ),
        migrations.CreateModel(
            name="ClosedAccount",
            fields=[
                ("id", models.UUIDField(default=privacy.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ("account_id", models.UUIDField(unique=True, verbose_name="account")),
                ("closed_at", models.DateTimeField(verbose_name="closed")),
                ("keep_until", models.DateField(verbose_name="kept until")),
                ("jurisdiction", models.CharField(max_length=2, verbose_name="calendar")),
                ("identity", vault.fields.SealedJSONField(blank=True, editable=False, null=True)),
                ("sought", vault.fields.SealedJSONField(blank=True, editable=False, null=True)),
            ],
            options={
                "verbose_name": "closed account",
                "verbose_name_plural": "closed accounts",
                "indexes": [models.Index(fields=["keep_until"], name="closed_account_by_term")],
            },
        ),
        migrations.CreateModel(
            name="Erasure",
            fields=[
                ("id", models.UUIDField(default=privacy.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ("erasure_id", models.UUIDField(verbose_name="erasure")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("approved", "approved"),
                            ("decided", "decided"),
                            ("done", "done"),
                            ("verified", "verified"),
                            ("certified", "certified"),
                        ],
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("kind", models.CharField(max_length=8, verbose_name="kind")),
                ("subject_id", models.UUIDField(null=True, verbose_name="whose")),
                ("at", models.DateTimeField(verbose_name="when")),
                ("plan_sha256", models.CharField(max_length=64, verbose_name="plan")),
                ("approved_sha256", models.CharField(blank=True, max_length=64, verbose_name="approved plan")),
                ("replayed", models.BooleanField(default=False, verbose_name="after a restore")),
                ("figures", models.JSONField(default=dict, verbose_name="figures")),
                ("actor_id", models.UUIDField(null=True, verbose_name="who acted")),
                ("actor_role", models.CharField(max_length=20, verbose_name="in which role")),
            ],
            options={
                "verbose_name": "erasure",
                "verbose_name_plural": "erasures",
                "indexes": [models.Index(fields=["subject_id", "plan_sha256"], name="erasure_by_plan")],
                "constraints": [
                    models.UniqueConstraint(fields=("erasure_id", "state"), name="one_erasure_state"),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "decided")),
                        fields=("subject_id",),
                        name="one_erasure_decided_of_a_subject",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("actor_role__in", ("system", "operations", "anonymous")),
                            ("actor_id__isnull", False),
                            _connector="OR",
                        ),
                        name="erasure_imputable",
                    ),
                ],
            },
        ),
        AppendOnly("lifecycle_erasure"),
        migrations.RunSQL(FORGET, migrations.RunSQL.noop),
    ]
