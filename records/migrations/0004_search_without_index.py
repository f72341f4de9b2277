"""Behind row security PostgreSQL can't use the index over tokens, so it only slowed writes (ADR 0008)."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("records", "0003_originals")]

    operations = [migrations.RemoveIndex(model_name="patientfile", name="file_by_token")]
