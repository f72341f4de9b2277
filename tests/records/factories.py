"""Patient files for tests, made through the real actions."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from io import BytesIO
from typing import Any
from unittest.mock import patch

from accounts.models import User
from audit.actors import Actor
from care.models import PortalLink
from care.portal.actions import make_link
from care.queries import practice_of
from care.tenancy import scope
from records import actions
from records.models import Consultation, Document, Measure, PatientFile
from records.preview import inspect

NOW = datetime(2026, 11, 18, 11, 0, tzinfo=UTC)
IDENTITY = {"surname": "Lefèvre", "given_names": "Éloïse", "birth_date": "1984-02-29", "sex": "female"}


def actor_of(user: User) -> Actor:
    """The practitioner at work in their practice."""
    practice = practice_of(user)
    return Actor(account_id=user.pk, role="practitioner", practice_id=practice.pk if practice else None)


@contextmanager
def working(user: User) -> Iterator[Actor]:
    """Inside the scope of the practitioner's practice, as the gate opens it."""
    actor = actor_of(user)
    with scope([actor.practice_id] if actor.practice_id else []):
        yield actor


def make_file(practitioner: User, *, now: datetime = NOW, **identity: str | None) -> PatientFile:
    """A patient's file of this practitioner."""
    practice = practice_of(practitioner)
    assert practice is not None
    with working(practitioner) as actor:
        return actions.create_file(practice=practice, by=actor, now=now, identity={**IDENTITY, **identity})


def make_consultation(
    file: PatientFile, practitioner: User, *, at: datetime = NOW, signed: bool = False, **content: str
) -> Consultation:
    """A draft that began at ``at``, or a signed consultation."""
    texts = {"reason": "Mal de dos", **content}
    with working(practitioner) as actor:
        row = actions.start_consultation(file=file, by=actor, now=at)
        row = actions.save_draft(consultation=row, content=texts, revision=row.revision, by=actor, now=at)
        if signed:
            actions.sign(consultation=row, by=actor, now=at + timedelta(minutes=20))
            row.refresh_from_db()
        return row


def link(file: PatientFile, account: User, *, capacity: str = "self", now: datetime = NOW, **said: Any) -> PortalLink:
    """The account looks into the file through the portal."""
    by = Actor(account_id=account.pk, role="patient")
    with scope([file.practice_id]):
        return make_link(
            practice_id=file.practice_id, patient_id=file.pk, account_id=account.pk, capacity=capacity, by=by, now=now,
            **{"until": None, **said},
        )  # fmt: skip


def make_measure(file: PatientFile, practitioner: User, *, at: datetime = NOW, value: str = "62") -> Measure:
    """A weight."""
    with working(practitioner) as actor:
        return actions.add_measure(
            file=file, label="Body weight", value=value, unit="kg", code="29463-7", taken_at=at, by=actor, now=at
        )


def make_document(file: PatientFile, practitioner: User, *, data: bytes | None = None, **options: Any) -> Document:
    """A small PNG, or ``data``. Equal papers are looked into once: each time takes a process of its own."""
    with working(practitioner) as actor, patch("records.actions.documents.inspect", _inspected):
        source = BytesIO(png() if data is None else data)
        return actions.add_document(
            file=file, source=source, name="analyse.png", by=actor, now=NOW, **{"title": "Analyse de sang", **options}
        )


_inspected = cache(inspect)


@cache
def png(width: int = 40, height: int = 30) -> bytes:
    """A real image."""
    from PIL import Image

    out = BytesIO()
    Image.new("RGB", (width, height), "teal").save(out, "PNG")
    return out.getvalue()


def jpeg() -> bytes:
    """A real photograph's container, with a place in its metadata."""
    from PIL import Image

    out = BytesIO()
    image = Image.new("RGB", (40, 30), "maroon")
    exif = image.getexif()
    exif[0x010E] = "taken in the garden of Madame Lefèvre"
    image.save(out, "JPEG", exif=exif)
    return out.getvalue()


def pdf(pages: int = 1) -> bytes:
    """A real PDF."""
    import pypdfium2

    document = pypdfium2.PdfDocument.new()
    for _ in range(pages):
        document.new_page(200, 300)
    out = BytesIO()
    document.save(out)
    return out.getvalue()
