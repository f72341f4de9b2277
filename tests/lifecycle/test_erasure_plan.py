"""The plan: every personal table answers, each file has its fate, and what was approved is what is decided (PC-62)."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from care.models import Membership
from care.tenancy import ALL, scope
from lifecycle.erasure import answers, checks
from lifecycle.erasure.answers import Outcome, Unanswered, answers_of
from lifecycle.erasure.files import Fate
from lifecycle.erasure.plan import IDENTITY, Plan, plan_for_account, plan_for_file
from lifecycle.holds.actions import lift_hold
from privacy.declare import REGISTRY, Category, ModelDeclaration, Subject, personal
from privacy.registry import declared_tables
from tests.accounts.factories import make_practitioner, make_staff, verified_client
from tests.lifecycle.erasure_world import BY, OPENED, colleague_of, hold, old_file, practice, young_file
from tests.records.factories import make_document, make_measure
from tests.records.restriction.helpers import restrict

pytestmark = pytest.mark.django_db(databases=["default", "keys"])


@pytest.fixture
def user() -> User:
    return make_practitioner("camille@example.org", now=OPENED, surname="Roux")


def fates(plan: Plan) -> dict[Any, Fate]:
    return {one.file_id: one.fate for one in plan.files}


def tables_of(plan: Plan, outcome: Outcome) -> set[str]:
    return {line.table for line in plan.of(outcome)}


def test_every_personal_table_answers() -> None:
    answered = {answer.table.label for answer in answers.answers()}
    personal_ones = {t.label for t in declared_tables() if any(field.personal for field in t.fields.values())}
    assert answered == personal_ones
    assert checks.check_answers() == []


def test_personal_table_without_an_answer_fails_the_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(answers.GIVEN, "sessions.Session")
    with pytest.raises(Unanswered, match=r"sessions\.Session holds personal data"):
        answers.answers()
    assert [(error.id, "sessions.Session" in error.msg) for error in checks.check_answers()] == [("privacy.E020", True)]


def test_new_table_about_an_account_by_a_bare_column_has_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    fields = {"id": personal("a name", Category.IDENTITY)}
    stray = ModelDeclaration("consents.PublishedText", "a new table", Subject.ACCOUNT, fields)
    monkeypatch.setitem(REGISTRY, "consents.PublishedText", stray)
    assert [error.id for error in checks.check_answers()] == ["privacy.E020"]


def test_answer_to_a_table_that_is_gone_fails_the_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(answers.FOLLOWING, "records.Gone", "id")
    assert [error.id for error in checks.check_answers()] == ["privacy.E021"]


@pytest.mark.parametrize(
    ("label", "outcomes"),
    [
        ("accounts.User", [Outcome.BLANKED]),
        ("accounts.PractitionerProfile", [Outcome.ERASED]),
        ("directory.Listing", [Outcome.ERASED]),
        ("mfa.Authenticator", [Outcome.ERASED]),
        ("consents.ConsentEvent", [Outcome.KEPT]),
        ("lifecycle.SubscriptionEvent", [Outcome.KEPT]),
        ("admin.LogEntry", [Outcome.BLANKED, Outcome.KEPT]),
    ],
)
def test_answer_follows_from_the_declaration(label: str, outcomes: list[Outcome]) -> None:
    assert [answer.outcome for answer in answers_of(REGISTRY[label])] == outcomes


def test_each_file_has_the_fate_of_its_facts(user: User) -> None:
    due, held, shut = old_file(user), old_file(user), old_file(user)
    young, shared = young_file(user), young_file(user)
    hold(held)
    restrict(shut)
    colleague_of(user, treats=shared)
    plan = plan_for_account(user.pk, OPENED)
    assert fates(plan) == {
        due.pk: Fate.ERASED, young.pk: Fate.ARCHIVED, held.pk: Fate.HELD, shared.pk: Fate.SHARED, shut.pk: Fate.RESTRICTED
    }  # fmt: skip


def test_file_stays_until_the_last_second_of_its_term(user: User) -> None:
    file = old_file(user)
    assert file.retain_until == date(2025, 3, 1)
    end = OPENED.replace(year=2025, month=3, day=1, hour=22, minute=59, second=59)
    assert fates(plan_for_account(user.pk, end)) == {file.pk: Fate.ARCHIVED}
    assert fates(plan_for_account(user.pk, end + timedelta(seconds=1))) == {file.pk: Fate.ERASED}


def test_colleague_who_left_keeps_nothing(user: User) -> None:
    file = young_file(user)
    other = colleague_of(user, treats=file)
    Membership.objects.filter(user=other, practice=practice(user)).update(until_at=OPENED + timedelta(hours=1))
    assert fates(plan_for_account(user.pk, OPENED)) == {file.pk: Fate.ARCHIVED}


def test_files_of_a_colleague_and_of_another_practice_arent_in_the_plan(user: User) -> None:
    elsewhere = make_practitioner(now=OPENED)
    young_file(elsewhere)
    mine = young_file(user)
    other = colleague_of(user)
    assert fates(plan_for_account(user.pk, OPENED)) == {mine.pk: Fate.ARCHIVED}
    assert fates(plan_for_account(other.pk, OPENED)) == {}


def test_plan_counts_rows_by_outcome(user: User) -> None:
    due, young = old_file(user), young_file(user)
    make_measure(due, user)
    make_document(young, user)
    found = Counter(
        {(one.table, one.outcome): one.count for one in plan_for_account(user.pk, OPENED).lines if one.fate}
    )
    assert found == {
        ("records.PatientFile", Outcome.ERASED): 1,
        ("records.Consultation", Outcome.ERASED): 1,
        ("records.ConsultationVersion", Outcome.ERASED): 1,
        ("records.Measure", Outcome.ERASED): 1,
        ("vault.FileKey", Outcome.ERASED): 1,
        ("care.CareRelationship", Outcome.ERASED): 1,
        ("records.PatientFile", Outcome.ARCHIVED): 1,
        ("records.Consultation", Outcome.ARCHIVED): 1,
        ("records.ConsultationVersion", Outcome.ARCHIVED): 1,
        ("records.Document", Outcome.ARCHIVED): 1,
        ("vault.FileKey", Outcome.ARCHIVED): 1,
        ("care.CareRelationship", Outcome.ARCHIVED): 1,
    }


def test_plan_says_ground_and_end_of_what_stays(user: User) -> None:
    young_file(user)
    plan = plan_for_account(user.pk, OPENED)
    stays = {one.table: (one.rule, one.until) for one in plan.shown if one.outcome not in answers.DESTRUCTIVE}
    assert stays[IDENTITY] == ("PC-40", date(2029, 11, 18))
    assert stays["consents.ConsentEvent"] == ("PC-51", date(2031, 11, 18))
    assert stays["audit.AccessEntry"] == ("PC-46b", date(2029, 11, 18))
    assert stays["audit.SecurityEntry"] == ("PC-46", date(2027, 11, 18))
    assert stays["records.PatientFile"] == ("PC-41", date(2046, 11, 18))
    assert all(one.article and one.title and one.sentence for one in plan.shown)


def test_sessions_are_found_by_what_they_hold(user: User) -> None:
    verified_client(user)
    half = SessionStore()
    half["account_login"] = {"email": "Camille@example.org"}
    half.save()
    verified_client(make_practitioner(now=OPENED))
    count = {one.table: one.count for one in plan_for_account(user.pk, OPENED).lines}
    assert count["sessions.Session"] == 2


def test_account_of_the_office_has_a_plan_without_files() -> None:
    plan = plan_for_account(make_staff().pk, OPENED)
    assert plan.files == ()
    assert tables_of(plan, Outcome.BLANKED) == {"accounts.User"}


def test_address_of_the_plan_stays_while_only_logs_and_sessions_grow(user: User) -> None:
    young_file(user)
    first = plan_for_account(user.pk, OPENED).sha256
    verified_client(user)
    assert plan_for_account(user.pk, OPENED + timedelta(days=3)).sha256 == first


@pytest.mark.parametrize("change", [young_file, lambda user: hold(young_file(user)), old_file])
def test_address_of_the_plan_moves_with_what_is_decided(user: User, change: Callable[[User], object]) -> None:
    first = plan_for_account(user.pk, OPENED).sha256
    change(user)
    assert plan_for_account(user.pk, OPENED).sha256 != first


def test_plan_of_more_destroyed_files_exceeds_the_approved_one(user: User) -> None:
    file = old_file(user)
    held = hold(file)
    approved = plan_for_account(user.pk, OPENED).document
    assert not plan_for_account(user.pk, OPENED).exceeds(approved)
    with scope(ALL):
        lift_hold(hold_id=held.pk, why="settled", by=BY, now=OPENED)
    later = plan_for_account(user.pk, OPENED + timedelta(days=1))
    assert later.exceeds(approved)
    assert not plan_for_account(user.pk, OPENED).exceeds(later.document)


def test_plan_of_a_new_table_exceeds_the_approved_one(user: User) -> None:
    plan = plan_for_account(user.pk, OPENED)
    approved = {**plan.document, "tables": [row for row in plan.document["tables"] if row[0] != "directory.Listing"]}
    assert plan.exceeds(approved)


def test_file_whose_term_ended_since_the_approval_is_archived_as_approved(user: User) -> None:
    file = old_file(user)
    before = OPENED.replace(year=2025, month=2)
    approved = plan_for_account(user.pk, before).document
    now_due = plan_for_account(user.pk, OPENED)
    assert (fates(now_due), now_due.exceeds(approved)) == ({file.pk: Fate.ERASED}, False)
    narrowed = now_due.within(approved)
    assert fates(narrowed) == {file.pk: Fate.ARCHIVED}
    assert "records.PatientFile" in tables_of(narrowed, Outcome.ARCHIVED) - tables_of(narrowed, Outcome.ERASED)
    assert now_due.within(now_due.document) == now_due


def test_plan_of_a_file_is_refused_with_ground_and_end(user: User) -> None:
    young, due, held, shut = young_file(user), old_file(user), old_file(user), old_file(user)
    hold(held)
    restrict(shut)
    refused = [plan_for_file(file.pk, OPENED).refused for file in (young, due, held, shut)]
    assert [one and (one.fate, one.rule, one.until) for one in refused] == [
        (Fate.IN_TERM, "PC-41", date(2046, 11, 18)), None, (Fate.HELD, "LAW-03", date(2025, 3, 1)),
        (Fate.RESTRICTED, "PC-41", date(2025, 3, 1)),
    ]  # fmt: skip


def test_plan_is_read_in_as_many_queries_whatever_the_number_of_files(user: User) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            plan_for_account(user.pk, OPENED)
        return len(seen)

    young_file(user)
    few = queries()
    for _ in range(4):
        young_file(user)
    assert queries() == few


def test_plan_writes_nothing_and_names_nobody(user: User) -> None:
    young_file(user)
    plan = plan_for_account(user.pk, OPENED)
    assert not {"Roux", "camille@example.org", "Lefèvre"} & set(str(plan.document).replace("'", " ").split())
    assert replace(plan, made_at=OPENED + timedelta(days=1)).sha256 == plan.sha256
