"""Care relationships say who is treated: they stand behind the second wall."""

from django.db import migrations

from care.operations import DROP_SCOPE_FUNCTIONS, SCOPE_FUNCTIONS, RowSecurity


class Migration(migrations.Migration):
    dependencies = [("care", "0001_initial")]

    operations = [
        migrations.RunSQL(SCOPE_FUNCTIONS, DROP_SCOPE_FUNCTIONS),
        RowSecurity("care_carerelationship"),
    ]
