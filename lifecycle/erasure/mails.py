"""The last message to the holder of an account: its certificate. The account is gone, so its words are found by the erasure's id."""

from typing import Final
from uuid import UUID

from adapters import journal, mail, outbox
from adapters.boxes.refs import GroundRef
from adapters.content import Link, Plain

KIND: Final = "lifecycle.certificate"
TEMPLATE: Final = "lifecycle/email/certificate"


def ask(certificate_id: UUID) -> None:
    """Have a certificate sent once the caller's transaction commits; a second call does nothing, unless the first never left."""
    outbox.enqueue(
        kind=KIND, payload={"certificate": str(certificate_id)}, ground=GroundRef.necessary("legal_notice"),
        now=journal.database_clock(), dedupe=str(certificate_id), anew=True,
    )  # fmt: skip


def words(to: str, language: str, address: str, content: str, pdf: bytes) -> mail.Words:
    """Statement and document, and where both can be had."""
    values = {"address": Link(address)}
    subject, text = (
        Plain.from_template(f"{TEMPLATE}_{part}.txt", values, language=language) for part in ("subject", "message")
    )
    papers = (("certificate.json", content.encode(), "application/json"), ("certificate.pdf", pdf, "application/pdf"))
    return mail.Words(to, subject, text, papers)
