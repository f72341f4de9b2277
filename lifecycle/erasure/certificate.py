"""The certificate of an erasure: a signed statement that a third party checks offline, and that names nobody (NEW-06).

It says what was destroyed and blanked (counts), what is kept, on which ground and until when, under the address of the
plan, with the proof that the ledger holds the same lines. ``tools/verify_certificate.py`` checks it.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.core import signing as links
from django.db import connection, transaction
from django.db.models import CharField, Exists, OuterRef
from django.db.models.functions import Cast
from django.urls import reverse

from accounts.hooks import is_silent
from accounts.mails import DIED, asked
from adapters import mail, outbox
from adapters.boxes.models import Outgoing
from adapters.grounds import Ground
from audit.actors import Actor
from audit.proofs import prove
from audit.sealing import seal_all
from consents.jcs import canonical
from consents.receipts import signed
from lifecycle.erasure import identity, mailbox, mails, paper
from lifecycle.models import ClosedAccount, Erasure, ErasureCertificate
from lifecycle.residue.scanning import STORES
from privacy.ids import new_id
from privacy.refusals import Refused
from privacy.retention import RULES

FORMAT: Final = "praticonnect erasure certificate v1"
CONTEXT: Final = ["https://w3id.org/security/data-integrity/v2"]
SALT: Final = "lifecycle.certificate"
SENDER: Final = Actor.system("certificates")
TABLE: Final = Erasure._meta.db_table
NUMBER: Final = "select seq from lifecycle_erasure where id = %s"


def make(decided: Erasure, *, now: datetime) -> ErasureCertificate:
    """The certificate of an erasure that was carried out and verified; made once.

    Seals the ledger first, so that the proof of inclusion is there. Raises :class:`audit.proofs.NoProof`.
    """
    known = of_erasure(decided.erasure_id)
    if known:
        return known
    rows = {row.state: row for row in Erasure.objects.filter(erasure_id=decided.erasure_id)}
    certificate_id = new_id()
    document = _document(certificate_id, decided, rows, now)
    content = canonical(signed(document, now=now)).decode()
    pdf = paper.drawn(document, content, language=_language(decided, now), address=_address(certificate_id))
    return ErasureCertificate.objects.create(
        id=certificate_id, erasure_id=decided.erasure_id, made_at=now, content=content, pdf=pdf
    )


@transaction.atomic
def send(erasure_id: UUID, *, by: Actor, now: datetime) -> None:
    """Have the certificate sent to the person, to the address that is archived; once.

    A patient's file has no address left, the dead aren't written to, and a repetition after a restore was told of before:
    all three count as sent.
    """
    made = ErasureCertificate.objects.select_for_update().get(erasure_id=erasure_id)
    if made.sent_at:
        return
    if _reader(erasure_id, by, now) and not _is_silent(erasure_id):
        mails.ask(made.pk)
    else:
        _note_sent(made, now)


@outbox.handles(mails.KIND)
def deliver(row: Outgoing, ground: Ground, now: datetime) -> None:
    """Send one, and write that it left. Raises as :func:`adapters.mail.post`, ``Undeliverable`` when nobody is known any more."""
    made = ErasureCertificate.objects.get(pk=row.content["certificate"])
    if _is_silent(made.erasure_id):
        _note_sent(made, now)
        raise Refused(DIED)
    who = _reader(made.erasure_id, SENDER, now)
    if who is None:
        raise outbox.Undeliverable("nobody_known")
    words = mails.words(who["email"], who["language"], _address(made.pk), made.content, bytes(made.pdf))
    mail.post(words, row=row, ground=ground, now=now)
    mailbox.blank(who["email"])
    _note_sent(made, now)


def _reader(erasure_id: UUID, by: Actor, now: datetime) -> dict[str, str] | None:
    """Whom a certificate is sent to, as the archive has them."""
    decided = Erasure.objects.get(erasure_id=erasure_id, state=Erasure.State.DECIDED)
    known = identity.opened(decided.subject_id, by=by, now=now) if decided.subject_id else None
    who: dict[str, str] | None = known["identity"] if known and not decided.replayed else None
    return who


def _is_silent(erasure_id: UUID) -> bool:
    """Whether its account's holder died: their mailbox is somebody else's now."""
    decided = Erasure.objects.get(erasure_id=erasure_id, state=Erasure.State.DECIDED)
    return bool(decided.subject_id and is_silent(decided.subject_id))


def _note_sent(made: ErasureCertificate, now: datetime) -> None:
    made.sent_at = now
    made.save(update_fields=["sent_at"])


def unsent(now: datetime) -> list[UUID]:
    """Erasures whose certificate waits to be sent, and lies in no outbox, or never left it."""
    lying = asked(now, mails.KIND).filter(dedupe=Cast(OuterRef("pk"), CharField()))
    waiting = ErasureCertificate.objects.filter(~Exists(lying), sent_at=None).order_by("made_at")
    return list(waiting.values_list("erasure_id", flat=True))


def of_erasure(erasure_id: UUID) -> ErasureCertificate | None:
    """The certificate of an erasure, once it is made."""
    return ErasureCertificate.objects.filter(erasure_id=erasure_id).first()


def of_file(file_id: UUID) -> ErasureCertificate | None:
    """The certificate of one patient's file that was erased on request, once it is made; without its papers."""
    decided = Erasure.objects.filter(subject_id=file_id, kind="file", state=Erasure.State.DECIDED)
    made = ErasureCertificate.objects.filter(erasure_id__in=decided.values("erasure_id"))
    return made.defer("content", "pdf").first()


def token_of(certificate_id: UUID) -> str:
    """What stands in the address of the certificate's page: nobody can guess another one."""
    return links.Signer(salt=SALT).sign(certificate_id.hex)


def by_token(token: str) -> ErasureCertificate | None:
    """The certificate at that address, or None for an address that we didn't give out."""
    try:
        certificate_id = UUID(links.Signer(salt=SALT).unsign(token))
    except (links.BadSignature, ValueError):
        return None
    return ErasureCertificate.objects.filter(pk=certificate_id).first()


def _document(certificate_id: UUID, decided: Erasure, rows: Mapping[str, Erasure], now: datetime) -> dict[str, Any]:
    done, verified = rows[Erasure.State.DONE], rows[Erasure.State.VERIFIED]
    return {
        "@context": CONTEXT,
        "format": FORMAT,
        "id": str(certificate_id),
        "erasure": str(decided.erasure_id),
        "kind": decided.kind,
        "controller": {name: settings.CONTROLLER[name] for name in ("name", "address", "dpo_email")},
        "decided": _instant(decided.at),
        "carried_out": _instant(done.at),
        "issued": _instant(now),
        "plan": {"sha256": decided.plan_sha256, "approved": decided.approved_sha256},
        "after_restore": decided.replayed,
        "parts": [_part(line) for line in done.figures["lines"]],
        "files": done.figures["files"],
        "disposals": done.figures["disposals"],
        "verification": {
            "at": _instant(verified.at),
            "stores_searched": sorted(STORES),
            "words": verified.figures["words"],
            "copies_found": verified.figures["copies_found"],
            "rows_left": verified.figures["rows_left"],
        },
        "ledger": _proof(done, now),
    }


def _part(line: Mapping[str, Any]) -> dict[str, Any]:
    """A line of the plan with its ground in words."""
    return {**line, "ground": RULES[line["rule"].split(",")[0]].article}


def _proof(done: Erasure, now: datetime) -> Mapping[str, Any]:
    seal_all(now)
    with connection.cursor() as cursor:
        cursor.execute(NUMBER, [done.pk])
        return prove(TABLE, cursor.fetchone()[0])


def _language(decided: Erasure, now: datetime) -> str:
    if decided.subject_id is None or not ClosedAccount.objects.filter(account_id=decided.subject_id).exists():
        return settings.LANGUAGE_CODE
    known = identity.opened(decided.subject_id, by=Actor.system("certificate"), now=now)
    return str(known["identity"]["language"]) if known else settings.LANGUAGE_CODE


def _address(certificate_id: UUID) -> str:
    return str(settings.SITE_URL) + reverse("lifecycle:certificate", args=[token_of(certificate_id)])


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
