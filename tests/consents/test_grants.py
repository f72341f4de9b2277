"""Consent is a capability: no grant by hand, none from memory (design idea 3; pitfall P27)."""

import copy
import pickle
from datetime import timedelta
from pathlib import Path

import pytest

from consents.grants import Grant, NoGrant, grant_for
from consents.rules import UnknownKey
from privacy.consent_keys import KEYS
from privacy.ids import new_id
from tests.consents.factories import NOON, choose, person

LATER = NOON + timedelta(minutes=1)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("key", KEYS)
def test_without_an_act_there_is_no_grant(key: str) -> None:
    with pytest.raises(NoGrant, match="hasn't agreed to it"):
        grant_for(new_id(), key, now=NOON)


def test_a_grant_is_for_one_person_and_one_purpose() -> None:
    by = person()
    choose(by, "marketing_emails")
    grant = grant_for(by.account_id, "marketing_emails", now=NOON)
    assert (grant.subject_id, grant.key, grant.child) == (by.account_id, "marketing_emails", None)
    for subject, key in ((by.account_id, "analytics_product"), (new_id(), "marketing_emails")):
        with pytest.raises(NoGrant):
            grant_for(subject, key, now=NOON)


def test_a_grant_asks_the_ledger_again_at_the_side_effect() -> None:
    by = person()
    choose(by, "marketing_emails")
    grant = grant_for(by.account_id, "marketing_emails", now=NOON)
    grant.check(NOON)
    choose(by, "marketing_emails", on=False, now=LATER)
    grant.check(NOON)
    with pytest.raises(NoGrant):
        grant.check(LATER)


def test_a_grant_of_an_integration_dies_with_the_parent() -> None:
    by = person()
    choose(by, "third_party_integrations")
    choose(by, "third_party_integrations", child="google")
    grant = grant_for(by.account_id, "third_party_integrations", "google", now=NOON)
    choose(by, "third_party_integrations", on=False, now=LATER)
    with pytest.raises(NoGrant):
        grant.check(LATER)


def test_a_grant_is_made_by_nobody_else() -> None:
    with pytest.raises(TypeError, match="can't be made by hand"):
        Grant(object(), new_id(), "marketing_emails", None, NOON)


def test_a_grant_is_neither_changed_nor_copied_nor_sent() -> None:
    by = person()
    choose(by, "marketing_emails")
    grant = grant_for(by.account_id, "marketing_emails", now=NOON)
    with pytest.raises(AttributeError):
        grant.key = "ai_training_optin"
    for carry in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="can't be copied or stored"):
            carry(grant)


def test_an_unknown_key_is_a_mistake_and_no_refusal() -> None:
    with pytest.raises(UnknownKey):
        grant_for(new_id(), "newsletter", now=NOON)


def test_only_the_mint_holds_the_token() -> None:
    root = Path(__file__).resolve().parents[2]
    code = [
        path for path in root.glob("*/**/*.py") if not {"tests", ".venv", "var"} & set(path.relative_to(root).parts)
    ]
    holders = {path.relative_to(root).as_posix() for path in code if "_MINT" in path.read_text(encoding="utf-8")}
    assert holders == {"consents/grants.py"}
