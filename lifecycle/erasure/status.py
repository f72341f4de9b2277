"""What has become of the kept parts since: a newer signed statement that is held against the certificate (NEW-06)."""

from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from care.tenancy import ALL, scope
from consents.jcs import canonical
from consents.receipts import is_genuine, signed
from lifecycle.erasure.answers import DESTRUCTIVE, Answer, answers
from lifecycle.erasure.certificate import CONTEXT, FORMAT
from lifecycle.erasure.files import Fate, pieces
from lifecycle.models import ClosedAccount, Erasure
from vault.queries import with_key

STATUS: Final = "praticonnect erasure status v1"
Document = dict[str, Any]


class NoCertificate(ValueError):
    """What was given is no certificate of ours; the message says why."""


def status_of(certificate: Document, *, now: datetime) -> Document:
    """The signed statement of how many rows of each kept part are still there at ``now``.

    Needs nothing but the certificate: it is found again by the erasure it names. Raises :class:`NoCertificate`.
    """
    if certificate.get("format") != FORMAT or not is_genuine(certificate):
        raise NoCertificate("this is no certificate of ours, or it was changed")
    decided = Erasure.objects.filter(erasure_id=certificate["erasure"], state=Erasure.State.DECIDED).first()
    if decided is None:
        raise NoCertificate("this database doesn't know the erasure; was it restored? Run manage.py rights replay")
    with scope(ALL):
        parts = [_part(part, decided) for part in certificate["parts"] if part["outcome"] not in DESTRUCTIVE]
    document = {
        "@context": CONTEXT,
        "format": STATUS,
        "certificate": certificate["id"],
        "certificate_sha256": sha256(canonical(certificate)).hexdigest(),
        "at": now.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "parts": parts,
        "fully_erased": not any(part["remaining"] for part in parts if part["fate"] != Fate.SHARED),
    }
    return signed(document, now=now)


def _part(part: Document, decided: Erasure) -> Document:
    named = {name: part[name] for name in ("table", "outcome", "fate", "rule", "until", "count")}
    return {**named, "remaining": min(part["count"], _remaining(part, decided))}


def _remaining(part: Document, decided: Erasure) -> int:
    """Rows of the part that are still there, at most as many as there were."""
    subject = decided.subject_id
    if subject is None or (part["table"] == Erasure._meta.label and not _is_linked(subject)):
        return 0
    own = [one for one in answers() if one.table.label == part["table"] and one.outcome not in DESTRUCTIVE]
    return sum(_count(answer, part, decided, subject) for answer in own)


def _count(answer: Answer, part: Document, decided: Erasure, subject: UUID) -> int:
    if answer.rows is not None:
        rows = answer.living(answer.of_account(subject))
        dated = any(field.name == "at" for field in answer.model._meta.local_concrete_fields)
        return (rows.filter(at__lte=decided.at) if dated else rows).count()
    fates = decided.figures["plan"]["files"]
    files = [UUID(file_id) for file_id, fate, _until, rule in fates if (fate, rule) == (part["fate"], part["rule"])]
    readable = sorted(with_key(files))  # without its key nothing of a file is left, whatever rows evidence still has
    return sum(answer.of_files(piece).count() for piece in pieces(readable))


def _is_linked(account_id: UUID) -> bool:
    """Whether the random id still leads to a person: no longer, once the archived identity is destroyed."""
    return ClosedAccount.objects.filter(account_id=account_id).exists()
