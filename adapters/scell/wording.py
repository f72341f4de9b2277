"""What stands at Scell.io in words: kinds, states, and the files that are kept of a signature. English sources."""

from typing import Final

from privacy.wording import gettext_noop as _

KINDS: Final = {"invoice": _("Electronic invoice"), "signature": _("Signature")}
INVOICE: Final = {
    "asked": _("asked for, not made there yet"),
    "draft": _("a draft"),
    "processing": _("being made"),
    "converting": _("being made"),
    "converted": _("made, not checked yet"),
    "error": _("failed there"),
    "validated": _("valid"),
    "transmitted": _("sent to who has to pay it"),
    "rejected": _("rejected by who has to pay it"),
    "accepted": _("accepted by who has to pay it"),
    "paid": _("paid"),
}
SIGNATURE: Final = {
    "asked": _("asked for, not made there yet"),
    "pending": _("being prepared"),
    "waiting_signers": _("waiting for who has to sign"),
    "partially_signed": _("signed by some, not by all"),
    "error": _("failed there"),
    "expired": _("over: not signed in time"),
    "refused": _("refused by somebody who had to sign"),
    "completed": _("signed by all"),
}
STATES: Final = {"invoice": INVOICE, "signature": SIGNATURE}
FILES: Final = {
    "original": _("The document as it was to be signed"),
    "signed": _("The signed document"),
    "audit_trail": _("Who signed when"),
}
"""The files that prove a signature, by the name they are kept under."""
