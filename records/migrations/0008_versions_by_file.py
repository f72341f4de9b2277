"""A file's versions are found without reading all of them: a decision counts them (PC-41)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("records", "0007_archive_openings")]

    operations = [
        migrations.AddIndex("consultationversion", models.Index(fields=["file_id"], name="version_by_file")),
    ]
