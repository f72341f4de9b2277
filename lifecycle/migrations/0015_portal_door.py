"""What the portal adds to a file leaves with the file only, by the one deletion door (PC-41)."""

from django.db import migrations

TABLES = ("records_share", "records_questionnaire", "records_questionnairedraft")


class Migration(migrations.Migration):
    dependencies = [("lifecycle", "0014_breaches"), ("records", "0010_portal")]

    operations = [
        migrations.RunSQL(
            f"SELECT lifecycle_guard('{table}');",
            f"DROP TRIGGER deletion_door ON {table}; DROP TRIGGER rows_stay ON {table};",
        )
        for table in TABLES
    ]
