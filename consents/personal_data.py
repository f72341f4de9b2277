"""What the ledger and the texts hold, field by field."""

from privacy.declare import Category, Erase, Export, FieldDeclaration, Subject, declare, personal, technical
from privacy.purposes import LegalBasis, Purpose
from privacy.wording import gettext_noop as _

declare(
    "consents.PublishedText",
    about=_("A wording that was put before people, at the address of its content; never edited"),
    fields={
        "id": technical("random identifier of the row"),
        "sha256": technical("address of the text: the hash of its canonical form"),
        "slot": technical("the key or integration the text is about"),
        "language": technical("language of the text"),
        "number": technical("version of the text, counted from 1"),
        "effective_on": technical("first day the text is in force"),
        "content": technical("the text itself"),
        "published_at": technical("moment the text was published"),
    },
)


def _proof(meaning: str, category: Category) -> FieldDeclaration:
    """A field of the proof: it outlives the account under a random id, and goes along in an export."""
    return personal(meaning, category, erase=Erase.PSEUDONYMISED, export=Export.PORTABLE)


declare(
    "consents.ConsentEvent",
    subject=Subject.ACCOUNT,
    purpose=Purpose.LEGAL,
    basis=LegalBasis.LEGAL_OBLIGATION,
    retention="PC-51",
    about=_("A choice a person made: what, when, on which words. The proof of a consent (Art. 7(1))"),
    fields={
        "id": technical("random identifier of the entry"),
        "subject_id": _proof(
            "the account, or the patient's file, the choice is about, as a random id", Category.REFERENCE
        ),
        "controller_id": technical("the practice a patient decided towards, as a random id; none: the house"),
        "number": technical("number of the entry among the person's own"),
        "key": _proof("the key chosen on", Category.CONSENT),
        "child": _proof("the integration chosen on", Category.CONSENT),
        "kind": _proof("acceptance, acknowledgement, consent or authorisation", Category.CONSENT),
        "action": _proof("given, renewed, refused or withdrawn", Category.CONSENT),
        "previous_state": _proof("where the switch stood before", Category.CONSENT),
        "at": _proof("moment of the choice", Category.CONSENT),
        "actor_id": _proof("the account that acted, as a random id", Category.REFERENCE),
        "actor_role": _proof("role in which it acted", Category.REFERENCE),
        "authority": _proof("on whose authority, when for another", Category.CONSENT),
        "authority_reference": _proof("where the authority's document is", Category.REFERENCE),
        "policy_number": technical("version of the policy then in force"),
        "text": technical("address of the wording that was shown"),
        "text_number": technical("version of that wording"),
        "language": _proof("language of the page", Category.CONSENT),
        "channel": _proof("web, sign-up, command", Category.CONSENT),
        "control": technical("kind of control acted on"),
        "control_default": technical("state in which the control was shown"),
        "control_label": technical("words on the control"),
    },
)

declare(
    "consents.EventOrigin",
    subject=Subject.ACCOUNT,
    purpose=Purpose.LEGAL,
    basis=LegalBasis.LEGAL_OBLIGATION,
    retention="PC-43",
    about=_("The address and browser a choice came from, kept apart for one year"),
    fields={
        "id": technical("number of the row"),
        "written_at": technical("moment the database wrote the row"),
        "event_id": personal("the entry it belongs to", Category.REFERENCE, erase=Erase.EXPIRES),
        "at": personal("moment of the choice", Category.CONNECTION, erase=Erase.EXPIRES),
        "ip": personal("address the choice came from", Category.CONNECTION, erase=Erase.EXPIRES),
        "leaf": technical("hash of the row, set by the database"),
        "user_agent": personal("browser the choice came from", Category.CONNECTION, erase=Erase.EXPIRES),
    },
)

declare(
    "consents.Stop",
    subject=Subject.ACCOUNT,
    purpose=Purpose.LEGAL,
    basis=LegalBasis.LEGAL_OBLIGATION,
    retention="PC-51",
    about=_("Where a withdrawal had to take effect, and how long it took; it leaves with the proof of the withdrawal"),
    fields={
        "id": technical("random identifier of the row"),
        "event_id": _proof("the withdrawal", Category.REFERENCE),
        "subject_id": _proof("the account, or the patient's file, it is about, as a random id", Category.REFERENCE),
        "slot": _proof("what was withdrawn", Category.CONSENT),
        "name": _proof("the place where it had to stop", Category.CONSENT),
        "asked_at": _proof("moment of the withdrawal", Category.CONSENT),
        "ended_at": _proof("moment it had stopped there", Category.CONSENT),
        "dropped": technical("how many waiting messages were dropped"),
        "state": technical("where it stands"),
        "due_at": technical("when it is tried next"),
        "claimed_at": technical("when a worker began it"),
        "attempts": technical("how often it was begun"),
        "problem": technical("code of what went wrong last"),
    },
)

declare(
    "consents.PageCount",
    about=_("How often a page was opened on a day, by visitors who agreed: a number about nobody"),
    fields={
        "id": technical("row number"),
        "day": technical("the day"),
        "page": technical("name of the page in the house"),
        "views": technical("how often it was opened"),
    },
)

declare(
    "consents.UsageEvent",
    subject=Subject.PRACTITIONER,
    purpose=Purpose.IMPROVEMENT,
    basis=LegalBasis.CONSENT,
    retention="PC-43",
    about=_("A use of a feature by somebody who agreed to its being counted; erased when they take it back"),
    fields={
        "id": technical("random identifier of the row"),
        "user": personal("the account", Category.REFERENCE, erase=Erase.DELETE),
        "feature": personal("which feature was used, from a closed list", Category.USAGE, export=Export.PORTABLE),
        "device": personal("computer, tablet or phone", Category.USAGE, export=Export.PORTABLE),
        "hour": personal("the hour in which it was used", Category.USAGE, export=Export.PORTABLE),
    },
)

declare(
    "consents.AudienceMember",
    subject=Subject.ACCOUNT,
    purpose=Purpose.IMPROVEMENT,
    basis=LegalBasis.CONSENT,
    retention="PC-40",
    about=_("That an address stands in the readers' list of the newsletter, as long as its person agrees"),
    fields={
        "user": personal("the account", Category.REFERENCE, erase=Erase.DELETE),
        "contact_id": personal(
            "number of the reader at the service that sends it", Category.REFERENCE, export=Export.PORTABLE
        ),
        "joined_at": personal("when it joined the list", Category.CONSENT, export=Export.PORTABLE),
        "silent_since": personal("since when the address takes no mail", Category.CONTACT, export=Export.PORTABLE),
        "leaving_since": personal(
            "since when we have been taking it out there", Category.CONSENT, export=Export.PORTABLE
        ),
    },
)
