"""What a thief of the database, the storage, the cache, the mails or the logs reads: nothing (PC-80, PC-81; done when 4)."""

import base64
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as house
from django.contrib.sessions.backends.db import SessionStore
from django.core import mail
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from redis import Redis

from audit.actors import Actor
from care.tenancy import ALL, scope
from records import actions
from records.authority.actions import document_of
from records.importing import starting
from records.importing.tasks import process_import
from records.models import AuthorityOrder, Document, PatientFile
from tests.accounts.factories import make_practitioner
from tests.imports.bundles import as_text, bundle, patient
from tests.security.searching import found, places
from tests.security.seeding import Seeder, revealed, sealed_names, token_of

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True, databases="__all__")]
FILES = {"content of a document", "content of an order", "a waiting upload"}


@pytest.fixture
def real_places(
    settings: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """The real cache server, a folder for uploads that can be looked into, and every log line."""
    prefix = f"leaks-{tmp_path.name}"
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": house.REDIS_URL, "KEY_PREFIX": prefix,
        }
    }  # fmt: skip
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path / "uploads")
    monkeypatch.setattr("vault.spool.IN_MEMORY", 1)
    (tmp_path / "uploads").mkdir()
    caplog.set_level(logging.DEBUG)
    yield
    with Redis.from_url(house.REDIS_URL) as server:
        for key in server.scan_iter(f"{prefix}*"):
            server.delete(key)


@pytest.fixture
def seeder(real_places: None) -> Seeder:
    """Every sealed field filled through the pages."""
    seeder = Seeder()
    seeder.sow()
    return seeder


@pytest.fixture
def own_queue(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The real broker, but a queue that no worker empties: what is handed over stays to be looked at."""
    queue = "leaks-test"
    monkeypatch.setattr(starting, "AT_ONCE_BYTES", 0)
    monkeypatch.setattr(process_import, "queue", queue, raising=False)
    monkeypatch.setattr(process_import, "_exec_options", None, raising=False)
    yield queue
    with Redis.from_url(house.REDIS_URL) as server:
        server.delete(queue, f"_kombu.binding.{queue}")


def test_no_sealed_field_leaves_plaintext_anywhere(
    seeder: Seeder, own_queue: str, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert set(seeder.tokens) - FILES == sealed_names()
    assert kept_by(seeder) == set(seeder.tokens) - {"a waiting upload"}
    run = seeder.upload("queued.json", as_text(bundle(patient(name=[{"family": seeder.token("a queued upload")}]))))
    break_down(seeder.client, monkeypatch)
    haystacks = places(tmp_path, caplog.text)
    empty = {place for place, content in haystacks.items() if not content}
    assert empty == {"uploads"}
    assert str(run).encode() in haystacks["redis"]
    assert "the disk is full" in caplog.text
    assert found(seeder.tokens.items(), haystacks) == []


def kept_by(seeder: Seeder) -> set[str]:
    """The names whose token really is in the field of that name, or in the document."""
    values = [(name, json.dumps(value, ensure_ascii=False)) for name, value in revealed() if value is not None]
    kept = {
        name for name, token in seeder.tokens.items() for field, value in values if field == name and token in value
    }
    with scope(ALL):
        row, order = Document.objects.get(), AuthorityOrder.objects.get()
        paper = document_of(order, by=Actor.system("leak test"), now=timezone.now())
    content = seeder.client.get(reverse("records:document_download", args=[row.file_id, row.pk])).getvalue()
    contents = {"content of a document": content, "content of an order": paper}
    return kept | {name for name, data in contents.items() if seeder.tokens[name].encode() in data}


def break_down(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A note is posted, and the house breaks while it is saved: an error page, a traceback in the log."""

    def fail(**_given: Any) -> None:
        raise RuntimeError("the disk is full")

    with scope(ALL):
        file = PatientFile.objects.earliest("created_at").pk
    place = client.post(reverse("records:consultation_new", args=[file]))["Location"]
    client.raise_request_exception = False
    with monkeypatch.context() as broken:
        broken.setattr(actions, "save_draft", fail)
        note = {
            "started_at": "2026-01-05T10:00",
            "kind": "first",
            "note": token_of("records.Consultation.note"),
            "revision": 0,
        }
        assert client.post(place, note).status_code == 500


@pytest.mark.parametrize("place", ["dump", "sessions", "files", "uploads", "redis", "mails", "logs"])
def test_search_finds_a_token_planted_in_clear(
    place: str, real_places: None, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    token = token_of(f"planted in {place}")
    plant(place, token, tmp_path)
    haystacks = places(tmp_path, caplog.text)
    assert {hit[1] for hit in found([("planted", token)], haystacks)} == {place}


def plant(place: str, token: str, folder: Path) -> None:
    """Leave a token in one place."""
    if place == "dump":
        user = make_practitioner()
        with connection.cursor() as cursor:  # the model would seal it
            cursor.execute("update accounts_practitionerprofile set city = %s where user_id = %s", [token, user.pk])
    elif place == "sessions":
        session = SessionStore()
        session["planted"] = [token] * 50  # long enough to be compressed
        session.save()
    elif place == "files":
        default_storage.save("planted", ContentFile(token.encode()))
    elif place == "uploads":
        (folder / "uploads" / "planted").write_text(token)
    elif place == "redis":
        cache.set("planted", {"deep": [token]})
    elif place == "mails":
        mail.send_mail(token, "", None, ["somebody@example.org"])
    else:
        logging.getLogger("records").info("saved %s", token)


@pytest.mark.parametrize(
    ("form", "shape"),
    [
        ("text", str.encode),
        ("small", lambda token: token.upper().encode()),
        ("hex", lambda token: b"\\\\x00" + token.encode().hex().encode()),
        ("utf-16", lambda token: token.encode("utf-16")),
        *((f"base64+{n}", lambda token, n=n: base64.b64encode(b"x" * n + token.encode() + b"rest")) for n in range(3)),
    ],
)
def test_search_knows_each_form(form: str, shape: Callable[[str], bytes]) -> None:
    token = token_of("shaped")
    hits = found([("shaped", token)], {"here": b"before " + shape(token) + b" after"})
    assert ("shaped", "here", form) in hits


def test_search_finds_nothing_where_nothing_is() -> None:
    assert found([("shaped", token_of("shaped"))], {"here": b"before and after", "there": b""}) == []
