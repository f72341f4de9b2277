"""The payer's contract: FHIR R4, the least that the question needs, and every answer that doesn't say whether."""

from datetime import date
from typing import Any

import pytest

from adapters import actions
from adapters import payer as client
from adapters.door import Broken, Closed, Rejected
from adapters.faults import Fault
from adapters.grounds import NoGround, necessary
from adapters.models import Egress
from adapters.payer import Coverage, Question
from adapters.promises import no_transfer_without_a_mechanism, nothing_is_sold
from audit.actors import Actor
from fakes.server import Fakes
from privacy.ids import new_id
from privacy.payers import MADE_UP, VERSIONS, Payer, PayersVersion, is_payer, payer, payers_at
from tests.adapters.calls import NOW
from tests.adapters.contract import FAILURES, fails, names

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 18)
QUESTION = Question(new_id(), "C-4711", date(1984, 2, 29), DAY)


def ask(question: Question = QUESTION, of: Payer = MADE_UP, **how: Any) -> Coverage:
    return client.ask(question, of, **{"ground": necessary("coverage_check"), "now": NOW, **how})


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("C-4711", Coverage.COVERED),
        ("N-4711", Coverage.NOT_COVERED),
        ("X-4711", Coverage.UNKNOWN_MEMBER),
        ("M-1", Coverage.COVERED),
        ("M-2", Coverage.NOT_COVERED),
        ("M-3", Coverage.UNKNOWN_MEMBER),
    ],
)
def test_the_payers_own_word_and_nothing_else(fakes: Fakes, number: str, said: Coverage) -> None:
    fakes["payer"].members = {
        "M-1": ("1984-02-29", "2026-11-18"), "M-2": ("1984-02-29", "2026-11-17"), "M-3": ("1984-02-28", "2030-01-01"),
    }  # fmt: skip
    assert ask(Question(new_id(), number, date(1984, 2, 29), DAY)) is said


def test_only_number_birth_date_and_day_go_there(fakes: Fakes) -> None:
    ask(outgoing_id=(message := new_id()))
    (call,) = fakes["payer"].calls
    said = call.json()
    assert (call.method, call.host, call.path) == (
        "POST", "payer.example.org", "/fhir/r4/CoverageEligibilityRequest/$submit",
    )  # fmt: skip
    assert (call.headers["authorization"], call.media_type, call.headers["idempotency-key"]) == (
        "Bearer stand-in-payer_token", "application/fhir+json", str(QUESTION.id),
    )  # fmt: skip
    assert [set(one) for one in said["contained"]] == [
        {"resourceType", "id", "birthDate"}, {"resourceType", "id", "status", "subscriberId", "beneficiary", "payor"},
    ]  # fmt: skip
    assert set(said) - {"contained"} == {
        "resourceType", "identifier", "status", "purpose", "patient", "servicedDate", "created", "insurer", "insurance",
    }  # fmt: skip
    line = Egress.objects.get()
    assert (line.subprocessor, line.host, line.ground, line.categories, line.outgoing_id) == (
        "payer", "payer.example.org", "coverage_check", "identity", message,
    )  # fmt: skip
    assert ("4711" in repr(QUESTION), "1984" in repr(QUESTION)) == (False, False)


@pytest.mark.parametrize(
    "changed",
    [
        {"outcome": "queued"},
        {"outcome": "error", "error": [{"code": {"text": "x"}}]},
        {"error": [{"code": {"text": "x"}}]},
        {"request": {"identifier": {"value": "urn:uuid:another"}}},
        {"request": {}},
        {"insurance": []},
        {"insurance": [{"inforce": True}, {"inforce": False}]},
        {"insurance": [{"inforce": "true"}]},
        {"insurance": [{}]},
        {"resourceType": "Bundle"},
    ],
    ids=str,
)
def test_an_answer_that_does_not_say_whether_is_no_answer(fakes: Fakes, changed: dict[str, Any]) -> None:
    fakes["payer"].answers = changed
    with pytest.raises(Broken, match="doesn't say whether"):
        ask()


@pytest.mark.parametrize(("trouble", "fault"), FAILURES, ids=names)
def test_each_failure_becomes_its_fault(fakes: Fakes, trouble: dict[str, Any], fault: type[Fault]) -> None:
    fails(fakes["payer"], trouble, fault, ask)


def test_a_missing_page_is_no_unknown_member(fakes: Fakes) -> None:
    fakes["payer"].fail_next(
        status=404, body={"resourceType": "OperationOutcome", "issue": [{"code": "not-supported"}]}
    )
    with pytest.raises(Rejected):
        ask()
    fakes["payer"].fail_next(status=404, body={"resourceType": "OperationOutcome", "issue": [{"code": "not-found"}]})
    assert ask() is Coverage.UNKNOWN_MEMBER


def test_a_closed_way_and_another_ground_send_nothing(fakes: Fakes, settings: Any) -> None:
    with pytest.raises(NoGround):
        ask(ground=necessary("account_message"))
    actions.switch_off(subprocessor="payer", reason="An incident there", by=Actor.operations("test"), now=NOW)
    with pytest.raises(Closed):
        ask()
    assert (fakes.count, Egress.objects.count()) == (0, 0)


def test_a_payer_that_is_not_listed_gets_nothing_and_production_knows_no_made_up_one(
    fakes: Fakes, settings: Any
) -> None:
    settings.STAND_INS = ""
    with pytest.raises(Closed, match="list of payers"):
        ask()
    assert (fakes.count, payers_at(DAY), payer("payer", DAY), is_payer("payer"), is_payer("resend")) == (
        0, (), None, True, False,
    )  # fmt: skip


def test_the_list_counts_from_its_day(monkeypatch: pytest.MonkeyPatch) -> None:
    another = Payer("fund", "A fund", "A fund", "FR", True, MADE_UP.hosts, "/r4")
    monkeypatch.setattr("privacy.payers.VERSIONS", (*VERSIONS, PayersVersion(2, DAY, (another,))))
    assert (payers_at(date(2026, 11, 17)), payers_at(DAY), payer("fund", DAY)) == ((), (another,), another)
    assert payers_at(DAY, made_up=True) == (another, MADE_UP)


def test_promises_of_the_journal_know_payers_by_their_list(fakes: Fakes) -> None:
    ask()
    sold, moved = nothing_is_sold(NOW), no_transfer_without_a_mechanism(NOW)
    assert (sold.kept, sold.figures["questions_to_payers"], moved.kept) == (True, 1, True)
    from adapters import journal

    journal.depart(
        "payer", "payer.example.org", ground=necessary("coverage_check"), categories=["identity"], bytes_out=1, stand_in=False,
        now=NOW, durable=False,
    )  # fmt: skip
    sold, moved = nothing_is_sold(NOW), no_transfer_without_a_mechanism(NOW)
    assert (sold.kept, moved.kept, moved.figures["sent_while_closed"]) == (False, False, 1)
