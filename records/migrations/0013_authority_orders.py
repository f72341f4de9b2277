"""Orders of authorities: two people, thirty days, named files and parts; nothing of it widens afterwards (MD-43)."""

import datetime

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

import privacy.ids
import vault.fields
import vault.rest_fields
from care.operations import RowSecurity

# An order is confirmed, read and ended, each once; what it opens is fixed. Its files are named before the confirmation, and
# only taken out later. ENABLE ALWAYS: session_replication_role doesn't silence them.
GUARDS = """
SELECT lifecycle_guard('records_orderedfile');
CREATE FUNCTION records_order_stands() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE moving text[] := ARRAY['confirmed_at', 'confirmed_by_id', 'ended_at', 'ended_by_id', 'ended_role', 'ended_why',
  'email', 'token_hash', 'code_hash', 'link_until', 'tries', 'account_id', 'joined_at', 'storage_name', 'forgotten_at'];
BEGIN
  IF tg_op = 'DELETE' THEN
    RAISE EXCEPTION 'order % stays as the proof of what was read under it', old.id USING errcode = '23001';
  END IF;
  IF tg_op = 'INSERT' THEN
    IF new.confirmed_at IS NOT NULL OR new.ended_at IS NOT NULL OR new.account_id IS NOT NULL THEN
      RAISE EXCEPTION 'an order is entered first, then confirmed, then read' USING errcode = '23001';
    END IF;
    RETURN new;
  END IF;
  IF to_jsonb(new) - moving <> to_jsonb(old) - moving
     OR (old.confirmed_at IS NOT NULL AND (new.confirmed_at, new.confirmed_by_id) IS DISTINCT FROM (old.confirmed_at, old.confirmed_by_id))
     OR (old.account_id IS NOT NULL AND (new.account_id, new.joined_at) IS DISTINCT FROM (old.account_id, old.joined_at))
     OR (old.ended_at IS NOT NULL AND (new.ended_at, new.ended_by_id, new.ended_role, new.ended_why, new.confirmed_at, new.account_id)
         IS DISTINCT FROM (old.ended_at, old.ended_by_id, old.ended_role, old.ended_why, old.confirmed_at, old.account_id))
     OR (new.storage_name <> old.storage_name AND new.storage_name <> '') THEN
    RAISE EXCEPTION 'order % can be confirmed, read and ended, each once; what it opens never changes', old.id USING errcode = '23001';
  END IF;
  RETURN new;
END $$;
CREATE TRIGGER order_stands BEFORE INSERT OR UPDATE OR DELETE ON records_authorityorder
  FOR EACH ROW EXECUTE FUNCTION records_order_stands();
ALTER TABLE records_authorityorder ENABLE ALWAYS TRIGGER order_stands;
CREATE FUNCTION records_ordered_file_stands() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE moving text[] := ARRAY['taken_out_at', 'taken_out_by_id', 'told_at', 'told_how'];
BEGIN
  IF tg_op = 'INSERT' THEN
    IF NOT EXISTS (SELECT FROM records_authorityorder WHERE id = new.order_id AND practice_id = new.practice_id
                   AND confirmed_at IS NULL AND ended_at IS NULL)
       OR NOT EXISTS (SELECT FROM records_patientfile WHERE id = new.file_id AND practice_id = new.practice_id) THEN
      RAISE EXCEPTION 'files of its practice are named in an order before it is confirmed' USING errcode = '23001';
    END IF;
    RETURN new;
  END IF;
  IF to_jsonb(new) - moving <> to_jsonb(old) - moving
     OR (old.taken_out_at IS NOT NULL AND (new.taken_out_at, new.taken_out_by_id) IS DISTINCT FROM (old.taken_out_at, old.taken_out_by_id))
     OR (old.told_at IS NOT NULL AND (new.told_at, new.told_how) IS DISTINCT FROM (old.told_at, old.told_how)) THEN
    RAISE EXCEPTION 'a named file can be taken out of its order and its patient told, once' USING errcode = '23001';
  END IF;
  RETURN new;
END $$;
CREATE TRIGGER ordered_file_stands BEFORE INSERT OR UPDATE ON records_orderedfile
  FOR EACH ROW EXECUTE FUNCTION records_ordered_file_stands();
ALTER TABLE records_orderedfile ENABLE ALWAYS TRIGGER ordered_file_stands;
"""
NO_GUARDS = """
DROP TRIGGER ordered_file_stands ON records_orderedfile;
DROP FUNCTION records_ordered_file_stands();
DROP TRIGGER order_stands ON records_authorityorder;
DROP FUNCTION records_order_stands();
DROP TRIGGER deletion_door ON records_orderedfile;
DROP TRIGGER rows_stay ON records_orderedfile;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("lifecycle", "0012_erasure"),
        ("care", "0006_identity_sealed_at_rest"),
        ("records", "0012_corrections"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AuthorityOrder",
            fields=[
                ("id", models.UUIDField(default=privacy.ids.new_id, editable=False, primary_key=True, serialize=False)),
                (
                    "authority",
                    models.CharField(
                        choices=[
                            ("court", "a court"),
                            ("police", "the judicial police, for a prosecutor or a judge"),
                            ("cnil", "the data protection authority (CNIL)"),
                            ("insurance", "the medical service of the social security"),
                            ("health", "the regional health agency or the health inspectorate"),
                            ("council", "the Order of the profession, in disciplinary matters"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "ground",
                    models.CharField(
                        choices=[
                            ("cpp_60_1", "Code de procédure pénale, art. 60-1: inquiry into an offence just committed"),
                            ("cpp_77_1_1", "Code de procédure pénale, art. 77-1-1: preliminary inquiry"),
                            ("cpp_99_3", "Code de procédure pénale, art. 99-3: order of an investigating judge"),
                            (
                                "cpc_138",
                                "Code de procédure civile, art. 11 and 138: documents ordered by a civil court",
                            ),
                            ("loi_78_17", "Loi 78-17 of 6 January 1978, art. 19: inspection by the CNIL"),
                            ("css_315", "Code de la sécurité sociale, art. L. 315-1: medical control"),
                            ("csp_1421", "Code de la santé publique, art. L. 1421-1 to L. 1421-3: health inspection"),
                            ("other", "another text, named with the reason"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "parts",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("identity", "identity and contact"),
                                ("medical", "the medical summary"),
                                ("consultations", "signed consultations"),
                                ("measures", "measures"),
                                ("documents", "documents and images"),
                            ],
                            max_length=15,
                        ),
                        size=None,
                    ),
                ),
                ("issued_on", models.DateField()),
                ("until_at", models.DateTimeField()),
                ("silent_until", models.DateField(blank=True, null=True)),
                ("entered_at", models.DateTimeField()),
                ("confirmed_at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("ended_role", models.CharField(blank=True, max_length=20)),
                ("content_type", models.CharField(max_length=40)),
                ("storage_name", models.CharField(blank=True, max_length=100)),
                ("forgotten_at", models.DateTimeField(blank=True, null=True)),
                ("email", vault.rest_fields.AtRestEmailField(blank=True, max_length=254)),
                ("token_hash", models.CharField(blank=True, max_length=64, null=True, unique=True)),
                ("code_hash", models.CharField(blank=True, max_length=64)),
                ("link_until", models.DateTimeField(blank=True, null=True)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("joined_at", models.DateTimeField(blank=True, null=True)),
                ("reference", vault.fields.SealedTextField(blank=True, editable=False, null=True)),
                ("why", vault.fields.SealedTextField(blank=True, editable=False, null=True)),
                ("whom", vault.fields.SealedTextField(blank=True, editable=False, null=True)),
                ("agent", vault.fields.SealedTextField(blank=True, editable=False, null=True)),
                ("silent_why", vault.fields.SealedTextField(blank=True, editable=False, null=True)),
                ("ended_why", vault.fields.SealedTextField(blank=True, editable=False, null=True)),
                (
                    "account",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "confirmed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "ended_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "entered_by",
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
            },
        ),
        migrations.CreateModel(
            name="OrderedFile",
            fields=[
                ("id", models.UUIDField(default=privacy.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ("named_at", models.DateTimeField()),
                ("taken_out_at", models.DateTimeField(blank=True, null=True)),
                ("told_at", models.DateTimeField(blank=True, null=True)),
                (
                    "told_how",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("mail", "by an e-mail sent from here"),
                            ("letter", "by a letter of the practice"),
                            ("spoken", "in person or by phone"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "file",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="%(class)ss", to="records.patientfile"
                    ),
                ),
                (
                    "named_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="files", to="records.authorityorder"
                    ),
                ),
                (
                    "practice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="care.practice"
                    ),
                ),
                (
                    "taken_out_by",
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
            },
        ),
        migrations.AddIndex(
            model_name="authorityorder",
            index=models.Index(fields=["practice", "-entered_at"], name="order_by_practice"),
        ),
        migrations.AddIndex(
            model_name="authorityorder",
            index=models.Index(
                condition=models.Q(("account__isnull", False)), fields=["account"], name="order_by_agent"
            ),
        ),
        migrations.AddConstraint(
            model_name="authorityorder",
            constraint=models.CheckConstraint(
                condition=models.Q(("authority__in", ["court", "police", "cnil", "insurance", "health", "council"])),
                name="order_authority",
            ),
        ),
        migrations.AddConstraint(
            model_name="authorityorder",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "ground__in",
                        ["cpp_60_1", "cpp_77_1_1", "cpp_99_3", "cpc_138", "loi_78_17", "css_315", "csp_1421", "other"],
                    )
                ),
                name="order_ground",
            ),
        ),
        migrations.AddConstraint(
            model_name="authorityorder",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("parts__contained_by", ["identity", "medical", "consultations", "measures", "documents"]),
                    ("parts__len__gt", 0),
                ),
                name="order_names_parts",
            ),
        ),
        migrations.AddConstraint(
            model_name="authorityorder",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("agent__isnull", False),
                    ("reference__isnull", False),
                    ("why__isnull", False),
                    models.Q(
                        models.Q(("storage_name", ""), _negated=True), ("forgotten_at__isnull", False), _connector="OR"
                    ),
                ),
                name="order_has_reference_reason_agent_and_paper",
            ),
        ),
        migrations.AddConstraint(
            model_name="authorityorder",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("until_at__gt", models.F("entered_at")),
                    (
                        "until_at__lte",
                        django.db.models.expressions.CombinedExpression(
                            models.F("entered_at"), "+", models.Value(datetime.timedelta(days=30))
                        ),
                    ),
                ),
                name="order_ends_within_30_days",
            ),
        ),
        migrations.AddConstraint(
            model_name="authorityorder",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("confirmed_at__isnull", True), ("confirmed_by__isnull", True)),
                    models.Q(
                        ("confirmed_at__gte", models.F("entered_at")),
                        ("confirmed_at__lt", models.F("until_at")),
                        ("confirmed_by__isnull", False),
                        models.Q(("confirmed_by", models.F("entered_by")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="order_confirmed_by_a_second_person",
            ),
        ),
        migrations.AddConstraint(
            model_name="authorityorder",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("ended_at__isnull", True),
                        ("ended_by__isnull", True),
                        ("ended_role", ""),
                        ("ended_why__isnull", True),
                    ),
                    models.Q(
                        ("ended_at__gte", models.F("entered_at")),
                        ("ended_by__isnull", False),
                        ("ended_why__isnull", False),
                        models.Q(("ended_role", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="order_ended_by_somebody_and_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="authorityorder",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("account__isnull", True), ("joined_at__isnull", True)),
                    models.Q(
                        ("account__isnull", False),
                        ("confirmed_at__isnull", False),
                        ("joined_at__gte", models.F("confirmed_at")),
                        models.Q(("account", models.F("entered_by")), _negated=True),
                        models.Q(("account", models.F("confirmed_by")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="order_read_by_a_third_person_once_confirmed",
            ),
        ),
        migrations.AddConstraint(
            model_name="authorityorder",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("token_hash__isnull", True),
                    models.Q(
                        ("confirmed_at__isnull", False),
                        ("link_until__isnull", False),
                        models.Q(("code_hash", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="order_link_once_confirmed",
            ),
        ),
        migrations.AddConstraint(
            model_name="authorityorder",
            constraint=models.CheckConstraint(condition=models.Q(("tries__lte", 5)), name="order_few_tries"),
        ),
        migrations.AddConstraint(
            model_name="authorityorder",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("silent_until__isnull", True), ("silent_why__isnull", True)),
                    models.Q(("silent_until__isnull", False), ("silent_why__isnull", False)),
                    _connector="OR",
                ),
                name="order_silent_on_a_ground",
            ),
        ),
        migrations.AddConstraint(
            model_name="orderedfile",
            constraint=models.UniqueConstraint(fields=("order", "file"), name="ordered_file_once"),
        ),
        migrations.AddConstraint(
            model_name="orderedfile",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("taken_out_at__isnull", True), ("taken_out_by__isnull", True)),
                    models.Q(("taken_out_at__gte", models.F("named_at")), ("taken_out_by__isnull", False)),
                    _connector="OR",
                ),
                name="ordered_file_taken_out_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="orderedfile",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("told_at__isnull", True), ("told_how", "")),
                    models.Q(("told_at__isnull", False), ("told_how__in", ["mail", "letter", "spoken"])),
                    _connector="OR",
                ),
                name="ordered_file_told_somehow",
            ),
        ),
        *(RowSecurity(f"records_{table}") for table in ("authorityorder", "orderedfile")),
        migrations.RunSQL(GUARDS, NO_GUARDS),
    ]
