"""A payer's FHIR R4 server: it knows a few members, and says of each day whether they are covered.

Whoever isn't listed gets what real ones say: an OperationOutcome ``not-found``. Numbers that begin with ``C`` are covered whatever
the birth date, those with ``N`` are members whose cover ended, so that a person can try both by hand.
"""

from typing import Any, ClassVar

from fakes.provider import Provider, Route, api
from fakes.wire import Asked, Reply, Wrong, in_json

FHIR = "application/fhir+json"


class PayerServer(Provider):
    """Answers ``$submit`` at once; keeps nothing of a question but its number."""

    key: ClassVar[str] = "payer"
    title: ClassVar[str] = "A patient's payer"
    hosts: ClassVar[tuple[str, ...]] = ("payer.example.org",)

    def fresh(self) -> None:
        """``members``: by number the birth date and the last covered day; ``answers`` replaces parts of the next answer."""
        self.members: dict[str, tuple[str, str]] = {}
        self.answers: dict[str, Any] = {}

    def authorise(self, asked: Asked, route: Route) -> None:
        """A bearer token, and FHIR's own media type wanted back."""
        if asked.headers.get("authorization") != f"Bearer {self.made_up('PAYER_TOKEN')}":
            raise Wrong("auth", 401, "no such token", "login")
        if asked.headers.get("accept") != FHIR:
            raise Wrong("media", 406, f"this server speaks {FHIR}", "not-supported")

    def refuse(self, wrong: Wrong) -> Reply:
        """An OperationOutcome."""
        code = wrong.code or {"schema": "structure", "path": "not-supported", "json": "structure"}.get(
            wrong.kind, "processing"
        )
        return _outcome(wrong.status, code, str(wrong))

    @api("POST", "/fhir/r4/CoverageEligibilityRequest/$submit", body="eligibility", takes=FHIR)
    def submit(self, asked: Asked) -> Reply:
        """Whether the cover is in force on the day of the question."""
        said = asked.json()
        if {one["id"] for one in said["contained"]} != {"member", "coverage"}:
            raise Wrong("schema", 422, "one Patient and one Coverage, please")
        born = next(one["birthDate"] for one in said["contained"] if one["id"] == "member")
        number = next(one["subscriberId"] for one in said["contained"] if one["id"] == "coverage")
        known = self.members.get(number) or _by_letter(number, born)
        if known is None or known[0] != born:
            return _outcome(422, "not-found", "no member of this number and date of birth")
        answer = {
            "resourceType": "CoverageEligibilityResponse",
            "status": "active",
            "purpose": ["validation"],
            "patient": {"type": "Patient"},
            "created": self.now.isoformat(timespec="seconds"),
            "request": {"identifier": said["identifier"][0]},
            "outcome": "complete",
            "insurer": {"display": "payer"},
            "insurance": [{"coverage": {"type": "Coverage"}, "inforce": said["servicedDate"] <= known[1]}],
            **self.answers,
        }
        self.answers = {}
        return in_json(200, answer, Content_Type=f"{FHIR}; charset=utf-8")


def _by_letter(number: str, born: str) -> tuple[str, str] | None:
    return {"C": (born, "9999-12-31"), "N": (born, "2020-12-31")}.get(number[:1].upper())


def _outcome(status: int, code: str, words: str) -> Reply:
    issue = {"severity": "error", "code": code, "diagnostics": words}
    return in_json(
        status, {"resourceType": "OperationOutcome", "issue": [issue]}, Content_Type=f"{FHIR}; charset=utf-8"
    )
