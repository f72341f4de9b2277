"""Requests about personal data, their exchanges and reminders as append-only evidence (MD-33, PC-52)."""

import django.db.models.deletion
from django.db import migrations, models

import privacy.ids
import vault.fields
from audit.operations import AppendOnly, RowsLeave

# What was received stays as it was received, a decision is taken once, and a request leaves only once it is over.
GUARD = """
CREATE FUNCTION gdpr_request_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE moves text[] := ARRAY['state', 'proof', 'proven_at', 'extended_until', 'outcome', 'ground', 'decided_at',
                              'decided_by_id', 'decided_role', 'closed_at'];
BEGIN
  IF tg_op = 'DELETE' THEN
    IF old.closed_at IS NULL THEN
      RAISE EXCEPTION 'request %-% isn''t closed: it stays', old.year, old.serial USING errcode = '23001';
    END IF;
    RETURN old;
  END IF;
  IF to_jsonb(old) - moves <> to_jsonb(new) - moves THEN
    RAISE EXCEPTION 'what request %-% was filed with stays', old.year, old.serial USING errcode = '23001';
  END IF;
  IF (old.decided_at IS NOT NULL AND to_jsonb(old) - ARRAY['state', 'closed_at'] <> to_jsonb(new) - ARRAY['state', 'closed_at'])
     OR (old.extended_until IS NOT NULL AND new.extended_until IS DISTINCT FROM old.extended_until)
     OR (old.closed_at IS NOT NULL AND new IS DISTINCT FROM old) THEN
    RAISE EXCEPTION 'what was decided of request %-% stays', old.year, old.serial USING errcode = '23001';
  END IF;
  RETURN new;
END $$;
CREATE TRIGGER gdpr_request_guard BEFORE UPDATE OR DELETE ON gdpr_requests_request
  FOR EACH ROW EXECUTE FUNCTION gdpr_request_guard();
ALTER TABLE gdpr_requests_request ENABLE ALWAYS TRIGGER gdpr_request_guard;
"""
UNGUARD = "DROP TRIGGER gdpr_request_guard ON gdpr_requests_request; DROP FUNCTION gdpr_request_guard();"


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0003_quick_rows"),
        ("gdpr_requests", "0001_duties"),
    ]

    operations = [
        migrations.CreateModel(
            name="Exchange",
            fields=[
                ("id", models.UUIDField(default=privacy.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ("request_id", models.UUIDField(verbose_name="request")),
                ("number", models.PositiveIntegerField(verbose_name="number in the request")),
                ("at", models.DateTimeField(verbose_name="when")),
                ("kind", models.CharField(max_length=12, verbose_name="kind")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("received", "received"),
                            ("identity", "waiting for proof of identity"),
                            ("in_progress", "in progress"),
                            ("extended", "extended"),
                            ("answered", "answered"),
                            ("closed", "closed"),
                            ("withdrawn", "withdrawn"),
                        ],
                        max_length=12,
                        verbose_name="state after it",
                    ),
                ),
                ("text", vault.fields.SealedTextField(blank=True, editable=False, null=True)),
                ("sent_by", models.CharField(blank=True, max_length=8, verbose_name="told by")),
                ("remedies", models.BooleanField(default=False, verbose_name="names the remedies")),
                ("actor_id", models.UUIDField(null=True, verbose_name="who acted")),
                ("actor_role", models.CharField(max_length=20, verbose_name="in which role")),
            ],
            options={
                "verbose_name": "exchange of a request",
                "verbose_name_plural": "exchanges of requests",
                "constraints": [models.UniqueConstraint(fields=("request_id", "number"), name="one_exchange_a_number")],
            },
        ),
        migrations.CreateModel(
            name="Objection",
            fields=[
                ("id", models.UUIDField(default=privacy.ids.new_id, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("marketing", "marketing"),
                            ("legitimate_interest", "processing for a legitimate interest"),
                        ],
                        max_length=20,
                        verbose_name="objects to",
                    ),
                ),
                ("address_key", models.BinaryField(max_length=32, verbose_name="keyed hash of the address")),
                ("since_at", models.DateTimeField(verbose_name="since")),
            ],
            options={
                "verbose_name": "objection",
                "verbose_name_plural": "objections",
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "address_key"), name="one_objection_an_address")
                ],
            },
        ),
        migrations.CreateModel(
            name="Reminder",
            fields=[
                ("id", models.UUIDField(default=privacy.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ("request_id", models.UUIDField(verbose_name="request")),
                ("kind", models.CharField(max_length=12, verbose_name="kind")),
                ("limit_on", models.DateField(verbose_name="limit")),
                ("sent_at", models.DateTimeField(verbose_name="sent")),
            ],
            options={
                "verbose_name": "reminder",
                "verbose_name_plural": "reminders",
                "constraints": [
                    models.UniqueConstraint(fields=("request_id", "kind", "limit_on"), name="one_reminder_a_limit")
                ],
            },
        ),
        migrations.CreateModel(
            name="Request",
            fields=[
                ("id", models.UUIDField(default=privacy.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ("year", models.PositiveSmallIntegerField(verbose_name="year")),
                ("serial", models.PositiveIntegerField(verbose_name="number in the year")),
                (
                    "right",
                    models.CharField(
                        choices=[
                            ("15", "ACCESS"),
                            ("16", "RECTIFICATION"),
                            ("17", "ERASURE"),
                            ("18", "RESTRICTION"),
                            ("20", "PORTABILITY"),
                            ("21", "OBJECTION"),
                            ("22", "HUMAN_DECISION"),
                            ("7.3", "WITHDRAWAL"),
                            ("L1111-8", "HOSTING_OBJECTION"),
                            ("LIL 85", "DIRECTIVES"),
                            ("15, 32", "QUESTIONED_ACCESS"),
                            ("38.4", "QUESTION"),
                        ],
                        max_length=10,
                        verbose_name="right",
                    ),
                ),
                (
                    "data_class",
                    models.CharField(
                        choices=[("ordinary", "ORDINARY"), ("medical", "MEDICAL"), ("old_medical", "OLD_MEDICAL")],
                        max_length=12,
                        verbose_name="class of data",
                    ),
                ),
                (
                    "objects_to",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("marketing", "marketing"),
                            ("legitimate_interest", "processing for a legitimate interest"),
                        ],
                        max_length=20,
                        verbose_name="objects to",
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("centre", "privacy centre"),
                            ("portal", "patient portal"),
                            ("form", "contact form"),
                            ("email", "e-mail"),
                            ("post", "post"),
                        ],
                        max_length=8,
                        verbose_name="channel",
                    ),
                ),
                ("account_id", models.UUIDField(null=True, verbose_name="who asks")),
                ("practice_id", models.UUIDField(null=True, verbose_name="practice asked")),
                ("file_id", models.UUIDField(null=True, verbose_name="patient's file")),
                ("contact", vault.fields.SealedJSONField(blank=True, editable=False, null=True)),
                ("received_at", models.DateTimeField(verbose_name="received")),
                ("filed_at", models.DateTimeField(verbose_name="entered")),
                ("not_before", models.DateTimeField(verbose_name="not answered before")),
                ("target_on", models.DateField(verbose_name="aimed at")),
                ("due_on", models.DateField(verbose_name="due")),
                ("extended_until", models.DateField(null=True, verbose_name="extended until")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("received", "received"),
                            ("identity", "waiting for proof of identity"),
                            ("in_progress", "in progress"),
                            ("extended", "extended"),
                            ("answered", "answered"),
                            ("closed", "closed"),
                            ("withdrawn", "withdrawn"),
                        ],
                        default="received",
                        max_length=12,
                        verbose_name="state",
                    ),
                ),
                (
                    "proof",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("login", "signed in with a second factor"),
                            ("document", "an identity document, destroyed after the check"),
                            ("in_person", "known to whoever answers, or checked in person"),
                        ],
                        max_length=10,
                        verbose_name="identity",
                    ),
                ),
                ("proven_at", models.DateTimeField(null=True, verbose_name="identity checked")),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[("granted", "granted"), ("partly", "granted in part"), ("refused", "refused")],
                        max_length=8,
                        verbose_name="decision",
                    ),
                ),
                (
                    "ground",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("identity", "Your identity could not be established (GDPR Art. 12(6))."),
                            ("excessive", "The request is manifestly unfounded or excessive (GDPR Art. 12(5))."),
                            ("not_held", "We hold no data about you (GDPR Art. 15(1))."),
                            (
                                "retention",
                                "The law obliges us to keep the data (GDPR Art. 17(3)(b), (c); CSP R1112-7).",
                            ),
                            ("claims", "The data are needed for legal claims (GDPR Art. 17(3)(e), 18(2), 21(1))."),
                            (
                                "others",
                                "The answer would adversely affect the rights of others (GDPR Art. 15(4), 20(4)).",
                            ),
                            ("accurate", "The data are accurate and complete (GDPR Art. 16)."),
                            ("not_portable", "The data rest neither on consent nor on a contract (GDPR Art. 20(1))."),
                            ("compelling", "Compelling legitimate grounds override your interests (GDPR Art. 21(1))."),
                            ("lawful", "The conditions of a restriction are not met (GDPR Art. 18(1))."),
                        ],
                        max_length=20,
                        verbose_name="ground",
                    ),
                ),
                ("decided_at", models.DateTimeField(null=True, verbose_name="decided")),
                ("decided_by_id", models.UUIDField(null=True, verbose_name="decided by")),
                ("decided_role", models.CharField(blank=True, max_length=20, verbose_name="in which role")),
                ("closed_at", models.DateTimeField(null=True, verbose_name="closed")),
            ],
            options={
                "verbose_name": "request",
                "verbose_name_plural": "requests",
                "indexes": [
                    models.Index(fields=["account_id", "-received_at"], name="request_by_account"),
                    models.Index(fields=["practice_id", "due_on"], name="request_by_practice"),
                    models.Index(
                        condition=models.Q(("state__in", ("answered", "closed", "withdrawn")), _negated=True),
                        fields=["due_on"],
                        name="request_open_by_due",
                    ),
                    models.Index(
                        condition=models.Q(("closed_at__isnull", False)),
                        fields=["closed_at"],
                        name="request_by_closure",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("year", "serial"), name="request_number_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                ["received", "identity", "in_progress", "extended", "answered", "closed", "withdrawn"],
                            )
                        ),
                        name="request_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("account_id__isnull", False), ("contact__isnull", False), _connector="OR"),
                        name="request_of_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_at", None), ("decided_role", ""), ("outcome", "")),
                            models.Q(
                                ("decided_at__isnull", False),
                                ("outcome__in", ["granted", "partly", "refused"]),
                                models.Q(
                                    ("decided_by_id__isnull", False),
                                    ("decided_role__in", ("system", "operations", "anonymous")),
                                    _connector="OR",
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="request_decided_by_somebody_at_a_moment",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("outcome__in", ["partly", "refused"]), _negated=True),
                            models.Q(("ground", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="request_refused_on_a_ground",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("outcome", ""), ("decided_at__gte", models.F("not_before")), _connector="OR"
                        ),
                        name="request_not_before",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("closed_at__isnull", False), ("state__in", ("closed", "withdrawn"))),
                            models.Q(
                                models.Q(("state__in", ("closed", "withdrawn")), _negated=True),
                                ("closed_at__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="request_closed_at_a_moment",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="IdentityDocument",
            fields=[
                ("id", models.UUIDField(default=privacy.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ("added_at", models.DateTimeField(verbose_name="sent")),
                ("content_type", models.CharField(max_length=40, verbose_name="kind")),
                ("storage_name", models.CharField(blank=True, max_length=100, verbose_name="stored as")),
                ("checked_at", models.DateTimeField(null=True, verbose_name="checked")),
                ("checked_by_id", models.UUIDField(null=True, verbose_name="checked by")),
                ("accepted", models.BooleanField(null=True, verbose_name="accepted")),
                ("destroyed_at", models.DateTimeField(null=True, verbose_name="destroyed")),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="documents",
                        to="gdpr_requests.request",
                    ),
                ),
            ],
            options={
                "verbose_name": "identity document",
                "verbose_name_plural": "identity documents",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("destroyed_at__isnull", True), ("storage_name", ""), _connector="OR"),
                        name="identity_destroyed_is_empty",
                    )
                ],
            },
        ),
        AppendOnly("gdpr_requests_exchange"),
        AppendOnly("gdpr_requests_reminder"),
        RowsLeave("gdpr_requests_exchange", rule="PC-52", months=36),
        RowsLeave("gdpr_requests_reminder", rule="PC-52", months=36, clock="sent_at"),
        migrations.RunSQL(GUARD, UNGUARD),
    ]
