"""Resend, played: sending with idempotency keys, contacts, signed events; a mailbox for people."""

import base64
import hashlib
import hmac
import json
import re
from dataclasses import dataclass, field
from html import escape
from typing import Any, Final
from uuid import uuid4

from fakes import pages
from fakes.provider import Notice, Provider, Route, Trouble, api, page
from fakes.smtp import Letter
from fakes.wire import Asked, Reply, Wrong, in_json, see_other

HOOK: Final = "/hooks/resend/"
NAMES: Final = {
    "auth": "invalid_api_key", "path": "not_found", "method": "method_not_allowed", "missing": "not_found",
}  # fmt: skip
ONCE: Final = "resend-idempotency-key"
"""By which a letter that comes by SMTP a second time is known."""
USUAL: Final = frozenset({"from", "to", "cc", "subject", "date", "message-id", "mime-version", ONCE})
"""Headers that every letter has, or that the one who gets it never sees."""
ADDRESS: Final = re.compile(r"https?://[^\s<>]+")


@dataclass
class Mail:
    """One message in the mailbox."""

    id: str
    said: dict[str, Any]
    happened: list[str] = field(default_factory=list)


@dataclass
class Contact:
    """One contact."""

    id: str
    email: str
    unsubscribed: bool


class Resend(Provider):
    """``api.resend.com``."""

    key, title, hosts, home = "resend", "Resend: the mailbox", ("api.resend.com",), "mailbox"

    def fresh(self) -> None:
        """No mails, no contacts."""
        self.mails: dict[str, Mail] = {}
        self.contacts: dict[str, Contact] = {}
        self.keys: dict[str, tuple[bytes, Reply]] = {}
        self.posted_keys: set[str] = set()
        self.told = 0

    def authorise(self, asked: Asked, route: Route) -> None:
        """A bearer token; missing and wrong are told apart."""
        said = asked.headers.get("authorization", "")
        if not said.startswith("Bearer "):
            raise Wrong("auth", 401, "Missing API key in the authorization header.", "missing_api_key")
        if not hmac.compare_digest(said, f"Bearer {self.made_up('RESEND_API_KEY')}"):
            raise Wrong("auth", 403, "API key is invalid.")

    def refuse(self, wrong: Wrong) -> Reply:
        """Their shape: statusCode, message, name."""
        name = wrong.code or NAMES.get(wrong.kind, "validation_error")
        return in_json(wrong.status, {"statusCode": wrong.status, "message": wrong.words, "name": name})

    @api("POST", "/emails", body="email")
    def send(self, asked: Asked) -> Reply:
        """One message; under the same key and with the same body the same answer."""
        key = asked.headers.get("idempotency-key", "")
        if key and len(key) > 256:
            raise Wrong("refused", 400, "The key must be between 1-256 chars.", "invalid_idempotency_key")
        if key in self.keys:
            body, reply = self.keys[key]
            if body != asked.body:
                raise Wrong("conflict", 409, "Same key, another payload.", "invalid_idempotent_request")
            return reply
        said = asked.json()
        if "text" not in said and "html" not in said:
            raise Wrong("schema", 422, "Missing `html` or `text` field.", "missing_required_field")
        mail = Mail(str(uuid4()), said)
        self.mails[mail.id] = mail
        reply = in_json(200, {"id": mail.id})
        if key:
            self.keys[key] = (asked.body, reply)
        return reply

    def posted(self, letter: Letter) -> Trouble | None:
        """A letter that came by SMTP: counted as a call, and in the mailbox like any other, once for each idempotency key.

        Returns what is to go wrong with the answer.
        """
        asked = Asked("SMTP", "smtp.resend.com", "/", headers={"mail-from": letter.sender}, body=letter.raw)
        with self.lock:
            trouble = self.called(asked)
            lost = trouble is not None and not trouble.after and (trouble.close or trouble.status is not None)
            key = letter.header(ONCE)
            if not lost and key not in self.posted_keys:
                mail = Mail(str(uuid4()), _said(letter))
                self.mails[mail.id] = mail
                self.posted_keys |= {key} - {""}
            return trouble

    @api("POST", "/contacts", body="contact")
    def create(self, asked: Asked) -> Reply:
        """A contact; an address that is there keeps its id."""
        said = asked.json()
        known = next((one for one in self.contacts.values() if one.email == said["email"]), None)
        contact = known or Contact(str(uuid4()), said["email"], bool(said.get("unsubscribed", False)))
        self.contacts[contact.id] = contact
        return in_json(201, {"object": "contact", "id": contact.id})

    @api("GET", "/contacts", query=("limit", "after"))
    def all(self, asked: Asked) -> Reply:
        """A page of contacts."""
        limit = int(asked.query.get("limit", "20"))
        if not 1 <= limit <= 100:
            raise Wrong("query", 422, "limit is between 1 and 100")
        rows = list(self.contacts.values())
        after = asked.query.get("after")
        begin = next((number + 1 for number, one in enumerate(rows) if one.id == after), 0)
        shown = [_shown(one) for one in rows[begin : begin + limit]]
        return in_json(200, {"object": "list", "has_more": begin + limit < len(rows), "data": shown})

    @api("GET", "/contacts/{which}")
    def one(self, asked: Asked) -> Reply:
        """One contact, by id or address."""
        return in_json(200, {"object": "contact", **_shown(self._found(asked))})

    @api("PATCH", "/contacts/{which}", body="contact_change")
    def change(self, asked: Asked) -> Reply:
        """Change one."""
        contact = self._found(asked)
        contact.unsubscribed = bool(asked.json().get("unsubscribed", contact.unsubscribed))
        return in_json(200, {"object": "contact", "id": contact.id})

    @api("DELETE", "/contacts/{which}")
    def delete(self, asked: Asked) -> Reply:
        """Forget one."""
        contact = self.contacts.pop(self._found(asked).id)
        return in_json(200, {"object": "contact", "contact": contact.id, "deleted": True})

    def _found(self, asked: Asked) -> Contact:
        which = asked.params["which"]
        for one in self.contacts.values():
            if which in (one.id, one.email):
                return one
        raise Wrong("missing", 404, "Contact not found")

    def tell(self, kind: str, data: dict[str, Any], event: str = "") -> Notice:
        """Tell the product of an event, signed as Svix does."""
        self.told += 1
        event = event or f"msg_{self.told}_{uuid4().hex}"
        moment = int(self.now.timestamp())
        body = json.dumps({"type": kind, "created_at": self.now.isoformat(), "data": data}).encode()
        signed = f"{event}.{moment}.".encode() + body
        digest = hmac.new(self.made_up("RESEND_WEBHOOK_SECRET").encode(), signed, hashlib.sha256).digest()
        headers = {
            "Content-Type": "application/json", "svix-id": event, "svix-timestamp": str(moment),
            "svix-signature": f"v1,{base64.b64encode(digest).decode()}",
        }  # fmt: skip
        return self.notify(HOOK, body, headers)

    def happens(self, mail: Mail, kind: str, **more: Any) -> Notice:
        """Something happens to a message."""
        mail.happened.append(kind)
        about = {"email_id": mail.id, "from": mail.said["from"], "to": mail.said["to"], "subject": mail.said["subject"]}
        return self.tell(f"email.{kind}", {**about, **more})

    def unsubscribe(self, contact: Contact) -> Notice:
        """A contact leaves the newsletter at Resend's own page."""
        contact.unsubscribed = True
        return self.tell("contact.updated", _shown(contact))

    @page("GET", "/mailbox")
    def mailbox(self, asked: Asked) -> Reply:
        """All messages, the newest first; and the contacts."""
        rows = [
            [
                pages.link(f"/resend/mail/{one.id}", one.said["subject"]),
                escape(", ".join(one.said["to"])),
                escape(", ".join(one.happened)),
            ]
            for one in reversed(self.mails.values())
        ]
        people = [
            [
                escape(one.email),
                "left" if one.unsubscribed else pages.form(f"/resend/leave/{one.id}", "Leave the newsletter"),
            ]
            for one in self.contacts.values()
        ]
        return pages.page(
            "Mailbox", pages.table(["Subject", "To", "What happened"], rows, "No mail yet."),
            "<h2>Contacts of the newsletter</h2>", pages.table(["Address", ""], people, "Nobody."),
        )  # fmt: skip

    @page("GET", "/mail/{which}")
    def mail(self, asked: Asked) -> Reply:
        """One message, its links, and what may happen to it."""
        one = self._mail(asked)
        text = ADDRESS.sub(lambda found: f'<a href="{found[0]}">{found[0]}</a>', escape(one.said.get("text", "")))
        heads = [[escape(name), escape(value)] for name, value in one.said.get("headers", {}).items()]
        acts = "".join(
            pages.form(f"/resend/mail/{one.id}/{kind}", words)
            for kind, words in {
                "delivered": "It arrives",
                "bounced": "It bounces",
                "complained": "It is marked as spam",
            }.items()
        )
        acts += self._one_click(one.said.get("headers", {}))
        return pages.page(
            one.said["subject"], pages.words(f"To {', '.join(one.said['to'])}"), f"<pre>{text}</pre>",
            pages.table(["Header", "Value"], heads, "No headers of its own."), acts,
        )  # fmt: skip

    def _one_click(self, headers: dict[str, str]) -> str:
        """The button that a mail program shows beside the sender (RFC 8058); none without both headers."""
        found = re.search(r"<(https?://[^>]+)>", headers.get("List-Unsubscribe", ""))
        name, _is, value = headers.get("List-Unsubscribe-Post", "").partition("=")
        return pages.form(found[1], "Unsubscribe, as a mail program does", {name: value}) if found and value else ""

    @page("POST", "/mail/{which}/{kind}")
    def act(self, asked: Asked) -> Reply:
        """Something happens to a message."""
        kind = asked.params["kind"]
        if kind not in ("delivered", "bounced", "complained"):
            raise Wrong("path", 404, "nothing of that kind happens to a message")
        more = (
            {"bounce": {"type": "Permanent", "subType": "General", "message": "no such mailbox"}}
            if kind == "bounced"
            else {}
        )
        self.happens(self._mail(asked), kind, **more)
        return see_other("/resend/mailbox")

    @page("POST", "/leave/{which}")
    def left(self, asked: Asked) -> Reply:
        """A contact leaves."""
        self.unsubscribe(self._found(asked))
        return see_other("/resend/mailbox")

    def _mail(self, asked: Asked) -> Mail:
        if asked.params["which"] not in self.mails:
            raise Wrong("missing", 404, "no such message")
        return self.mails[asked.params["which"]]


def _shown(one: Contact) -> dict[str, Any]:
    return {"id": one.id, "email": one.email, "first_name": "", "last_name": "", "unsubscribed": one.unsubscribed}


def _said(letter: Letter) -> dict[str, Any]:
    """A letter as the API would have been asked to send it; who got it follows from the envelope, not from what it says."""
    own = {
        name: value
        for name, value in letter.headers
        if name.lower() not in USUAL and not name.lower().startswith("content-")
    }
    return {
        "from": letter.header("from"), "to": list(letter.recipients), "subject": letter.header("subject"), "text": letter.text,
        "headers": own,
    }  # fmt: skip
