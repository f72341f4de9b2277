"""Requests: numbers without a gap, the dates of the law, sides, decisions, threads (MD-32 to MD-35, PC-65, PC-69)."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, ProgrammingError, connection, transaction

from accounts.models import User
from audit.models import EventEntry
from care.actions import leave_practice
from care.models import Membership
from care.queries import practice_of
from care.tenancy import ALL, scope
from consents.queries import states
from gdpr_requests import actions, queries
from gdpr_requests.desk import queries as desk
from gdpr_requests.desk.grounds import Ground, grounds_of
from gdpr_requests.desk.rules import Refused
from gdpr_requests.desk.states import State
from gdpr_requests.models import Exchange, Proof, Request
from privacy.deadlines import DataClass, Right, deadline
from tests.accounts.factories import make_account, make_practitioner, make_staff
from tests.consents.factories import choose, person
from tests.gdpr_requests.factories import CONTACT, LATER, NOW, VISITOR, account_of, by_account, by_letter, dpo_of
from tests.records.factories import actor_of, make_file
from tests.records.restriction.helpers import restrict

pytestmark = pytest.mark.django_db(databases="__all__")

VECTORS = [
    (date(2027, 1, 31), date(2027, 3, 1)),
    (date(2028, 1, 31), date(2028, 2, 29)),
    (date(2027, 1, 29), date(2027, 3, 1)),
    (date(2026, 12, 1), date(2027, 1, 4)),
    (date(2027, 4, 15), date(2027, 5, 18)),
    (date(2026, 6, 14), date(2026, 7, 15)),
]
"""Appendix B of our notes on the law: day of receipt, last day of the answer."""


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 11, tzinfo=UTC)


@pytest.fixture
def dpo() -> User:
    return make_staff("dpo@example.org")


def refusal(call: Any, **named: Any) -> str:
    """The code of the refusal that ``call`` meets."""
    with pytest.raises(Refused) as refused:
        call(**named)
    return str(refused.value.refusal.code)


def thread(request: Request) -> list[tuple[str, str]]:
    """What happened, and where the request stood after it."""
    return list(Exchange.objects.filter(request_id=request.pk).order_by("number").values_list("kind", "state"))


@pytest.mark.parametrize("right", [right for right in Right if right is not Right.OBJECTION])
@pytest.mark.parametrize(("received", "due"), VECTORS)
def test_due_day_of_each_right_is_the_vector_of_the_law(right: Right, received: date, due: date) -> None:
    assert deadline(right, DataClass.ORDINARY, noon(received)).due_on == due


def test_request_stores_the_dates_of_its_day_of_receipt() -> None:
    """31 July 22:30 UTC is 1 August in Paris."""
    received = datetime(2026, 7, 31, 22, 30, tzinfo=UTC)
    request = by_letter(Right.ERASURE, now=received + timedelta(days=4), received_at=received)
    assert (request.received_at, request.due_on, request.not_before) == (received, date(2026, 9, 1), received)


def test_record_asked_of_a_practice_is_due_in_eight_days_and_never_before_48_hours() -> None:
    practitioner = make_practitioner()
    request = by_letter(practice_id=practice_of(practitioner).pk)
    assert (request.data_class, request.due_on, request.not_before) == (
        "medical", date(2026, 11, 26), NOW + timedelta(hours=48),
    )  # fmt: skip
    by = actor_of(practitioner)
    actions.prove(request_id=request.pk, proof=Proof.IN_PERSON, by=by, now=NOW)
    early = {"request_id": request.pk, "outcome": "granted", "text": "Here.", "by": by}
    assert refusal(actions.answer, **early, now=NOW + timedelta(hours=47, minutes=59)) == "reflection"
    assert actions.answer(**early, now=NOW + timedelta(hours=48)).state == State.ANSWERED


def test_numbers_have_no_gap_when_a_filing_is_undone() -> None:
    first = by_letter()
    with transaction.atomic():
        by_letter()
        transaction.set_rollback(True)
    assert [first.number, by_letter().number] == ["2026-00001", "2026-00002"]


def test_new_year_begins_at_one_in_paris() -> None:
    by_letter()
    assert by_letter(now=datetime(2026, 12, 31, 23, 0, tzinfo=UTC)).number == "2027-00001"


def test_thread_tells_each_move_and_the_journal_too(dpo: User) -> None:
    request, by = by_letter(), dpo_of(dpo)
    actions.ask_identity(request_id=request.pk, text="Two people have this name.", by=by, now=NOW)
    actions.prove(request_id=request.pk, proof=Proof.IN_PERSON, by=by, now=NOW)
    actions.extend(request_id=request.pk, text="Many documents.", by=by, now=LATER)
    actions.write(request_id=request.pk, text="Thank you.", by=VISITOR, now=LATER)
    actions.answer(request_id=request.pk, outcome="granted", text="Attached.", by=by, now=LATER)
    actions.close(request_id=request.pk, by=by, now=LATER)
    assert thread(request) == [
        ("file", "received"), ("ask_identity", "identity"), ("prove", "in_progress"), ("extend", "extended"),
        ("note", "extended"), ("answer", "answered"), ("close", "closed"),
    ]  # fmt: skip
    verbs = (
        EventEntry.objects.filter(object_type="gdpr_requests.Exchange").order_by("pk").values_list("verb", flat=True)
    )
    assert [verb.rsplit(".", 1)[1] for verb in verbs] == [kind for kind, _state in thread(request)]
    with transaction.atomic():
        told = desk.opened(request, by=by, now=LATER)
    assert [line.text for line in told.thread if line.text] == [
        "What do you hold?", "Two people have this name.", "Many documents.", "Thank you.", "Attached.",
    ]  # fmt: skip
    assert told.contact == CONTACT


def test_extension_is_two_months_more_once_and_only_in_time(dpo: User) -> None:
    received = noon(date(2027, 10, 31))
    request, by = by_letter(Right.ERASURE, now=received), dpo_of(dpo)
    late = {"request_id": request.pk, "text": "More time.", "by": by}
    assert refusal(actions.extend, **late, now=noon(date(2027, 12, 1))) == "too_late"
    assert refusal(actions.extend, **{**late, "text": " "}, now=received) == "no_text"
    assert actions.extend(**late, now=noon(date(2027, 11, 30))).extended_until == date(2028, 1, 31)
    assert refusal(actions.extend, **late, now=noon(date(2027, 11, 30))) == "not_now"


def test_record_knows_no_extension() -> None:
    practitioner = make_practitioner()
    request = by_letter(practice_id=practice_of(practitioner).pk)
    named = {"request_id": request.pk, "text": "More time.", "by": actor_of(practitioner), "now": NOW}
    assert refusal(actions.extend, **named) == "no_extension"


def test_extension_whose_notice_can_t_be_queued_is_not_written(dpo: User, monkeypatch: pytest.MonkeyPatch) -> None:
    request = by_letter(Right.ERASURE)
    monkeypatch.setattr("adapters.outbox.LARGEST", 1)
    with pytest.raises(ValueError, match="payload"):
        actions.extend(request_id=request.pk, text="More.", by=dpo_of(dpo), now=NOW)
    request.refresh_from_db()
    assert (request.state, request.extended_until, thread(request)) == ("received", None, [("file", "received")])


def test_refusal_names_ground_authority_and_courts(dpo: User) -> None:
    request, by = by_letter(Right.ERASURE), dpo_of(dpo)
    no = {"request_id": request.pk, "outcome": "refused", "text": "We can't.", "by": by, "now": NOW}
    assert [refusal(actions.answer, **no), refusal(actions.answer, **no, ground="accurate")] == [
        "no_ground",
        "wrong_ground",
    ]
    actions.answer(**no, ground=Ground.RETENTION)
    with transaction.atomic():
        letter = desk.opened(request, by=by, now=NOW).thread[-1]
    assert letter.row.remedies
    assert [word in letter.text for word in ("Art. 17(3)(b)", "3 place de Fontenoy", "tribunal judiciaire")] == [
        True
    ] * 3


def test_nothing_is_granted_to_somebody_unknown(dpo: User) -> None:
    request = by_letter(Right.PORTABILITY)
    granted = {"request_id": request.pk, "outcome": "granted", "text": "Here.", "by": dpo_of(dpo), "now": NOW}
    assert refusal(actions.answer, **granted) == "not_proven"


def test_login_with_second_factor_proves_the_identity() -> None:
    request = by_account(make_practitioner())
    assert (request.proof, request.proven_at) == ("login", NOW)


def test_each_request_is_answered_by_its_own_controller(dpo: User) -> None:
    """Care data by the practice, accounts by the house, nobody by themselves; a stranger by no way (D8, D10)."""
    practitioner, stranger = make_practitioner("a@example.org"), make_practitioner("b@example.org")
    of_practice, of_house = by_letter(practice_id=practice_of(practitioner).pk), by_account(practitioner)
    actors = {"own": actor_of(practitioner), "stranger": actor_of(stranger), "dpo": dpo_of(dpo)}
    may: dict[str, list[bool]] = {}
    for name, by in actors.items():
        may[name] = []
        for request in (of_practice, of_house):
            try:
                with transaction.atomic():
                    actions.take(request_id=request.pk, by=by, now=NOW)
                    transaction.set_rollback(True)
                may[name].append(True)
            except Refused:
                may[name].append(False)
    assert may == {"own": [True, False], "stranger": [False, False], "dpo": [False, True]}


def test_custody_answers_when_the_practitioner_is_gone(dpo: User) -> None:
    practitioner = make_practitioner(now=NOW)
    request = by_letter(practice_id=practice_of(practitioner).pk)
    assert refusal(actions.take, request_id=request.pk, by=dpo_of(dpo), now=NOW) == "not_yours"
    leave_practice(membership=Membership.objects.get(user=practitioner), by=dpo_of(dpo), now=NOW)
    assert actions.take(request_id=request.pk, by=dpo_of(dpo), now=NOW).state == State.IN_PROGRESS


def test_same_thing_is_not_asked_twice_while_it_is_open() -> None:
    user = make_practitioner()
    first = by_account(user)
    with pytest.raises(Refused, match=first.number):
        by_account(user)
    actions.withdraw(request_id=first.pk, by=account_of(user), now=NOW)
    assert by_account(user).serial == 2


def test_objection_to_marketing_bites_at_once_and_ends_the_consent() -> None:
    user = make_practitioner("Camille@example.org")
    choose(person(user.pk), "marketing_emails", True, now=NOW)
    by_account(user, Right.OBJECTION, objects_to="marketing")
    assert states(user.pk, NOW)["marketing_emails"].on is False
    assert [queries.objects_to_marketing(email) for email in (" CAMILLE@example.org", "other@example.org")] == [
        True,
        False,
    ]


def test_objection_to_marketing_is_never_refused(dpo: User) -> None:
    request = by_letter(Right.OBJECTION, objects_to="marketing")
    no = {"request_id": request.pk, "outcome": "refused", "text": "No.", "ground": "compelling"}
    assert refusal(actions.answer, **no, by=dpo_of(dpo), now=NOW) == "absolute"


def test_hosting_objection_is_a_right_of_its_own() -> None:
    """MD-35."""
    request = by_letter(Right.HOSTING_OBJECTION)
    assert (Right(request.right), request.due_on) == (Right.HOSTING_OBJECTION, date(2026, 12, 18))


def test_granted_erasure_needs_a_file_that_no_law_keeps() -> None:
    practitioner = make_practitioner()
    file = make_file(practitioner)
    request = by_letter(Right.ERASURE, file_id=file.pk)
    by = actor_of(practitioner)
    actions.prove(request_id=request.pk, proof=Proof.IN_PERSON, by=by, now=NOW)
    granted = {"request_id": request.pk, "outcome": "granted", "text": "Done.", "by": by, "now": NOW}
    assert refusal(actions.answer, **granted) == "kept"
    request.refresh_from_db()
    assert (request.state, request.outcome) == ("in_progress", "")
    actions.answer(**{**granted, "outcome": "refused", "ground": "retention"})


def test_granted_restriction_needs_a_file_that_is_restricted() -> None:
    practitioner = make_practitioner()
    file = make_file(practitioner)
    request = by_letter(Right.RESTRICTION, file_id=file.pk)
    by = actor_of(practitioner)
    actions.prove(request_id=request.pk, proof=Proof.IN_PERSON, by=by, now=NOW)
    granted = {"request_id": request.pk, "outcome": "granted", "text": "Done.", "by": by, "now": NOW}
    assert refusal(actions.answer, **granted) == "unrestricted"
    restrict(file)
    with scope(ALL):
        assert actions.answer(**granted).outcome == "granted"


def test_right_without_effect_is_not_granted(dpo: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gdpr_requests.effects._granted", {})
    user = make_account()
    request = by_account(user, Right.ERASURE)
    granted = {"request_id": request.pk, "outcome": "granted", "text": "Done.", "by": dpo_of(dpo), "now": NOW}
    assert refusal(actions.answer, **granted) == "no_effect"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"contact": {"name": "", "email": "a@example.org"}}, "no_name"),
        ({"contact": {"name": "Ada"}}, "no_address"),
        ({"contact": None}, "nobody"),
        ({"text": "x" * 10_001}, "too_long"),
        ({"right": Right.OBJECTION}, "no_object"),
        ({"received_at": NOW + timedelta(seconds=1)}, "received_in_future"),
        ({"received_at": datetime(2025, 11, 17, 12, tzinfo=UTC)}, "received_long_ago"),
    ],
)
def test_filing_says_what_is_wrong(given: dict[str, Any], code: str) -> None:
    assert refusal(by_letter, **given) == code
    assert Request.objects.count() == 0


def test_receipt_and_word_to_the_handler_follow_the_commit(django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        request = by_letter()
    assert sorted(message.to for message in mail.outbox) == [["ada@example.org"], ["dpo@praticonnect.com"]]
    assert all(request.number in message.subject and "PratiConnect SAS" in message.body for message in mail.outbox)
    assert not any("What do you hold?" in message.body for message in mail.outbox)


def test_database_keeps_what_was_filed_and_decided(dpo: User) -> None:
    request = by_letter(Right.ERASURE)
    for change in ({"due_on": date(2030, 1, 1)}, {"serial": 7}, {"received_at": LATER}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Request.objects.filter(pk=request.pk).update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        Request.objects.filter(pk=request.pk).delete()
    actions.answer(
        request_id=request.pk, outcome="refused", ground="identity", text="No.", by=dpo_of(dpo), now=NOW
    )  # fmt: skip
    with pytest.raises(IntegrityError), transaction.atomic():
        Request.objects.filter(pk=request.pk).update(outcome="granted", ground="")
    with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("update gdpr_requests_exchange set kind = 'note'")


def test_every_right_can_be_refused_for_want_of_identity() -> None:
    assert all(Ground.IDENTITY in grounds_of(right) for right in Right)
