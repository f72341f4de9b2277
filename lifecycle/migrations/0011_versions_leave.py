"""The signed versions of a consultation leave once their file was destroyed, and only then (PC-41, PC-50)."""

from django.db import migrations

from audit.operations import RowsLeave

DESTROYED = "exists (select from lifecycle_disposal where file_id = gone.file_id)"


class Migration(migrations.Migration):
    dependencies = [("lifecycle", "0010_archive_door"), ("records", "0002_walls")]

    operations = [RowsLeave("records_consultationversion", rule="", months=0, clock="signed_at", only=DESTROYED)]
