"""Holds on patient files, and the triggers that make them hold."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import privacy.ids
import vault.fields
from care.operations import RowSecurity

# A live hold keeps its file and itself, whoever deletes: the first brick of the one deletion door (LAW-03).
# ENABLE ALWAYS: session_replication_role doesn't silence them.
GUARDS = """
CREATE FUNCTION lifecycle_hold_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
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
    IF old.lifted_at IS NULL THEN
      RAISE EXCEPTION 'hold % is on: lift it first', old.id USING errcode = '23001';
    END IF;
    RETURN old;
  END IF;
  IF old.lifted_at IS NOT NULL OR new.lifted_at IS NULL OR to_jsonb(new) - lifting <> to_jsonb(old) - lifting THEN
    RAISE EXCEPTION 'hold % can only be lifted, once; nothing else of it changes', old.id USING errcode = '23001';
  END IF;
  RETURN new;
END $$;
CREATE FUNCTION lifecycle_keep_held() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM lifecycle_hold WHERE file_id = old.id AND lifted_at IS NULL) THEN
    RAISE EXCEPTION 'file % is held: lift every hold on it before it is deleted', old.id USING errcode = '23001';
  END IF;
  RETURN old;
END $$;
CREATE TRIGGER hold_guard BEFORE INSERT OR UPDATE OR DELETE ON lifecycle_hold
  FOR EACH ROW EXECUTE FUNCTION lifecycle_hold_guard();
CREATE TRIGGER keep_held BEFORE DELETE ON records_patientfile
  FOR EACH ROW EXECUTE FUNCTION lifecycle_keep_held();
ALTER TABLE lifecycle_hold ENABLE ALWAYS TRIGGER hold_guard;
ALTER TABLE records_patientfile ENABLE ALWAYS TRIGGER keep_held;
"""
NO_GUARDS = """
DROP TRIGGER keep_held ON records_patientfile;
DROP TRIGGER hold_guard ON lifecycle_hold;
DROP FUNCTION lifecycle_keep_held();
DROP FUNCTION lifecycle_hold_guard();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("care", "0002_row_security"),
        ("lifecycle", "0001_initial"),
        ("records", "0004_search_without_index"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Hold",
            fields=[
                ("id", models.UUIDField(default=privacy.ids.new_id, editable=False, primary_key=True, serialize=False)),
                (
                    "ground",
                    models.CharField(
                        choices=[
                            ("dispute", "a dispute"),
                            ("claim", "a claim for damages"),
                            ("court_order", "a court order"),
                            ("authority", "an inquiry of an authority"),
                        ],
                        max_length=20,
                        verbose_name="ground",
                    ),
                ),
                ("placed_at", models.DateTimeField(verbose_name="placed")),
                ("placed_role", models.CharField(max_length=20, verbose_name="in which role")),
                ("review_on", models.DateField(verbose_name="to be reviewed on")),
                ("lifted_at", models.DateTimeField(blank=True, null=True, verbose_name="lifted")),
                ("lifted_role", models.CharField(blank=True, max_length=20, verbose_name="in which role")),
                ("case", vault.fields.SealedTextField(blank=True, editable=False, null=True)),
                ("why", vault.fields.SealedTextField(blank=True, editable=False, null=True)),
                ("lifted_why", vault.fields.SealedTextField(blank=True, editable=False, null=True)),
                (
                    "file",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="%(class)ss", to="records.patientfile"
                    ),
                ),
                (
                    "lifted_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="lifted by",
                    ),
                ),
                (
                    "placed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="placed by",
                    ),
                ),
                (
                    "practice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="care.practice"
                    ),
                ),
            ],
            options={
                "verbose_name": "hold",
                "verbose_name_plural": "holds",
                "abstract": False,
                "indexes": [
                    models.Index(fields=["file", "placed_at"], name="hold_by_file"),
                    models.Index(condition=models.Q(("lifted_at", None)), fields=["file"], name="hold_live_by_file"),
                    models.Index(
                        condition=models.Q(("lifted_at", None)), fields=["review_on"], name="hold_live_by_review"
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ground__in", ["dispute", "claim", "court_order", "authority"])),
                        name="hold_ground",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("case__isnull", False), ("why__isnull", False)), name="hold_says_why"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("placed_role__in", ("system", "operations", "anonymous")),
                            ("placed_by__isnull", False),
                            _connector="OR",
                        ),
                        name="hold_placed_imputable",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("lifted_at__isnull", True),
                                ("lifted_by__isnull", True),
                                ("lifted_role", ""),
                                ("lifted_why__isnull", True),
                            ),
                            models.Q(
                                ("lifted_at__isnull", False),
                                ("lifted_role__in", ("system", "operations", "anonymous")),
                                ("lifted_why__isnull", False),
                            ),
                            models.Q(
                                ("lifted_at__isnull", False),
                                ("lifted_by__isnull", False),
                                ("lifted_why__isnull", False),
                                models.Q(("lifted_role", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="hold_lifted_by_somebody_at_a_moment_and_why",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("lifted_at__isnull", True), ("lifted_at__gte", models.F("placed_at")), _connector="OR"
                        ),
                        name="hold_lifted_after_it_was_placed",
                    ),
                ],
            },
        ),
        RowSecurity("lifecycle_hold"),
        migrations.RunSQL(GUARDS, NO_GUARDS),
    ]
