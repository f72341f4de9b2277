"""The restricted archive: found without a name, opened with a reason by who has the right, for thirty days (PC-41)."""

from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test import Client, TestCase
from django.urls import reverse

from accounts.models import User
from audit.actors import Actor
from audit.models import AccessEntry, EventEntry
from care import actions as care
from care.models import Practice, Role
from care.queries import treats
from care.tenancy import ALL, scope
from lifecycle.retention import archiving
from praticonnect.database import as_owner
from privacy.refusals import Refused
from records import actions, queries
from records.models import ArchiveOpening, PatientFile
from records.reading import Part, open_file
from tests.accounts.factories import make_practitioner, make_staff, prove, verified_client
from tests.care.factories import LONG_AGO
from tests.lifecycle.test_holds import lift, place
from tests.records.factories import NOW, make_consultation, make_file, working
from tests.records.restriction.helpers import restrict
from vault import rings
from vault.models import FileKey

pytestmark = pytest.mark.django_db(databases="__all__")

SEEN = datetime.fromisoformat("2020-03-10T10:00:00+01:00")
WHY = "The patient comes again on Monday"


@pytest.fixture
def owner() -> User:
    return make_practitioner(now=LONG_AGO)


def archive(file: PatientFile) -> PatientFile:
    """As the sweep leaves it."""
    rings.archive([file.pk], NOW)
    with scope(ALL):
        PatientFile.objects.filter(pk=file.pk).update(archived_at=NOW - timedelta(days=2))
    return current(file)


@pytest.fixture
def file(owner: User) -> PatientFile:
    """Last seen on 10 March 2020: in daily use until 10 March 2025, kept until 10 March 2040."""
    file = make_file(owner, now=SEEN, surname="Quemener", birth_date="1971-05-06")
    make_consultation(file, owner, at=SEEN, signed=True)
    return archive(file)


def current(file: PatientFile) -> PatientFile:
    with scope(ALL):
        return PatientFile.objects.select_related("practice").get(pk=file.pk)


def ring(file: PatientFile) -> str:
    return FileKey.objects.get(file_id=file.pk).ring


def open_it(file: PatientFile, by: Actor, why: str = WHY, now: datetime = NOW) -> PatientFile:
    with TestCase.captureOnCommitCallbacks(execute=True), scope(ALL):
        return actions.open_archived(file_id=file.pk, why=why, by=by, now=now)


def as_owner_of(user: User) -> Actor:
    with working(user) as actor:
        return actor


def in_daily_work(user: User, now: datetime = NOW) -> list[UUID]:
    with working(user):
        return list(queries.files_for(user, now).values_list("pk", flat=True))


def in_archive(user: User, text: str = "", now: datetime = NOW) -> list[UUID]:
    with working(user):
        return list(queries.archived_for(user, now, text).values_list("pk", flat=True))


def colleague(owner: User) -> User:
    """Somebody who works in the owner's practice and owns none of it."""
    other = make_practitioner("colleague@example.org", now=LONG_AGO)
    with scope(ALL):
        mine = Practice.objects.get(memberships__user=owner)
        theirs = other.memberships.get()
        care.leave_practice(membership=theirs, by=Actor.system("test"), now=LONG_AGO + timedelta(days=1))
        care.join_practice(practice=mine, user=other, role=Role.PRACTITIONER, by=Actor.system("test"), now=LONG_AGO)
    return other


def test_archived_file_is_in_the_archive_and_not_in_daily_work(owner, file):
    assert (in_daily_work(owner), in_archive(owner)) == ([], [file.pk])
    assert (file.active_until, file.retain_until) == (date(2025, 3, 10), date(2040, 3, 10))


def test_last_day_of_daily_use_is_the_boundary_whatever_the_sweep_did(owner):
    """On the practice's calendar: the last second of 10 March is daily work, the next is not."""
    file = make_file(owner, now=SEEN)
    last = datetime.fromisoformat("2025-03-10T23:59:59+01:00")
    for moment, daily in ((last, True), (last + timedelta(seconds=1), False)):
        assert (in_daily_work(owner, moment) == [file.pk], in_archive(owner, now=moment) == [file.pk]) == (
            daily, not daily,
        )  # fmt: skip


def test_opening_brings_it_back_for_thirty_days_and_no_more(owner, file):
    opened = open_it(file, as_owner_of(owner))
    assert (opened.reopened_until, opened.active_until, opened.archived_at) == (
        date(2026, 12, 18),
        date(2026, 12, 18),
        None,
    )
    assert (opened.retain_until, ring(file)) == (date(2040, 3, 10), "active")
    assert (in_daily_work(owner), in_archive(owner)) == ([file.pk], [])
    later = NOW + timedelta(days=31)
    assert (in_daily_work(owner, later), in_archive(owner, now=later)) == ([], [file.pk])


def test_opening_says_who_and_why_and_is_journaled_as_such(owner, file):
    open_it(file, as_owner_of(owner))
    with working(owner) as by:
        one = queries.archive_openings_of(file).get()
        handle = open_file(file, Part.FILE, by=by, now=NOW)
        assert (handle.read(one, "why"), one.opened_by_id, one.opened_role) == (WHY, owner.pk, "practitioner")
    line = AccessEntry.objects.get(subject_id=file.pk, action="open_archive")
    assert (line.part, line.purpose, line.actor_id) == ("archive", "care", owner.pk)
    event = EventEntry.objects.get(verb="records.archive.opened")
    assert (event.subject_id, event.object_id, event.detail) == (file.pk, str(one.pk), {})


def test_reason_lies_sealed(owner, file):
    open_it(file, as_owner_of(owner))
    with scope(ALL), connection.cursor() as cursor:
        cursor.execute("select why from records_archiveopening")
        assert b"Monday" not in bytes(cursor.fetchone()[0])


def test_consultation_signed_meanwhile_keeps_it_in_daily_use(owner, file):
    open_it(file, as_owner_of(owner))
    make_consultation(current(file), owner, signed=True)
    moved = current(file)
    assert (moved.active_until, moved.retain_until) == (date(2031, 11, 18), date(2046, 11, 18))


@pytest.mark.parametrize(("why", "code"), [("", "no_reason"), ("  ", "no_reason"), ("x" * 2001, "too_long")])
def test_opening_without_a_reason_is_refused(owner, file, why, code):
    with pytest.raises(Refused) as caught:
        open_it(file, as_owner_of(owner), why)
    assert (caught.value.refusal.code, ring(file), in_daily_work(owner)) == (code, "archive", [])


def test_opening_what_is_in_daily_use_is_refused(owner):
    with pytest.raises(Refused, match="isn't in the archive"):
        open_it(make_file(owner), as_owner_of(owner))


def test_nobody_opens_a_file_past_its_end(owner, file):
    after = datetime.fromisoformat("2040-03-11T09:00:00+01:00")
    with pytest.raises(Refused) as caught:
        open_it(file, as_owner_of(owner), now=after)
    assert caught.value.refusal.code == "ended"


def test_file_held_past_its_end_is_opened_for_the_claim(owner, file):
    place(file)
    after = datetime.fromisoformat("2040-03-11T09:00:00+01:00")
    assert open_it(file, as_owner_of(owner), now=after).active_until == date(2040, 4, 10)


def test_hold_is_placed_and_lifted_on_an_archived_file(file):
    """The birth date is read from the archive for it, as a legal duty, and the held days are given back."""
    hold = place(file)
    lift(hold)
    assert (current(file).retain_until, ring(file)) == (date(2040, 4, 19), "archive")
    lines = AccessEntry.objects.filter(subject_id=file.pk, action="open_archive").values_list("part", "purpose")
    assert list(lines) == [("clock", "legal")]


def test_file_whose_destruction_is_decided_is_opened_by_nobody(owner, file):
    with scope(ALL):
        PatientFile.objects.filter(pk=file.pk).update(leaving_at=NOW)
    with pytest.raises(Refused) as caught:
        open_it(file, as_owner_of(owner))
    assert (caught.value.refusal.code, in_archive(owner)) == ("leaving", [])


def test_restricted_file_stays_closed_in_the_archive_too(owner, file):
    FileKey.objects.filter(file_id=file.pk).update(restricted_at=NOW)
    with pytest.raises(Refused) as caught:
        open_it(file, as_owner_of(owner))
    assert (caught.value.refusal.code, ArchiveOpening.objects.count()) == ("restricted", 0)


def test_colleague_sees_the_archive_of_their_patients_and_has_no_right_to_open(owner, file):
    other = colleague(owner)
    assert in_archive(other) == []
    with scope(ALL):
        care.begin_care(practice_id=file.practice_id, practitioner_id=other.pk, patient_id=file.pk,
                        by=Actor.system("test"), now=LONG_AGO)  # fmt: skip
    assert in_archive(other) == [file.pk]
    with pytest.raises(Refused) as caught:
        open_it(file, as_owner_of(other))
    assert caught.value.refusal.code == "no_archive_right"


def test_owner_opens_the_file_of_a_colleague_who_left_and_treats_the_patient_from_then_on(owner):
    other = colleague(owner)
    file = archive(make_file(other, now=SEEN))
    with scope(ALL):
        assert treats(owner, file.pk) is False
    open_it(file, as_owner_of(owner))
    with scope(ALL):
        assert treats(owner, file.pk) is True
    assert in_daily_work(owner) == [file.pk]


def test_owner_of_another_practice_finds_and_opens_nothing(file):
    stranger = make_practitioner("stranger@example.org", now=LONG_AGO)
    assert in_archive(stranger) == []
    with working(stranger) as by, pytest.raises(PatientFile.DoesNotExist):
        actions.open_archived(file_id=file.pk, why=WHY, by=by, now=NOW)
    with pytest.raises(Refused):
        open_it(file, as_owner_of(stranger))


def test_job_has_no_archive_right(file):
    for by in (Actor.system("sweep"), Actor.operations("shell")):
        with pytest.raises(Refused) as caught:
            open_it(file, by)
        assert caught.value.refusal.code == "no_archive_right"


def test_officer_opens_it_for_those_who_treat_the_patient_and_treats_nobody(owner, file):
    dpo = make_staff()
    open_it(file, Actor(account_id=dpo.pk, role="dpo"))
    assert in_daily_work(owner) == [file.pk]
    line = AccessEntry.objects.get(subject_id=file.pk, action="open_archive")
    with scope(ALL):
        assert (line.purpose, line.actor_role, treats(dpo, file.pk)) == ("legal", "dpo", False)


def test_name_or_birth_date_finds_the_file_and_opens_no_key(owner, file):
    before = AccessEntry.objects.count()
    assert in_archive(owner, "quemen") == [file.pk]
    assert in_archive(owner, "06/05/1971") == [file.pk]
    assert in_archive(owner, "Lefèvre") == []
    assert AccessEntry.objects.count() == before


@pytest.fixture
def client(owner: User) -> Client:
    return verified_client(owner)


def test_archive_page_shows_days_and_no_name(client, file):
    page = client.post(reverse("records:archive"), {"q": "Quemener"}).content.decode()
    assert reverse("records:archived", args=[file.pk]) in page
    assert "10 March 2040" in page
    assert "QUEMENER" not in page


def test_opening_asks_for_a_fresh_factor_then_for_a_reason(owner, client, file):
    address = reverse("records:archived", args=[file.pk])
    with time_machine.travel(datetime.now().astimezone() + timedelta(minutes=20), tick=False):
        answer = client.get(address)
        assert (answer.status_code, "/accounts/" in answer["Location"]) == (302, True)
        assert client.post(address, {"why": WHY}).status_code == 302
    assert ring(file) == "archive"
    prove(client, owner)
    assert client.get(address).status_code == 200
    refused = client.post(address, {"why": ""})
    assert (refused.status_code, list(refused.context["form"].errors)) == (422, ["why"])
    assert client.post(address, {"why": WHY})["Location"] == reverse("records:file", args=[file.pk])
    assert "QUEMENER" in client.get(reverse("records:file", args=[file.pk])).content.decode()
    assert ring(file) == "active"
    clock = client.get(reverse("records:clock", args=[file.pk])).content.decode()
    assert WHY in clock
    assert client.get(address).status_code == 404


def test_archived_file_is_no_page_of_daily_work(client, file):
    for name in ("file", "clock", "identity", "consultations", "documents", "measures"):
        assert client.get(reverse(f"records:{name}", args=[file.pk])).status_code == 404


def test_file_back_in_daily_use_whose_key_still_hangs_in_the_archive_opens(owner, client, file):
    """A crash between the commit of the opening and the move of its key costs nobody the file."""
    open_it(file, as_owner_of(owner))
    rings.archive([file.pk], NOW)
    assert client.get(reverse("records:file", args=[file.pk])).status_code == 200
    assert ring(file) == "active"


def test_owner_without_the_right_any_more_reads_whom_to_ask(owner, file):
    other = colleague(owner)
    with scope(ALL):
        care.begin_care(practice_id=file.practice_id, practitioner_id=other.pk, patient_id=file.pk,
                        by=Actor.system("test"), now=LONG_AGO)  # fmt: skip
    client = verified_client(other)
    prove(client, other)
    address = reverse("records:archived", args=[file.pk])
    assert "Ask one of them" in client.get(address).content.decode()
    assert client.post(address, {"why": WHY}).status_code == 422


@pytest.fixture
def office() -> Client:
    staff = make_staff()
    client = verified_client(staff)
    prove(client, staff)
    return client


def test_office_reads_no_reason_of_a_file_that_is_restricted_since(office, owner, file):
    open_it(file, as_owner_of(owner))
    with scope(ALL):
        one = queries.archive_openings_of(file).get()
    restrict(file)
    shown = office.get(reverse("admin:archive_opening", args=[one.pk]))
    assert (shown.status_code, WHY in shown.content.decode()) == (200, False)
    assert b"restricted or destroyed since" in shown.content


def test_office_opens_a_file_behind_a_reason_and_reads_the_reasons(office, owner, file):
    address = reverse("admin:archive")
    assert office.post(address, {"file_id": str(file.pk), "why": ""}).status_code == 422
    assert ring(file) == "archive"
    with TestCase.captureOnCommitCallbacks(execute=True):
        assert office.post(address, {"file_id": str(file.pk), "why": "Court of Rennes asks"}).status_code == 302
    assert (ring(file), in_daily_work(owner, datetime.now().astimezone())) == ("active", [file.pk])
    with scope(ALL):
        one = ArchiveOpening.objects.get()
    listed = office.get(address)
    assert (listed.context["counts"], "Court of Rennes" in listed.content.decode()) == (
        {"archived": 0, "reopened": 1},
        False,
    )
    rings.archive([file.pk], NOW)
    shown = office.get(reverse("admin:archive_opening", args=[one.pk]))
    assert shown.context["why"] == "Court of Rennes asks"
    parts = (
        AccessEntry.objects.filter(subject_id=file.pk, actor_role="dpo").order_by("id").values_list("part", "action")
    )
    assert list(parts) == [("archive", "open_archive"), ("archive_opening", "open_archive")]


def test_office_hears_that_there_is_no_such_file(office):
    answer = office.post(reverse("admin:archive"), {"file_id": str(UUID(int=9)), "why": "x"})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["file_id"])


@pytest.mark.parametrize(
    "sql",
    [
        "update records_archiveopening set until = until + 1",
        "update records_archiveopening set why = null",
        "delete from records_archiveopening",
    ],
)
def test_database_keeps_an_opening_as_it_was_written(owner, file, sql):
    open_it(file, as_owner_of(owner))
    refused = pytest.raises(IntegrityError, match=r"stands as it was written|deletion door")
    with refused, scope(ALL), as_owner(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert len(list_openings(file)) == 1


def list_openings(file: PatientFile) -> list[ArchiveOpening]:
    with scope(ALL):
        return list(queries.archive_openings_of(file))


def test_sweep_leaves_an_opened_file_open_and_takes_it_back_after_its_thirty_days(owner, file):
    opened = open_it(file, as_owner_of(owner))
    last_day = datetime.fromisoformat(f"{opened.active_until}T23:59:00+01:00")
    for moment, hangs in ((last_day, "active"), (last_day + timedelta(minutes=2), "archive")):
        archiving.archive_due(by=Actor.system("sweep"), now=moment)
        assert (ring(file), current(file).archived_at is not None) == (hangs, hangs == "archive")
    assert in_archive(owner, now=last_day + timedelta(minutes=2)) == [file.pk]
