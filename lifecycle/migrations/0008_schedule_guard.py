"""No disposal of a file whose end was computed under an older schedule than the one in force (NEW-05)."""

from django.db import migrations

# Statement level, over all decisions of one statement. ENABLE ALWAYS: session_replication_role doesn't silence it.
GUARD = """
CREATE FUNCTION lifecycle_disposal_dated() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
  current integer := (SELECT coalesce(max(number), 1) FROM lifecycle_scheduleversion WHERE step = 'approved');
  stale uuid;
BEGIN
  SELECT file.id INTO stale FROM decided JOIN records_patientfile file ON file.id = decided.file_id
   WHERE decided.reason <> 'replay' AND file.schedule_version < current LIMIT 1;
  IF stale IS NOT NULL THEN
    RAISE EXCEPTION 'file % carries an end of an older schedule: it is re-dated before it can leave', stale
      USING errcode = '23001';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER disposal_dated AFTER INSERT ON lifecycle_disposal REFERENCING NEW TABLE AS decided
  FOR EACH STATEMENT EXECUTE FUNCTION lifecycle_disposal_dated();
ALTER TABLE lifecycle_disposal ENABLE ALWAYS TRIGGER disposal_dated;
"""
NO_GUARD = """
DROP TRIGGER disposal_dated ON lifecycle_disposal;
DROP FUNCTION lifecycle_disposal_dated();
"""


class Migration(migrations.Migration):
    dependencies = [("lifecycle", "0007_disposals"), ("records", "0006_schedule_index")]

    operations = [migrations.RunSQL(GUARD, NO_GUARD)]
