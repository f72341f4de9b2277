"""The table of cells: what each kind of visitor must get at each address, by GET and by POST, read off the roles' classes.

Two walls stand one behind the other: the gate, which knows audience and right, and the page, which knows whose the things of its
address are. ``expected`` raises LookupError for an address that the table doesn't know: a new page fails the walk until it has cells.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import Final

from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.access import Access, Audience
from care.models import Capacity, PortalPart
from care.roles import Officer, Practitioner, Recipient, Right
from care.team.reach import READING, needed
from tests.security.urlmap import Page


class Cell(StrEnum):
    """What an answer comes to."""

    OPEN = "open"
    CLOSED = "403"
    ABSENT = "404"
    SIGN_IN = "sign in"
    PROVE = "prove a factor"
    AGREE = "sign the agreement"
    NOT_OFFERED = "405"
    BROKEN = "500"


OPEN, CLOSED, ABSENT = Cell.OPEN, Cell.CLOSED, Cell.ABSENT


def found(answer: HttpResponse) -> Cell:
    """The cell of an answer; a redirect within the house counts as open."""
    code = answer.status_code
    if code in (301, 302, 303):
        path = answer.headers["Location"].split("?")[0]
        return doors().get(path, OPEN)
    return Cell.BROKEN if code >= 500 else {403: CLOSED, 404: ABSENT, 405: Cell.NOT_OFFERED}.get(code, OPEN)


@cache
def doors() -> Mapping[str, Cell]:
    """Where somebody is sent who has to do something first."""
    return {
        reverse(settings.LOGIN_URL): Cell.SIGN_IN, reverse(settings.SECOND_FACTOR_URL): Cell.PROVE,
        reverse("accounts:protect"): Cell.PROVE, reverse("care:agreement"): Cell.AGREE,
    }  # fmt: skip


IN_PRACTICE, IN_PORTAL, AS_AGENT = (
    frozenset({one}) for one in (Audience.PRACTITIONER, Audience.PATIENT, Audience.AUTHORITY)
)
WALLED = IN_PRACTICE | IN_PORTAL | AS_AGENT
"""The pages where it counts what somebody is to a practice."""


@dataclass(frozen=True)
class Link:
    """How somebody looks into a file through the portal; ``to_a``: into the file of practice A's patient."""

    capacity: Capacity
    parts: frozenset[str] = frozenset(PortalPart.values)
    to_a: bool = True

    @property
    def speaks(self) -> bool:
        """Whether it is the patient's own, or a guardian's."""
        return self.capacity != Capacity.PROXY


@dataclass(frozen=True)
class Who:
    """Somebody who asks, as far as they can be signed in, and what they are to practice A."""

    name: str
    client: Client
    role: type[Recipient] | None = None
    """Where they work, or what they are to the house; None: nothing."""
    of_a: bool = False
    """Practice A is theirs."""
    treats: bool = False
    hour: bool = False
    """Opened the file in an emergency, less than an hour ago."""
    agreed: bool = False
    """The patient let the team in."""
    door: Cell | None = None
    """Where every page but the public ones sends them: to sign in, or to prove a factor."""
    barred: Cell | None = None
    """Where the pages of a practice send a member who still owes something."""
    patient: bool = False
    """The account has a patient's side."""
    link: Link | None = None
    agent: bool = False
    """Named by an order; ``of_a``: by the one of practice A that runs."""
    home: frozenset[Audience] = WALLED
    """Whose pages they are asked at; narrower for those who differ from somebody else there alone."""
    everywhere: bool = False
    """Asked at everybody's and the office's pages too, as one of each kind."""
    own: Mapping[str, object] = field(default_factory=dict)
    """What their own addresses are made of."""

    @property
    def writes(self) -> bool:
        """Whether what they may open may change something of practice A."""
        may = self.role is not None and self.role.may(Right.WRITE)
        return self.treats or (self.of_a and self.agreed and may) or bool(self.link and self.link.speaks)


NOBODYS, FILE, OWN, PRACTICE = "nobody's", "the file's", "the owner's own", "the practice's"
THINGS: Final = {
    "file_id": FILE,
    "export_id": OWN, "event_id": OWN, "run_id": OWN, "request_id": OWN, "proof_id": OWN,
    "membership_id": PRACTICE, "invitation_id": PRACTICE, "emergency_id": PRACTICE, "order_id": PRACTICE,
    "key": NOBODYS,
}  # fmt: skip
"""Whose each argument of a practice's pages is. What lies in a file is named together with it."""
IN_A_FILE: Final = {"consultation_id", "suggestion_id", "measure_id", "document_id", "kept_id", "opening_id", "number"}
PUT_TO_THE_PRACTICE: Final = {"gdpr:request_paper"}
"""Here the request is one that the practice answers."""
OF_ANOTHER_FILE: Final = {"records:kept", "records:kept_one"}
"""Here the file is one that was imported: nobody has it open in an emergency."""

SELF, SPEAKS, RIGHTS = "the patient alone", "the patient or a guardian", "a choice of the patient or a guardian"
PORTAL: Final[dict[str, str]] = {
    "patient:practice": "", "patient:relatives": SELF, "patient:video": SPEAKS,
    "patient:questionnaire": PortalPart.QUESTIONNAIRE, "patient:consultation": PortalPart.CONSULTATIONS,
    "patient:document": PortalPart.DOCUMENTS, "patient:document_page": PortalPart.DOCUMENTS,
    "patient:document_download": PortalPart.DOCUMENTS,
    **dict.fromkeys(
        (f"patient_privacy:consent_{act}" for act in ("decide", "team", "withdraw", "log", "receipt")), RIGHTS),
    "patient_privacy:question": RIGHTS,
    **dict.fromkeys(
        ("patient_privacy:request", *(f"patient_privacy:export_{act}" for act in ("download", "delete", "again"))), SELF),
}  # fmt: skip
"""What a link must open for each page of the portal that names something; empty: any link does."""

A_STEP = "a step of signing in or of a change: leads elsewhere, or isn't there, when none is under way"
A_LINK = "opened by a link from a mail: this one is nobody's"
STEPS: Final[dict[str, str]] = {
    **dict.fromkeys(
        ("account_email_verification_sent", "account_logout", "accounts:code", "accounts:renew_password", "care:agreement",
         "mfa_authenticate", "mfa_login_webauthn"), A_STEP),
    **dict.fromkeys(("accounts:issue", "accounts:lost_confirm", "accounts:reset", "lifecycle:certificate", "lifecycle:certificate_json",
         "lifecycle:certificate_pdf", "lifecycle:keep", "patient:invitation", "consents:unsubscribe"), A_LINK),
    **dict.fromkeys(
        ("mfa_deactivate_totp", "mfa_edit_webauthn", "mfa_remove_webauthn", "mfa_view_recovery_codes"),
        "a factor of one's own: nobody here has one by that number"),
    "accounts:profile": "a practitioner's own: who practises nowhere has none",
    **dict.fromkeys(("adapters:hook", "adapters:hook_below"), "nobody here can prove to be a sender of events"),
    "directory:page": "a listing that isn't complete here: public to nobody yet",
    "mfa_reauthenticate": "proves a factor of one's own: a patient's code by e-mail is proved elsewhere",
}  # fmt: skip
"""Pages that need something of the person's own which nobody here has: their cells beyond the gate aren't told apart."""


def expected(who: Who, page: Page, access: Access, method: str, *, own: bool = False) -> set[Cell]:
    """The cells that are right; ``own``: the address is made of the visitor's own link or order. Raises LookupError without a row."""
    stopped = at_the_gate(who, access, method)
    if stopped is not None:
        return {stopped}
    if page.name in STEPS:
        return {OPEN, ABSENT, Cell.SIGN_IN, Cell.PROVE}
    if access.audience is Audience.PRACTITIONER:
        return in_practice(who, page, access, method)
    if access.audience is Audience.PATIENT:
        return {in_portal(who, page, own=own)}
    if access.audience is Audience.AUTHORITY:
        return {OPEN} if (who.of_a and own) or not page.arguments else {ABSENT}
    return {OPEN}


def at_the_gate(who: Who, access: Access, method: str) -> Cell | None:
    """Where the gate stops somebody; None: it lets them pass."""
    match access.audience:
        case Audience.PUBLIC:
            return None
        case _ if who.door is Cell.SIGN_IN:
            return Cell.SIGN_IN
        case Audience.SIGNED_IN:
            return None
        case _ if who.door:
            return who.door
        case Audience.VERIFIED:
            return None
        case Audience.PRACTITIONER:
            return at_the_practice(who, access, method)
        case Audience.PATIENT:
            return None if who.patient else ABSENT
        case Audience.AUTHORITY:
            return None if who.agent else ABSENT
        case Audience.OFFICE:
            return None if who.role is Officer else ABSENT
    raise LookupError(f"{access.audience} has no cells: say in tests/security/cells.py who comes in")


def at_the_practice(who: Who, access: Access, method: str) -> Cell | None:
    """The same for the pages of a practice: the team as far as its class goes (MD-40, MD-41)."""
    if who.role is None or not who.role.in_practice:
        return ABSENT
    if issubclass(who.role, Practitioner):
        return None
    if who.barred:
        return who.barred
    if not access.right:
        return ABSENT
    return None if who.role.may(needed(access, method)) else CLOSED


def whose(page: Page) -> str:
    """Whose the things of a practice's address are. Raises LookupError for an argument that isn't in the table."""
    unknown = page.arguments - THINGS.keys() - IN_A_FILE
    if unknown or (page.arguments & IN_A_FILE and "file_id" not in page.arguments):
        raise LookupError(
            f"{page.name} has no cells: say in tests/security/cells.py whose {sorted(page.arguments)} are"
        )
    if page.name in PUT_TO_THE_PRACTICE:
        return PRACTICE
    return next((THINGS[name] for name in THINGS if name in page.arguments), NOBODYS)


def in_practice(who: Who, page: Page, access: Access, method: str) -> set[Cell]:
    """Beyond the gate: 404 for a stranger to the things, 403 for a member without the right, else open."""
    role, of = who.role, whose(page)
    assert role is not None
    if not issubclass(role, Practitioner):
        if of != FILE:
            return {OPEN}
        known = who.agreed or access.right == Right.IDENTITY
        return {ABSENT} if not who.of_a else {OPEN} if known else {CLOSED}
    if access.right and not role.may(Right(access.right)):
        return {CLOSED} if of == NOBODYS else {CLOSED, ABSENT}
    if who.treats or of == NOBODYS or (of == PRACTICE and who.of_a):
        return {OPEN}
    if of == FILE and who.hour and page.name not in OF_ANOTHER_FILE:
        return {OPEN} if access.right in (Right.IDENTITY, Right.CONTENT) and method in READING else {CLOSED, ABSENT}
    return {ABSENT}


def in_portal(who: Who, page: Page, *, own: bool) -> Cell:
    """Beyond the gate of the portal: what the link opens, nothing of anybody else's."""
    if not page.arguments:
        return OPEN
    if page.name not in PORTAL:
        raise LookupError(f"{page.name} has no cells: say in tests/security/cells.py what a link must open for it")
    needs, link = PORTAL[page.name], who.link
    self = link is not None and link.to_a and link.capacity == Capacity.SELF
    if link is None or ("link_id" in page.arguments and not own and not self):
        return ABSENT
    if not link.to_a and page.arguments != {"link_id"}:
        return ABSENT
    if needs == SPEAKS:
        return OPEN if link.speaks and link.to_a else CLOSED
    return OPEN if opened(link, needs) else ABSENT


def opened(link: Link, needs: str) -> bool:
    """Whether a link opens what a page of the portal needs."""
    if needs == RIGHTS:
        return link.speaks and PortalPart.PRIVACY in link.parts
    return link.capacity == Capacity.SELF if needs == SELF else not needs or needs in link.parts
