"""One copy planted in each kind of store is found, and nothing else (NEW-07; done when 7)."""

import base64
import bz2
import gzip
import io
import logging
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from allauth.account.models import EmailAddress
from django.conf import settings as house
from django.contrib.sessions.backends.db import SessionStore
from django.core import mail
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection, connections
from django.utils import timezone
from redis import Redis

from accounts.models import PractitionerProfile
from audit.actions import record_security
from audit.actors import Actor
from lifecycle.residue import Found, scan
from lifecycle.residue.scanning import ScanIncomplete
from praticonnect.celery import app
from praticonnect.database import as_owner
from tests.accounts.factories import make_account, make_practitioner
from vault.models import SystemKey

pytestmark = [pytest.mark.database, pytest.mark.django_db(databases="__all__")]


@pytest.fixture
def token() -> str:
    """A word that stands nowhere else, with an accent and a space as names have them."""
    return f"Zoé Kwz{uuid4().hex[:10]}"


@pytest.fixture(autouse=True)
def own_places(settings: Any, tmp_path: Path) -> None:
    """Folders of the test's own; mails are written there as an installation without a mail server does."""
    settings.VAR_DIR = tmp_path / "var"
    settings.STATIC_ROOT = tmp_path / "var" / "static"
    settings.EMAIL_FILE_PATH = tmp_path / "var" / "mail"
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path / "var" / "uploads")
    (tmp_path / "var" / "uploads").mkdir(parents=True)


@pytest.fixture
def redis_cache(settings: Any) -> Iterator[Redis]:
    """The real cache server, under a prefix of the test's own."""
    prefix = f"residue-{uuid4().hex[:8]}"
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": house.REDIS_URL, "KEY_PREFIX": prefix,
        }
    }  # fmt: skip
    with Redis.from_url(house.REDIS_URL) as server:
        yield server
        for key in server.scan_iter(f"{prefix}*"):
            server.delete(key)


def sql(statement: str, *values: object, alias: str = "default") -> None:
    with connections[alias].cursor() as cursor:
        cursor.execute(statement, list(values))


def test_nothing_is_found_where_nothing_is(token: str) -> None:
    make_practitioner()
    assert scan([token]) == []


# ── tables ──


def test_a_text_column_sealed_at_rest(token: str) -> None:
    PractitionerProfile.objects.filter(user=make_practitioner()).update(city=token.upper())
    assert scan([token]) == [Found("database", "accounts_practitionerprofile.city", token)]


def test_a_text_column_in_clear(token: str) -> None:
    """As it stood before identities were sealed at rest; the model would seal it."""
    user = make_practitioner()
    sql("update accounts_practitionerprofile set city = %s where user_id = %s", token.upper(), user.pk)
    assert scan([token]) == [Found("database", "accounts_practitionerprofile.city", token)]


def test_rows_are_counted(token: str) -> None:
    for number in range(3):
        EmailAddress.objects.create(user=make_account(), email=f"{number}{token}@example.org")
    assert scan([token]) == [Found("database", "account_emailaddress.email", token, 3)]


def test_a_json_value_in_a_partition(token: str) -> None:
    record_security(
        by=Actor.system("test"), kind="login.ok", detail={"deep": f"x{token}y"}, now=timezone.now()
    )  # fmt: skip
    (found,) = scan([token])
    assert (found.store, found.where.split("_2")[0].removesuffix("_default.detail")) == (
        "database",
        "audit_securityentry",
    )


@pytest.mark.parametrize(
    ("kind", "planted"),
    [
        ("text[]", lambda token: ["other", token]),
        ("bytea", lambda token: b"\x00\xff" + token.encode() + b"\x00"),
        ("bytea[]", lambda token: [b"\xfe", token.encode("utf-16")]),
        ("json", lambda token: psycopg.types.json.Json({"a": [token]})),
        ("bytea", lambda token: gzip.compress(b"long before " * 99 + token.encode())),
        ("bytea", lambda token: bz2.compress(token.encode())),
        ("bytea", lambda token: lzma.compress(token.encode())),
        ("bytea", lambda token: zipped(token)),
    ],
)
def test_a_column_of_a_table_nobody_declared(kind: str, planted: Any, token: str) -> None:
    with as_owner():
        sql(f"create table forgotten (id int, held {kind})")
        sql("grant select on forgotten to public")
    with as_owner():
        sql(f"insert into forgotten values (1, null), (2, %s::{kind})", planted(token))
    assert scan([token]) == [Found("database", "forgotten.held", token)]


@pytest.mark.parametrize(
    ("kind", "value", "token"),
    [
        ("date", "1931-07-23", "1931-07-23"),
        ("inet", "198.51.100.77", "198.51.100.77"),
        ("bigint", 10987654321, "10987654321"),
    ],
)
def test_a_value_that_is_no_text(kind: str, value: object, token: str) -> None:
    with as_owner():
        sql(f"create table forgotten (held {kind})")
        sql("grant select on forgotten to public")
        sql("insert into forgotten values (%s)", value)
    assert scan([token]) == [Found("database", "forgotten.held", token)]


def test_a_table_of_another_schema(token: str) -> None:
    with as_owner():
        sql("create schema backup")
        sql("create table backup.old as select %s::text as held", token)
        sql("grant usage on schema backup to public")
        sql("grant select on backup.old to public")
    assert scan([token]) == [Found("database", "backup.old.held", token)]


def test_a_materialised_view(token: str) -> None:
    with as_owner():
        sql("create materialized view report as select %s::text as held", token)
        sql("grant select on report to public")
    assert scan([token]) == [Found("database", "report.held", token)]


def test_a_table_that_can_not_be_read_is_no_clean_result(token: str) -> None:
    with as_owner():
        sql("create table closed as select %s::text as held", token)
        sql("revoke all on closed from public, praticonnect_app")
    with pytest.raises(ScanIncomplete, match="table closed can't be read"):
        scan([token])


def test_rows_behind_row_security(token: str) -> None:
    with as_owner():
        sql("create table walled (practice_id uuid, held text)")
        sql("insert into walled values (gen_random_uuid(), %s)", token)
        sql("alter table walled enable row level security")
        sql("alter table walled force row level security")
        sql("create policy practice_scope on walled using ((select care_scope_all()))")
        sql("grant select on walled to public")
    assert scan([token]) == [Found("database", "walled.held", token)]


def test_a_session_that_is_compressed(token: str) -> None:
    session = SessionStore()
    session["planted"] = [token] * 50
    session.save()
    assert token.encode() not in zlib.compress(token.encode())
    assert [(one.store, one.where) for one in scan([token])] == [("database", "django_session.session_data")]


def test_a_large_object(token: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select lo_from_bytea(0, %s)", [token.encode()])
        (oid,) = cursor.fetchone()
    assert scan([token]) == [Found("database", f"large object {oid}", token)]


def test_the_planners_statistics(token: str) -> None:
    """What ANALYZE noted stays when the rows are gone."""
    with as_owner():
        sql("create table analysed as select %s || ' the same' as held from generate_series(1, 50)", token)
        sql("grant select on analysed to public")
        sql("analyze analysed")
        sql("delete from analysed")
    assert scan([token]) == [Found("statistics", "analysed.held", token)]


def test_the_key_store(token: str) -> None:
    SystemKey.objects.create(name=token, wrapped=b"", master_id="m")
    assert scan([token]) == [Found("keys", "vault_systemkey.name", token)]


# ── objects, cache, queue ──


def test_a_stored_object(token: str) -> None:
    default_storage.save("planted", ContentFile(b"x" * 3_000_000 + token.encode() + b"y" * 10))
    assert scan([token]) == [Found("storage", "planted", token)]


def test_the_name_of_a_stored_object(token: str) -> None:
    name = default_storage.save(f"{token.replace(' ', '-')}.pdf", ContentFile(b"sealed"))
    assert [(one.store, one.where) for one in scan([token.replace(" ", "-")])] == [("storage", name)]


def test_the_cache(token: str, redis_cache: Redis) -> None:
    cache.set("planted", {"deep": [token]})
    assert scan([token]) == [Found("cache", cache.make_key("planted"), token)]


def test_the_cache_of_this_process(token: str) -> None:
    cache.set("planted", {"deep": [token]})
    assert scan([token]) == [Found("cache", cache.make_key("planted"), token)]


def test_a_cache_it_does_not_know_is_no_clean_result(settings: Any, token: str) -> None:
    settings.CACHES = {
        **settings.CACHES, "far": {"BACKEND": "django.core.cache.backends.memcached.PyMemcacheCache", "LOCATION": "x"},
    }  # fmt: skip
    with pytest.raises(ScanIncomplete, match="the cache far"):
        scan([token])


def test_the_queue(token: str) -> None:
    queue = f"residue-{uuid4().hex[:8]}"
    app.send_task("records.resume_imports", args=[token], queue=queue)
    try:
        assert scan([token]) == [Found("queue", queue, token)]
    finally:
        with Redis.from_url(house.REDIS_URL) as server:
            server.delete(queue, f"_kombu.binding.{queue}")


@pytest.mark.parametrize(
    "plant",
    [
        lambda server, key, value: server.set(key, value),
        lambda server, key, value: server.rpush(key, *["other"] * 1500, value),
        lambda server, key, value: server.sadd(key, "other", value),
        lambda server, key, value: server.hset(key, "field", value),
        lambda server, key, value: server.hset(key, value, "x"),
        lambda server, key, value: server.zadd(key, {value: 1}),
        lambda server, key, value: server.xadd(key, {"field": value}),
    ],
)
def test_each_type_of_redis(plant: Any, token: str) -> None:
    key = f"residue-{uuid4().hex[:8]}"
    with Redis.from_url(house.REDIS_URL) as server:
        plant(server, key, token)
        try:
            assert scan([token]) == [Found("queue", key, token)]
        finally:
            server.delete(key)


# ── folders ──


@pytest.mark.parametrize("subject", ["Bonjour", "Rendez-vous de {}"])
def test_the_mail_folder(subject: str, token: str) -> None:
    """In the subject it is an encoded word, in the body quoted-printable."""
    body = "" if "{}" in subject else f"Bonjour {token}, à bientôt.\n" * 2
    mail.send_mail(subject.format(token), body, None, ["somebody@example.org"])
    (found,) = scan([token])
    assert (found.store, Path(found.where).suffix) == ("mail", ".log")


def test_a_mail_in_base64(token: str) -> None:
    coded = base64.encodebytes(
        b"before, long enough to be folded more than once. " * 3 + token.encode() + b" after" * 20
    )
    folder = Path(house.EMAIL_FILE_PATH)
    folder.mkdir()
    (folder / "one.eml").write_bytes(b"Content-Transfer-Encoding: base64\n\n" + coded)
    assert scan([token]) == [Found("mail", "one.eml", token)]


def test_a_log_file(token: str) -> None:
    folder = Path(house.VAR_DIR) / "run"
    folder.mkdir()
    (folder / "web.log").write_text(f"saved {token}\n")
    assert scan([token]) == [Found("logs", "run/web.log", token)]


def test_an_older_log_that_was_compressed(token: str) -> None:
    with gzip.open(Path(house.VAR_DIR) / "web.log.3.gz", "wt") as log:
        log.write("line\n" * 500_000 + token)
    assert scan([token]) == [Found("logs", "web.log.3.gz", token)]


def test_a_log_that_a_logger_writes_elsewhere(token: str, tmp_path: Path) -> None:
    handler = logging.FileHandler(tmp_path / "far.txt")
    logger = logging.getLogger("records")
    logger.addHandler(handler)
    try:
        logger.error("saved %s", token)
        assert scan([token]) == [Found("logs", "far.txt", token)]
    finally:
        logger.removeHandler(handler)
        handler.close()


def test_an_upload_that_was_left(token: str) -> None:
    (Path(house.FILE_UPLOAD_TEMP_DIR) / "tmp1.upload").write_bytes(zipped(token))
    assert scan([token]) == [Found("folder", "uploads/tmp1.upload", token)]


def test_the_data_of_an_embedded_server_is_read_through_the_server(token: str) -> None:
    folder = Path(house.VAR_DIR) / "dev" / "data"
    folder.mkdir(parents=True)
    (folder / "PG_VERSION").write_text("18")
    (folder / "wal").write_text(token)
    assert scan([token]) == []


def zipped(token: str) -> bytes:
    """An archive in an archive."""
    data = token.encode()
    for name in ("letter.txt", "letters.zip"):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, data)
        data = packed.getvalue()
    return data
