"""Restrictions leave with their file only, by the one deletion door; and nothing is decided of a restricted file (PC-63)."""

from django.db import migrations

GUARDS = """
SELECT lifecycle_guard('records_restriction');
SELECT lifecycle_guard('records_restrictedopening');
CREATE FUNCTION lifecycle_restriction_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF new.reason <> 'replay'
     AND EXISTS (SELECT FROM records_restriction WHERE file_id = new.file_id AND lifted_at IS NULL) THEN
    RAISE EXCEPTION 'file % is restricted: lift that before its disposal', new.file_id USING errcode = '23001';
  END IF;
  RETURN new;
END $$;
CREATE TRIGGER a_restriction_guard BEFORE INSERT ON lifecycle_disposal
  FOR EACH ROW EXECUTE FUNCTION lifecycle_restriction_guard();
ALTER TABLE lifecycle_disposal ENABLE ALWAYS TRIGGER a_restriction_guard;
CREATE FUNCTION lifecycle_restriction_in_time() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM lifecycle_disposal WHERE file_id = new.file_id) THEN
    RAISE EXCEPTION 'the destruction of file % is decided already: there is nothing to restrict', new.file_id
      USING errcode = '23001';
  END IF;
  RETURN new;
END $$;
CREATE TRIGGER restriction_in_time BEFORE INSERT ON records_restriction
  FOR EACH ROW EXECUTE FUNCTION lifecycle_restriction_in_time();
ALTER TABLE records_restriction ENABLE ALWAYS TRIGGER restriction_in_time;
"""
NO_GUARDS = """
DROP TRIGGER restriction_in_time ON records_restriction;
DROP FUNCTION lifecycle_restriction_in_time();
DROP TRIGGER a_restriction_guard ON lifecycle_disposal;
DROP FUNCTION lifecycle_restriction_guard();
DROP TRIGGER rows_stay ON records_restrictedopening;
DROP TRIGGER deletion_door ON records_restrictedopening;
DROP TRIGGER rows_stay ON records_restriction;
DROP TRIGGER deletion_door ON records_restriction;
"""


class Migration(migrations.Migration):
    dependencies = [("lifecycle", "0012_erasure"), ("records", "0009_restriction")]

    operations = [migrations.RunSQL(GUARDS, NO_GUARDS)]
