"""The office's log goes by the moment of the decision, from any day on."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("consents", "0004_patients_decide")]

    operations = [
        migrations.AddIndex("consentevent", models.Index(fields=["at", "id"], name="consents_event_by_time")),
    ]
