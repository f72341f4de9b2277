"""Files leave for the store with a line each; a store inside the house has none, and one nobody registered gets nothing."""

from typing import Any

import pytest
from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage

from adapters import actions
from adapters.door import Closed
from adapters.models import Egress, EgressOutcome
from adapters.storage import JournaledS3
from audit.actors import Actor
from tests.adapters.calls import NOW
from tests.lifecycle.residue.s3 import Bucket, served

pytestmark = pytest.mark.django_db


class Stream:
    """Sealed bytes whose number nobody knows before their end."""

    name, closed = "stream", False

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = list(pieces)

    def read(self, size: int = -1) -> bytes:
        return self.pieces.pop(0) if self.pieces else b""

    def seekable(self) -> bool:
        return False

    def close(self) -> None:
        """Nothing to close."""


@pytest.fixture
def bucket() -> Any:
    with served() as (made, settings_of):
        yield made, JournaledS3(**settings_of["OPTIONS"])


def test_a_file_is_stored_with_its_line_and_its_size(bucket: tuple[Bucket, Storage]) -> None:
    there, store = bucket
    kept_as = store.save("a/b.bin", ContentFile(b"x" * 1000))
    line, end = Egress.objects.get(), EgressOutcome.objects.get()
    assert (line.subprocessor, line.host, line.stand_in, line.ground, line.categories, line.bytes_out) == (
        "scaleway", "s3.fr-par.scw.cloud", True, "sealed_storage", "health,identity", None,
    )  # fmt: skip
    assert (end.outcome, end.bytes_out, there.last(kept_as).body) == ("delivered", 1000, b"x" * 1000)
    store.delete(kept_as)
    assert Egress.objects.count() == 1


def test_a_stream_is_counted_at_its_end(bucket: tuple[Bucket, Storage]) -> None:
    bucket[1].save("s.bin", File(Stream(b"ab", b"cde"), name="s.bin"))
    assert EgressOutcome.objects.get().bytes_out == 5


def test_a_closed_store_gets_nothing(bucket: tuple[Bucket, Storage]) -> None:
    there, store = bucket
    actions.switch_off(subprocessor="scaleway", reason="An incident there", by=Actor.operations("test"), now=NOW)
    with pytest.raises(Closed):
        store.save("a.bin", ContentFile(b"x"))
    assert (there.versions, Egress.objects.count()) == ([], 0)


@pytest.mark.parametrize("host", ["https://s3.example.org", "https://s3.us-east-1.amazonaws.com"])
def test_a_store_nobody_registered_gets_nothing(bucket: tuple[Bucket, Any], host: str) -> None:
    bucket[1].endpoint_url = host
    with pytest.raises(Closed, match="doesn't know this host"):
        bucket[1].save("a.bin", ContentFile(b"x"))
    assert (bucket[0].versions, Egress.objects.count()) == ([], 0)


def test_a_store_inside_the_house_is_no_way_out(bucket: tuple[Bucket, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """A container of our own ("storage"): the file doesn't leave the house, so there is no line."""
    bucket[1].endpoint_url = "http://storage:8333"
    monkeypatch.setattr("storages.backends.s3.S3Storage.save", lambda _store, name, *_rest: name)
    bucket[1].save("a.bin", ContentFile(b"x"))
    assert Egress.objects.count() == 0
