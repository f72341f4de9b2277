"""Each file knows its last day in daily use, and what became of it since (PC-41)."""

from django.db import migrations, models

import vault.fields

# As records.clock writes it: five years from the last consultation, on the practice's calendar. The scope is set
# because row security holds for the owner too.
ACTIVE_PARTS = """
SELECT set_config('praticonnect.scope', 'all', true);
UPDATE records_patientfile AS file
   SET active_until = (coalesce(file.last_consultation_on,
         (file.created_at AT TIME ZONE CASE practice.jurisdiction WHEN 'IL' THEN 'Asia/Jerusalem'
                                       ELSE 'Europe/Paris' END)::date) + interval '5 years')::date
  FROM care_practice AS practice WHERE practice.id = file.practice_id;
SELECT set_config('praticonnect.scope', '', true);
"""


class Migration(migrations.Migration):
    dependencies = [("records", "0004_search_without_index")]

    operations = [
        migrations.AddField("patientfile", "active_until", models.DateField(null=True)),
        migrations.AddField("patientfile", "archived_at", models.DateTimeField(blank=True, editable=False, null=True)),
        migrations.AddField("patientfile", "reopened_until", models.DateField(blank=True, editable=False, null=True)),
        migrations.AddField("patientfile", "schedule_version", models.PositiveIntegerField(default=1, editable=False)),
        migrations.AddField("patientfile", "leaving_at", models.DateTimeField(blank=True, editable=False, null=True)),
        migrations.AddField(
            "patientfile", "died_on", vault.fields.SealedTextField(blank=True, editable=False, null=True)
        ),
        migrations.RunSQL(ACTIVE_PARTS, migrations.RunSQL.noop),
        migrations.AlterField("patientfile", "active_until", models.DateField()),
        migrations.AddIndex(
            "patientfile",
            models.Index(
                fields=["active_until"],
                condition=models.Q(archived_at=None, leaving_at=None),
                name="file_to_archive",
            ),
        ),
        migrations.AddIndex(
            "patientfile",
            models.Index(
                fields=["active_until"], condition=models.Q(archived_at__isnull=False), name="file_in_archive"
            ),
        ),
        migrations.AddIndex(
            "patientfile",
            models.Index(fields=["leaving_at"], condition=models.Q(leaving_at__isnull=False), name="file_leaving"),
        ),
    ]
