from django.db import migrations, models

from audit.operations import AddIndexToMonths


class Migration(migrations.Migration):
    """Month by month beside the writers: without a line no packet leaves, so nobody may keep the journal from being written."""

    atomic = False
    dependencies = [
        ("adapters", "0003_payments_and_signatures"),
    ]

    operations = [
        AddIndexToMonths(
            model_name="egress",
            index=models.Index(
                condition=models.Q(("file_id__isnull", False)), fields=["file_id", "-id"], name="egress_file"
            ),
        ),
    ]
