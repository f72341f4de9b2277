"""Holds keep a file whatever its clocks say, and give the held days back when they are lifted (LAW-03)."""

import json
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from accounts.models import User
from audit.actors import Actor
from audit.models import AccessEntry, EventEntry
from care.tenancy import ALL, scope
from lifecycle.holds import queries
from lifecycle.holds.actions import lift_hold, place_hold
from lifecycle.holds.promises import held_files_stay, stored_ends_are_the_latest
from lifecycle.models import Hold
from lifecycle.retention.door import decide
from praticonnect.database import as_owner
from privacy.ids import new_id
from privacy.refusals import Refused
from records.clock import term_of
from records.models import PatientFile
from tests.accounts.factories import make_practitioner, make_staff
from tests.care.factories import LONG_AGO
from tests.records.factories import NOW, make_consultation, make_file, working
from vault.models import FileKey

pytestmark = pytest.mark.django_db(databases=["default", "keys"])
REVIEW = date(2027, 3, 31)
LATER = NOW + timedelta(days=40)


@pytest.fixture
def practitioner() -> User:
    return make_practitioner(now=LONG_AGO)


@pytest.fixture
def file(practitioner: User) -> PatientFile:
    return make_file(practitioner)


def dpo() -> Actor:
    return Actor(account_id=make_staff().pk, role="dpo")


def place(file: PatientFile, *, by: Actor | None = None, now: datetime = NOW, **changed: Any) -> Hold:
    said = {"ground": "claim", "case": "RG 26/01234", "why": "The insurer asked", "review_on": REVIEW, **changed}
    with scope(ALL):
        return place_hold(file_id=file.pk, by=by or Actor.operations("test"), now=now, **said)


def lift(hold: Hold, *, now: datetime = LATER, why: str = "settled") -> Hold:
    with scope(ALL):
        return lift_hold(hold_id=hold.pk, why=why, by=Actor.operations("test"), now=now)


def current(file: PatientFile) -> PatientFile:
    with scope(ALL):
        return PatientFile.objects.select_related("practice").get(pk=file.pk)


def is_held(file: PatientFile) -> bool:
    with scope(ALL):
        return queries.held(PatientFile.objects.filter(pk=file.pk)).exists()


def run(*words: str) -> str:
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


def refused(*words: str) -> tuple[str, int]:
    with pytest.raises(CommandError) as caught:
        run(*words)
    return str(caught.value), caught.value.returncode


def test_placed_hold_opens_the_end_and_leaves_the_stored_one(file: PatientFile) -> None:
    place(file)
    held = current(file)
    assert (held.retain_until, held.retention_rule) == (file.retain_until, file.retention_rule)
    with scope(ALL):
        term = term_of(held, "1984-02-29")
    assert (term.until, term.rules, term.review_on, is_held(file)) == (None, ("LAW-03",), REVIEW, True)


def test_lifted_hold_gives_the_held_days_back(file: PatientFile) -> None:
    lift(place(file))
    assert (current(file).retain_until, is_held(file)) == (file.retain_until + timedelta(days=40), False)


def test_file_is_held_until_every_hold_is_lifted(file: PatientFile) -> None:
    first, second = place(file), place(file, now=NOW + timedelta(days=10), case="second")
    lift(first, now=NOW + timedelta(days=20))
    assert is_held(file) is True
    lift(second, now=NOW + timedelta(days=30))
    assert (is_held(file), current(file).retain_until) == (False, file.retain_until + timedelta(days=30))


def test_consultation_signed_after_a_hold_counts_from_itself(file: PatientFile, practitioner: User) -> None:
    lift(place(file))
    make_consultation(file, practitioner, at=LATER + timedelta(days=60), signed=True)
    assert current(file).retain_until == date(2047, 2, 26)


def test_hold_says_who_why_and_when_and_is_journaled(file: PatientFile) -> None:
    by = dpo()
    hold = place(file, by=by)
    with scope(ALL):
        (told,) = queries.opened([hold], by=by, now=NOW)
        row = Hold.objects.get(pk=hold.pk)
    assert (told.case, told.why, row.placed_by_id, row.placed_role) == (
        "RG 26/01234", "The insurer asked", by.account_id, "dpo",
    )  # fmt: skip
    event = EventEntry.objects.get(verb="lifecycle.hold.placed")
    assert (event.subject_id, event.object_id, event.detail) == (file.pk, str(hold.pk), {"ground": "claim"})
    opened = AccessEntry.objects.filter(subject_id=hold.pk).values_list("part", "action", "purpose")
    assert list(opened.order_by("id")) == [("file", "create", "legal"), ("hold", "list", "legal")]


def test_case_and_reasons_lie_sealed(file: PatientFile) -> None:
    hold = lift(place(file))
    with scope(ALL), connection.cursor() as cursor:
        cursor.execute('select "case", why, lifted_why from lifecycle_hold where id = %s', [hold.pk])
        stored = b"".join(bytes(one) for one in cursor.fetchone())
    assert [word for word in (b"RG 26", b"insurer", b"settled") if word in stored] == []


def test_hold_can_be_placed_on_a_restricted_file_and_stays_until_the_key_is_back(file: PatientFile) -> None:
    FileKey.objects.filter(file_id=file.pk).update(restricted_at=NOW)
    hold = place(file)
    with pytest.raises(Refused) as caught:
        lift(hold)
    assert (caught.value.refusal.code, is_held(file)) == ("key_refused", True)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"ground": "mood"}, "no_ground"),
        ({"case": " "}, "no_reason"),
        ({"why": ""}, "no_reason"),
        ({"why": "x" * 2001}, "too_long"),
        ({"review_on": date(2026, 11, 18)}, "review_past"),
        ({"review_on": date(2027, 11, 19)}, "review_far"),
    ],
)
def test_hold_without_ground_reason_or_review_is_refused(file: PatientFile, changed: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused) as caught:
        place(file, **changed)
    assert (caught.value.refusal.code, is_held(file)) == (code, False)


def test_hold_is_lifted_once_and_with_a_reason(file: PatientFile) -> None:
    hold = place(file)
    with pytest.raises(Refused, match="Say why"):
        lift(hold, why="  ")
    lift(hold)
    with pytest.raises(Refused, match="already"):
        lift(hold)


def test_another_practice_sees_no_hold(file: PatientFile) -> None:
    hold = place(file)
    stranger = make_practitioner("other@example.org", now=LONG_AGO)
    with working(stranger) as by:
        assert (queries.live().count(), Hold.objects.filter(pk=hold.pk).exists()) == (0, False)
        with pytest.raises(Hold.DoesNotExist):
            lift_hold(hold_id=hold.pk, why="x", by=by, now=LATER)
        with pytest.raises(PatientFile.DoesNotExist):
            place_hold(file_id=file.pk, ground="claim", case="x", why="x", review_on=REVIEW, by=by, now=NOW)


def execute(sql: str, *values: object, owner: bool) -> None:
    with scope(ALL):
        if not owner:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(sql, values)
            return
        with as_owner(), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, values)


@pytest.mark.parametrize("owner", [False, True], ids=["application", "owner"])
@pytest.mark.parametrize(
    "sql",
    [
        "delete from records_patientfile where id = (select file_id from lifecycle_hold where id = %s)",
        "delete from lifecycle_hold where id = %s",
        "update lifecycle_hold set review_on = review_on + 1 where id = %s",
        "update lifecycle_hold set file_id = gen_random_uuid() where id = %s",
        "insert into lifecycle_hold select gen_random_uuid(), ground, placed_at, placed_role, review_on, now(), 'system',"
        ' "case", why, why, file_id, null, placed_by_id, practice_id from lifecycle_hold where id = %s',
    ],
    ids=["delete the file", "delete the hold", "move the review", "move the hold", "insert a lifted one"],
)
def test_database_keeps_a_held_file_and_its_hold(file: PatientFile, sql: str, owner: bool) -> None:
    hold = place(file)
    with pytest.raises(IntegrityError, match=r"hold|held"):
        execute(sql, hold.pk, owner=owner)
    assert is_held(file) is True


def test_database_lets_a_lifted_hold_neither_change_nor_lift_again(file: PatientFile) -> None:
    hold = lift(place(file))
    with pytest.raises(IntegrityError, match="only be lifted, once"):
        execute("update lifecycle_hold set lifted_at = lifted_at + interval '1 day' where id = %s", hold.pk, owner=True)


def test_database_lets_a_file_go_whose_holds_are_lifted(file: PatientFile) -> None:
    """The guard alone, with the rows that other tables hang on the file out of the way."""
    hold = lift(place(file))
    decide([file.pk], reason="erasure", by=Actor.system("test"), now=LATER)
    execute("delete from lifecycle_hold where id = %s", hold.pk, owner=False)
    execute("delete from records_patientfile where id = %s", file.pk, owner=False)
    with scope(ALL):
        assert PatientFile.objects.filter(pk=file.pk).exists() is False


def test_command_places_lists_and_lifts(file: PatientFile) -> None:
    words = ("--case", "RG 26/01234", "--why", "asked", "--review", "2027-03-31", "--ground", "court_order")
    placed = json.loads(run("hold", "place", str(file.pk), *words, "--json"))
    assert (placed["file"], placed["done"], placed["other_holds_on_file"]) == (str(file.pk), "placed", 0)
    (listed,) = json.loads(run("hold", "list", "--json"))
    assert (listed["id"], listed["case"], listed["ground"], listed["why"]) == (
        placed["id"], "RG 26/01234", "court_order", "asked",
    )  # fmt: skip
    assert (listed["review_on"], listed["overdue"], listed["placed_role"]) == ("2027-03-31", False, "operations")
    assert run("hold", "lift", placed["id"], "--why", "settled").endswith("is lifted; other holds on it: 0\n")
    assert json.loads(run("hold", "list", "--json")) == []
    assert [one["lifted_why"] for one in json.loads(run("hold", "list", "--all", "--json"))] == ["settled"]


def test_command_says_the_day_of_the_practice_not_of_greenwich(file: PatientFile) -> None:
    """Placed and lifted half an hour after midnight in Paris."""
    hold = place(file, now=datetime(2026, 11, 18, 23, 30, tzinfo=UTC))
    assert "2026-11-19  2027-03-31" in run("hold", "list")
    lift(hold, now=datetime(2026, 12, 31, 23, 30, tzinfo=UTC))
    assert run("hold", "list", "--all").splitlines()[1].endswith("2027-01-01")


def test_command_answers_bad_input_with_one_line(file: PatientFile) -> None:
    nobody, said = str(new_id()), ("--case", "x", "--why", "x", "--review")
    assert refused("hold", "place", nobody, *said, "2027-01-01") == (
        f"There is no patient file {nobody}; check the id", 2,
    )  # fmt: skip
    assert refused("hold", "place", "42", *said, "2027-01-01")[1] == 2
    assert refused("hold", "place", str(file.pk), *said, "soon") == ("'soon' is no day; write it like 2027-03-31", 2)
    assert refused("hold", "place", str(file.pk), *said, "2020-01-01") == (
        "The day of review is to come. Give a day after today.", 2,
    )  # fmt: skip
    assert refused("hold", "lift", nobody, "--why", "x")[1] == 2
    assert is_held(file) is False


def test_held_file_without_its_guard_breaks_the_promise(file: PatientFile) -> None:
    place(file)
    found = held_files_stay(NOW)
    assert (found.kept, found.figures["holds_on"], found.figures["files_held"]) == (True, 1, 1)
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute("alter table records_patientfile disable trigger keep_held")
    broken = held_files_stay(NOW)
    assert (broken.kept, broken.figures["guards_missing"]) == (False, 1)


def test_held_file_whose_key_was_destroyed_breaks_the_promise(file: PatientFile) -> None:
    place(file)
    FileKey.objects.filter(file_id=file.pk).update(destroyed_at=NOW, wrapped=b"")
    broken = held_files_stay(NOW)
    assert (broken.kept, broken.figures["held_files_without_a_key"]) == (False, 1)


def test_hold_without_its_journal_line_breaks_the_promise(file: PatientFile) -> None:
    place(file)
    with as_owner(), scope(ALL), connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute("alter table audit_evententry disable trigger all")
        cursor.execute("delete from audit_evententry where verb = 'lifecycle.hold.placed'")
    broken = held_files_stay(NOW)
    assert (broken.kept, broken.figures["acts_without_a_journal_line"]) == (False, 1)


@pytest.mark.parametrize(
    "changes",
    [
        {"retain_until": date(2046, 11, 19)},
        {"retain_until": date(2046, 12, 27)},
        {"retention_rule": "PC-49"},
        {"retention_rule": "LAW-01"},
        {"retention_rule": "LAW-01", "retain_until": date(2099, 12, 31)},
    ],
)
def test_end_that_is_not_the_latest_breaks_the_promise(
    file: PatientFile, practitioner: User, changes: dict[str, Any]
) -> None:
    """NEW-03, with a file whose hold was lifted after forty days and one kept for its minor's age."""
    make_file(practitioner, surname="Petit", birth_date="2020-03-05")
    lift(place(file))
    found = stored_ends_are_the_latest(NOW)
    assert (found.kept, found.figures["files"], found.figures["files_ending_otherwise"]) == (True, 2, 0)
    with scope(ALL):
        PatientFile.objects.filter(pk=file.pk).update(**changes)
    broken = stored_ends_are_the_latest(NOW)
    assert (broken.kept, broken.figures["files_ending_otherwise"]) == (False, 1)


def test_clock_page_draws_the_hold(file: PatientFile, practitioner: User) -> None:
    from django.urls import reverse

    from tests.accounts.factories import verified_client

    place(file, now=datetime.now(UTC), review_on=datetime.now(UTC).date() + timedelta(days=90))
    page = verified_client(practitioner).get(reverse("records:clock", args=[file.pk]))
    assert [(bar.label, bar.until) for bar in page.context["held"]] == [("a claim for damages", None)]
    assert page.context["term"].rules == ("LAW-03",)
