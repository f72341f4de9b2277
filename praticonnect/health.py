"""Is the house alive, and is it ready? For the launcher, the proxy and the operations page."""

from collections.abc import Callable
from datetime import datetime

from django.conf import settings
from django.core.cache import cache
from django.core.files.storage import default_storage
from django.db import DatabaseError, connections
from django.http import HttpRequest, HttpResponse, JsonResponse

from audit.requests import HouseRequest
from lifecycle import runs
from lifecycle.rights.guard import why_not_start
from praticonnect.celery import app


def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok", content_type="text/plain")


def readyz(request: HouseRequest) -> JsonResponse:
    """Everything the house needs answers too; 503 names what doesn't."""
    checks: dict[str, Callable[[], object]] = {
        "database": _database,
        "keys": _keys,
        "rights": _rights,
        "broker": _broker,
        "cache": lambda: cache.get("readyz"),
        "storage": lambda: default_storage.exists("readyz"),
    }
    found = {name: _answers(check) for name, check in checks.items()}
    return JsonResponse({**found, **_sweeps(request.now)}, status=200 if all(found.values()) else 503)


def _answers(check: Callable[[], object]) -> bool:
    try:
        check()
    except Exception:  # noqa: BLE001 - whatever is wrong, the answer is: not ready
        return False
    return True


def _database() -> None:
    """Migrated, and at work without the owner's rights."""
    with connections["default"].cursor() as cursor:
        cursor.execute("select current_user from django_migrations limit 1")
        if settings.DATABASE_ROLE and cursor.fetchone() != (settings.DATABASE_ROLE,):
            raise RuntimeError("the application works with the owner's rights")


def _keys() -> None:
    with connections["keys"].cursor() as cursor:
        cursor.execute("select 1 from django_migrations limit 1")


def _sweeps(now: datetime) -> dict[str, object]:
    """How late the sweeps are. That closes nothing, so it makes nobody wait for the house: it is for those who watch."""
    try:
        lag = runs.lag(now)
    except DatabaseError:
        return {"sweep_lag_seconds": None, "sweeps_late": True}
    late = lag is None or lag > runs.LATE_AFTER
    return {"sweep_lag_seconds": int(lag.total_seconds()) if lag is not None else None, "sweeps_late": late}


def _rights() -> None:
    """No right that was exercised is undone by a restore (NEW-08)."""
    if refusal := why_not_start():
        raise RuntimeError(refusal)


def _broker() -> None:
    with app.connection_for_write(settings.CELERY_BROKER_URL) as connection:
        connection.ensure_connection(max_retries=1, timeout=2)
