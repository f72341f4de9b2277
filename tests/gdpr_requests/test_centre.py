"""The privacy centre's own pages: figures read live, a line for each opening, registers computed."""

import csv
import io
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from accounts.models import User
from gdpr_requests import queries
from privacy.register import Register, entries
from tests.accounts.factories import make_practitioner, verified_client
from tests.consents.factories import choose, person
from tests.records.factories import actor_of, make_consultation, make_document, make_file, make_measure, working

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def moment() -> datetime:
    """Now, as the pages will read it."""
    return timezone.now()


@pytest.fixture
def practitioner() -> User:
    """A practitioner with a practice of their own."""
    return make_practitioner("camille@example.org")


def sign_in(user: User) -> Client:
    """A client of ``user`` with a second factor, and the core functions open."""
    return verified_client(user)


def test_centre_answers_at_the_address_of_the_policy(practitioner: User) -> None:
    """PC-10: /practitioner/settings/gdpr, with or without the slash."""
    client = sign_in(practitioner)
    codes = [client.get(f"/practitioner/settings/gdpr{end}").status_code for end in ("", "/")]
    assert codes == [200, 200]


def test_overview_counts_what_is_held(practitioner: User, moment: datetime) -> None:
    """Each figure equals the number of rows, and another practice's rows don't count."""
    stranger = make_practitioner("noe@example.org")
    make_file(stranger)
    file = make_file(practitioner)
    make_consultation(file, practitioner)
    make_measure(file, practitioner)
    make_measure(file, practitioner)
    make_document(file, practitioner)
    with working(practitioner):
        assert [held.number for held in queries.holdings(practitioner)] == [1, 1, 2, 1, 0]


def test_overview_names_the_first_end(practitioner: User) -> None:
    """How long: the nearest end of a clock is the file's own stored end."""
    file = make_file(practitioner)
    make_consultation(file, practitioner, signed=True)
    with working(practitioner):
        file.refresh_from_db()
    page = sign_in(practitioner).get(reverse("gdpr:overview"))
    assert [one.retain_until for one, _holds in page.context["leaving"]] == [file.retain_until]
    assert f"first file to leave: {date_format(file.retain_until)}" in page.content.decode()


def test_journal_shows_one_line_for_each_opening(practitioner: User) -> None:
    """PC-70: opening a file's page adds exactly the lines that the page wrote."""
    file = make_file(practitioner)
    client = sign_in(practitioner)
    before = client.get(reverse("gdpr:journal")).context["page"].entries
    client.get(reverse("records:file", args=[file.pk]))
    entries_now = queries.seen_by(actor_of(practitioner)).filter(subject_id=file.pk, action="open").count()
    after = client.get(reverse("gdpr:journal")).context["page"].entries
    assert (len(after) - len(before), entries_now > 0) == (entries_now, True)


def test_journal_hides_other_practices(practitioner: User) -> None:
    """A line of another practice is never in this journal."""
    stranger = make_practitioner("noe@example.org")
    theirs = make_file(stranger)
    mine = make_file(practitioner)
    shown = set(queries.seen_by(actor_of(practitioner)).values_list("subject_id", flat=True))
    assert (mine.pk in shown, theirs.pk in shown) == (True, False)


def test_journal_csv_equals_the_page(practitioner: User) -> None:
    """The download holds the same lines as the list."""
    make_file(practitioner)
    client = sign_in(practitioner)
    total = client.get(reverse("gdpr:journal")).context["page"].entries
    rows = list(csv.reader(io.StringIO(client.get(reverse("gdpr:journal_csv")).getvalue().decode())))
    assert [row[0] for row in rows[1:]] == [entry.at.isoformat() for entry in total]


@pytest.mark.parametrize("name", ["gdpr:overview", "gdpr:journal", "gdpr:register"])
def test_page_costs_the_same_queries_for_one_and_three_files(
    practitioner: User, name: str, django_assert_num_queries: Any
) -> None:
    """The number of queries doesn't grow with what is shown."""
    client = sign_in(practitioner)
    make_file(practitioner)
    client.get(reverse(name))
    first = count(client, name)
    for surname in ("Roy", "Petit"):
        make_file(practitioner, surname=surname)
    assert count(client, name) == first


def count(client: Client, name: str) -> int:
    """How many queries the page takes."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        assert client.get(reverse(name)).status_code == 200
    return len(captured)


def test_register_page_shows_each_computed_entry(practitioner: User) -> None:
    """MD-05: the page prints as many activities as the declarations give, none typed."""
    page = sign_in(practitioner).get(reverse("gdpr:register"))
    shown = [len(activities) for _title, activities in page.context["registers"]]
    assert shown == [len(entries(kind, on=timezone.localdate())) for kind in Register]


def test_core_closes_at_once_and_opens_again_while_the_centre_stays_open(practitioner: User) -> None:
    """PC-16: withdrawing the acknowledgement closes patients, giving it back opens them; rights stay open."""
    client = sign_in(practitioner)
    by = person(practitioner.pk)
    asked = [reverse("records:patients"), reverse("gdpr:overview")]
    seen = []
    for on in (True, False, True):
        choose(by, "health_data_processing", on, now=timezone.now())
        seen.append([client.get(address).status_code for address in asked])
    assert seen == [[200, 200], [403, 200], [200, 200]]
