"""Secrets that stand in addresses are in no log, neither the proxy's nor ours."""

import logging
import re
from io import StringIO
from pathlib import Path
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from consents.marketing.links import token_of
from praticonnect.short_paths import SECRET, ShortPaths, shown

ROOT = Path(__file__).resolve().parents[2]
ID = UUID(int=7)
PATHS = {
    "/hooks/viva/" + "0f" * 32: "/hooks/viva/...",
    f"/privacy/news/stop/{token_of(ID)}/": "/privacy/news/stop/.../",
    f"/practitioner/patients/{ID}/consultations/{ID}/assist/": f"/practitioner/patients/{ID}/consultations/{ID}/assist/",
    "/practitioner/settings/gdpr/integrations/google/calendar/": "/practitioner/settings/gdpr/integrations/google/calendar/",
    "/static/app.0123456789abcdef0123456789abcdef.css": "/static/app.0123456789abcdef0123456789abcdef.css",
}


@pytest.mark.parametrize("path", PATHS, ids=PATHS.values())
def test_a_path_is_shown_without_its_secret(path: str) -> None:
    proxy = (ROOT / "docker/nginx.conf").read_text()
    found = re.search(r'"~\^\(\?<before>\.\*/\)(.+?)\(\?<after>', proxy)
    assert found
    assert (shown(path), f"(?<=/){found[1]}(?=/|$)") == (PATHS[path], SECRET.pattern)


def line(name: str, message: str, args: object) -> str:
    record = logging.LogRecord(name, logging.INFO, "", 0, message, args, None)  # type: ignore[arg-type]
    assert ShortPaths().filter(record)
    return record.getMessage()


def test_lines_of_django_and_of_gunicorn_have_no_secret() -> None:
    path, short = next(iter(PATHS.items()))
    assert line("django.request", "Not Found: %s", (path,)) == f"Not Found: {short}"
    assert line("gunicorn.access", "%(m)s %(U)s %(s)s", ({"m": "GET", "U": path, "s": 200},)) == f"GET {short} 200"
    assert line("anything", "%s rows of %s", (3, "records")) == "3 rows of records"


@pytest.mark.django_db
def test_what_the_house_writes_of_a_wrong_link_names_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    token, out = token_of(ID)[:-1], StringIO()
    (handler,) = (
        one for one in logging.getLogger().handlers if any(isinstance(each, ShortPaths) for each in one.filters)
    )
    monkeypatch.setattr(handler, "stream", out)
    assert Client().get(reverse("consents:unsubscribe", args=[token])).status_code == 404
    assert ("/privacy/news/stop/.../" in out.getvalue(), token in out.getvalue()) == (True, False)
