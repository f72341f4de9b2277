"""Documents of a bundle: a text that belongs to one encounter is its note, the others are sealed documents."""

from email.message import Message
from io import BytesIO
from uuid import UUID

from django.utils.translation import gettext as _

from privacy.refusals import Refused
from records.actions import add_document
from records.models import Consultation, Document, Origin, PatientFile
from vault.handles import Handle

from . import fhir
from .bundles import Outline
from .importer import Importer
from .reading import Resource, resource_at


def text_of(paper: fhir.Paper) -> str:
    """The words of a text document; raises Unmapped when its bytes aren't the text it says."""
    header = Message()
    header["Content-Type"] = paper.content_type
    charset = header.get_content_charset("utf-8")
    try:
        return paper.content.decode(charset).strip()
    except (ValueError, LookupError):  # whatever a codec the sender named says: UnicodeError, a NUL in its name
        raise fhir.Unmapped(_("the text isn't in the encoding it says (%(name)s)") % {"name": charset[:30]}) from None


def note_of(document: Resource) -> str:
    """The note that a DocumentReference holds: all its attachments are texts, of one encounter; else ""."""
    try:
        found = fhir.papers(document)
        if all(paper.is_text and len(paper.encounters) == 1 and paper.content for paper in found):
            return "\n\n".join(text_of(paper) for paper in found)
    except fhir.Unmapped:
        return ""
    return ""


def add_papers(
    importer: Importer,
    file: PatientFile,
    handle: Handle,
    found: Outline,
    document: Resource,
    consultation_id: UUID | None,
) -> Document:
    """Seal and store the attachments of a DocumentReference; returns the first.

    Raises Unmapped with the reason when one isn't a document we show (its resource is then kept whole).
    """
    made: list[Document] = []
    for paper in fhir.papers(document):
        content = paper.content or _binary(found, paper.binary)
        if paper.is_text:
            raise fhir.Unmapped(_("a text that belongs to no consultation of this bundle"))
        made.append(_add(importer, file, handle, paper, content, consultation_id))
    return made[0]


def _add(
    importer: Importer,
    file: PatientFile,
    handle: Handle,
    paper: fhir.Paper,
    content: bytes,
    consultation_id: UUID | None,
) -> Document:
    consultation = Consultation(id=consultation_id) if consultation_id else None
    try:
        document = add_document(
            file=file, source=BytesIO(content), name=paper.original_name or paper.title or _("Document"), title=paper.title,
            consultation=consultation, origin=Origin.IMPORTED, handle=handle, by=importer.by, now=importer.now,
        )  # fmt: skip
    except Refused as refused:
        raise fhir.Unmapped(str(refused.refusal.message)) from None
    importer.stored.append(document.storage_name)
    return document


def _binary(found: Outline, address: str) -> bytes:
    """The bytes of an attachment that lie in a Binary of the same bundle."""
    number = found.names.find(address)
    entry = found.by_number(number) if number is not None else None
    if entry is None or entry.resource_type != "Binary":
        raise fhir.Unmapped(_("the document itself isn't in the bundle"))
    return fhir.decoded(str(resource_at(found.text, entry).get("data", "")))
