"""Mistral's one operation, AssemblyAI's, and a payer's."""

from datetime import date
from typing import Any

from adapters import assemblyai, mistral, payer
from privacy.patient_keys import AI_HELP
from privacy.payers import MADE_UP
from privacy.pseudonyms import Kind, Known, Pseudonyms
from tests.adapters.contracts.shape import CONSENT, ID, PAYMENT, Act, Operation, Step
from tests.adapters.contracts.stage import ILL, WHO, Stage
from tests.records.assist_world import SOUND
from tests.records.factories import NOW


def draft(at: Stage) -> Act:
    without = Pseudonyms([Known(Kind.PERSON, WHO)])
    ground = at.both(AI_HELP, "mistral")
    return lambda: mistral.draft(
        {"note": f"{WHO} {ILL}"}, headings=("note",), without=without, ground=ground, now=NOW, outgoing_id=PAYMENT
    )


def upload(at: Stage) -> Act:
    ground = at.both(AI_HELP, "assemblyai")
    return lambda: assemblyai.upload(SOUND, ground=ground, now=NOW)


def start(at: Stage) -> Act:
    address = str(upload(at)())
    ground = at.both(AI_HELP, "assemblyai")
    return lambda: assemblyai.start(address, language="fr", ground=ground, now=NOW)


def finished(at: Stage) -> str:
    made: Any = start(at)()
    at.fakes["assemblyai"].finish(made.id, ILL)
    return str(made.id)


def fetch(at: Stage) -> Act:
    made = finished(at)
    ground = at.both(AI_HELP, "assemblyai")
    return lambda: assemblyai.fetch(made, ground=ground, now=NOW)


def delete(at: Stage) -> Act:
    made = finished(at)
    ground = at.law("end_of_use")
    return lambda: assemblyai.delete(made, ground=ground, now=NOW)


def listed(at: Stage) -> Act:
    finished(at)
    ground = at.law("end_of_use")
    return lambda: assemblyai.listed(ground=ground, now=NOW)


HELP = f"{AI_HELP}+{CONSENT}"
EU = "api.eu.assemblyai.com"
NOT_YET = assemblyai.NotYet


def asked(at: Stage) -> Act:
    question = payer.Question(PAYMENT, "C-4711", date(1984, 2, 29), NOW.date())
    ground = at.law("coverage_check")
    return lambda: payer.ask(question, MADE_UP, ground=ground, now=NOW, outgoing_id=PAYMENT)


PAYERS = (
    Operation("payer.ask", "coverage_check", asked, (
        Step("POST", "payer.example.org", r"/fhir/r4/CoverageEligibilityRequest/\$submit", "identity", "eligibility", key=str(PAYMENT),
             again=True, states=(("outcome",),)),
    )),
)  # fmt: skip
MACHINES = (
    Operation("mistral.draft", HELP % "mistral", draft, (
        Step("POST", "api.mistral.ai", "/v1/chat/completions", "health", "chat", key=str(PAYMENT), again=True,
             states=(("choices", 0, "finish_reason"),)),
    ), once=True),
    Operation("assemblyai.upload", HELP % "assemblyai", upload, (
        Step("POST", EU, "/v2/upload", "health", "bytes", states=(("upload_url",),)),
    ), once=True),
    Operation("assemblyai.start", HELP % "assemblyai", start, (
        Step("POST", EU, "/v2/transcript", "health", "transcript", states=(("status",),)),
    )),
    Operation("assemblyai.fetch", HELP % "assemblyai", fetch, (
        Step("GET", EU, f"/v2/transcript/{ID}", "health", again=True, states=(("status",),)),
    )),
    Operation("assemblyai.delete", "end_of_use", delete, (
        Step("DELETE", EU, f"/v2/transcript/{ID}", "", again=True, own={404: None, 400: NOT_YET, 409: NOT_YET},
             states=(("audio_url",),)),
    )),
    Operation("assemblyai.listed", "end_of_use", listed, (
        Step("GET", EU, "/v2/transcript", "", again=True, states=(("transcripts", 0, "status"),)),
    )),
)  # fmt: skip
