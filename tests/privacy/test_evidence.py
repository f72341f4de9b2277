"""PC-01 to PC-04 and MD-05 measured on the live database, and broken by hand one by one."""

from dataclasses import replace
from datetime import datetime

import pytest
from django.db import connection

from praticonnect.database import as_owner
from privacy import evidence
from privacy.declare import REGISTRY, Category, Erase, Export, ModelDeclaration

pytestmark = pytest.mark.django_db(databases=["default", "keys"])


def by_hand(statement: str) -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(statement)


def redeclare(monkeypatch: pytest.MonkeyPatch, label: str, name: str, **changes: object) -> None:
    """Declare one field otherwise for the length of a test."""
    table = REGISTRY[label]
    fields = {**table.fields, name: replace(table.fields[name], **changes)}
    changed = ModelDeclaration(table.label, table.about, table.subject, fields)
    monkeypatch.setitem(REGISTRY, label, changed)


@pytest.mark.parametrize(
    "check",
    [
        evidence.controller_and_dpo_are_named,
        evidence.practitioner_data_are_the_listed_ones,
        evidence.patient_data_are_the_listed_ones,
        evidence.every_personal_column_has_purpose_and_basis,
        evidence.register_covers_everything_stored,
    ],
)
def test_promise_is_kept_as_the_house_stands(check, now: datetime) -> None:
    found = check(now)
    assert found.kept, found.figures


@pytest.mark.parametrize("part", ["name", "address", "dpo_email"])
def test_pc_01_breaks_when_a_part_of_the_controllers_name_is_missing(settings, part: str, now: datetime) -> None:
    settings.CONTROLLER = {**settings.CONTROLLER, part: ""}
    assert not evidence.controller_and_dpo_are_named(now).kept


@pytest.mark.parametrize("place", evidence.FRAMES)
def test_pc_01_breaks_when_a_frame_no_longer_names_the_controller(
    monkeypatch: pytest.MonkeyPatch, place: str, now: datetime
) -> None:
    monkeypatch.setitem(evidence.FRAMES, place, "components/brand.html")
    found = evidence.controller_and_dpo_are_named(now)
    missing = [f"{part} in {place}" for part in ("name", "address", "dpo_email")]
    assert (found.kept, found.figures["missing"]) == (False, missing)


def test_pc_01_breaks_when_the_dpo_can_not_be_written_to(settings, now: datetime) -> None:
    settings.CONTROLLER = {**settings.CONTROLLER, "dpo_email": "nobody"}
    assert not evidence.controller_and_dpo_are_named(now).kept


def test_pc_02_breaks_when_a_column_is_added_by_hand(now: datetime) -> None:
    by_hand("ALTER TABLE accounts_user ADD COLUMN religion text")
    found = evidence.practitioner_data_are_the_listed_ones(now)
    assert (found.kept, found.figures["undeclared_columns"]) == (False, ["accounts_user.religion"])


def test_pc_02_breaks_when_health_data_of_an_account_are_declared(
    monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    redeclare(monkeypatch, "accounts.User", "language", category=Category.HEALTH)
    found = evidence.practitioner_data_are_the_listed_ones(now)
    assert (found.kept, found.figures["not_in_policy"]) == (False, ["accounts_user.language"])


@pytest.mark.parametrize(
    ("label", "column", "category"),
    [
        ("accounts.User", "language", Category.APPOINTMENT),
        ("subprocessors.BusyTime", "starts_at", Category.HEALTH),
        ("records.PatientFile", "surname", Category.FINANCIAL),
        ("records.CoverageCheck", "outcome", Category.USAGE),
    ],
)
def test_what_is_listed_for_one_table_is_listed_for_no_other(
    monkeypatch: pytest.MonkeyPatch, now: datetime, label: str, column: str, category: Category
) -> None:
    redeclare(monkeypatch, label, column, category=category)
    found = [evidence.practitioner_data_are_the_listed_ones(now), evidence.patient_data_are_the_listed_ones(now)]
    beyond = [name for one in found for name in one.figures["not_in_policy"]]
    assert beyond == [f"{label.replace('.', '_').lower()}.{column}"]


def test_pc_03_breaks_when_a_patients_seal_is_undone_by_hand(now: datetime) -> None:
    by_hand("ALTER TABLE records_patientfile ALTER COLUMN surname TYPE text USING encode(surname, 'hex')")
    found = evidence.patient_data_are_the_listed_ones(now)
    assert (found.kept, found.figures["in_clear"]) == (False, ["records_patientfile.surname"])


def test_pc_03_breaks_when_a_column_about_patients_is_added_by_hand(now: datetime) -> None:
    by_hand("ALTER TABLE records_patientfile ADD COLUMN surname_in_clear text")
    found = evidence.patient_data_are_the_listed_ones(now)
    assert found.figures["undeclared_columns"] == ["records_patientfile.surname_in_clear"]
    assert not found.kept


def test_pc_04_breaks_when_a_field_loses_its_legal_basis(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    redeclare(monkeypatch, "accounts.User", "email", basis=None)
    found = evidence.every_personal_column_has_purpose_and_basis(now)
    assert found.figures["without_purpose_or_basis"] == ["accounts_user.email"]
    assert not found.kept


def test_pc_04_breaks_when_a_table_appears_by_hand(now: datetime) -> None:
    by_hand("CREATE TABLE guests (email text)")
    found = evidence.every_personal_column_has_purpose_and_basis(now)
    assert (found.kept, found.figures["undeclared_columns"]) == (False, ["guests.email"])


def test_md_05_breaks_when_a_stored_column_falls_out_of_the_register(
    monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    redeclare(monkeypatch, "accounts.User", "email", purpose=None)
    found = evidence.register_covers_everything_stored(now)
    assert (found.kept, found.figures["not_in_register"]) == (False, ["accounts.User.email"])


def test_md_05_breaks_when_the_register_lists_what_is_not_stored(now: datetime) -> None:
    by_hand("ALTER TABLE accounts_user DROP COLUMN language")
    found = evidence.register_covers_everything_stored(now)
    assert (found.kept, found.figures["not_stored"]) == (False, ["accounts.User.language"])


def test_what_an_export_withholds_are_secrets_only() -> None:
    withheld = {
        field.category
        for table in REGISTRY.values()
        for field in table.fields.values()
        if field.export is Export.WITHHELD and field.erase is not Erase.WITH_KEY
    }
    assert withheld <= {Category.CREDENTIAL, Category.CONNECTION, Category.REFERENCE}
