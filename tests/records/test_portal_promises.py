"""The portal's promises hold, and turn false when broken by hand (MD-02, MD-03, PC-03)."""

import pytest
from django.db import connection
from django.utils import timezone

from praticonnect.database import as_owner
from records.portal import content, promises
from records.portal.questions import QuestionnaireForm
from records.promises import identity_and_health_are_held_sealed
from tests.accounts.factories import make_patient, make_practitioner
from tests.records.factories import link, make_file, working

pytestmark = pytest.mark.django_db(databases="__all__")
NOW = timezone.now()


def by_hand(sql: str) -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("set constraints all immediate; set local praticonnect.scope = 'all'")
        cursor.execute(sql)


def handed_in() -> None:
    user, patient = make_practitioner(), make_patient()
    file = make_file(user)
    row = link(file, patient)
    with working(user) as by:
        content.hand_in(file=file, link=row, answers={"risks": "none"}, by=by, now=NOW)


def test_both_hold_and_count() -> None:
    handed_in()
    account, asked = promises.patients_account_holds_only_the_announced(NOW), promises.questionnaires_are_marked_versioned_and_stand(NOW)  # fmt: skip
    assert (account.kept, account.figures["patients_accounts"]) == (True, 1)
    assert (asked.kept, asked.figures["questionnaires"]) == (True, 1)


@pytest.mark.parametrize(
    ("sql", "figure"),
    [
        ("alter table accounts_patientprofile add column religion text", "fields_not_announced"),
        ("alter table accounts_patientprofile drop column payer_number", "fields_missing"),
        ("alter table accounts_patientprofile alter column phone type text using ''", "fields_in_clear"),
    ],
)
def test_another_column_breaks_md_02(sql: str, figure: str) -> None:
    by_hand(sql)
    measured = promises.patients_account_holds_only_the_announced(NOW)
    assert (measured.kept, len(measured.figures[figure])) == (False, 1)


@pytest.mark.parametrize(
    "sql",
    [
        "drop trigger questionnaire_stands on records_questionnaire",
        "alter table records_questionnaire disable trigger deletion_door",
        "alter table records_questionnaire disable trigger user; update records_questionnaire set number = 2;"
        " alter table records_questionnaire enable always trigger questionnaire_stands;"
        " alter table records_questionnaire enable always trigger deletion_door",
    ],
)
def test_broken_guard_or_gap_breaks_md_03(sql: str) -> None:
    handed_in()
    by_hand(sql)
    assert not promises.questionnaires_are_marked_versioned_and_stand(NOW).kept


def test_unmarked_answers_break_md_03(monkeypatch: pytest.MonkeyPatch) -> None:
    for field in QuestionnaireForm.base_fields.values():
        monkeypatch.setattr(field, "required", False)
    assert not promises.questionnaires_are_marked_versioned_and_stand(NOW).kept


def test_answers_in_clear_break_pc_03() -> None:
    handed_in()
    assert identity_and_health_are_held_sealed(NOW).kept
    by_hand("alter table records_questionnaire disable trigger questionnaire_stands")
    by_hand("update records_questionnaire set answers = convert_to('aucun antécédent', 'UTF8')")
    assert not identity_and_health_are_held_sealed(NOW).kept
