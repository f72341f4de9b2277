"""The Art. 30 registers and the retention table, computed from the declarations (MD-05, PC-04).

Two controllers meet here: the practitioner for what is kept of patients, PratiConnect for
accounts. So there are three registers: each controller's (Art. 30(1)), and the one PratiConnect
keeps as processor of the practitioners (Art. 30(2)). None of them is typed: they change when a
declaration or a rule changes, and only then.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from privacy.declare import Category, Subject
from privacy.purposes import BASES, PURPOSES, BasisText, LegalBasis, Purpose
from privacy.recipients import Recipient, recipients_at
from privacy.registry import DeclaredField, personal_fields
from privacy.retention import RULES, Rule
from privacy.schedule import Rules
from privacy.wording import gettext_noop as _


class Register(StrEnum):
    """Whose register it is."""

    PRACTITIONER = "practitioner"
    PRATICONNECT = "praticonnect"
    PROCESSOR = "processor"


REGISTER_TITLES = {
    Register.PRACTITIONER: _("Your register as controller of your patients' data (Art. 30(1))"),
    Register.PRATICONNECT: _("PratiConnect's register as controller of accounts (Art. 30(1))"),
    Register.PROCESSOR: _("PratiConnect's register as processor of practitioners (Art. 30(2))"),
}

SUBJECTS = {
    Subject.PRACTITIONER: _("practitioners"),
    Subject.PATIENT: _("patients"),
    Subject.ACCOUNT: _("account holders"),
    Subject.VISITOR: _("visitors"),
    Subject.NOBODY: _("nobody"),
}

CATEGORIES = {
    Category.IDENTITY: _("identity"),
    Category.CONTACT: _("contact"),
    Category.PROFESSIONAL: _("professional data"),
    Category.HEALTH: _("health data"),
    Category.APPOINTMENT: _("appointment data"),
    Category.CONNECTION: _("connection data"),
    Category.FINANCIAL: _("financial data"),
    Category.USAGE: _("usage data"),
    Category.CREDENTIAL: _("credentials"),
    Category.CONSENT: _("decisions"),
    Category.REFERENCE: _("references"),
}

COMMON_SAFEGUARDS = (
    _("encrypted transport, second factor for everyone who signs in"),
    _("each access to a patient's file journaled, the journal sealed against change"),
)
SEALED_SAFEGUARD = _("AES-256-GCM at rest, keys kept in a database of their own")

Key = tuple[Purpose, LegalBasis, Subject]


@dataclass(frozen=True, slots=True)
class Entry:
    """One processing activity of a register, with everything Art. 30 asks of it."""

    register: Register
    purpose: Purpose
    basis: LegalBasis
    subject: Subject
    fields: tuple[DeclaredField, ...]
    rules: Rules
    everybody: tuple[Recipient, ...]
    """Whoever receives data of any kind on its day."""

    @property
    def title(self) -> str:
        """The purpose in words (English source)."""
        return PURPOSES[self.purpose]

    @property
    def basis_text(self) -> BasisText:
        """The legal basis in words, with its article and its condition of Art. 9."""
        return BASES[self.basis]

    @property
    def subjects(self) -> str:
        """The persons concerned, in words (English source)."""
        return SUBJECTS[self.subject]

    @property
    def tables(self) -> tuple[str, ...]:
        """What is kept, one sentence a table (English source)."""
        return tuple(dict.fromkeys(field.table.about for field in self.fields))

    @property
    def categories(self) -> tuple[str, ...]:
        """The categories of data, in words (English source)."""
        used = {declared.field.category for declared in self.fields}
        return tuple(words for category, words in CATEGORIES.items() if category in used)

    @property
    def recipients(self) -> tuple[Recipient, ...]:
        """Who receives the data: of the subprocessors those whom these kinds of data reach."""
        kinds = frozenset(declared.field.category for declared in self.fields if declared.field.category)
        return tuple(one for one in self.everybody if one.receives(self.purpose, kinds))

    @property
    def transfers(self) -> tuple[Recipient, ...]:
        """The recipients by whom data leave the European Economic Area, with what allows it; empty when there is no transfer."""
        return tuple(recipient for recipient in self.recipients if recipient.transfers)

    @property
    def retention(self) -> tuple[Rule, ...]:
        """The rules that end the data of this activity."""
        used = {declared.field.retention for declared in self.fields}
        return tuple(rule for rule in self.rules.values() if rule.id in used)

    @property
    def safeguards(self) -> tuple[str, ...]:
        """The security measures (English source); sealing is named where a field is sealed."""
        sealed = any(declared.field.sealed for declared in self.fields)
        return (*COMMON_SAFEGUARDS, *((SEALED_SAFEGUARD,) if sealed else ()))

    def as_dict(self) -> dict[str, object]:
        """The entry for JSON, in English."""
        return {
            "purpose": self.title,
            "legal_basis": self.basis_text.article,
            "article_9": self.basis_text.article_9,
            "subjects": self.subjects,
            "data": list(self.tables),
            "categories": list(self.categories),
            "recipients": [recipient.name for recipient in self.recipients],
            "transfers": [recipient.name for recipient in self.transfers],
            "retention": [rule.id for rule in self.retention],
            "safeguards": list(self.safeguards),
        }


@dataclass(frozen=True, slots=True)
class RetentionLine:
    """One rule of the schedule and the kinds of data that stand under it now."""

    rule: Rule
    tables: tuple[str, ...]
    fields: int


def entries(register: Register, rules: Rules = RULES, *, on: date) -> list[Entry]:
    """The activities of ``register`` on a day, in the order of the policy's purposes; ``rules`` are those in force."""
    everybody = recipients_at(on)
    groups: defaultdict[Key, list[DeclaredField]] = defaultdict(list)
    for declared in personal_fields():
        field = declared.field
        if _belongs(declared, register) and field.purpose and field.basis:
            groups[field.purpose, field.basis, declared.table.subject].append(declared)
    return [
        Entry(register, *key, tuple(fields), rules, everybody)
        for key, fields in sorted(groups.items(), key=lambda item: _order(item[0]))
    ]


def retention_table(fields: Iterable[DeclaredField] | None = None, rules: Rules = RULES) -> list[RetentionLine]:
    """Every rule of the schedule ``rules`` (the code's, if none is given) with the declared data that follow it."""
    by_rule: defaultdict[str | None, list[DeclaredField]] = defaultdict(list)
    for declared in personal_fields() if fields is None else fields:
        by_rule[declared.field.retention].append(declared)
    return [
        RetentionLine(
            rule,
            tuple(dict.fromkeys(field.table.about for field in by_rule[rule.id])),
            len(by_rule[rule.id]),
        )
        for rule in rules.values()
    ]


def _belongs(declared: DeclaredField, register: Register) -> bool:
    """Patients' data are the practitioner's, and PratiConnect's as their processor."""
    if declared.table.subject is Subject.PATIENT:
        return register in (Register.PRACTITIONER, Register.PROCESSOR)
    return register is Register.PRATICONNECT


def _order(key: Key) -> tuple[int, int, int]:
    purpose, basis, subject = key
    return (
        list(Purpose).index(purpose),
        list(LegalBasis).index(basis),
        list(Subject).index(subject),
    )
