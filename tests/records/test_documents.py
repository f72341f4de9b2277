"""Documents: judged by content, sealed in the storage, no orphan and none lost."""

import struct
import zipfile
import zlib
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from io import BytesIO

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from audit.models import AccessEntry
from care.tenancy import ALL, scope
from privacy.refusals import Refused
from records import actions
from records.actions.documents import orphans, stored_names
from records.models import Document
from records.preview import MAX_BYTES, inspect, page_as_png
from records.reading import Part, document_bytes, open_document, open_file
from records.tasks import sweep_documents
from tests.accounts.factories import make_practitioner
from tests.care.factories import LONG_AGO
from tests.records.factories import NOW, jpeg, make_document, make_file, pdf, png, working

pytestmark = pytest.mark.django_db(databases=["default", "keys"])


@pytest.fixture
def practitioner():
    return make_practitioner(now=LONG_AGO)


@pytest.fixture
def file(practitioner):
    return make_file(practitioner)


def zipped(name: str = "a.txt", content: bytes = b"x") -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return out.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bomb_png(width: int = 60_000, height: int = 60_000) -> bytes:
    """A PNG whose header promises 3.6 thousand million points, in a few kilobytes."""
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(bytes(9_000_000)))
        + chunk(b"IEND", b"")
    )


def text_bomb_png() -> bytes:
    """A small PNG with a compressed text of 300 MB in it."""
    inner = zlib.compress(bytes(300_000_000), 9)
    whole = png()
    return whole[:33] + chunk(b"zTXt", b"Comment\x00\x00" + inner) + whole[33:]


def pdf_objects(*objects: bytes) -> bytes:
    """A PDF of numbered objects; the first is its catalogue."""
    out, places = BytesIO(b""), []
    out.write(b"%PDF-1.7\n")
    for number, content in enumerate(objects, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n" % number + content + b"\nendobj\n")
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.write(b"".join(b"%010d 00000 n \n" % place for place in places))
    out.write(b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start))
    return out.getvalue()


@cache
def bomb_pdf() -> bytes:
    """A page whose drawing is 350 MB of commands, deflated twice over into kilobytes."""
    level = zlib.compressobj(9)
    inner = b"".join(level.compress(b"0 0 m 9 9 l S\n" * 1_000_000) for _ in range(25)) + level.flush()
    outer = zlib.compress(inner, 9)
    stream = b"<</Length %d/Filter[/FlateDecode/FlateDecode]>>stream\n" % len(outer) + outer + b"\nendstream"
    return pdf_objects(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R>>",
        stream,
    )


def locked_pdf() -> bytes:
    """A PDF that asks for a password."""
    return pdf_objects(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[]/Count 0>>").replace(
        b"/Root 1 0 R", b"/Root 1 0 R/ID[<00><00>]/Encrypt<</Filter/Standard/V 2/R 3/Length 128/P -3904"
        b"/O<" + b"41" * 32 + b">/U<" + b"42" * 32 + b">>>"
    )  # fmt: skip


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
BAD = [
    ("empty", lambda: b"", "is empty"),
    ("svg", lambda: SVG, "an SVG drawing"),
    ("svg with xml head", lambda: b'<?xml version="1.0"?>\n' + SVG, "an SVG drawing"),
    ("html", lambda: b"<!DOCTYPE html><script>alert(1)</script>", "a web page"),
    ("html after blanks", lambda: b"\n\n  <html><body>%PDF-1.7</body></html>", "a web page"),
    ("html with bom", lambda: b"\xef\xbb\xbf<html></html>", "a web page"),
    ("zip", lambda: zipped(), "an archive or an office document"),
    ("zip bomb", lambda: zipped(content=bytes(50_000_000)), "an archive or an office document"),
    ("office", lambda: zipped("word/document.xml"), "an archive or an office document"),
    ("gzip", lambda: b"\x1f\x8b\x08\x00" + bytes(20), "is an archive"),
    ("gif", lambda: b"GIF89a" + bytes(20), "a GIF image"),
    ("program", lambda: b"MZ" + bytes(100), "a program"),
    ("elf", lambda: b"\x7fELF" + bytes(100), "neither a PDF"),
    ("text", lambda: b"Bonjour", "neither a PDF"),
    ("webp", lambda: b"RIFF\x00\x00\x00\x00WEBPVP8 ", "neither a PDF"),
    ("heic", lambda: b"\x00\x00\x00\x18ftypheic" + bytes(20), "neither a PDF"),
    ("pdf deep inside", lambda: b"x" * 600 + b"%PDF-1.7", "neither a PDF"),
    ("pdf in name only", lambda: b"%PDF-1.7\n" + bytes(range(256)) * 4, "damaged"),
    ("pdf cut", lambda: pdf()[:120], "damaged"),
    (
        "pdf without pages",
        lambda: pdf_objects(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[]/Count 0>>"),
        "damaged",
    ),
    ("pdf that is svg", lambda: b"%PDF-" + SVG, "damaged"),
    ("pdf locked", lambda: locked_pdf(), "locked with a password"),
    ("pdf bomb", lambda: bomb_pdf(), "beyond all measure|damaged"),
    ("jpeg in name only", lambda: b"\xff\xd8\xff\xe0" + bytes(200), "damaged"),
    ("jpeg cut", lambda: jpeg()[:200], "damaged"),
    ("jpeg that is html", lambda: b"\xff\xd8\xff<html><script>alert(1)</script></html>", "damaged"),
    ("png cut", lambda: png()[:60], "damaged"),
    ("png head only", lambda: b"\x89PNG\r\n\x1a\n", "damaged"),
    ("png bomb of points", lambda: bomb_png(), "50 million points"),
    ("png bomb of text", lambda: text_bomb_png(), "damaged|beyond all measure"),
    ("too large", lambda: png() + bytes(MAX_BYTES), "more than 20 MB"),
]


@pytest.mark.parametrize(("made", "message"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_bad_file_is_refused_with_one_clear_message_and_leaves_nothing(practitioner, file, made, message):
    data = made()
    with pytest.raises(Refused, match=message):
        make_document(file, practitioner, data=data)
    with scope(ALL):
        assert Document.objects.count() == 0
    assert stored_names() == []


@pytest.mark.parametrize(
    ("data", "kind", "pages"),
    [(pdf(3), "application/pdf", 3), (jpeg(), "image/jpeg", 1), (png(), "image/png", 1)],
    ids=["pdf", "jpeg", "png"],
)
def test_good_file_is_known_by_its_content(data, kind, pages):
    found = inspect(data)
    assert (found.content_type, found.pages) == (kind, pages)


@pytest.mark.parametrize(("data", "kind"), [(pdf(), "application/pdf"), (jpeg(), "image/jpeg"), (png(), "image/png")])
def test_preview_is_a_picture_made_anew(data, kind):
    drawn = page_as_png(data, kind, page=0)
    assert drawn.startswith(b"\x89PNG")
    assert b"garden" not in drawn
    assert b"Exif" not in drawn
    assert b"tEXt" not in drawn


def test_original_bytes_come_back_whole(practitioner, file):
    data = jpeg()
    document = make_document(file, practitioner, data=data)
    with working(practitioner) as actor:
        handle = open_file(file, Part.DOCUMENT, by=actor, now=NOW)
        assert document_bytes(handle, document) == data
        opened = open_document(handle, document)
    assert (opened.title, opened.original_name) == ("Analyse de sang", "analyse.png")


def test_stored_object_is_sealed_under_a_random_name_and_its_hash_kept(practitioner, file):
    document = make_document(file, practitioner, data=jpeg())
    with default_storage.open(document.storage_name) as stored:
        sealed = stored.read()
    assert b"garden" not in sealed
    assert b"JFIF" not in sealed
    assert bytes(document.sha256) == sha256(sealed).digest()
    assert "analyse" not in document.storage_name
    assert str(file.pk) not in document.storage_name


def test_document_of_one_file_does_not_open_with_the_key_of_another(practitioner, file):
    from vault.errors import VaultError

    document = make_document(file, practitioner)
    other = make_file(practitioner, surname="Autre")
    with working(practitioner) as actor:
        handle = open_file(other, Part.DOCUMENT, by=actor, now=NOW)
        with pytest.raises(VaultError):
            document_bytes(handle, document)


def test_adding_a_document_journals_one_access(practitioner, file):
    before = AccessEntry.objects.count()
    make_document(file, practitioner)
    assert AccessEntry.objects.count() == before + 1


def test_failed_row_leaves_no_object_in_the_storage(practitioner, file, monkeypatch):
    def broken(**_named):
        raise RuntimeError("the journal is down")

    monkeypatch.setattr("records.actions.journal.record_event", broken)
    with pytest.raises(RuntimeError):
        make_document(file, practitioner)
    assert stored_names() == []


def test_object_whose_outer_transaction_failed_is_swept_an_hour_later_and_no_other(practitioner, file):
    kept = make_document(file, practitioner)
    with transaction.atomic():
        lost = make_document(file, practitioner)
        transaction.set_rollback(True)
    moment = datetime.now(UTC)
    assert sorted(stored_names()) == sorted([kept.storage_name, lost.storage_name])
    assert actions.remove_orphans(now=moment) == 0
    assert orphans(now=moment + timedelta(hours=2)) == [lost.storage_name]
    assert actions.remove_orphans(now=moment + timedelta(hours=2)) == 1
    assert stored_names() == [kept.storage_name]


def test_hourly_sweep_leaves_what_is_young_or_named(practitioner, file):
    make_document(file, practitioner)
    default_storage.save("documents/young", ContentFile(b"an upload still running"))
    assert sweep_documents() == 0
    assert len(stored_names()) == 2


def test_orphan_sweep_sees_the_rows_of_every_practice(practitioner, file):
    make_document(file, practitioner)
    assert actions.remove_orphans(now=datetime.now(UTC) + timedelta(hours=2)) == 0


def test_storage_that_renames_is_refused_and_cleaned(practitioner, file, monkeypatch):
    monkeypatch.setattr("secrets.token_hex", lambda _n: "same")
    default_storage.save("documents/same", ContentFile(b"another's"))
    with pytest.raises(RuntimeError, match="renamed"):
        make_document(file, practitioner)
    assert stored_names() == ["documents/same"]
