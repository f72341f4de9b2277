"""The words of the declarations: what a field inherits from its table, and what it may not do."""

import pytest

from privacy import declare as words
from privacy.declare import Category, Erase, Export, Subject, declare, personal, technical
from privacy.purposes import BASES, PURPOSES, LegalBasis, Purpose


@pytest.fixture(autouse=True)
def _registry_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "REGISTRY", {})


def declare_guest(**fields: words.FieldDeclaration) -> words.ModelDeclaration:
    declare(
        "house.Guest",
        subject=Subject.VISITOR,
        purpose=Purpose.SERVICE,
        basis=LegalBasis.CONTRACT,
        retention="PC-40",
        about="A guest",
        fields=fields,
    )
    return words.REGISTRY["house.Guest"]


def test_field_takes_purpose_basis_and_retention_from_its_table() -> None:
    name = declare_guest(name=personal("name", Category.IDENTITY)).fields["name"]
    assert (name.purpose, name.basis, name.retention) == (Purpose.SERVICE, LegalBasis.CONTRACT, "PC-40")


def test_field_may_have_its_own_purpose_basis_and_retention() -> None:
    own = personal(
        "iban",
        Category.FINANCIAL,
        purpose=Purpose.BILLING,
        basis=LegalBasis.LEGAL_OBLIGATION,
        retention="PC-42",
    )
    iban = declare_guest(iban=own).fields["iban"]
    assert (iban.purpose, iban.basis, iban.retention) == (Purpose.BILLING, LegalBasis.LEGAL_OBLIGATION, "PC-42")


def test_technical_field_takes_nothing_from_its_table() -> None:
    number = declare_guest(number=technical("counter")).fields["number"]
    assert (number.personal, number.purpose, number.retention, number.erase) == (False, None, None, None)


def test_personal_field_is_deleted_and_shown_unless_said_otherwise() -> None:
    name = personal("name", Category.IDENTITY)
    assert (name.erase, name.export, name.sealed) == (Erase.DELETE, Export.ACCESS, False)


def test_table_is_declared_once() -> None:
    declare_guest()
    with pytest.raises(ValueError, match=r"^house\.Guest is declared twice; keep one declaration$"):
        declare_guest()


def test_policy_has_six_purposes_and_seven_legal_bases_each_in_words() -> None:
    assert (len(PURPOSES), len(BASES)) == (6, 7)
    assert set(PURPOSES) == set(Purpose)
    assert set(BASES) == set(LegalBasis)


def test_bases_that_carry_health_data_name_their_condition_of_article_9() -> None:
    conditions = {basis: text.article_9 for basis, text in BASES.items() if text.article_9}
    assert conditions == {
        LegalBasis.EXPLICIT_CONSENT: "Art. 9(2)(a)",
        LegalBasis.VITAL_INTERESTS: "Art. 9(2)(c)",
        LegalBasis.CARE: "Art. 9(2)(h)",
    }
