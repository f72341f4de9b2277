"""What a file said before it was corrected: behind the second wall, and never rewritten (PC-61)."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import privacy.ids
import vault.fields
from care.operations import RowSecurity

# What stood there stands as it was kept. ENABLE ALWAYS: session_replication_role doesn't silence it.
STANDS = """
CREATE FUNCTION records_correction_stands() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'correction % stands as it was kept', old.id USING errcode = '23001';
END $$;
CREATE TRIGGER correction_stands BEFORE UPDATE ON records_correction
  FOR EACH ROW EXECUTE FUNCTION records_correction_stands();
ALTER TABLE records_correction ENABLE ALWAYS TRIGGER correction_stands;
"""
FALLS = "DROP TRIGGER correction_stands ON records_correction; DROP FUNCTION records_correction_stands();"


class Migration(migrations.Migration):
    dependencies = [
        ("care", "0007_people_decide"),
        ("records", "0011_people_decide"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Correction",
            fields=[
                ("id", models.UUIDField(default=privacy.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ("corrected_at", models.DateTimeField()),
                (
                    "fields",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=30), size=None),
                ),
                ("before", vault.fields.SealedJSONField(blank=True, editable=False, null=True)),
                (
                    "corrected_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "file",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="%(class)ss", to="records.patientfile"
                    ),
                ),
                (
                    "practice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="care.practice"
                    ),
                ),
            ],
            options={
                "abstract": False,
                "indexes": [models.Index(fields=["file", "-corrected_at"], name="correction_by_file")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("before__isnull", False)), name="correction_keeps_what_was"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("fields", []), _negated=True), name="correction_of_something"
                    ),
                ],
            },
        ),
        RowSecurity("records_correction"),
        migrations.RunSQL(STANDS, FALLS),
    ]
