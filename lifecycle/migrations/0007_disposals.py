"""Disposals, the aggregates that stay, and the one deletion door as PostgreSQL guards it (PC-41, LAW-03, MD-21)."""

from django.db import migrations, models

import privacy.ids
from audit.operations import AppendOnly
from care.operations import RowSecurity

# Statement level, over all rows that went at once. ENABLE ALWAYS: session_replication_role doesn't silence them.
# A draft may be thrown away and a report's line about no file may go; what belongs to a file leaves with the file.
DOOR = """
CREATE FUNCTION lifecycle_door() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE stays uuid;
BEGIN
  SELECT gone.id INTO stays FROM gone
   WHERE NOT EXISTS (SELECT FROM lifecycle_disposal disposal WHERE disposal.file_id = gone.id) LIMIT 1;
  IF stays IS NOT NULL THEN
    RAISE EXCEPTION 'file % leaves only by the deletion door: no disposal of it was decided', stays
      USING errcode = '23001';
  END IF;
  RETURN NULL;
END $$;
CREATE FUNCTION lifecycle_door_rows() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE stays uuid;
BEGIN
  SELECT files.file_id INTO stays FROM (SELECT DISTINCT file_id FROM gone WHERE file_id IS NOT NULL) files
   WHERE NOT EXISTS (SELECT FROM lifecycle_disposal disposal WHERE disposal.file_id = files.file_id) LIMIT 1;
  IF stays IS NOT NULL THEN
    RAISE EXCEPTION '% of file % leaves only by the deletion door: no disposal of it was decided', tg_table_name, stays
      USING errcode = '23001';
  END IF;
  RETURN NULL;
END $$;
CREATE FUNCTION lifecycle_door_drafts() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE stays uuid;
BEGIN
  SELECT files.file_id INTO stays FROM (SELECT DISTINCT file_id FROM gone WHERE status <> 'draft') files
   WHERE NOT EXISTS (SELECT FROM lifecycle_disposal disposal WHERE disposal.file_id = files.file_id) LIMIT 1;
  IF stays IS NOT NULL THEN
    RAISE EXCEPTION 'a signed consultation of file % leaves only by the deletion door: no disposal was decided', stays
      USING errcode = '23001';
  END IF;
  RETURN NULL;
END $$;
CREATE FUNCTION lifecycle_rows_stay() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'row % of % stays with its file', old.id, tg_table_name USING errcode = '23001';
END $$;
-- Guards one table whose column file_id names the file. For migrations.
CREATE FUNCTION lifecycle_guard(part text, door text DEFAULT 'lifecycle_door_rows') RETURNS void LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
BEGIN
  EXECUTE format('CREATE TRIGGER deletion_door AFTER DELETE ON %I REFERENCING OLD TABLE AS gone
                  FOR EACH STATEMENT EXECUTE FUNCTION %I()', part, door);
  EXECUTE format('CREATE TRIGGER rows_stay BEFORE UPDATE ON %I FOR EACH ROW
                  WHEN (old.file_id IS DISTINCT FROM new.file_id AND old.file_id IS NOT NULL)
                  EXECUTE FUNCTION lifecycle_rows_stay()', part);
  EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER deletion_door', part);
  EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER rows_stay', part);
END $$;
CREATE TRIGGER deletion_door AFTER DELETE ON records_patientfile REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION lifecycle_door();
ALTER TABLE records_patientfile ENABLE ALWAYS TRIGGER deletion_door;
SELECT lifecycle_guard('records_consultation', 'lifecycle_door_drafts');
SELECT lifecycle_guard('records_measure');
SELECT lifecycle_guard('records_document');
SELECT lifecycle_guard('records_importline');
SELECT lifecycle_guard('records_keptresource');
SELECT lifecycle_guard('records_sourcerecord');
SELECT lifecycle_guard('lifecycle_hold');

-- Nothing is decided of a held file, and nothing that isn't there; a replay repeats a decision of before a restore.
CREATE FUNCTION lifecycle_disposal_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF new.reason <> 'replay' AND EXISTS (SELECT FROM lifecycle_hold WHERE file_id = new.file_id AND lifted_at IS NULL) THEN
    RAISE EXCEPTION 'file % is held: lift every hold on it before its disposal', new.file_id USING errcode = '23001';
  END IF;
  RETURN new;
END $$;
CREATE TRIGGER a_disposal_guard BEFORE INSERT ON lifecycle_disposal
  FOR EACH ROW EXECUTE FUNCTION lifecycle_disposal_guard();
ALTER TABLE lifecycle_disposal ENABLE ALWAYS TRIGGER a_disposal_guard;

-- A decided file can't be held any more; a replay takes the holds of the restored database with it.
CREATE FUNCTION lifecycle_hold_in_time() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM lifecycle_disposal WHERE file_id = new.file_id) THEN
    RAISE EXCEPTION 'the destruction of file % is decided already: it can''t be held any more', new.file_id
      USING errcode = '23001';
  END IF;
  RETURN new;
END $$;
CREATE TRIGGER hold_in_time BEFORE INSERT ON lifecycle_hold FOR EACH ROW EXECUTE FUNCTION lifecycle_hold_in_time();
ALTER TABLE lifecycle_hold ENABLE ALWAYS TRIGGER hold_in_time;
CREATE OR REPLACE FUNCTION lifecycle_hold_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE lifting text[] := ARRAY['lifted_at', 'lifted_by_id', 'lifted_role', 'lifted_why'];
BEGIN
  IF tg_op = 'INSERT' THEN
    IF new.lifted_at IS NOT NULL THEN
      RAISE EXCEPTION 'a hold is placed first, then lifted' USING errcode = '23001';
    END IF;
    IF NOT EXISTS (SELECT FROM records_patientfile WHERE id = new.file_id AND practice_id = new.practice_id) THEN
      RAISE EXCEPTION 'a hold belongs to the practice of its file' USING errcode = '23001';
    END IF;
    RETURN new;
  END IF;
  IF tg_op = 'DELETE' THEN
    IF old.lifted_at IS NULL
       AND NOT EXISTS (SELECT FROM lifecycle_disposal WHERE file_id = old.file_id AND reason = 'replay') THEN
      RAISE EXCEPTION 'hold % is on: lift it first', old.id USING errcode = '23001';
    END IF;
    RETURN old;
  END IF;
  IF old.lifted_at IS NOT NULL OR new.lifted_at IS NULL OR to_jsonb(new) - lifting <> to_jsonb(old) - lifting THEN
    RAISE EXCEPTION 'hold % can only be lifted, once; nothing else of it changes', old.id USING errcode = '23001';
  END IF;
  RETURN new;
END $$;
CREATE OR REPLACE FUNCTION lifecycle_keep_held() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM lifecycle_hold WHERE file_id = old.id AND lifted_at IS NULL)
     AND NOT EXISTS (SELECT FROM lifecycle_disposal WHERE file_id = old.id AND reason = 'replay') THEN
    RAISE EXCEPTION 'file % is held: lift every hold on it before it is deleted', old.id USING errcode = '23001';
  END IF;
  RETURN old;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0001_initial"),
        ("care", "0002_row_security"),
        ("lifecycle", "0006_facts_leave"),
        ("records", "0005_archive"),
    ]

    operations = [
        migrations.CreateModel(
            name="Departed",
            fields=[
                ("id", models.UUIDField(default=privacy.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ("month", models.DateField(verbose_name="month")),
                ("kind", models.CharField(max_length=40, verbose_name="kind")),
                ("rule", models.CharField(max_length=40, verbose_name="rule")),
                ("jurisdiction", models.CharField(max_length=2, verbose_name="calendar")),
                ("count", models.PositiveBigIntegerField(verbose_name="count")),
            ],
            options={
                "verbose_name": "departed",
                "verbose_name_plural": "departed",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("month", "kind", "rule", "jurisdiction"), name="departed_once_a_month"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Disposal",
            fields=[
                ("id", models.UUIDField(default=privacy.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ("file_id", models.UUIDField(unique=True, verbose_name="file")),
                ("practice_id", models.UUIDField(verbose_name="practice")),
                ("rule", models.CharField(max_length=40, verbose_name="rule")),
                ("until", models.DateField(verbose_name="kept until")),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("term", "its term ended"),
                            ("erasure", "its erasure was asked for"),
                            ("replay", "it was destroyed before a restore"),
                        ],
                        max_length=10,
                        verbose_name="reason",
                    ),
                ),
                ("counts", models.JSONField(verbose_name="counts")),
                ("decided_at", models.DateTimeField(verbose_name="decided")),
                ("run_id", models.UUIDField(null=True, verbose_name="sweep")),
                ("actor_id", models.UUIDField(null=True, verbose_name="who acted")),
                ("actor_role", models.CharField(max_length=20, verbose_name="in which role")),
            ],
            options={
                "verbose_name": "disposal",
                "verbose_name_plural": "disposals",
                "indexes": [
                    models.Index(
                        condition=models.Q(("run_id__isnull", False)), fields=["run_id"], name="disposal_by_run"
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("reason__in", ["term", "erasure", "replay"])), name="disposal_reason"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("actor_role__in", ("system", "operations", "anonymous")),
                            ("actor_id__isnull", False),
                            _connector="OR",
                        ),
                        name="disposal_imputable",
                    ),
                ],
            },
        ),
        AppendOnly("lifecycle_disposal"),
        RowSecurity("lifecycle_disposal"),
        migrations.RunSQL(DOOR, migrations.RunSQL.noop),
    ]
