"""The certificate as a document for reading: PDF/A-3b that carries the signed statement, and is signed as a whole.

The signature covers every byte of the file with its own place filled with zeros: it stands in the keywords, where PDF/A
allows a text of ours, at the same length before and after signing.
"""

import base64
import re
import warnings
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext

from audit import signing
from lifecycle.erasure.answers import Outcome
from lifecycle.erasure.files import Fate
from privacy.days import written

NAME: Final = "certificate.json"
MARK: Final = "praticonnect-signature"
EMPTY: Final = "0" * 88
STYLE: Final = Path(__file__).with_name("paper.css")
SIGNED: Final = re.compile(rb"praticonnect-signature:([\w.-]+):([A-Za-z0-9+/=]{88})")


def drawn(document: Mapping[str, Any], content: str, *, language: str, address: str) -> bytes:
    """The signed PDF of a certificate; ``content`` is the statement that goes along inside it, byte for byte."""
    key_id = next(iter(signing.public_keys()))
    with translation.override(language):
        values = {
            "document": document, "groups": groups_of(document), "decided": day_of(document["decided"]), "address": address,
            "mark": f"{MARK}:{key_id}:{EMPTY}", "language": language,
        }  # fmt: skip
        page = render_to_string("lifecycle/certificate_paper.html", values)
        note = gettext("The signed statement, for checking offline")
    return _signed(_written(page, content, note))


def _written(page: str, content: str, note: str) -> bytes:
    from weasyprint import HTML, Attachment  # a third of what a process takes to start, and few of them print

    attached = Attachment(string=content, name=NAME, description=note, relationship="Source")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # WeasyPrint leaves its colour profile to the collector
        made: bytes = HTML(string=page).write_pdf(
            stylesheets=[STYLE], pdf_variant="pdf/a-3b", attachments=[attached], uncompressed_pdf=True
        )
    return made


def is_genuine(pdf: bytes) -> bool:
    """Whether one of our keys signed every byte of this document."""
    marks = set(SIGNED.findall(pdf))
    if len(marks) != 1:
        return False
    key_id, value = marks.pop()
    blank = SIGNED.sub(lambda found: f"{MARK}:{found[1].decode()}:{EMPTY}".encode(), pdf)
    return signing.verify(blank, signing.Signature(key_id.decode(), base64.b64decode(value)))


def _signed(pdf: bytes) -> bytes:
    signature = signing.sign(pdf)
    value = base64.b64encode(signature.value)
    return pdf.replace(
        f"{MARK}:{signature.key_id}:{EMPTY}".encode(), f"{MARK}:{signature.key_id}:".encode() + value
    )  # fmt: skip


def groups_of(document: Mapping[str, Any]) -> list[tuple[str, list[dict[str, Any]]]]:
    """The parts by outcome, in words of the language in use."""
    titles = {
        Outcome.ERASED: gettext("Destroyed"),
        Outcome.BLANKED: gettext("Emptied: the row stays without a name"),
        Outcome.ARCHIVED: gettext("Archived, sealed, until its end"),
        Outcome.KEPT: gettext("Kept under a random identifier, because a law asks for it"),
    }
    parts = [_in_words(part) for part in document["parts"]]
    groups = [(title, [part for part in parts if part["outcome"] == outcome]) for outcome, title in titles.items()]
    return [(title, own) for title, own in groups if own]


def _in_words(part: Mapping[str, Any]) -> dict[str, Any]:
    return {**part, "title": gettext(part["about"]), "article": gettext(part["ground"]), "last_day": _until(part)}


def _until(part: Mapping[str, Any]) -> str:
    """Until when a part stays, in words; empty for what goes."""
    if part["until"]:
        return written(date.fromisoformat(part["until"]))
    if part["fate"] == Fate.HELD:
        return gettext("the hold is lifted")
    if part["fate"] == Fate.RESTRICTED:
        return gettext("the restriction is lifted")
    return gettext("its own end, with your colleague") if part["fate"] == Fate.SHARED else ""


def day_of(instant: str) -> str:
    """The day of an instant of the document, in words."""
    return written(datetime.fromisoformat(instant).date())
