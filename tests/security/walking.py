"""The walk through every page that may show what is sealed: a practice full of tokens, and everybody who may read of it.

Each token stands in one sealed field; whose key it lies under is read off the rows themselves. ``walk`` asks every address
of the map by GET, the office's too, as each visitor, and says what an answer shows and what the access journal gained by it.
"""

import io
import json
import logging
import re
import zipfile
from collections import Counter
from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

import pypdfium2
from django.apps import apps
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.access import Audience
from audit.models import AccessEntry
from care.tenancy import ALL, scope
from praticonnect.access import access_of
from praticonnect.database import as_owner
from tests.security.battery import Rewind, bare_404
from tests.security.seeding import revealed_rows
from tests.security.urlmap import Page, pages

TOKEN = re.compile(r"kwz[0-9a-f]{12}")
NO_LINE = """
create function no_line() returns trigger language plpgsql as $$ begin raise exception 'the journal is full'; end $$;
create trigger no_line before insert on audit_accessentry for each statement execute function no_line();
"""
IN_PRACTICE = frozenset({Audience.PRACTITIONER, Audience.VERIFIED, Audience.SIGNED_IN})
AS_PATIENT = frozenset({Audience.PATIENT, Audience.VERIFIED})
AS_AGENT = frozenset({Audience.AUTHORITY, Audience.VERIFIED})
IN_OFFICE = frozenset({Audience.OFFICE})
ANYBODY = frozenset({Audience.PUBLIC})


Keys = frozenset[UUID]
"""The keys that a token lies under: one, but for a word that an import brought twice."""


@dataclass(frozen=True)
class Reader:
    """Somebody who asks: the role that the journal must name, whose pages they try, what their own addresses are made of."""

    name: str
    client: Client
    role: str
    """At the patient's file."""
    at_home: str
    """At what isn't a patient's file: a guardian is a patient to their own identity."""
    audiences: frozenset[Audience]
    own: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Ground:
    """The practice: what addresses are made of (a value may be for one page alone), who asks, whose each token is."""

    arguments: Mapping[str, object]
    readers: tuple[Reader, ...]
    keys: Mapping[str, Keys]
    planted: frozenset[str]
    """The sealed fields that hold a token."""
    files: Keys
    """The patients' files among the keys."""


@dataclass(frozen=True)
class Seen:
    """One answer: how it ended, whose sealed words it shows, and the new lines of the journal by file and role."""

    reader: Reader
    page: str
    status: int
    shown: frozenset[Keys]
    lines: Mapping[tuple[UUID, str], int]

    @property
    def where(self) -> str:
        """Who asked for what."""
        return f"{self.reader.name} {self.page}"


def walk(
    ground: Ground, *, without: Container[str] = (), only: Container[tuple[str, str]] | None = None, method: str = "get"
) -> Iterator[Seen]:
    """Ask every address as everybody whose audience it is; each answer is undone.

    ``without`` are the pages that aren't asked; ``only`` keeps to these (reader, page).
    """
    rewind = Rewind()
    asked = [(page, access_of(page.name)) for page in pages(office=True) if page.name not in without]
    with bare_404():
        for page, access in asked:
            for reader in ground.readers:
                if access is None or access.audience not in reader.audiences:
                    continue
                if only is None or (reader.name, page.name) in only:
                    yield ask(ground, reader, page, rewind, method)


def ask(ground: Ground, reader: Reader, page: Page, rewind: Rewind, method: str) -> Seen:
    """One answer, read to its last byte."""
    address, document = address_of(ground, reader, page)
    last = newest_line()
    with rewind.undone(reader.client):
        answer = getattr(reader.client, method)(address)
        body = b"".join(answer) if answer.streaming else answer.content
        lines = AccessEntry.objects.filter(pk__gt=last).values_list("subject_id", "actor_role")
        return Seen(
            reader, page.name, answer.status_code, frozenset(shown(answer, body, ground.keys, document)), Counter(lines)
        )


def address_of(ground: Ground, reader: Reader, page: Page) -> tuple[str, Keys | None]:
    """The page's address for this reader, and the file of the document that it names."""
    known = {**ground.arguments, **reader.own}
    given = {name: known.get(f"{page.name} {name}", known.get(name)) for name in page.arguments}
    if page.name.startswith("admin:") and "object_id" in given:
        given["object_id"] = any_row_of(page.name)
    missing = [name for name, value in given.items() if value is None]
    if missing:
        raise LookupError(f"{page.name} takes {missing}: say in tests/security/walking.py what they are")
    document = given.get("document_id")
    return reverse(page.name, kwargs=given), ground.keys[f"document {document}"] if document else None


def any_row_of(name: str) -> object:
    """The key of a row of the model whose admin page has this name; an id of nothing where there is none."""
    app, model, _verb = name.removeprefix("admin:").rsplit("_", 2)
    if (app, model) not in {(one._meta.app_label, one._meta.model_name) for one in apps.get_models()}:
        return UUID(int=0)
    with scope(ALL):
        row = apps.get_model(app, model)._default_manager.first()
    return row.pk if row else UUID(int=0)


def newest_line() -> int:
    """The number of the journal's last line."""
    return AccessEntry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def shown(answer: HttpResponse, body: bytes, keys: Mapping[str, Keys], document: Keys | None) -> set[Keys]:
    """Whose sealed words an answer has: in its text, in the members of a ZIP, or as a picture of a document.

    Raises KeyError for a token that was never planted.
    """
    kind = answer.headers.get("Content-Type", "")
    if kind.startswith("image/") and document:
        return {document}
    text = body.decode(errors="replace")
    if body.startswith(b"%PDF"):
        text += printed(body)
    if kind == "application/zip":
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            text = "".join(name + archive.read(name).decode(errors="replace") for name in archive.namelist())
    return {keys[token] for token in set(TOKEN.findall(text.lower()))}


def printed(paper: bytes) -> str:
    """The text of a PDF, whose streams are packed."""
    with pypdfium2.PdfDocument(paper) as document:
        return "".join(sheet.get_textpage().get_text_range() for sheet in document)


def tokens_of(manual: Mapping[str, UUID]) -> tuple[dict[str, Keys], frozenset[str]]:
    """Which keys each token lies under, and in which fields they stand: as the sealed rows say.

    ``manual`` has the tokens in the contents of documents, and the documents themselves.
    """
    found, planted = {token: {key} for token, key in manual.items()}, set()
    for row, name, value in revealed_rows():
        for token in TOKEN.findall(json.dumps(value).lower()):
            found.setdefault(token, set()).add(row.sealed_file_id)
            planted.add(f"{row._meta.label}.{name}")
    return {token: frozenset(keys) for token, keys in found.items()}, frozenset(planted)


@contextmanager
def full_journal() -> Iterator[None]:
    """PostgreSQL refuses every new line of the access journal, until the transaction of the test is undone."""
    log = logging.getLogger("django.request")
    level = log.level
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(NO_LINE)
    log.setLevel(logging.CRITICAL)  # each refusal would be told with its whole way
    yield
    log.setLevel(level)
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("drop trigger no_line on audit_accessentry; drop function no_line()")
