"""PC-30 to PC-33, measured, and each broken by hand."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from accounts import closing
from accounts.access import Access, Act, Audience
from accounts.models import User
from audit.actors import Actor
from care.tenancy import ALL, scope
from lifecycle import actions, phase_promises, queries, states
from lifecycle.actions import subscribe
from lifecycle.models import SubscriptionEvent
from lifecycle.retention import door
from lifecycle.states import Name
from praticonnect.database import as_owner
from privacy.promises import measure
from records.importing.starting import begin
from records.models import ImportRun, PatientFile
from tests.imports.bundles import as_text, bundle, patient
from tests.lifecycle.helpers import IN, SIGNED_UP, make_trial
from tests.records.factories import actor_of, make_consultation, make_file

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def me() -> User:
    return make_trial("camille@example.org")


@pytest.fixture
def file(me: User) -> PatientFile:
    return make_file(me, now=SIGNED_UP)


def kept(promise_id: str, now: datetime) -> tuple[bool | None, dict[str, Any]]:
    (result,) = measure(now, [promise_id])
    return result.kept, dict(result.evidence)


def force(sql: str, *values: object) -> None:
    """What nobody may do, done by a superuser's hand."""
    table = sql.split()[2] if sql.startswith("delete") else sql.split()[1]
    with as_owner(), scope(ALL), connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute(f"alter table {table} disable trigger user")
        cursor.execute(sql, values)
        cursor.execute(f"alter table {table} enable trigger user")


def lose(file: PatientFile) -> None:
    force("delete from records_patientfile where id = %s", file.pk)


@pytest.mark.parametrize("promise_id", ["PC-30", "PC-31", "PC-32", "PC-33"])
@pytest.mark.parametrize("name", list(IN))
def test_promise_is_kept_in_each_phase(me: User, file: PatientFile, name: Name, promise_id: str) -> None:
    assert kept(promise_id, IN[name])[0] is True


def test_trial_figures_are_counted(me: User) -> None:
    make_trial()
    found = kept("PC-30", IN[Name.TRIAL])[1]
    assert (found["trials"], found["practitioners_without_a_trial"], found["days_of_a_trial_begun_now"]) == (2, 0, 30)


def test_a_practitioner_without_a_trial_breaks_pc_30(me: User) -> None:
    force("delete from lifecycle_subscriptionevent where account_id = %s", me.pk)
    assert kept("PC-30", IN[Name.TRIAL])[1]["practitioners_without_a_trial"] == 1
    assert kept("PC-30", IN[Name.TRIAL])[0] is False


def test_a_trial_cut_short_breaks_pc_30(me: User) -> None:
    force("update lifecycle_subscriptionevent set until = until - interval '1 hour' where account_id = %s", me.pk)
    assert (kept("PC-30", IN[Name.TRIAL])[0], kept("PC-30", IN[Name.TRIAL])[1]["trials_that_end_within_a_day"]) == (
        False,
        1,
    )


def test_a_trial_that_came_later_breaks_pc_30(me: User) -> None:
    force("update lifecycle_subscriptionevent set number = 2 where account_id = %s", me.pk)
    found = kept("PC-30", IN[Name.TRIAL])
    assert (found[0], found[1]["trials_that_came_later"]) == (False, 1)


def test_a_file_lost_in_the_trial_breaks_pc_30(file: PatientFile) -> None:
    lose(file)
    assert (kept("PC-30", IN[Name.TRIAL])[0], kept("PC-30", IN[Name.TRIAL])[1]["files_missing_in_trials"]) == (False, 1)


def test_a_shorter_grace_breaks_pc_31(me: User, monkeypatch: pytest.MonkeyPatch) -> None:
    from privacy.clocks import Period

    monkeypatch.setattr("lifecycle.phases.GRACE", Period(days=5))
    found = kept("PC-31", IN[Name.GRACE])
    assert (found[0], found[1]["accounts_in_grace"], found[1]["of_another_length"]) == (False, 1, 1)


def test_a_grace_that_closes_care_breaks_pc_31(me: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(queries.ALLOWED, Name.GRACE, queries.ALLOWED[Name.FREE_LISTING])
    monkeypatch.setitem(queries._WHY, Name.GRACE, "closed")
    found = kept("PC-31", IN[Name.GRACE])
    assert (found[0], found[1]["closed_in_grace"]) == (False, 1)


def test_a_gate_that_forgets_to_ask_breaks_pc_32(me: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closing, "reasons", [one for one in closing.reasons if one is not queries.closed_by_phase])
    found = kept("PC-32", IN[Name.FREE_LISTING])
    assert (found[0], found[1]["accounts_the_gate_answers_otherwise"]) == (False, 1)


def test_a_page_of_files_under_another_act_breaks_pc_32(me: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(phase_promises.RECORDS, "records:new", Access(Audience.PRACTITIONER, Act.ACCOUNT))
    assert kept("PC-32", IN[Name.FREE_LISTING])[1]["pages_of_files_under_another_act"] == ["records:new"]
    assert kept("PC-32", IN[Name.FREE_LISTING])[0] is False


def test_a_file_lost_in_free_listing_breaks_pc_32(file: PatientFile) -> None:
    lose(file)
    found = kept("PC-32", IN[Name.FREE_LISTING])
    assert (found[0], found[1]["files_missing_in_free_listing"]) == (False, 1)


@pytest.mark.parametrize("promise_id", ["PC-30", "PC-32", "PC-33"])
def test_a_file_that_left_at_the_end_of_its_term_is_not_missed(me: User, file: PatientFile, promise_id: str) -> None:
    """Destroyed lawfully, by the one door: nobody lost it."""
    with scope(ALL):
        PatientFile.objects.filter(pk=file.pk).update(retain_until=SIGNED_UP.date(), active_until=SIGNED_UP.date())
    name = Name.TRIAL if promise_id == "PC-30" else Name.FREE_LISTING
    by = Actor.system("test")
    assert door.destroy([file.pk], reason=door.Reason.TERM, by=by, now=IN[Name.TRIAL]) == [file.pk]
    if promise_id == "PC-33":
        subscribe(user=me, by=by, now=IN[name])
    assert kept(promise_id, IN[name])[0] is True


def test_a_subscription_that_touches_any_table_of_files_breaks_pc_33(
    me: User, file: PatientFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    by = actor_of(me)
    with scope(ALL):
        practice = file.practice
        run = begin(
            practice,
            [SimpleUploadedFile("a.json", as_text(bundle(patient())).encode())],
            twins=False,
            by=by,
            now=IN[Name.TRIAL],
        )

    def careless(**words: Any) -> Any:
        ImportRun.objects.filter(pk=run.pk).update(position=0)
        return actions.subscribe(**words)

    monkeypatch.setattr(phase_promises, "subscribe", careless)
    assert kept("PC-33", IN[Name.FREE_LISTING])[0] is False


def test_a_subscription_that_touches_data_breaks_pc_33(file: PatientFile, monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(**words: Any) -> Any:
        PatientFile.objects.filter(pk=file.pk).update(revision=7)
        return actions.subscribe(**words)

    monkeypatch.setattr(phase_promises, "subscribe", careless)
    found = kept("PC-33", IN[Name.FREE_LISTING])
    assert (found[0], found[1]["subscriptions_tried"], found[1]["subscriptions_that_changed_data"]) == (False, 1, 1)


def test_a_phase_without_a_way_back_breaks_pc_33(me: User, monkeypatch: pytest.MonkeyPatch) -> None:
    ways = tuple(m for m in states.MOVES if (m.start, m.to) != (Name.FREE_LISTING, Name.SUBSCRIBED))
    monkeypatch.setattr(states, "MOVES", ways)
    found = kept("PC-33", IN[Name.FREE_LISTING])
    assert (found[0], found[1]["phases_without_a_way_back"]) == (False, ["free_listing"])


def test_measuring_leaves_no_subscription_behind(me: User) -> None:
    kept("PC-33", IN[Name.FREE_LISTING])
    assert SubscriptionEvent.objects.filter(account_id=me.pk).count() == 1


def test_trial_to_free_listing_to_subscribed_leaves_every_byte(me: User, file: PatientFile) -> None:
    """PC-33: every row of the practice, as the database holds it, and every stored event, before and after."""
    make_consultation(file, me, at=SIGNED_UP + timedelta(days=1), signed=True)
    practices = phase_promises._practices([me.pk])
    with scope(ALL):
        before = phase_promises._print_of(practices)
    seen = [queries.phase_at(me.pk, moment).name for moment in IN.values()]
    subscribe(user=me, by=Actor.system("test"), now=IN[Name.FREE_LISTING])
    with scope(ALL):
        after = phase_promises._print_of(practices)
        PatientFile.objects.filter(pk=file.pk).update(revision=9)
        assert phase_promises._print_of(practices) != after
    assert (seen, queries.phase_at(me.pk, IN[Name.FREE_LISTING]).name, after) == (
        [Name.TRIAL, Name.GRACE, Name.FREE_LISTING], Name.SUBSCRIBED, before,
    )  # fmt: skip
