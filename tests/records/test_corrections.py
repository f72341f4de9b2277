"""A consultation's wrong day, or one that never took place, moves the file's clock back to where it belongs (P18)."""

from datetime import date, datetime, timedelta

import pytest
from django.urls import reverse

from audit.models import AccessEntry, EventEntry
from care.tenancy import ALL, scope
from privacy.refusals import Refused
from records import actions, queries
from records.models import Consultation, ConsultationStatus, ConsultationVersion, PatientFile
from records.promises import consultations_are_versioned_and_move_the_clock
from tests.accounts.factories import make_practitioner, verified_client
from tests.care.factories import LONG_AGO
from tests.records.factories import NOW, make_consultation, make_file, working

pytestmark = pytest.mark.django_db(databases=["default", "keys"])
BEFORE = NOW - timedelta(days=400)


@pytest.fixture
def practitioner():
    return make_practitioner(now=LONG_AGO)


@pytest.fixture
def file(practitioner) -> PatientFile:
    """A file with a consultation 400 days ago."""
    file = make_file(practitioner, now=BEFORE)
    make_consultation(file, practitioner, at=BEFORE, signed=True)
    return file


@pytest.fixture
def last(practitioner, file) -> Consultation:
    return make_consultation(file, practitioner, signed=True)


def current(file: PatientFile) -> PatientFile:
    with scope(ALL):
        return PatientFile.objects.get(pk=file.pk)


def clock(file: PatientFile) -> tuple[date | None, date]:
    row = current(file)
    return row.last_consultation_on, row.retain_until


def amend(practitioner, row: Consultation, started_at: datetime | None, **said) -> ConsultationVersion:
    with working(practitioner) as actor:
        return actions.amend(
            consultation=row, content={}, reason="wrong day", started_at=started_at, by=actor, now=NOW, **said
        )


def strike(practitioner, row: Consultation, reason: str = "wrong file", **said) -> ConsultationVersion:
    with working(practitioner) as actor:
        return actions.strike_consultation(consultation=row, reason=reason, by=actor, now=NOW, **said)


def test_corrected_day_brings_the_clock_back_and_forth(practitioner, file, last):
    amend(practitioner, last, NOW - timedelta(days=30))
    assert clock(file) == (date(2026, 10, 19), date(2046, 10, 19))
    amend(practitioner, last, NOW - timedelta(days=3))
    assert clock(file) == (date(2026, 11, 15), date(2046, 11, 15))


def test_correction_to_before_the_other_one_leaves_the_other_as_last(practitioner, file, last):
    amend(practitioner, last, BEFORE - timedelta(days=50))
    assert clock(file) == (date(2025, 10, 14), date(2045, 10, 14))


def test_corrected_day_is_a_version_and_the_signed_day_stays_in_the_first(practitioner, file, last):
    moved = NOW - timedelta(days=30)
    amend(practitioner, last, moved)
    with scope(ALL):
        rows = [(v.number, v.started_at) for v in queries.versions_of(last)]
    assert rows == [(1, NOW), (2, moved)]
    event = EventEntry.objects.get(verb="records.consultation.amended")
    assert event.detail == {"fields": "started_at", "version": 2}


def test_correction_into_the_future_is_refused(practitioner, file, last):
    with pytest.raises(Refused) as caught:
        amend(practitioner, last, NOW + timedelta(days=1))
    assert caught.value.refusal.code == "starts_in_future"


def test_struck_consultation_gives_the_clock_back_and_stays_readable(practitioner, file, last):
    version = strike(practitioner, last)
    assert clock(file) == (date(2025, 10, 14), date(2045, 10, 14))
    with scope(ALL):
        row = Consultation.objects.get(pk=last.pk)
        assert (row.status, version.number, queries.consultations_of(file).count()) == (ConsultationStatus.STRUCK, 2, 2)
    assert EventEntry.objects.get(verb="records.consultation.struck").detail == {"version": 2}
    assert AccessEntry.objects.filter(subject_id=file.pk, action="strike").count() == 1


def test_file_whose_only_consultation_is_struck_counts_from_its_making(practitioner):
    file = make_file(practitioner, now=BEFORE)
    row = make_consultation(file, practitioner, signed=True)
    strike(practitioner, row)
    assert clock(file) == (None, date(2045, 10, 14))


def test_struck_consultation_is_neither_amended_nor_struck_again(practitioner, file, last):
    strike(practitioner, last)
    with pytest.raises(Refused):
        amend(practitioner, last, NOW - timedelta(days=2))
    with pytest.raises(Refused, match="Only a signed consultation is struck"):
        strike(practitioner, last)


def test_consultation_is_struck_by_its_author_with_a_reason_and_never_as_a_draft(practitioner, file, last):
    draft = make_consultation(file, practitioner)
    for row, reason, code in ((last, " ", "no_reason"), (draft, "x", "not_signed")):
        with pytest.raises(Refused) as caught:
            strike(practitioner, row, reason)
        assert caught.value.refusal.code == code
    assert clock(file)[0] == date(2026, 11, 18)


def test_correction_that_would_end_the_file_at_once_needs_a_yes(practitioner):
    """A year mistyped by twenty-two must not destroy a file tonight."""
    file = make_file(practitioner, now=NOW - timedelta(days=9000))
    row = make_consultation(file, practitioner, signed=True)
    typo = NOW.replace(year=2004)
    with pytest.raises(Refused) as caught:
        amend(practitioner, row, typo)
    assert (caught.value.refusal.code, clock(file)) == ("ends_now", (date(2026, 11, 18), date(2046, 11, 18)))
    assert "18 November 2024" in str(caught.value.refusal.message)
    amend(practitioner, row, typo, may_end=True)
    assert clock(file) == (date(2004, 11, 18), date(2024, 11, 18))


def test_promise_counts_a_struck_consultation_that_still_moves_the_clock(practitioner, file, last):
    strike(practitioner, last)
    assert consultations_are_versioned_and_move_the_clock(NOW).kept is True
    with scope(ALL):
        PatientFile.objects.filter(pk=file.pk).update(last_consultation_on=date(2026, 11, 18))
    assert consultations_are_versioned_and_move_the_clock(NOW).figures["files_with_a_stale_last_day"] == 1


def test_pages_amend_the_day_and_strike(practitioner, file, last):
    client = verified_client(practitioner)
    address = reverse("records:amend", args=[file.pk, last.pk])
    form = client.get(address).context["form"]
    typed = {**{k: v or "" for k, v in form.initial.items()}, "why": "wrong day"}
    assert client.post(address, typed).status_code == 422
    moved = client.post(address, {**typed, "started_at": "2026-11-02T09:30"})
    assert (moved.status_code, clock(file)) == (302, (date(2026, 11, 2), date(2046, 11, 2)))
    page = reverse("records:consultation_strike", args=[file.pk, last.pk])
    assert client.get(page).status_code == 200
    assert client.post(page, {"why": ""}).status_code == 422
    assert client.post(page, {"why": "never came"}).status_code == 302
    assert clock(file)[0] == date(2025, 10, 14)
    shown = client.get(reverse("records:consultation", args=[file.pk, last.pk])).content.decode()
    assert "This consultation never took place." in shown
    assert client.get(address).status_code == 404


def test_page_asks_for_the_yes_only_where_the_file_would_leave(practitioner, file, last):
    client = verified_client(practitioner)
    make_old = reverse("records:consultation_strike", args=[file.pk, last.pk])
    assert 'type="hidden" name="may_end"' in client.get(make_old).content.decode()
    with scope(ALL):
        PatientFile.objects.filter(pk=file.pk).update(created_at=NOW.replace(year=2000))
        Consultation.objects.exclude(pk=last.pk).update(started_at=NOW.replace(year=2001))
    answer = client.post(make_old, {"why": "x"})
    assert answer.status_code == 422
    assert 'type="checkbox" name="may_end"' in answer.content.decode()
    assert client.post(make_old, {"why": "x", "may_end": "on"}).status_code == 302
    assert clock(file) == (date(2001, 11, 18), date(2021, 11, 18))


def test_birth_date_that_would_end_a_childs_file_at_once_needs_a_yes(practitioner):
    """Seen once in 2004 as a newborn, kept until 2032: a birth year mistyped must not destroy it tonight."""
    file = make_file(practitioner, now=NOW.replace(year=2004), birth_date="2004-11-10")
    with scope(ALL):
        PatientFile.objects.filter(pk=file.pk).update(reopened_until=date(2026, 12, 1), active_until=date(2026, 12, 1))
    with working(practitioner) as actor:
        wrong = {"birth_date": "1904-11-10"}
        with pytest.raises(Refused) as caught:
            actions.change_file(file=file, changes=wrong, by=actor, now=NOW)
        assert (caught.value.refusal.code, current(file).retain_until) == ("ends_now", date(2032, 11, 30))
        actions.change_file(file=file, changes=wrong, may_end=True, by=actor, now=NOW)
    assert current(file).retain_until == date(2024, 11, 18)
