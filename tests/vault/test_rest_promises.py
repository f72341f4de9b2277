"""PC-80 turns false when who somebody is stands in clear, can't be opened, or is declared and left out."""

from dataclasses import replace
from datetime import datetime

import pytest
from django.db import connection

from privacy.declare import REGISTRY, Category
from tests.accounts.factories import make_practitioner
from vault.promises import identities_are_sealed

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.database]


def test_pc_80_counts_every_identity(now: datetime) -> None:
    assert identities_are_sealed(now).figures["values"] == 0
    make_practitioner(rpps="10003456786", phone="+33298990142")
    found = identities_are_sealed(now)
    # two addresses, five of the profile with a value each, number, telephone, and the practice's name
    assert (found.kept, found.figures["values"]) == (True, 10)


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("accounts_user", "email"),
        ("account_emailaddress", "email"),
        ("accounts_practitionerprofile", "surname"),
        ("care_practice", "name"),
    ],
)
def test_pc_80_turns_false_when_one_stands_in_clear(table: str, column: str, now: datetime) -> None:
    make_practitioner()
    with connection.cursor() as cursor:
        cursor.execute(f"update {table} set {column} = 'Kerbrat'")
    found = identities_are_sealed(now)
    assert (found.kept, found.figures["values_in_clear"]) == (False, 1)


def test_pc_80_turns_false_when_a_value_only_looks_sealed(now: datetime) -> None:
    make_practitioner()
    with connection.cursor() as cursor:
        cursor.execute("update accounts_practitionerprofile set surname = 'sealed1.S2VyYnJhdA=='")
    found = identities_are_sealed(now)
    assert (found.kept, found.figures["values_that_do_not_open"]) == (False, 1)


def test_pc_80_turns_false_when_a_column_of_identities_is_plain_text(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = REGISTRY["usersessions.UserSession"]
    said = replace(plain.fields["user_agent"], category=Category.IDENTITY)
    monkeypatch.setitem(
        REGISTRY, "usersessions.UserSession", replace(plain, fields={**plain.fields, "user_agent": said})
    )
    found = identities_are_sealed(now)
    assert (found.kept, found.figures["columns_in_clear"]) == (False, ["usersessions.UserSession.user_agent"])
