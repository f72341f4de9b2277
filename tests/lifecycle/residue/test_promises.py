"""NEW-07, and what breaks it; and what is kept of a scan."""

from datetime import datetime
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.models import PractitionerProfile
from audit.actors import Actor
from lifecycle.models import ResidueScan
from lifecycle.residue import promises, record_scan
from lifecycle.residue.recording import searchable
from praticonnect.database import as_owner
from privacy.ids import new_id
from privacy.promises import measure
from tests.accounts.factories import make_practitioner
from tests.lifecycle.residue.test_stores import own_places

pytestmark = pytest.mark.django_db(databases="__all__")
__all__ = ["own_places"]
BY = Actor.system("test")
WORDS = ["Kwz-Montparnasse", "kwz@montparnasse.example"]


def kept(now: datetime) -> tuple[bool | None, dict[str, Any]]:
    (result,) = measure(now, ["NEW-07"])
    return result.kept, dict(result.evidence)


def test_a_scan_is_kept_as_counts_without_a_word(now: datetime) -> None:
    PractitionerProfile.objects.filter(user=make_practitioner(WORDS[1])).update(city=WORDS[0])
    row = record_scan(subject_id=new_id(), tokens=[*WORDS, "Léa"], by=BY, now=now)
    assert (row.tokens, row.is_clean, row.counts["database"], row.counts["mail"]) == (2, False, 3, 0)
    with connection.cursor() as cursor:
        cursor.execute("select to_jsonb(row)::text from lifecycle_residuescan row")
        assert "kwz" not in cursor.fetchone()[0].lower()


def test_words_that_say_nothing_are_not_searched(now: datetime) -> None:
    assert searchable(["Léa", " Roux ", "Lefèvre", "Lefèvre"]) == ["Lefèvre"]
    with pytest.raises(ValueError, match="no word of this person"):
        record_scan(subject_id=new_id(), tokens=["Léa"], by=BY, now=now)
    assert not ResidueScan.objects.exists()


def test_a_scan_is_never_changed(now: datetime) -> None:
    record_scan(subject_id=new_id(), tokens=WORDS, by=BY, now=now)
    with pytest.raises(DatabaseError, match="evidence only grows"), transaction.atomic():
        ResidueScan.objects.update(is_clean=True)


def test_promise_is_kept_while_every_last_scan_is_clean(now: datetime) -> None:
    assert kept(now)[0] is True
    record_scan(subject_id=new_id(), tokens=WORDS, by=BY, now=now)
    good, figures = kept(now)
    assert (good, figures["scans"], figures["erased_people_with_copies_left"]) == (True, 1, 0)


def test_promise_breaks_with_a_copy_left_and_heals_with_the_next_scan(now: datetime) -> None:
    profile = PractitionerProfile.objects.filter(user=make_practitioner())
    profile.update(city=WORDS[0])
    subject = new_id()
    record_scan(subject_id=subject, tokens=WORDS, by=BY, now=now)
    assert kept(now)[0] is False
    profile.update(city="")
    record_scan(subject_id=subject, tokens=WORDS, by=BY, now=now)
    assert kept(now)[0] is True


def test_promise_breaks_with_a_table_out_of_sight(now: datetime) -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("create table hidden (held text)")
        cursor.execute("revoke all on hidden from public, praticonnect_app")
    good, figures = kept(now)
    assert (good, figures["tables_out_of_sight"]) == (False, 1)


def test_promise_breaks_with_an_eye_that_sees_nothing(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(promises, "scan_caches", lambda search: iter(()))
    assert kept(now)[0] is False
