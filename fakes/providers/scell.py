"""Scell.io, played: invoices, signatures with a signing page, files, a balance, events signed over their moment and body."""

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from html import escape
from typing import Any
from uuid import uuid4

from fakes import pages
from fakes.provider import Provider, Route, api, page
from fakes.wire import Asked, Reply, Wrong, in_json, see_other

HOST = "api.scell.io"
V1 = "/api/v1"
PRICE_INVOICE, PRICE_SIGNER = 4, 120
ENDED = ("completed", "refused", "expired", "error")


@dataclass
class Thing:
    """An invoice or a request for signatures."""

    id: str
    said: dict[str, Any]
    status: str
    signers: list[dict[str, Any]] = field(default_factory=list)
    level: str = ""
    number: str = ""


class Scell(Provider):
    key, title, hosts, home = "scell", "Scell.io (invoices and signatures)", (HOST,), "list"

    def fresh(self) -> None:
        self.balance = 100_000
        self.level = ""
        self.invoices: dict[str, Thing] = {}
        self.signatures: dict[str, Thing] = {}
        self.again: dict[str, tuple[bytes, Reply]] = {}
        self.links: dict[str, bytes] = {}

    def authorise(self, asked: Asked, route: Route) -> None:
        if not hmac.compare_digest(asked.headers.get("x-api-key", ""), self.made_up("SCELL_API_KEY")):
            raise Wrong("auth", 401, "Unauthenticated.", "UNAUTHENTICATED")

    def refuse(self, wrong: Wrong) -> Reply:
        if wrong.kind == "schema":
            return in_json(422, {"message": "The given data was invalid.", "errors": {"body": [wrong.words]}})
        return in_json(wrong.status, {"message": wrong.words, "code": wrong.code or wrong.kind.upper()})

    # -- operations --------------------------------------------------------------------------------------------------

    @api("POST", f"{V1}/invoices", body="invoice")
    def new_invoice(self, asked: Asked) -> Reply:
        return self._once(asked, lambda: self._invoice(asked.json()))

    @api("GET", f"{V1}/invoices/{{id}}")
    def invoice(self, asked: Asked) -> Reply:
        return in_json(200, {"data": self._told_invoice(self._find(self.invoices, asked))})

    @api("GET", f"{V1}/invoices/{{id}}/download", query=("format",))
    def invoice_file(self, asked: Asked) -> Reply:
        one = self._find(self.invoices, asked)
        return Reply(200, f"%PDF-1.7 Factur-X {one.id}".encode(), {"Content-Type": "application/pdf"})

    @api("POST", f"{V1}/signatures", body="signature")
    def new_signature(self, asked: Asked) -> Reply:
        return self._once(asked, lambda: self._signature(asked.json()))

    @api("GET", f"{V1}/signatures/{{id}}")
    def signature(self, asked: Asked) -> Reply:
        return in_json(200, {"data": self._told_signature(self._find(self.signatures, asked))})

    @api("POST", f"{V1}/signatures/{{id}}/remind")
    def remind(self, asked: Asked) -> Reply:
        waiting = [one for one in self._find(self.signatures, asked).signers if one["status"] == "pending"]
        return in_json(200, {"message": "done", "signers_reminded": len(waiting)})

    @api("POST", f"{V1}/signatures/{{id}}/cancel")
    def cancel(self, asked: Asked) -> Reply:
        one = self._find(self.signatures, asked)
        if one.status in ENDED:
            raise Wrong("conflict", 409, "it is over already", "ALREADY_FINAL")
        one.status = "expired"
        self.tell("signature.expired", one)
        return in_json(200, {"message": "done"})

    @api("GET", f"{V1}/signatures/{{id}}/download/{{what}}")
    def download(self, asked: Asked) -> Reply:
        one = self._find(self.signatures, asked)
        if asked.params["what"] not in ("original", "signed", "audit_trail") or one.status != "completed":
            raise Wrong("missing", 404, "there is no such file", "NOT_FOUND")
        name = uuid4().hex
        self.links[name] = f"%PDF-1.7 {asked.params['what']} {one.id}".encode()
        return in_json(
            200, {"url": f"https://{HOST}/files/{name}?expires=1&signature=abc", "expires_at": self.now.isoformat()}
        )

    @api("GET", "/files/{name}", query=("expires", "signature"), open=True)
    def file(self, asked: Asked) -> Reply:
        if asked.params["name"] not in self.links:
            raise Wrong("missing", 404, "there is no such file", "NOT_FOUND")
        return Reply(200, self.links[asked.params["name"]], {"Content-Type": "application/pdf"})

    # -- what a person sees ------------------------------------------------------------------------------------------

    @page("GET", "/list")
    def listed(self, asked: Asked) -> Reply:
        rows = [
            [
                pages.link(f"/scell/sign/{one.id}/{number}", one.said["title"]),
                escape(signer["status"]),
                escape(one.status),
            ]
            for one in self.signatures.values()
            for number, signer in enumerate(one.signers)
        ]
        invoices = [[escape(one.number), escape(one.status)] for one in self.invoices.values()]
        return pages.page(
            "Scell.io", "<h2>To be signed</h2>", pages.table(["Document", "Signer", "State"], rows), "<h2>Invoices</h2>",
            pages.table(["Number", "State"], invoices),
        )  # fmt: skip

    @page("GET", "/sign/{id}/{number}")
    def to_sign(self, asked: Asked) -> Reply:
        one, signer = self._signing(asked)
        what = pages.words(f"{one.said['title']} ({one.said['document_name']})")
        if signer["status"] != "pending" or one.status in ENDED:
            return pages.page("Signing", what, pages.words(f"Nothing to do here: {signer['status']}, {one.status}."))
        address = f"/scell/sign/{one.id}/{asked.params['number']}"
        return pages.page(
            "Signing", what, pages.form(f"{address}/sign", "Sign"), pages.form(f"{address}/refuse", "Refuse")
        )

    @page("POST", "/sign/{id}/{number}/{act}")
    def act(self, asked: Asked) -> Reply:
        (one, signer), acts = self._signing(asked), {"sign": self.sign, "refuse": self.refuse_to_sign}
        if asked.params["act"] not in acts:
            raise Wrong("missing", 404, "a paper is signed or refused")
        if signer["status"] == "pending" and one.status not in ENDED:
            acts[asked.params["act"]](one, signer)
        return see_other(f"/scell/sign/{one.id}/{asked.params['number']}")

    # -- what happens ------------------------------------------------------------------------------------------------

    def sign(self, one: Thing, signer: dict[str, Any]) -> None:
        """One of them signs."""
        signer["status"] = "signed"
        done = all(each["status"] == "signed" for each in one.signers)
        one.status = "completed" if done else "partially_signed"
        self.tell("signature.completed" if done else "signature.signed", one)

    def refuse_to_sign(self, one: Thing, signer: dict[str, Any]) -> None:
        """One of them says no."""
        signer["status"] = one.status = "refused"
        self.tell("signature.refused", one)

    def move(self, one: Thing, status: str) -> None:
        """An invoice goes on."""
        one.status = status
        self.tell(f"invoice.{status}", one)

    def tell(self, event: str, one: Thing) -> None:
        """Tell the product, signed over the moment and the body."""
        said = {"event": event, "timestamp": self.now.isoformat(), "delivery_id": str(uuid4()),
                "data": {"id": one.id, "external_id": one.said.get("external_id"), "status": one.status}}  # fmt: skip
        body = json.dumps(said).encode()
        moment = str(int(self.now.timestamp()))
        secret = self.made_up("SCELL_WEBHOOK_SECRET").encode()
        digest = hmac.new(secret, moment.encode() + b"." + body, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", "X-Scell-Signature": f"t={moment},v1={digest}"}
        self.notify("/hooks/scell/", body, headers)

    def _once(self, asked: Asked, make: Any) -> Reply:
        """The same key gives the same answer for a day; with another body it is a mistake."""
        key = asked.headers.get("idempotency-key", "")
        if not key:
            raise Wrong("auth", 400, "an Idempotency-Key, please", "IDEMPOTENCY_KEY_MISSING")
        if key in self.again:
            body, kept = self.again[key]
            if body != asked.body:
                raise Wrong("conflict", 409, "the key was used for something else", "IDEMPOTENCY_CONFLICT")
            return kept
        reply: Reply = make()
        self.again[key] = (asked.body, reply)
        return reply

    def _invoice(self, said: dict[str, Any]) -> Reply:
        self._take(PRICE_INVOICE)
        for line in said["lines"]:
            if round((line["total_ht"] + line["total_tax"]) * 100) != round(line["total_ttc"] * 100):
                raise Wrong("schema", 422, "the line's totals don't add up")
        sums = {
            name: round(sum(line[name] for line in said["lines"]) * 100)
            for name in ("total_ht", "total_tax", "total_ttc")
        }
        if any(round(said[name] * 100) != cents for name, cents in sums.items()):
            raise Wrong("schema", 422, "the totals aren't those of the lines")
        if not said["buyer_is_individual"] and not said.get("buyer_siret"):
            raise Wrong("schema", 422, "buyer_siret is missing")
        one = Thing(str(uuid4()), said, "draft", number=said["invoice_number"])
        self.invoices[one.id] = one
        return in_json(201, {"data": self._told_invoice(one)})

    def _signature(self, said: dict[str, Any]) -> Reply:
        self._take(PRICE_SIGNER * len(said["signers"]))
        one = Thing(str(uuid4()), said, "waiting_signers", level=self.level)
        for number, signer in enumerate(said["signers"]):
            if signer["auth_method"] != "sms" and not signer.get("email"):
                raise Wrong("schema", 422, f"signers.{number}.email is missing")
            if signer["auth_method"] != "email" and not signer.get("phone"):
                raise Wrong("schema", 422, f"signers.{number}.phone is missing")
            one.signers.append(
                {
                    **signer,
                    "id": str(uuid4()),
                    "status": "pending",
                    "signing_url": f"{self.here}/sign/{one.id}/{number}",
                }
            )
        self.signatures[one.id] = one
        return in_json(201, {"data": self._told_signature(one)})

    def _take(self, cents: int) -> None:
        if self.balance < cents:
            raise Wrong("refused", 402, "Insufficient balance", "INSUFFICIENT_BALANCE")
        self.balance -= cents

    def _find(self, where: dict[str, Thing], asked: Asked) -> Thing:
        if asked.params["id"] not in where:
            raise Wrong("missing", 404, "there is no such thing", "NOT_FOUND")
        return where[asked.params["id"]]

    def _signing(self, asked: Asked) -> tuple[Thing, dict[str, Any]]:
        one = self._find(self.signatures, asked)
        if not asked.params["number"].isdigit() or int(asked.params["number"]) >= len(one.signers):
            raise Wrong("missing", 404, "there is no such signer")
        return one, one.signers[int(asked.params["number"])]

    def _told_invoice(self, one: Thing) -> dict[str, Any]:
        said = {
            name: one.said[name]
            for name in ("direction", "output_format", "issue_date", "total_ht", "total_tax", "total_ttc", "currency")
        }
        return {**said, "id": one.id, "invoice_number": one.number, "status": one.status, "environment": "sandbox",
                "external_id": one.said.get("external_id")}  # fmt: skip

    def _told_signature(self, one: Thing) -> dict[str, Any]:
        said = {
            "id": one.id, "title": one.said["title"], "document_name": one.said["document_name"], "status": one.status,
            "document_size": len(one.said["document"]), "environment": "sandbox", "signers": one.signers,
            "external_id": one.said.get("external_id"), "archive_enabled": True,
        }  # fmt: skip
        return said | ({"signature_level": one.level} if one.level else {})
