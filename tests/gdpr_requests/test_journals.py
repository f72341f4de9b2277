"""The access journal by its last line instead of by counting: every line once, whatever is written meanwhile (PC-70)."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from audit.actions import AccessRow, record_accesses
from audit.actors import Actor
from audit.models import AccessEntry
from gdpr_requests import journals
from privacy.ids import new_id
from privacy.purposes import Purpose
from tests.accounts.factories import make_practitioner, verified_client
from tests.gdpr_requests.factories import NOW
from tests.records.factories import actor_of

pytestmark = pytest.mark.django_db(databases="__all__")
BY = Actor.system("test")
FAR = "999999999999999999"


def seen(*, practice_id: UUID, subject_id: UUID, minutes: int = 0, by: Actor = BY) -> None:
    with transaction.atomic():
        row = AccessRow(subject_id, "file", "open", practice_id)
        record_accesses(by=by, rows=[row], purpose=Purpose.CARE, now=NOW + timedelta(minutes=minutes))


def walked(ways: list, size: int) -> list[int]:
    """The numbers of all lines, page by page."""
    found, before = [], ""
    while True:
        page = journals.page(ways, before=before, size=size)
        found += [entry.pk for entry in page.entries]
        if not page.more:
            return found
        before = page.more


@given(minutes=st.lists(st.integers(0, 3), max_size=9), size=st.integers(1, 4))
def test_pages_show_each_line_once_newest_first(minutes: list[int], size: int) -> None:
    """Many at the same moment, some of which two ways find."""
    practice, subject = new_id(), new_id()
    for number, minute in enumerate(minutes):
        seen(
            practice_id=practice if number % 3 else new_id(),
            subject_id=subject if number % 2 else new_id(),
            minutes=minute,
        )
    ways = [AccessEntry.objects.filter(practice_id=practice), AccessEntry.objects.filter(subject_id=subject)]
    every = (ways[0] | ways[1]).order_by("-at", "-pk")
    assert walked(ways, size) == list(every.values_list("pk", flat=True))
    assert [entry.pk for piece in journals.chunks(ways) for entry in piece] == walked(ways, size)


def test_line_written_meanwhile_moves_none() -> None:
    practice = new_id()
    for minute in range(4):
        seen(practice_id=practice, subject_id=new_id(), minutes=minute)
    ways = [AccessEntry.objects.filter(practice_id=practice)]
    first = journals.page(ways, before="", size=2)
    seen(practice_id=practice, subject_id=new_id(), minutes=9)
    second = journals.page(ways, before=first.more, size=2)
    assert len({entry.pk for entry in [*first.entries, *second.entries]}) == 4
    assert second.more == ""


@pytest.mark.parametrize("before", ["", "x", "1-", "-1", "٣-٣", f"{FAR}-1", f"1-{FAR}", "9" * 40 + "-1", "0-0-0"])
def test_unknown_place_is_no_error(before: str) -> None:
    practitioner = make_practitioner()
    answer = verified_client(practitioner).get(reverse("gdpr:journal"), {"before": before})
    assert answer.status_code == 200


def test_page_goes_on_with_its_filter_and_counts_nothing() -> None:
    practitioner = make_practitioner()
    by = actor_of(practitioner)
    for minute in range(51):
        seen(practice_id=by.practice_id, subject_id=new_id(), minutes=minute, by=by)
    client = verified_client(practitioner)
    with CaptureQueriesContext(connection) as captured:
        page = client.get(reverse("gdpr:journal"), {"who": "me", "since": "2026-11-18"})
    assert [query["sql"] for query in captured if "COUNT" in query["sql"] and "accessentry" in query["sql"]] == []
    more = page.context["page"].more
    assert f"who=me&amp;since=2026-11-18&amp;before={more}" in page.content.decode()
    rest = client.get(reverse("gdpr:journal"), {"who": "me", "before": more}).context["page"]
    assert (len(rest.entries), rest.more) == (1, "")
