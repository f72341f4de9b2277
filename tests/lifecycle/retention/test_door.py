"""The one deletion door: decided once, carried out whole, and nothing leaves beside it (PC-41, LAW-03)."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError, connection, transaction

from accounts.models import User
from audit.models import EventEntry
from care.tenancy import ALL, scope
from lifecycle.models import Departed, Disposal
from lifecycle.retention import door
from lifecycle.retention.children import children
from praticonnect.database import as_owner
from privacy.refusals import Refused
from records.models import Consultation, Document, Measure, PatientFile
from tests.accounts.factories import make_practitioner
from tests.care.factories import LONG_AGO
from tests.lifecycle.retention.helpers import BY, DUE, LAST_DAY, make_full_file, rows_of
from tests.lifecycle.test_holds import lift, place
from tests.records.factories import NOW, make_consultation, make_file
from vault.models import FileKey

pytestmark = pytest.mark.django_db(databases=["default", "keys"])


@pytest.fixture
def practitioner() -> User:
    return make_practitioner(now=LONG_AGO)


@pytest.fixture
def file(practitioner: User) -> PatientFile:
    return make_full_file(practitioner)


def decide_due(now: datetime = DUE) -> list[UUID]:
    return door.decide(None, reason=door.Reason.TERM, by=BY, now=now)


def test_file_is_decided_at_the_midnight_after_its_last_day_and_not_before(file: PatientFile) -> None:
    assert decide_due(DUE - timedelta(seconds=1)) == []
    assert decide_due(DUE) == [file.pk]
    assert decide_due(DUE) == []
    with scope(ALL):
        disposal = Disposal.objects.get()
    assert (disposal.file_id, disposal.until, disposal.rule, disposal.reason) == (file.pk, LAST_DAY, "PC-41", "term")
    assert disposal.counts == {"consultations": 1, "measures": 1, "documents": 1, "versions": 1}


def test_finishing_takes_key_object_and_rows_and_leaves_one_line(file: PatientFile) -> None:
    with scope(ALL):
        stored = Document.objects.get().storage_name
    assert default_storage.exists(stored)
    decide_due()
    assert door.finish_decided(by=BY, now=DUE) == 1
    assert door.finish_decided(by=BY, now=DUE) == 0
    key = FileKey.objects.get(file_id=file.pk)
    assert (bytes(key.wrapped), key.destroyed_at) == (b"", DUE)
    assert not default_storage.exists(stored)
    assert rows_of(file.pk) == {}
    line = EventEntry.objects.get(verb="lifecycle.file.destroyed")
    assert (line.subject_id, line.detail["measures_gone"], line.detail["rule"]) == (file.pk, 1, "PC-41")


def test_what_left_is_counted_by_month_about_nobody(file: PatientFile, practitioner: User) -> None:
    make_file(practitioner)
    decide_due()
    counted = {(row.month, row.kind, row.rule, row.jurisdiction): row.count for row in Departed.objects.all()}
    assert counted == {
        (date(2046, 11, 1), f"records.{kind}", "PC-41", "FR"): number
        for kind, number in {"PatientFile": 2, "Consultation": 1, "Measure": 1, "Document": 1}.items()
    }


def test_held_file_stays_and_leaves_once_the_hold_is_lifted(file: PatientFile, practitioner: User) -> None:
    other = make_file(practitioner)
    hold = place(file)
    assert decide_due(DUE + timedelta(days=60)) == [other.pk]
    assert door.decide([file.pk], reason=door.Reason.ERASURE, by=BY, now=DUE) == []
    lift(hold, now=NOW + timedelta(days=40))
    assert decide_due(DUE + timedelta(days=39)) == []
    assert decide_due(DUE + timedelta(days=40)) == [file.pk]
    assert door.finish_decided(by=BY, now=DUE) == 2
    assert rows_of(file.pk) == {}
    assert FileKey.objects.get(file_id=hold.pk).destroyed_at == DUE


def test_restricted_file_stays_and_stands_before_no_other(file: PatientFile, practitioner: User) -> None:
    other = make_file(practitioner)
    FileKey.objects.filter(file_id=file.pk).update(restricted_at=NOW)
    assert door.decide(None, reason=door.Reason.TERM, by=BY, now=DUE, limit=1) == [other.pk]
    assert door.decide(None, reason=door.Reason.TERM, by=BY, now=DUE, limit=1) == []


def test_decided_file_can_be_held_no_more(file: PatientFile) -> None:
    decide_due()
    with pytest.raises(Refused, match="decided already"):
        place(file)


def test_named_file_within_its_term_isn_t_destroyed_as_past_it(file: PatientFile) -> None:
    assert door.destroy([file.pk], reason=door.Reason.TERM, by=BY, now=NOW) == []
    assert door.destroy([file.pk], reason=door.Reason.ERASURE, rule="PC-50", by=BY, now=NOW) == [file.pk]
    assert rows_of(file.pk) == {}


@pytest.mark.parametrize("table", [child.table for child in children()] + ["records_patientfile"])
@pytest.mark.parametrize("owner", [False, True])
def test_no_row_of_a_file_leaves_beside_the_door(
    file: PatientFile, practitioner: User, table: str, owner: bool
) -> None:
    with scope(ALL), connection.cursor() as cursor:
        cursor.execute(
            "select tgname from pg_trigger where tgrelid = %s::regclass and tgname = 'deletion_door' and tgenabled = 'A'",
            [table],
        )
        assert cursor.fetchall() == [("deletion_door",)]
    if table not in {"records_consultation", "records_measure", "records_document", "records_patientfile"}:
        return

    def attack() -> None:
        with (
            pytest.raises(IntegrityError, match="deletion door"),
            transaction.atomic(),
            scope(ALL),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"delete from {table}")

    if owner:
        with as_owner():
            attack()
    else:
        attack()


def test_destroyed_key_can_t_come_back() -> None:
    from django.db import connections

    FileKey.objects.create(file_id=LONG_AGO_ID, wrapped=b"", master_id="m", destroyed_at=NOW)
    for statement in ("update vault_filekey set destroyed_at = null", "delete from vault_filekey"):
        with (
            pytest.raises(IntegrityError, match="stays destroyed"),
            transaction.atomic(using="keys"),
            connections["keys"].cursor() as cursor,
        ):
            cursor.execute(statement)


LONG_AGO_ID = "00000000-0000-7000-8000-000000000001"


def test_draft_may_still_be_thrown_away(practitioner: User) -> None:
    from records import actions
    from tests.records.factories import working

    draft = make_consultation(make_file(practitioner), practitioner)
    with working(practitioner) as actor:
        actions.discard_draft(consultation=draft, by=actor, now=NOW)
        assert (Consultation.objects.count(), Measure.objects.count()) == (0, 0)


def test_files_of_several_rules_and_laws_are_decided_and_counted_together(practitioner: User) -> None:
    """MD-21: each rule under each law is a row of its own, whatever plan PostgreSQL makes of the sums."""
    israeli = make_practitioner("yael@example.org", now=LONG_AGO, jurisdiction="IL", country="IL")
    for user in (practitioner, israeli):
        for born in ("1984-02-29", "2020-03-05"):
            make_file(user, birth_date=born)
    later = datetime(2049, 1, 1, tzinfo=UTC)
    with scope(ALL):
        assert len(decide_due(later)) == 4
        found = Departed.objects.values_list("rule", "jurisdiction", "kind", "count").order_by("rule", "jurisdiction")
    assert list(found) == [
        (rule, law, "records.PatientFile", 1) for rule in ("LAW-01", "PC-41") for law in ("FR", "IL")
    ]
