"""Files that carry an end of an older schedule are found without reading the others (NEW-05)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("records", "0005_archive")]

    operations = [
        migrations.AddIndex("patientfile", models.Index(fields=["schedule_version"], name="file_by_schedule")),
    ]
