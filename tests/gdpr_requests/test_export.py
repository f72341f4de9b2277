"""The full export: everything, in every phase, from the archive too, nothing of others, each file journaled (PC-32, PC-33)."""

import csv
import json
import os
import re
import subprocess
import sys
from datetime import timedelta
from hashlib import sha256
from io import BytesIO, StringIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from icalendar import Calendar
from jsonschema import Draft202012Validator, ValidationError

from accounts.models import User
from audit.actors import Actor
from audit.models import AccessEntry, EventEntry
from care.tenancy import ALL, scope
from gdpr_requests.actions import write
from gdpr_requests.export import tables, zipping
from gdpr_requests.export.archive import AccountExport
from gdpr_requests.export.scopes import Scope
from gdpr_requests.export.spool import Spool
from lifecycle.actions import subscribe
from lifecycle.queries import phase_at
from lifecycle.states import Name
from records.models import Document, PatientFile
from tests.accounts.factories import make_practitioner
from tests.gdpr_requests.factories import LATER, by_account, dpo_of
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
        "care.CareRelationship", "records.Consultation", "records.ConsultationVersion", "records.Document", "records.Measure", "records.PatientFile",
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
    assert [one["email"] for one in account["accounts.User"]] == ["camille@example.org"]
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
    assert sorted(name.rsplit("/", 1)[-1].rsplit(".", 1)[-1] for name in parts) == ["html", "json", "json", "png"]
    for name in [*parts, "contacts.vcf", "agenda.ics", "csv/records.PatientFile.csv"]:
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
    assert (event.subject_id, event.detail) == (me.pk, {"files": 1, "scope": "full"})


def test_line_of_a_file_stands_before_its_first_byte_leaves(me: User, file: PatientFile) -> None:
    def lines() -> int:
        return AccessEntry.objects.filter(subject_id=file.pk, action="export").count()

    name = f"files/{file.pk}/".encode()
    before, found = 0, -1
    for piece in AccountExport(me, by=actor_of(me), now=FREE).chunks():
        if name in piece:
            found = lines()
            break
        before += lines()
    assert (before, found) == (0, 1)


def test_restricted_file_is_named_and_stays_closed(me: User, file: PatientFile) -> None:
    FileKey.objects.filter(file_id=file.pk).update(restricted_at=FREE)
    archive = taken(me)
    assert read(archive, "manifest.json")["kept_closed"] == [str(file.pk)]
    assert [name for name in archive.namelist() if name.startswith("files/")] == []


def test_own_requests_are_in_it_and_answers_to_others_arent(me: User) -> None:
    mine = by_account(me)
    others = by_account(make_practitioner("other@example.org"))
    write(request_id=others.pk, text="About the other.", by=dpo_of(me), now=LATER)
    account = read(taken(me), "account.json")
    assert [one["id"] for one in account["gdpr_requests.Request"]] == [str(mine.pk)]
    assert [(one["request_id"], one["text"]) for one in account["gdpr_requests.Exchange"]] == [
        (str(mine.pk), "Mine, please.")
    ]


def test_nothing_of_another_practice_is_in_it(me: User, file: PatientFile) -> None:
    other = make_practitioner("other@example.org")
    archive = taken(other)
    assert [name for name in archive.namelist() if name.startswith("files/")] == []
    assert b"Quemener" not in b"".join(archive.read(name) for name in archive.namelist())


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

    monkeypatch.setattr("gdpr_requests.export.archive.pages.of_file", fail)
    with pytest.raises(RuntimeError):
        call_command("export_account", "camille@example.org", out=tmp_path / "half.zip", stdout=StringIO())
    assert list(tmp_path.iterdir()) == []


def test_file_that_leaves_is_in_no_export(me: User, file: PatientFile) -> None:
    with scope(ALL):
        PatientFile.objects.filter(pk=file.pk).update(leaving_at=FREE)
    made = AccountExport(me, by=Actor.operations("test"), now=FREE)
    assert b"".join(made.chunks()) != b""
    assert made.counts["records.PatientFile"] == 0


def test_every_json_fits_its_schema(me: User, file: PatientFile) -> None:
    archive = taken(me)
    for part, schema in (("account.json", "account"), (f"files/{file.pk}/file.json", "file")):
        rules = read(archive, f"schema/{schema}.schema.json")
        Draft202012Validator.check_schema(rules)
        Draft202012Validator(rules).validate(read(archive, part))
    rules["properties"]["records.PatientFile"]["items"]["properties"].pop("surname")
    with pytest.raises(ValidationError, match="surname"):
        Draft202012Validator(rules).validate(read(archive, part))


def test_scopes_differ_as_the_two_articles_do(me: User, file: PatientFile) -> None:
    def parts(scope: Scope) -> ZipFile:
        made = AccountExport(me, by=actor_of(me), now=FREE, how_far=scope)
        return ZipFile(BytesIO(b"".join(made.chunks())))

    about, brought = parts(Scope.ACCESS), parts(Scope.PORTABILITY)
    assert [name for name in about.namelist() if name.startswith("files/")] == []
    assert ("consents.json" in about.namelist(), "consents.json" in brought.namelist()) == (True, False)
    (seen,), (given,) = (read(one, "account.json")["accounts.User"] for one in (about, brought))
    assert ("last_login" in seen, "last_login" in given, "email" in given) == (True, False, True)
    whys = {line["what"]: line["law"] for line in read(brought, "manifest.json")["not_included"]}
    assert whys["accounts.User.last_login: moment of the last sign-in"] == "GDPR Art. 20(1)"
    assert [line["law"] for line in read(about, "manifest.json")["not_included"]].count("GDPR Arts. 15, 28(3)(g)") == 1


def test_every_declared_field_is_in_some_export() -> None:
    assert tables.unreached() == []


def test_cover_is_in_the_persons_language_and_runs_nothing(me: User, file: PatientFile) -> None:
    archive = taken(me)
    pages = {name: archive.read(name).decode() for name in archive.namelist() if name.endswith(".html")}
    assert f'<html lang="{me.language}">' in pages["index.html"]
    assert f'<a href="files/{file.pk}/index.html"><bdi>QUEMENER' in pages["index.html"]
    assert "Mal au dos depuis mardi" in pages[f"files/{file.pk}/index.html"]
    for page in pages.values():
        assert re.findall(r"<script|<link|https?://", page) == []


def test_spreadsheet_runs_no_formula(me: User) -> None:
    make_file(me, now=SIGNED_UP, surname="=cmd|' /C calc'!A0")
    sheet = taken(me).read("csv/records.PatientFile.csv").decode()
    (row,) = csv.DictReader(StringIO(sheet, newline=""))
    assert row["surname"] == "'=cmd|' /C calc'!A0"


def test_address_book_and_calendar_open_elsewhere(me: User) -> None:
    long = "Maël; Anaïs, " + "é" * 60
    file = make_file(me, now=SIGNED_UP, surname="Quemener", given_names=long, address='12, "Ti" \nFoss')
    made = make_consultation(file, me, at=SIGNED_UP, signed=True)
    archive = taken(me)
    (entry,) = Calendar.from_ical(archive.read("agenda.ics")).walk("VEVENT")
    assert (entry["summary"], entry["dtstart"].dt) == (f"QUEMENER {long}", SIGNED_UP)
    assert entry["uid"] == f"{made.pk}@praticonnect"
    card = archive.read("contacts.vcf")
    assert max(len(line) for line in card.split(b"\r\n")) <= 75
    unfolded = card.replace(b"\r\n ", b"").decode().split("\r\n")
    assert [line for line in unfolded if line.startswith("FN:")] == [
        "FN:" + f"{long} Quemener".replace(";", "\\;").replace(",", "\\,")
    ]


def test_lost_document_is_named_and_the_rest_goes(me: User, file: PatientFile) -> None:
    with scope(ALL):
        document = Document.objects.get()
    default_storage.delete(document.storage_name)
    archive = taken(me)
    assert read(archive, "manifest.json")["documents_lost"] == [str(document.pk)]
    assert f"files/{file.pk}/file.json" in archive.namelist()


def test_equal_data_give_equal_bytes(me: User, file: PatientFile) -> None:
    one, two = taken(me), taken(me, FREE + timedelta(hours=1))
    assert one.namelist() == two.namelist()
    differing = {name for name in one.namelist() if one.read(name) != two.read(name) and "receipts/" not in name}
    assert differing == {
        "access-journal.json", "account.json", "csv/audit.AccessEntry.csv", "csv/audit.EventEntry.csv", "index.html",
        "manifest.json",
    }  # fmt: skip


@pytest.mark.parametrize("limits", [(), ("MOST_16",)])
def test_zip_opens_with_others_however_large(
    limits: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The long form of the list at the end too, as more than 65,535 parts need it."""
    for name in limits:
        monkeypatch.setattr(zipping, name, 1)
    archive, out = zipping.Zip(), tmp_path / "one.zip"
    contents = {"é/one.txt": b"one" * 400_000, "two.png": os.urandom(700_000), "empty.json": b""}
    with out.open("wb") as stream:
        for name, data in contents.items():
            stream.writelines(archive.add(zipping.pack(name, [data[:10], data[10:]])))
        stream.writelines(archive.end())
    found = ZipFile(out)
    assert found.testzip() is None
    assert {name: found.read(name) for name in found.namelist()} == contents
    assert subprocess.run([sys.executable, "-m", "zipfile", "-t", str(out)], capture_output=True).returncode == 0


def test_spool_leaves_nothing_in_clear_on_disk() -> None:
    spool = Spool()
    for _ in range(40):
        spool.write(b"Quemener" * 2_000)
    assert spool._file is not None
    spool._file.seek(0)
    sealed = spool._file.read()
    assert (len(sealed) > 256 * 1024, b"Quemener" in sealed) == (True, False)
    assert b"".join(spool.read()) == b"Quemener" * 80_000
