"""BulkGate, played: text messages with its duplicates check, delivery reports; a phone for people."""

import hmac
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from typing import Any, Final
from uuid import uuid4

from fakes import pages
from fakes.provider import Notice, Provider, Route, api, page
from fakes.wire import Asked, Reply, Wrong, in_json, see_other

SEVEN_BIT: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./:;<=>?¡ÄÖÑÜ§¿äöñüà^{}\\[~]|€0123456789"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)
STATUS: Final = {"delivered": "1", "unavailable": "2", "undelivered": "3"}


@dataclass
class Message:
    """One text message on the phone."""

    id: str
    number: str
    text: str
    unicode: bool
    at: datetime
    status: str = "accepted"


class BulkGate(Provider):
    """``portal.bulkgate.com``."""

    key, title, hosts, home = "bulkgate", "BulkGate: the phone", ("portal.bulkgate.com",), "phone"

    def fresh(self) -> None:
        """No messages."""
        self.messages: dict[str, Message] = {}

    def authorise(self, asked: Asked, route: Route) -> None:
        """The credentials stand in the body."""
        said = asked.json()
        said = said if isinstance(said, dict) else {}
        for name in ("application_id", "application_token"):
            if not hmac.compare_digest(str(said.get(name, "")), self.made_up(f"BULKGATE_{name.upper()}")):
                raise Wrong("auth", 401, "Unknown identity / application_id / application_token", "unknown_identity")

    def refuse(self, wrong: Wrong) -> Reply:
        """Their shape: type, code, error, detail."""
        kind = wrong.code or {"schema": "validator_error", "json": "invalid_json"}.get(wrong.kind, "api_error")
        status = 400 if wrong.kind == "schema" else wrong.status
        return in_json(status, {"type": kind, "code": status, "error": wrong.words, "detail": None})

    @api("POST", "/api/2.0/advanced/transactional", body="transactional")
    def send(self, asked: Asked) -> Reply:
        """One message to one number."""
        said = asked.json()
        unicode = said.get("channel", {}).get("sms", {}).get("unicode", False)
        if len(said["text"]) > (268 if unicode else 612):
            raise Wrong("refused", 400, "Message is too long", "message_too_long")
        twin = self._twin(said) if said.get("duplicates_check") == "on" else None
        if not unicode and not set(said["text"]) <= SEVEN_BIT:
            said["text"] = "".join(sign if sign in SEVEN_BIT else "?" for sign in said["text"])
        one = twin or Message(f"tmpde{uuid4().hex[:12]}", said["number"], said["text"], unicode, self.now)
        self.messages[one.id] = one
        item = {
            "status": "accepted",
            "message_id": one.id,
            "part_id": [f"{one.id}_1"],
            "number": one.number,
            "channel": "sms",
        }
        totals = {
            "sent": 0,
            "accepted": 1,
            "scheduled": 0,
            "error": 0,
            "blacklisted": 0,
            "invalid_number": 0,
            "invalid_sender": 0,
        }
        return in_json(200, {"data": {"total": {"status": totals}, "response": [item]}})

    def _twin(self, said: dict[str, Any]) -> Message | None:
        since = self.now - timedelta(minutes=5)
        same = (one for one in self.messages.values() if (one.number, one.text) == (said["number"], said["text"]))
        return next((one for one in same if one.at > since), None)

    def report(self, one: Message, status: str) -> Notice:
        """Tell the product what became of a message."""
        one.status = status
        return self._tell(
            [{"status": STATUS[status], "smsID": one.id, "to": one.number, "price": "0.04", "channel": "sms"}]
        )

    def reply(self, one: Message, words: str) -> Notice:
        """The person answers."""
        return self._tell([{"status": "10", "from": one.number, "message": words, "channel": "sms"}])

    def _tell(self, reports: list[dict[str, str]]) -> Notice:
        path = f"/hooks/bulkgate/reports/{self.made_up('BULKGATE_REPORT_SECRET')}"
        return self.notify(path, json.dumps(reports).encode(), {"Content-Type": "application/json"})

    @page("GET", "/phone")
    def phone(self, asked: Asked) -> Reply:
        """All messages, the newest first."""
        rows = [
            [escape(f"+{one.number}"), escape(one.text), escape(one.status), self._acts(one)]
            for one in reversed(self.messages.values())
        ]
        return pages.page("Phone", pages.table(["Number", "Text", "State", ""], rows, "No message yet."))

    def _acts(self, one: Message) -> str:
        words = {"delivered": "It arrives", "undelivered": "It doesn't arrive", "stop": "Answer STOP"}
        return "".join(pages.form(f"/bulkgate/message/{one.id}/{kind}", said) for kind, said in words.items())

    @page("POST", "/message/{which}/{kind}")
    def act(self, asked: Asked) -> Reply:
        """Something happens to a message."""
        one, kind = self.messages.get(asked.params["which"]), asked.params["kind"]
        if one is None or kind not in ("delivered", "undelivered", "stop"):
            raise Wrong("missing", 404, "no such message, or nothing of that kind happens to it")
        if kind == "stop":
            self.reply(one, "STOP")
        else:
            self.report(one, kind)
        return see_other("/bulkgate/phone")
