from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Beside the writers of the outbox: nobody who signs in waits for an index."""

    atomic = False
    dependencies = [
        ("adapters", "0004_egress_of_file"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="outgoing",
            index=models.Index(
                condition=models.Q(("state", "waiting"), ("necessity", "login_code")),
                fields=["due_at", "id"],
                name="outgoing_code_due",
            ),
        ),
    ]
