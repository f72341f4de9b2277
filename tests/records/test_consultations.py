"""A consultation's life: drafts don't overwrite each other, signed ones only get versions, the clock moves."""

from contextlib import nullcontext
from datetime import date, timedelta
from threading import Barrier, Thread

import pytest
from django.db import InternalError, ProgrammingError, connection, connections
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from audit.models import EventEntry
from care.tenancy import ALL, scope
from praticonnect.database import as_owner
from privacy.refusals import Refused
from records import actions, queries
from records.models import Consultation, ConsultationStatus, ConsultationVersion, PatientFile
from records.reading import Part, open_consultation, open_file, open_version
from records.states import MOVES, Event, State, move
from tests.accounts.factories import make_practitioner
from tests.care.factories import LONG_AGO
from tests.records.factories import NOW, actor_of, make_consultation, make_file, working

pytestmark = pytest.mark.django_db(databases=["default", "keys"])


@pytest.fixture
def practitioner():
    return make_practitioner(now=LONG_AGO)


@pytest.fixture
def file(practitioner):
    return make_file(practitioner)


def texts(practitioner, row: Consultation) -> dict[str, str]:
    with working(practitioner) as actor:
        handle = open_file(row.file, Part.CONSULTATION, by=actor, now=NOW)
        return open_consultation(handle, Consultation.objects.get(pk=row.pk)).texts


def versions(practitioner, row: Consultation) -> list[tuple[int, str, str]]:
    with working(practitioner) as actor:
        handle = open_file(row.file, Part.CONSULTATION, by=actor, now=NOW)
        opened = [open_version(handle, version) for version in queries.versions_of(row)]
        return [(v.row.number, v.texts["note"], v.reason) for v in opened]


def save(practitioner, row: Consultation, revision: int | None, **content: str) -> Consultation:
    with working(practitioner) as actor:
        return actions.save_draft(consultation=row, content=content, revision=revision, by=actor, now=NOW)


def sign(practitioner, row: Consultation) -> ConsultationVersion:
    with working(practitioner) as actor:
        return actions.sign(consultation=row, by=actor, now=NOW)


def amend(practitioner, row: Consultation, reason: str = "forgotten", **content: str) -> ConsultationVersion:
    with working(practitioner) as actor:
        return actions.amend(consultation=row, content=content, reason=reason, by=actor, now=NOW)


def current(file: PatientFile) -> PatientFile:
    with scope(ALL):
        return PatientFile.objects.get(pk=file.pk)


def test_draft_keeps_what_was_typed(practitioner, file):
    row = make_consultation(file, practitioner, note="Depuis trois jours")
    assert texts(practitioner, row) == {
        "reason": "Mal de dos", "note": "Depuis trois jours", "examination": "", "assessment": "", "plan": ""
    }  # fmt: skip


def test_second_window_does_not_overwrite_the_first(practitioner, file):
    row = make_consultation(file, practitioner)
    seen = row.revision
    save(practitioner, row, seen, note="first window")
    with pytest.raises(Refused, match="Your text is still in this page"):
        save(practitioner, row, seen, note="second window")
    assert texts(practitioner, row)["note"] == "first window"


def test_saving_the_same_text_again_moves_no_revision(practitioner, file):
    row = make_consultation(file, practitioner, note="x")
    assert save(practitioner, row, row.revision, note="x").revision == row.revision


def test_signing_makes_version_one_of_the_very_text(practitioner, file):
    row = make_consultation(file, practitioner, note="Depuis trois jours")
    version = sign(practitioner, row)
    assert (version.number, version.author_id) == (1, practitioner.pk)
    assert versions(practitioner, row) == [(1, "Depuis trois jours", "")]


def test_empty_draft_is_not_signed(practitioner, file):
    with working(practitioner) as actor:
        row = actions.start_consultation(file=file, by=actor, now=NOW)
    with pytest.raises(Refused, match="nothing to sign yet"):
        sign(practitioner, row)
    with scope(ALL):
        assert Consultation.objects.get().status == ConsultationStatus.DRAFT


def test_signed_consultation_takes_no_draft_and_no_second_signature(practitioner, file):
    row = make_consultation(file, practitioner, signed=True)
    with pytest.raises(Refused, match="no longer changes"):
        save(practitioner, row, row.revision, note="later")
    with pytest.raises(Refused, match="already signed"):
        sign(practitioner, row)


def test_amendment_keeps_the_signed_version_beside_the_new_one(practitioner, file):
    row = make_consultation(file, practitioner, note="left knee", signed=True)
    amend(practitioner, row, "wrong side", note="right knee")
    assert versions(practitioner, row) == [(1, "left knee", ""), (2, "right knee", "wrong side")]
    assert texts(practitioner, row)["note"] == "right knee"


def test_amendment_without_reason_or_change_is_refused_and_writes_nothing(practitioner, file):
    row = make_consultation(file, practitioner, note="left", signed=True)
    with pytest.raises(Refused, match="Say why"):
        amend(practitioner, row, "  ", note="right")
    with pytest.raises(Refused, match="Nothing differs"):
        amend(practitioner, row, "none", note="left")
    assert texts(practitioner, row)["note"] == "left"
    assert len(versions(practitioner, row)) == 1


def test_draft_of_a_colleague_is_theirs_alone(practitioner, file):
    from care.actions import begin_care, join_practice

    row = make_consultation(file, practitioner)
    colleague = make_practitioner(now=LONG_AGO)
    with working(practitioner) as actor:
        join_practice(practice=file.practice, user=colleague, role="practitioner", by=actor, now=NOW)
        begin_care(practice_id=file.practice_id, practitioner_id=colleague.pk, patient_id=file.pk, by=actor, now=NOW)
    with scope(ALL), pytest.raises(Refused, match="Only its author"):
        actions.sign(consultation=row, by=actor_of(colleague), now=NOW)


@pytest.mark.parametrize("statement", ["UPDATE {t} SET number = 7", "DELETE FROM {t}", "TRUNCATE {t}"])
@pytest.mark.parametrize("rights", [nullcontext, as_owner], ids=["application", "owner"])
def test_signed_version_cannot_be_changed_in_postgresql_itself(practitioner, file, statement, rights):
    make_consultation(file, practitioner, signed=True)
    sql = statement.format(t="records_consultationversion")
    with pytest.raises((ProgrammingError, InternalError)), scope(ALL), rights(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_consultation_moves_the_clock_by_its_own_date(practitioner, file):
    make_consultation(file, practitioner, at=NOW - timedelta(days=400))
    assert (current(file).last_consultation_on, current(file).retain_until) == (date(2025, 10, 14), date(2045, 10, 14))
    make_consultation(file, practitioner, at=NOW)
    assert (current(file).last_consultation_on, current(file).retain_until) == (date(2026, 11, 18), date(2046, 11, 18))


def test_older_consultation_does_not_bring_the_clock_back(practitioner, file):
    make_consultation(file, practitioner, at=NOW)
    make_consultation(file, practitioner, at=NOW - timedelta(days=400))
    assert current(file).last_consultation_on == date(2026, 11, 18)


def test_discarded_draft_gives_the_clock_back(practitioner, file):
    make_consultation(file, practitioner, at=NOW - timedelta(days=400), signed=True)
    row = make_consultation(file, practitioner, at=NOW)
    with working(practitioner) as actor:
        actions.discard_draft(consultation=row, by=actor, now=NOW)
    assert current(file).last_consultation_on == date(2025, 10, 14)
    assert EventEntry.objects.filter(verb="records.consultation.discarded").count() == 1


def test_moved_draft_moves_the_clock(practitioner, file):
    row = make_consultation(file, practitioner, at=NOW)
    with working(practitioner) as actor:
        actions.save_draft(
            consultation=row, content={}, revision=None, started_at=NOW - timedelta(days=400), by=actor, now=NOW
        )
    assert current(file).last_consultation_on == date(2025, 10, 14)


def test_consultation_after_midnight_in_paris_counts_for_the_new_day(practitioner, file):
    make_consultation(file, practitioner, at=NOW.replace(hour=23, minute=30) - timedelta(days=2))
    assert current(file).last_consultation_on == date(2026, 11, 17)


def test_consultation_in_the_future_is_refused(practitioner, file):
    with working(practitioner) as actor, pytest.raises(Refused, match="can't begin in the future"):
        actions.start_consultation(file=file, by=actor, now=NOW, started_at=NOW + timedelta(hours=1))


def test_journal_names_the_act_and_its_fields_and_never_the_text(practitioner, file):
    row = make_consultation(file, practitioner, note="secret", signed=True)
    amend(practitioner, row, "why secret", note="other secret")
    events = EventEntry.objects.filter(subject_id=file.pk, verb__startswith="records.consultation")
    assert list(events.order_by("pk").values_list("verb", "detail")) == [
        ("records.consultation.started", {}),
        ("records.consultation.saved", {"fields": "reason,note"}),
        ("records.consultation.signed", {"version": 1}),
        ("records.consultation.amended", {"fields": "note", "version": 2}),
    ]


def test_imported_past_is_signed_versioned_and_moves_the_clock_once(practitioner, file):
    when = NOW - timedelta(days=900)
    with working(practitioner) as actor:
        handle = open_file(file, Part.FILE, by=actor, now=NOW, action="import")
        past = actions.PastConsultation(started_at=when, content={"reason": "Contrôle"})
        weight = actions.PastMeasure(
            taken_at=when, label="Body weight", value="70.5", unit="kg", consultation_id=past.id
        )
        rows, values = actions.bring_past(
            file=file, handle=handle, consultations=[past], measures=[weight], by=actor, now=NOW
        )
    assert (rows[0].pk, values[0].consultation_id) == (past.id, past.id)
    assert current(file).last_consultation_on == date(2024, 6, 1)
    with scope(ALL):
        assert ConsultationVersion.objects.filter(consultation_id=past.id, number=1).count() == 1


def test_table_of_moves_has_one_row_for_each_pair():
    pairs = [(m.start, m.event) for m in MOVES]
    assert len(pairs) == len(set(pairs))
    assert {m.event for m in MOVES} == set(Event)
    assert move(State.SIGNED, Event.SAVE) is None
    assert move(State.DISCARDED, Event.SIGN) is None


@pytest.mark.django_db(transaction=True, databases=["default", "keys"])
def test_two_clicks_at_once_on_sign_make_one_version():
    practitioner = make_practitioner(now=LONG_AGO)
    row = make_consultation(make_file(practitioner), practitioner, note="once")
    barrier, outcomes = Barrier(2), []

    def click() -> None:
        try:
            barrier.wait(timeout=10)
            sign(practitioner, row)
            outcomes.append("signed")
        except Refused as refused:
            outcomes.append(refused.refusal.code)
        finally:
            connections.close_all()

    threads = [Thread(target=click) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert sorted(outcomes) == ["already_signed", "signed"]
    with scope(ALL):
        assert ConsultationVersion.objects.filter(consultation_id=row.pk).count() == 1


class Life(RuleBasedStateMachine):
    """Any order of acts: only what the table allows succeeds, and nothing signed ever changes."""

    def __init__(self) -> None:
        super().__init__()
        self.practitioner = make_practitioner(now=LONG_AGO)
        self.file = make_file(self.practitioner)
        self.state, self.text, self.signed = State.NONE, "", []
        self.row: Consultation | None = None

    @precondition(lambda self: self.state in (State.NONE, State.DISCARDED))
    @rule()
    def start(self) -> None:
        with working(self.practitioner) as actor:
            self.row = actions.start_consultation(file=self.file, by=actor, now=NOW)
        self.state, self.text, self.signed = State.DRAFT, "", []

    @precondition(lambda self: self.row is not None and self.state is not State.DISCARDED)
    @rule(text=st.sampled_from(["", "a", "b", "שלום", "é"]))
    def save(self, text: str) -> None:
        allowed = self._try(lambda: save(self.practitioner, self.row, None, note=text))
        assert allowed == (move(self.state, Event.SAVE) is not None)
        self.text = text if allowed else self.text

    @precondition(lambda self: self.row is not None and self.state is not State.DISCARDED)
    @rule()
    def sign(self) -> None:
        allowed = self._try(lambda: sign(self.practitioner, self.row))
        assert allowed == (move(self.state, Event.SIGN) is not None and self.text != "")
        if allowed:
            self.state, self.signed = State.SIGNED, [self.text]

    @precondition(lambda self: self.row is not None and self.state is not State.DISCARDED)
    @rule(text=st.sampled_from(["a", "b", "c"]), why=st.sampled_from(["", "because"]))
    def amend(self, text: str, why: str) -> None:
        allowed = self._try(lambda: amend(self.practitioner, self.row, why, note=text))
        assert allowed == (move(self.state, Event.AMEND) is not None and why != "" and text != self.text)
        if allowed:
            self.text = text
            self.signed.append(text)

    @precondition(lambda self: self.row is not None and self.state is not State.DISCARDED)
    @rule()
    def discard(self) -> None:
        def act() -> None:
            with working(self.practitioner) as actor:
                actions.discard_draft(consultation=self.row, by=actor, now=NOW)

        allowed = self._try(act)
        assert allowed == (move(self.state, Event.DISCARD) is not None)
        if allowed:
            self.state = State.DISCARDED

    @invariant()
    def versions_are_what_was_signed(self) -> None:
        if self.row is not None and self.state is not State.DISCARDED:
            kept = [note for _number, note, _reason in versions(self.practitioner, self.row)]
            assert kept == self.signed

    @staticmethod
    def _try(act) -> bool:
        try:
            act()
        except Refused:
            return False
        return True


class TestLife(TestCase, Life.TestCase):
    databases = {"default", "keys"}
    settings = hypothesis_settings(max_examples=15, stateful_step_count=12, deadline=None)
