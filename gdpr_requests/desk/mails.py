"""Every message about a request: one function each. None carries what was asked or answered, only where to read it."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.utils import translation

from accounts.mails import from_template
from accounts.models import User
from adapters.content import Link, Name, Value
from care.models import Membership, Role
from gdpr_requests.desk import links
from gdpr_requests.desk.wording import right_in_words
from gdpr_requests.models import Channel, Request
from privacy.deadlines import Right
from vault.handles import Handle


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads a message: an account or an address, empty where only the post reaches them, and a language."""

    address: User | str
    language: str


def reader_of(request: Request, handle: Handle) -> Reader:
    """The person who asked: their account, or the sealed details they gave; after a death, the person it named."""
    if request.account_id is not None and request.channel != Channel.DEATH:
        user = User.objects.filter(pk=request.account_id, is_active=True).first()
        return Reader(user, user.language) if user else Reader("", "en")
    contact = handle.read(request, "contact") or {}
    return Reader(contact.get("email", ""), contact.get("language") or settings.LANGUAGE_CODE)


def receipt(request: Request, to: Reader) -> None:
    """It came in, under this number, and is answered by this day (PC-67)."""
    _to_person("request_received", request, to)


def moved(request: Request, to: Reader, event: str) -> None:
    """Something happened: asked for identity, extended, answered, a message."""
    _to_person(f"request_{event}", request, to)


def recipient(request: Request, to: Reader) -> None:
    """Somebody who reads the file through the portal learns that it changed (Art. 19); not by whose request."""
    _send("request_recipient", request, to, {"address": Link.to("patient:home")})


def agent(request: Request, to: Reader) -> None:
    """An authority's agent who read the file under an order learns that it changed (Art. 19); not whose file, nor by whose request."""
    _send("request_agent", request, to, {"address": Link.to("authority:home")})


def arrived(request: Request) -> None:
    """Whoever must answer learns of it."""
    _to_handlers("request_arrived", request, {})


def reminder(request: Request, kind: str) -> None:
    """Half of the time is over, three days are left, it is due today, it is overdue."""
    _to_handlers("request_reminder", request, {"kind": Name(kind)})


def archive(request: Request, event: str) -> None:
    """The copy to hand over is ready, or couldn't be made."""
    values: dict[str, Value] = {"ready": event == "export_ready", "died": request.channel == Channel.DEATH}
    _to_handlers("request_archive", request, values)


def handlers_of(request: Request) -> list[Reader]:
    """Whoever must answer: the practice's owners, or the data protection officer."""
    practice = request.practice_id
    owning = Membership.objects.live().filter(practice_id=practice, role=Role.OWNER) if practice else ()
    owners = User.objects.filter(memberships__in=owning, is_active=True)
    found = [Reader(user, user.language) for user in owners]
    return found or [Reader(settings.CONTROLLER["dpo_email"], settings.LANGUAGE_CODE)]


def _to_person(name: str, request: Request, to: Reader) -> None:
    if to.address:
        _send(name, request, to, {"address": Link(links.follow_url(request))})


def _to_handlers(name: str, request: Request, values: Mapping[str, Value]) -> None:
    office, page = Link.to("admin:request", request.pk), Link.to("gdpr:request", request.pk)
    dpo = settings.CONTROLLER["dpo_email"]
    for to in handlers_of(request):
        _send(name, request, to, {**values, "address": office if to.address == dpo else page})


def _send(name: str, request: Request, to: Reader, values: Mapping[str, Value]) -> None:
    with translation.override(to.language):
        about: dict[str, Value] = {
            "number": Name(request.number),
            "right": Name.short(right_in_words(Right(request.right))),
            "received_on": request.received_at,
            "limit_on": request.limit_on,
            "not_before": request.not_before,
        }
    from_template(f"gdpr/email/{name}", to.address, {**about, **values}, language=to.language)
