"""A message of every kind that waits, made as people and workers make them: all of them at once, in one house.

What has to be there first (a room that is open, a calendar that is linked, a payment that was paid) is in :class:`House`; then each
builder of :data:`BUILDERS` leaves one message of its kind. A kind without a builder fails ``test_withdrawals``.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction

from accounts import mails
from accounts.models import TextNumber
from accounts.patients.actions import change_identity
from accounts.texts import sending as texts
from adapters import google, inbox, outbox
from adapters.boxes.models import Outgoing
from adapters.boxes.refs import GroundRef
from adapters.content import Name
from adapters.scell import api as scell
from adapters.scell import work as scell_work
from adapters.scell.models import Dossier
from adapters.viva import work as viva_work
from adapters.viva.models import Payment
from audit.actors import Actor
from care.tenancy import ALL, scope
from consents.marketing import audience, news
from consents.stopping_promises import TRIAL
from fakes.server import Fakes
from lifecycle.erasure import mails as certificates
from lifecycle.erasure.deciding import decide_account
from lifecycle.erasure.plan import plan_for_account
from lifecycle.models import ErasureCertificate
from privacy.ids import new_id
from records.assist import actions as assist
from records.assist import sending
from records.coverage import actions as coverage
from records.models import Consultation, Suggestion
from subprocessors.calendars import actions as calendars
from subprocessors.calendars.models import CalendarLink
from subprocessors.rooms import actions as rooms
from subprocessors.rooms.models import VideoRoom
from tests.accounts.factories import make_practitioner
from tests.adapters.contracts.willing import PARENT, own, willing
from tests.adapters.factories import work
from tests.records.assist_world import SOUND, World
from tests.records.factories import NOW, make_consultation
from tests.subprocessors.links import BACK, allowed, linked

PDF: Final = b"%PDF-1.7 a contract"
OPERATIONS: Final = Actor.operations("tests")


class House:
    """Somebody who allows everything, and what they already have at every service. ``notes`` stand in each consultation."""

    def __init__(
        self, fakes: Fakes, made: World | None = None, *, now: datetime = NOW, email: str = "", **notes: str
    ) -> None:
        self.fakes, self.notes, self.email = fakes, notes or {"reason": "tousse", "note": "ne va pas bien"}, email
        self.busy = new_id()
        self.now, self.earlier, self.later = now, now - timedelta(hours=2), now + timedelta(minutes=1)
        fakes.at(now)
        self.made = willing(made, now=now, **self.notes)
        work(self.now)
        self.user, self.file, self.by = self.made.practitioner, self.made.file, self.made.by
        self.link = linked(fakes, self.user, now=now)
        self.rooms = [self._room(), self._room()]
        VideoRoom.objects.update(asked_at=self.earlier, opened_at=self.earlier)
        self.fetched, self.copied = self._transcript(), self._transcript()
        for one in (self.fetched, self.copied):
            fakes["assemblyai"].finish(one.remote_id, "Bonjour")
        self.paid, self.other_paid = self._paid(), self._paid()
        self.signing = self._signing()
        work(self.now)
        self.owed = self._order()
        work(self.now)
        Payment.objects.filter(pk=self.owed.pk).update(changed_at=self.earlier)
        Dossier.objects.update(changed_at=self.earlier)
        for one in fakes.playing.values():
            one.notices.clear()

    @property
    def ref(self) -> dict[str, GroundRef]:
        """The practitioner's own yes to each service."""
        return {key: GroundRef.consent(self.user.pk, PARENT, key) for key in ("viva", "scell")}

    def draft(self) -> Consultation:
        """A consultation whose notes are written."""
        return make_consultation(self.file, self.user, at=self.now, **self.notes)

    def _room(self) -> VideoRoom:
        room = rooms.open_room(account_id=self.user.pk, file_id=self.file.pk, by=self.by, now=self.now)
        work(self.now)
        return room

    def _transcript(self) -> Suggestion:
        with scope([self.file.practice_id]):
            made = assist.ask_for_transcript(consultation=self.draft(), sound=self.sound, by=self.by, now=self.now)
        work(self.now)
        with scope(ALL):
            return Suggestion.objects.get(pk=made.pk)

    @property
    def sound(self) -> bytes:
        """A recording in which the notes are spoken."""
        return SOUND + " ".join(self.notes.values()).encode()

    @transaction.atomic
    def _order(self, **said: Any) -> Payment:
        return viva_work.ask(
            kind="patient",
            amount=1000,
            subject_id=self.user.pk,
            ground=self.ref["viva"],
            now=self.now,
            email=self.email,
            **said,
        )

    def _paid(self) -> Payment:
        row = self._order(recurring=True)
        work(self.now)
        row.refresh_from_db()
        there = self.fakes["viva"]
        done = there._pay(there.orders[int(row.order_code)])
        with transaction.atomic():
            viva_work._have_read(row, done.id, self.now, new_id().hex)
        work(self.now)
        row.refresh_from_db()
        return row

    @transaction.atomic
    def _signing(self) -> Dossier:
        signers = [scell.NewSigner("Ada", "Lovelace", email=self.email or "ada@example.org")]
        new = scell.NewSignature(
            id=new_id(), title=Name("Contract"), file_name=Name("contract.pdf"), document=PDF, signers=signers
        )
        return scell_work.ask_signature(new, subject_id=self.user.pk, ground=self.ref["scell"], now=self.now)


def queue(at: House, kind: str, ground: GroundRef, **payload: Any) -> None:
    """One message, as it is."""
    with transaction.atomic():
        outbox.enqueue(kind=kind, payload=payload, ground=ground, now=at.now)


# -- one of each kind ----------------------------------------------------------------------------------------------------------


def join(at: House) -> None:
    queue(at, audience.JOIN, GroundRef.consent(at.user.pk, audience.KEY))


def issue(at: House) -> None:
    assert news.send_issue(issue=news.issues()[-1], by=OPERATIONS, now=at.now) == 1


def draft(at: House) -> None:
    with scope([at.file.practice_id]):
        assist.ask_for_draft(consultation=at.draft(), by=at.by, now=at.now)


def start(at: House) -> None:
    with scope([at.file.practice_id]):
        assist.ask_for_transcript(consultation=at.draft(), sound=at.sound, by=at.by, now=at.now)


def fetch(at: House) -> None:
    Outgoing.objects.filter(kind=sending.FETCH, dedupe=f"look:{at.fetched.pk}").update(due_at=at.now)


def remove(at: House) -> None:
    """A text that came: its copy there has to go."""
    row = Outgoing.objects.get(kind=sending.FETCH, dedupe=f"look:{at.copied.pk}")
    outbox.finish(row, outbox.attempt(row, now=at.now), now=at.now)


def open_room(at: House) -> None:
    rooms.open_room(account_id=at.user.pk, file_id=at.file.pk, by=at.by, now=at.now)


def record(at: House) -> None:
    rooms.record(room_id=at.rooms[0].pk, by=at.by, now=at.now)


def end_room(at: House) -> None:
    rooms.end_room(room_id=at.rooms[1].pk, by=at.by, now=at.now)


@transaction.atomic
def end_recording(at: House) -> None:
    """One that the server told of and nobody here asked for."""
    rooms.end_recording(at.rooms[0], "EG_unasked", now=at.now)


def connect(at: House) -> None:
    """Asked for while no link lived; that the house has one doesn't matter to the message."""
    mine = CalendarLink.objects.filter(account=at.user)
    mine.update(lost_at=at.now)
    sign_in, code = allowed(at.fakes)
    calendars.connect(account_id=at.user.pk, code=code, verifier=sign_in.verifier, back=BACK, by=at.by, now=at.now)
    mine.update(lost_at=None)


@transaction.atomic
def watch(at: House) -> None:
    calendars.prepare(at.user.pk, now=at.now)


def busy(at: House) -> None:
    hours = {"starts_at": at.now + timedelta(hours=1), "ends_at": at.now + timedelta(hours=2)}
    calendars.show_busy(account_id=at.user.pk, busy_id=new_id(), now=at.now, **hours)


def look(at: House) -> None:
    calendars.look(CalendarLink.objects.get(account=at.user), dedupe=new_id().hex, now=at.now)


def revoke(at: House) -> None:
    """A link of somebody's that was cut."""
    sign_in, code = allowed(at.fakes)
    held = google.exchange(code, sign_in.verifier, BACK, ground=own(at.made, PARENT, "google", now=at.now), now=at.now)
    queue(at, calendars.REVOKE, GroundRef.necessary("end_of_use", subject_id=at.user.pk), token=held.refresh)


def order(at: House) -> None:
    at._order()


@transaction.atomic
def charge(at: House) -> None:
    viva_work.charge(at.paid, amount=500, ground=at.ref["viva"], now=at.now)


@transaction.atomic
def refund(at: House) -> None:
    viva_work.give_back(at.other_paid, amount=100, now=at.now)


@transaction.atomic
def read_payment(at: House) -> None:
    viva_work._have_read(at.paid, "", at.now, new_id().hex)


@transaction.atomic
def invoice(at: House) -> None:
    seller = scell.Party("PratiConnect SAS", "1 rue Haute", "75001", "Paris", siret="12345678901234")
    buyer = scell.Party("Ada Lovelace", "2 rue Basse", "69001", "Lyon")
    new = scell.NewInvoice(
        id=new_id(),
        number="F-1",
        issued_on=at.now.date(),
        seller=seller,
        buyer=buyer,
        lines=[scell.Line(Name("Subscription"), 1000)],
    )
    scell_work.ask_invoice(new, subject_id=at.user.pk, ground=at.ref["scell"], now=at.now)


def sign(at: House) -> None:
    at._signing()


@transaction.atomic
def read_dossier(at: House) -> None:
    at.signing.refresh_from_db()
    scell_work._have_read(at.signing, at.now, new_id().hex)


def repair(key: str) -> Callable[[House], None]:
    def build(at: House) -> None:
        queue(at, f"repair.{key}", inbox._repairs[key])

    return build


@transaction.atomic
def letter(at: House) -> None:
    """A code that somebody asked for."""
    mails.login_code(user=at.user, code="482913", valid_until=None)
    Outgoing.objects.filter(kind=mails.KIND).update(due_at=at.now)


@transaction.atomic
def certificate(at: House) -> None:
    """That of somebody whose account is decided to be erased."""
    gone = make_practitioner(now=at.now)
    decided = decide_account(gone.pk, approved=plan_for_account(gone.pk, at.now).sha256, by=OPERATIONS, now=at.now)
    made = ErasureCertificate.objects.create(erasure_id=decided.erasure_id, made_at=at.now, content="{}", pdf=PDF)
    certificates.ask(made.pk)
    Outgoing.objects.filter(kind=certificates.KIND).update(due_at=at.now)


@transaction.atomic
def text(at: House) -> None:
    """To a number that was proved."""
    TextNumber.objects.create(user=at.user, number="+33612345678", asked_at=at.now, proved_at=at.now)
    texts.enqueue(at.user, "deletion_withdrawn", {}, now=at.now)


def trial(at: House) -> None:
    queue(at, TRIAL, GroundRef.consent(at.user.pk, "marketing_emails"))


def ask_payer(at: House) -> None:
    """The patient gave a number for it."""
    by = Actor(account_id=at.made.patient.pk, role="patient")
    change_identity(user=at.made.patient, values={"payer_number": "C-4711"}, by=by, now=at.now)
    with scope([at.file.practice_id]):
        coverage.ask_payer(file=at.file, by=at.by, now=at.now)


BUILDERS: Final[dict[str, Callable[[House], None]]] = {
    "resend.join": join, "resend.news": issue, "mistral.draft": draft, "assemblyai.start": start, "assemblyai.fetch": fetch,
    "assemblyai.remove": remove, "livekit.open": open_room, "livekit.record": record, "livekit.end": end_room, "livekit.end_recording": end_recording,
    "google.connect": connect, "google.watch": watch, "google.busy": busy, "google.sync": look, "google.revoke": revoke,
    "viva.order": order, "viva.charge": charge, "viva.refund": refund, "viva.read": read_payment, "scell.invoice": invoice,
    "scell.signature": sign, "scell.read": read_dossier, "payer.ask": ask_payer, TRIAL: trial,
    mails.KIND: letter, certificates.KIND: certificate, texts.KIND: text,
    **{f"repair.{key}": repair(key) for key in ("resend", "viva", "scell", "livekit", "google", "assemblyai")},
}  # fmt: skip

NEEDED: Final = {
    mails.KIND: "a message that the service or the law needs: news goes by another kind",
    texts.KIND: "tells the holder of an account what becomes of its deletion",
    certificates.KIND: "tells the holder of an account that it is erased",
    "assemblyai.remove": "deletes the copy of somebody's words at the service",
    "livekit.end": "ends a room in which people may still sit",
    "livekit.end_recording": "ends a recording that nobody here asks for",
    "google.revoke": "has Google destroy its side of a link that was cut",
    "payer.ask": "asks by the number that the patient gave for it",
    "viva.refund": "gives money back: it is owed, whatever is chosen since",
    "viva.read": "reads how a payment ended that was begun: it stands in the books",
    "scell.read": "reads how an invoice or a signature ended that was begun, and fetches its proof",
    "repair.resend": "takes out of the readers' list whoever may not be in it, and asks who left there",
    "repair.viva": "has payments read that were silent for too long",
    "repair.scell": "has invoices and signatures read that were silent for too long",
    "repair.livekit": "ends rooms that were forgotten",
    "repair.google": "cuts links whose person doesn't agree any more",
    "repair.assemblyai": "has copies deleted that were forgotten",
}
"""Kinds on a legal basis: they may go out after any withdrawal, each for its reason. All others rest on a consent."""
QUEUES: Final = frozenset({"repair.viva", "repair.scell", "repair.google"})
"""They send nothing themselves: they queue other messages, which ask their own ground."""
BY_MAIL: Final = frozenset({mails.KIND, certificates.KIND})
"""They leave by SMTP."""
NEVER: Final = {TRIAL: "a trial's, which says by its failure that it would have been sent"}


def all_kinds() -> set[str]:
    """Every kind of the house, without those of tests and benchmarks."""
    return {kind for kind in outbox._handlers if not kind.startswith(("test.", "bench."))}


def one_of_each(at: House) -> dict[str, Outgoing]:
    """One message of every kind, waiting."""
    for build in BUILDERS.values():
        build(at)
    waiting = Outgoing.objects.filter(state="waiting", due_at__lte=at.now).order_by("queued_at", "pk")
    return {row.kind: row for row in waiting}


def rests_on(row: Outgoing, slot: str) -> bool:
    """Whether a message rests on a switch: itself, the one above it, or the patient's."""
    return slot in {row.slot, row.slot.partition(".")[0], row.wish} - {""}
