"""PC-34's messages by phone and by mail: each kind at its moment, by day, only while true; and the promise that notices their absence."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounts import hooks
from accounts.models import TextNumber, TextSent, User
from accounts.texts import actions as number
from accounts.texts import sending
from adapters import bulkgate, outbox
from adapters.content import Link, Plain
from adapters.models import Outgoing
from adapters.texts import write
from audit.actors import Actor
from lifecycle.deletion import announcing, telling
from lifecycle.deletion.actions import record_execution, request_deletion, stop_after_change, withdraw_deletion
from lifecycle.deletion.announcing import GRACE
from lifecycle.deletion.messages import Message
from lifecycle.deletion.queries import facts_of
from lifecycle.deletion.rules import execution_of
from lifecycle.erasure.deciding import decide_account
from lifecycle.erasure.plan import plan_for_account
from lifecycle.models import NoticeSent, RightsReplay
from lifecycle.states import Name
from privacy.ids import new_id
from privacy.promises import measure
from tests.adapters.conftest import all_fakes, fakes  # noqa: F401 - fixtures
from tests.letters import deliver
from tests.lifecycle.helpers import IN, PARIS, SIGNED_UP, make_trial
from tests.records.factories import actor_of

pytestmark = pytest.mark.django_db(databases="__all__")
BY = Actor.system("test")
PHONE = "+33612345678"
ASKED = IN[Name.TRIAL]
ENDS = datetime(2026, 10, 20, 12, 0, tzinfo=PARIS)
WEEK = datetime(2026, 10, 13, tzinfo=PARIS)
DAY = datetime(2026, 10, 19, tzinfo=PARIS)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
MORNING = timedelta(hours=8)


@pytest.fixture
def me() -> User:
    user = make_trial("camille@example.org")
    TextNumber.objects.create(user=user, number=PHONE, asked_at=SIGNED_UP, proved_at=SIGNED_UP)
    return user


@pytest.fixture
def phone(fakes: Any) -> Any:  # noqa: F811 - a fixture
    """The stand-in's phone."""
    return fakes["bulkgate"]


def ask(user: User, now: datetime = ASKED) -> None:
    request_deletion(user=user, plan_sha256=plan_for_account(user.pk, now).sha256, by=actor_of(user), now=now)


def withdraw(user: User, now: datetime) -> None:
    withdraw_deletion(account_id=user.pk, by=actor_of(user), now=now)


def sweep(now: datetime) -> None:
    telling.sweep(by=BY, now=now, dry_run=False)


def work(now: datetime) -> None:
    """The worker at ``now``: the texts that are due, and every mail."""
    deliver()
    for row in Outgoing.objects.filter(kind=sending.KIND, state="waiting", due_at__lte=now).order_by("pk"):
        row.attempts += 1
        row.save(update_fields=["attempts"])
        outbox.finish(row, outbox.attempt(row, now=now), now=now)


def texts(phone: Any) -> list[str]:
    return [one.text for one in phone.messages.values()]


def ends() -> list[tuple[str, str]]:
    """What became of each text."""
    return list(Outgoing.objects.filter(kind=sending.KIND).order_by("pk").values_list("state", "problem"))


def sent() -> list[tuple[str, datetime]]:
    return list(TextSent.objects.order_by("sent_at").values_list("kind", "sent_at"))


def kept(now: datetime) -> tuple[bool | None, dict[str, Any]]:
    (result,) = measure(now, ["PC-34"])
    return result.kept, dict(result.evidence)


def broken(figure: str, now: datetime) -> int:
    """What a figure counts once something is broken; the promise is no longer kept then."""
    is_kept, figures = kept(now)
    assert is_kept is False
    return int(figures[figure])


# ── each at its moment ──


def test_start_week_and_day_come_to_the_phone_each_once_and_by_day(me: User, phone: Any) -> None:
    ask(me)
    work(ASKED)
    for moment in (WEEK, WEEK + 7 * HOUR, WEEK + MORNING, WEEK + 9 * HOUR, DAY, DAY + MORNING, ENDS - SECOND):
        sweep(moment)
        work(moment)
    assert sent() == [
        ("deletion_requested", ASKED), ("deletion_week", WEEK + MORNING), ("deletion_day", DAY + MORNING),
    ]  # fmt: skip
    assert [words.partition(" http")[0] for words in texts(phone)] == [
        "PratiConnect: your account will be deleted on 20 October 2026, 12:00. If that was not you, sign in and keep it:",
        "PratiConnect: one week left. Your account will be deleted on 20 October 2026, 12:00. To keep it:",
        "PratiConnect: last day. Your account will be deleted on 20 October 2026, 12:00. To keep it:",
    ]
    assert {one.number for one in phone.messages.values()} == {PHONE.removeprefix("+")}


def test_withdrawal_and_stop_come_to_the_phone_with_the_act_whatever_the_hour(me: User, phone: Any) -> None:
    night = datetime(2026, 9, 21, 23, 30, tzinfo=PARIS)
    ask(me)
    work(ASKED)
    withdraw(me, night)
    work(night)
    ask(me, night + HOUR)
    work(night + HOUR)
    stopped = datetime(2026, 10, 20, 3, 0, tzinfo=PARIS)
    stop_after_change(account_id=me.pk, by=actor_of(me), now=stopped)
    work(stopped)
    assert sent() == [
        ("deletion_requested", ASKED), ("deletion_withdrawn", night), ("deletion_requested", night + HOUR),
        ("deletion_stopped", stopped),
    ]  # fmt: skip
    assert texts(phone)[1] == "PratiConnect: the deletion of your account was withdrawn. Everything stays."
    assert texts(phone)[3].startswith("PratiConnect: the deletion of your account was stopped. What to do now: http")


def test_erasure_says_goodbye_by_day_to_the_number_it_erases(me: User, phone: Any) -> None:
    night = datetime(2026, 10, 20, 22, 15, tzinfo=PARIS)
    decide_account(me.pk, approved=plan_for_account(me.pk, night).sha256, by=BY, now=night)
    work(night)
    assert (TextNumber.objects.exists(), texts(phone)) == (False, [])
    work(night + 9.75 * HOUR)
    assert texts(phone) == [
        "PratiConnect: your account was deleted. The certificate comes by e-mail. This is our last message to this number."
    ]
    assert [(one.state, one.payload) for one in Outgoing.objects.filter(kind=sending.KIND)] == [("done", None)]


def test_erasure_repeated_after_a_restore_says_nothing_again(me: User, phone: Any) -> None:
    decide_account(me.pk, approved=None, by=BY, now=ENDS, replayed=True)
    assert not Outgoing.objects.filter(kind=sending.KIND).exists()


@pytest.mark.parametrize(
    ("ends_at", "morning"),
    [
        pytest.param("2026-11-01T12:00+01:00", "2026-10-25T08:00+01:00", id="clocks go back that night"),
        pytest.param("2027-04-04T12:00+02:00", "2027-03-28T08:00+02:00", id="clocks go forward that night"),
    ],
)
def test_morning_is_eight_in_paris_when_the_clocks_change(me: User, phone: Any, ends_at: str, morning: str) -> None:
    end = datetime.fromisoformat(ends_at)
    asked = next(at for back in range(28, 32) if day_of_end(at := end - timedelta(days=back)) == end.date())
    ask(me, asked)
    work(asked)
    due = datetime.fromisoformat(morning)
    for moment in (due - 8 * HOUR, due - SECOND, due):
        sweep(moment)
        work(moment)
    assert sent()[1:] == [("deletion_week", due)]


def day_of_end(asked: datetime) -> Any:
    """The day, in Paris, on which a deletion asked for at ``asked`` is carried out."""
    return execution_of(asked).astimezone(PARIS).date()


# ── only while true ──


def test_number_forgotten_meanwhile_gets_nothing(me: User, phone: Any) -> None:
    ask(me)
    work(ASKED)
    sweep(WEEK)
    number.remove(user=me, by=actor_of(me), now=WEEK + HOUR)
    work(WEEK + MORNING)
    assert (len(texts(phone)), ends()) == (1, [("done", ""), ("dropped", "no_number")])


def test_deletion_withdrawn_meanwhile_is_announced_no_more(me: User, phone: Any) -> None:
    ask(me)
    work(ASKED)
    sweep(WEEK)
    withdraw(me, WEEK + HOUR)
    work(WEEK + MORNING)
    assert (sorted(kind for kind, _at in sent()), ends()[1]) == (
        ["deletion_requested", "deletion_withdrawn"], ("dropped", "outdated"),
    )  # fmt: skip


@pytest.mark.parametrize("proved_at", [None, "nothing"])
def test_number_that_is_not_proved_is_told_nothing(me: User, phone: Any, proved_at: str | None) -> None:
    TextNumber.objects.update(proved_at=None) if proved_at is None else TextNumber.objects.all().delete()
    ask(me)
    decide_account(me.pk, approved=plan_for_account(me.pk, ENDS).sha256, by=BY, now=ENDS)
    assert ends() == []


SEGMENTS = {
    "deletion_requested": (2, 2), "deletion_week": (2, 2), "deletion_day": (2, 2), "deletion_withdrawn": (1, 1),
    "deletion_stopped": (1, 1), "deletion_end": (1, 1),
}  # fmt: skip
"""How many segments of GSM 7-bit each kind takes, in English and in French, on an address as long as ours."""


@pytest.mark.parametrize("kind", SEGMENTS)
def test_words_fit_one_or_two_segments_of_seven_bits(kind: str, settings: Any) -> None:
    settings.SITE_URL = "https://app.praticonnect.example"
    page = Link(f"{settings.SITE_URL}/practitioner/settings/gdpr/deletion/")
    values = {"execute_at": datetime(2026, 9, 30, 22, 45, tzinfo=PARIS), "page_url": page}
    written = [
        write(str(Plain.from_template(f"accounts/texts/{kind}.txt", values, language=one))) for one in ("en", "fr")
    ]
    assert [(one.segments, one.unicode) for one in written] == [(count, False) for count in SEGMENTS[kind]]


# ── the promise ──


def test_promise_is_kept_while_everybody_is_told(me: User, phone: Any) -> None:
    ask(me)
    work(ASKED)
    seen = [kept(ASKED + GRACE)]
    for moment in (WEEK + MORNING, DAY + MORNING):
        sweep(moment)
        work(moment)
        seen.append(kept(moment + GRACE))
    record_execution(account_id=me.pk, plan_sha256="0" * 64, by=BY, now=ENDS)
    User.objects.filter(pk=me.pk).update(is_active=False)
    seen.append(kept(ENDS + GRACE))
    assert [(is_kept, figures["announcements_due"]) for is_kept, figures in seen] == [
        (True, 1), (True, 2), (True, 3), (True, 3),
    ]  # fmt: skip


def test_nobody_on_record_owes_nothing() -> None:
    assert kept(ASKED) == (True, {**kept(ASKED)[1], "announcements_due": 0, "announcements_nobody_was_told": 0})


def test_dead_sweep_breaks_it_and_stays_on_record_when_it_is_over(me: User, phone: Any) -> None:
    ask(me)
    work(ASKED)
    assert (kept(WEEK + GRACE - SECOND)[0], broken("announcements_nobody_was_told", WEEK + GRACE)) == (True, 1)
    record_execution(account_id=me.pk, plan_sha256="0" * 64, by=BY, now=ENDS)
    assert broken("announcements_nobody_was_told", ENDS) == 2
    assert kept(ENDS + timedelta(days=366))[1]["announcements_due"] == 0


def test_mail_that_cannot_leave_breaks_it_after_the_grace(me: User) -> None:
    ask(me)
    Outgoing.objects.update(queued_at=ASKED)
    assert (kept(ASKED + GRACE - SECOND)[0], broken("announcements_nobody_was_told", ASKED + GRACE)) == (True, 1)
    Outgoing.objects.update(queued_at=ASKED + HOUR)  # queued late: on its way
    assert kept(ASKED + GRACE)[0] is True
    deliver()
    assert kept(ASKED + 9 * GRACE)[0] is True


@pytest.mark.parametrize("act", ["withdrawn", "stopped"])
def test_end_that_was_not_told_breaks_it(me: User, act: str) -> None:
    ask(me)
    deliver()
    at = WEEK - SECOND
    if act == "withdrawn":
        withdraw(me, at)
    else:
        at = ENDS - HOUR
        NoticeSent.objects.bulk_create(
            [NoticeSent(account_id=me.pk, phase_since=ASKED, kind=kind, sent_at=at) for kind in Message if kind in ("deletion_week", "deletion_day")]
        )  # fmt: skip
        stop_after_change(account_id=me.pk, by=actor_of(me), now=at)
    Outgoing.objects.all().delete()
    assert broken("announcements_nobody_was_told", at + GRACE) == 1


def test_what_was_true_for_less_than_the_grace_need_not_be_told(me: User) -> None:
    ask(me)
    withdraw(me, ASKED + HOUR)
    deliver()
    assert kept(ASKED + HOUR + GRACE)[1]["announcements_due"] == 1


@pytest.mark.parametrize("why", ["closed", "died"])
def test_nobody_is_owed_a_word_who_may_not_be_written_to(me: User, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ask(me)
    Outgoing.objects.all().delete()
    assert kept(ASKED + GRACE)[0] is False
    if why == "closed":
        User.objects.filter(pk=me.pk).update(is_active=False)
    else:
        monkeypatch.setattr(hooks, "silences", [lambda account_id: account_id == me.pk])
    assert kept(ASKED + GRACE)[1]["announcements_due"] == 0


def test_what_was_told_before_a_restore_is_not_asked_for(me: User) -> None:
    ask(me)
    Outgoing.objects.all().delete()
    RightsReplay.objects.create(started_at=ASKED + HOUR, finished_at=ASKED + HOUR)
    assert kept(ASKED + GRACE)[0] is True
    assert broken("announcements_nobody_was_told", WEEK + GRACE) == 1


@pytest.mark.parametrize("way", ["mail", "phone"])
def test_second_telling_breaks_it(me: User, phone: Any, way: str) -> None:
    ask(me)
    work(ASKED)
    assert kept(ASKED + GRACE)[0] is True
    if way == "mail":
        NoticeSent.objects.create(
            account_id=me.pk, phase_since=ASKED + SECOND, kind="deletion_requested", sent_at=ASKED
        )
    else:
        row = TextSent.objects.get()
        row.pk = row.outgoing_id = new_id()
        row.save(force_insert=True)
    assert broken("announcements_told_twice", ASKED + GRACE) == 1


def test_text_that_was_never_queued_or_waits_too_long_breaks_it(me: User, phone: Any) -> None:
    ask(me)
    deliver()
    assert (kept(ASKED + GRACE - SECOND)[0], broken("announcements_not_texted", ASKED + GRACE)) == (True, 1)
    Outgoing.objects.filter(kind=sending.KIND).update(state="failed", ended_at=ASKED)
    assert kept(ASKED + GRACE)[0] is True  # the service refused it for good: nothing that we could do
    Outgoing.objects.filter(kind=sending.KIND).delete()
    assert broken("announcements_not_texted", ASKED + GRACE) == 1


@pytest.mark.parametrize("why", ["proved later", "said stop", "switched off"])
def test_no_text_is_owed_to_who_takes_none(
    me: User, phone: Any, settings: Any, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(me)
    deliver()
    Outgoing.objects.filter(kind=sending.KIND).delete()
    if why == "proved later":
        TextNumber.objects.update(proved_at=ASKED + SECOND)
    elif why == "said stop":
        monkeypatch.setattr(bulkgate, "objections", [lambda number: number == PHONE])
    else:
        settings.ADAPTERS = {**settings.ADAPTERS, "bulkgate": {"off": True, "credentials": {}}}
    assert kept(ASKED + GRACE)[0] is True


def test_last_word_that_keeps_its_number_for_long_breaks_it(me: User, phone: Any) -> None:
    sending.say_goodbye(me, ENDS)
    assert kept(ENDS + GRACE - SECOND)[0] is True
    assert broken("announcements_not_texted", ENDS + GRACE) == 1
    work(ENDS)
    assert kept(ENDS + GRACE)[0] is True


def test_announcements_are_read_from_the_events_alone(me: User) -> None:
    ask(me)
    deliver()
    withdraw(me, DAY - HOUR)
    found = [(one.kind, one.start, one.end) for one in announcing.announcements(me.pk, facts_of(me.pk))]
    assert found == [
        ("deletion_requested", ASKED, WEEK), ("deletion_week", WEEK, DAY - HOUR),
        ("deletion_withdrawn", DAY - HOUR, (DAY - HOUR).astimezone(UTC) + timedelta(days=7)),
    ]  # fmt: skip
