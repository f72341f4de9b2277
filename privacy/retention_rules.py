"""The retention schedule of the policy: promises D, one row each. Pure: no Django here.

``article`` is the text the length rests on, ``source`` the sentence of the policy or authority it
was taken from. A period counts from the anchor's day, which isn't counted itself. ``length`` is
empty where only a fact can end the rule; such a rule needs a day of review, never an empty end.
"""

from dataclasses import dataclass
from enum import StrEnum

from privacy.clocks import Jurisdiction, Period
from privacy.wording import gettext_noop as _


class Anchor(StrEnum):
    """The facts from which clocks run."""

    CONTRACT_END = _("the end of the contractual relation")
    LAST_CONSULTATION = _("the last consultation")
    ISSUE = _("the issue")
    EVENT = _("the event")
    ACCOUNTING_YEAR_END = _("the end of the accounting year")
    TAX_YEAR_END = _("the end of the tax year")
    SIGNATURE = _("the signature")
    LEGAL_VALUE_END = _("the end of the legal value")
    REVIEW = _("the day of review")
    RECORDING_END = _("the end of the recording")
    DELETION_EXECUTED = _("the execution of the deletion")
    CONSENT_END = _("the end of the consent")
    REQUEST_CLOSED = _("the closure of the request")
    LAST_EXCHANGE = _("the last exchange")
    ACCOUNT_CLOSED = _("the closure of the account")
    BIRTH = _("the birth")
    DEATH = _("the death")
    HOLD_PLACED = _("the placing of the hold")
    HOLD_LIFTED = _("the lifting of the hold")


class Disposal(StrEnum):
    """What follows the end of a term."""

    DELETE = _("delete")
    DESTROY_KEY = _("destroy key, delete")
    DROP_PARTITION = _("drop partition")
    DELETE_WITH_DOCUMENT = _("delete with the document")
    DELETE_OBJECT = _("delete object and row")
    ANONYMISE = _("anonymise")
    AGGREGATE_THEN_DELETE = _("aggregate, then delete")
    KEEP_AGGREGATE = _("keep, as it names nobody")
    OTHER_RULES = _("the rules of each record")


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the schedule. ``active`` + ``archive`` = ``length`` where there is an archive."""

    id: str
    category: str
    anchor: Anchor
    length: Period | None
    then: Disposal
    article: str
    source: str
    reason: str
    active: Period | None = None
    archive: Period | None = None
    jurisdiction: Jurisdiction | None = None
    never_before: Anchor | None = None
    """The end is never sooner than ``length`` after this fact either."""
    replaces: str | None = None
    """The rule whose end this one takes the place of when it comes sooner."""
    lasts: str = ""
    """How long in words, where the bare period would mislead; else the period says it."""
    review: Period | None = None
    """How far off the day of review may lie while the rule is open."""
    ends_with: Anchor | None = None
    """The fact that ends an open rule."""
    open_reason: str = ""


_SCHEDULE = (
    Rule(
        "PC-40",
        _("Account data"),
        Anchor.CONTRACT_END,
        Period(years=3),
        Disposal.DELETE,
        _("GDPR Art. 5(1)(e), 6(1)(b)"),
        "policy of 14 May 2026, Data retention period; CNIL reference for commercial management",
        _("Account data stays three years after the contract, which ended on %(since)s."),
    ),
    Rule(
        "PC-41",
        _("Health data"),
        Anchor.LAST_CONSULTATION,
        Period(years=20),
        Disposal.DESTROY_KEY,
        _("CSP R1112-7 (by the Order's alignment), GDPR Art. 9(2)(h)"),
        "policy of 14 May 2026; CNIL reference for practices, deliberation 2020-081",
        _("A medical file stays 20 years after the last consultation, held on %(since)s."),
        active=Period(years=5),
        archive=Period(years=15),
    ),
    Rule(
        "PC-42",
        _("Billing data"),
        Anchor.ISSUE,
        Period(years=10),
        Disposal.DELETE,
        "Code de commerce L123-22",
        "policy of 14 May 2026, Data retention period",
        _("Billing data stays ten years after its issue on %(since)s."),
    ),
    Rule(
        "PC-43",
        _("Connection logs"),
        Anchor.EVENT,
        Period(years=1),
        Disposal.DROP_PARTITION,
        "Décret 2021-1362, LCEN Art. 6",
        "policy of 14 May 2026, Data retention period",
        _("A connection of %(since)s stays in the log for one year."),
    ),
    Rule(
        "PC-44",
        _("Issued invoices, France"),
        Anchor.ACCOUNTING_YEAR_END,
        Period(years=10),
        Disposal.DELETE,
        "Code de commerce L123-22",
        "policy of 14 May 2026, Detail by data category",
        _("A French invoice stays ten years after its accounting year, closed on %(since)s."),
        jurisdiction=Jurisdiction.FR,
        never_before=Anchor.ISSUE,
    ),
    Rule(
        "PC-45",
        _("Issued invoices, Israel"),
        Anchor.TAX_YEAR_END,
        Period(years=7),
        Disposal.DELETE,
        _("Income Tax Ordinance §130"),
        "policy of 14 May 2026, Detail by data category",
        _("An Israeli invoice stays seven years after its tax year, closed on %(since)s."),
        jurisdiction=Jurisdiction.IL,
    ),
    Rule(
        "PC-46",
        _("Security logs"),
        Anchor.EVENT,
        Period(years=1),
        Disposal.DROP_PARTITION,
        _("GDPR Art. 32; CNIL deliberation 2021-122"),
        "policy of 14 May 2026 says one year at least; the CNIL six to twelve months: twelve",
        _("A security event of %(since)s stays in the log for one year."),
    ),
    Rule(
        "PC-46b",
        _("Data-access journal"),
        Anchor.EVENT,
        Period(years=3),
        Disposal.DROP_PARTITION,
        _("GDPR Art. 5(2), 15, 32; Regulation 2025/327 Art. 9"),
        "our own rule: the person's right to know who looked outlives the technical log",
        _("An access of %(since)s stays in the journal for three years, so you can ask about it."),
    ),
    Rule(
        "PC-47",
        _("Qualified eIDAS signatures"),
        Anchor.SIGNATURE,
        None,
        Disposal.DELETE_WITH_DOCUMENT,
        _("Regulation 910/2014 Art. 25; Code civil 1366, 1367"),
        "policy of 14 May 2026: until the claim or the legal value of the document expires",
        _("The signature of %(since)s stays until its legal value ends on %(until)s."),
        review=Period(years=1),
        ends_with=Anchor.LEGAL_VALUE_END,
        open_reason=_("The signature of %(since)s still has legal value; reviewed on %(review)s."),
        lasts=_("until its legal value ends, with a day of review"),
    ),
    Rule(
        "PC-48",
        _("Teleconsultation recordings"),
        Anchor.RECORDING_END,
        Period(days=90),
        Disposal.DELETE_OBJECT,
        _("GDPR Art. 5(1)(e)"),
        "policy of 14 May 2026, Detail by data category: unless a dispute is pending",
        _("A recording stays 90 days after it ended on %(since)s."),
    ),
    Rule(
        "PC-49",
        _("Patient data, active account"),
        Anchor.CONTRACT_END,
        Period(),
        Disposal.DESTROY_KEY,
        _("GDPR Art. 6(1)(b), 9(2)(h); CSP R1112-7"),
        "policy of 14 May 2026: the contract plus medical retention, whichever is longer",
        _("Patient data stays while the contract runs, which is until %(since)s."),
        lasts=_("the contract or the medical term, whichever is longer"),
    ),
    Rule(
        "PC-50",
        _("Patient data, deleted account"),
        Anchor.DELETION_EXECUTED,
        Period(),
        Disposal.ANONYMISE,
        _("GDPR Art. 17"),
        "policy of 14 May 2026: at once, except legal retention",
        _("The deletion was executed on %(since)s; what no law keeps goes that day."),
        lasts=_("at once, except what a law keeps"),
    ),
    Rule(
        "PC-51",
        _("Proof of consents"),
        Anchor.CONSENT_END,
        Period(years=5),
        Disposal.DELETE,
        _("GDPR Art. 7(1); Code civil 2224"),
        "policy of 14 May 2026, Detail by data category",
        _("The proof of a consent stays five years after the consent ended on %(since)s."),
    ),
    Rule(
        "PC-52",
        _("GDPR requests"),
        Anchor.REQUEST_CLOSED,
        Period(years=3),
        Disposal.DELETE,
        _("GDPR Art. 5(2), 12"),
        "policy of 14 May 2026; an objection still to be honoured lives on as a keyed hash only",
        _("A request stays three years after it was closed on %(since)s."),
    ),
    Rule(
        "MD-20",
        _("Teleconsultation exchanges and data"),
        Anchor.LAST_EXCHANGE,
        Period(years=10),
        Disposal.AGGREGATE_THEN_DELETE,
        _("GDPR Art. 5(1)(e); CSP L1142-28"),
        "second policy: five years active, five years archive; one filed in a record follows it",
        _("An exchange stays ten years after the last one, held on %(since)s."),
        active=Period(years=5),
        archive=Period(years=5),
    ),
    Rule(
        "MD-21",
        _("Aggregates that identify nobody"),
        Anchor.LAST_EXCHANGE,
        Period(years=10),
        Disposal.KEEP_AGGREGATE,
        _("GDPR Recital 26"),
        "second policy: beyond its term only statistics, written before the rows go",
        _("Only statistics that identify nobody stay beyond %(until)s."),
        lasts=_("beyond the term, as it names nobody"),
    ),
    Rule(
        "MD-22",
        _("Records of a closed account"),
        Anchor.ACCOUNT_CLOSED,
        Period(),
        Disposal.OTHER_RULES,
        _("GDPR Art. 17(3)"),
        "second policy: closing an account doesn't destroy at once; the person is told what stays",
        _("The account was closed on %(since)s; each record keeps the term of its own rule."),
        lasts=_("as the rule of each record says"),
    ),
    Rule(
        "LAW-01",
        _("Health data of minors"),
        Anchor.BIRTH,
        Period(years=28),
        Disposal.DESTROY_KEY,
        "CSP R1112-7",
        "Code de la santé publique; applied in every jurisdiction, as it only ever keeps longer",
        _("A medical file is never destroyed before the patient's 28th birthday, %(until)s."),
    ),
    Rule(
        "LAW-02",
        _("Health data after a death"),
        Anchor.DEATH,
        Period(years=10),
        Disposal.DESTROY_KEY,
        "CSP R1112-7",
        "Code de la santé publique; shortens the 20 years, so only under French law",
        _("The patient died on %(since)s; the file stays ten years from then."),
        jurisdiction=Jurisdiction.FR,
        replaces="PC-41",
        lasts=_("10 years, if they end before the 20 of the last consultation"),
    ),
    Rule(
        "LAW-03",
        _("Legal hold"),
        Anchor.HOLD_PLACED,
        None,
        Disposal.OTHER_RULES,
        _("CSP R1112-7; GDPR Art. 17(3)(e), 18(2)"),
        "a dispute, a claim or a court order; beats every sweep and every erasure",
        _("A hold placed on %(since)s was lifted on %(until)s."),
        review=Period(years=1),
        ends_with=Anchor.HOLD_LIFTED,
        open_reason=_("A hold of %(since)s keeps this; it is reviewed on %(review)s."),
        lasts=_("until it is lifted, with a day of review"),
    ),
)

RULES: dict[str, Rule] = {rule.id: rule for rule in _SCHEDULE}
"""Every retention rule, keyed by its promise id."""
