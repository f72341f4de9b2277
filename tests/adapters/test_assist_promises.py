"""PC-97 and PC-98 turn false when a text leaves on one yes, keeps a name, goes elsewhere, or when a copy stays."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from adapters import journal
from adapters.grounds import Ground, necessary
from care.tenancy import ALL, scope
from consents import grants
from fakes.server import Fakes
from privacy import pseudonyms
from privacy.decisions import COMMAND_LINE
from privacy.declare import Category
from privacy.ids import new_id
from records.assist import actions, promises
from records.models import Suggestion, SuggestionKind
from tests.records.assist_world import LATER, SOUND, World, work, world

pytestmark = pytest.mark.django_db(databases="__all__")
LONG_AFTER = LATER + timedelta(days=1)


@pytest.fixture
def here(fakes: Fakes) -> World:
    """A draft and a transcript that came, the copy deleted."""
    made = world()
    with scope([made.file.practice_id]):
        actions.ask_for_draft(consultation=made.consultation, by=made.by, now=LATER)
        actions.ask_for_transcript(consultation=made.consultation, sound=SOUND, by=made.by, now=LATER)
    work()
    fakes["assemblyai"].finish(next(iter(fakes["assemblyai"].transcripts)))
    work(LATER + timedelta(minutes=6))
    return made


def drafts(now: datetime = LONG_AFTER) -> tuple[bool, dict[str, Any]]:
    found = promises.drafts_go_without_names_and_stay_drafts(now)
    return found.kept, dict(found.figures)


def sounds(now: datetime = LONG_AFTER) -> tuple[bool, dict[str, Any]]:
    found = promises.sound_is_deleted_after_its_transcript(now)
    return found.kept, dict(found.figures)


def left(key: str, host: str, ground: Ground) -> None:
    journal.depart(
        key, host, ground=ground, categories={Category.HEALTH}, bytes_out=1, stand_in=True, now=LATER
    )  # fmt: skip


def test_both_are_kept_and_count(here: World) -> None:
    kept, figures = drafts()
    assert (kept, figures["asked"], figures["sent"], figures["names_that_a_trial_text_kept"]) == (True, 1, 1, [])
    kept, figures = sounds()
    assert (kept, figures["copies"], figures["deleted_there"], figures["calls"]) == (True, 1, 1, 4)


def test_a_text_that_left_on_one_yes_breaks_it(here: World) -> None:
    alone = grants.Grant(grants._MINT, here.practitioner.pk, "third_party_integrations", "mistral", LATER)
    left("mistral", "api.mistral.ai", alone)
    kept, figures = drafts()
    assert (kept, figures["sent_without_both_agreements"]) == (False, 1)


def test_a_host_elsewhere_breaks_either(here: World) -> None:
    left("mistral", "api.us.example", here.grant())
    left("assemblyai", "api.assemblyai.com", here.grant(SuggestionKind.TRANSCRIPT))
    assert [(kept, figures["hosts_outside_the_eea"]) for kept, figures in (drafts(), sounds())] == [
        (False, ["api.us.example"]), (False, ["api.assemblyai.com"]),
    ]  # fmt: skip


def test_a_pseudonymiser_that_lost_its_eyes_breaks_it(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pseudonyms.Pseudonyms, "hide", lambda self, text: text)
    kept, figures = drafts()
    assert (kept, figures["names_that_a_trial_text_kept"]) == (False, list(promises.TRACES))


@pytest.mark.parametrize("name", ["sealed_storage", "end_of_use"])
def test_sound_that_left_on_another_ground_breaks_it(here: World, name: str) -> None:
    left("assemblyai", "api.eu.assemblyai.com", necessary(name))
    kept, figures = sounds()
    assert (kept, figures["sent_without_both_agreements"]) == (False, 1)


def test_a_copy_that_stays_breaks_it(here: World) -> None:
    with scope(ALL):
        Suggestion.objects.filter(kind=SuggestionKind.TRANSCRIPT).update(removed_at=None)
    assert (sounds(LATER + timedelta(hours=1))[0], sounds()[0], sounds()[1]["copies_left_there"]) == (True, False, 1)


def test_a_deletion_that_no_line_proves_breaks_it(here: World) -> None:
    with scope(ALL):
        Suggestion.objects.filter(kind=SuggestionKind.TRANSCRIPT).update(removal_id=new_id())
    kept, figures = sounds()
    assert (kept, figures["deleted_without_a_line_of_the_journal"]) == (False, 1)


def taken_over(role: str) -> None:
    with scope(ALL):
        draft = Suggestion.objects.filter(kind=SuggestionKind.DRAFT)
        draft.update(state="accepted", ended_at=LATER, ended_by=None, ended_role=role, text=None, sound=None)


@pytest.mark.parametrize("role", ["", "system"])
def test_the_database_refuses_a_draft_that_a_machine_took_over(here: World, role: str) -> None:
    with pytest.raises(IntegrityError, match="suggestion_decided_by_a_person"), transaction.atomic():
        taken_over(role)


def test_a_draft_that_was_taken_over_under_nobody_s_account_breaks_it(here: World) -> None:
    """What the database lets pass: a person at the command line, who wrote no record."""
    taken_over(COMMAND_LINE)
    kept, figures = drafts()
    assert (kept, figures["taken_over_by_nobody"]) == (False, 1)


def test_sound_that_is_kept_after_it_was_sent_breaks_it(fakes: Fakes) -> None:
    made = world()
    with scope(ALL):
        actions.ask_for_transcript(consultation=made.consultation, sound=SOUND, by=made.by, now=LATER)
        assert sounds()[1]["sound_kept_here_after_it_was_sent"] == 0
        Suggestion.objects.update(remote_id="sent")
    kept, figures = sounds()
    assert (kept, figures["sound_kept_here_after_it_was_sent"]) == (False, 1)


def test_the_database_refuses_sound_beside_its_text(here: World) -> None:
    with (
        scope(ALL), pytest.raises(IntegrityError, match="suggestion_goes_with_its_decision"), transaction.atomic(),
        connection.cursor() as cursor,
    ):  # fmt: skip
        cursor.execute("update records_suggestion set sound = text where kind = 'transcript'")
