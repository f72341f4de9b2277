"""What the way out holds of people: that something about them left, for whom and why; never what."""

from adapters import money_data as _money  # noqa: F401 - declares payments, invoices and signatures
from adapters.boxes import personal_data as _boxes  # noqa: F401 - declares outbox and inbox
from privacy.declare import Category, Erase, Export, Subject, declare, personal, technical
from privacy.purposes import LegalBasis, Purpose
from privacy.wording import gettext_noop as _

declare(
    "adapters.Egress",
    subject=Subject.ACCOUNT,
    purpose=Purpose.LEGAL,
    basis=LegalBasis.LEGAL_OBLIGATION,
    retention="PC-46b",
    about=_("What was sent to which service, on which ground: kinds and sizes, never content"),
    fields={
        "id": technical("number of the line, given by the database"),
        "written_at": technical("the database's clock at the line"),
        "at": personal("when it left", Category.CONNECTION, erase=Erase.EXPIRES),
        "subprocessor": personal("service it went to", Category.CONNECTION, erase=Erase.EXPIRES),
        "host": technical("host it went to"),
        "stand_in": technical("whether that was a stand-in on the machine itself"),
        "ground": personal("consent or legal basis it rests on", Category.CONSENT, erase=Erase.EXPIRES),
        "subject_id": personal(
            "account it is about, by its random identifier", Category.REFERENCE, erase=Erase.EXPIRES
        ),
        "file_id": personal(
            "patient's file it is about, by its random identifier", Category.REFERENCE, erase=Erase.EXPIRES
        ),
        "categories": personal("kinds of data that were in it", Category.CONNECTION, erase=Erase.EXPIRES),
        "bytes_out": technical("size, unless it is a stream"),
        "attempt": technical("which attempt of the same call it was"),
        "outgoing_id": personal(
            "message of the outbox that it carried", Category.REFERENCE, erase=Erase.EXPIRES, export=Export.WITHHELD
        ),
        "leaf": technical("hash of the line, under the journal's seal"),
    },
)
declare(
    "adapters.EgressOutcome",
    subject=Subject.ACCOUNT,
    purpose=Purpose.LEGAL,
    basis=LegalBasis.LEGAL_OBLIGATION,
    retention="PC-46b",
    about=_("How each sending ended: kinds, sizes and times"),
    fields={
        "id": technical("number of the entry"),
        "written_at": technical("the database's clock"),
        "egress_id": technical("line of the egress journal"),
        "outcome": personal("how it ended", Category.CONNECTION, erase=Erase.EXPIRES),
        "status": technical("status of the answer"),
        "bytes_out": technical("size of a stream, known at its end"),
        "bytes_in": technical("size of the answer"),
        "milliseconds": technical("how long it took"),
        "leaf": technical("hash of the entry"),
    },
)
declare(
    "adapters.Breaker",
    about=_("Services whose last calls failed in a row"),
    fields={
        "subprocessor": technical("service"),
        "failures": technical("failures in a row"),
        "failed_at": technical("when the last one was"),
        "opened_at": technical("since when it rests"),
        "until": technical("until when it rests"),
    },
)
declare(
    "adapters.Switch",
    about=_("Services that the office closed, and why"),
    fields={
        "id": technical("random identifier of the entry"),
        "subprocessor": technical("service"),
        "reason": technical("why; no person is named"),
        "off_at": technical("when it was closed"),
        "on_at": technical("when it was opened again"),
    },
)
