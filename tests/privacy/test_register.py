"""The Art. 30 registers and the retention table follow the declarations alone (MD-05, PC-04)."""

from dataclasses import replace
from datetime import date

import pytest

from privacy.declare import REGISTRY, Category, ModelDeclaration, Subject
from privacy.purposes import LegalBasis, Purpose
from privacy.register import Register, entries, retention_table
from privacy.registry import personal_fields
from privacy.retention import RULES
from privacy.subprocessors import NoRegister

DAY = date(2026, 11, 23)


def own_subject(register: Register) -> set[Subject]:
    return {entry.subject for entry in entries(register, on=DAY)}


def test_each_personal_field_stands_in_exactly_one_controllers_register() -> None:
    listed = [
        f"{field.table.label}.{field.name}"
        for register in (Register.PRATICONNECT, Register.PRACTITIONER)
        for entry in entries(register, on=DAY)
        for field in entry.fields
    ]
    declared = [f"{field.table.label}.{field.name}" for field in personal_fields()]
    assert sorted(listed) == sorted(declared)


def test_patients_belong_to_the_practitioners_register_and_to_the_processors() -> None:
    assert Subject.PATIENT not in own_subject(Register.PRATICONNECT)
    assert own_subject(Register.PRACTITIONER) <= {Subject.PATIENT}
    processor = [entry.fields for entry in entries(Register.PROCESSOR, on=DAY)]
    assert processor == [entry.fields for entry in entries(Register.PRACTITIONER, on=DAY)]


@pytest.mark.parametrize("register", Register)
def test_every_entry_answers_all_that_article_30_asks(register: Register) -> None:
    for entry in entries(register, on=DAY):
        assert all(value for key, value in entry.as_dict().items() if key not in _MAY_BE_EMPTY)


_MAY_BE_EMPTY = {"article_9", "transfers"}


def test_register_changes_with_a_declaration(monkeypatch: pytest.MonkeyPatch) -> None:
    user = REGISTRY["accounts.User"]
    email = replace(user.fields["email"], purpose=Purpose.BILLING, retention="PC-42")
    changed = ModelDeclaration(user.label, user.about, user.subject, {**user.fields, "email": email})
    monkeypatch.setitem(REGISTRY, "accounts.User", changed)
    (billing,) = [
        e for e in entries(Register.PRATICONNECT, on=DAY) if e.purpose is Purpose.BILLING and user.about in e.tables
    ]
    assert billing.as_dict() == {
        "purpose": "Payments and billing",
        "legal_basis": "GDPR Art. 6(1)(b)",
        "article_9": None,
        "subjects": "account holders",
        "data": [user.about],
        "categories": ["contact"],
        "recipients": [
            "the person's own account",
            "health authorities, courts and counsel, where the law orders it",
            "Scaleway",
            "Amazon Web Services",
            "Viva Payment Services",
            "Scell.io",
            "Resend",
        ],
        "transfers": ["Resend"],
        "retention": ["PC-42"],
        "safeguards": list(billing.safeguards),
    }


def test_sealing_is_named_only_where_a_field_is_sealed() -> None:
    for entry in entries(Register.PRATICONNECT, on=DAY):
        sealed = any(field.field.sealed for field in entry.fields)
        assert len(entry.safeguards) == (3 if sealed else 2)


def test_entries_come_in_the_order_of_the_policys_purposes() -> None:
    purposes = [list(Purpose).index(entry.purpose) for entry in entries(Register.PRATICONNECT, on=DAY)]
    assert purposes == sorted(purposes)


def test_retention_table_has_every_rule_and_counts_every_field_once() -> None:
    lines = retention_table()
    assert [line.rule.id for line in lines] == list(RULES)
    assert sum(line.fields for line in lines) == len(list(personal_fields()))


def test_retention_table_moves_with_a_declaration(monkeypatch: pytest.MonkeyPatch) -> None:
    before = {line.rule.id: line.fields for line in retention_table()}
    user = REGISTRY["accounts.User"]
    email = replace(user.fields["email"], retention="PC-48")
    changed = ModelDeclaration(user.label, user.about, user.subject, {**user.fields, "email": email})
    monkeypatch.setitem(REGISTRY, "accounts.User", changed)
    after = {line.rule.id: line.fields for line in retention_table()}
    moved = {rule: after[rule] - before[rule] for rule in RULES if after[rule] != before[rule]}
    assert moved == {"PC-40": -1, "PC-48": 1}


def test_health_data_stand_under_a_condition_of_article_9() -> None:
    health = [f for f in personal_fields() if f.field.category is Category.HEALTH]
    bases = {f.field.basis for f in health}
    assert bases <= {LegalBasis.CARE, LegalBasis.EXPLICIT_CONSENT, LegalBasis.VITAL_INTERESTS}


def test_a_subprocessor_is_a_recipient_only_of_the_data_that_reach_it() -> None:
    names = {
        (entry.purpose, one.name)
        for entry in entries(Register.PRACTITIONER, on=DAY)
        for one in entry.recipients
        if one.country
    }
    assert (Purpose.CARE, "Mistral AI") in names
    assert {name for purpose, name in names if purpose is Purpose.STORAGE} == {"Scaleway"}


def test_there_is_no_register_before_the_first_of_the_subprocessors() -> None:
    with pytest.raises(NoRegister, match="2026-05-13"):
        entries(Register.PROCESSOR, on=date(2026, 5, 13))
