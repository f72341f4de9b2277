"""AssemblyAI's contract: the EU host alone, sound in, text out, deleted; notices proven by their header."""

import json
from datetime import timedelta
from typing import Any

import pytest

from adapters import assemblyai, inbox
from adapters.assemblyai import HEADER, HOOK, Status
from adapters.calls import HealthCall
from adapters.door import Broken, Busy, Closed, Rejected, send
from adapters.faults import Fault
from adapters.grounds import Ground, NoGround, necessary
from adapters.inbox import Arrival, Unreadable, Unverified
from adapters.models import Egress, Incoming
from fakes.server import Fakes
from privacy.declare import Category
from records.models import SuggestionKind
from tests.records.assist_world import LATER, SOUND, World, world

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def here(fakes: Fakes) -> World:
    return world()


@pytest.fixture
def ground(here: World) -> Ground:
    return here.grant(SuggestionKind.TRANSCRIPT)


def started(ground: Ground) -> assemblyai.Transcript:
    return assemblyai.start(assemblyai.upload(SOUND, ground=ground, now=LATER), language="fr", ground=ground, now=LATER)


def remove(transcript_id: str) -> None:
    assemblyai.delete(transcript_id, ground=necessary("end_of_use"), now=LATER)


def test_sound_goes_there_text_comes_back_and_nothing_stays(ground: Ground, fakes: Fakes, settings: Any) -> None:
    made = started(ground)
    assert made.status is Status.QUEUED
    assert assemblyai.fetch(made.id, ground=ground, now=LATER).status is Status.QUEUED
    fakes["assemblyai"].finish(made.id, "Bonjour")
    there = assemblyai.fetch(made.id, ground=ground, now=LATER)
    assert (there.status, there.text, there.model, "Bonjour" in repr(there)) == (
        Status.COMPLETED,
        "Bonjour",
        "universal",
        False,
    )
    remove(made.id)
    assert (
        [one.deleted for one in assemblyai.listed(ground=necessary("end_of_use"), now=LATER)],
        fakes["assemblyai"].uploads,
    ) == ([True], {})
    upload, start, *rest = fakes["assemblyai"].calls
    assert (upload.body, upload.media_type) == (SOUND, "application/octet-stream")
    assert {call.host for call in (upload, start, *rest)} == {"api.eu.assemblyai.com"}
    assert start.json()["webhook_url"] == settings.SITE_URL.rstrip("/") + HOOK
    assert start.json()["webhook_auth_header_value"] == "stand-in-assemblyai_webhook_secret"
    assert {call.headers["authorization"] for call in (upload, start, *rest)} == {"stand-in-assemblyai_api_key"}
    assert list(Egress.objects.order_by("pk").values_list("ground", flat=True)) == [
        *["ai_assistance+third_party_integrations.assemblyai"] * 4, "end_of_use", "end_of_use",
    ]  # fmt: skip


def test_what_is_there_is_listed_page_by_page(ground: Ground, fakes: Fakes, monkeypatch: pytest.MonkeyPatch) -> None:
    fakes.at(LATER)
    monkeypatch.setattr(assemblyai, "LISTED", 2)
    made = [started(ground).id for _number in range(5)]
    before = fakes["assemblyai"].count
    found = [one.id for one in assemblyai.listed(ground=necessary("end_of_use"), now=LATER)]
    much_later = assemblyai.listed(ground=necessary("end_of_use"), now=LATER + timedelta(days=8))
    assert (found, len(much_later), fakes["assemblyai"].count - before) == (made[::-1], 2, 3 + 1)


def test_the_host_in_the_us_is_closed_by_the_register(ground: Ground, fakes: Fakes) -> None:
    call = HealthCall(
        subprocessor="assemblyai", method="POST", url="https://api.assemblyai.com/v2/upload",
        categories=frozenset({Category.HEALTH}), content=SOUND,
    )  # fmt: skip
    with pytest.raises(Closed, match="register"):
        send(call, ground=ground, now=LATER)
    assert fakes.count == 0


TROUBLES: list[tuple[dict[str, Any], type[Fault]]] = [
    ({"status": 401, "body": {"error": "Authentication error"}}, Rejected),
    ({"status": 400, "body": {"error": "Invalid"}}, Rejected),
    ({"status": 429, "headers": {"Retry-After": "90"}}, Busy),
    ({"status": 500}, Broken),
    ({"close": True}, Broken),
    ({"truncate": 3}, Broken),
    ({"status": 200, "body": {"upload_url": "http://cdn.eu.assemblyai.com/upload/1"}}, Broken),
    ({"status": 200, "body": {"upload_url": "https://assemblyai.com.example/upload/1"}}, Broken),
]


@pytest.mark.parametrize(("trouble", "fault"), TROUBLES)
def test_what_goes_wrong_with_an_upload_is_a_fault_and_isn_t_sent_again(
    ground: Ground, fakes: Fakes, trouble: dict[str, Any], fault: type[Fault]
) -> None:
    fakes["assemblyai"].fail_next(**trouble)
    with pytest.raises(fault):
        assemblyai.upload(SOUND, ground=ground, now=LATER)
    assert fakes["assemblyai"].count == 1


@pytest.mark.parametrize(
    "body", [{"id": "x", "status": "dreaming"}, {"id": "x", "status": "completed"}, {"status": "queued"}, []]
)
def test_an_unknown_state_is_no_transcript(ground: Ground, fakes: Fakes, body: Any) -> None:
    fakes["assemblyai"].fail_next(status=200, body=body)
    with pytest.raises(Broken, match="agreed"):
        assemblyai.fetch("x", ground=ground, now=LATER)


def test_a_deletion_counts_when_the_service_says_so_and_when_there_is_nothing(ground: Ground, fakes: Fakes) -> None:
    made = started(ground)
    with pytest.raises(assemblyai.NotYet):
        remove(made.id)
    fakes["assemblyai"].finish(made.id)
    fakes["assemblyai"].fail_next(
        status=200, body={"id": made.id, "audio_url": "https://cdn.eu.assemblyai.com/upload/1"}
    )
    with pytest.raises(Broken):
        remove(made.id)
    remove(made.id)
    remove("00000000-0000-4000-8000-000000000000")
    for wrong in ("../upload", "", "a" * 65, "é"):
        with pytest.raises(ValueError, match="no id"):
            remove(wrong)


def test_only_sound_of_both_agreements_leaves(here: World, fakes: Fakes) -> None:
    grounds = (necessary("sealed_storage"), necessary("end_of_use"), here.grant(SuggestionKind.DRAFT))
    for ground in grounds:
        with pytest.raises(NoGround):
            assemblyai.upload(SOUND, ground=ground, now=LATER)
    assert (fakes.count, Egress.objects.count()) == (0, 0)


SECRET = "stand-in-assemblyai_webhook_secret"


def arrival(body: Any, secret: str = SECRET) -> Arrival:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {HEADER.lower(): secret} if secret else {}
    return Arrival("assemblyai", "transcripts", headers, raw, LATER)


GOOD = {"transcript_id": "0a1b", "status": "completed"}


def test_a_notice_is_stored_once_however_often_it_comes(fakes: Fakes) -> None:
    assert [inbox.receive(arrival(GOOD)) for _again in range(2)] == [True, False]
    row = Incoming.objects.get()
    assert (row.event_id, row.kind) == ("0a1b:completed", "transcript.completed")


@pytest.mark.parametrize(
    ("event", "fault"),
    [
        (arrival(GOOD, ""), Unverified), (arrival(GOOD, "wrong"), Unverified), (arrival(b"{"), Unreadable),
        (arrival({"transcript_id": "0a1b", "status": "processing"}), Unreadable), (arrival([]), Unreadable),
        (arrival({"transcript_id": "../x", "status": "completed"}), Unreadable),
    ],
)  # fmt: skip
def test_a_notice_without_its_header_or_its_words_is_refused(
    fakes: Fakes, event: Arrival, fault: type[Exception]
) -> None:
    with pytest.raises(fault):
        inbox.receive(event)
    assert Incoming.objects.count() == 0


def test_an_unset_secret_opens_nothing(fakes: Fakes, settings: Any) -> None:
    settings.ADAPTERS = {**settings.ADAPTERS, "assemblyai": {"off": False, "credentials": {"ASSEMBLYAI_API_KEY": "k"}}}
    with pytest.raises(Unverified):
        inbox.receive(arrival(GOOD, "x"))
