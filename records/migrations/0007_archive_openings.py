"""Openings of the archive, and consultations that never took place."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import privacy.ids
import vault.fields
from care.operations import RowSecurity

# Who opened the archive, and why, is never rewritten. ENABLE ALWAYS: session_replication_role doesn't silence it.
STANDS = """
CREATE FUNCTION records_opening_stands() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'opening % of the archive stands as it was written', old.id USING errcode = '23001';
END $$;
CREATE TRIGGER opening_stands BEFORE UPDATE ON records_archiveopening
  FOR EACH ROW EXECUTE FUNCTION records_opening_stands();
ALTER TABLE records_archiveopening ENABLE ALWAYS TRIGGER opening_stands;
"""
FALLS = "DROP TRIGGER opening_stands ON records_archiveopening; DROP FUNCTION records_opening_stands();"


class Migration(migrations.Migration):
    dependencies = [
        ("care", "0002_row_security"),
        ("records", "0006_schedule_index"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ArchiveOpening",
            fields=[
                ("id", models.UUIDField(default=privacy.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ("opened_at", models.DateTimeField()),
                (
                    "opened_role",
                    models.CharField(
                        choices=[("practitioner", "the owner of the practice"), ("dpo", "the data protection officer")],
                        max_length=20,
                    ),
                ),
                ("until", models.DateField()),
                ("why", vault.fields.SealedTextField(blank=True, editable=False, null=True)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.RemoveConstraint(
            model_name="consultation",
            name="consultation_signed_by_somebody_at_a_moment",
        ),
        migrations.AlterField(
            model_name="consultation",
            name="status",
            field=models.CharField(
                choices=[("draft", "Draft"), ("signed", "Signed"), ("struck", "Struck")], default="draft", max_length=10
            ),
        ),
        migrations.AddConstraint(
            model_name="consultation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("signed_at__isnull", True), ("signed_by__isnull", True), ("status", "draft")),
                    models.Q(
                        ("signed_at__isnull", False), ("signed_by__isnull", False), ("status__in", ("signed", "struck"))
                    ),
                    _connector="OR",
                ),
                name="consultation_signed_by_somebody_at_a_moment",
            ),
        ),
        migrations.AddField(
            model_name="archiveopening",
            name="file",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="%(class)ss", to="records.patientfile"
            ),
        ),
        migrations.AddField(
            model_name="archiveopening",
            name="opened_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="archiveopening",
            name="practice",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="care.practice"),
        ),
        migrations.AddIndex(
            model_name="archiveopening",
            index=models.Index(fields=["file", "-opened_at"], name="opening_by_file"),
        ),
        migrations.AddIndex(
            model_name="archiveopening",
            index=models.Index(fields=["-opened_at"], name="opening_by_moment"),
        ),
        migrations.AddConstraint(
            model_name="archiveopening",
            constraint=models.CheckConstraint(
                condition=models.Q(("opened_role__in", ("practitioner", "dpo"))), name="opening_role"
            ),
        ),
        migrations.AddConstraint(
            model_name="archiveopening",
            constraint=models.CheckConstraint(condition=models.Q(("why__isnull", False)), name="opening_says_why"),
        ),
        RowSecurity("records_archiveopening"),
        migrations.RunSQL(STANDS, FALLS),
    ]
