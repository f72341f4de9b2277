"""A field nobody answers for fails ``manage.py check`` (PC-04, MD-05, issue 2's Done-when 6)."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models
from django.test.utils import isolate_apps

from accounts.models import User
from privacy.checks import check_declarations, problems, stale_tables
from privacy.declare import (
    REGISTRY,
    Category,
    FieldDeclaration,
    ModelDeclaration,
    Subject,
    personal,
    technical,
)
from privacy.purposes import LegalBasis, Purpose

ROOT = Path(__file__).parents[2]

NAME = personal(
    "name",
    Category.PROFESSIONAL,
    purpose=Purpose.SERVICE,
    basis=LegalBasis.CONTRACT,
    retention="PC-40",
)


# The vault's own field can't be used here: its app may refuse a table of ours.
Sealed = type("SealedField", (models.BinaryField,), {"__module__": "vault.fields"})


def table(subject: Subject = Subject.PRACTITIONER, **fields: FieldDeclaration) -> dict[str, ModelDeclaration]:
    fields = {"id": technical("number"), **fields}
    return {"privacy.Thing": ModelDeclaration("privacy.Thing", "a thing", subject, fields)}


def found(declared: dict[str, ModelDeclaration], column: models.Field | None = None) -> list[str]:
    """The error ids for a model ``Thing`` with a column ``name``, each with its place."""
    with isolate_apps("privacy"):
        thing = type(
            "Thing",
            (models.Model,),
            {"__module__": "privacy.models", "name": column or models.CharField(max_length=9)},
        )
        return [f"{error.id} {error.msg}" for error in problems([thing], declared)]


def check(settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": settings},
        capture_output=True,
        text=True,
        check=False,
    )


def test_check_fails_when_a_field_was_added_without_a_declaration() -> None:
    ran = check("tests.privacy.undeclared_settings")
    assert ran.returncode == 1
    assert "(privacy.E002) undeclared_app.Visitor.shoe_size isn't declared." in ran.stderr
    assert ran.stderr.count("privacy.E002") == 1


def test_check_passes_on_the_house_as_it_is() -> None:
    assert [error.msg for error in check_declarations()] == []


def test_declared_table_has_no_problem() -> None:
    assert found(table(name=NAME)) == []


def test_table_without_a_declaration_is_an_error() -> None:
    assert found({}) == ["privacy.E001 privacy.Thing has no declaration of its personal data."]


def test_field_without_a_declaration_is_an_error() -> None:
    assert found(table()) == ["privacy.E002 privacy.Thing.name isn't declared."]


def test_declared_field_that_no_longer_exists_is_an_error() -> None:
    assert found(table(name=NAME, gone=technical("gone"))) == [
        "privacy.E003 privacy.Thing.gone is declared but is no field."
    ]


def test_declared_table_that_no_longer_exists_is_an_error() -> None:
    old = {"accounts.Old": ModelDeclaration("accounts.Old", "old", Subject.NOBODY, {})}
    errors = stale_tables([apps.get_model("accounts.User")], old)
    assert [error.msg for error in errors] == ["accounts.Old is declared but no longer exists."]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"purpose": None}, "privacy.E005 privacy.Thing.name has no purpose or no legal basis."),
        ({"basis": None}, "privacy.E005 privacy.Thing.name has no purpose or no legal basis."),
        ({"retention": None}, "privacy.E006 privacy.Thing.name has no retention rule."),
        (
            {"retention": "PC-99"},
            "privacy.E006 privacy.Thing.name names the unknown retention rule 'PC-99'.",
        ),
    ],
)
def test_personal_field_that_leaves_a_question_open_is_an_error(change: dict[str, object], expected: str) -> None:
    assert found(table(name=replace(NAME, **change))) == [expected]


@pytest.mark.parametrize("category", [Category.IDENTITY, Category.CONTACT, Category.HEALTH])
def test_identity_and_health_of_a_patient_must_be_sealed(category: Category) -> None:
    clear = replace(NAME, category=category, basis=LegalBasis.CARE)
    assert found(table(Subject.PATIENT, name=clear)) == [
        "privacy.E007 privacy.Thing.name is health data, or a patient's, and must be sealed."
    ]
    assert found(table(Subject.PATIENT, name=replace(clear, sealed=True)), Sealed()) == []


def test_health_data_are_sealed_whoever_they_are_about() -> None:
    health = replace(NAME, category=Category.HEALTH, basis=LegalBasis.CARE)
    assert found(table(name=health)) == [
        "privacy.E007 privacy.Thing.name is health data, or a patient's, and must be sealed."
    ]


def test_health_data_need_a_condition_of_article_9() -> None:
    health = replace(NAME, category=Category.HEALTH, sealed=True)
    assert found(table(name=health)) == [
        "privacy.E008 privacy.Thing.name is health data without a condition of Art. 9."
    ]


def test_personal_field_in_a_table_about_nobody_is_an_error() -> None:
    assert found(table(Subject.NOBODY, name=NAME)) == [
        "privacy.E009 privacy.Thing.name is personal in a table about nobody."
    ]


def test_declaration_and_seal_must_agree() -> None:
    sealed = replace(NAME, category=Category.HEALTH, basis=LegalBasis.CARE, sealed=True)
    assert found(table(Subject.PATIENT, name=sealed)) == [
        "privacy.E010 privacy.Thing.name is declared sealed but stored in clear."
    ]
    assert found(table(Subject.PATIENT, name=technical("code")), Sealed()) == [
        "privacy.E010 privacy.Thing.name is sealed but not declared so."
    ]


def test_column_that_points_to_an_account_is_personal() -> None:
    to_account = models.ForeignKey(User, models.CASCADE, related_name="+")
    errors = found(table(name=technical("the account")), to_account)
    assert errors == ["privacy.E011 privacy.Thing.name points to a person and is declared technical."]


def test_check_of_one_app_looks_at_that_app_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(REGISTRY, "accounts.User")
    assert [e.id for e in check_declarations([apps.get_app_config("accounts")])] == ["privacy.E001"]
    assert check_declarations([apps.get_app_config("sessions")]) == []
