"""The proof of a consent leaves five years after the consent ended (PC-13, PC-51)."""

from django.db import migrations

from audit.operations import RowsLeave


class Migration(migrations.Migration):
    dependencies = [("consents", "0001_initial"), ("audit", "0002_rows")]

    operations = [RowsLeave("consents_consentevent", rule="PC-51", months=60)]
