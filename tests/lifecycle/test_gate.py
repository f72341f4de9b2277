"""What each phase opens, walked over the whole URL map at each boundary second, with no sweep ever run (PC-31, PC-32)."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from unittest.mock import patch
from uuid import UUID

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client, override_settings
from django.urls import reverse

from accounts.access import Act, Audience
from accounts.closing import why_closed
from accounts.models import User
from care.roles import Right
from care.tenancy import ALL, scope
from lifecycle.actions import subscribe
from lifecycle.deletion.actions import request_deletion, stop_after_change, withdraw_deletion
from lifecycle.erasure.plan import plan_for_account
from lifecycle.queries import phase_at
from lifecycle.states import Name
from praticonnect.access import table
from records.importing import working
from tests.accounts.factories import verified_client
from tests.lifecycle.helpers import GRACE_ENDS, IN, SIGNED_UP, TRIAL_ENDS, make_trial
from tests.records.factories import actor_of, make_consultation, make_document, make_file, make_measure
from tests.security.urlmap import Page, pages

pytestmark = pytest.mark.django_db(databases="__all__")

SECOND = timedelta(seconds=1)
BOUNDARIES = {
    "trial begins": (SIGNED_UP, True),
    "trial's last second": (TRIAL_ENDS - SECOND, True),
    "grace begins": (TRIAL_ENDS, True),
    "grace's last second": (GRACE_ENDS - SECOND, True),
    "free listing begins": (GRACE_ENDS, False),
    "years later": (datetime.fromisoformat("2031-01-01T00:00:00+01:00"), False),
}
STRANGE = UUID(int=7)


@pytest.fixture
def me() -> User:
    return make_trial("camille@example.org")


@pytest.fixture
def address(me: User) -> dict[str, object]:
    """Arguments that name things of mine, so that a page that is open has something to show."""
    file = make_file(me, now=SIGNED_UP)
    consultation = make_consultation(file, me, at=SIGNED_UP)
    return {
        "file_id": file.pk,
        "consultation_id": consultation.pk,
        "measure_id": make_measure(file, me).pk,
        "document_id": make_document(file, me).pk,
        "number": 1,
        "proof_id": 7,
        "language": "en",
        "run_id": STRANGE,
        "resource_id": STRANGE,
        "event_id": STRANGE,
        "address": "0" * 64,
        "key": "tos_privacy",
        "uidb36": "abc",
        "pk": 1,
    }


def mine() -> list[Page]:
    """Every page of a signed-in practitioner."""
    rows = table()
    return [page for page in pages() if rows[page.name].audience in (Audience.PRACTITIONER, Audience.VERIFIED)]


def behind_sign_in() -> list[Page]:
    """Every page but the public ones, the office's, patients' own and authorities', those on the way to a second factor too."""
    rows, others = table(), (Audience.PUBLIC, Audience.OFFICE, Audience.PATIENT, Audience.AUTHORITY)
    return [page for page in pages() if rows[page.name].audience not in others]


def url(page: Page, address: dict[str, object]) -> str:
    return reverse(page.name, kwargs={name: address.get(name, STRANGE) for name in page.arguments})


def closed(client: Client, method: str, where: str) -> bool:
    """Whether the page that says so comes instead; among the undrawn, its name."""
    answer = getattr(client, method)(where)
    if answer.status_code != 403:
        return False
    return "closed.html" in ([used.name for used in answer.templates] or [answer.content.decode()])


@contextmanager
def undrawn() -> Iterator[None]:
    """The gate names the page with which it refuses and doesn't draw it: the same page, thousands of times, proves nothing.

    ``test_each_page_is_open_or_closed_as_its_act_is_in_the_phase`` has it drawn at every address.
    """
    with patch("praticonnect.gate.render", lambda _request, name, _values, status: HttpResponse(name, status=status)):
        yield


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_each_page_is_open_or_closed_as_its_act_is_in_the_phase(
    me: User, address: dict[str, object], boundary: str
) -> None:
    moment, care_is_open = BOUNDARIES[boundary]
    rows = table()
    with time_machine.travel(moment, tick=False):
        client = verified_client(me, now=moment)
        shut = {page.name for page in mine() if closed(client, "get", url(page, address))}
    care = {name for name, row in rows.items() if row.act is Act.CARE}
    assert shut == (set() if care_is_open else care)
    assert len(care) > 25


@pytest.mark.parametrize("phase", IN)
def test_each_page_is_open_or_closed_as_its_act_is_at_each_second_of_a_deletion(
    me: User, address: dict[str, object], phase: Name
) -> None:
    """PC-34, whatever phase the contract is in: asked for, the last second, the instant, years later; nothing ever ran."""
    asked = IN[phase]
    rows = table()
    care = {name for name, row in rows.items() if row.act is Act.CARE}
    all_of_it = {page.name for page in behind_sign_in()}
    before = care if phase is Name.FREE_LISTING else set()
    plan = plan_for_account(me.pk, asked).sha256
    execute_at = request_deletion(user=me, plan_sha256=plan, by=actor_of(me), now=asked).execute_at
    assert execute_at is not None
    expected = {
        asked - SECOND: before,
        asked: care,
        execute_at - SECOND: care,
        execute_at: all_of_it,
        datetime.fromisoformat("2031-01-01T00:00:00+01:00"): all_of_it,
    }
    assert {moment: shut_at(me, moment, address) for moment in expected} == expected
    assert (phase_at(me.pk, execute_at - SECOND).name, phase_at(me.pk, execute_at).name) == (
        Name.DELETION_PENDING,
        Name.CLOSED,
    )


@pytest.mark.parametrize("end", ["withdrawn", "stopped"])
def test_pages_are_as_the_contract_says_from_the_second_a_request_ends(
    me: User, address: dict[str, object], end: str
) -> None:
    asked = IN[Name.TRIAL]
    plan = plan_for_account(me.pk, asked).sha256
    execute_at = request_deletion(user=me, plan_sha256=plan, by=actor_of(me), now=asked).execute_at
    assert execute_at is not None
    ended = execute_at - SECOND
    if end == "withdrawn":
        withdraw_deletion(account_id=me.pk, by=actor_of(me), now=ended)
    else:
        stop_after_change(account_id=me.pk, by=actor_of(me), now=ended)
    care = {name for name, row in table().items() if row.act is Act.CARE}
    assert (shut_at(me, ended, address), shut_at(me, execute_at, address)) == (care, care)
    assert phase_at(me.pk, ended).name is Name.FREE_LISTING  # the contract went on beneath


def test_pages_of_a_subscriber_open_again_when_a_request_ends(me: User, address: dict[str, object]) -> None:
    asked = IN[Name.TRIAL]
    subscribe(user=me, by=actor_of(me), now=asked)
    plan = plan_for_account(me.pk, asked).sha256
    request_deletion(user=me, plan_sha256=plan, by=actor_of(me), now=asked)
    later = asked + 20 * 24 * 3600 * SECOND
    withdraw_deletion(account_id=me.pk, by=actor_of(me), now=later)
    care = {name for name, row in table().items() if row.act is Act.CARE}
    assert (shut_at(me, later - SECOND, address), shut_at(me, later, address)) == (care, set())


def test_no_form_is_taken_of_a_closed_account(me: User, address: dict[str, object]) -> None:
    """Sent to the address itself; only public ones answer."""
    asked = IN[Name.TRIAL]
    plan = plan_for_account(me.pk, asked).sha256
    execute_at = request_deletion(user=me, plan_sha256=plan, by=actor_of(me), now=asked).execute_at
    assert execute_at is not None
    with time_machine.travel(execute_at, tick=False), undrawn():
        client = verified_client(me, now=execute_at)
        taken = [page.name for page in behind_sign_in() if not closed(client, "post", url(page, address))]
    assert taken == []
    assert why_closed(me.pk, Act.CARE, now=execute_at) is not None  # the import commands and the worker ask this


def shut_at(user: User, moment: datetime, address: dict[str, object]) -> set[str]:
    """The pages that say they are closed at a moment."""
    with time_machine.travel(moment, tick=False), undrawn():
        client = verified_client(user, now=moment)
        return {page.name for page in behind_sign_in() if closed(client, "get", url(page, address))}


def test_no_form_of_care_is_taken_in_free_listing(me: User, address: dict[str, object]) -> None:
    """Sent to the address itself, without the page that is closed."""
    rows = table()
    moment = IN[Name.FREE_LISTING]
    with time_machine.travel(moment, tick=False), undrawn():
        client = verified_client(me, now=moment)
        care = [page for page in mine() if rows[page.name].act is Act.CARE]
        taken = [page.name for page in care if not closed(client, "post", url(page, address))]
    assert taken == []


def test_every_page_of_the_patient_files_performs_care() -> None:
    """PC-32: nothing of the management of patients could stay open under another act."""
    rows = {name: row for name, row in table().items() if name.startswith("records:")}
    ordered = {name for name, row in rows.items() if row.right == Right.ORDER.value}
    assert ordered == {"records:orders", "records:order", "records:order_paper"}  # what an authority orders stays open
    assert {row.act for name, row in rows.items() if name not in ordered} == {Act.CARE}


def test_closed_page_says_what_why_and_the_way_back(me: User) -> None:
    moment = IN[Name.FREE_LISTING]
    with time_machine.travel(moment, tick=False):
        page = verified_client(me, now=moment).get("/practitioner/patients/").content.decode()
    assert ("Patient files, consultations and imports are closed" in page, "Every patient file is kept" in page) == (
        True,
        True,
    )
    assert f'href="{reverse("lifecycle:subscription")}"' in page


def test_subscription_page_counts_days_on_the_account_s_own_calendar() -> None:
    """Grace begins at midnight in Jerusalem: there it is the 3rd, in Paris still the 2nd."""
    user = make_trial(jurisdiction="IL", country="IL")
    moment = IN[Name.GRACE]
    with time_machine.travel(moment, tick=False):
        page = verified_client(user, now=moment).get(reverse("lifecycle:subscription")).content.decode()
    facts = re.findall(r"<dt>(Since|Until)</dt><dd>(?:<[^>]*>)?([^<]*)<", page)
    assert facts == [("Since", "Saturday 3 October 2026"), ("Until", "the end of 9 October 2026")]


def test_subscribe_button_opens_everything_again(me: User) -> None:
    moment = IN[Name.FREE_LISTING]
    with time_machine.travel(moment, tick=False):
        client = verified_client(me, now=moment)
        shown = client.get(reverse("lifecycle:subscription"))
        assert (shown.status_code, shown.context["phase"].name) == (200, Name.FREE_LISTING)
        client.post(reverse("lifecycle:subscribe"))
        again = client.get(reverse("lifecycle:subscription"))
        assert (again.context["phase"].name, client.get("/practitioner/patients/").status_code) == (
            Name.SUBSCRIBED,
            200,
        )
        assert "Everything is open" in again.content.decode()


def test_subscribing_twice_changes_nothing_and_says_so(me: User) -> None:
    with time_machine.travel(IN[Name.GRACE], tick=False):
        client = verified_client(me, now=IN[Name.GRACE])
        client.post(reverse("lifecycle:subscribe"))
        page = client.post(reverse("lifecycle:subscribe"), follow=True)
    assert "This account is subscribed already" in page.content.decode()
    assert phase_at(me.pk, IN[Name.FREE_LISTING]).since == IN[Name.GRACE]


@override_settings(DEMO=False)
def test_without_the_demo_nobody_subscribes_unpaid(me: User) -> None:
    with time_machine.travel(IN[Name.GRACE], tick=False):
        client = verified_client(me, now=IN[Name.GRACE])
        page = client.get(reverse("lifecycle:subscription")).content.decode()
        told = client.post(reverse("lifecycle:subscribe"), follow=True).content.decode()
        assert "Nothing was taken" in told
    assert (reverse("lifecycle:subscribe") in page, phase_at(me.pk, IN[Name.GRACE]).name) == (False, Name.GRACE)


def test_worker_asks_the_phase_again(me: User) -> None:
    """A run that waited until the phase closed isn't worked on; after subscribing it is."""
    from records.importing import runs
    from tests.imports.bundles import as_text, bundle, patient

    by = actor_of(me)
    from django.core.files.uploadedfile import SimpleUploadedFile

    from care.queries import practice_of
    from records.importing.starting import begin
    from records.models import PatientFile

    practice = practice_of(me)
    assert practice is not None
    uploads = [SimpleUploadedFile("one.json", as_text(bundle(patient())).encode())]
    with scope([practice.pk]):
        run = begin(practice, uploads, twins=False, by=by, now=IN[Name.TRIAL])
        runs.confirm(run=run, by=by, now=IN[Name.TRIAL])
    working.work(run.pk, by=None, now=IN[Name.FREE_LISTING])
    with scope(ALL):
        before = PatientFile.objects.count()
    subscribe(user=me, by=by, now=IN[Name.FREE_LISTING])
    working.work(run.pk, by=None, now=IN[Name.FREE_LISTING])
    with scope(ALL):
        assert (before, PatientFile.objects.count()) == (0, 1)


def test_reasons_are_registered_the_phase_first() -> None:
    """The ready() of both apps hung them up; an account without a contract can't do care."""
    from accounts.closing import reasons
    from consents.queries import core_closed
    from lifecycle.changes.queries import closed_by_refusal
    from lifecycle.queries import closed_by_phase

    assert reasons == [closed_by_phase, closed_by_refusal, core_closed]
    assert str(why_closed(STRANGE, Act.CARE, now=SIGNED_UP)).startswith("This account has no contract")
    assert why_closed(STRANGE, Act.PRIVACY, now=SIGNED_UP) is None
