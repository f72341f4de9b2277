"""The production logins on real servers: web and worker own nothing, and still work."""

import json
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from launcher.places import ROOT, var
from launcher.servers import OWNER, Instance, Postgres
from launcher.services import using

pytestmark = pytest.mark.database
LOGIN_PASSWORD = "of-the-application"
PRODUCTION = {
    "PRATICONNECT_ENV": "production",
    "PRATICONNECT_SECRET_KEY": "x7" * 30,
    "PRATICONNECT_MASTER_KEYS": "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    "PRATICONNECT_SIGNING_KEYS": "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    "EMAIL_HOST": "mail.invalid",
    "ALLOWED_HOSTS": "cabinet.example",
    "PRATICONNECT_SITE_URL": "https://cabinet.example",
}
READY = """
import django; django.setup()
from django.test import Client
answer = Client().get("/readyz", headers={"host": "cabinet.example", "x-forwarded-proto": "https"})
print(answer.status_code, answer.content.decode())
"""


def run_roles(instance: Instance, url: str, script: str) -> None:
    """What the postgres image does with a file of its init folder."""
    command = [
        str(Postgres(instance).bin / "psql"),
        "-X",
        "-v",
        "ON_ERROR_STOP=1",
        "-f",
        str(ROOT / "docker" / script),
        url,
    ]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "APP_PASSWORD": LOGIN_PASSWORD})


def manage(env: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *command], env=env, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def house() -> Iterator[dict[str, str]]:
    """Two servers as docker-compose.yml makes them, migrated by the owner; the environment of the web service."""
    base = var() / "roles-tests" / uuid.uuid4().hex[:8]
    debian = os.environ.get("PRATICONNECT_PG") == "debian"
    main, keys = (Instance(base / name, debian=debian, durable=False) for name in ("main", "keys"))
    with ExitStack() as stack:
        main_urls, keys_urls = stack.enter_context(using(main)), stack.enter_context(using(keys))
        urls = {"DATABASE_URL": main_urls["DATABASE_URL"], "KEYS_DATABASE_URL": keys_urls["KEYS_DATABASE_URL"]}
        run_roles(main, urls["DATABASE_URL"], "main-roles.sql")
        run_roles(keys, urls["KEYS_DATABASE_URL"], "keys-roles.sql")
        env = {
            **os.environ,
            **PRODUCTION,
            **urls,
            "REDIS_URL": main_urls["REDIS_URL"],
            "PRATICONNECT_VAR": str(base / "var"),
            "PRATICONNECT_PG_BIN": str(Postgres(main).bin),
        }
        env["DJANGO_SETTINGS_MODULE"] = "praticonnect.settings"
        for alias in ("default", "keys"):
            done = manage(env, "manage.py", "migrate", "--database", alias, "-v", "0")
            assert done.returncode == 0, done.stderr
        logins = {
            name: url.replace(f"{OWNER}:{password(url)}@", f"praticonnect_login:{LOGIN_PASSWORD}@")
            for name, url in urls.items()
        }
        yield {**env, **logins}
    for instance in (main, keys):
        shutil.rmtree(Postgres(instance).home)
    shutil.rmtree(base)


def password(url: str) -> str:
    return url.split("@")[0].rsplit(":", 1)[1]


def test_readyz_is_green_for_the_restricted_login(house: dict[str, str]) -> None:
    done = manage(house, "-c", READY)
    assert done.stdout.startswith("200 "), done.stdout + done.stderr


def test_login_owns_no_table_and_makes_none(house: dict[str, str]) -> None:
    for name in ("DATABASE_URL", "KEYS_DATABASE_URL"):
        with psycopg.connect(house[name]) as connection:
            assert connection.execute(
                "select count(*) from pg_tables where tableowner = 'praticonnect_login'"
            ).fetchone() == (0,)
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("create table slipped_in (id int)")


def test_login_reads_nothing_of_the_main_database_before_it_takes_the_role(house: dict[str, str]) -> None:
    with psycopg.connect(house["DATABASE_URL"]) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("select 1 from django_migrations")
        connection.rollback()
        connection.execute("set role praticonnect_app")
        assert connection.execute("select count(*) > 0 from django_migrations").fetchone() == (True,)


def test_login_can_become_neither_owner_nor_superuser(house: dict[str, str]) -> None:
    with psycopg.connect(house["DATABASE_URL"]) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(f"set role {OWNER}")
        connection.rollback()
        assert connection.execute(
            "select rolsuper, rolcreaterole, rolcreatedb, rolbypassrls, rolreplication from pg_roles where rolname = 'praticonnect_login'"
        ).fetchone() == (False, False, False, False, False)


def test_restricted_login_dumps_every_table_for_its_own_eyes_only(house: dict[str, str], tmp_path: Path) -> None:
    """Row security stands on the clinical tables for it, and the dump must not stop there or leave rows out."""
    with psycopg.connect(house["DATABASE_URL"]) as connection:
        connection.execute("set role praticonnect_app")
        connection.execute("select set_config('praticonnect.scope', 'all', true)")
        connection.execute("""
            with practice as (insert into care_practice (id, name, jurisdiction, created_at)
                              values (gen_random_uuid(), 'Cabinet du port', 'FR', now()) returning id),
                 account as (select gen_random_uuid() as id)
            insert into records_consultationversion (id, practice_id, file_id, consultation_id, number, author_id,
                                                     signed_at, started_at, kind, seq, leaf)
            select practice.id, practice.id, practice.id, practice.id, 77777, account.id, now(), now(), 'dumped-kind', 0, ''
              from practice, account""")
    out = tmp_path / "dump.sql"
    done = manage(house, "manage.py", "dump_database", "--out", str(out))
    assert (done.returncode, done.stderr) == (0, "")
    assert "dumped-kind" in out.read_text()
    assert out.stat().st_mode & 0o777 == 0o600


def test_restricted_login_searches_every_table_and_copies_rights(house: dict[str, str]) -> None:
    """What it couldn't read would be out of sight, and what it couldn't write would be forgotten by a restore."""
    with psycopg.connect(house["DATABASE_URL"]) as connection:
        connection.execute("set role praticonnect_app")
        connection.execute(
            "insert into care_practice (id, name, jurisdiction, created_at)"
            " values (gen_random_uuid(), 'Cabinet Kwz-planted-word', 'FR', now())"
        )
    done = manage(house, "manage.py", "residue", "KWZ-planted-word", "--json")
    assert (done.returncode, done.stderr) == (1, "")
    assert [found["where"] for found in json.loads(done.stdout)["found"]] == ["care_practice.name"]
    copied = manage(
        house, "-c", "import django; django.setup(); from lifecycle.tasks import copy_rights; print(copy_rights())"
    )
    assert (copied.returncode, copied.stdout) == (0, "0\n"), copied.stderr
    assert manage(house, "manage.py", "rights", "status").returncode == 0
