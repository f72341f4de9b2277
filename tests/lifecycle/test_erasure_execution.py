"""Exactly the approved plan is executed, once, whatever is cut off or comes at the same moment (PC-35, PC-50, PC-62)."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import UUID

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.urls import reverse

from accounts.models import PractitionerProfile, User
from adapters.boxes.models import Outgoing
from adapters.boxes.queue import MOST_ATTEMPTS
from audit.actors import Actor
from care.models import Membership
from care.tenancy import ALL, scope
from consents.models import ConsentEvent
from consents.queries import states as consent_states
from lifecycle.erasure import closing, finishing
from lifecycle.erasure.approving import PlanChanged, approve
from lifecycle.erasure.closing import destroy_due
from lifecycle.erasure.deciding import decide_account
from lifecycle.erasure.execute import StillKept, execute_account, execute_file
from lifecycle.erasure.finishing import ResidueFound
from lifecycle.erasure.identity import opened
from lifecycle.erasure.plan import plan_for_account, plan_for_file
from lifecycle.holds.actions import lift_hold
from lifecycle.models import ClosedAccount, Disposal, Erasure, ErasureCertificate, ResidueScan
from lifecycle.residue import recording
from lifecycle.residue.databases import scan_databases
from lifecycle.residue.searching import Hit, Search
from records.actions import create_file
from records.models import Consultation, ImportRun, PatientFile
from records.queries import files_for
from tests.accounts.factories import make_practitioner, make_staff, verified_client
from tests.letters import deliver
from tests.lifecycle.erasure_world import BY, OPENED, colleague_of, hold, old_file, practice, young_file
from tests.records.factories import IDENTITY, working
from vault.models import FileKey

pytestmark = pytest.mark.django_db(databases=["default", "keys"], transaction=True)


@pytest.fixture(autouse=True)
def _only_these_databases(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other tests leave words in shared folders and queues; every store is searched in tests/lifecycle/residue."""
    monkeypatch.setattr(recording, "scan", lambda words: list(scan_databases(Search(words))))


@pytest.fixture
def user() -> User:
    return make_practitioner("camille@example.org", now=OPENED, surname="Rouxval", rpps="10001234567")


def execute(user: User) -> Any:
    plan = plan_for_account(user.pk, OPENED)
    return execute_account(user.pk, plan.sha256, by=BY, now=OPENED)


def states(subject: Any) -> list[str]:
    found = Erasure.objects.filter(subject_id=subject, state="decided").values("erasure_id")
    return list(Erasure.objects.filter(erasure_id__in=found).order_by("at", "id").values_list("state", flat=True))


def test_execution_destroys_archives_and_certifies(user: User) -> None:
    due, young = old_file(user), young_file(user)
    verified_client(user)
    done = execute(user)
    assert states(user.pk) == ["decided", "done", "verified", "certified"]
    with scope(ALL):
        assert set(PatientFile.objects.values_list("pk", flat=True)) == {young.pk}
        assert Consultation.objects.count() == 1
        assert Disposal.objects.get().file_id == due.pk
    assert FileKey.objects.get(file_id=young.pk).ring == "archive"
    assert bytes(FileKey.objects.get(file_id=due.pk).wrapped) == b""
    user.refresh_from_db()
    assert (user.email, user.is_active, user.has_usable_password()) == (
        f"closed-{user.pk}@closed.invalid",
        False,
        False,
    )
    assert PractitionerProfile.objects.count() == 0
    assert done.certificate is not None
    (sent,) = mail.outbox
    assert sent.to == ["camille@example.org"]
    assert [name for name, *_rest in sent.attachments] == ["certificate.json", "certificate.pdf"]


def test_second_execution_changes_nothing(user: User) -> None:
    young_file(user)
    first = execute(user)
    events = Erasure.objects.count()
    again = execute_account(user.pk, "0" * 64, by=BY, now=OPENED + timedelta(days=1))
    assert (again.erasure_id, Erasure.objects.count(), len(mail.outbox)) == (first.erasure_id, events, 1)
    assert ErasureCertificate.objects.count() == 1


def test_execution_at_once_on_two_connections_has_one_effect(user: User) -> None:
    old_file(user)
    young_file(user)
    sha = plan_for_account(user.pk, OPENED).sha256
    results: list[UUID] = []

    def run() -> None:
        try:
            results.append(execute_account(user.pk, sha, by=BY, now=OPENED).erasure_id)
        finally:
            connections.close_all()

    threads = [Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(results) == 2
    assert len(set(results)) == 1
    assert states(user.pk) == ["decided", "done", "verified", "certified"]
    assert (len(mail.outbox), disposals()) == (1, 1)


def test_nothing_beyond_the_approved_plan_is_destroyed(user: User) -> None:
    file = old_file(user)
    held = hold(file)
    approved = approve("account", user.pk, plan_for_account(user.pk, OPENED).sha256, by=BY, now=OPENED)
    with scope(ALL):
        lift_hold(hold_id=held.pk, why="settled", by=BY, now=OPENED)
    with pytest.raises(PlanChanged) as refused:
        execute_account(user.pk, approved.sha256, by=BY, now=OPENED + timedelta(days=1))
    assert "Nothing was erased" in str(refused.value)
    assert states(user.pk) == []
    user.refresh_from_db()
    assert user.email == "camille@example.org"
    done = execute_account(user.pk, refused.value.plan.sha256, by=BY, now=OPENED + timedelta(days=1))
    assert done.certificate is not None


def test_unknown_plan_is_refused(user: User) -> None:
    with pytest.raises(PlanChanged):
        execute_account(user.pk, "f" * 64, by=BY, now=OPENED)
    assert states(user.pk) == []


def test_hold_placed_after_the_approval_keeps_its_file(user: User) -> None:
    file, other = old_file(user), old_file(user)
    approved = approve("account", user.pk, plan_for_account(user.pk, OPENED).sha256, by=BY, now=OPENED)
    hold(file)
    done = execute_account(user.pk, approved.sha256, by=BY, now=OPENED)
    assert files() == {file.pk}
    assert bytes(FileKey.objects.get(file_id=file.pk).wrapped) != b""
    assert FileKey.objects.get(file_id=file.pk).ring == "archive"
    assert done.plan_sha256 != approved.sha256
    decided = Erasure.objects.get(subject_id=user.pk, state="decided")
    assert (decided.approved_sha256, decided.plan_sha256) == (approved.sha256, done.plan_sha256)
    assert {row[0]: row[1] for row in decided.figures["plan"]["files"]} == {
        str(file.pk): "held", str(other.pk): "erased"
    }  # fmt: skip


def test_sessions_that_come_after_the_approval_go_along(user: User) -> None:
    approved = approve("account", user.pk, plan_for_account(user.pk, OPENED).sha256, by=BY, now=OPENED)
    verified_client(user)
    execute_account(user.pk, approved.sha256, by=BY, now=OPENED)
    assert (Session.objects.count(), UserSession.objects.count()) == (0, 0)


def test_file_of_a_colleague_stays_as_it_is(user: User) -> None:
    shared, mine = young_file(user), young_file(user)
    other = colleague_of(user, treats=shared)
    execute(user)
    assert {key.file_id: key.ring for key in FileKey.objects.filter(file_id__in=[shared.pk, mine.pk])} == {
        shared.pk: "active", mine.pk: "archive"
    }  # fmt: skip
    with working(other):
        assert [file.pk for file in files_for(other, now=OPENED)] == [shared.pk]
    assert Membership.objects.live().filter(user=other, practice_id=shared.practice_id).count() == 1
    assert Membership.objects.live().filter(user=user).count() == 0


def test_patient_of_two_practices_is_kept_by_the_other(user: User) -> None:
    elsewhere = make_practitioner(now=OPENED)
    theirs, mine = young_file(elsewhere), old_file(user)
    execute(user)
    assert files() == {theirs.pk}
    assert FileKey.objects.get(file_id=theirs.pk).ring == "active"
    assert FileKey.objects.exclude(destroyed_at=None).get().file_id == mine.pk


def test_every_consent_ends_in_the_ledger_once(user: User) -> None:
    on = {slot for slot, state in consent_states(user.pk, OPENED).items() if state.on}
    before = ConsentEvent.objects.filter(subject_id=user.pk).count()
    execute(user)
    ended = ConsentEvent.objects.filter(subject_id=user.pk, number__gt=before)
    assert {row.slot for row in ended} == on
    assert {(row.action, row.authority, row.channel, row.actor_id) for row in ended} == {
        ("withdrawn", "closing", "closing", user.pk)
    }


def test_nothing_in_clear_is_left_of_the_person(user: User) -> None:
    old_file(user)
    young_file(user)
    verified_client(user)
    words = ["camille@example.org", "Rouxval", "10001234567", "12 rue des Tilleuls"]
    assert {hit.token for hit in scan_databases(Search(words))} == set(words)
    execute(user)
    assert [(hit.where, hit.token) for hit in scan_databases(Search(words))] == []


def test_identity_is_kept_sealed_for_three_years_then_gone(user: User) -> None:
    execute(user)
    closed = ClosedAccount.objects.get()
    assert (closed.account_id, closed.keep_until) == (user.pk, date(2029, 11, 18))
    known = opened(user.pk, by=BY, now=OPENED)
    assert known is not None
    assert (known["identity"]["surname"], known["identity"]["email"]) == ("Rouxval", "camille@example.org")
    assert known["sought"] is None
    assert FileKey.objects.get(file_id=closed.pk).ring == "archive"
    last_second = datetime(2029, 11, 18, 22, 59, 59, tzinfo=UTC)
    assert destroy_due(by=BY, now=last_second) == 0
    assert destroy_due(by=BY, now=last_second + timedelta(seconds=1)) == 1
    assert destroy_due(by=BY, now=last_second + timedelta(seconds=1)) == 0
    assert ClosedAccount.objects.count() == 0
    assert bytes(FileKey.objects.get(file_id=closed.pk).wrapped) == b""
    assert Membership.objects.filter(user=user).count() == 0
    assert opened(user.pk, by=BY, now=OPENED) is None


def test_reports_and_uploads_of_imports_go_with_the_practice(user: User) -> None:
    run = waiting_import(user)
    stored = run.storage_names[0]
    assert default_storage.exists(stored)
    execute(user)
    with scope(ALL):
        run.refresh_from_db()
    assert (run.file_names, run.storage_names) == (None, [])
    assert not default_storage.exists(stored)
    assert bytes(FileKey.objects.get(file_id=run.pk).wrapped) == b""


def test_file_made_while_the_account_was_decided_is_archived_too(user: User) -> None:
    mine = practice(user)
    decided = decide_account(user.pk, approved=plan_for_account(user.pk, OPENED).sha256, by=BY, now=OPENED)
    late = Actor(account_id=user.pk, role="practitioner", practice_id=mine.pk)
    with scope([mine.pk]):
        file = create_file(practice=mine, by=late, now=OPENED, identity={**IDENTITY, "birth_date": "1960-01-01"})
    finishing.finish(decided.erasure_id, by=BY, now=OPENED)
    assert FileKey.objects.get(file_id=file.pk).ring == "archive"


def test_a_certificate_that_no_attempt_got_out_is_asked_for_anew(user: User) -> None:
    execute(user)
    lost = Outgoing.objects.filter(kind="lifecycle.certificate")
    lost.update(state="failed", attempts=MOST_ATTEMPTS, ended_at=OPENED)
    assert finishing.unfinished(OPENED + timedelta(hours=23)) == []
    closing.resume_sweep(by=BY, now=OPENED + timedelta(hours=25), dry_run=False)
    assert (finishing.unfinished(OPENED + timedelta(hours=49)), deliver(), len(mail.outbox)) == ([], 1, 1)


def test_mails_in_the_folder_go_and_the_certificate_stays_without_the_address(
    user: User, settings: Any, tmp_path: Path
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path
    (tmp_path / "old.log").write_text("To: camille@example.org\n\ncode 123456\n")
    (tmp_path / "other.log").write_text("To: anne@example.org\n\ncode 123456\n")
    execute(user)
    assert (deliver(), finishing.unfinished(OPENED)) == (1, [])
    (other, last) = sorted(tmp_path.iterdir(), key=lambda path: path.name != "other.log")
    assert other.name == "other.log"
    certificate = last.read_text()
    assert ("camille" in certificate.casefold(), "certificate.pdf" in certificate) == (False, True)
    assert ErasureCertificate.objects.get().sent_at is not None


def test_office_log_no_longer_names_the_account(user: User) -> None:
    staff = make_staff()
    LogEntry.objects.create(
        user=staff, content_type=ContentType.objects.get_for_model(User), object_id=str(user.pk),
        object_repr="camille@example.org", action_flag=2, action_time=OPENED,
    )  # fmt: skip
    execute(user)
    assert LogEntry.objects.get().object_repr == ""


def test_copy_found_afterwards_keeps_the_certificate_back(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "scan", lambda words: [Hit("cache", "somewhere", words[0], 2)])
    with pytest.raises(ResidueFound, match="copies found in 1 places"):
        execute(user)
    assert (states(user.pk), ErasureCertificate.objects.count(), len(mail.outbox)) == (["decided", "done"], 0, 0)
    assert ResidueScan.objects.get().is_clean is False
    monkeypatch.setattr(recording, "scan", lambda words: [])
    assert finishing.resume(by=BY, now=OPENED + timedelta(hours=1)) == 1
    assert states(user.pk) == ["decided", "done", "verified", "certified"]


class Killed(BaseException):
    """Stands for the end of the process: nothing catches it."""


@pytest.mark.parametrize(
    "place",
    [
        "lifecycle.erasure.deciding._end_contract",
        "lifecycle.erasure.deciding._empty_tables",
        "lifecycle.erasure.deciding._make_nameless",
        "lifecycle.erasure.finishing.door.finish_decided",
        "lifecycle.erasure.finishing.archive_files",
        "lifecycle.erasure.finishing._end_imports",
        "lifecycle.erasure.finishing.rings.archive",
        "lifecycle.erasure.finishing._rows_left",
        "lifecycle.erasure.finishing.record_scan",
        "lifecycle.erasure.finishing._enter",
        "lifecycle.erasure.certificate.prove",
        "lifecycle.erasure.certificate.paper.drawn",
        "lifecycle.erasure.certificate.mails.ask",
    ],
)
@pytest.mark.parametrize("when", ["before", "after"])
def test_execution_killed_at_a_step_is_finished_by_the_next_sweep(
    user: User, monkeypatch: pytest.MonkeyPatch, place: str, when: str
) -> None:
    due, young = old_file(user), young_file(user)
    sha = plan_for_account(user.pk, OPENED).sha256
    with monkeypatch.context() as patched:
        patched.setattr(place, killing(place, when))
        with pytest.raises(Killed):
            execute_account(user.pk, sha, by=BY, now=OPENED)
    user.refresh_from_db()
    if states(user.pk):
        found = closing.resume_sweep(by=BY, now=OPENED + timedelta(hours=1), dry_run=False)["PC-50.resume"]
        assert (found.due, found.done, found.failed) == (1, 1, 0)
    else:
        assert (user.email, files()) == ("camille@example.org", {due.pk, young.pk})
        execute_account(user.pk, sha, by=BY, now=OPENED)
    assert states(user.pk) == ["decided", "done", "verified", "certified"]
    assert files() == {young.pk}
    assert FileKey.objects.get(file_id=young.pk).ring == "archive"
    assert (ErasureCertificate.objects.count(), ClosedAccount.objects.count(), finishing.unfinished(OPENED)) == (
        1,
        1,
        [],
    )
    assert len(mail.outbox) == 1


def killing(place: str, when: str) -> Callable[..., Any]:
    """The function at ``place``, before or after which the process ends."""
    real = resolve(place)

    def killed(*args: Any, **options: Any) -> Any:
        if when == "after":
            real(*args, **options)
        raise Killed

    return killed


def resolve(place: str) -> Any:
    """What a dotted path stands for."""
    parts = place.split(".")
    found: Any = import_module(".".join(parts[:3]))
    for part in parts[3:]:
        found = getattr(found, part)
    return found


def test_file_past_its_term_is_erased_with_a_certificate(user: User) -> None:
    file = old_file(user)
    done = execute_file(file.pk, plan_for_file(file.pk, OPENED).sha256, by=BY, now=OPENED)
    assert (files(), states(file.pk)) == (set(), ["decided", "done", "verified", "certified"])
    assert done.certificate is not None
    assert json.loads(done.certificate.content)["kind"] == "file"
    assert execute_file(file.pk, "", by=BY, now=OPENED).erasure_id == done.erasure_id


def test_file_in_its_term_or_held_is_refused_with_its_ground(user: User) -> None:
    young, held = young_file(user), old_file(user)
    hold(held)
    for file, said in ((young, "Kept until 18 November 2046"), (held, "legal hold")):
        with pytest.raises(StillKept) as refused:
            execute_file(file.pk, plan_for_file(file.pk, OPENED).sha256, by=BY, now=OPENED)
        assert said in str(refused.value)
    assert files() == {young.pk, held.pk}


def test_replay_after_a_restore_needs_no_approval_and_sends_no_mail(user: User) -> None:
    execute_account(user.pk, None, by=BY, now=OPENED, replayed=True, ended_on=date(2026, 1, 31))
    assert (states(user.pk)[-1], len(mail.outbox)) == ("certified", 0)
    assert ClosedAccount.objects.get().keep_until == date(2029, 1, 31)


def test_what_runs_along_with_the_decision_can_undo_it(user: User) -> None:
    def refuse(plan: Any) -> None:
        raise ValueError(plan.sha256)

    with pytest.raises(ValueError, match=r"^[0-9a-f]{64}$"):
        execute_account(user.pk, plan_for_account(user.pk, OPENED).sha256, by=BY, now=OPENED, along=refuse)
    assert states(user.pk) == []


def test_rights_journal_learns_of_the_decision_before_the_first_key_dies(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    old_file(user)
    seen: list[tuple[int, int]] = []

    def tell() -> None:
        with scope(ALL):
            seen.append((Disposal.objects.count(), FileKey.objects.exclude(destroyed_at=None).count()))

    monkeypatch.setattr(finishing, "before_keys_die", [tell])
    execute(user)
    assert seen == [(1, 0)]


def test_same_address_can_sign_up_again(user: User) -> None:
    execute(user)
    again = make_practitioner("camille@example.org", now=OPENED + timedelta(days=1), rpps="10001234567")
    assert again.pk != user.pk


def files() -> set[UUID]:
    with scope(ALL):
        return set(PatientFile.objects.values_list("pk", flat=True))


def disposals() -> int:
    with scope(ALL):
        return Disposal.objects.count()


def waiting_import(user: User) -> ImportRun:
    """An upload that waits for a yes."""
    client = verified_client(user)
    upload = SimpleUploadedFile("Rouxval patients.csv", b"nom;prenom\nMorvan;Anne\n")
    assert client.post(reverse("records:import"), {"uploads": [upload]}).status_code == 302
    with scope(ALL):
        return ImportRun.objects.get()
