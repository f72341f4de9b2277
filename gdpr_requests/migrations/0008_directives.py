"""Directives for after death: versions that only end (LIL art. 85, MD-30)."""

from django.db import migrations, models

import privacy.ids
import vault.fields

# A version is never rewritten: it ends, and with its end its text is gone. A row leaves only once it has ended.
GUARD = """
CREATE FUNCTION gdpr_directive_only_ends() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE moves text[] := ARRAY['ended_at', 'ended', 'said'];
BEGIN
  IF tg_op = 'DELETE' THEN
    IF old.ended_at IS NULL THEN
      RAISE EXCEPTION 'directive % is in force: it stays', old.id USING errcode = '23001';
    END IF;
    RETURN old;
  END IF;
  IF old.ended_at IS NOT NULL OR new.ended_at IS NULL OR to_jsonb(old) - moves <> to_jsonb(new) - moves THEN
    RAISE EXCEPTION 'directive % is never rewritten: it only ends', old.id USING errcode = '23001';
  END IF;
  RETURN new;
END $$;
CREATE TRIGGER directive_only_ends BEFORE UPDATE OR DELETE ON gdpr_requests_directive
  FOR EACH ROW EXECUTE FUNCTION gdpr_directive_only_ends();
ALTER TABLE gdpr_requests_directive ENABLE ALWAYS TRIGGER directive_only_ends;
"""
UNGUARD = "DROP TRIGGER directive_only_ends ON gdpr_requests_directive; DROP FUNCTION gdpr_directive_only_ends();"


class Migration(migrations.Migration):
    dependencies = [
        ("gdpr_requests", "0007_corrections"),
    ]

    operations = [
        migrations.AlterField(
            model_name="request",
            name="channel",
            field=models.CharField(
                choices=[
                    ("centre", "privacy centre"),
                    ("portal", "patient portal"),
                    ("form", "contact form"),
                    ("email", "e-mail"),
                    ("post", "post"),
                    ("death", "a recorded death"),
                ],
                max_length=8,
                verbose_name="channel",
            ),
        ),
        migrations.CreateModel(
            name="Directive",
            fields=[
                ("id", models.UUIDField(default=privacy.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ("account_id", models.UUIDField(verbose_name="whose")),
                (
                    "kind",
                    models.CharField(
                        choices=[("general", "general directives"), ("specific", "specific directives")],
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                ("number", models.PositiveIntegerField(verbose_name="version")),
                ("written_at", models.DateTimeField(verbose_name="written")),
                ("consent_id", models.UUIDField(null=True, verbose_name="entry of the consent")),
                ("ended_at", models.DateTimeField(null=True, verbose_name="ended")),
                (
                    "ended",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("replaced", "replaced by a later version"),
                            ("revoked", "revoked"),
                            ("erased", "the account was erased"),
                        ],
                        max_length=10,
                        verbose_name="why it ended",
                    ),
                ),
                ("said", vault.fields.SealedJSONField(blank=True, editable=False, null=True)),
            ],
            options={
                "verbose_name": "directive for after death",
                "verbose_name_plural": "directives for after death",
                "constraints": [
                    models.UniqueConstraint(fields=("account_id", "kind", "number"), name="directive_version_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)),
                        fields=("account_id", "kind"),
                        name="directive_live_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended", ""), ("ended_at", None), ("said__isnull", False)),
                            models.Q(
                                ("ended__in", ["replaced", "revoked", "erased"]),
                                ("ended_at__isnull", False),
                                ("said__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="directive_says_something_or_ended",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind", "general"), ("consent_id__isnull", False), _connector="OR"),
                        name="directive_specific_by_consent",
                    ),
                ],
            },
        ),
        migrations.RunSQL(GUARD, UNGUARD),
    ]
