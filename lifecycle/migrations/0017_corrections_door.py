"""What a file said before leaves with the file only, by the one deletion door (PC-41, PC-61)."""

from django.db import migrations

TABLE = "records_correction"


class Migration(migrations.Migration):
    dependencies = [("lifecycle", "0016_people_decide"), ("records", "0012_corrections")]

    operations = [
        migrations.RunSQL(
            f"SELECT lifecycle_guard('{TABLE}');",
            f"DROP TRIGGER deletion_door ON {TABLE}; DROP TRIGGER rows_stay ON {TABLE};",
        )
    ]
