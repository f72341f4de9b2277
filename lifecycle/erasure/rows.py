"""Which rows of the odd tables are about an account. Call inside ``care.tenancy.scope(ALL)``."""

from typing import Any, Final
from uuid import UUID

from allauth.account.models import EmailAddress, EmailConfirmation
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import LoginThrottle, PatientProfile, PractitionerProfile, User
from accounts.throttle import keyed
from adapters.models import Egress, EgressOutcome, Incoming, Outgoing
from adapters.states import State
from audit.models import AccessEntry, EventEntry, SecurityEntry
from care.models import Membership, PortalLink, Practice
from consents.models import ConsentEvent, EventOrigin
from lifecycle.models import ClosedAccount, Disposal, Erasure
from records.models import AuthorityOrder, ImportLine, ImportRun
from vault.index import fold

Rows = QuerySet[Any]
OWED: Final = ("viva.refund", "scell.invoice")
"""Messages that outlive an account beside those that end something at a service: money that goes back, an invoice that the law orders."""


def account(user_id: UUID) -> Rows:
    """The account itself."""
    return User.objects.filter(pk=user_id)


def addresses(user_id: UUID) -> set[str]:
    """Every address the account has or is changing to, in lower case."""
    known = set(EmailAddress.objects.filter(user_id=user_id).values_list("email", flat=True))
    return {email.lower() for email in known | set(account(user_id).values_list("email", flat=True))}


def throttles(user_id: UUID) -> Rows:
    """Wrong passwords counted for any of the account's addresses."""
    keys = [keyed("account", email) for email in addresses(user_id)]
    return LoginThrottle.objects.filter(account_key__in=keys)


def patient_profile(user_id: UUID) -> Rows:
    """The patient's side of the account; its key dies after the decision."""
    return PatientProfile.objects.filter(pk=user_id)


def portal_links(user_id: UUID) -> Rows:
    """The account's ways into patients' files. The files themselves aren't the account's."""
    return PortalLink.objects.filter(account_id=user_id)


def outgoing(user_id: UUID) -> Rows:
    """What waits to be sent about the account, or was sent lately; not what is owed whatever becomes of the account (:data:`OWED`).

    What is owed and left after the decision stays for the thirty days of any sent message: its row proves that it left.
    """
    owed = Q(necessity="end_of_use") | Q(kind__in=OWED)
    open_still = Q(state__in=(State.WAITING, State.FAILED)) | ended_since_decided(user_id)
    return Outgoing.objects.filter(subject_id=user_id).exclude(owed & open_still)


def incoming(user_id: UUID) -> Rows:
    """What a service told us of the account lately; what is heard after the decision is an answer to what was owed."""
    return Incoming.objects.filter(subject_id=user_id).exclude(ended_since_decided(user_id))


def ended_since_decided(user_id: UUID) -> Q:
    """Rows that ended once the account's erasure was decided."""
    decided = Erasure.objects.filter(subject_id=user_id, kind="account", state=Erasure.State.DECIDED)
    return Q(Exists(decided.filter(at__lte=OuterRef("ended_at"))))


def confirmations(user_id: UUID) -> Rows:
    """Links sent to verify an address of the account."""
    found: Rows = EmailConfirmation.objects.filter(email_address__user_id=user_id)
    return found


def orders(user_id: UUID) -> Rows:
    """Orders of authorities that the account entered, confirmed, ended or read under."""
    mine = Q(account_id=user_id) | Q(entered_by_id=user_id) | Q(confirmed_by_id=user_id) | Q(ended_by_id=user_id)
    return AuthorityOrder.objects.filter(mine)


def sessions(user_id: UUID) -> Rows:
    """Sessions that name the account or one of its addresses, half finished sign-ins too.

    What a session holds is signed and encoded, so each is decoded; there are as many as there are open browsers.
    """
    words = {str(user_id), user_id.hex, *addresses(user_id)}
    keys = [one.pk for one in Session.objects.iterator() if _names(one.get_decoded(), words)]
    return Session.objects.filter(pk__in=keys)


def office_lines_about(user_id: UUID) -> Rows:
    """What the office's log says of the account: its rows name it by its address."""
    return LogEntry.objects.filter(object_id=str(user_id)).exclude(object_repr="")


def office_lines_by(user_id: UUID) -> Rows:
    """What the account did in the office."""
    return LogEntry.objects.filter(user_id=user_id)


def memberships(user_id: UUID) -> Rows:
    """Every membership there was."""
    return Membership.objects.filter(user_id=user_id)


def named_memberships(user_id: UUID) -> Rows:
    """Those that say what a member of a team is called; names are sealed at rest, so they are looked at here."""
    found = [pk for pk, name in memberships(user_id).values_list("pk", "name") if name]
    return Membership.objects.filter(pk__in=found)


def closing_practices(user_id: UUID) -> QuerySet[Practice]:
    """The practices where nobody else treats patients: they close with the account, whatever team is left."""
    return practices(user_id).exclude(Exists(_others(user_id)))


def named_practices(user_id: UUID) -> QuerySet[Practice]:
    """The practices that close, and those that bear the account holder's name although others work there.

    Names are sealed at rest, so they are compared here: one person works in few practices.
    """
    surname = PractitionerProfile.objects.filter(pk=user_id).values_list("surname", flat=True).first()
    closing = set(closing_practices(user_id).values_list("pk", flat=True))
    names = practices(user_id).values_list("pk", "name")
    found = [pk for pk, name in names if name and (pk in closing or (surname and fold(surname) in fold(name)))]
    return Practice.objects.filter(pk__in=found)


def practices(user_id: UUID) -> QuerySet[Practice]:
    """The practices where the account treats patients."""
    mine = Membership.objects.live().practising().filter(practice=OuterRef("pk"), user_id=user_id)
    return Practice.objects.filter(Exists(mine))


def _others(user_id: UUID) -> QuerySet[Membership]:
    return Membership.objects.live().practising().filter(practice=OuterRef("pk")).exclude(user_id=user_id)


def imports(user_id: UUID) -> Rows:
    """The imports of practices that close."""
    return ImportRun.objects.filter(practice__in=closing_practices(user_id))


def import_lines(user_id: UUID) -> Rows:
    """The reports of those imports."""
    return ImportLine.objects.filter(practice__in=closing_practices(user_id))


def closed_account(user_id: UUID) -> Rows:
    """The sealed identity of the account, once it is closed."""
    return ClosedAccount.objects.filter(account_id=user_id)


def disposals(user_id: UUID) -> Rows:
    """Decisions of the account that a file is destroyed."""
    return Disposal.objects.filter(actor_id=user_id)


def origins(user_id: UUID) -> Rows:
    """Where the account's choices came from."""
    return EventOrigin.objects.filter(event_id__in=ConsentEvent.objects.filter(subject_id=user_id).values("id"))


def accesses(user_id: UUID) -> Rows:
    """What the account opened."""
    return AccessEntry.objects.filter(actor_id=user_id)


def egress(user_id: UUID) -> Rows:
    """What was sent to a service about the account."""
    return Egress.objects.filter(subject_id=user_id)


def egress_outcomes(user_id: UUID) -> Rows:
    """How that ended."""
    return EgressOutcome.objects.filter(egress_id__in=egress(user_id).values("pk"))


def security_lines(user_id: UUID) -> Rows:
    """Sign-ins and other security events of the account."""
    return SecurityEntry.objects.filter(Q(account_id=user_id) | Q(actor_id=user_id))


def events(user_id: UUID) -> Rows:
    """What the account did, and what happened to it."""
    return EventEntry.objects.filter(Q(actor_id=user_id) | Q(subject_id=user_id))


def _names(value: Any, words: set[str]) -> bool:
    """Whether any text inside ``value`` is one of ``words``, or holds one."""
    if isinstance(value, dict):
        return any(_names(inner, words) for pair in value.items() for inner in pair)
    if isinstance(value, list | tuple):
        return any(_names(inner, words) for inner in value)
    return isinstance(value, str) and any(word in value.lower() for word in words)
