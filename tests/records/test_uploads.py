"""Uploads: stopped while they arrive, told by their first bytes, nothing typed lost, nothing on disk in clear."""

import os

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.files.uploadhandler import SkipFile
from django.test import RequestFactory
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from hypothesis import given, settings
from hypothesis import strategies as st

from gdpr_requests.desk.forms import PaperForm
from records.preview import MAX_BYTES
from records.uploads import Documents, Imported, refuse
from tests.records.factories import png
from vault.spool import IN_MEMORY, Spool

PLAIN = b"the patient's name in clear "


@given(st.lists(st.binary(max_size=70), max_size=6), st.integers(0, 200), st.integers(0, 90))
@settings(max_examples=60)
def test_spool_gives_back_from_any_place(pieces: list[bytes], start: int, size: int) -> None:
    whole = b"".join(pieces)
    with Spool("/nonexistent") as spool:
        for piece in pieces:
            spool.write(piece)
        spool.seek(start)
        assert (spool.read(size), spool.read()) == (whole[start:][:size], whole[start:][size:])


def test_spool_on_disk_shows_nothing(tmp_path) -> None:  # type: ignore[no-untyped-def]
    data = PLAIN * (IN_MEMORY // len(PLAIN) + 9)
    with Spool(str(tmp_path)) as spool:
        spool.write(data)
        on_disk = os.pread(spool._stored.fileno(), len(data), 0)
        spool.seek(0)
        assert (len(on_disk), PLAIN[:8] in on_disk, spool.read() == data) == (len(data), False, True)


def test_spool_is_never_written_twice() -> None:
    with Spool("/nonexistent") as spool:
        spool.write(b"once")
        spool.seek(1)
        with pytest.raises(OSError, match="appended"):
            spool.write(b"again")


def posted(data: bytes, *, announced: int | None = None, imported: bool = False):  # type: ignore[no-untyped-def]
    """A form whose file comes between two other fields."""
    body = encode_multipart(
        BOUNDARY, {"before": "kept", "paper": SimpleUploadedFile("a.png", data), "after": "kept too"}
    )
    request = RequestFactory().generic(
        "POST", "/", body, MULTIPART_CONTENT, **({"CONTENT_LENGTH": str(announced)} if announced else {})
    )
    if imported:
        request.upload_handlers = [Imported(request)]
    return request


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (png() + bytes(MAX_BYTES), "more than 20 MB"),
        (b"<html>", "web page"),
        (b"PK\x03\x04", "archive"),
        (b"words", "neither a PDF"),
    ],
)
def test_refused_file_leaves_what_was_typed_and_names_its_field(data: bytes, words: str) -> None:
    request = posted(data)
    form = PaperForm(request.POST, request.FILES)
    refuse(form, request)
    assert (request.POST["before"], request.POST["after"], dict(request.FILES)) == ("kept", "kept too", {})
    assert (list(form.errors), words in str(form.errors["paper"]), form.is_valid()) == (["paper"], True, False)


def arrive(handler: Documents, piece: bytes) -> None:
    """One piece after the other, far beyond the limit."""
    for start in range(0, 2 * MAX_BYTES, len(piece)):
        handler.receive_data_chunk(piece, start)


def test_stream_longer_than_the_limit_is_cut_whatever_was_announced(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[int] = []
    monkeypatch.setattr(Spool, "write", lambda self, data: kept.append(len(data)))
    handler = Documents()
    handler.new_file("paper", "a.png", "image/png", None)
    with pytest.raises(SkipFile):
        arrive(handler, png() + bytes(handler.chunk_size))
    assert (sum(kept) <= MAX_BYTES, list(handler.refused)) == (True, ["paper"])


def test_good_file_arrives_whole_and_an_import_is_not_taken_for_a_document() -> None:
    assert posted(png()).FILES["paper"].read() == png()
    assert posted(b"nom;prenom\n", imported=True).FILES["paper"].read() == b"nom;prenom\n"
    assert "paper" not in posted(b"nom;prenom\n").FILES
