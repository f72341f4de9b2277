"""Everybody who tells us something: how their events are proven, what happens when one comes, and a story told in two orders.

A hook that is registered and isn't here fails ``test_hooks``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from adapters.scell.models import Dossier, Proof
from adapters.viva.models import Payment
from care.tenancy import ALL, scope
from consents import queries
from consents.marketing.models import AudienceMember
from fakes.provider import Notice
from gdpr_requests.models import Objection
from records.models import Suggestion
from subprocessors.calendars import actions as calendars
from subprocessors.calendars.models import CalendarLink
from subprocessors.rooms.models import VideoRoom
from tests.adapters.contracts.kinds import House
from tests.adapters.contracts.messages import send_text
from tests.adapters.contracts.stage import Stage
from tests.adapters.factories import work


@dataclass(frozen=True)
class Sender:
    """``secret``: the credential, or the header, that proves. ``signs``: its proof covers body and moment.

    ``story``: events in the order in which they happened; ``stands``: how things are after them. ``proof``: headers without which nothing is proven; none where the address itself is the secret. ``strange``: an event that nobody
    documents, None where a hook knows one kind only.
    """

    key: str
    secret: str
    proof: tuple[str, ...]
    signs: bool
    story: Callable[[House], Sequence[Notice]]
    stands: Callable[[House], object]
    strange: Callable[[House], Notice] | None

    def one(self, at: House) -> Notice:
        """Any event of theirs."""
        return self.story(at)[0]


def told(at: House, key: str, act: Callable[[Any], object]) -> list[Notice]:
    """What a stand-in tells while something happens there."""
    there = at.fakes[key]
    there.notices.clear()
    act(there)
    return list(there.notices)


# -- what happens at each ------------------------------------------------------------------------------------------------------


def left_the_newsletter(at: House) -> list[Notice]:
    contact = AudienceMember.objects.get(pk=at.user.pk).contact_id

    def act(there: Any) -> None:
        there.tell("contact.updated", {"id": contact, "email": at.user.email, "unsubscribed": True})
        there.tell("email.complained", {"email_id": "m", "to": [at.user.email]})
        there.tell("contact.updated", {"id": contact, "email": at.user.email, "unsubscribed": False})

    return told(at, "resend", act)


def newsletter(at: House) -> object:
    return queries.is_live(at.user.pk, "marketing_emails", now=at.now)


def answered_stop(at: House) -> list[Notice]:
    sent: Any = send_text(Stage(at.fakes, at.made))()
    return told(at, "bulkgate", lambda there: [
        there.report(there.messages[sent.message_id], "delivered"), there.reply(there.messages[sent.message_id], "STOP"),
    ])  # fmt: skip


def objections(at: House) -> object:
    return Objection.objects.filter(kind="texts").count()


def refused_then_paid(at: House) -> list[Notice]:
    row = Payment.objects.get(pk=at.owed.pk)

    def act(there: Any) -> None:
        order = there.orders[int(row.order_code)]
        there._fail(order)
        there._pay(order)

    return told(at, "viva", act)


def payment(at: House) -> object:
    return Payment.objects.get(pk=at.owed.pk).state


def signed_by_each(at: House) -> list[Notice]:
    made = at.fakes["scell"].signatures[Dossier.objects.get(pk=at.signing.pk).provider_id]
    return told(at, "scell", lambda there: [there.tell("signature.waiting", made), there.sign(made, made.signers[0])])


def signature(at: House) -> object:
    row = Dossier.objects.get(pk=at.signing.pk)
    return row.state, tuple(sorted(Proof.objects.filter(dossier_id=row.pk).values_list("what", flat=True)))


def visit_over(at: House) -> list[Notice]:
    name = at.rooms[0].name

    def act(there: Any) -> None:
        there._tell("participant_joined", {"room": {"name": name}, "participant": {"identity": "p" * 32}})
        there.finish(name)

    return told(at, "livekit", act)


def rooms(at: House) -> object:
    return VideoRoom.objects.filter(pk=at.rooms[0].pk).count()


def changed_by_hand(at: House) -> list[Notice]:
    busy, link = at.busy, CalendarLink.objects.get(account=at.user)
    hours = {"starts_at": at.now + timedelta(hours=1), "ends_at": at.now + timedelta(hours=2)}
    calendars.show_busy(account_id=at.user.pk, busy_id=busy, now=at.now, **hours)
    work(at.now)
    return told(at, "google", lambda there: [
        there.by_hand(link.calendar_id, busy.hex, summary="Dentist", status="cancelled"),
        there.by_hand(link.calendar_id, busy.hex, status="confirmed", start={"dateTime": "2026-11-18T05:00:00Z"}),
    ])  # fmt: skip


def calendar(at: House) -> object:
    events = at.fakes["google"].calendars[CalendarLink.objects.get(account=at.user).calendar_id]
    found = events[at.busy.hex]
    return found["status"], found["summary"], found["start"]["dateTime"]


def failed_then_done(at: House) -> list[Notice]:
    remote = at.fetched.remote_id
    return told(at, "assemblyai", lambda there: [there.finish(remote, error="lost"), there.finish(remote, "Bonjour")])


def suggestion(at: House) -> object:
    with scope(ALL):
        return Suggestion.objects.get(pk=at.fetched.pk).state


def strange(key: str, act: Callable[[House, Any], object]) -> Callable[[House], Notice]:
    return lambda at: told(at, key, lambda there: act(at, there))[0]


def channel_of(at: House, there: Any) -> dict[str, Any]:
    found: dict[str, Any] = there.channels[str(CalendarLink.objects.get(account=at.user).channel_id)]
    return found


SENDERS: Final = {one.key: one for one in (
    Sender("resend", "RESEND_WEBHOOK_SECRET", ("svix-id", "svix-timestamp", "svix-signature"), True, left_the_newsletter, newsletter,
           strange("resend", lambda at, there: there.tell("email.exploded", {}))),
    Sender("bulkgate", "BULKGATE_REPORT_SECRET", (), False, answered_stop, objections, None),
    Sender("viva", "VIVA_API_KEY", (), False, refused_then_paid, payment,
           strange("viva", lambda at, there: there._tell(9999, {}))),
    Sender("scell", "SCELL_WEBHOOK_SECRET", ("X-Scell-Signature",), True, signed_by_each, signature,
           strange("scell", lambda at, there: there.tell("signature.exploded", next(iter(there.signatures.values()))))),
    Sender("livekit", "LIVEKIT_API_SECRET", ("Authorization",), True, visit_over, rooms,
           strange("livekit", lambda at, there: there._tell("room_exploded", {}))),
    Sender("google", "X-Goog-Channel-Token", ("X-Goog-Channel-ID", "X-Goog-Channel-Token", "X-Goog-Resource-ID"), False,
           changed_by_hand, calendar, strange("google", lambda at, there: there._notice(channel_of(at, there), "exploded"))),
    Sender("assemblyai", "ASSEMBLYAI_WEBHOOK_SECRET", ("X-PratiConnect-Token",), False, failed_then_done, suggestion, None),
)}  # fmt: skip
