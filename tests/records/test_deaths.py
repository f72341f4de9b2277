"""The death of a patient shortens the twenty years where the law says so, and is nowhere readable (LAW-02)."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.urls import reverse

from accounts.models import User
from audit.models import EventEntry
from care.tenancy import ALL, scope
from privacy.refusals import Refused
from records import actions
from records.models import PatientFile
from records.reading import Part, open_file
from tests.accounts.factories import make_practitioner, verified_client
from tests.care.factories import LONG_AGO
from tests.records.factories import NOW, make_consultation, make_file, working

pytestmark = pytest.mark.django_db(databases=["default", "keys"])


@pytest.fixture
def practitioner() -> User:
    return make_practitioner(now=LONG_AGO)


@pytest.fixture
def file(practitioner: User) -> PatientFile:
    """Last seen on 18 November 2026: kept until 18 November 2046."""
    file = make_file(practitioner, birth_date="1931-07-23")
    make_consultation(file, practitioner, signed=True)
    return file


def current(file: PatientFile) -> PatientFile:
    with scope(ALL):
        return PatientFile.objects.get(pk=file.pk)


def died(practitioner: User, file: PatientFile, day: str | None, now=NOW + timedelta(days=60), **said) -> PatientFile:
    with working(practitioner) as by:
        return actions.record_death(file=file, died_on=day, by=by, now=now, **said)


def clock(file: PatientFile) -> tuple[str, date, date]:
    row = current(file)
    return row.retention_rule, row.active_until, row.retain_until


@pytest.mark.parametrize(
    ("day", "until"),
    [
        ("2026-12-03", date(2036, 12, 31)),
        ("2026-12-31", date(2036, 12, 31)),
        ("2026-12", date(2036, 12, 31)),
        ("2026", date(2036, 12, 31)),
        ("2026-11-18", date(2036, 11, 30)),
    ],
)
def test_file_is_kept_ten_years_from_the_death_to_the_end_of_its_month(practitioner, file, day, until):
    died(practitioner, file, day)
    assert clock(file) == ("LAW-02", date(2031, 11, 18), until)


def test_death_more_than_ten_years_after_the_last_visit_shortens_nothing(practitioner, file):
    died(practitioner, file, "2040-01-05", now=NOW.replace(year=2041))
    assert clock(file) == ("PC-41", date(2031, 11, 18), date(2046, 11, 18))


def test_death_shortens_nothing_under_another_law(file):
    abroad = make_practitioner("tel-aviv@example.org", now=LONG_AGO, jurisdiction="IL")
    theirs = make_file(abroad, birth_date="1931-07-23")
    died(abroad, theirs, "2026-12-03")
    assert clock(theirs) == ("PC-41", date(2031, 11, 18), date(2046, 11, 18))


def test_childs_file_stays_until_the_28th_birthday_after_a_death_too(practitioner):
    child = make_file(practitioner, birth_date="2020-03-05")
    died(practitioner, child, "2026-12-03")
    assert (clock(child)[0], clock(child)[2]) == ("LAW-01", date(2048, 3, 31))


def test_consultation_long_after_the_death_makes_it_count_no_more(practitioner, file):
    """Its certificate may be written in the days after; a visit months later says that the patient lives."""
    died(practitioner, file, "2026-11-25", now=NOW + timedelta(days=10))
    make_consultation(file, practitioner, at=NOW + timedelta(days=12), signed=True)
    assert clock(file)[0] == "LAW-02"
    make_consultation(file, practitioner, at=NOW + timedelta(days=200), signed=True)
    assert clock(file) == ("PC-41", date(2032, 6, 6), date(2047, 6, 6))


def test_death_taken_back_gives_the_twenty_years_back(practitioner, file):
    died(practitioner, file, "2026-12-03")
    died(practitioner, file, None)
    assert clock(file) == ("PC-41", date(2031, 11, 18), date(2046, 11, 18))
    verbs = EventEntry.objects.filter(verb__startswith="records.death").order_by("id").values_list("verb", "detail")
    assert list(verbs) == [("records.death.recorded", {}), ("records.death.taken_back", {})]


def test_day_of_death_lies_sealed_and_no_clear_column_tells_it(practitioner, file):
    died(practitioner, file, "2026-12-03")
    with scope(ALL), connection.cursor() as cursor:
        cursor.execute("select to_jsonb(f)::text, died_on from records_patientfile f where id = %s", [file.pk])
        row, sealed = cursor.fetchone()
    assert [word for word in ("2026-12-03", "2036-12-03") if word in row] == []
    assert b"2026-12-03" not in bytes(sealed)
    with working(practitioner) as by:
        assert open_file(file, Part.FILE, by=by, now=NOW).read(current(file), "died_on") == "2026-12-03"


@pytest.mark.parametrize(
    ("day", "code"),
    [("2027-02-01", "death_in_future"), ("2028", "death_in_future"), ("1931-07-22", "death_before_birth"),
     ("1930", "death_before_birth")],
)  # fmt: skip
def test_impossible_day_is_refused(practitioner, file, day, code):
    with pytest.raises(Refused) as caught:
        died(practitioner, file, day)
    assert (caught.value.refusal.code, clock(file)[0]) == (code, "PC-41")


def test_year_of_birth_may_be_the_year_of_death(practitioner):
    child = make_file(practitioner, birth_date="2026-09-20")
    died(practitioner, child, "2026")
    assert clock(child)[0] == "LAW-01"


def test_death_that_would_end_the_file_at_once_needs_a_yes(practitioner):
    file = make_file(practitioner, now=NOW - timedelta(days=15 * 365), birth_date="1931-07-23")
    with pytest.raises(Refused) as caught:
        died(practitioner, file, "2012-02-02", now=NOW)
    assert (caught.value.refusal.code, clock(file)[0]) == ("ends_now", "PC-41")
    died(practitioner, file, "2012-02-02", now=NOW, may_end=True)
    assert clock(file)[::2] == ("LAW-02", date(2022, 2, 28))


def test_stale_form_is_refused(practitioner, file):
    died(practitioner, file, "2026-12-03")
    with pytest.raises(Refused) as caught:
        died(practitioner, file, "2026-12-04", revision=1)
    assert caught.value.refusal.code == "changed_meanwhile"


def test_same_day_again_changes_and_journals_nothing(practitioner, file):
    first = died(practitioner, file, "2026-12-03")
    assert died(practitioner, file, "2026-12-03").revision == first.revision
    assert EventEntry.objects.filter(verb="records.death.recorded").count() == 1


def test_page_records_corrects_and_takes_back(practitioner, file):
    client = verified_client(practitioner)
    address, clock_page = (reverse(f"records:{name}", args=[file.pk]) for name in ("death", "clock"))
    assert client.get(address).status_code == 200
    for wrong in ("", "31/02/2026", "01/01/2199", "1900"):
        answer = client.post(address, {"died_on": wrong})
        assert (answer.status_code, bool(answer.context["form"].errors)) == (422, True)
    assert client.post(address, {"died_on": "20/11/2026", "revision": current(file).revision})["Location"] == clock_page
    page = client.get(clock_page).content.decode()
    assert "The patient died on 20 November 2026; the file stays ten years from then." in page
    assert "tell the death" in page
    assert "Died 20 November 2026" in page
    assert 'value="20/11/2026"' in client.get(address).content.decode()
    assert client.post(address, {"lives": "1"}).status_code == 302
    assert clock(file)[0] == "PC-41"


def test_clock_page_explains_daily_use_archive_end_and_every_clock(practitioner):
    file = make_file(practitioner, birth_date="2020-03-05")
    make_consultation(file, practitioner, signed=True)
    page = verified_client(practitioner).get(reverse("records:clock", args=[file.pk]))
    lines = [(one.rule, one.since, one.active_until, one.until, one.decides) for one in page.context["clocks"]]
    assert lines == [
        ("LAW-01", date(2020, 3, 5), None, date(2048, 3, 5), True),
        ("PC-41", date(2026, 11, 18), date(2031, 11, 18), date(2046, 11, 18), False),
    ]
    text = page.content.decode()
    for words in ("until 18 November 2031", "31 March 2048", "doesn&#x27;t tell the birthday", "28th birthday, 5 March 2048",
                  "from 19 November 2031"):  # fmt: skip
        assert words in text


def test_clock_page_says_that_a_visit_contradicts_the_death(practitioner, file):
    died(practitioner, file, "2026-11-19", now=NOW + timedelta(days=3))
    make_consultation(file, practitioner, at=NOW + timedelta(days=90), signed=True)
    page = verified_client(practitioner).get(reverse("records:clock", args=[file.pk])).content.decode()
    assert "the death shortens nothing" in page
