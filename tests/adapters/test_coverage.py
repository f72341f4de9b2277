"""A practitioner asks the payer: the payer's own word with its time, or plainly that nothing is known (MD-73)."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.models import User
from adapters import journal
from adapters.grounds import necessary
from adapters.models import Egress, Outgoing
from care.tenancy import ALL, scope
from fakes.server import Fakes
from privacy.refusals import Refused
from records.coverage import actions
from records.coverage.promises import payers_are_asked_and_nothing_is_guessed
from records.models import CoverageCheck, PatientFile
from records.tasks import sweep_documents
from tests.accounts.factories import make_patient, make_practitioner, verified_client
from tests.care.factories import LONG_AGO
from tests.records.assist_world import work
from tests.records.factories import NOW, link, make_file, working
from tests.records.restriction.helpers import restrict

pytestmark = pytest.mark.django_db(databases="__all__")
LATER = NOW + timedelta(minutes=2)


@pytest.fixture
def owner() -> User:
    return make_practitioner(now=LONG_AGO)


@pytest.fixture
def file(owner: User) -> PatientFile:
    made = make_file(owner)
    link(made, make_patient(payer_number="C-4711", birth_date="1984-02-29"))
    return made


def asked(file: PatientFile, owner: User, now: Any = NOW) -> CoverageCheck:
    with working(owner) as by:
        return actions.ask_payer(file=file, by=by, now=now)


def outcome(row: CoverageCheck) -> tuple[str, str]:
    with scope(ALL):
        row.refresh_from_db()
    return row.outcome, row.source


def page(owner: User, file: PatientFile) -> str:
    return verified_client(owner).get(reverse("records:file", args=[file.pk])).content.decode()


@pytest.mark.parametrize(
    ("number", "said", "words"),
    [
        ("C-4711", "covered", "Covered on that day"),
        ("N-4711", "not_covered", "Not covered on that day"),
        ("X-4711", "unknown_member", "know a member"),
    ],
)
def test_the_practitioner_reads_the_payers_word_with_its_time(
    fakes: Fakes, owner: User, number: str, said: str, words: str
) -> None:
    file = make_file(owner)
    link(file, make_patient(payer_number=number, birth_date="1984-02-29"))
    client = verified_client(owner)
    first = client.get(reverse("records:file", args=[file.pk])).content.decode()
    assert ("Nobody was asked yet" in first, "Ask the payer" in first) == (True, True)
    answer = client.post(reverse("records:coverage", args=[file.pk]), follow=True).content.decode()
    with scope(ALL):
        row = CoverageCheck.objects.get()
    assert ("The payer is being asked" in answer, row.outcome, row.asked_by_id) == (True, "", owner.pk)
    assert work(row.asked_at + timedelta(seconds=5)) == ["payer.ask do"]
    assert outcome(row) == (said, "payer.example.org")
    told = client.get(reverse("records:file", args=[file.pk])).content.decode()
    assert (words in told, "Ask again" in told, "Mutuelle des Exemples" in told, number in told) == (
        True,
        True,
        True,
        False,
    )


@pytest.mark.parametrize(
    ("trouble", "said", "source"),
    [
        ({"close": True}, "unreachable", ""),
        ({"status": 500}, "unreachable", ""),
        ({"status": 503, "headers": {"Retry-After": "3600"}}, "unreachable", ""),
        ({"status": 401, "body": {"resourceType": "OperationOutcome", "issue": []}}, "unclear", "payer.example.org"),
        ({"status": 200, "body": {"resourceType": "CoverageEligibilityResponse"}}, "unclear", "payer.example.org"),
    ],
)
def test_what_is_not_known_is_said_and_may_be_asked_again(
    fakes: Fakes, file: PatientFile, owner: User, trouble: dict[str, Any], said: str, source: str
) -> None:
    for _time in range(2):
        fakes["payer"].fail_next(**trouble)
    row = asked(file, owner)
    assert (work(LATER), outcome(row)) == (["payer.ask do"], (said, source))
    told = page(owner, file)
    assert ("Nothing is known" in told, "Ask again" in told, "Covered on that day" in told) == (True, True, False)
    fakes.reset()
    again = asked(file, owner, LATER)
    work(LATER + timedelta(minutes=1))
    assert (outcome(again), outcome(row)) == (("covered", "payer.example.org"), (said, source))


def test_one_question_at_a_time_and_a_lost_one_does_not_block(fakes: Fakes, file: PatientFile, owner: User) -> None:
    first = asked(file, owner)
    with pytest.raises(Refused, match="being asked"):
        asked(file, owner, LATER)
    Outgoing.objects.all().delete()
    second = asked(file, owner, NOW + timedelta(minutes=10))
    assert (outcome(first), outcome(second)) == (("unreachable", ""), ("", ""))
    with scope(ALL), pytest.raises(IntegrityError), transaction.atomic():
        CoverageCheck.objects.create(
            practice_id=file.practice_id, file=file, payer="payer", about_on=NOW.date(), asked_at=NOW, asked_by=owner
        )


def test_a_file_that_is_restricted_meanwhile_is_not_asked_about(fakes: Fakes, file: PatientFile, owner: User) -> None:
    row = asked(file, owner)
    restrict(file, now=LATER)
    work(LATER + timedelta(minutes=1))
    assert (outcome(row), fakes["payer"].count) == (("stopped", ""), 0)


def test_without_a_number_nothing_is_asked(fakes: Fakes, owner: User) -> None:
    file = make_file(owner)
    with pytest.raises(Refused, match="no account here"):
        asked(file, owner)
    link(file, make_patient(birth_date="1984-02-29", payer_number=""))
    row = asked(file, owner)
    work(LATER)
    assert (outcome(row), fakes["payer"].count) == (("no_number", ""), 0)


def test_a_guardians_number_is_another_persons(fakes: Fakes, owner: User) -> None:
    file = make_file(owner)
    link(
        file,
        make_patient(payer_number="C-1", birth_date="1984-02-29"),
        capacity="guardian",
        until=NOW + timedelta(days=30),
    )
    with pytest.raises(Refused, match="no account here"):
        asked(file, owner)


def test_where_no_payer_is_listed_the_page_says_so(file: PatientFile, owner: User) -> None:
    told = page(owner, file)
    assert ("No payer answers our questions yet" in told, "Ask the payer" in told) == (True, False)
    answer = verified_client(owner).post(reverse("records:coverage", args=[file.pk]), follow=True).content.decode()
    with scope(ALL):
        assert ("No payer answers our questions yet" in answer, CoverageCheck.objects.count()) == (True, 0)


def test_promise_turns_false_when_an_answer_is_made_up(fakes: Fakes, file: PatientFile, owner: User) -> None:
    row = asked(file, owner)
    assert payers_are_asked_and_nothing_is_guessed(LATER).kept is True
    silent = payers_are_asked_and_nothing_is_guessed(NOW + timedelta(hours=2))
    assert (silent.kept, silent.figures["questions_without_an_end"]) == (False, 1)
    with scope(ALL):
        CoverageCheck.objects.filter(pk=row.pk).update(outcome="covered", answered_at=LATER, source="payer.example.org")
    guessed = payers_are_asked_and_nothing_is_guessed(LATER)
    assert (guessed.kept, guessed.figures["answers_that_nobody_gave"]) == (False, 1)
    with scope(ALL):
        CoverageCheck.objects.filter(pk=row.pk).update(outcome="", answered_at=None, source="")
    work(LATER)
    found = payers_are_asked_and_nothing_is_guessed(LATER)
    assert (found.kept, found.figures["by_outcome"], found.figures["lines"]) == (True, {"covered": 1}, 1)
    journal.depart(
        "payer", "payer.example.org", ground=necessary("coverage_check", file_id=file.pk), categories=["contact"], bytes_out=1,
        stand_in=True, now=LATER, durable=False,
    )  # fmt: skip
    assert payers_are_asked_and_nothing_is_guessed(LATER).figures["lines_with_other_data"] == 1


def test_what_was_asked_stands_in_no_journal_in_clear(fakes: Fakes, file: PatientFile, owner: User) -> None:
    asked(file, owner)
    work(LATER)
    line = Egress.objects.get(ground="coverage_check")
    assert (line.file_id, line.subject_id, line.categories) == (file.pk, None, "identity")
    assert "4711" not in str(Outgoing.objects.values_list())


def test_a_question_whose_worker_was_lost_is_closed_by_the_hourly_round(
    fakes: Fakes, file: PatientFile, owner: User
) -> None:
    """A young one isn't; what a worker wrote meanwhile stays."""
    row = asked(file, owner)
    for minutes, said in ((9, ""), (10, "unreachable")):
        with time_machine.travel(NOW + timedelta(minutes=minutes), tick=False):
            assert sweep_documents() == bool(said)
        assert outcome(row) == (said, "")
    with scope(ALL):
        CoverageCheck.objects.filter(pk=row.pk).update(outcome="covered", source="payer.example.org")
    with time_machine.travel(NOW + timedelta(minutes=20), tick=False):
        assert (sweep_documents(), outcome(row)) == (0, ("covered", "payer.example.org"))
