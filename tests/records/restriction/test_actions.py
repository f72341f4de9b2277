"""A restricted file is only stored: from the commit on, until the last restriction is lifted (PC-63)."""

from datetime import timedelta
from smtplib import SMTPException
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import User
from adapters.boxes.models import Outgoing
from audit.actors import Actor
from audit.models import AccessEntry, EventEntry
from care.tenancy import ALL, scope
from lifecycle import restricting
from praticonnect.database import as_owner
from privacy.ids import new_id
from privacy.purposes import Purpose
from privacy.refusals import Refused
from records import actions as record_actions
from records import queries
from records.clock import day_of
from records.models import PatientFile, RestrictedOpening, Restriction
from records.reading import Part, open_file
from records.restriction import actions, keys
from records.restriction.queries import is_restricted, live_restriction
from tests.accounts.factories import make_patient, make_practitioner
from tests.care.factories import LONG_AGO
from tests.letters import deliver
from tests.records.factories import NOW, actor_of, link, make_file, make_measure, working
from tests.records.restriction.helpers import BY, lift, read, restrict, tell
from vault import access, rings
from vault.errors import KeyRefused
from vault.models import FileKey

pytestmark = pytest.mark.django_db(databases="__all__")
SOON = NOW + timedelta(hours=1)


@pytest.fixture
def practitioner() -> User:
    return make_practitioner(now=LONG_AGO)


@pytest.fixture
def file(practitioner: User) -> PatientFile:
    return make_file(practitioner)


def listed(user: User) -> list[object]:
    with working(user):
        return list(queries.files_for(user, NOW).values_list("pk", flat=True))


def test_being_in_force_is_noted_once_after_the_commit(file: PatientFile) -> None:
    """By the first who settles the key: the line's own clock is that of the promise."""
    first = restrict(file)
    restrict(file, ground="claims")
    restricting.sweep(by=BY, now=SOON, dry_run=False)
    keys.settle([file.pk], SOON)
    noted = EventEntry.objects.filter(verb="records.restriction.in_force", subject_id=file.pk).order_by("pk")
    begun = EventEntry.objects.get(verb="records.restriction.begun", object_id=str(first.pk))
    assert (len(noted), noted[0].object_id, noted[0].written_at > begun.written_at) == (2, str(first.pk), True)


def opens(file: PatientFile, user: User) -> bool:
    try:
        with transaction.atomic(), working(user) as by:
            open_file(file, Part.FILE, by=by, now=SOON)
            transaction.set_rollback(True)
    except KeyRefused:
        return False
    return True


def is_marked(file: PatientFile) -> bool:
    return FileKey.objects.get(file_id=file.pk).restricted_at is not None


def test_restricted_file_leaves_the_lists_and_its_key_is_refused(file: PatientFile, practitioner: User) -> None:
    assert (listed(practitioner), opens(file, practitioner)) == ([file.pk], True)
    restrict(file)
    assert (listed(practitioner), opens(file, practitioner), is_marked(file)) == ([], False, True)


def test_record_decides_though_the_key_was_never_marked(file: PatientFile, practitioner: User) -> None:
    """A crash between the two databases, or a keys database restored from before."""
    restrict(file)
    rings.unrestrict([file.pk], NOW)
    assert (opens(file, practitioner), keys.astray()) == (False, {file.pk})
    found = restricting.sweep(by=BY, now=SOON, dry_run=False)["PC-63"]
    assert (found.due, found.done, is_marked(file), keys.astray()) == (1, 1, True, set())


def test_key_left_closed_by_a_crash_is_opened_by_the_sweep(file: PatientFile, practitioner: User) -> None:
    lift(tell(restrict(file)), now=SOON)
    FileKey.objects.filter(file_id=file.pk).update(restricted_at=NOW)
    assert (listed(practitioner), opens(file, practitioner)) == ([file.pk], False)
    restricting.sweep(by=BY, now=SOON, dry_run=False)
    assert (opens(file, practitioner), is_marked(file)) == (True, False)


def test_closed_key_whose_record_was_lost_stays_closed(file: PatientFile, practitioner: User) -> None:
    """A main database restored from before the restriction opens nothing."""
    FileKey.objects.filter(file_id=file.pk).update(restricted_at=NOW)
    restricting.sweep(by=BY, now=SOON, dry_run=False)
    assert (opens(file, practitioner), is_marked(file)) == (False, True)


def test_file_is_free_when_the_last_restriction_is_lifted(file: PatientFile, practitioner: User) -> None:
    first, second = restrict(file), restrict(file, ground="objection")
    lift(tell(first))
    assert (opens(file, practitioner), is_marked(file)) == (False, True)
    lift(tell(second))
    assert (opens(file, practitioner), is_marked(file), listed(practitioner)) == (True, False, [file.pk])


def test_same_request_restricts_once(file: PatientFile) -> None:
    request = new_id()
    assert restrict(file, request_id=request).pk == restrict(file, request_id=request).pk
    with scope(ALL):
        assert (Restriction.objects.count(), is_restricted(file.pk)) == (1, True)
        found = live_restriction(file.pk)
    assert (found and found.request_id) == request


def test_restriction_is_journaled_with_names_only(file: PatientFile) -> None:
    row = restrict(file, note="Says the allergy is another person's")
    event = EventEntry.objects.get(verb="records.restriction.begun")
    assert (event.subject_id, event.object_id, event.detail) == (file.pk, str(row.pk), {"ground": "accuracy"})
    with connection.cursor() as cursor, scope(ALL):
        cursor.execute("select note from records_restriction")
        assert b"allergy" not in bytes(cursor.fetchone()[0])


def test_lifting_waits_until_the_person_was_told_and_a_week_went_by(file: PatientFile) -> None:
    row = restrict(file)
    for told, at, code in ((None, NOW, "not_told"), ("letter", NOW + timedelta(days=6), "too_soon")):
        if told:
            tell(row, how=told)
        with pytest.raises(Refused) as caught:
            lift(row, now=at)
        assert caught.value.refusal.code == code
    assert lift(row, now=NOW + timedelta(days=7)).is_live is False


def test_patient_without_address_is_not_told_by_mail(file: PatientFile) -> None:
    with pytest.raises(Refused) as caught:
        tell(restrict(file), how="mail")
    assert caught.value.refusal.code == "no_address"


def test_mail_tells_the_patient_without_a_word_of_health(practitioner: User, mailoutbox: list[object]) -> None:
    file = make_file(practitioner, email="eloise@example.org", allergies="Penicillin")
    tell(restrict(file), how="mail")
    (mail,) = mailoutbox
    assert (mail.to, "Penicillin" in mail.body, "25" in mail.body) == (["eloise@example.org"], False, True)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("late", "lifted", "problem"),
    [(0, False, ""), (3, False, ""), (3, True, "outdated")],
    ids=["now", "late", "lifted"],
)
def test_the_letter_counts_its_week_from_when_it_leaves_and_never_leaves_once_lifted(
    practitioner: User, mailoutbox: list[Any], late: int, lifted: bool, problem: str
) -> None:
    row = restrict(make_file(practitioner, email="eloise@example.org"))
    tell(row, how="mail")
    left = NOW + timedelta(days=late)
    Outgoing.objects.update(due_at=left)
    if lifted:
        tell(row, how="wish", now=NOW + timedelta(days=1))
        lift(row, now=NOW + timedelta(days=2))
    deliver()
    assert (len(mailoutbox), Outgoing.objects.get().problem) == (0 if lifted else 1, problem)
    if not lifted:
        first = day_of(row.file, left) + timedelta(days=7)
        assert f"{first.day} novembre 2026" in mailoutbox[0].body
        assert lift(row, now=left + timedelta(days=7)).is_live is False


def test_patient_is_told_when_the_mail_server_took_it(practitioner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_message: object) -> int:
        raise SMTPException("450 later")

    file = make_file(practitioner, email="eloise@example.org")
    tell(restrict(file), how="mail")
    with monkeypatch.context() as broken, scope(ALL):
        broken.setattr("django.core.mail.EmailMessage.send", refuse)
        assert (deliver(), Restriction.objects.get().told_at) == (1, None)
    with scope(ALL):
        assert (deliver(), Restriction.objects.get().told_how) == (1, "mail")
        assert Restriction.objects.get().told_at is not None


@pytest.mark.parametrize(("ground", "note", "code"), [("mood", "", "no_ground"), ("claims", "x" * 2001, "too_long")])
def test_restricting_wants_a_ground(file: PatientFile, ground: str, note: str, code: str) -> None:
    with pytest.raises(Refused) as caught:
        restrict(file, ground=ground, note=note)
    assert (caught.value.refusal.code, is_marked(file)) == (code, False)


def test_reading_for_a_claim_lasts_half_an_hour_for_whoever_asked(file: PatientFile, practitioner: User) -> None:
    restrict(file)
    opening = read(file, practitioner)
    with working(practitioner) as by:
        handle = actions.open_read(opening, Part.FILE, by=by, now=NOW + timedelta(minutes=29))
        assert handle.read(file, "surname") == "Lefèvre"
        with pytest.raises(Refused):
            actions.open_read(opening, Part.FILE, by=by, now=NOW + timedelta(minutes=30))
        with pytest.raises(Refused):
            actions.open_read(opening, Part.FILE, by=actor_of(make_practitioner("x@example.org")), now=NOW)
    lines = AccessEntry.objects.filter(subject_id=file.pk, action="open_restricted").values_list("part", "purpose")
    assert list(lines.order_by("id")) == [("restriction", "legal"), ("file", "legal")]


def test_free_file_is_not_read_by_that_way(file: PatientFile, practitioner: User) -> None:
    with pytest.raises(Refused) as caught:
        read(file, practitioner)
    assert caught.value.refusal.code == "free"


def test_patient_reads_the_restricted_file(file: PatientFile, practitioner: User) -> None:
    patient = make_patient()
    own = link(file, patient)
    restrict(file)
    by = Actor(account_id=patient.pk, role="patient", practice_id=file.practice_id)
    with transaction.atomic(), scope(ALL):
        handle = actions.open_for_subject(file, Part.FILE, link=own, by=by, now=NOW)
        assert handle.read(file, "surname") == "Lefèvre"


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ({"capacity": "proxy", "until": NOW + timedelta(days=9)}, 0),
        ({"until": NOW + timedelta(seconds=1)}, 1),
        ({"since": NOW}, -1),
    ],
)
def test_no_other_link_reads_the_restricted_file(file: PatientFile, said: dict[str, Any], seconds: int) -> None:
    """A person of trust's, one that has ended, one that hasn't begun."""
    patient = make_patient()
    begun = said.pop("since", LONG_AGO)
    other = link(file, patient, now=begun, **said)
    restrict(file)
    by = Actor(account_id=patient.pk, role="patient", practice_id=file.practice_id)
    with pytest.raises(Refused) as caught, scope(ALL):
        actions.open_for_subject(file, Part.FILE, link=other, by=by, now=NOW + timedelta(seconds=seconds))
    assert caught.value.refusal.code == "not_own"


def test_ones_own_link_opens_no_other_file_and_nobody_elses_account(file: PatientFile, practitioner: User) -> None:
    patient = make_patient()
    own = link(make_file(practitioner), patient)
    restrict(file)
    by = Actor(account_id=patient.pk, role="patient", practice_id=file.practice_id)
    with pytest.raises(Refused), scope(ALL):
        actions.open_for_subject(file, Part.FILE, link=own, by=by, now=NOW)
    with pytest.raises(Refused), scope(ALL):
        actions.open_for_subject(file, Part.FILE, link=link(file, patient), by=actor_of(practitioner), now=NOW)


def test_restriction_opens_no_archive_to_the_patient(file: PatientFile) -> None:
    patient = make_patient()
    own = link(file, patient)
    restrict(file)
    rings.archive([file.pk], NOW)
    by = Actor(account_id=patient.pk, role="patient", practice_id=file.practice_id)
    with pytest.raises(KeyRefused), transaction.atomic(), scope(ALL):
        actions.open_for_subject(file, Part.FILE, link=own, by=by, now=NOW)


def test_acts_that_open_nothing_are_refused_too(file: PatientFile, practitioner: User) -> None:
    measure = make_measure(file, practitioner)
    restrict(file)
    with working(practitioner) as by:
        for act in (
            lambda: record_actions.close_file(file=file, by=by, now=SOON),
            lambda: record_actions.strike_measure(measure=measure, by=by, now=SOON),
        ):
            with pytest.raises(Refused) as caught:
                act()
            assert caught.value.refusal.code == "restricted"


def test_vault_lists_the_others_and_says_why_one_is_refused(file: PatientFile, practitioner: User) -> None:
    other = make_file(practitioner)
    restrict(file)
    with working(practitioner) as by:
        found = access.open_many(
            [file.pk, other.pk], by=by, purpose=Purpose.CARE, part="list", practice_id=by.practice_id, now=NOW
        )
    assert (list(found), list(found.refused)) == ([other.pk], [file.pk])


@pytest.mark.parametrize(
    "sql",
    [
        "update records_restriction set since_at = since_at - interval '1 day'",
        "update records_restriction set ground = 'objection'",
        "update records_restriction set lifted_at = since_at, lifted_role = 'dpo', lifted_why = '\\x01'",
        "delete from records_restriction",
        "update records_restrictedopening set until = until + interval '1 day'",
        "delete from records_restrictedopening",
    ],
)
def test_database_keeps_restrictions_and_readings_as_they_were(file: PatientFile, practitioner: User, sql: str) -> None:
    restrict(file)
    read(file, practitioner)
    with pytest.raises(IntegrityError), scope(ALL), as_owner(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    with scope(ALL):
        assert (Restriction.objects.count(), RestrictedOpening.objects.count()) == (1, 1)
