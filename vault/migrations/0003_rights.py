"""The rights journal: it stands with the keys, outside the main database's backups, and only grows (NEW-08)."""

import django.db.models.functions.datetime
from django.db import migrations, models

GUARDS = """
CREATE FUNCTION vault_rights_only_grow() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  RAISE EXCEPTION '% on the rights journal is refused: it only grows', tg_op USING errcode = '42501';
END $$;
CREATE TRIGGER rights_only_grow BEFORE UPDATE OR DELETE OR TRUNCATE ON vault_rightsentry
  FOR EACH STATEMENT EXECUTE FUNCTION vault_rights_only_grow();
ALTER TABLE vault_rightsentry ENABLE ALWAYS TRIGGER rights_only_grow;
"""
NO_GUARDS = """
DROP TRIGGER rights_only_grow ON vault_rightsentry;
DROP FUNCTION vault_rights_only_grow();
"""


class Migration(migrations.Migration):
    dependencies = [("vault", "0002_dead_keys")]

    operations = [
        migrations.CreateModel(
            name="RightsEntry",
            fields=[
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("stream", models.CharField(max_length=63, verbose_name="table")),
                ("number", models.BigIntegerField(verbose_name="number in the table")),
                ("subject_id", models.UUIDField(verbose_name="person or file")),
                ("at", models.DateTimeField(verbose_name="when")),
                ("written_at", models.DateTimeField(verbose_name="entered in the main database")),
                (
                    "copied_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="copied"),
                ),
                ("facts", models.JSONField(verbose_name="the row")),
            ],
            options={
                "verbose_name": "entry of the rights journal",
                "verbose_name_plural": "rights journal",
                "indexes": [models.Index(fields=["stream", "written_at"], name="vault_rights_newest")],
            },
        ),
        migrations.RunSQL(GUARDS, NO_GUARDS),
    ]
