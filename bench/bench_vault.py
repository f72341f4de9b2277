"""What sealing costs: files against raw AES-GCM, and a journaled list of names against plain columns."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.contrib.auth.models import AnonymousUser
from django.db import connection, models, transaction
from django.template import engines
from django.test import RequestFactory

from audit.actors import Actor
from bench.harness import Run, bench
from praticonnect.database import as_owner
from privacy.ids import new_id
from privacy.purposes import Purpose
from vault import access, files, index
from vault.fields import SealedTextField
from vault.handles import Handle

MIB = 2**20
FILE_MIB = 64
PAGE = 50
PATIENTS = 5_000
NAMES = ("surname", "given_names", "birth_date")
PAGES = 20

FRAME = """{% extends "public.html" %}{% block content %}<table class="table">{% for row in rows %}
<tr><td><a href="/practitioner/patients/{{ row.id }}/">{{ row.surname }}</a></td>
<td>{{ row.given_names }}</td><td>{{ row.birth_date }}</td></tr>{% endfor %}</table>{% endblock %}"""


class Nowhere(io.BytesIO):
    """Forgets what is written: the raw cipher writes nowhere either."""

    def write(self, data: Any) -> int:
        """Count only."""
        return len(data)


class PlainPatient(models.Model):
    """The same list with nothing sealed."""

    id = models.UUIDField(primary_key=True, default=new_id)
    practice_id = models.UUIDField(db_index=True)
    surname = models.TextField()
    given_names = models.TextField()
    birth_date = models.TextField()

    class Meta:
        app_label = "bench_vault"


class SealedPatient(models.Model):
    """A patient's file as far as a list shows it."""

    id = models.UUIDField(primary_key=True, default=new_id)
    practice_id = models.UUIDField(db_index=True)
    surname = SealedTextField()
    given_names = SealedTextField()
    birth_date = SealedTextField()

    class Meta:
        app_label = "bench_vault"

    @property
    def sealed_file_id(self) -> UUID:
        """Each patient is a file."""
        return self.id


@bench
def vault_files(run: Run) -> None:
    """Sealing and opening 64 MiB as a file, against AES-256-GCM over the same bytes in the same pieces."""
    content, key, key_id, place = os.urandom(FILE_MIB * MIB), os.urandom(32), os.urandom(16), b"bench"
    raw, nonce = AESGCM(key), bytes(12)
    pieces = [content[at : at + files.CHUNK_BYTES] for at in range(0, len(content), files.CHUNK_BYTES)]
    ciphertexts = [raw.encrypt(nonce, piece, None) for piece in pieces]
    sealed = io.BytesIO()
    files.seal(key, key_id, io.BytesIO(content), sealed, place)

    def raw_seal() -> int:
        for piece in pieces:
            raw.encrypt(nonce, piece, None)
        return FILE_MIB

    def raw_open() -> int:
        for piece in ciphertexts:
            raw.decrypt(nonce, piece, None)
        return FILE_MIB

    def seal() -> int:
        files.seal(key, key_id, io.BytesIO(content), Nowhere(), place)
        return FILE_MIB

    def open_() -> int:
        sealed.seek(0)
        for _ in files.unseal(key, sealed, place):
            pass
        return FILE_MIB

    run.compare("Sealing a file", "MiB", {"raw AES-256-GCM": raw_seal, "vault": seal}, aims={"vault": 0.8})
    run.compare("Opening a file", "MiB", {"raw AES-256-GCM": raw_open, "vault": open_}, aims={"vault": 0.8})


@bench
def vault_list(run: Run) -> None:
    """A page with fifty names, opened through the vault and journaled, against the same page with plain columns."""
    by, practice = Actor(new_id(), "practitioner", practice_id=new_id(), ip="192.0.2.1"), new_id()
    _make_tables()
    _fill(by, practice)
    request, now = RequestFactory().get("/"), datetime.now(UTC)
    vars(request).update(user=AnonymousUser(), actor=by, now=now)
    page: Any = engines["django"].from_string(FRAME)

    def plain() -> Iterator[dict[str, Any]]:
        for row in PlainPatient._default_manager.filter(practice_id=practice).order_by("id")[:PAGE]:
            yield {"id": row.id, **{name: getattr(row, name) for name in NAMES}}

    def sealed() -> Iterator[dict[str, Any]]:
        rows = list(SealedPatient._default_manager.filter(practice_id=practice).order_by("id")[:PAGE])
        opened = access.open_many(
            [row.id for row in rows], by=by, purpose=Purpose.CARE, part="name", practice_id=practice, now=now
        )
        for row in rows:
            yield {"id": row.id, **opened[row.id].reveal(row)}

    def pages(read: Any, *, framed: bool) -> int:
        for _ in range(PAGES):
            with transaction.atomic():
                rows = list(read())
            if framed:
                page.render({"rows": rows}, request)
        return PAGES

    run.compare(
        "Page with 50 names",
        "pages",
        {"plain columns": lambda: pages(plain, framed=True), "vault, journaled": lambda: pages(sealed, framed=True)},
        aims={"vault, journaled": 0.5},
    )
    run.compare(
        "The query of 50 names alone",
        "lists",
        {"plain columns": lambda: pages(plain, framed=False), "vault, journaled": lambda: pages(sealed, framed=False)},
    )


@bench
def vault_index(run: Run) -> None:
    """Making the search tokens of a name, against hashing the name alone."""
    own = index.Index(new_id())

    def folded() -> int:
        for _ in range(PATIENTS):
            index.name_prefixes("Jean-Pierre Lebœuf")
        return PATIENTS

    def tokens() -> int:
        for _ in range(PATIENTS):
            own.tokens("name", "Jean-Pierre Lebœuf")
        return PATIENTS

    run.compare("Search tokens of a name", "names", {"folding alone": folded, "tokens": tokens})


def _make_tables() -> None:
    with as_owner(), connection.schema_editor() as editor:
        editor.create_model(PlainPatient)
        editor.create_model(SealedPatient)
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(
            "grant select, insert on bench_vault_plainpatient, bench_vault_sealedpatient to praticonnect_app"
        )


def _fill(by: Actor, practice: UUID) -> None:
    """A page's worth of rows in both tables, among those of other practices."""
    now = datetime.now(UTC)
    for count in range(4 * PAGE):
        of = practice if count % 4 == 0 else new_id()
        values = {"surname": f"Kerbrat {count}", "given_names": "Maëlle", "birth_date": "1980-02-29"}
        PlainPatient._default_manager.create(practice_id=of, **values)
        with transaction.atomic():
            row = SealedPatient(practice_id=of)
            handle: Handle = access.new_file(file_id=row.id, by=by, practice_id=of, purpose=Purpose.CARE, now=now)
            handle.write(row, **values)
            row.save()
