"""The facts of a contract and what was told of them leave three years after its end (PC-40); deletion requests three years after their closure (PC-52)."""

from django.db import migrations

from audit.operations import RowsLeave


class Migration(migrations.Migration):
    dependencies = [("lifecycle", "0005_schedule"), ("audit", "0002_rows")]

    operations = [
        RowsLeave("lifecycle_subscriptionevent", rule="PC-40", months=36),
        RowsLeave("lifecycle_noticesent", rule="PC-40", months=36, clock="sent_at"),
        RowsLeave("lifecycle_deletionevent", rule="PC-52", months=36),
    ]
