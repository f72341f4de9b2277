"""What the clocks hold, field by field."""

from privacy.declare import Category, Erase, Export, FieldDeclaration, Subject, declare, personal, technical
from privacy.purposes import LegalBasis, Purpose
from privacy.wording import gettext_noop as _


def _fact(meaning: str) -> FieldDeclaration:
    """A field of the contract's history: it outlives the account under a random id, until its own term."""
    return personal(meaning, Category.REFERENCE, erase=Erase.PSEUDONYMISED, export=Export.PORTABLE)


declare(
    "lifecycle.SubscriptionEvent",
    subject=Subject.ACCOUNT,
    purpose=Purpose.SERVICE,
    basis=LegalBasis.CONTRACT,
    retention="PC-40",
    about=_("A fact of the contract: trial begun, subscribed, subscription ended. The phase is computed from them"),
    fields={
        "id": technical("random identifier of the fact"),
        "account_id": _fact("the account it is about, as a random id"),
        "number": technical("number of the fact among the account's own"),
        "kind": _fact("what happened"),
        "at": _fact("moment it happened"),
        "until": _fact("end of what it opened"),
        "jurisdiction": technical("whose calendar counts its days"),
        "actor_id": _fact("the account that acted, as a random id"),
        "actor_role": _fact("role in which it acted"),
    },
)

declare(
    "lifecycle.NoticeSent",
    subject=Subject.ACCOUNT,
    purpose=Purpose.SERVICE,
    basis=LegalBasis.CONTRACT,
    retention="PC-40",
    about=_("That a person was told of a change of phase, of a deletion or of a new version of the policy, and when"),
    fields={
        "id": technical("random identifier of the row"),
        "account_id": _fact("the account that was told, as a random id"),
        "phase_since": _fact("beginning of the phase or version the message was about"),
        "kind": _fact("which message, and over which channel"),
        "sent_at": _fact("moment it was sent"),
    },
)

declare(
    "lifecycle.DeletionEvent",
    subject=Subject.ACCOUNT,
    purpose=Purpose.LEGAL,
    basis=LegalBasis.LEGAL_OBLIGATION,
    retention="PC-52",
    about=_("What was asked, withdrawn, stopped and executed of the deletion of an account"),
    fields={
        "id": technical("random identifier of the event"),
        "account_id": _fact("the account it is about, as a random id"),
        "number": technical("number of the event among the account's own"),
        "request": technical("number of the event that opened the request"),
        "kind": _fact("what happened"),
        "at": _fact("moment it happened"),
        "execute_at": _fact("instant of the deletion"),
        "plan_sha256": _fact("fingerprint of the plan that was approved"),
        "why": _fact("why it was stopped"),
        "actor_id": _fact("the account that acted, as a random id"),
        "actor_role": _fact("role in which it acted"),
        "channel": technical("page, link, command or task"),
    },
)

declare(
    "lifecycle.Disposal",
    subject=Subject.PATIENT,
    purpose=Purpose.LEGAL,
    basis=LegalBasis.LEGAL_OBLIGATION,
    retention="PC-52",
    about=_("The decision to destroy a file: its random id, rule and day, never whose file it was"),
    fields={
        "id": technical("random identifier of the decision"),
        "file_id": personal(
            "the file, by a random identifier that nothing links to anybody any more",
            Category.REFERENCE,
            erase=Erase.PSEUDONYMISED,
        ),
        "practice_id": technical("the practice, for the wall between practices"),
        "rule": technical("rules that ended the file's term"),
        "until": technical("last day the file had to be kept"),
        "reason": technical("whether its term ended, an erasure was asked for, or a restore repeats it"),
        "counts": technical("how many rows of each kind the file had"),
        "decided_at": technical("when it was decided"),
        "run_id": technical("the sweep that decided it"),
        "actor_id": personal("the account that decided, as a random id", Category.REFERENCE, erase=Erase.PSEUDONYMISED),
        "actor_role": technical("role in which it decided"),
    },
)

declare(
    "lifecycle.Departed",
    about=_("How much left in each month, under which rule: of all practices together, about nobody"),
    fields={
        "id": technical("random identifier of the row"),
        "month": technical("month in which it was decided"),
        "kind": technical("kind of row"),
        "rule": technical("rules that ended the term"),
        "jurisdiction": technical("whose law applied"),
        "count": technical("how many left"),
    },
)

declare(
    "lifecycle.Hold",
    subject=Subject.PATIENT,
    purpose=Purpose.LEGAL,
    basis=LegalBasis.LEGAL_OBLIGATION,
    retention="PC-41",
    about=_("A legal hold on a patient's file: it stays whatever its clocks say, until the hold is lifted"),
    fields={
        "id": technical("random identifier of the row"),
        "practice": technical("the practice, for the wall between practices"),
        "file": personal("the patient's file", Category.REFERENCE),
        "ground": personal("the ground of the hold", Category.REFERENCE),
        "placed_at": personal("when it was placed", Category.REFERENCE),
        "placed_by": personal("who placed it", Category.REFERENCE, erase=Erase.PSEUDONYMISED),
        "placed_role": technical("the role in which it was placed"),
        "review_on": technical("when it is to be reviewed"),
        "lifted_at": personal("when it was lifted", Category.REFERENCE),
        "lifted_by": personal("who lifted it", Category.REFERENCE, erase=Erase.PSEUDONYMISED),
        "lifted_role": technical("the role in which it was lifted"),
        "case": personal("the case", Category.REFERENCE, sealed=True, erase=Erase.WITH_KEY, export=Export.WITHHELD),
        "why": personal(
            "why it was placed", Category.REFERENCE, sealed=True, erase=Erase.WITH_KEY, export=Export.WITHHELD
        ),
        "lifted_why": personal(
            "why it was lifted", Category.REFERENCE, sealed=True, erase=Erase.WITH_KEY, export=Export.WITHHELD
        ),
    },
)

declare(
    "lifecycle.SweepRun",
    subject=Subject.ACCOUNT,
    purpose=Purpose.LEGAL,
    basis=LegalBasis.LEGAL_OBLIGATION,
    retention="PC-46",
    about=_("What each sweep found due and did, and who approved a run that had stopped"),
    fields={
        "id": technical("random identifier of the row"),
        "run": technical("the sweep it was part of"),
        "rule": technical("the rule"),
        "started_at": technical("when it began"),
        "finished_at": technical("when it ended"),
        "due": technical("number of rows that were due"),
        "done": technical("number that were done"),
        "held": technical("number that were held back"),
        "failed": technical("number that failed"),
        "expected": technical("number the forecast had said"),
        "state": technical("how it ended"),
        "approved_at": technical("when it was approved"),
        "approved_by": personal(
            "who of the office approved it", Category.REFERENCE, erase=Erase.EXPIRES, export=Export.WITHHELD
        ),
        "approved_role": technical("in which role it was approved"),
    },
)

declare(
    "lifecycle.Forecasted",
    about=_("What was expected to leave, day by day; numbers only"),
    fields={
        "id": technical("random identifier of the row"),
        "taken_on": technical("day it was computed"),
        "counts": technical("how many rows of each kind leave until which day"),
    },
)

declare(
    "lifecycle.ScheduleVersion",
    subject=Subject.ACCOUNT,
    purpose=Purpose.LEGAL,
    basis=LegalBasis.LEGAL_OBLIGATION,
    retention="PC-41",
    about=_("A version of the retention schedule: what it says, who proposed and who approved it"),
    fields={
        "id": technical("random identifier of the step"),
        "number": technical("number of the version"),
        "step": technical("whether it was proposed or approved"),
        "replaces": technical("the version in force when it was proposed"),
        "rules": technical("how long each rule lasts"),
        "sha256": technical("digest of the rules"),
        "at": technical("moment of the step"),
        "actor_id": personal(
            "who proposed or approved it, as a random id",
            Category.REFERENCE,
            erase=Erase.PSEUDONYMISED,
            export=Export.WITHHELD,
        ),
        "actor_role": technical("role in which it acted"),
    },
)

declare(
    "lifecycle.PolicyAnnouncement",
    subject=Subject.ACCOUNT,
    purpose=Purpose.LEGAL,
    basis=LegalBasis.LEGAL_OBLIGATION,
    retention="PC-41",
    about=_("That a version of the policy was announced, when and by whom; who was told of it stands with the notices"),
    fields={
        "id": technical("random identifier of the row"),
        "number": technical("version of the policy"),
        "effective_on": technical("first day it is in force"),
        "material": technical("whether it is put before everybody again"),
        "at": technical("moment of the announcement"),
        "actor_id": personal(
            "who announced it, as a random id",
            Category.REFERENCE,
            erase=Erase.PSEUDONYMISED,
            export=Export.WITHHELD,
        ),
        "actor_role": technical("role in which it was announced"),
    },
)

declare(
    "lifecycle.RightsMark",
    about=_("How far the rights journal has come with each table"),
    fields={
        "stream": technical("the table"),
        "entry_id": technical("random identifier of the newest copied row"),
        "complete_until": technical("every row entered before is copied"),
    },
)

declare(
    "lifecycle.RightsReplay",
    about=_("When rights were replayed after a restore, and what that did; numbers only"),
    fields={
        "id": technical("random identifier of the row"),
        "started_at": technical("when it began"),
        "finished_at": technical("when it ended"),
        "counts": technical("how many of each kind"),
    },
)

declare(
    "lifecycle.ResidueScan",
    subject=Subject.ACCOUNT,
    purpose=Purpose.LEGAL,
    basis=LegalBasis.LEGAL_OBLIGATION,
    retention="PC-52",
    about=_("That another eye looked for what an erasure might have left, and in how many places it found something"),
    fields={
        "id": technical("random identifier of the row"),
        "subject_id": _fact("the account or file that was erased, as a random id"),
        "at": _fact("moment of the search"),
        "tokens": technical("how many words were searched"),
        "counts": technical("how many places per kind of store"),
        "is_clean": technical("whether nothing was found"),
    },
)

declare(
    "lifecycle.Erasure",
    subject=Subject.ACCOUNT,
    purpose=Purpose.LEGAL,
    basis=LegalBasis.LEGAL_OBLIGATION,
    retention="PC-41",
    about=_("That an erasure was approved, decided, carried out and verified: random ids, rules, days and counts"),
    fields={
        "id": technical("random identifier of the row"),
        "erasure_id": technical("random identifier of the erasure"),
        "state": technical("how far the erasure came"),
        "kind": technical("whether an account or a patient's file was erased"),
        "subject_id": _fact("the account or file, as a random id that names nobody any more"),
        "at": technical("when it came so far"),
        "plan_sha256": technical("address of the plan that was carried out"),
        "approved_sha256": technical("address of the plan that was approved"),
        "replayed": technical("whether it was repeated after a restore"),
        "figures": _fact("the plan: random ids of files with their rule and last day, and counts"),
        "actor_id": _fact("the account that acted, as a random id"),
        "actor_role": technical("role in which it acted"),
    },
)

declare(
    "lifecycle.ErasureCertificate",
    about=_("The signed certificate of an erasure; it names nobody"),
    fields={
        "id": technical("random identifier of the certificate"),
        "erasure_id": technical("the erasure"),
        "made_at": technical("when it was made"),
        "content": technical("the signed statement: counts, rules, days"),
        "pdf": technical("the same as a document for reading"),
        "sent_at": technical("when it was sent"),
    },
)

declare(
    "lifecycle.ClosedAccount",
    subject=Subject.ACCOUNT,
    purpose=Purpose.LEGAL,
    basis=LegalBasis.LEGITIMATE_INTEREST,
    retention="PC-40",
    about=_("Who the contracting party of a closed account was, sealed in the archive for three years"),
    fields={
        "id": technical("random identifier of the row, and of its key"),
        "account_id": _fact("the closed account, as a random id"),
        "closed_at": _fact("when the contract ended"),
        "keep_until": technical("last day it is kept"),
        "jurisdiction": technical("whose calendar counts its days"),
        "identity": personal(
            "name, e-mail address, professional address and number",
            Category.IDENTITY,
            sealed=True,
            erase=Erase.WITH_KEY,
            export=Export.ACCESS,
        ),
        "sought": personal(
            "the words the residue scan looks for, until it has run",
            Category.IDENTITY,
            sealed=True,
            erase=Erase.WITH_KEY,
            export=Export.WITHHELD,
        ),
    },
)

declare(
    "lifecycle.BreachEvent",
    subject=Subject.ACCOUNT,
    purpose=Purpose.LEGAL,
    basis=LegalBasis.LEGAL_OBLIGATION,
    retention="PC-52",
    about=_("The breach register: what happened, what was decided and who was told, without a name (GDPR Art. 33(5))"),
    fields={
        "id": technical("random identifier of the row"),
        "breach_id": technical("random identifier of the breach, and of its key"),
        "number": technical("which entry of the breach it is, from 1"),
        "kind": technical("what happened"),
        "at": technical("when"),
        "actor_id": _fact("the account that acted, as a random id"),
        "actor_role": technical("role in which it acted"),
        "facts": _fact("moments, counts, and the account, session and address whose readings are counted"),
        "said": personal(
            "what the office wrote: what happened, consequences, measures, reasons",
            Category.REFERENCE,
            sealed=True,
            erase=Erase.EXPIRES,
            export=Export.WITHHELD,
        ),
        "seq": technical("number of the entry, given by the database"),
        "written_at": technical("the database's own clock when it was written"),
        "leaf": technical("hash of the entry, for the seal over it"),
    },
)

declare(
    "lifecycle.BreachNotice",
    subject=Subject.ACCOUNT,
    purpose=Purpose.LEGAL,
    basis=LegalBasis.LEGAL_OBLIGATION,
    retention="PC-52",
    about=_("Who is told of a breach, and when they were: random ids"),
    fields={
        "id": technical("random identifier of the row"),
        "breach_id": technical("random identifier of the breach"),
        "whom": technical("in which way the breach touches them"),
        "subject_id": _fact("the account or file, as a random id"),
        "due_at": technical("when it was decided to tell them"),
        "sent_at": _fact("when they were told"),
        "by_post": technical("whether they are told by letter"),
    },
)
