"""Two real databases that can be dumped, dropped and restored, cloned from the migrated test databases."""

import io
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep
from typing import Any
from uuid import uuid4

import psycopg
from django.core.management import call_command
from django.db import connections
from psycopg import sql

from praticonnect.database import as_owner

VOLATILE = {"seq", "written_at", "leaf"}
BY_CHANCE = {
    "default:lifecycle_departed": {"id"},
    "default:lifecycle_closedaccount": {"id", "identity", "sought"},
    "default:lifecycle_subscriptionevent": {"id"},
    "default:lifecycle_residuescan": {"id"},
    "default:lifecycle_erasure": {"id", "figures", "replayed"},
    "default:lifecycle_erasurecertificate": {"id", "content", "pdf", "made_at", "sent_at"},
    "default:account_emailaddress": {"id"},
    "default:consents_stop": {"id"},
}
"""Random ids of rows nothing refers to, sealed bytes, and what a second certificate says of the restore."""
JOURNALS = ("audit_", "adapters_egress", "django_session", "usersessions_", "consents_eventorigin", "django_migrations")
"""Journals of what the machine did and sent, and sessions: they tell of the restore itself."""
OF_THE_RESTORE = {"lifecycle_rightsmark", "lifecycle_rightsreplay", "lifecycle_sweeprun", "lifecycle_forecasted"}

END_OTHERS = "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s"
STILL_OPEN = "select count(*) from pg_stat_activity where datname = %s"


class Drill:
    """The house on databases of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = f"drill_{uuid4().hex[:8]}"
        self._before = {alias: str(connections[alias].settings_dict["NAME"]) for alias in connections}

    @contextmanager
    def running(self) -> Iterator["Drill"]:
        """Both connections lead to clones inside, and back afterwards."""
        connections.close_all()
        try:
            for alias, template in self._before.items():
                self._end_others(alias, template)
                self._server(alias, "create database {} template {}", f"{self.name}_{alias}", template)
                connections[alias].settings_dict["NAME"] = f"{self.name}_{alias}"
            yield self
        finally:
            connections.close_all()
            for alias, name in self._before.items():
                connections[alias].settings_dict["NAME"] = name
                self._server(alias, "drop database if exists {} with (force)", f"{self.name}_{alias}")

    def dump(self, alias: str = "default") -> Path:
        """The main database by the command of the house; the keys database as its own backup."""
        out = self.folder / f"{alias}-{uuid4().hex[:6]}.sql"
        if alias == "default":
            call_command("dump_database", out=out, stdout=io.StringIO())
        else:
            self._program("pg_dump", alias, "--no-owner", "--no-privileges", "--file", str(out))
        return out

    def restore(self, dump: Path, alias: str = "default") -> None:
        """Drop the database and make it anew from a dump, as operations do: then migrate."""
        connections[alias].close()
        self._server(alias, "drop database {} with (force)", f"{self.name}_{alias}")
        self._server(alias, "create database {}", f"{self.name}_{alias}")
        self._program("psql", alias, "-X", "-q", "-v", "ON_ERROR_STOP=1", "--file", str(dump))
        call_command("migrate", database=alias, verbosity=0)

    def environment(self) -> dict[str, str]:
        """For a process of its own on these databases."""
        found = dict(os.environ)
        for alias, variable in (("default", "DATABASE_URL"), ("keys", "KEYS_DATABASE_URL")):
            target = connections[alias].settings_dict
            found[variable] = (
                f"postgres://{target['USER']}:{target['PASSWORD']}@/{target['NAME']}?host={target['HOST']}"
            )
        return found

    def _program(self, name: str, alias: str, *options: str) -> None:
        target = connections[alias].settings_dict
        program = shutil.which(name, path=os.environ.get("PRATICONNECT_PG_BIN")) or shutil.which(name)
        assert program, f"{name} isn't installed"
        where = ["--dbname", target["NAME"], "--host", target["HOST"], "--username", target["USER"]]
        where += ["--port", str(target["PORT"])] if target["PORT"] else []
        env = {**os.environ, "PGPASSWORD": str(target["PASSWORD"])}
        done = subprocess.run([program, *where, *options], env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def _end_others(self, alias: str, database: str) -> None:
        """Threads of an earlier test may have left sessions open; a database in use isn't cloned."""
        target = connections[alias].settings_dict
        with psycopg.connect(
            dbname="postgres", host=target["HOST"], port=target["PORT"] or None, user=target["USER"],
            password=target["PASSWORD"], autocommit=True,
        ) as server:  # fmt: skip
            server.execute(END_OTHERS, [database])
            while server.execute(STILL_OPEN, [database]).fetchone() != (0,):
                sleep(0.02)

    def _server(self, alias: str, statement: str, *names: str) -> None:
        target = connections[alias].settings_dict
        with psycopg.connect(
            dbname="postgres", host=target["HOST"], port=target["PORT"] or None, user=target["USER"],
            password=target["PASSWORD"], autocommit=True,
        ) as server:  # fmt: skip
            server.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def state() -> dict[str, list[str]]:
    """The content of every table of both databases, in an order of its own; without evidence numbers, journals, sessions."""
    found = {}
    for alias in connections:
        with as_owner(), connections[alias].cursor() as cursor:
            cursor.execute("select set_config('praticonnect.scope', 'all', false)")
            cursor.execute("select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace")
            for (table,) in cursor.fetchall():
                if not table.startswith(JOURNALS) and table not in OF_THE_RESTORE:
                    cursor.execute(f'select to_jsonb(row) from "{table}" row')
                    name = f"{alias}:{table}"
                    dropped = VOLATILE | BY_CHANCE.get(name, set())
                    found[name] = sorted(_content(row, dropped) for (row,) in cursor.fetchall())
            cursor.execute("select set_config('praticonnect.scope', '', false)")
    return found


def _content(row: Any, dropped: set[str]) -> str:
    stored = json.loads(row) if isinstance(row, str) else row
    if str(stored.get("password", "")).startswith("!"):
        stored["password"] = "!"  # unusable, with random signs after it
    return json.dumps({name: value for name, value in stored.items() if name not in dropped}, sort_keys=True)


def differences(before: dict[str, list[str]], after: dict[str, list[str]]) -> dict[str, list[str]]:
    """By table: rows of only one of the two, with the side they stand on."""
    found = {}
    for table in sorted({*before, *after}):
        one, other = set(before.get(table, [])), set(after.get(table, []))
        if one != other:
            found[table] = [f"- {row}" for row in sorted(one - other)] + [f"+ {row}" for row in sorted(other - one)]
    return found
