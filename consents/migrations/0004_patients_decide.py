"""A patient's choice names the practice it was made towards (MD-10). Rows written before stay as they were sealed: no value, no change."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("consents", "0003_page_counts")]

    operations = [
        migrations.AddField(
            "consentevent",
            "controller_id",
            models.UUIDField(null=True, verbose_name="practice decided towards"),
        ),
    ]
