"""Sealed files leave for the store through the gates, with a line each; faults by their kind; a store inside the house is no way out."""

import time
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.retries.standard import ExponentialBackoff
from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from adapters import actions, folders, storage
from adapters.checks import check_places
from adapters.door import Broken, Busy, Closed, Fault, Rejected, TimedOut
from adapters.folders import Folder, NoFolder, register_folder
from adapters.models import Breaker, Egress, EgressOutcome
from adapters.storage import JournaledS3, NotSealed, Stores
from adapters.storage_promises import files_lie_sealed_at_the_first_target, files_lie_sealed_at_the_second_target
from audit.actors import Actor
from care.tenancy import ALL, scope
from praticonnect import storage_settings
from praticonnect.gate import Gate
from privacy.declare import Category
from records.models import Document
from tests.accounts.factories import make_practitioner, verified_client
from tests.adapters.calls import NOW
from tests.care.factories import LONG_AGO
from tests.lifecycle.residue.s3 import Bucket, served
from tests.records.factories import make_document, make_file, png
from tests.test_house import OURS
from vault.files import MAGIC

pytestmark = [pytest.mark.django_db, pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow")]
SEALED = MAGIC + b"x" * 996


class Stream:
    """Sealed bytes whose number nobody knows before their end."""

    name, closed = "stream", False

    def __init__(self, whole: bytes) -> None:
        self.left = whole

    def read(self, size: int = -1) -> bytes:
        piece, self.left = (self.left, b"") if size < 0 else (self.left[:size], self.left[size:])
        return piece

    def seekable(self) -> bool:
        return False

    def close(self) -> None:
        """Nothing to close."""


@pytest.fixture(autouse=True)
def _folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "_folders", {})
    register_folder(Folder("a", frozenset({Category.HEALTH, Category.IDENTITY}), list))
    register_folder(Folder("identity", frozenset({Category.IDENTITY}), list))


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda _self, _context: 0)
    monkeypatch.setattr(storage, "SILENCE", 0.3)
    with served() as (made, settings_of):
        yield made, JournaledS3(**settings_of["OPTIONS"])


def test_a_file_is_stored_with_its_line_and_its_size(bucket: tuple[Bucket, Storage]) -> None:
    there, store = bucket
    kept_as = store.save("a/b.bin", ContentFile(SEALED))
    line, end = Egress.objects.get(), EgressOutcome.objects.get()
    assert (line.subprocessor, line.host, line.stand_in, line.ground, line.categories, line.bytes_out) == (
        "scaleway", "s3.fr-par.scw.cloud", True, "sealed_storage", "health,identity", None,
    )  # fmt: skip
    assert (end.outcome, end.bytes_out, there.last(kept_as).body) == ("delivered", 1000, SEALED)
    store.delete(kept_as)
    assert (Egress.objects.count(), there.versions) == (1, [])


def test_a_stream_is_counted_at_its_end_and_comes_whole(bucket: tuple[Bucket, Storage]) -> None:
    bucket[1].save("a/s.bin", File(Stream(SEALED), name="a/s.bin"))
    assert (EgressOutcome.objects.get().bytes_out, bucket[0].last("a/s.bin").body) == (1000, SEALED)


def test_what_the_vault_did_not_seal_stays_here(bucket: tuple[Bucket, Storage]) -> None:
    with pytest.raises(NotSealed):
        bucket[1].save("a/b.bin", ContentFile(b"%PDF-1.7 of a patient"))
    assert (bucket[0].requests, Egress.objects.count()) == ([], 0)


@pytest.mark.parametrize("name", ["elsewhere/b.bin", "b.bin", "a"])
def test_what_nobody_said_the_kind_of_is_not_stored(bucket: tuple[Bucket, Storage], name: str) -> None:
    with pytest.raises(NoFolder):
        bucket[1].save(name, ContentFile(SEALED))
    assert (bucket[0].versions, Egress.objects.count()) == ([], 0)


def test_a_closed_store_gets_nothing_not_even_a_question(bucket: tuple[Bucket, Storage]) -> None:
    there, store = bucket
    actions.switch_off(subprocessor="scaleway", reason="An incident there", by=Actor.operations("test"), now=NOW)
    for ask in (
        lambda: store.save("a/b.bin", ContentFile(SEALED)), lambda: store.open("a/b.bin"), lambda: store.exists("a/b.bin"),
        lambda: store.delete("a/b.bin"), lambda: store.listdir("a"), lambda: store.size("a/b.bin"), lambda: store.bucket,
    ):  # fmt: skip
        with pytest.raises(Closed):
            ask()
    assert (there.requests, Egress.objects.count()) == ([], 0)


@pytest.mark.parametrize("host", ["https://s3.example.org", "https://s3.us-east-1.amazonaws.com"])
def test_a_store_nobody_registered_gets_nothing(bucket: tuple[Bucket, Any], host: str) -> None:
    bucket[1].endpoint_url = host
    for ask in (lambda: bucket[1].save("a/b.bin", ContentFile(SEALED)), lambda: bucket[1].exists("a/b.bin")):
        with pytest.raises(Closed, match="doesn't know this host"):
            ask()
    assert (bucket[0].requests, Egress.objects.count()) == ([], 0)


def test_a_store_without_a_key_is_not_asked_with_somebody_elses(bucket: tuple[Bucket, Any]) -> None:
    """Else the client would look for a key in the environment and at the cloud's own address."""
    bucket[1].secret_key = ""
    with pytest.raises(Closed, match="no access key"):
        bucket[1].exists("a/b.bin")
    assert bucket[0].requests == []


def test_a_store_inside_the_house_is_no_way_out(bucket: tuple[Bucket, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """A container of our own ("storage"): the file doesn't leave the house, so there is no line."""
    bucket[1].endpoint_url = "http://storage:8333"
    monkeypatch.setattr("storages.backends.s3.S3Storage.save", lambda _store, name, *_rest: name)
    bucket[1].save("a/b.bin", ContentFile(SEALED))
    assert Egress.objects.count() == 0


@pytest.mark.parametrize(
    ("planned", "fault", "outcome", "asked"),
    [
        ([(503, "SlowDown")] * 2, None, "delivered", 3),
        ([(503, "SlowDown")] * 3, Busy, "busy", 3),
        ([(500, "InternalError")] * 3, Broken, "broken", 3),
        ([0.6] * 3, TimedOut, "timed_out", 3),
        ([(403, "AccessDenied")], Rejected, "rejected", 1),
        ([(400, "BadDigest")], Rejected, "rejected", 1),
        ([(404, "NoSuchBucket")], Rejected, "rejected", 1),
    ],
)
def test_a_fault_while_storing_is_named_tried_again_where_it_may_and_written(
    bucket: tuple[Bucket, Any],
    planned: Any,
    fault: type[Fault] | None,
    outcome: str,
    asked: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    there, store = bucket
    monkeypatch.setattr(JournaledS3, "exists", lambda _store, _name: False)
    there.next[:] = planned
    if fault is None:
        assert store.save("a/b.bin", ContentFile(SEALED)) == "a/b.bin"
    else:
        with pytest.raises(fault):
            store.save("a/b.bin", ContentFile(SEALED))
    assert (len(there.requests), EgressOutcome.objects.get().outcome) == (asked, outcome)
    assert [one.body for one in there.versions] == ([] if fault else [SEALED])
    assert Breaker.objects.filter(failures=1).exists() is (fault in (Broken, TimedOut))


def test_five_failures_rest_the_way_and_one_success_opens_it(bucket: tuple[Bucket, Any]) -> None:
    there, store = bucket
    for _time in range(5):
        there.next[:] = [(500, "InternalError")] * 3
        with pytest.raises(Broken):
            store.listdir("a")
    number = len(there.requests)
    with pytest.raises(Closed) as resting:
        store.listdir("a")
    assert (resting.value.gate, len(there.requests)) == ("breaker", number)
    Breaker.objects.update(until=NOW)
    assert store.listdir("a") == ([], [])
    assert Breaker.objects.get().failures == 0


def test_a_missing_object_is_missing_only_where_every_store_says_so(bucket: tuple[Bucket, Any]) -> None:
    there, _store = bucket
    with served() as (other, settings_of):
        mine = {"bucket_name": "files", "endpoint_url": f"http://127.0.0.1:{there.server_port}"}
        both = Stores({"scaleway": {**settings_of["OPTIONS"], **mine}, "aws": settings_of["OPTIONS"]}, "scaleway")
        other.add("a/b.bin", SEALED, {})
        assert both.exists("a/b.bin") is True
        with both.open("a/b.bin") as found:
            assert found.read() == SEALED
        other.next[:] = [(500, "")] * 3
        with pytest.raises(Broken):
            both.open("a/c.bin")
        with pytest.raises(FileNotFoundError):
            both.open("a/c.bin")


def test_whose_service_keeps_a_folder_follows_from_the_settings(settings: Any) -> None:
    def kept_by(backend: str, **options: Any) -> list[str]:
        settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": backend, "OPTIONS": options}}
        return [storage.carrier_of(folder) for folder in ("documents", "exports")]

    outside, inside = {"endpoint_url": "https://s3.fr-par.scw.cloud"}, {"endpoint_url": "http://store:9000"}
    two = {"targets": {"scaleway": outside, "aws": {"region_name": "eu-west-1"}}, "first": "scaleway"}
    assert kept_by("adapters.storage.Stores", **two, placed={"exports": "aws"}) == ["scaleway", "aws"]
    assert kept_by("adapters.storage.JournaledS3", carrier="aws", **outside) == ["aws", "aws"]
    assert kept_by("adapters.storage.JournaledS3", carrier="scaleway", **inside) == ["", ""]
    assert kept_by("django.core.files.storage.InMemoryStorage") == ["", ""]


def test_no_link_leads_to_a_stored_object(bucket: tuple[Bucket, Any]) -> None:
    """The product makes no presigned link: what it stores is sealed, and is opened here."""
    for store in (bucket[1], Stores({}, "scaleway")):
        with pytest.raises(NotImplementedError, match="no link"):
            store.url("a/b.bin")
    makers = {
        name
        for name, text in OURS.items()
        if name.endswith(".py")
        and not name.startswith("tests/")
        and ("presigned" in text and "generate_presigned" in text)
    }
    asked = {name for name, text in OURS.items() if not name.startswith("tests/") and "storage.url(" in text}
    assert (makers, asked) == (set(), set())


@pytest.mark.django_db(databases=["default", "keys"])
def test_pages_say_that_the_store_is_away_and_keep_what_was_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    owner = make_practitioner(now=LONG_AGO)
    document = make_document(make_file(owner), owner)
    away = SimpleNamespace(open=raising, save=raising)
    monkeypatch.setattr("records.reading.default_storage", away)
    monkeypatch.setattr("records.actions.documents.default_storage", away)
    client = verified_client(owner)
    shut = client.get(reverse("records:document_download", args=[document.file_id, document.pk]))
    assert (shut.status_code, "A service we need for this doesn" in shut.content.decode()) == (503, True)
    paper = SimpleUploadedFile("analyse.png", png())
    added = client.post(
        reverse("records:documents", args=[document.file_id]), {"title": "Une analyse", "document": paper}
    ).content.decode()
    assert ("nothing was stored" in added, "Une analyse" in added) == (True, True)
    with scope(ALL):
        assert Document.objects.count() == 1
    assert Gate(lambda _request: HttpResponse()).process_exception(HttpRequest(), ValueError("ours")) is None


def raising(*_asked: Any) -> None:
    raise TimedOut("scaleway", "answering", sent=True)


@pytest.mark.parametrize(
    ("first", "placed", "found"),
    [
        ("scaleway", {}, []),
        ("scaleway", {"identity": "aws"}, []),
        ("scaleway", {"a": "aws"}, ["adapters.E002"]),
        ("aws", {}, ["adapters.E002"]),
        ("scaleway", {"letters": "aws"}, ["adapters.E003"]),
    ],
)
def test_a_folder_that_may_not_lie_at_its_target_is_said_at_the_start(
    settings: Any, first: str, placed: dict[str, str], found: list[str]
) -> None:
    target = {"bucket_name": "files", "access_key": "a", "secret_key": "s", "region_name": "fr-par"}
    here = {**target, "endpoint_url": "https://s3.fr-par.scw.cloud"}
    options = {"targets": {"scaleway": here, "aws": target}, "first": first, "placed": placed}
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": "adapters.storage.Stores", "OPTIONS": options}}
    assert [error.id for error in check_places()] == found


def test_settings_have_one_target_or_two(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    def told(carrier: str = "scaleway", **named: str) -> Any:
        for name in ("S3_BUCKET", "AWS_S3_BUCKET", "STORAGE_AT_AWS"):
            monkeypatch.setenv(name, named.get(name, ""))
        return storage_settings.default_storage(tmp_path, carrier)

    assert told()["BACKEND"] == "django.core.files.storage.FileSystemStorage"
    assert sorted(told(S3_BUCKET="b")["OPTIONS"]["targets"]) == ["scaleway"]
    both = told(S3_BUCKET="b", AWS_S3_BUCKET="c", STORAGE_AT_AWS="identity, letters")["OPTIONS"]
    assert (sorted(both["targets"]), both["placed"]) == (["aws", "scaleway"], {"identity": "aws", "letters": "aws"})
    assert (both["targets"]["aws"]["region_name"], both["targets"]["aws"]["bucket_name"]) == ("eu-west-1", "c")
    for wrong in ({"AWS_S3_BUCKET": "c"}, {"S3_BUCKET": "b", "STORAGE_AT_AWS": "identity"}):
        with pytest.raises(ImproperlyConfigured, match="too"):
            told(**wrong)
    with pytest.raises(ImproperlyConfigured, match="the first is AWS too"):
        told("aws", S3_BUCKET="b", AWS_S3_BUCKET="c")


def test_promises_say_why_there_is_nothing_to_measure() -> None:
    first, second = files_lie_sealed_at_the_first_target(NOW), files_lie_sealed_at_the_second_target(NOW)
    assert (first.kept, "S3_BUCKET" in str(first.figures["why"])) == (None, True)
    assert (second.kept, "AWS_S3_BUCKET" in str(second.figures["why"])) == (None, True)


def test_silence_ends_within_its_time(bucket: tuple[Bucket, Any]) -> None:
    bucket[0].next[:] = [0.9] * 3
    began = time.monotonic()
    with pytest.raises(TimedOut):
        bucket[1].exists("a/b.bin")
    assert time.monotonic() - began < 2.5
