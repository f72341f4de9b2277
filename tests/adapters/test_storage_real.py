"""The storage on a real S3 server (SeaweedFS): sealed on the wire, erased with every version at both targets, proven (PC-91, PC-92)."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from io import BytesIO, StringIO
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command

from adapters import actions, folders, journal
from adapters.door import Closed, Rejected
from adapters.folders import Folder, register_folder
from adapters.grounds import NoGround, necessary
from adapters.models import Egress, EgressOutcome
from adapters.objects import NotRemoved, all_stores, uploads, versions
from adapters.stock import take_stock
from adapters.storage import JournaledS3
from adapters.storage_promises import files_lie_sealed_at_the_first_target, files_lie_sealed_at_the_second_target
from audit.actors import Actor
from care.tenancy import ALL, scope
from lifecycle.residue import Found, scan
from lifecycle.retention import door
from privacy.declare import Category
from records.models import Document
from records.objects import remove_objects
from tests.accounts.factories import make_practitioner
from tests.adapters.s3server import KEY, Server, running
from tests.care.factories import LONG_AGO
from tests.lifecycle.residue.test_stores import own_places
from tests.lifecycle.retention.helpers import BY, DUE
from tests.records.factories import make_document, make_file, png
from vault.files import MAGIC

pytestmark = [
    pytest.mark.django_db(databases="__all__"),
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow"),
]
__all__ = ["own_places"]
SEALED = MAGIC + bytes(range(256)) * 8


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Two buckets with versions, as Scaleway's and AWS's."""
    with running(tmp_path_factory.mktemp("s3")) as started:
        client = started.client()
        for bucket in ("first", "second"):
            client.create_bucket(Bucket=bucket)
            client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        client.close()
        yield started


@pytest.fixture
def s3(server: Server, settings: Any) -> Iterator[Any]:
    """A client past the product, with both buckets empty; what the product sends to the first is listened to."""
    client = server.client()
    for bucket in ("first", "second"):
        empty(client, bucket)
    targets = {
        "scaleway": server.options("first", listened=True), "aws": server.options("second", region_name="eu-west-1"),
    }  # fmt: skip
    options = {"targets": targets, "first": "scaleway", "placed": {"identity": "aws"}}
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": "adapters.storage.Stores", "OPTIONS": options}}
    server.wire.sent.clear()
    client.first, client.second = "first", "second"
    yield client
    client.close()


def empty(client: Any, bucket: str) -> None:
    """As made, past the product."""
    listed = client.list_object_versions(Bucket=bucket)
    for one in (*listed.get("Versions", ()), *listed.get("DeleteMarkers", ())):
        client.delete_object(Bucket=bucket, Key=one["Key"], VersionId=one["VersionId"])
    for one in client.list_multipart_uploads(Bucket=bucket).get("Uploads", ()):
        client.abort_multipart_upload(Bucket=bucket, Key=one["Key"], UploadId=one["UploadId"])
    with suppress(ClientError):  # there is none
        client.delete_bucket_policy(Bucket=bucket)


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[tuple[str, bool]]]:
    """What rows say: the test's own, instead of the house's tables."""
    said: dict[str, list[tuple[str, bool]]] = {"documents": [], "identity": []}
    monkeypatch.setattr(folders, "_folders", {})
    register_folder(Folder("documents", frozenset({Category.HEALTH, Category.IDENTITY}), lambda: said["documents"]))
    register_folder(Folder("identity", frozenset({Category.IDENTITY}), lambda: said["identity"]))
    return said


def kept(folder: str = "documents", content: bytes = SEALED) -> str:
    return default_storage.save(f"{folder}/{uuid4().hex}", ContentFile(content))


def lying(prefix: str = "") -> dict[str, list[str]]:
    """Names of every version and marker, by target."""
    return {store.carrier: [one.name for one in versions(store, prefix)] for store in all_stores()}


def later() -> datetime:
    return datetime.now(UTC) + timedelta(hours=2)


def test_only_sealed_bytes_go_over_the_wire_and_come_back_whole(s3: Any, server: Server) -> None:
    user = make_practitioner(now=LONG_AGO)
    data = png(700, 700)
    document = make_document(make_file(user), user, data=data)
    sent = bytes(server.wire.sent)
    with default_storage.open(document.storage_name) as stored:
        sealed = stored.read()
    assert (sealed[:4], sealed in sent) == (MAGIC, True)
    assert [word for word in (b"PNG", b"IDAT", data[40:72], b"Analyse", b"Lef") if word in sent] == []
    line, end = Egress.objects.get(), EgressOutcome.objects.get()
    assert (line.subprocessor, line.ground, line.categories, line.stand_in) == (
        "scaleway", "sealed_storage", "contact,health,identity", True,
    )  # fmt: skip
    assert (end.outcome, end.bytes_out) == ("delivered", len(sealed))
    assert lying() == {"scaleway": [document.storage_name], "aws": []}


def test_a_large_file_goes_in_parts_and_comes_back_whole(s3: Any, named: Any) -> None:
    whole = SEALED * 5000
    name = kept(content=whole)
    with default_storage.open(name) as stored:
        assert stored.read() == whole
    assert (default_storage.size(name), [list(uploads(store)) for store in all_stores()]) == (len(whole), [[], []])


def test_erasure_takes_every_version_marker_upload_and_old_link(s3: Any, named: Any) -> None:
    name, other = kept(), kept()
    link = s3.generate_presigned_url("get_object", Params={"Bucket": s3.first, "Key": name}, ExpiresIn=3600)
    first = next(one.id for one in versions(all_stores()[0], name))
    of_version = s3.generate_presigned_url(
        "get_object", Params={"Bucket": s3.first, "Key": name, "VersionId": first}, ExpiresIn=3600
    )
    assert [fetched(one)[:4] for one in (link, of_version)] == [MAGIC, MAGIC]
    s3.put_object(Bucket=s3.first, Key=name, Body=SEALED)
    s3.delete_object(Bucket=s3.first, Key=name)
    s3.put_object(Bucket=s3.second, Key=name, Body=SEALED)
    begun = s3.create_multipart_upload(Bucket=s3.first, Key=name)
    s3.upload_part(Bucket=s3.first, Key=name, UploadId=begun["UploadId"], PartNumber=1, Body=SEALED)
    assert (len(lying(name)["scaleway"]), not default_storage.exists(name)) == (3, False)
    assert remove_objects([name, "documents/never"]) == 2
    assert lying() == {"scaleway": [other], "aws": []}
    assert [list(uploads(store)) for store in all_stores()] == [[], []]
    assert [fetched(one) for one in (link, of_version)] == [404, 404]
    assert remove_objects([name]) == 1


def fetched(link: str) -> bytes | int:
    """What the link gives: bytes, or the status of its refusal."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(link) as answer:
            return bytes(answer.read())
    except urllib.error.HTTPError as refused:
        refused.close()
        return refused.code


def test_what_lies_at_the_other_target_is_read_and_erased_there(s3: Any, named: Any) -> None:
    """The settings changed since it was stored: it lies where it lies."""
    paper = kept("identity")
    s3.put_object(Bucket=s3.first, Key="identity/moved", Body=SEALED)
    assert lying() == {"scaleway": ["identity/moved"], "aws": [paper]}
    with default_storage.open("identity/moved") as stored:
        assert stored.read() == SEALED
    assert default_storage.listdir("identity")[1] == sorted(["moved", paper.removeprefix("identity/")])
    with pytest.raises(FileNotFoundError):
        default_storage.open("identity/nowhere")
    remove_objects([paper, "identity/moved"])
    assert lying() == {"scaleway": [], "aws": []}
    assert [(line.subprocessor, line.categories) for line in Egress.objects.all()] == [("aws", "identity")]


def test_health_data_may_not_lie_at_aws(s3: Any, named: Any) -> None:
    default_storage.placed = {"documents": "aws"}  # type: ignore[attr-defined]
    with pytest.raises(NoGround, match="register"):
        kept()
    assert (lying(), Egress.objects.count()) == ({"scaleway": [], "aws": []}, 0)


def test_a_version_under_retention_stays_and_is_said(s3: Any, server: Server, named: Any) -> None:
    bucket = f"locked-{uuid4().hex[:8]}"
    s3.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True)
    store = JournaledS3(carrier="scaleway", **server.options(bucket))
    until = datetime.now(UTC) + timedelta(seconds=4)
    s3.put_object(
        Bucket=bucket, Key="documents/held", Body=SEALED, ObjectLockMode="COMPLIANCE", ObjectLockRetainUntilDate=until
    )
    with pytest.raises(NotRemoved, match="scaleway kept 1 of 1 objects: AccessDenied: a retention"):
        store.delete("documents/held")
    with store.open("documents/held") as stored:
        assert stored.read() == SEALED
    time.sleep(max((until - datetime.now(UTC)).total_seconds() + 1, 0))
    store.delete("documents/held")
    assert list(versions(store, "")) == []


@pytest.mark.parametrize(
    ("wrong", "code"),
    [({"secret_key": "another"}, "SignatureDoesNotMatch"), ({"access_key": "nobody"}, "InvalidAccessKeyId"), ({"bucket_name": "nowhere"}, "NoSuchBucket")],
)  # fmt: skip
def test_wrong_settings_are_a_clear_fault_and_not_a_missing_file(
    s3: Any, server: Server, named: Any, wrong: dict[str, str], code: str
) -> None:
    store = JournaledS3(carrier="scaleway", **{**server.options(s3.first), **wrong})
    with pytest.raises(Rejected):
        store.open("documents/some")
    with pytest.raises(Rejected) as refused:
        store.listdir("documents")
    if code != "NoSuchBucket":  # this server makes a bucket for whoever may administer it
        with pytest.raises(Rejected):
            store.save("documents/new", ContentFile(SEALED))
    assert (refused.value.code, lying()) == (code, {"scaleway": [], "aws": []})


def test_erasing_a_patients_file_waits_for_a_closed_store_and_leaves_nothing(s3: Any) -> None:
    user = make_practitioner(now=LONG_AGO)
    file = make_file(user)
    stored = make_document(file, user).storage_name
    s3.copy_object(Bucket=s3.second, Key=stored, CopySource={"Bucket": s3.first, "Key": stored})
    with scope(ALL):
        type(file).objects.filter(pk=file.pk).update(retain_until=DUE - timedelta(days=2))
    door.decide([file.pk], reason=door.Reason.ERASURE, by=BY, now=DUE)
    actions.switch_off(subprocessor="aws", reason="An incident there", by=Actor.operations("test"), now=DUE)
    with pytest.raises(Closed):
        door.finish_decided(by=BY, now=DUE)
    with scope(ALL):
        assert Document.objects.count() == 1
    actions.switch_on(subprocessor="aws", by=Actor.operations("test"), now=DUE)
    assert (door.finish_decided(by=BY, now=DUE), lying()) == (1, {"scaleway": [], "aws": []})
    with scope(ALL):
        assert Document.objects.count() == 0


@pytest.mark.usefixtures("own_places")
def test_the_search_for_what_is_left_looks_at_both_targets(s3: Any) -> None:
    token = f"kwz{uuid4().hex[:10]}"
    s3.put_object(Bucket=s3.first, Key="planted", Body=token.encode())
    s3.delete_object(Bucket=s3.first, Key="planted")
    s3.put_object(Bucket=s3.second, Key="planted", Body=token.encode())
    found = scan([token])
    assert [(hit.store, hit.where.partition(" ")[0], hit.token) for hit in found] == [("storage", "planted", token)] * 2
    assert isinstance(found[0], Found)


def test_promises_hold_on_a_real_store(s3: Any, named: Any) -> None:
    named["documents"] += [(kept(), True), (kept(), True), ("documents/being-made", False)]
    named["identity"] += [(kept("identity"), True)]
    first, second = files_lie_sealed_at_the_first_target(later()), files_lie_sealed_at_the_second_target(later())
    assert (first.kept, first.figures["objects"], first.figures["rows"], first.figures["stored_with_a_line"]) == (
        True, 2, 4, 2,
    )  # fmt: skip
    assert (second.kept, second.figures["objects"], second.figures["stored_with_a_line"]) == (True, 1, 1)
    assert (first.figures["first_bytes_read_of"], first.figures["lies"], second.figures["all_were_looked_at"]) == (
        2,
        "a server of this machine",
        True,
    )


@pytest.mark.parametrize(
    ("done", "figure"),
    [
        ("lost", "rows_without_an_object"),
        ("orphan", "objects_without_a_row"),
        ("hidden", "versions_left_over"),
        ("upload", "uploads_left_over"),
        ("clear", "not_sealed"),
        ("public", "open_to_anybody"),
    ],
)
def test_first_promise_turns_false_when_it_is_broken_by_hand(s3: Any, named: Any, done: str, figure: str) -> None:
    name = kept()
    named["documents"].append((name, True))
    now = later()
    if done == "lost":
        named["documents"].append(("documents/lost", True))
    elif done == "orphan":
        kept()
    elif done == "hidden":
        s3.put_object(Bucket=s3.first, Key="documents/gone", Body=SEALED)
        s3.delete_object(Bucket=s3.first, Key="documents/gone")
    elif done == "upload":
        s3.create_multipart_upload(Bucket=s3.first, Key="documents/cut")
        now += timedelta(days=2)
    elif done == "clear":
        s3.put_object(Bucket=s3.first, Key="documents/clear", Body=b"%PDF-1.7 of a patient")
        named["documents"].append(("documents/clear", True))
    elif done == "public":
        allow = {
            "Effect": "Allow",
            "Principal": "*",
            "Action": ["s3:GetObject"],
            "Resource": [f"arn:aws:s3:::{s3.first}/*"],
        }
        s3.put_bucket_policy(Bucket=s3.first, Policy=json.dumps({"Version": "2012-10-17", "Statement": [allow]}))
    found = files_lie_sealed_at_the_first_target(now)
    assert (found.kept, bool(found.figures[figure])) == (False, True)


def test_second_promise_turns_false_when_health_data_went_there(s3: Any, named: Any) -> None:
    assert files_lie_sealed_at_the_second_target(later()).kept is True
    s3.put_object(Bucket=s3.second, Key="documents/x", Body=SEALED)
    named["documents"].append(("documents/x", True))
    found = files_lie_sealed_at_the_second_target(later())
    assert (found.kept, found.figures["not_allowed_there"]) == (False, 1)
    remove_objects(["documents/x"])
    named["documents"].clear()
    journal.depart(
        "aws", "s3.eu-west-1.amazonaws.com", ground=necessary("sealed_storage"), categories={Category.HEALTH}, bytes_out=1,
        stand_in=True, now=None, durable=False,
    )  # fmt: skip
    found = files_lie_sealed_at_the_second_target(later())
    assert (found.kept, found.figures["lines_beyond_the_register"]) == (False, 1)


def test_command_lists_what_differs_and_removes_when_told(s3: Any, named: Any) -> None:
    name, stray = kept(), kept()
    named["documents"] += [(name, True), ("documents/lost", True)]
    s3.delete_object(Bucket=s3.first, Key=stray)
    young = run("status")
    assert (young[0], "2 rows name an object, 1 of them one that isn't there." in young[1]) == (1, True)
    said = run("orphans")
    assert (said[0], f"version    scaleway: {stray}" in said[1], "missing    documents/lost" in said[1]) == (
        1,
        True,
        True,
    )
    assert len(lying()["scaleway"]) == 3
    assert run("orphans", "--remove")[0] == 1
    assert lying()["scaleway"] == [name]
    named["documents"].pop()
    assert (run("status")[0], take_stock(later()).is_whole) == (0, True)


def run(*words: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("storage", *words, stdout=out)
    except SystemExit as left:
        return int(str(left.code)), out.getvalue()
    return 0, out.getvalue()


def test_no_key_of_the_house_stands_in_a_request(s3: Any, server: Server, named: Any) -> None:
    kept()
    sent = bytes(server.wire.sent)
    assert (KEY.encode() in sent, server.options("x")["secret_key"].encode() in sent) == (True, False)
    assert BytesIO(sent).readline().startswith(b"HEAD /first/")
