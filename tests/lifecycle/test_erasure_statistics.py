"""The planner's statistics remember nobody: what ANALYZE copies would outlive the rows (NEW-07)."""

import pytest
from django.db import connection

from lifecycle.residue.databases import scan_databases
from lifecycle.residue.searching import Search
from praticonnect.database import as_owner
from tests.accounts.factories import make_practitioner
from tests.lifecycle.erasure_world import OPENED

pytestmark = pytest.mark.django_db(databases=["default", "keys"])


def test_analyze_copies_no_name_into_the_statistics() -> None:
    for number in range(3):
        make_practitioner(f"kwzlamarck{number}@qx7.example", now=OPENED, surname=f"Kwzlamarck{number}")
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("update accounts_practitionerprofile set surname = 'Kwzlamarck1'")  # in clear, as it once stood
        cursor.execute("analyze accounts_user, accounts_practitionerprofile, account_emailaddress, care_practice")
        cursor.execute("select count(*) from pg_stats where tablename = 'accounts_user'")
        assert cursor.fetchone()[0] > 0
    hits = list(scan_databases(Search(["Kwzlamarck1", "kwzlamarck1@qx7.example"])))
    assert {hit.store for hit in hits} == {"database"}
