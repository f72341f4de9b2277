"""The breach register: whom a breach touches, the 72 hours, who is told, what stays on record (MD-55, MD-56)."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from smtplib import SMTPException
from typing import Any
from unittest.mock import Mock

import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection, transaction
from django.test import Client
from django.urls import reverse

from accounts.models import User
from audit.actors import Actor
from audit.sealing import seal_all
from care.tenancy import ALL, scope
from lifecycle.breaches import actions, queries
from lifecycle.breaches.promises import breaches_are_told_in_time, people_are_told_and_passwords_changed
from lifecycle.breaches.queries import Breach
from lifecycle.expiring.facts import BREACHES
from lifecycle.expiring.promises import requests_leave_three_years_after_their_closure
from lifecycle.models import BreachEvent, BreachNotice
from praticonnect.database import as_owner
from privacy.ids import new_id
from privacy.refusals import Refused
from records.models import PatientFile
from records.reading import Part, heads_of, open_file
from tests.accounts.factories import make_practitioner, make_staff, prove, verified_client
from tests.care.factories import LONG_AGO
from tests.letters import deliver
from tests.lifecycle.test_holds import place
from tests.records.factories import NOW, make_file, working
from tests.records.restriction.helpers import restrict
from vault import rings

pytestmark = pytest.mark.django_db(databases="__all__")
BY = Actor.operations("test")
HOUR = timedelta(hours=1)
THEN = NOW - timedelta(days=1)
STOLEN, HOME = "5e55" * 8, "203.0.113.7"


@pytest.fixture
def practitioner() -> User:
    return make_practitioner("owner@example.org", now=LONG_AGO)


def enter(aware_at: datetime = NOW, now: datetime = NOW) -> Breach:
    return actions.open_breach(nature="A session was stolen", aware_at=aware_at, by=BY, now=now)


def touched(one: Breach) -> queries.Touched:
    with scope(ALL):
        return queries.touched(queries.breach(one.id))


def add(one: Breach, **named: Any) -> Breach:
    window = {"since": THEN - HOUR, "until": THEN + HOUR, **named}
    return actions.add_scope(breach_id=one.id, **window, by=BY, now=NOW)


def intruder(user: User, *, session: str = "", ip: str | None = None) -> Actor:
    with working(user) as by:
        return Actor(account_id=user.pk, role="practitioner", practice_id=by.practice_id, session_ref=session, ip=ip)


def test_blast_radius_of_37_files_by_4_routes_lists_exactly_37_people(practitioner: User) -> None:
    """A stolen session opens pages and a list, its address a restricted one, another account of theirs a hold's case."""
    files = [make_file(practitioner, surname=f"P{number}", now=LONG_AGO) for number in range(37)]
    left = [make_file(practitioner, surname=f"Q{number}", now=LONG_AGO) for number in range(5)]
    held = place(files[36], now=LONG_AGO)
    stolen = intruder(practitioner, session=STOLEN, ip="198.51.100.1")
    elsewhere = intruder(practitioner, session="another", ip=HOME)
    office = Actor(account_id=make_staff().pk, role="dpo", ip="192.0.2.9")
    with transaction.atomic(), working(practitioner):
        for file in files[:10]:  # 1: page by page, some twice
            open_file(file, Part.FILE, by=stolen, now=THEN)
            open_file(file, Part.CONSULTATIONS, by=stolen, now=THEN)
        heads_of(files[8:30], by=stolen, today=THEN.date(), now=THEN)  # 2: a list
        for file in files[30:36]:  # 3: by another session from an address
            open_file(file, Part.DOCUMENT, by=elsewhere, now=THEN, action="download")
        for file in left:  # the owner's own work: before, after, elsewhere
            open_file(file, Part.FILE, by=intruder(practitioner, session="own", ip="192.0.2.1"), now=THEN)
            open_file(file, Part.FILE, by=stolen, now=THEN - 3 * HOUR)
    with scope(ALL):
        from lifecycle.holds.queries import opened

        opened([held], by=office, now=THEN)  # 4: a hold's case, under a key of its own
    one = enter()
    assert touched(one).files == []
    for named in ({"session_ref": STOLEN}, {"ip": HOME}, {"actor_id": office.account_id}):
        add(one, **named)
    found = touched(one)
    assert (len(found.files), found.files) == (37, sorted(file.pk for file in files))
    assert found.accounts == sorted([practitioner.pk, office.account_id])


def test_all_that_a_scope_names_holds_together(practitioner: User) -> None:
    file = make_file(practitioner, now=LONG_AGO)
    with transaction.atomic(), working(practitioner):
        open_file(file, Part.FILE, by=intruder(practitioner, session=STOLEN, ip="198.51.100.1"), now=THEN)
    one = enter()
    add(one, session_ref=STOLEN, ip=HOME)
    assert touched(one).files == []
    add(one, session_ref=STOLEN, ip="198.51.100.1")
    assert touched(one).files == [file.pk]


@pytest.mark.parametrize(
    ("aware", "deadline"),
    [
        ("2027-03-27T10:00+01:00", "2027-03-30T11:00+02:00"),  # into summer time
        ("2027-10-30T10:00+02:00", "2027-11-02T09:00+01:00"),  # out of it
        ("2026-11-20T17:00+01:00", "2026-11-23T17:00+01:00"),  # over a weekend
    ],
)
def test_countdown_is_72_absolute_hours(aware: str, deadline: str) -> None:
    moment, end = datetime.fromisoformat(aware), datetime.fromisoformat(deadline)
    one = enter(aware_at=moment, now=moment)
    assert (one.deadline, one.left(moment)) == (end, 72 * HOUR)
    assert [one.is_late(end + timedelta(seconds=s)) for s in (0, 1)] == [False, True]


def read_one(practitioner: User, **identity: str) -> PatientFile:
    file = make_file(practitioner, now=LONG_AGO, **identity)
    with transaction.atomic(), working(practitioner):
        open_file(file, Part.FILE, by=intruder(practitioner, session=STOLEN), now=THEN)
    return file


def decided(risk: str = "high") -> Breach:
    one = add(enter(), session_ref=STOLEN)
    return actions.decide(breach_id=one.id, risk=risk, why="Health data in a stranger's hands", by=BY, now=NOW)


def test_each_person_is_told_once_without_a_word_of_health(practitioner: User, mailoutbox: list[Any]) -> None:
    read_one(practitioner, email="eloise@example.org", allergies="Penicillin")
    restricted = read_one(practitioner, email="anne@example.org")
    restrict(restricted)
    silent = read_one(practitioner)
    one = decided()
    for _twice in range(2):
        actions.tell_people(breach_id=one.id, by=BY, now=NOW)
    told = sorted(mail.to[0] for mail in mailoutbox)
    assert told == ["anne@example.org", "eloise@example.org", "owner@example.org", "owner@example.org"]
    assert queries.notices(one.id)["patient"] == {"sent": 2, "waiting": 0, "by_post": 1}
    assert queries.by_post(one.id) == [silent.pk]
    assert [word for mail in mailoutbox for word in ("Penicillin", "Lefèvre") if word in mail.body] == []


def test_patients_are_told_at_high_risk_only(practitioner: User, mailoutbox: list[Any]) -> None:
    read_one(practitioner, email="eloise@example.org")
    actions.tell_people(breach_id=decided("risk").id, by=BY, now=NOW)
    assert [mail.to for mail in mailoutbox] == [["owner@example.org"]] * 2


def test_mail_that_fails_waits_and_is_sent_by_the_next_run(
    practitioner: User, mailoutbox: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    read_one(practitioner, email="eloise@example.org")

    def refuse(_message: object) -> int:
        raise SMTPException("450 later")

    one = decided()
    with monkeypatch.context() as broken:
        broken.setattr("django.core.mail.EmailMessage.send", refuse)
        actions.tell_people(breach_id=one.id, by=BY, now=NOW)
        deliver()
        assert actions.tell_people(breach_id=one.id, by=BY, now=NOW)["patient"]["waiting"] == 1
    actions.authority_told(breach_id=one.id, reference="CNIL 1", by=BY, now=NOW)
    with pytest.raises(Refused) as caught:
        actions.close_breach(breach_id=one.id, why="done", by=BY, now=NOW)
    assert caught.value.refusal.code == "waiting"
    deliver()
    assert actions.tell_people(breach_id=one.id, by=BY, now=NOW)["patient"]["sent"] == 1
    assert len(mailoutbox) == 3


def test_accounts_used_lose_their_sessions_and_need_a_new_password(practitioner: User) -> None:
    read_one(practitioner)
    other, client = make_practitioner(now=LONG_AGO), verified_client(practitioner)
    assert client.get(reverse("records:patients")).status_code == 200
    assert actions.ask_for_passwords(breach_id=decided().id, by=BY, now=NOW) == 1
    practitioner.refresh_from_db()
    other.refresh_from_db()
    assert (practitioner.compromised_at, other.compromised_at) == (NOW, None)
    assert client.get(reverse("records:patients")).status_code == 302


def test_closing_wants_decision_and_authority_and_stays_closed(practitioner: User) -> None:
    one = enter()
    steps: list[tuple[str, Callable[[], object]]] = [
        ("undecided", lambda: actions.decide(breach_id=one.id, risk="risk", why="x", by=BY, now=NOW)),
        ("untold", lambda: actions.authority_told(breach_id=one.id, reference="CNIL 1", by=BY, now=NOW)),
    ]
    for code, step in steps:
        with pytest.raises(Refused) as caught:
            actions.close_breach(breach_id=one.id, why="done", by=BY, now=NOW)
        assert caught.value.refusal.code == code
        step()
    assert actions.close_breach(breach_id=one.id, why="done", by=BY, now=NOW).closed_at == NOW
    with pytest.raises(Refused, match="closed"):
        add(one, session_ref=STOLEN)


def test_after_72_hours_the_reasons_of_the_delay_are_wanted() -> None:
    one, late = enter(), NOW + 72 * HOUR + timedelta(seconds=1)
    with pytest.raises(Refused) as caught:
        actions.authority_told(breach_id=one.id, reference="CNIL 1", by=BY, now=late)
    assert caught.value.refusal.code == "no_delay"
    told = actions.authority_told(breach_id=one.id, reference="CNIL 1", delay="Found on a holiday", by=BY, now=late)
    assert (told.told_at, told.events[-1].facts) == (late, {"late": True})


def test_what_the_office_wrote_lies_sealed_and_only_grows() -> None:
    one = enter()
    assert actions.said_of(one, by=BY, now=NOW) == {"nature": "A session was stolen"}
    with connection.cursor() as cursor:
        cursor.execute("select said from lifecycle_breachevent")
        assert b"stolen" not in bytes(cursor.fetchone()[0])
    for sql in ("update lifecycle_breachevent set at = now()", "delete from lifecycle_breachevent"):
        with pytest.raises(ProgrammingError), as_owner(), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
    assert BreachEvent.objects.count() == 1


def run(*words: str) -> list[dict[str, Any]]:
    out = StringIO()
    call_command("breach", *words, "--json", stdout=out)
    found: list[dict[str, Any]] = json.loads(out.getvalue())
    return found


def test_command_enters_scopes_decides_and_closes(practitioner: User) -> None:
    file = read_one(practitioner)
    (entered,) = run("open", "--nature", "A stolen session")
    ident = str(entered["id"])
    (scoped,) = run("scope", ident, "--account", "owner@example.org", "--since", (THEN - HOUR).isoformat())
    assert (scoped["people"], scoped["files"], scoped["late"]) == (1, [str(file.pk)], False)
    run("decide", ident, "--risk", "none", "--why", "The laptop was encrypted")
    (closed,) = run("close", ident, "--why", "Returned unopened")
    assert (closed["risk"], closed["closed_at"] is not None, len(run("list"))) == ("none", True, 1)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("open", "--nature", " "), "Say what happened"),
        (("open", "--nature", "x", "--aware", "yesterday"), "is no moment"),
        (("open", "--nature", "x", "--aware", "2026-01-01T10:00"), "no time zone"),
        (("close", "nonsense", "--why", "x"), "is no breach id"),
        (("close", "0199f2a0-1111-7222-8333-444455556666", "--why", "x"), "There is no breach"),
    ],
)
def test_command_answers_bad_input_with_one_line(words: tuple[str, ...], line: str) -> None:
    with pytest.raises(CommandError, match=line):
        run(*words)


def test_promise_of_the_72_hours_turns_false_when_they_pass() -> None:
    one = enter()
    assert breaches_are_told_in_time(NOW + 71 * HOUR).kept is True
    late = breaches_are_told_in_time(NOW + 73 * HOUR)
    assert (late.kept, late.figures["breaches_late"]) == (False, 1)
    actions.decide(breach_id=one.id, risk="none", why="encrypted", by=BY, now=NOW)
    assert breaches_are_told_in_time(NOW + 73 * HOUR).kept is True


def test_promise_of_the_notices_turns_false_when_one_stays_unsent(practitioner: User) -> None:
    read_one(practitioner, email="eloise@example.org")
    one = decided()
    assert people_are_told_and_passwords_changed(NOW + timedelta(days=4)).kept is False
    actions.tell_people(breach_id=one.id, by=BY, now=NOW)
    deliver()
    assert (
        people_are_told_and_passwords_changed(NOW + timedelta(days=4)).figures["accounts_without_a_new_password_asked"]
        == 1
    )
    actions.ask_for_passwords(breach_id=one.id, by=BY, now=NOW)
    assert people_are_told_and_passwords_changed(NOW + timedelta(days=4)).kept is True
    BreachNotice.objects.update(sent_at=None)
    assert people_are_told_and_passwords_changed(NOW + timedelta(days=4)).figures["people_not_told"] == 3


def closed(practitioner: User) -> Breach:
    read_one(practitioner, email="eloise@example.org")
    one = decided()
    actions.ask_for_passwords(breach_id=one.id, by=BY, now=NOW)
    actions.tell_people(breach_id=one.id, by=BY, now=NOW)
    deliver()
    actions.authority_told(breach_id=one.id, reference="CNIL 1", by=BY, now=NOW)
    return actions.close_breach(breach_id=one.id, why="done", by=BY, now=NOW)


LAST_DAY = NOW.replace(year=NOW.year + 3)


def test_register_leaves_three_years_after_the_closing_with_key_and_notices(practitioner: User) -> None:
    one, open_one = closed(practitioner), enter()
    before = (BreachEvent.objects.count(), BreachNotice.objects.count())
    assert BREACHES(by=BY, now=LAST_DAY, dry_run=False)["PC-52.breaches"].due == 0
    assert (BreachEvent.objects.count(), BreachNotice.objects.count()) == before == (8, 3)
    late = LAST_DAY + timedelta(days=1)
    seal_all(late)
    counted, done = (BREACHES(by=BY, now=late, dry_run=dry) for dry in (True, False))
    assert [counted[name].due for name in counted] == [7, 3]
    assert [done[name].done for name in done] == [7, 3]
    assert (BreachEvent.objects.get().breach_id, BreachNotice.objects.count()) == (open_one.id, 0)
    assert rings.dead([one.id, open_one.id]) == [one.id]
    assert [found.due for found in BREACHES(by=BY, now=late, dry_run=False).values()] == [0, 0]


def test_sweep_cut_off_after_the_key_goes_on(practitioner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    one, late = closed(practitioner), LAST_DAY + timedelta(days=1)
    seal_all(late)
    with monkeypatch.context() as broken:
        broken.setattr("lifecycle.expiring.facts.expire_rows", Mock(side_effect=ConnectionError))
        with pytest.raises(ConnectionError):
            BREACHES(by=BY, now=late, dry_run=False)
    assert (rings.dead([one.id]), actions.said_of(queries.breach(one.id), by=BY, now=late)) == ([one.id], {})
    assert [found.done for found in BREACHES(by=BY, now=late, dry_run=False).values()] == [7, 3]


def test_breach_kept_past_its_term_or_a_notice_left_behind_breaks_pc_52(practitioner: User) -> None:
    closed(practitioner)
    assert requests_leave_three_years_after_their_closure(LAST_DAY).kept is True
    late = LAST_DAY + timedelta(days=5)
    found = requests_leave_three_years_after_their_closure(late)
    assert (found.kept, found.figures["requests_past_their_term"]) == (False, 7)
    BreachNotice.objects.create(breach_id=new_id(), whom="holder", subject_id=new_id(), due_at=NOW)
    found = requests_leave_three_years_after_their_closure(NOW)
    assert (found.kept, found.figures["notices_without_their_breach"]) == (False, 1)


def test_office_keeps_the_register_by_its_page(practitioner: User) -> None:
    read_one(practitioner, email="eloise@example.org")
    staff = make_staff()
    office: Client = verified_client(staff)
    prove(office, staff)
    said = {"nature": "A stolen session", "aware_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M")}
    assert office.post(reverse("admin:breaches"), {**said, "nature": ""}).status_code == 422
    assert office.post(reverse("admin:breaches"), said).status_code == 302
    one = queries.breaches()[0]
    page = reverse("admin:breach", args=[one.id])
    scoped = {"act": "scope", "session_ref": STOLEN, "since": "2026-01-01T00:00", "until": "2027-01-01T00:00"}
    assert office.post(page, scoped).status_code == 302
    answer = office.get(page).content.decode()
    touched = '<span class="figure__number">1</span> <span class="figure__noun">person touched</span>'
    assert (touched in answer, "A stolen session" in answer) == (True, True)
    assert office.post(page, {"act": "decide", "risk": "high", "why": ""}).status_code == 422
    assert office.post(page, {"act": "decide", "risk": "high", "why": "x"}).status_code == 302
    assert office.post(page, {"act": "notify"}).status_code == 302
    deliver()
    assert queries.notices(one.id)["patient"]["sent"] == 1
    page_now = office.get(page).content.decode()
    heads = ['<th scope="row">Patients whose files were opened</th>' in page_now, '<th scope="row">patient' in page_now]
    assert heads == [True, False]
    form = office.get(reverse("admin:breach_form", args=[one.id])).content.decode()
    assert [words in form for words in ("A stolen session", "Art. 33", "1 ")] == [True] * 3
