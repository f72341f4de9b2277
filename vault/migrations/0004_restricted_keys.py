"""Each sweep asks which keys are restricted: so few are, that it reads them by an index and not the whole table."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("vault", "0003_rights")]

    operations = [
        migrations.AddIndex(
            model_name="filekey",
            index=models.Index(
                fields=["file_id"],
                condition=models.Q(restricted_at__isnull=False, destroyed_at=None),
                name="vault_restricted",
            ),
        )
    ]
