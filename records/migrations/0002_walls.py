"""The second wall on every clinical table, and signed versions that only grow."""

from django.db import migrations

from audit.operations import AppendOnly
from care.operations import RowSecurity

TABLES = (
    "patientfile",
    "consultation",
    "consultationversion",
    "measure",
    "document",
    "importrun",
    "importline",
    "keptresource",
    "sourcerecord",
)


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0001_initial"),
        ("care", "0002_row_security"),
        ("audit", "0001_initial"),
    ]

    operations = [
        AppendOnly("records_consultationversion"),
        *(RowSecurity(f"records_{table}") for table in TABLES),
    ]
