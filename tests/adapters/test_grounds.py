"""What entitles a call out: a grant of the ledger, or a name of the closed register of legal bases. Nothing that looks like one."""

import copy
import pickle
from datetime import datetime
from uuid import UUID

import pytest

from adapters.grounds import NECESSITIES, Necessary, NoGround, must_be_genuine, necessary
from consents.grants import grant_for
from privacy.consent_keys import KEYS
from privacy.declare import Category
from privacy.ids import new_id
from privacy.patient_keys import EVERY_KEY
from privacy.purposes import BASES
from tests.consents.factories import NOON, choose, person
from tests.test_house import OURS


class Lookalike:
    name = "login_code"
    subject_id: UUID | None = None
    file_id: UUID | None = None

    def check(self, now: datetime) -> None:
        """Says yes to everything."""


def test_the_register_answers_for_itself() -> None:
    assert [name for name, each in NECESSITIES.items() if each.name != name or each.basis not in BASES] == []
    assert [name for name, each in NECESSITIES.items() if not (each.subprocessors and each.categories)] == []
    assert set(NECESSITIES) & set(EVERY_KEY) == set()


def test_nothing_but_sealed_storage_covers_health() -> None:
    assert [name for name, each in NECESSITIES.items() if Category.HEALTH in each.categories] == ["sealed_storage"]


def test_a_basis_is_made_by_its_name_only() -> None:
    with pytest.raises(LookupError, match="there are: login_code"):
        necessary("newsletter")
    with pytest.raises(TypeError, match="can't be made by hand"):
        Necessary(object(), NECESSITIES["login_code"], None, None)


def test_a_basis_is_neither_changed_nor_copied_nor_sent() -> None:
    basis = necessary("login_code", subject_id=new_id())
    with pytest.raises(AttributeError):
        basis.name = "marketing_emails"
    for carry in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="can't be copied or stored"):
            carry(basis)


def test_a_basis_reaches_as_far_as_the_register_says() -> None:
    basis = necessary("login_code")
    basis.covers("bulkgate", {Category.CONTACT, Category.CREDENTIAL})
    for subprocessor, category, code in (
        ("mistral", Category.CONTACT, "wrong_subprocessor"),
        ("bulkgate", Category.APPOINTMENT, "wrong_categories"),
    ):
        with pytest.raises(NoGround) as refused:
            basis.covers(subprocessor, {category})
        assert refused.value.refusal.code == code


@pytest.mark.django_db
def test_a_grant_is_a_ground_and_says_its_slot() -> None:
    by = person()
    choose(by, "third_party_integrations")
    choose(by, "third_party_integrations", child="google")
    grant = grant_for(by.account_id, "third_party_integrations", "google", now=NOON)
    must_be_genuine(grant)
    assert (grant.name, grant.subject_id, grant.file_id) == ("third_party_integrations.google", by.account_id, None)


@pytest.mark.parametrize("ground", [Lookalike(), None, "login_code", KEYS["marketing_emails"]])
def test_what_only_looks_like_a_ground_is_none(ground: object) -> None:
    with pytest.raises(TypeError, match="Nothing leaves without a ground"):
        must_be_genuine(ground)


def test_only_the_ledger_has_its_kinds_accepted() -> None:
    calls = {name for name, text in OURS.items() if name.endswith(".py") and "import accept\n" in text}
    assert calls == {"consents/apps.py"}
