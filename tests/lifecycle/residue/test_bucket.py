"""Every version of every object in a bucket is looked through, by the house's own client (NEW-07)."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from lifecycle.residue import Found, scan
from records.objects import remove_objects
from tests.lifecycle.residue.s3 import Bucket, served
from tests.lifecycle.residue.test_stores import own_places, zipped

pytestmark = [
    pytest.mark.django_db(databases="__all__"),
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow"),
]
__all__ = ["own_places"]


@pytest.fixture
def bucket(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    monkeypatch.setenv("AWS_REQUEST_CHECKSUM_CALCULATION", "when_required")
    monkeypatch.setenv("AWS_RESPONSE_CHECKSUM_VALIDATION", "when_required")
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with served() as (server, storage):
        settings.STORAGES = {**settings.STORAGES, "default": storage}
        yield server


@pytest.fixture
def token() -> str:
    return f"Zoé Kwz{uuid4().hex[:10]}"


def test_a_current_version(bucket: Bucket, token: str) -> None:
    name = default_storage.save("planted", ContentFile(b"x" * 2_000_000 + token.encode()))
    assert scan([token]) == [Found("storage", f"{name} (version v1)", token)]


def test_an_archive_in_an_object(bucket: Bucket, token: str) -> None:
    default_storage.save("planted.zip", ContentFile(zipped(token)))
    assert scan([token]) == [Found("storage", "planted.zip (version v1)", token)]


def test_an_older_version_under_a_newer_one(bucket: Bucket, token: str) -> None:
    bucket.add("planted", token.encode(), {})
    bucket.add("planted", b"sealed", {})
    assert scan([token]) == [Found("storage", "planted (version v1)", token)]


def test_a_version_that_a_plain_delete_only_hid(bucket: Bucket, token: str) -> None:
    name = default_storage.save("planted", ContentFile(token.encode()))
    default_storage.delete(name)
    assert not default_storage.exists(name)
    assert scan([token]) == [Found("storage", "planted (version v1)", token)]
    remove_objects([name])
    assert (scan([token]), bucket.versions) == ([], [])


def test_the_notes_beside_an_object(bucket: Bucket) -> None:
    bucket.add("sealed", b"sealed", {"x-amz-meta-owner": "kwz-owner-of-the-file"})
    assert scan(["Kwz-Owner"]) == [Found("storage", "sealed (version v1)", "Kwz-Owner")]


def test_the_name_in_a_marker_of_deletion(bucket: Bucket) -> None:
    bucket.add("letters/kwz-dubois.pdf", None, {})
    assert scan(["kwz-dubois"]) == [Found("storage", "letters/kwz-dubois.pdf (version v1)", "kwz-dubois")]
