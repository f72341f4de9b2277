"""What came in exports again unchanged: source records hold their original characters, sealed (PC-123)."""

import django.db.models.deletion
from django.db import migrations, models

import vault.fields


class Migration(migrations.Migration):
    dependencies = [("records", "0002_walls")]

    operations = [
        migrations.AddField("importline", "count", models.PositiveIntegerField(default=1)),
        migrations.AddField("sourcerecord", "position", models.PositiveIntegerField(default=0)),
        migrations.AddField("sourcerecord", "raw", vault.fields.SealedTextField(blank=True, editable=False, null=True)),
        migrations.AlterField(
            "sourcerecord",
            "file",
            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="records.patientfile"),
        ),
        migrations.AddIndex(
            "sourcerecord", models.Index(fields=["file", "first_seen_at", "position"], name="source_by_file")
        ),
    ]
