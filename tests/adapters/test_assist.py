"""A machine's draft and transcript: asked for by a person, sent on two agreements, a suggestion until a person takes it over."""

from base64 import b64encode
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from adapters import inbox, outbox
from adapters.boxes.models import Incoming
from adapters.door import Answer, Call, send
from adapters.inbox import Arrival, enqueue_repairs
from adapters.models import Egress, Outgoing
from audit.actors import Actor
from care.tenancy import ALL, scope
from fakes.server import Fakes
from privacy.pseudonyms import folded
from privacy.refusals import Refused
from records import actions as writing
from records.assist import actions
from records.assist.actions import opened
from records.assist.queries import Help, help_for
from records.models import Consultation, Suggestion
from records.reading import Part, open_file
from tests.accounts.factories import verified_client
from tests.records.assist_world import LATER, NOTES, SOUND, World, stop, work, world
from tests.records.factories import make_consultation
from tests.records.restriction.helpers import restrict

pytestmark = pytest.mark.django_db(databases="__all__")
SOON = LATER + timedelta(minutes=1)
DRAFTED = "mistral.draft do"


@pytest.fixture
def here(fakes: Fakes) -> World:
    return world()


def ask(here: World, kind: str = "draft", row: Consultation | None = None) -> Suggestion:
    with scope([here.file.practice_id]):
        if kind == "draft":
            return actions.ask_for_draft(consultation=row or here.consultation, by=here.by, now=LATER)
        return actions.ask_for_transcript(consultation=row or here.consultation, sound=SOUND, by=here.by, now=LATER)


def stands(suggestion: Suggestion) -> Suggestion:
    with scope(ALL):
        return Suggestion.objects.get(pk=suggestion.pk)


def said(here: World) -> dict[str, str | None]:
    with scope([here.file.practice_id]), transaction.atomic():
        row = Consultation.objects.get(pk=here.consultation.pk)
        handle = open_file(here.file, Part.CONSULTATION, by=here.by, now=SOON)
        return {name: handle.read(row, name) for name in ("reason", "note", "plan")}


def helped(here: World) -> Help:
    with scope([here.file.practice_id]), transaction.atomic():
        row = Consultation.objects.get(pk=here.consultation.pk)
        handle = open_file(here.file, Part.CONSULTATION, by=here.by, now=SOON)
        return help_for(row, handle, account_id=here.practitioner.pk, now=SOON)


def decide(here: World, suggestion: Suggestion, act: str = "accept", by: Actor | None = None) -> None:
    with scope([here.file.practice_id]):
        row = Suggestion.objects.get(pk=suggestion.pk)
        if act == "accept":
            actions.accept(suggestion=row, by=by or here.by, now=SOON)
        else:
            actions.decline(suggestion=row, by=by or here.by, now=SOON)


def test_a_draft_goes_out_without_names_and_comes_back_as_a_suggestion(here: World, fakes: Fakes) -> None:
    asked = ask(here)
    assert (asked.state, fakes.count) == ("waiting", 0)
    assert (work(), stands(asked).state, said(here)["note"]) == ([DRAFTED], "ready", NOTES["note"])
    (call,) = fakes["mistral"].calls
    sent = folded(call.json()["messages"][1]["content"])[0]
    assert [name for name in ("lefevre", "eloise", "camille", "durand", "56", "mars") if name in sent] == []
    assert "tousse" in sent
    shown = helped(here)
    assert [(str(heading), text) for heading, text in shown.shown[0].texts] == [
        ("Reason for the visit", "Mme Lefèvre tousse depuis le 3 mars 2026"),
        ("What the patient says", "Éloïse Lefèvre, +33 6 12 34 56 78, fille de Camille Durand, dit qu’elle va mal."),
    ]


def test_a_person_takes_it_over_below_what_stands_there(here: World) -> None:
    asked = ask(here)
    work()
    decide(here, asked)
    row = stands(asked)
    assert (row.state, row.ended_by_id, row.ended_role, row.text, row.model) == (
        "accepted", here.practitioner.pk, "practitioner", None, "mistral-medium-latest",
    )  # fmt: skip
    now = said(here)
    assert (now["reason"], now["note"].startswith(NOTES["note"] + "\n\nÉloïse Lefèvre"), now["plan"]) == (  # type: ignore[union-attr]
        NOTES["reason"], True, None,
    )  # fmt: skip
    with pytest.raises(Refused, match="isn't there any more"):
        decide(here, asked)


def test_turned_down_it_is_gone(here: World) -> None:
    asked = ask(here)
    work()
    decide(here, asked, "decline")
    assert (stands(asked).state, stands(asked).text, said(here)["note"], helped(here).shown) == (
        "declined", None, NOTES["note"], [],
    )  # fmt: skip


def test_no_machine_takes_anything_over(here: World) -> None:
    asked = ask(here)
    work()
    with pytest.raises(Refused, match="Only a person"):
        decide(here, asked, by=Actor.system("mistral.draft"))
    with scope(ALL), pytest.raises(IntegrityError, match="suggestion_decided_by_a_person"), transaction.atomic():
        Suggestion.objects.update(state="accepted", ended_at=SOON, ended_role="system", text=None)


def withdrawals() -> list[Any]:
    return [
        pytest.param(lambda here: here.wish(False), id="patient"),
        pytest.param(lambda here: here.switch("mistral", False), id="practitioner"),
    ]


@pytest.mark.parametrize("withdraw", withdrawals())
def test_withdrawn_before_the_worker_came_nothing_leaves(here: World, fakes: Fakes, withdraw: Any) -> None:
    asked = ask(here)
    withdraw(here)
    assert (work(), fakes.count, Egress.objects.count()) == ([], 0, 0)
    assert all(one.endswith("do") for one in stop(SOON))
    assert (stands(asked).state, stands(asked).problem) == ("dropped", "withdrawn")


def test_withdrawn_while_the_service_thinks_its_text_is_thrown_away(here: World, monkeypatch: Any) -> None:
    def meanwhile(call: Call, **how: Any) -> Answer:
        got = send(call, **how)
        with scope(ALL):
            actions.drop(Suggestion.objects.all(), why="withdrawn", now=SOON)
        return got

    monkeypatch.setattr("adapters.mistral.send", meanwhile)
    asked = ask(here)
    assert (work(), stands(asked).state, stands(asked).text) == ([DRAFTED], "dropped", None)


def test_a_ready_draft_goes_with_the_agreement(here: World) -> None:
    asked = ask(here)
    work()
    here.wish(False, now=SOON)
    assert stop(SOON) == ["machine_help do"]
    assert (stands(asked).state, stands(asked).text) == ("dropped", None)


def test_what_fails_for_good_is_said_and_may_be_asked_again(here: World, fakes: Fakes) -> None:
    fakes["mistral"].fail_next(status=422, body={"detail": []})
    asked = ask(here)
    assert (work(), stands(asked).state) == (["mistral.draft give out rejected"], "dropped")
    ask(here)
    assert work(SOON) == [DRAFTED]


def test_what_fails_for_now_is_tried_again_by_the_outbox(here: World, fakes: Fakes) -> None:
    fakes["mistral"].fail_next(status=500)
    asked = ask(here)
    assert (work(), stands(asked).state) == (["mistral.draft retry broken"], "waiting")
    assert (work(SOON), stands(asked).state, fakes["mistral"].count) == ([DRAFTED], "ready", 2)


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda here: here.wish(False), "no_patient"),
        (lambda here: here.switch("mistral", False), "not_switched_on"),
        (lambda here: ask(here), "asked_already"),
    ],
)
def test_it_can_t_be_asked_for_without_each_of_what_it_needs(here: World, spoil: Any, code: str) -> None:
    spoil(here)
    with pytest.raises(Refused) as refused:
        ask(here)
    assert refused.value.refusal.code == code


def test_without_notes_or_sound_there_is_nothing_to_ask_for(here: World) -> None:
    with scope([here.file.practice_id]):
        empty = writing.start_consultation(file=here.file, by=here.by, now=LATER)
        with pytest.raises(Refused, match="no notes yet"):
            actions.ask_for_draft(consultation=empty, by=here.by, now=LATER)
        for sound, words in ((b"%PDF-1.7", "isn't a recording"), (b"OggS" + bytes(16 << 20), "larger than 16 MB")):
            with pytest.raises(Refused, match=words):
                actions.ask_for_transcript(consultation=empty, sound=sound, by=here.by, now=LATER)


def test_signed_or_discarded_what_nobody_took_over_goes(here: World) -> None:
    first = ask(here)
    other = make_consultation(here.file, here.practitioner, reason="Toux")
    second = ask(here, row=other)
    work()
    with scope([here.file.practice_id]):
        writing.sign(consultation=here.consultation, by=here.by, now=SOON)
        writing.discard_draft(consultation=other, by=here.by, now=SOON)
    assert [(stands(one).state, stands(one).text, stands(one).consultation_id) for one in (first, second)] == [
        ("dropped", None, here.consultation.pk), ("dropped", None, None),
    ]  # fmt: skip


def ended(asked: Suggestion, state: str) -> None:
    Outgoing.objects.filter(dedupe=str(asked.pk)).update(state=state, ended_at=SOON, payload=None)


@pytest.mark.parametrize(
    ("state", "after", "left"),
    [("failed", 1, True), ("dropped", 1, True), ("waiting", 1, False), ("waiting", 24 * 60, True)],
)
@pytest.mark.parametrize("kind", ["draft", "transcript"])
def test_what_nothing_brings_any_more_goes_with_its_sound_and_is_said(
    here: World, monkeypatch: pytest.MonkeyPatch, kind: str, state: str, after: int, left: bool
) -> None:
    asked = ask(here, kind)
    if state != "waiting":
        ended(asked, state)
    now = LATER + timedelta(minutes=after)
    monkeypatch.setattr("tests.adapters.test_assist.SOON", now)
    shown = helped(here)
    assert ([one.row.pk for one in shown.shown], len(shown.lost)) == ([], 1) if left else ([asked.pk], 0)
    actions.lapse(now=now)
    row = stands(asked)
    assert (row.state, row.sound is None) == (("dropped", True) if left else ("waiting", kind == "draft"))
    assert len(helped(here).lost) == left


def test_what_was_lost_may_be_asked_for_again_at_once(here: World, fakes: Fakes) -> None:
    first = ask(here)
    ended(first, "failed")
    again = ask(here)
    assert (stands(first).state, work(), stands(again).state, helped(here).lost) == ("dropped", [DRAFTED], "ready", [])


def test_the_sound_of_a_restricted_file_stays_as_it_lies(here: World) -> None:
    asked = ask(here, "transcript")
    restrict(here.file, now=SOON)
    assert (actions.lapse(now=LATER + timedelta(days=2)), stands(asked).state) == (0, "waiting")


# Transcripts


def tell(fakes: Fakes, now: Any = SOON) -> None:
    """The notice that the service sent, and the worker that applies it."""
    notice = fakes["assemblyai"].notices[-1]
    headers = {name.lower(): value for name, value in notice.headers.items()}
    inbox.receive(Arrival("assemblyai", "transcripts", headers, notice.body, now))
    while row := Incoming.claim(now):
        inbox.finish(row, inbox.attempt(row, now=now), now=now)


def test_sound_goes_there_its_text_comes_and_the_copy_is_deleted(here: World, fakes: Fakes) -> None:
    asked = ask(here, "transcript")
    assert work() == ["assemblyai.start do"]
    row = stands(asked)
    assert (row.state, row.sound, row.remote_id) == ("waiting", None, next(iter(fakes["assemblyai"].transcripts)))
    fakes["assemblyai"].finish(row.remote_id, "Docteur, je tousse.")
    tell(fakes)
    assert work(SOON) == ["assemblyai.fetch do", "assemblyai.remove do"]
    row = stands(asked)
    line = Egress.objects.get(outgoing_id=row.removal_id)
    assert (row.state, row.removed_at, line.ground, line.subprocessor) == ("ready", SOON, "end_of_use", "assemblyai")
    assert (fakes["assemblyai"].transcripts[row.remote_id]["text"], fakes["assemblyai"].uploads) == (
        "Deleted by user.",
        {},
    )
    decide(here, asked)
    assert said(here)["note"] == NOTES["note"] + "\n\nDocteur, je tousse."


def test_a_lost_notice_is_made_good_by_asking(here: World, fakes: Fakes) -> None:
    asked = ask(here, "transcript")
    work()
    assert work(LATER + timedelta(minutes=5)) == ["assemblyai.fetch retry not_ready"]
    fakes["assemblyai"].finish(stands(asked).remote_id)
    much_later = LATER + timedelta(minutes=6)
    assert work(much_later) == ["assemblyai.fetch do", "assemblyai.remove do"]
    tell(fakes, much_later)
    assert (work(much_later), stands(asked).state) == ([], "ready")


@pytest.mark.parametrize(
    "withdraw", [lambda here: here.wish(False, SOON), lambda here: here.switch("assemblyai", False, SOON)]
)
def test_withdrawn_in_between_nothing_is_fetched_and_the_copy_is_deleted(
    here: World, fakes: Fakes, withdraw: Any
) -> None:
    asked = ask(here, "transcript")
    work()
    fakes["assemblyai"].finish(stands(asked).remote_id)
    count = fakes.count
    withdraw(here)
    assert all(one.endswith("retry copies_there") for one in stop(SOON))
    tell(fakes)
    assert (work(SOON), [call.method for call in fakes["assemblyai"].calls[count:]]) == (
        ["assemblyai.remove do"],
        ["DELETE"],
    )
    assert [one.partition(" ")[2] for one in stop(SOON + timedelta(seconds=1))] == ["do"]
    row = stands(asked)
    assert (row.state, row.text, row.removed_at) == ("dropped", None, SOON)


def test_withdrawn_before_the_sound_left_nothing_leaves_and_it_is_gone(here: World, fakes: Fakes) -> None:
    asked = ask(here, "transcript")
    here.wish(False)
    assert (work(), stop(SOON), fakes.count) == ([], ["machine_help do"], 0)
    assert (stands(asked).state, stands(asked).sound) == ("dropped", None)


def test_a_deletion_that_fails_is_tried_until_it_is_done(here: World, fakes: Fakes) -> None:
    asked = ask(here, "transcript")
    work()
    fakes["assemblyai"].finish(stands(asked).remote_id)
    tell(fakes)
    row = Outgoing.claim(SOON)
    assert row is not None
    outbox.finish(row, outbox.attempt(row, now=SOON), now=SOON)
    for _attempt in range(2):
        fakes["assemblyai"].fail_next(status=500)
    assert (work(SOON), stands(asked).removed_at) == (["assemblyai.remove retry broken"], None)
    later = SOON + timedelta(minutes=1)
    assert (work(later), stands(asked).removed_at) == (["assemblyai.remove do"], later)


def test_what_came_to_nothing_is_dropped_and_deleted(here: World, fakes: Fakes) -> None:
    asked = ask(here, "transcript")
    work()
    fakes["assemblyai"].finish(stands(asked).remote_id, error="no speech")
    tell(fakes)
    assert work(SOON) == ["assemblyai.fetch do", "assemblyai.remove do"]
    assert (stands(asked).state, stands(asked).problem, stands(asked).removed_at) == ("dropped", "no_transcript", SOON)


def test_the_hourly_repair_deletes_what_a_dead_worker_left_there(here: World, fakes: Fakes) -> None:
    fakes.at(LATER)
    asked = ask(here, "transcript")
    work()
    remote = stands(asked).remote_id
    fakes["assemblyai"].finish(remote)
    with scope(ALL):
        Suggestion.objects.update(remote_id="", sound=None)
    later = LATER + timedelta(hours=2)
    Outgoing.objects.filter(kind="assemblyai.fetch").delete()
    enqueue_repairs(now=later)
    assert work(later)[-1] == "assemblyai.remove do"
    assert fakes["assemblyai"].transcripts[remote]["text"] == "Deleted by user."


# The page


def page(here: World) -> str:
    client = verified_client(here.practitioner)
    return client.get(reverse("records:consultation", args=[here.file.pk, here.consultation.pk])).content.decode()


def test_the_page_offers_what_both_allow_and_says_why_not_otherwise(here: World) -> None:
    shown = page(here)
    assert ("Write a draft" in shown, "Turn into text" in shown) == (True, True)
    here.switch("assemblyai", False)
    here.wish(False)
    shown = page(here)
    assert ("Write a draft" in shown, "Turn into text" in shown) == (False, False)
    assert "The patient hasn&#x27;t allowed help by artificial intelligence." in shown
    assert "You haven&#x27;t switched on AssemblyAI." in shown


def test_the_buttons_ask_show_and_take_over(here: World) -> None:
    client = verified_client(here.practitioner)
    ids = [here.file.pk, here.consultation.pk]
    assert client.post(reverse("records:assist", args=ids), {"draft": "1"}).status_code == 302
    assert "A draft is being written" in page(here)
    with scope(ALL):
        suggestion = Suggestion.objects.get()
    work(suggestion.asked_at)
    shown = page(here)
    assert ("Take over into my draft" in shown, "fille de Camille Durand" in shown) == (True, True)
    url = reverse("records:assist_decide", args=[*ids, suggestion.pk])
    assert client.post(url, {"accept": "1"}).status_code == 302
    assert (stands(suggestion).state, client.post(url, {"accept": "1"}).status_code) == ("accepted", 404)


@pytest.mark.parametrize(
    ("sound", "says"),
    [
        (SOUND, "A recording is being turned into text."),
        (b"%PDF-1.7 a paper", "This file isn&#x27;t a recording."),
        (b"OggS" + bytes(16 << 20), "This recording is larger than 16 MB."),
        (None, "Choose the recording first."),
    ],
    ids=["sound", "paper", "too much", "nothing"],
)  # fmt: skip
def test_a_recording_arrives_by_the_page_and_nothing_else_does(here: World, sound: bytes | None, says: str) -> None:
    client = verified_client(here.practitioner)
    address = reverse("records:assist", args=[here.file.pk, here.consultation.pk])
    given = {"sound": SimpleUploadedFile("visit.ogg", sound)} if sound else {}
    shown = client.post(address, {"transcript": "1", **given}, follow=True).content.decode()
    with scope([here.file.practice_id]), transaction.atomic():
        kept = [
            opened(one, by=here.by, now=SOON, action="transcribe").read(one, "sound")
            for one in Suggestion.objects.all()
        ]
    assert (says in shown, kept) == (True, [b64encode(SOUND).decode()] if sound == SOUND else [])


def test_asking_without_the_page_s_own_token_is_refused(here: World) -> None:
    client = Client(enforce_csrf_checks=True)
    client.cookies = verified_client(here.practitioner).cookies
    answer = client.post(reverse("records:assist", args=[here.file.pk, here.consultation.pk]), {"draft": "1"})
    with scope(ALL):
        assert (answer.status_code, Suggestion.objects.count()) == (403, 0)


def test_a_stranger_finds_neither(here: World) -> None:
    other = world()
    suggestion: UUID = ask(here).pk
    client = verified_client(other.practitioner)
    ids = [here.file.pk, here.consultation.pk]
    assert client.post(reverse("records:assist", args=ids), {"draft": "1"}).status_code == 404
    assert client.post(reverse("records:assist_decide", args=[*ids, suggestion]), {"accept": "1"}).status_code == 404
