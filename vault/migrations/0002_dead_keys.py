"""A key that died stays dead, and no row of a key goes: PostgreSQL refuses both (NEW-08)."""

from django.db import migrations

GUARDS = """
CREATE FUNCTION vault_key_stays_dead() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  RAISE EXCEPTION '% of key % is refused: a destroyed key stays destroyed, and its row stays as the proof',
    tg_op, old.id USING errcode = '23001';
END $$;
CREATE TRIGGER key_stays_dead BEFORE UPDATE ON vault_filekey FOR EACH ROW
  WHEN (old.destroyed_at IS NOT NULL AND (new.destroyed_at IS NULL OR new.wrapped <> '' OR new.file_id <> old.file_id))
  EXECUTE FUNCTION vault_key_stays_dead();
CREATE TRIGGER key_row_stays BEFORE DELETE ON vault_filekey FOR EACH ROW EXECUTE FUNCTION vault_key_stays_dead();
ALTER TABLE vault_filekey ENABLE ALWAYS TRIGGER key_stays_dead;
ALTER TABLE vault_filekey ENABLE ALWAYS TRIGGER key_row_stays;
"""
NO_GUARDS = """
DROP TRIGGER key_row_stays ON vault_filekey;
DROP TRIGGER key_stays_dead ON vault_filekey;
DROP FUNCTION vault_key_stays_dead();
"""


class Migration(migrations.Migration):
    dependencies = [("vault", "0001_initial")]
    operations = [migrations.RunSQL(GUARDS, NO_GUARDS)]
