"""Mistral's contract: what is asked, without names, and every answer that isn't a draft."""

import json
from typing import Any

import pytest

from adapters import mistral
from adapters.door import Broken, Busy, Closed, Rejected
from adapters.faults import Fault
from adapters.grounds import NoGround, necessary
from adapters.models import Egress
from consents.grants import NoGrant
from fakes.server import Fakes
from privacy.ids import new_id
from privacy.pseudonyms import Kind, Known, Pseudonyms
from records.fields import CONSULTATION_FIELDS
from records.models import SuggestionKind
from tests.records.assist_world import LATER, World, world

pytestmark = pytest.mark.django_db(databases="__all__")
NOTES = {"reason": "Mme Lefèvre tousse", "note": "Éloïse dit « non »"}


@pytest.fixture
def here(fakes: Fakes) -> World:
    return world()


def ask(here: World, **how: Any) -> mistral.Drafted:
    known = [Known(Kind.PERSON, "Lefèvre"), Known(Kind.PERSON, "Éloïse")]
    given = {"headings": CONSULTATION_FIELDS, "without": Pseudonyms(known), "now": LATER, **how}
    given.setdefault("ground", how.get("ground") or here.grant())
    return mistral.draft(NOTES, **given)


def test_names_stay_here_and_come_back_in_the_draft(here: World, fakes: Fakes) -> None:
    made = ask(here, outgoing_id=(message := new_id()))
    (call,) = fakes["mistral"].calls
    assert call.json()["messages"][1]["content"] == "reason:\nMme [PERSON-1] tousse\n\nnote:\n[PERSON-2] dit « non »"
    assert made.texts == {**dict.fromkeys(CONSULTATION_FIELDS, ""), **NOTES}
    line = Egress.objects.get(subprocessor="mistral")
    assert (line.host, line.ground, line.categories, line.outgoing_id, line.file_id) == (
        "api.mistral.ai", "ai_assistance+third_party_integrations.mistral", "health", message, here.file.pk,
    )  # fmt: skip
    assert ("Lefèvre" in repr(made), "non" in repr(made)) == (False, False)


def test_what_is_asked_keeps_nothing_there(here: World, fakes: Fakes) -> None:
    ask(here)
    (call,) = fakes["mistral"].calls
    said = call.json()
    assert (call.method, call.host, call.path, call.headers["authorization"]) == (
        "POST", "api.mistral.ai", "/v1/chat/completions", "Bearer stand-in-mistral_api_key",
    )  # fmt: skip
    assert (said["stream"], said["response_format"]["type"], [one["role"] for one in said["messages"]]) == (
        False, "json_schema", ["system", "user"],
    )  # fmt: skip
    assert set(said) == {"model", "messages", "temperature", "max_tokens", "stream", "response_format"}


@pytest.mark.parametrize(
    ("trouble", "fault", "calls"),
    [
        ({"status": 401, "body": {"message": "Unauthorized"}}, Rejected, 1),
        ({"status": 422, "body": {"detail": []}}, Rejected, 1),
        ({"status": 429, "headers": {"Retry-After": "7"}}, Busy, 1),
        ({"status": 500}, Broken, 1),
        ({"close": True}, Broken, 1),
        ({"truncate": 40}, Broken, 1),
        ({"status": 200, "body": "no json"}, Broken, 1),
        ({"status": 200, "body": {"choices": []}}, Broken, 1),
    ],
)
def test_what_goes_wrong_is_a_fault_by_its_kind_and_isn_t_sent_again(
    here: World, fakes: Fakes, trouble: dict[str, Any], fault: type[Fault], calls: int
) -> None:
    fakes["mistral"].fail_next(**trouble)
    with pytest.raises(fault) as raised:
        ask(here)
    assert fakes["mistral"].count == calls
    assert "Lefèvre" not in str(raised.value)


@pytest.mark.parametrize(
    ("says", "ends"),
    [
        ("Voilà : {}", "stop"), ("[]", "stop"), (json.dumps({"reason": "a"}), "stop"),
        (json.dumps(dict.fromkeys(CONSULTATION_FIELDS, "")), "stop"),
        (json.dumps(dict.fromkeys(CONSULTATION_FIELDS, 1)), "stop"),
        (json.dumps({**dict.fromkeys(CONSULTATION_FIELDS, "a"), "diagnosis": "b"}), "stop"),
        (json.dumps(dict.fromkeys(CONSULTATION_FIELDS, "a")), "length"),
    ],
)  # fmt: skip
def test_an_answer_that_is_no_whole_draft_is_none(here: World, fakes: Fakes, says: str, ends: str) -> None:
    fakes["mistral"].says, fakes["mistral"].ends = says, ends
    with pytest.raises(Broken, match="no draft"):
        ask(here)


def test_without_both_agreements_nothing_leaves(here: World, fakes: Fakes) -> None:
    ground = here.grant()
    here.wish(False)
    with pytest.raises(NoGrant):
        ask(here, ground=ground)
    with pytest.raises(NoGround):
        ask(here, ground=necessary("sealed_storage"))
    here.wish(True)
    with pytest.raises(NoGround):
        ask(here, ground=here.grant(SuggestionKind.TRANSCRIPT))
    assert (fakes.count, Egress.objects.count()) == (0, 0)


def test_switched_off_by_a_setting_nothing_leaves(here: World, fakes: Fakes, settings: Any) -> None:
    settings.ADAPTERS = {**settings.ADAPTERS, "mistral": {**settings.ADAPTERS["mistral"], "off": True}}
    with pytest.raises(Closed):
        ask(here)
    assert fakes.count == 0
