"""The full export of a practice: rows a second against COPY of the same rows, bytes against raw deflate with AES-GCM, memory."""

from __future__ import annotations

import io
import os
import sys
import tempfile
import zlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO, cast

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import connection, transaction
from django.utils import timezone

from audit.actors import Actor
from bench.harness import Run, bench, peak_memory
from bench.retention_rows import Place, analyze, make_place
from care.tenancy import ALL, scope
from gdpr_requests.export.archive import AccountExport
from gdpr_requests.export.building import _Made
from gdpr_requests.export.zipping import LEVEL, Zip, pack
from praticonnect.database import as_owner
from privacy.ids import new_id
from privacy.purposes import Purpose
from records.actions.files import make_file
from records.actions.past import PastConsultation, bring_past
from vault import access
from vault.handles import Handle

MANY = int(os.environ.get("PRATICONNECT_BENCH_RECORDS", "100000"))
EACH = 50
"""Consultations of a file; each stands in two tables, as it is and as it was signed."""
MIB = 2**20
ARCHIVE_MIB = 32
TEXT = (
    "Douleur lombaire basse depuis le {}, majorée à la station assise; pas d'irradiation. Repos, chaleur, exercices. "
)
COPIES = (
    "copy (select * from records_patientfile where practice_id = %s) to stdout",
    "copy (select * from records_consultation where practice_id = %s) to stdout",
    "copy (select * from records_consultationversion where practice_id = %s) to stdout",
)


@bench
def export(run: Run) -> None:
    """A practice's archive, and how its memory stands to its size."""
    small = filled("bench.export.small@bench.example", 10 * EACH)
    run.compare(
        f"Export of {20 * EACH + 10:,} rows",
        "rows",
        {
            "COPY of the sealed rows": lambda: copied(small),
            "AccountExport, opened, four formats": lambda: exported(small),
        },
        rounds=3,
    )
    archive(run)
    for records in (MANY // 100, MANY // 20) if run.quick else (MANY // 10, MANY):
        place = filled(f"bench.export.{records}@bench.example", records)
        with tempfile.TemporaryDirectory() as folder:
            started, out = timezone.now(), Path(folder) / "all.zip"
            command = [sys.executable, "manage.py", "export_account", place.user.email, "--out", str(out)]
            peak, size = peak_memory(command), out.stat().st_size
        seconds = (timezone.now() - started).total_seconds()
        name = f"{records:,} consultations of {records // EACH:,} patients"
        run.figure(f"peak memory, MiB ({name})", peak)
        run.figure(f"consultations a second, the process's start in it ({name})", records / seconds)
        run.figure(f"archive, MiB ({name})", size / MIB)


def archive(run: Run) -> None:
    """Packing and sealing alone, of text as notes are."""
    text = "".join(TEXT.format(day) for day in range(2_000)).encode()
    pieces = [text] * (ARCHIVE_MIB * MIB // len(text))
    units = len(text) * len(pieces) // MIB
    handle = new_handle()

    def raw() -> int:
        deflate, cipher = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS), AESGCM(bytes(32))
        for number, piece in enumerate(pieces):
            cipher.encrypt(number.to_bytes(12, "big"), deflate.compress(piece), None)
        cipher.encrypt(len(pieces).to_bytes(12, "big"), deflate.flush(), None)
        return units

    def ours() -> int:
        handle.seal_file(cast(BinaryIO, _Made(zipped(pieces))), io.BytesIO(), name="bench")
        return units

    run.compare(
        "Archive",
        "MiB",
        {"deflate, AES-GCM": raw, "ZIP with hashes, sealed": ours},
        aims={"ZIP with hashes, sealed": 0.5},
    )


def zipped(pieces: list[bytes]) -> Iterator[bytes]:
    """One part in a ZIP."""
    made = Zip()
    yield from made.add(pack("notes.json", pieces))
    yield from made.end()


def new_handle() -> Handle:
    """A key to seal with."""
    with transaction.atomic():
        by = Actor.operations("bench")
        return access.new_file(file_id=new_id(), by=by, practice_id=None, purpose=Purpose.LEGAL, now=timezone.now())


def filled(email: str, consultations: int) -> Place:
    """A practice with so many consultations, made through the application: sealed under living keys."""
    place, now = make_place(email), timezone.now()
    by = Actor(account_id=place.user.pk, role="practitioner", practice_id=place.practice.pk)
    for number in range(consultations // EACH):
        with transaction.atomic(), scope([place.practice.pk]):
            identity = {"surname": f"Quemener {number}", "given_names": "Maël", "birth_date": "1984-02-29"}
            file, handle = make_file(practice=place.practice, by=by, now=now, identity=identity)
            past = [
                PastConsultation(
                    now - timedelta(days=30 * day + 1), {"reason": "Mal de dos", "note": 3 * TEXT.format(day)}
                )
                for day in range(EACH)
            ]
            bring_past(file=file, handle=handle, consultations=past, by=by, now=now)
    analyze()
    return place


def exported(place: Place) -> int:
    """The whole archive, thrown away. Raises ValueError when it isn't whole."""
    made = AccountExport(place.user, by=Actor.operations("bench"), now=timezone.now())
    for _piece in made.chunks():
        pass
    rows = sum(made.counts[f"records.{name}"] for name in ("PatientFile", "Consultation", "ConsultationVersion"))
    if rows != copied(place):
        raise ValueError(f"the export holds {rows} rows")
    return rows


def copied(place: Place) -> int:
    """The same rows by COPY, sealed as they lie."""
    rows = 0
    with as_owner(), transaction.atomic(), scope(ALL), connection.cursor() as cursor:
        for sql in COPIES:
            with cursor.cursor.copy(sql, [place.practice.pk]) as copy:
                for _piece in copy:
                    pass
            rows += cursor.cursor.rowcount
    return rows
