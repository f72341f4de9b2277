"""A fresh, migrated database for the benchmarks, so that one run can't slow the next."""

from __future__ import annotations

import os
import subprocess
import sys
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

SUFFIX = "_bench"


def make_fresh() -> None:
    """Drop and make both databases, then migrate. Refuses a database whose name doesn't end with _bench."""
    for variable in ("DATABASE_URL", "KEYS_DATABASE_URL"):
        recreate(os.environ[variable])
    for alias in ("default", "keys"):
        subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0", "--database", alias], check=True)


def recreate(url: str) -> None:
    """Drop the database of this address if it is there, and make it empty."""
    parts = urlsplit(url)
    name = parts.path.strip("/")
    if not name.endswith(SUFFIX):
        raise ValueError(f"{name} is no database of the benchmarks: its name must end with {SUFFIX}")
    with psycopg.connect(urlunsplit(parts._replace(path="/postgres")), autocommit=True) as connection:
        connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
