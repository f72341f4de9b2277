"""What the portal promises, measured on the live database."""

from datetime import datetime
from typing import Final

from django.db import connection
from django.db.models import Count, Max

from accounts.models import PatientProfile
from accounts.patients.actions import FIELDS
from care.tenancy import ALL, scope
from privacy.promises import Measure, promise
from records.models import Questionnaire
from records.portal.questions import QuestionnaireForm

TESTS: Final = "tests/records/test_portal_promises.py"
AROUND: Final = {"user_id", "created_at", "changed_at"}
"""What a patient's account has in clear: whose it is, and two moments."""
COLUMNS: Final = """
select column_name, data_type from information_schema.columns
 where table_schema = current_schema() and table_name = %s
"""
GUARDED: Final = """
select count(*) from pg_trigger
 where tgrelid = 'records_questionnaire'::regclass and tgname in ('questionnaire_stands', 'deletion_door') and tgenabled = 'A'
"""


@promise("MD-02", checked_by=TESTS)
def patients_account_holds_only_the_announced(now: datetime) -> Measure:
    """PostgreSQL's own columns are the announced ones and no other, and each lies sealed."""
    with connection.cursor() as cursor:
        cursor.execute(COLUMNS, [PatientProfile._meta.db_table])
        stored = dict(cursor.fetchall())
    other = sorted(stored.keys() - set(FIELDS) - AROUND)
    lacking = sorted(set(FIELDS) - stored.keys())
    clear = sorted(name for name in FIELDS if stored.get(name, "bytea") != "bytea")
    figures = {
        "patients_accounts": PatientProfile.objects.count(), "announced_fields": len(FIELDS),
        "fields_not_announced": other, "fields_missing": lacking, "fields_in_clear": clear,
    }  # fmt: skip
    return Measure(not (other or lacking or clear), figures)


@promise("MD-03", checked_by=TESTS)
def questionnaires_are_marked_versioned_and_stand(now: datetime) -> Measure:
    """Mandatory answers are marked; each file's versions count from 1 without a gap, and PostgreSQL lets none be changed.

    There is no teleconsultation yet that one could begin without it; that one asks for it is the teleconsultation's part.
    """
    form = QuestionnaireForm()
    mandatory = [field for field in form.visible_fields() if field.field.required]
    unmarked = [field.name for field in mandatory if "field__must" not in field.as_field_group()]
    with scope(ALL), connection.cursor() as cursor:
        files = list(Questionnaire.objects.values("file_id").annotate(n=Count("pk"), last=Max("number")))
        cursor.execute(GUARDED)
        guards = int(cursor.fetchone()[0])
    gaps = sorted(str(one["file_id"]) for one in files if one["n"] != one["last"])
    figures = {
        "questionnaires": sum(one["n"] for one in files), "files_with_one": len(files), "files_with_gaps": gaps,
        "mandatory_answers": len(mandatory), "unmarked_answers": unmarked, "guards": guards,
    }  # fmt: skip
    return Measure(not gaps and not unmarked and bool(mandatory) and guards == 2, figures)
