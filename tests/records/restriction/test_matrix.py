"""The matrix of restriction, pages: none shows anything of a restricted file or does anything to it (PC-63; issue 4, done when 4)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts.access import Audience
from care.tenancy import ALL, scope
from praticonnect.access import access_of
from praticonnect.adapter_settings import adapters
from records.models import ArchiveOpening, PatientFile
from tests.records.factories import pdf
from tests.records.restriction.answers import ALLOWED, GONE_FROM, ITS_OWN, OF_NO_FILE, STILL_NAMED
from tests.records.restriction.helpers import restrict
from tests.records.restriction.looking import Asking
from tests.security.battery import bare_404
from tests.security.ground import make_ground
from tests.security.seeding import token_of
from tests.security.test_health_pages import NOT_ASKED
from tests.security.urlmap import Page, pages
from tests.security.walking import Ground, Reader

pytestmark = pytest.mark.django_db(databases="__all__")
WHO = {
    "surname": token_of("PatientFile.surname"),
    "given_names": token_of("PatientFile.given_names"),
    "birth_date": "23/07/1931",
}
MOMENT = "2026-01-05T10:00"
ONE_IS_ENOUGH = frozenset({Audience.PUBLIC, Audience.VERIFIED, Audience.SIGNED_IN})
"""Pages of whoever signs in: asked by the first reader whose they are."""


def posted(ground: Ground) -> dict[str, Any]:
    """What somebody would type, by page: enough that the page does what it is for, as long as the file is free."""
    known = ground.arguments
    hold = {
        "ground": "dispute",
        "case": "x",
        "why": "y",
        "review_on": (timezone.now() + timedelta(30)).date().isoformat(),
    }
    said: dict[str, dict[str, Any]] = {
        "records:identity": {**WHO, "occupation": "Gardener"},
        "records:medical": {"notes": "Foxglove"},
        "records:death": {"died_on": "23/07/2019", "may_end": "on"},
        "records:consultation": {"note": "Foxglove", "started_at": MOMENT, "kind": "first"},
        "records:draft": {"note": "Foxglove", "started_at": MOMENT, "kind": "first"},
        "records:amend": {"plan": "Foxglove", "why": "forgotten"},
        "records:consultation_strike": {"why": "never was", "may_end": "on"},
        "records:measures": {"vital": "other", "label": "Girth", "value": "61", "unit": "cm", "taken_at": MOMENT},
        "records:portal": {"capacity": "self", "email": "x@example.org"},
        "records:assist": {"draft": "1"},
        "records:assist_decide": {"decline": "1"},
        "records:share": {"document": str(known["document_id"]), "withdraw": "1"},
        "records:team_access": {"withdraw": "1"},
        "records:archived": {"why": "a claim"},
        "records:patients": {"q": WHO["surname"]},
        "records:archive": {"q": token_of("archived.surname")},
        "records:new": WHO,
        "records:emergency": {**WHO, "kind": "life", "why": "unconscious"},
        "records:emergency_review": {"verdict": "justified"},
        "admin:holds": {**hold, "file_id": str(known["file_id"])},
        "admin:hold": {"why": "settled"},
        "admin:archive": {"file_id": str(known["records:archived file_id"]), "why": "a claim"},
    }  # fmt: skip
    upload = {"records:documents": lambda: {"title": "Paper", "document": SimpleUploadedFile("a.pdf", pdf())}}
    return {name: (lambda values=values: values) for name, values in said.items()} | upload


def askable(ground: Ground) -> Iterator[tuple[Page, list[Reader]]]:
    """Every page of the map with everybody whose it is; of pages for whoever is signed in, the first of them."""
    for page in pages(office=True):
        access = access_of(page.name)
        if access is None or page.name in NOT_ASKED.keys() | ITS_OWN:
            continue
        found = [
            reader for reader in ground.readers if access.audience in reader.audiences and reader.name != "assistant"
        ]
        yield page, found[:1] if access.audience in ONE_IS_ENOUGH or page.name in OF_NO_FILE else found


def grown() -> tuple[Ground, list[PatientFile]]:
    """The practice, and those of its files that will be restricted: in daily use, imported, archived, out of the archive again."""
    made = make_ground()
    known = {**made.arguments, "records:consultation consultation_id": made.arguments["records:draft consultation_id"]}
    with scope(ALL):
        reopened = ArchiveOpening.objects.get(pk=known["admin:archive_opening opening_id"]).file_id
        ids = (known["file_id"], known["records:kept file_id"], known["records:archived file_id"], reopened)
        return replace(made, arguments=known), list(PatientFile.objects.filter(pk__in=ids))


def silent(asking: Asking, page: Page, readers: list[Reader]) -> list[str]:
    """What is wrong with a page while the files are free: it shows nothing, or its form does nothing."""
    found = (one for reader in readers for one in asking.ask(reader, page))
    quiet = not any(one.acts or (one.listed and page.name in GONE_FROM | STILL_NAMED) for one in found)
    typed = page.name in asking.posted and page.name not in GONE_FROM
    idle = typed and not any(asking.one(reader, page, "post").acts for reader in readers)
    return [f"{page.name} shows and does nothing"] * quiet + [f"the form of {page.name} does nothing"] * idle


def leaks(asking: Asking, page: Page, readers: list[Reader]) -> list[str]:
    """What is wrong with a page once the files are restricted."""
    wrong = []
    allowed, signals = ALLOWED.get(page.name, ((), frozenset()))
    methods = ("get",) if page.name in OF_NO_FILE else ("get", "post")
    for one in (found for reader in readers for found in asking.ask(reader, page, methods)):
        beyond = one.signals - (signals if one.reader in allowed else frozenset())
        if beyond or one.status >= 500 or (one.listed and page.name in GONE_FROM):
            wrong.append(str(one))
    return wrong


def test_every_page_is_in_the_matrix_once() -> None:
    there = {page.name for page in pages(office=True)} - NOT_ASKED.keys()
    tables = (ITS_OWN, OF_NO_FILE, STILL_NAMED, GONE_FROM, ALLOWED.keys())
    assert {name for table in tables for name in table} - there == set()
    assert sum(map(len, tables)) == len({name for table in tables for name in table})


def test_no_page_shows_or_does_anything(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """The same questions twice: while the files are free, so that each page shows what it can, and once they are restricted."""
    settings.STAND_INS = "http://127.0.0.1:9"  # what may be asked of a service waits; nothing is sent here
    settings.ADAPTERS = adapters(settings.STAND_INS)
    ground, files = grown()
    monkeypatch.setattr(
        FileSystemStorage, "delete", lambda *_: None
    )  # rows come back after each answer, objects wouldn't
    ids, typed = {file.pk for file in files}, posted(ground)
    with bare_404():
        asking = Asking(ground, ids, typed)
        about_files = [(page, readers) for page, readers in askable(ground) if page.name not in OF_NO_FILE]
        assert [fault for page, readers in about_files for fault in silent(asking, page, readers)] == []
        for file in files:
            restrict(file, now=timezone.now())
        asking = Asking(ground, ids, typed)
        assert [fault for page, readers in askable(ground) for fault in leaks(asking, page, readers)] == []
