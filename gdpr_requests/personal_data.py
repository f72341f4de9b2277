"""What the rights desk and the house's own duties hold, field by field."""

from privacy.declare import declare, technical
from privacy.wording import gettext_noop as _

declare(
    "gdpr_requests.Duty",
    about=_("What the house itself has to renew: certificates, audits, training"),
    fields={
        "id": technical("random identifier of the duty"),
        "kind": technical("what kind of thing falls due"),
        "title": technical("what it is called; no person is named"),
        "every_months": technical("after how many months it falls due again"),
        "first_due_on": technical("when it was due for the first time"),
        "created_at": technical("when it was entered"),
        "ended_at": technical("when it was ended"),
    },
)

declare(
    "gdpr_requests.DutyDone",
    about=_("That a duty of the house was done, on which day"),
    fields={
        "id": technical("random identifier of the entry"),
        "duty": technical("the duty"),
        "done_on": technical("the day on which it was done"),
        "next_due_on": technical("when it falls due again"),
        "recorded_at": technical("when it was entered"),
        "sha256": technical("hash of the document that proves it"),
    },
)

declare(
    "gdpr_requests.DutyProof",
    about=_("The document that proves it; names of people are blacked out before"),
    fields={
        "done": technical("the entry it proves"),
        "content_type": technical("kind of document"),
        "sealed": technical("the document, sealed under a key of the house"),
    },
)
