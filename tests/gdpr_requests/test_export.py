"""The full export: everything, in every phase, from the archive too, nothing of others, each file journaled (PC-32, PC-33)."""

import json
from datetime import timedelta
from hashlib import sha256
from io import BytesIO, StringIO
from pathlib import Path
from zipfile import ZipFile

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.urls import reverse

from accounts.models import User
from audit.actors import Actor
from audit.models import AccessEntry, EventEntry
from care.tenancy import ALL, scope
from gdpr_requests.export import AccountExport
from lifecycle.actions import subscribe
from lifecycle.queries import phase_at
from lifecycle.states import Name
from records.models import PatientFile
from tests.accounts.factories import make_practitioner, prove, verified_client
from tests.lifecycle.helpers import IN, SIGNED_UP, make_trial
from tests.records.factories import actor_of, make_consultation, make_document, make_file, make_measure, png
from vault import rings
from vault.models import FileKey

pytestmark = pytest.mark.django_db(databases="__all__")
FREE = IN[Name.FREE_LISTING]


@pytest.fixture
def me() -> User:
    return make_trial("camille@example.org")


@pytest.fixture
def file(me: User) -> PatientFile:
    file = make_file(me, now=SIGNED_UP, surname="Quemener", medical_history="Scoliose")
    make_consultation(file, me, at=SIGNED_UP, signed=True, note="Mal au dos depuis mardi")
    make_measure(file, me)
    make_document(file, me)
    return file


def taken(user: User, now=FREE) -> ZipFile:
    made = AccountExport(user, by=actor_of(user), now=now)
    return ZipFile(BytesIO(b"".join(made.chunks())))


def read(archive: ZipFile, name: str):
    return json.loads(archive.read(name))


def test_export_holds_the_file_with_everything_in_clear(me: User, file: PatientFile) -> None:
    archive = taken(me)
    found = read(archive, f"files/{file.pk}/file.json")
    (identity,) = found["records.PatientFile"]
    assert (identity["surname"], identity["medical_history"]) == ("Quemener", "Scoliose")
    (version,) = found["records.ConsultationVersion"]
    assert version["content"]["note"] == "Mal au dos depuis mardi"
    assert found["records.Measure"][0]["value"] == "62"
    (name,) = [one for one in archive.namelist() if "/documents/" in one]
    assert archive.read(name) == png()
    assert [name for name in identity if "token" in name] == []
    assert sorted(found) == [
        "records.Consultation", "records.ConsultationVersion", "records.Document", "records.Measure", "records.PatientFile",
    ]  # fmt: skip


def test_manifest_counts_and_fingerprints_every_part(me: User, file: PatientFile) -> None:
    archive = taken(me)
    manifest = read(archive, "manifest.json")
    parts = [name for name in archive.namelist() if name != "manifest.json"]
    assert manifest["sha256"] == {name: sha256(archive.read(name)).hexdigest() for name in parts}
    assert {kind: manifest["counts"][kind] for kind in ("records.PatientFile", "records.Consultation", "records.Document")} == {
        "records.PatientFile": 1, "records.Consultation": 1, "records.Document": 1,
    }  # fmt: skip
    assert manifest["counts"]["consents.ConsentEvent"] == len(read(archive, "consents.json")) > 0


def test_account_is_in_it_and_no_secret(me: User, file: PatientFile) -> None:
    account = read(taken(me), "account.json")
    assert account["accounts.User"]["email"] == "camille@example.org"
    assert me.password not in json.dumps(account)


def test_free_listing_and_subscription_change_nothing_of_it(me: User, file: PatientFile) -> None:
    """PC-33, compared by export: trial, free listing, subscribed again."""
    assert phase_at(me.pk, FREE).name is Name.FREE_LISTING
    trial = taken(me, IN[Name.TRIAL])
    resting = taken(me)
    subscribe(user=me, by=actor_of(me), now=FREE)
    paid = taken(me, FREE + timedelta(days=1))
    names = trial.namelist()
    assert names == resting.namelist() == paid.namelist()
    parts = [name for name in names if name.startswith("files/")]
    assert len(parts) == 2
    for name in parts:
        assert trial.read(name) == resting.read(name) == paid.read(name)


def test_archived_file_is_in_it_and_its_journal_says_from_where(me: User, file: PatientFile) -> None:
    rings.archive([file.pk], FREE)
    later = FREE.replace(year=2033)
    assert f"files/{file.pk}/file.json" in taken(me, later).namelist()
    line = AccessEntry.objects.filter(subject_id=file.pk).latest("id")
    assert (line.action, line.purpose, line.actor_id) == ("open_archive", "legal", me.pk)


def test_each_file_and_the_export_itself_are_journaled(me: User, file: PatientFile) -> None:
    taken(me)
    assert AccessEntry.objects.filter(subject_id=file.pk, action="export").count() == 1
    event = EventEntry.objects.get(verb="gdpr.export.begun")
    assert (event.subject_id, event.detail) == (me.pk, {"files": 1})


def test_line_of_a_file_stands_before_its_first_byte_leaves(me: User, file: PatientFile) -> None:
    pieces = AccountExport(me, by=actor_of(me), now=FREE).chunks()
    next(pieces), next(pieces)
    assert AccessEntry.objects.filter(subject_id=file.pk, action="export").count() == 0
    next(pieces)
    assert AccessEntry.objects.filter(subject_id=file.pk, action="export").count() == 1


def test_restricted_file_is_named_and_stays_closed(me: User, file: PatientFile) -> None:
    FileKey.objects.filter(file_id=file.pk).update(restricted_at=FREE)
    archive = taken(me)
    assert read(archive, "manifest.json")["kept_closed"] == [str(file.pk)]
    assert [name for name in archive.namelist() if name.startswith("files/")] == []


def test_nothing_of_another_practice_is_in_it(me: User, file: PatientFile) -> None:
    other = make_practitioner("other@example.org")
    archive = taken(other)
    assert [name for name in archive.namelist() if name.startswith("files/")] == []
    assert b"Quemener" not in b"".join(archive.read(name) for name in archive.namelist())


def test_page_gives_it_in_free_listing_behind_a_fresh_factor(me: User, file: PatientFile) -> None:
    address = reverse("gdpr:export")
    with time_machine.travel(FREE, tick=False) as clock:
        client = verified_client(me, now=FREE)
        prove(client, me, at=FREE)
        assert client.get(address).status_code == 200
        answer = client.post(address)
        archive = ZipFile(BytesIO(answer.getvalue()))
        assert (answer["Cache-Control"], f"files/{file.pk}/file.json" in archive.namelist()) == ("no-store", True)
        clock.shift(timedelta(minutes=6))
        refused = client.post(address)
        assert (refused.status_code, "/accounts/" in refused["Location"]) == (302, True)


def test_command_writes_it_for_nobody_else_to_read(me: User, file: PatientFile, tmp_path: Path) -> None:
    out, said = tmp_path / "all.zip", StringIO()
    call_command("export_account", "camille@example.org", out=out, json=True, stdout=said)
    assert json.loads(said.getvalue())["counts"]["records.PatientFile"] == 1
    assert (out.stat().st_mode & 0o777, f"files/{file.pk}/file.json" in ZipFile(out).namelist()) == (0o600, True)
    for email, where, words in (
        ("camille@example.org", out, "can't be written"),
        ("nobody@example.org", tmp_path / "x.zip", "no account"),
    ):
        with pytest.raises(CommandError, match=words) as caught:
            call_command("export_account", email, out=where, stdout=StringIO())
        assert caught.value.returncode == 2


def test_command_that_breaks_off_leaves_no_file(
    me: User, file: PatientFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_given: object) -> bytes:
        raise RuntimeError("the storage is away")

    monkeypatch.setattr("gdpr_requests.export.document_bytes", fail)
    with pytest.raises(RuntimeError):
        call_command("export_account", "camille@example.org", out=tmp_path / "half.zip", stdout=StringIO())
    assert list(tmp_path.iterdir()) == []


def test_file_that_leaves_is_in_no_export(me: User, file: PatientFile) -> None:
    with scope(ALL):
        PatientFile.objects.filter(pk=file.pk).update(leaving_at=FREE)
    made = AccountExport(me, by=Actor.operations("test"), now=FREE)
    assert b"".join(made.chunks()) != b""
    assert made.counts["records.PatientFile"] == 0
