"""An issue of the newsletter: one message a reader, each on its own live consent at the moment it leaves (PC-18)."""

from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction

from accounts.models import User
from adapters import resend
from adapters.boxes.models import Outgoing
from adapters.boxes.refs import GroundRef
from adapters.content import Link, Name, Plain, Value
from adapters.grounds import Ground
from adapters.outbox import Undeliverable, enqueue, handles
from audit.actions import record_event
from audit.actors import Actor
from consents.marketing.audience import KEY, agree, may_receive
from consents.marketing.links import stop_url
from consents.marketing.models import AudienceMember

NEWS: Final = "resend.news"
FOLDER: Final = "consents/news"


def issues() -> list[str]:
    """The names of the issues that are written, the oldest first."""
    folder = Path(settings.BASE_DIR) / "templates" / FOLDER
    return sorted(path.name.removesuffix("_subject.txt") for path in folder.glob("*_subject.txt"))


def readers(now: datetime) -> set[UUID]:
    """The accounts that a new issue goes to: they agree now, stand in the audience, and their address takes mail."""
    members = AudienceMember.objects.filter(pk__in=agree(now), silent_since=None, leaving_since=None)
    return set(members.values_list("pk", flat=True))


@transaction.atomic
def send_issue(*, issue: str, by: Actor, now: datetime) -> int:
    """Queue an issue, once a reader however often it is called; how many rows wait that weren't there before. Raises LookupError."""
    if issue not in issues():
        raise LookupError(f"there is no issue {issue!r}; written are: {', '.join(issues())}")
    before = Outgoing.objects.filter(kind=NEWS).count()
    for subject_id in readers(now):
        ground = GroundRef.consent(subject_id, KEY)
        enqueue(kind=NEWS, payload={"issue": issue}, ground=ground, now=now, dedupe=f"{issue}:{subject_id}")
    queued = Outgoing.objects.filter(kind=NEWS).count() - before
    record_event(
        by=by, verb="consents.news.queued", object_type="consents.Newsletter", object_id=issue,
        detail={"readers": queued}, now=now,
    )  # fmt: skip
    return queued


@handles(NEWS)
def send(row: Outgoing, ground: Ground, now: datetime) -> None:
    """One message. Raises Undeliverable for somebody who isn't a reader any more, else as ``door.send`` does."""
    member = AudienceMember.objects.select_related("user").filter(pk=row.subject_id).first()
    if member is None or member.silent_since is not None:
        raise Undeliverable("no_reader")
    if not may_receive(member.user.email):
        raise Undeliverable("objected")
    mail, stop = letter(member.user, str(row.content["issue"]))
    resend.send_news(mail, stop, key=row.idempotency_key, outgoing_id=row.pk, ground=ground, now=now)


def letter(user: User, issue: str) -> tuple[resend.Mail, Link]:
    """An issue for one reader, in their language, and the link that stops it."""
    stop = Link(stop_url(user.pk))
    values: dict[str, Value] = {
        "stop_url": stop,
        "site_url": Link(f"{settings.SITE_URL.rstrip('/')}/"),
        "product": Name(settings.PRODUCT_NAME),
    }
    subject, text = (
        Plain.from_template(f"{FOLDER}/{issue}_{part}.txt", values, language=user.language)
        for part in ("subject", "message")
    )
    return resend.Mail(user.email, subject, text), stop
