"""What the portal promises, measured on the live database."""

from contextlib import suppress
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models import Count, Max
from django.template.loader import render_to_string
from django.utils.html import escape

from accounts.access import PORTAL
from accounts.models import PatientProfile
from accounts.patients.actions import FIELDS
from care.models import CareRelationship, PortalLink
from care.tenancy import ALL, scope
from consents.grants import NoGrant, patient_grant_for
from consents.patients import MAY_DECIDE
from privacy.browser import permissions_policy
from privacy.patient_keys import GOES_WITH, TELECONSULTATION
from privacy.promises import Measure, promise
from records.access import ACCESS
from records.models import Questionnaire
from records.portal import visits
from records.portal.queries import file_of
from records.portal.questions import QuestionnaireForm

TESTS: Final = "tests/records/test_portal_promises.py"
AROUND: Final = {"user_id", "created_at", "changed_at"}
"""What a patient's account has in clear: whose it is, and two moments."""
COLUMNS: Final = """
select column_name, data_type from information_schema.columns
 where table_schema = current_schema() and table_name = %s
"""
DEVICES: Final = ("camera", "microphone")
SAMPLE: Final = 200
FEWEST_WAYS: Final = 3
REFUSALS: Final = (visits.NOT_FOR_OTHERS, visits.KEPT_CLOSED, visits.NO_CONSENT, visits.NO_QUESTIONNAIRE)
LAST_WORD: Final = """
select distinct on (subject_id) subject_id, action from consents_consentevent where key = %s order by subject_id, number desc
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

    That nobody comes to a video visit without one is measured with MD-11.
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


@promise("MD-02", checked_by=TESTS)
def devices_are_asked_for_on_one_page_only(now: datetime) -> Measure:
    """Every page forbids camera and microphone but the device check, which shows neither without the two that come first."""
    everywhere = permissions_policy()
    there = permissions_policy(*DEVICES)
    loose = [device for device in DEVICES if f"{device}=()" not in everywhere]
    tight = [device for device in DEVICES if f"{device}=(self)" not in there]
    shut = ACCESS["patient:video"] != PORTAL
    figures = {"devices_open_everywhere": loose, "devices_closed_on_the_check": tight, "check_open_to_others": shut}
    return Measure(not (loose or tight or shut), figures)


@promise("MD-11", checked_by=TESTS)
def without_consent_no_video_and_care_goes_on(now: datetime) -> Measure:
    """Of the newest links: none comes to a video visit, and no grant is made, without a yes on record and a questionnaire.

    What is on record is read here with SQL of its own. Each refusal says the other ways to be cared for.
    """
    with scope(ALL):
        agreed = _last_word_is_yes()
        answered = set(Questionnaire.objects.values_list("file_id", flat=True))
        links = PortalLink.objects.live(now).filter(capacity__in=MAY_DECIDE).select_related("practice")
        tried = [(link, file) for link in links.order_by("-since_at")[:SAMPLE] if (file := file_of(link))]
        opened = [(link, file) for link, file in tried if visits.refusal_of(link, file, now) is None]
        loose = sorted(str(file.pk) for _link, file in opened if file.pk not in agreed & answered)
        granted = sum(_grants(file.pk, now) for _link, file in tried if file.pk not in agreed)
    mute = [refusal.code for refusal in REFUSALS if not _says_other_ways(refusal)]
    figures = {
        "links_tried": len(tried), "open_to_video": len(opened), "open_without_consent_or_questionnaire": loose,
        "grants_without_consent": granted, "refusals": len(REFUSALS), "refusals_without_other_ways": mute,
    }  # fmt: skip
    return Measure(not (loose or granted or mute), figures)


def _last_word_is_yes() -> set[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(LAST_WORD, [TELECONSULTATION])
        return {file_id for file_id, action in cursor.fetchall() if action in ("given", "renewed")}


def _grants(file_id: UUID, now: datetime) -> int:
    """How many grants of a video visit could be made about the file."""
    treating = CareRelationship.objects.active().filter(patient_id=file_id).values_list("practitioner_id", flat=True)
    made = 0
    for one in treating:
        for slot in GOES_WITH[TELECONSULTATION]:
            with suppress(NoGrant):
                patient_grant_for(file_id, TELECONSULTATION, subject_id=one, slot=slot, now=now)
                made += 1
    return made


def _says_other_ways(refusal: visits.NoVideo) -> bool:
    """Whether the page of this refusal names ways of care, an emergency number among them."""
    shown = render_to_string("patient/other_ways.html", {"ways": refusal.ways})
    named = sum(escape(str(way)) in shown for way in refusal.ways)
    return named >= FEWEST_WAYS and "112" in shown and bool(str(refusal.message))
