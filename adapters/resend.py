"""Resend: e-mail over its API, and the contacts of the newsletter (PC-100). docs/adapters/resend.md.

Doubts, to be settled with a real account: whether creating a contact that exists answers 201 with the same id or 409 (both are
taken), and whether ``contact.updated`` comes for changes made over the API too (it does no harm: it says what we know).
Idempotency keys are kept there for 24 hours, longer than the outbox tries.
"""

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from adapters.boxes.signatures import Arrival, svix
from adapters.calls import Call, Json, Method, credentials_of
from adapters.content import Link, Plain
from adapters.door import Answer, Broken, Busy, Rejected, send
from adapters.grounds import Ground, Necessary, NoGround
from adapters.inbox import Hook, Said
from privacy.declare import Category
from privacy.refusals import Refusal

KEY: Final = "resend"
NEWS: Final = "marketing_emails"
"""The consent that news rests on."""
API: Final = "https://api.resend.com"
PAGE: Final = 100
MOST_PAGES: Final = 100
CONTACT: Final = frozenset({Category.CONTACT})


@dataclass(frozen=True, slots=True)
class Mail:
    """One message to one address. Its words are :class:`Plain`: nothing from a patient's file can stand in it.

    ``papers``: name, content and kind of what goes with it.
    """

    to: str = field(repr=False)
    subject: Plain
    text: Plain
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    categories: frozenset[Category] = CONTACT
    papers: tuple[tuple[str, bytes, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody of the newsletter, as Resend has them."""

    id: str
    email: str = field(repr=False)
    unsubscribed: bool


def send_news(
    mail: Mail, stop: Link, *, key: str, outgoing_id: UUID | None = None, ground: Ground, now: datetime
) -> str:
    """Send one message of the newsletter, on the reader's own consent and with its one-click stop (RFC 8058). Raises as :func:`send_message`."""
    if ground.name != NEWS:
        raise NoGround(Refusal("no_news", _("News goes out on the reader's own consent only.")))
    headers = {
        **mail.headers,
        "List-Unsubscribe": f"<{stop}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Precedence": "bulk",
    }
    return _send(replace(mail, headers=headers), key, outgoing_id, ground, now)


def send_message(mail: Mail, *, key: str, outgoing_id: UUID | None = None, ground: Ground, now: datetime) -> str:
    """Send it once, however often it is asked under ``key``; Resend's id of it. Raises as ``door.send`` does, TypeError for other words.

    On a legal basis only: a consent is one to news, and news goes by :func:`send_news`.
    """
    if not isinstance(ground, Necessary):
        raise NoGround(
            Refusal("news_by_its_own_way", _("What rests on a consent is news, and goes with its one-click stop."))
        )
    return _send(mail, key, outgoing_id, ground, now)


def _send(mail: Mail, key: str, outgoing_id: UUID | None, ground: Ground, now: datetime) -> str:
    for words in (mail.subject, mail.text):
        if not isinstance(words, Plain):
            raise TypeError("the words of a mail are Plain: made from a template")
    body: dict[str, Json] = {
        "from": settings.DEFAULT_FROM_EMAIL,
        "to": [mail.to],
        "subject": " ".join(str(mail.subject).split()),
        "text": mail.text,
    }
    if mail.headers:
        body["headers"] = dict(mail.headers)
    if mail.papers:
        body["attachments"] = [
            {"filename": name, "content": b64encode(content).decode(), "content_type": kind}
            for name, content, kind in mail.papers
        ]
    call = _call("POST", "/emails", body, mail.categories, key=key, outgoing_id=outgoing_id)
    try:
        answer = send(call, ground=ground, now=now)
    except Rejected as refused:
        if refused.code == "concurrent_idempotent_requests":
            raise Busy(KEY, refused.status, None) from refused
        raise
    return _text(answer, answer.json(), "id")


def join(email: str, *, ground: Ground, now: datetime) -> str:
    """Have an address receive the newsletter, also one that left it before; Resend's id of the contact. May be called twice."""
    try:
        answer = send(_call("POST", "/contacts", {"email": email, "unsubscribed": False}), ground=ground, now=now)
    except Rejected as refused:
        if refused.status != 409:
            raise
        answer = send(_call("GET", f"/contacts/{quote(email)}"), ground=ground, now=now)
    contact = _text(answer, answer.json(), "id")
    send(_call("PATCH", f"/contacts/{contact}", {"unsubscribed": False}, key=contact), ground=ground, now=now)
    return contact


def leave(contact: str, *, ground: Ground, now: datetime) -> None:
    """Have a contact forgotten there. One that isn't there any more is what was asked for."""
    try:
        send(_call("DELETE", f"/contacts/{quote(contact)}"), ground=ground, now=now)
    except Rejected as refused:
        if refused.status != 404:
            raise


def contacts(*, ground: Ground, now: datetime) -> list[Contact]:
    """Everybody of the newsletter. Raises :class:`Broken` for a list without end."""
    found: list[Contact] = []
    for _number in range(MOST_PAGES):
        query: dict[str, str | int] = {"limit": PAGE, **({"after": found[-1].id} if found else {})}
        answer = send(_call("GET", "/contacts", query=query), ground=ground, now=now)
        said = answer.json()
        found += _contacts(answer, said)
        if not said.get("has_more"):
            return found
    raise Broken(KEY, "a list of contacts without end", sent=True)


def read(arrival: Arrival) -> Said:
    """The id and kind of an event."""
    return Said(arrival.headers["svix-id"], str(json.loads(arrival.body)["type"]))


def _secrets() -> Sequence[str]:
    return [credentials_of(KEY)["RESEND_WEBHOOK_SECRET"]]


HOOK: Final = Hook(KEY, svix(_secrets), read)


def _call(
    method: Method, path: str, body: Mapping[str, Json] | None = None, categories: frozenset[Category] = CONTACT, *,
    key: str = "", outgoing_id: UUID | None = None, query: Mapping[str, str | int] | None = None,
) -> Call:  # fmt: skip
    token = credentials_of(KEY)["RESEND_API_KEY"]
    return Call(
        subprocessor=KEY, method=method, url=API + path, categories=categories, query=query or {}, json=body,
        headers={"Authorization": f"Bearer {token}"}, idempotency_key=key, outgoing_id=outgoing_id,
    )  # fmt: skip


def _contacts(answer: Answer, said: Any) -> list[Contact]:
    rows = said.get("data") if isinstance(said, dict) else None
    if not isinstance(rows, list):
        raise Broken(KEY, "a list that is none", sent=True, status=answer.status)
    return [
        Contact(_text(answer, row, "id"), _text(answer, row, "email"), _flag(answer, row, "unsubscribed"))
        for row in rows
    ]


def _text(answer: Answer, said: Any, name: str) -> str:
    value = said.get(name) if isinstance(said, dict) else None
    if not isinstance(value, str) or not value:
        raise Broken(KEY, f"no {name} in its answer", sent=True, status=answer.status)
    return value


def _flag(answer: Answer, said: Any, name: str) -> bool:
    value = said.get(name)
    if not isinstance(value, bool):
        raise Broken(KEY, f"no {name} in its answer", sent=True, status=answer.status)
    return value
