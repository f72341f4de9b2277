"""Openings of the archive leave with their file only, by the one deletion door (PC-41)."""

from django.db import migrations

GUARD = "SELECT lifecycle_guard('records_archiveopening');"
NO_GUARD = "DROP TRIGGER deletion_door ON records_archiveopening; DROP TRIGGER rows_stay ON records_archiveopening;"


class Migration(migrations.Migration):
    dependencies = [("lifecycle", "0009_rights"), ("records", "0007_archive_openings")]

    operations = [migrations.RunSQL(GUARD, NO_GUARD)]
