"""What all tests share: the moment, the test databases, and a house without network."""

import gc
import os
from collections.abc import Generator, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import connections
from django.utils import translation
from hypothesis import HealthCheck
from hypothesis import settings as examples
from pytest_django import DjangoDbBlocker

from praticonnect.database import as_owner
from tests.order import longest_first

END_OTHERS = """
select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
"""
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


# How long an example takes depends on the machine: no test of ours is timed.
examples.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
examples.load_profile("house")


TESTS = Path(__file__).parent


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """Of two workers that read the whole suite the second begins at its end: each compiles half, and finds the other half done."""
    whole = [Path(one).resolve() for one in session.config.args] == [TESTS]
    if whole and os.environ.get("PYTEST_XDIST_WORKER") == "gw1":
        for path in sorted(TESTS.rglob("test_*.py"), reverse=True):
            with suppress(Exception):  # said when it is collected
                import_module(".".join(path.relative_to(TESTS.parent).with_suffix("").parts))
    return (yield)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """After everything that shuffles them."""
    longest_first(items)


def pytest_collection_finish() -> None:
    """The tests themselves and the libraries stay until the end: the garbage collector needn't look at them again and again.

    Nor at each 700 new objects, of which one page makes many thousands.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Sessions that threads of the live server left open are ended, so that the test databases can be dropped.

    Ours may be one of those that a drill has ended: while a browser runs, Django keeps another connection for the same
    thread. So we begin with a new one.
    """
    yield
    connections.close_all()
    with django_db_blocker.unblock(), as_owner():
        for alias in connections:
            with connections[alias].cursor() as cursor:
                cursor.execute(END_OTHERS)


@pytest.fixture
def now() -> datetime:
    """A Wednesday noon in Paris, far from month ends and clock changes."""
    return datetime(2026, 11, 18, 11, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _quick_and_local(
    settings: object, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cheap password hashes, mails in memory without a worker or a broker, files in a folder of the test's own."""
    from tests import letters

    letters.install(monkeypatch)
    settings.ARGON2 = {"memory_kib": 64, "iterations": 1, "lanes": 1}
    folder = tmp_path_factory.mktemp(f"files-{uuid4().hex}", numbered=False)  # a number is sought among all folders
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(folder)},
        },
    }
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    from django.core.cache import cache

    cache.clear()


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, object]:
    """Debian's headless browser (apt-test.txt), kept from calling home."""
    quiet = "--no-sandbox --disable-gpu --disable-background-networking --no-first-run --disable-component-update --disable-sync"
    return {"executable_path": "/usr/bin/chromium-headless-shell", "args": quiet.split()}


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    """Each test begins in the source language, whatever language the one before asked a page in."""
    with translation.override("en"):
        yield
