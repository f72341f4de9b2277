"""Restrictions of processing, and the readings they allow (PC-63)."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import privacy.ids
import vault.fields
from care.operations import RowSecurity

# A restriction is told of and lifted, once; a reading stands. ENABLE ALWAYS: session_replication_role doesn't silence them.
GUARDS = """
CREATE FUNCTION records_restriction_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE moving text[] := ARRAY['told_at', 'told_by_id', 'told_how', 'lifted_at', 'lifted_by_id', 'lifted_role', 'lifted_why'];
BEGIN
  IF tg_op = 'INSERT' THEN
    IF new.lifted_at IS NOT NULL OR new.told_at IS NOT NULL THEN
      RAISE EXCEPTION 'a restriction begins first, then the person is told, then it is lifted' USING errcode = '23001';
    END IF;
    IF NOT EXISTS (SELECT FROM records_patientfile WHERE id = new.file_id AND practice_id = new.practice_id) THEN
      RAISE EXCEPTION 'a restriction belongs to the practice of its file' USING errcode = '23001';
    END IF;
    RETURN new;
  END IF;
  IF old.lifted_at IS NOT NULL OR to_jsonb(new) - moving <> to_jsonb(old) - moving
     OR (old.told_at IS NOT NULL AND new.told_at IS NULL) THEN
    RAISE EXCEPTION 'restriction % can only be told of and lifted; nothing else of it changes', old.id USING errcode = '23001';
  END IF;
  RETURN new;
END $$;
CREATE TRIGGER restriction_guard BEFORE INSERT OR UPDATE ON records_restriction
  FOR EACH ROW EXECUTE FUNCTION records_restriction_guard();
ALTER TABLE records_restriction ENABLE ALWAYS TRIGGER restriction_guard;
CREATE FUNCTION records_reading_stands() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'reading % of a restricted file stands as it was written', old.id USING errcode = '23001';
END $$;
CREATE TRIGGER reading_stands BEFORE UPDATE ON records_restrictedopening
  FOR EACH ROW EXECUTE FUNCTION records_reading_stands();
ALTER TABLE records_restrictedopening ENABLE ALWAYS TRIGGER reading_stands;
"""
NO_GUARDS = """
DROP TRIGGER reading_stands ON records_restrictedopening;
DROP FUNCTION records_reading_stands();
DROP TRIGGER restriction_guard ON records_restriction;
DROP FUNCTION records_restriction_guard();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("care", "0002_row_security"),
        ("records", "0008_versions_by_file"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="RestrictedOpening",
            fields=[
                ("id", models.UUIDField(default=privacy.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ("opened_at", models.DateTimeField()),
                (
                    "ground",
                    models.CharField(
                        choices=[
                            ("claims", "a legal claim: to establish, exercise or defend it"),
                            ("consent", "the patient agrees to this reading"),
                            ("protection", "to protect the rights of another person"),
                        ],
                        max_length=20,
                    ),
                ),
                ("until", models.DateTimeField()),
                ("why", vault.fields.SealedTextField(blank=True, editable=False, null=True)),
                (
                    "file",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="%(class)ss", to="records.patientfile"
                    ),
                ),
                (
                    "opened_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
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
                "abstract": False,
                "indexes": [models.Index(fields=["file", "-opened_at"], name="reading_by_file")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ground__in", ["claims", "consent", "protection"])), name="reading_ground"
                    ),
                    models.CheckConstraint(condition=models.Q(("why__isnull", False)), name="reading_says_why"),
                    models.CheckConstraint(
                        condition=models.Q(("until__gt", models.F("opened_at"))), name="reading_ends"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Restriction",
            fields=[
                ("id", models.UUIDField(default=privacy.ids.new_id, editable=False, primary_key=True, serialize=False)),
                (
                    "ground",
                    models.CharField(
                        choices=[
                            ("accuracy", "the patient says that something in it is wrong, and it is being checked"),
                            ("unlawful", "the processing was unlawful, and the patient wants it kept, not erased"),
                            ("claims", "the patient needs it for a legal claim, though you don't need it any more"),
                            ("objection", "the patient objected, and it is being weighed whose reasons count more"),
                        ],
                        max_length=20,
                    ),
                ),
                ("request_id", models.UUIDField(blank=True, null=True)),
                ("since_at", models.DateTimeField()),
                ("since_role", models.CharField(max_length=20)),
                ("told_at", models.DateTimeField(blank=True, null=True)),
                (
                    "told_how",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("mail", "by e-mail, sent from here now"),
                            ("letter", "by a letter that you sent"),
                            ("spoken", "in person or by phone"),
                            ("wish", "it is the patient's own wish"),
                        ],
                        max_length=10,
                    ),
                ),
                ("lifted_at", models.DateTimeField(blank=True, null=True)),
                ("lifted_role", models.CharField(blank=True, max_length=20)),
                ("note", vault.fields.SealedTextField(blank=True, editable=False, null=True)),
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
                    ),
                ),
                (
                    "practice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="care.practice"
                    ),
                ),
                (
                    "since_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "told_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "abstract": False,
                "indexes": [
                    models.Index(
                        condition=models.Q(("lifted_at", None)), fields=["file"], name="restriction_live_by_file"
                    ),
                    models.Index(fields=["file", "-since_at"], name="restriction_by_file"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ground__in", ["accuracy", "unlawful", "claims", "objection"])),
                        name="restriction_ground",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("since_role__in", ("system", "operations", "anonymous")),
                            ("since_by__isnull", False),
                            _connector="OR",
                        ),
                        name="restriction_imputable",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("told_at__isnull", True), ("told_how", "")),
                            models.Q(
                                ("told_at__isnull", False), ("told_how__in", ["mail", "letter", "spoken", "wish"])
                            ),
                            _connector="OR",
                        ),
                        name="restriction_told_somehow",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("lifted_at__isnull", True), ("lifted_why__isnull", True)),
                            models.Q(
                                ("lifted_at__gte", models.F("told_at")),
                                ("lifted_why__isnull", False),
                                ("told_at__gte", models.F("since_at")),
                                ("told_at__isnull", False),
                                models.Q(("lifted_role", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="restriction_told_before_it_is_lifted",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("lifted_at", None)),
                        fields=("file", "ground", "request_id"),
                        name="restriction_once_for_a_ground",
                        nulls_distinct=False,
                    ),
                ],
            },
        ),
        RowSecurity("records_restriction"),
        RowSecurity("records_restrictedopening"),
        migrations.RunSQL(GUARDS, NO_GUARDS),
    ]
