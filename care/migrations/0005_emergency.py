"""Emergency openings: an hour, a reason, a review (MD-42)."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import privacy.ids
import vault.fields
from care.operations import RowSecurity

# An opening stands as it was made; only its review is added, once.
GUARD = """
SELECT lifecycle_guard('care_emergencyaccess');
CREATE FUNCTION care_emergency_stands() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE reviewing text[] := ARRAY['reviewed_at', 'reviewed_by_id', 'reviewed_role', 'verdict'];
BEGIN
  IF old.reviewed_at IS NOT NULL OR to_jsonb(new) - reviewing <> to_jsonb(old) - reviewing THEN
    RAISE EXCEPTION 'emergency opening % stands: it can only be reviewed, once', old.id USING errcode = '23001';
  END IF;
  RETURN new;
END $$;
CREATE TRIGGER emergency_stands BEFORE UPDATE ON care_emergencyaccess
  FOR EACH ROW EXECUTE FUNCTION care_emergency_stands();
ALTER TABLE care_emergencyaccess ENABLE ALWAYS TRIGGER emergency_stands;
"""
NO_GUARD = """
DROP TRIGGER emergency_stands ON care_emergencyaccess;
DROP FUNCTION care_emergency_stands();
DROP TRIGGER deletion_door ON care_emergencyaccess;
DROP TRIGGER rows_stay ON care_emergencyaccess;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("care", "0004_staff"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="EmergencyAccess",
            fields=[
                ("id", models.UUIDField(default=privacy.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ("file_id", models.UUIDField()),
                ("role", models.CharField(max_length=20)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("life", "life or health is in danger"),
                            ("absent", "the practitioner in charge can't be reached, and care can't wait"),
                            ("asked", "an emergency service asks"),
                        ],
                        max_length=10,
                    ),
                ),
                ("opened_at", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("review_by", models.DateTimeField()),
                ("reviewed_at", models.DateTimeField(blank=True, null=True)),
                ("reviewed_role", models.CharField(blank=True, max_length=20)),
                (
                    "verdict",
                    models.CharField(
                        blank=True,
                        choices=[("justified", "it was justified"), ("unjustified", "it was not justified")],
                        max_length=12,
                    ),
                ),
                ("why", vault.fields.SealedTextField(blank=True, editable=False, null=True)),
                (
                    "account",
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
                (
                    "reviewed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["file_id", "account"], name="emergency_by_file"),
                    models.Index(
                        condition=models.Q(("reviewed_at__isnull", True)),
                        fields=["review_by"],
                        name="emergency_to_review",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("why__isnull", False)), name="emergency_says_why"),
                    models.CheckConstraint(
                        condition=models.Q(("until__gt", models.F("opened_at"))), name="emergency_ends"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("reviewed_at__isnull", True),
                                ("reviewed_by__isnull", True),
                                ("reviewed_role", ""),
                                ("verdict", ""),
                            ),
                            models.Q(
                                ("reviewed_at__gte", models.F("opened_at")),
                                ("reviewed_by__isnull", False),
                                models.Q(("verdict", ""), _negated=True),
                                models.Q(("reviewed_role", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="emergency_reviewed_by_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("reviewed_by__isnull", True),
                            models.Q(("reviewed_by", models.F("account")), _negated=True),
                            _connector="OR",
                        ),
                        name="emergency_not_reviewed_by_oneself",
                    ),
                ],
            },
        ),
        RowSecurity("care_emergencyaccess"),
        migrations.RunSQL(GUARD, NO_GUARD),
    ]
