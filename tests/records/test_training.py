"""Training sets (PC-21): two locks, names out, and no file that outlives either."""

from collections.abc import Callable
from contextlib import ExitStack, suppress
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import psycopg
import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters import gates
from adapters.calls import Call
from adapters.grounds import NoGround
from audit.models import AccessEntry, EventEntry
from care.actions import join_practice
from care.models import CareRelationship, Role
from care.tenancy import ALL, scope
from consents import stopping
from consents.models import Stop
from lifecycle.deletion.actions import request_deletion
from lifecycle.erasure.plan import plan_for_account
from lifecycle.expiring import training as sweeping
from lifecycle.retention import door
from privacy.clocks import legal_day
from privacy.declare import Category
from privacy.pseudonyms import folded
from privacy.refusals import Refused
from privacy.subprocessors import register_at
from records.actions import record_death
from records.actions.documents import stored_names
from records.models import TrainingBuild, TrainingEnd, TrainingMember
from records.training import doubts, keeping
from records.training.checking import check
from records.training.drawing import LOCK, drawn
from records.training.keeping import destroy_strays, keep, opened
from records.training.rules import KEPT, LEAST, grant_of
from tests.accounts.factories import make_practitioner, make_staff, verified_client
from tests.records.assist_world import stop
from tests.records.factories import NOW, actor_of, working
from tests.records.restriction.helpers import restrict
from tests.records.training_world import BY, LATER, SECOND, World, built, draw_at, entered, said, world
from vault import rings

pytestmark = pytest.mark.django_db(databases="__all__")
AFTER = LATER + timedelta(minutes=1)


# Two locks.


@pytest.mark.parametrize(
    ("practice", "patient", "out"),
    [(True, True, {}), (True, False, {}), (False, True, {"owner": 1}), (False, False, {})],
    ids=["both", "practice alone", "patient alone", "neither"],
)
def test_text_is_drawn_with_both_locks_open_alone(practice: bool, patient: bool, out: dict[str, int]) -> None:
    made = World()
    made.switch() if practice else None
    file = made.add(agrees=patient)
    draw = draw_at()
    assert ({text.file_id for text in draw.texts}, dict(draw.out)) == (
        {file.pk} if practice and patient else set(),
        out,
    )
    assert AccessEntry.objects.filter(subject_id=file.pk, action="train").count() == int(practice and patient)


@pytest.mark.parametrize("who", ["practice", "patient"])
def test_lock_that_was_closed_again_is_closed(who: str) -> None:
    made = world(1)
    made.switch(False, now=LATER - SECOND) if who == "practice" else made.wish(on=False, now=LATER - SECOND)
    assert draw_at().texts == []


def test_every_owner_agrees_and_each_author_for_their_own_texts() -> None:
    made = world(1)
    practice, other = made.files[0].practice, make_practitioner()
    with working(made.practitioner):
        CareRelationship.objects.create(
            practice=practice, practitioner=other, patient_id=made.files[0].pk, since_at=NOW
        )
    join_practice(practice=practice, user=other, role=Role.OWNER, by=BY, now=NOW)
    assert dict(draw_at().out) == {"owner": 1}
    made.switch(user=other)
    assert [text.author_id for text in draw_at().texts] == [made.practitioner.pk]


# Whoever stays out though both said yes.


def dead(made: World) -> None:
    with working(made.practitioner) as by:
        record_death(file=made.files[0], died_on="2026-11-17", by=by, now=NOW)


def restricted(made: World) -> None:
    restrict(made.files[0], now=NOW)


def archived(made: World) -> None:
    with scope(ALL):
        type(made.files[0]).objects.update(active_until=(NOW - timedelta(days=9)).date())


def leaving(made: World) -> None:
    with scope(ALL):
        type(made.files[0]).objects.update(leaving_at=NOW)


def treated_no_more(made: World) -> None:
    with scope(ALL):
        CareRelationship.objects.update(ended_at=NOW)


def spoken_for_no_more(made: World) -> None:
    with scope(ALL):
        type(made.links[0]).objects.update(until_at=NOW + SECOND)


def practice_leaves(made: World) -> None:
    user = made.practitioner
    request_deletion(user=user, plan_sha256=plan_for_account(user.pk, NOW).sha256, by=actor_of(user), now=NOW)


@pytest.mark.parametrize(
    ("change", "out"),
    [
        (dead, "dead"), (restricted, "left_alone"), (archived, "left_alone"), (leaving, "left_alone"),
        (treated_no_more, "not_treated"), (spoken_for_no_more, "no_patient"), (practice_leaves, "owner"),
    ],
)  # fmt: skip
def test_file_stays_out_though_both_agreed(change: Callable[[World], None], out: str) -> None:
    made = world(1)
    change(made)
    draw = draw_at()
    assert (draw.texts, dict(draw.out)) == ([], {out: 1})


@pytest.mark.parametrize(
    ("born", "capacity", "out"),
    [
        ("2012-03-04", "self", {"minor": 1}), ("2012-03-04", "guardian", {}), (None, "self", {"age_unknown": 1}),
        ("2008-11-18", "self", {}), ("2008-11-19", "self", {"minor": 1}), ("2008", "self", {"minor": 1}),
    ],
)  # fmt: skip
def test_child_is_in_by_a_guardians_yes_alone(born: str | None, capacity: str, out: dict[str, int]) -> None:
    """Of 18 on the day itself; where only the year is known, the last day of it counts."""
    made = World()
    made.switch()
    made.add(birth_date=born, capacity=capacity)
    draw = draw_at()
    assert (len(draw.texts), dict(draw.out)) == (int(not out), out)


# Names.

WHO = {
    "surname": "d'Hérouville-Lenoir", "birth_name": "Kerzoncuf", "given_names": "Maëlys Solveig", "birth_date": "1951-08-30",
    "birth_place": "Locmariaquer", "phone": "+33 6 98 76 54 32", "email": "maelys@exemple.fr",
    "address": "7 rue du Puits, 29000 Quimper",
}  # fmt: skip
SEEDED = {
    "reason": "mme D'HEROUVILLE LENOIR, née KERZONCUF le 30/08/1951 à LOCMARIAQUER, tousse",
    "note": "appelle le 06.98.76.54.32 ou le 0033698765432, ecrit de Maelys@Exemple.fr, habite 7 rue du puits à quimper, nir 2 51 08 29 232 001 17",
    "examination": "sa fille Yseult la garde, son mari M. Le Goffic aussi; herouville lenoir, MAËLYS et solveig en minuscules; née en 1951",
    "assessment": "adressée par le dr Quéméneur, https://exemple.fr/maelys, iban FR76 3000 6000 0112 3456 7890 189",
    "plan": "rappeler le 3 mars 2026 au +33 6 98 76 54 32",
}
TRACES = (
    "berengere",    "herouville", "lenoir", "kerzoncuf", "maelys", "solveig", "1951", "30/08", "locmariaquer", "98.76", "98 76", "98765",
    "exemple", "puits", "quimper", "29000", "51 08 29", "yseult", "goffic", "quemeneur", "fr76", "3 mars",
)  # fmt: skip


def test_no_name_is_found_in_the_opened_file() -> None:
    """Seeded in every field of the file and in every text, in other spellings; the text itself is in the set."""
    made = world(LEAST)
    seeded = made.add(notes=SEEDED, **WHO)
    made.add(
        notes={"reason": "Toux depuis trois jours", "note": "Vue avec Bérengère, qui l'aide"}
    )  # nobody wrote her into the file
    build = built()
    lines = said(build)
    whole = folded(
        "\n".join(text for line in lines for text in (*line["texts"].values(), line["person"], line["kind"]))
    )[0]
    assert [trace for trace in TRACES if trace in whole] == []
    assert (build.patients, len(lines), sum("[PERSON-" in str(line) for line in lines)) == (LEAST + 1, LEAST + 1, 1)
    assert build.counts["texts_out"] == {"word": 1}
    names = (str(seeded.pk), str(made.practitioner.pk), made.practitioner.email, made.practitioner.practitioner.surname)
    assert [name for name in names if name in str(lines)] == []
    assert check(build, by=BY, now=LATER) == []
    build.sha256, build.texts = "other", 3
    assert check(build, by=BY, now=LATER) == ["counts differ", "sha256 differs"]


@pytest.mark.parametrize(
    ("text", "doubt"),
    [
        ("Voir 29000", "shape"), ("odile@exemple", "shape"), ("voir 98 76 54 32", "shape"), ("voir 123 456 789", "shape"),
        ("אודיל", "script"), ("TA 120/80, T 38.5, 1000 mg 3 fois, J+3", None), ("[PERSON-1] tousse", None),
    ],
)  # fmt: skip
def test_second_look_doubts_shapes(text: str, doubt: str | None) -> None:
    assert doubts.doubt_at_once(text) == doubt


@given(st.lists(st.frozensets(st.sampled_from("abcd"), max_size=3), max_size=12), st.integers(1, 4))
def test_what_is_settled_has_no_rare_word_and_is_the_largest_such(capitals: list[frozenset[str]], least: int) -> None:
    class Text:
        def __init__(self, number: int, words: frozenset[str]) -> None:
            self.person, self.capitals = str(number), words

    texts = [Text(*one) for one in enumerate(capitals)]
    kept = doubts.settled(texts, least)
    count = {word: sum(word in text.capitals for text in kept) for word in "abcd"}
    assert all(count[word] >= least for text in kept for word in text.capitals)
    once_more = [text for text in texts if text not in kept]
    assert all(not text.capitals <= {word for word, n in count.items() if n >= least} for text in once_more)


# Builds.


def nothing_is_left() -> bool:
    with scope(ALL):
        rows = (TrainingBuild.objects.count(), TrainingMember.objects.count())
    return (rows, stored_names("training")) == ((0, 0), [])


def test_lock_closed_between_drawing_and_keeping_is_out() -> None:
    """One patient's, and the set is kept without them; two patients', and it is too small; the practice's, and nobody is left."""
    made = world(LEAST + 1)
    with drawn(by=BY, now=LATER) as draw:
        made.wish(on=False, now=AFTER)
        build = keep(draw, by=BY, now=AFTER)
        with scope(ALL):
            assert made.files[-1].pk not in set(build.members.values_list("file_id", flat=True))
        assert (build.patients, build.counts["out"], len(said(build, AFTER))) == (LEAST, {"changed": 1}, LEAST)
        made.wish(0, on=False, now=AFTER)
        with pytest.raises(Refused, match=f"Only {LEAST - 1} patients"):
            keep(draw, by=BY, now=AFTER)
        made.switch(False, now=AFTER)
        with pytest.raises(Refused, match="Only 0 patients"):
            keep(draw, by=BY, now=AFTER)
    assert stored_names("training") == [keeping.name_of(build.pk)]


class Killed(BaseException):
    """Nothing catches it, as nothing catches a kill."""


def test_build_that_is_killed_half_way_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """First with its own clearing up, then without, as by kill -9: what lies there opens for nobody, and the sweep takes it."""
    world(LEAST)
    stack = ExitStack()

    def die(*_given: Any) -> None:
        raise Killed

    monkeypatch.setattr(keeping, "_enter", die)
    draw = stack.enter_context(drawn(by=BY, now=LATER))
    with pytest.raises(Killed):
        keep(draw, by=BY, now=LATER)
    assert nothing_is_left()
    with monkeypatch.context() as without:
        without.setattr(keeping, "_discard", lambda *_given: None)
        with pytest.raises(Killed):
            keep(draw, by=BY, now=LATER)
    stack.close()
    [name] = stored_names("training")
    with default_storage.open(name, "rb") as lying:
        assert b"Toux" not in lying.read()
    assert (sweeping.sweep(by=BY, now=AFTER, dry_run=False)["PC-41.training"].done, nothing_is_left()) == (0, True)


def elsewhere() -> Any:
    params = connection.get_connection_params()
    known = {key: params[key] for key in ("dbname", "user", "password", "host", "port") if params.get(key)}
    return psycopg.connect(**known, autocommit=True)


def test_two_builds_at_once_are_one_and_a_withdrawal_waits() -> None:
    made = world(1)
    with elsewhere() as other:
        other.execute("select pg_advisory_lock(%s)", [LOCK])
        with pytest.raises(Refused, match="try again in a minute"):
            draw_at()
        made.wish(on=False, now=AFTER)
        assert (stop(AFTER), destroy_strays(now=AFTER)) == (["training_sets retry build_under_way"], 0)


# Leaving.


def left_of(why: str) -> list[tuple[int, datetime]]:
    with scope(ALL):
        rows = TrainingMember.objects.filter(left_why=why).order_by("build__number", "file_id")
        return list(rows.values_list("build__number", "left_at"))


def test_withdrawal_is_recorded_on_past_sets_at_once_and_their_file_goes() -> None:
    """First a patient's, and the next set is built without them, and no mark of the one before; then the practice's, and nothing is left."""
    made = world(LEAST + 1)
    past, second = entered(made.files[-1], made.practitioner), built()
    marks = {line["person"] for line in said(second)}
    made.wish(on=False, now=AFTER)
    assert left_of("patient") == [(1, AFTER), (2, AFTER)]
    with pytest.raises(Refused, match="Somebody in this set has left it"):
        list(opened(second, by=BY, now=AFTER))
    assert (stop(AFTER), stored_names("training"), rings.dead([second.pk])) == (
        ["training_sets do"], [], [second.pk])  # fmt: skip
    third = built(AFTER + SECOND)
    others = {line["person"] for line in said(third, AFTER + SECOND)}
    with scope(ALL):
        stored = str([*TrainingMember.objects.values(), *TrainingBuild.objects.values()])
    assert (len(marks), len(others), marks & others) == (LEAST + 1, LEAST, set())
    assert [one for one in marks | others if one in stored] == []
    assert (third.number, third.patients) == (3, LEAST)
    made.switch(False, now=AFTER + 2 * SECOND)
    assert left_of("practice") == [(2, AFTER + 2 * SECOND)] * LEAST + [(3, AFTER + 2 * SECOND)] * LEAST
    assert (stop(AFTER + 3 * SECOND), stored_names("training")) == (["practice_training_sets do"], [])
    ends = TrainingEnd.objects.order_by("build__number").values_list("build", "why")
    assert list(ends) == [(past.pk, "replaced"), (second.pk, "left"), (third.pk, "left")]


def test_agreeing_again_doesnt_undo_the_record() -> None:
    made = world(1)
    entered(made.files[0], made.practitioner)
    made.wish(on=False, now=AFTER)
    made.wish(on=True, now=AFTER + SECOND)
    stop(AFTER + SECOND)
    with scope(ALL):
        assert TrainingMember.objects.get().left_at == AFTER


def test_replay_after_a_restore_records_it_again_and_the_file_goes() -> None:
    """The main database is back at a moment before the withdrawal; its stop is begun anew (NEW-08)."""
    made = world(1)
    entered(made.files[0], made.practitioner)
    made.wish(on=False, now=AFTER)
    with scope(ALL):
        TrainingMember.objects.update(left_at=None, left_why="")
    event = Stop.objects.latest("asked_at").event_id
    Stop.objects.all().delete()
    stopping.begin_again(event)
    assert (stop(AFTER + SECOND), left_of("patient"), TrainingEnd.objects.get().why) == (
        ["training_sets do"], [(1, AFTER)], "left")  # fmt: skip


@pytest.mark.parametrize(
    ("change", "why"),
    [(dead, "death"), (restricted, "closed"), (spoken_for_no_more, "closed"), (practice_leaves, "closed")],
)
def test_what_ends_by_itself_closes_the_file_at_once_and_the_sweep_destroys_it(
    change: Callable[[World], None], why: str
) -> None:
    made = world(1)
    build = entered(made.files[0], made.practitioner, at=NOW)
    rings_alive = keeping.access.new_file(file_id=build.pk, by=BY, practice_id=None, purpose="improvement", now=NOW)
    assert rings_alive.file_id == build.pk
    assert sweeping.sweep(by=BY, now=NOW, dry_run=True)["PC-41.training"].due == 0
    change(made)
    with pytest.raises(Refused):
        list(opened(build, by=BY, now=AFTER))
    assert sweeping.sweep(by=BY, now=AFTER, dry_run=False)["PC-41.training"].counts() == {
        "due": 1, "done": 1, "held": 0, "failed": 0}  # fmt: skip
    with scope(ALL):
        assert (TrainingMember.objects.get().left_why, TrainingEnd.objects.get().why) == (why, "left")
    assert (rings.dead([build.pk]), sweeping.sweep(by=BY, now=AFTER, dry_run=False)["PC-41.training"].due) == (
        [build.pk],
        0,
    )


def test_time_ends_a_file_and_a_lost_key_too() -> None:
    made = world(1)
    build = entered(made.files[0], made.practitioner, at=NOW)
    keeping.access.new_file(file_id=build.pk, by=BY, practice_id=None, purpose="improvement", now=NOW)
    sweeping.sweep(by=BY, now=NOW + KEPT - SECOND, dry_run=False)
    assert TrainingEnd.objects.count() == 0
    sweeping.sweep(by=BY, now=NOW + KEPT, dry_run=False)
    assert TrainingEnd.objects.get().why == "expired"
    lost = entered(made.files[0], made.practitioner, at=NOW + SECOND)
    rings.destroy([lost.pk], NOW)
    keeping.access.new_file(file_id=lost.pk, by=BY, practice_id=None, purpose="improvement", now=NOW)
    rings.destroy([lost.pk], NOW)
    sweeping.sweep(by=BY, now=NOW + SECOND, dry_run=False)
    assert TrainingEnd.objects.get(build=lost).why == "lost"


def test_destroyed_file_takes_its_set_along_before_its_rows() -> None:
    made = world(2)
    build = entered(made.files[0], made.practitioner)
    other = entered(made.files[1], made.practitioner)
    assert door.destroy([made.files[0].pk], reason=door.Reason.ERASURE, by=BY, now=AFTER) == [made.files[0].pk]
    with scope(ALL):
        assert list(TrainingMember.objects.values_list("build_id", flat=True)) == [other.pk]
    assert (TrainingEnd.objects.get().build_id, TrainingEnd.objects.get().why) == (build.pk, "erased")


@pytest.mark.parametrize("model", [TrainingBuild, TrainingEnd])
def test_what_became_of_a_set_isnt_changed(model: Any) -> None:
    made = world(1)
    build = entered(made.files[0], made.practitioner)
    keeping.end(build, why="expired", by=BY, now=AFTER)
    for act in (lambda: model.objects.update(id=build.pk), lambda: model.objects.all().delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()


# Nothing is sent anywhere.


def test_no_service_takes_it_through_the_door() -> None:
    made = world(1)
    with scope(ALL):
        grant = grant_of(made.files[0].pk, made.files[0].practice_id, made.practitioner.pk, now=LATER)
    entries = register_at(legal_day(LATER)).entries
    for one in entries:
        call = Call(
            subprocessor=one.key,
            method="POST",
            url=f"https://{one.hosts[0].name}/",
            categories=frozenset({Category.HEALTH}),
        )
        with pytest.raises(NoGround, match="isn't one for this service"):
            gates.require_ground(call, grant, one, LATER)
    assert len(entries) == 10


# The command and the pages.


def run(*words: str) -> str:
    out = StringIO()
    call_command("training_set", *words, stdout=out)
    return out.getvalue()


def test_command_is_dry_unless_told_and_prints_no_text(settings: Any) -> None:
    settings.TIME_TRAVEL = True
    world(LEAST)
    at = LATER.isoformat()
    dry = run("build", "--now", at)
    assert ("add --execute" in dry, nothing_is_left(), AccessEntry.objects.filter(action="train").count()) == (
        True,
        True,
        0,
    )
    told = [
        run("build", "--execute", "--now", at),
        run("list", "--json", "--now", at),
        run("show", "1", "--check", "--now", at),
    ]
    assert [word in "".join(told) for word in ("Toux", "Lefèvre")] == [False, False]
    assert ('"file": "there"' in told[1], "findings  []" in told[2]) == (True, True)
    assert EventEntry.objects.filter(verb="records.training.built", actor_role="operations").count() == 1
    with pytest.raises(CommandError, match="there is no training set 7"):
        run("show", "7")


def test_office_shows_who_left_in_as_many_queries_for_three() -> None:
    made, client, counts = world(1), verified_client(make_staff()), []
    page = reverse("admin:training_sets")
    assert "No set has been built yet" in client.get(page).content.decode()
    for number in (1, 2):
        for _ in range(number):
            entered(made.files[0], made.practitioner)
        with CaptureQueriesContext(connection) as asked:
            text = client.get(page).content.decode()
        counts.append(len(asked))
    assert counts[0] == counts[1]
    made.wish(on=False, now=AFTER)
    text = client.get(page).content.decode()
    assert ("1 of 1" in text, "the patient had died" in text, str(made.files[0].pk) in text) == (True, True, False)


def test_each_person_reads_in_how_many_sets_they_are() -> None:
    made = world(1)
    theirs = reverse("patient_privacy:consents")
    mine = reverse("consents:switches")
    patient, practitioner = verified_client(made.patient), verified_client(made.practitioner)
    assert [
        "training set, built" in client.get(page).content.decode()
        for client, page in ((patient, theirs), (practitioner, mine))
    ] == [False] * 2
    entered(made.files[0], made.practitioner)
    words = "In 1 training set, built on 18 November 2026. The file of one is kept"
    assert [
        words in client.get(page).content.decode() for client, page in ((patient, theirs), (practitioner, mine))
    ] == [True] * 2
    made.wish(on=False, now=AFTER)
    took_back = "That you took it back on 18 November 2026 stands on each."
    assert f"{took_back} A file is closed, and is being destroyed." in patient.get(theirs).content.decode()
    assert took_back not in practitioner.get(mine).content.decode()
    stop(AFTER)
    assert f"{took_back} No file of them is kept." in patient.get(theirs).content.decode()


# Any order.

ACTS = st.lists(
    st.sampled_from(["patient yes", "patient no", "practice yes", "practice no", "build", "stop"]),
    min_size=2,
    max_size=5,
)


def act(made: World, what: str, now: datetime) -> None:
    who, _, verb = what.partition(" ")
    if what == "build":
        with suppress(Refused):
            built(now)
    elif what == "stop":
        stop(now)
    elif who == "patient":
        made.wish(0, on=verb == "yes", now=now)
    else:
        made.switch(verb == "yes", now=now)


def test_in_any_order_a_set_holds_those_who_agree_and_no_file_outlives_a_no() -> None:
    made = world(LEAST)

    @settings(max_examples=5, deadline=None)
    @given(ACTS)
    def follow(acts: list[str]) -> None:
        point = transaction.savepoint()
        on = {"patient": True, "practice": True}
        try:
            for number, what in enumerate(["build", *acts, "stop"], 1):
                act(made, what, LATER + number * timedelta(minutes=1))
                who, _, verb = what.partition(" ")
                on |= {who: verb == "yes"} if who in on else {}
                with scope(ALL):
                    members = TrainingMember.objects.filter(file_id=made.files[0].pk, left_at=None).count()
                assert members == 0 or all(on.values())
            assert Stop.objects.filter(state="waiting").count() == 0
            sweeping.sweep(by=BY, now=LATER + timedelta(hours=2), dry_run=False)
            there = TrainingBuild.objects.filter(end=None)
            assert there.count() == 0 or all(on.values())
            assert stored_names("training") == [keeping.name_of(one.pk) for one in there]
        finally:
            transaction.savepoint_rollback(point)
            for name in stored_names("training"):
                default_storage.delete(name)

    follow()
