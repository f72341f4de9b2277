"""A patient reads who saw their file, questions a line and asks for erasure at one practice; its practitioner answers (PC-62, PC-70)."""

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from gdpr_requests.models import Request
from records.reading import Part, open_file
from tests.accounts.factories import make_patient, make_practitioner, verified_client
from tests.journeys.conftest import Journey
from tests.records.factories import link, make_consultation, make_file, working

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, databases=["default", "keys"])]
CENTRE = "/practitioner/settings/gdpr"


def be(journey: Journey, user: User) -> None:
    """From now on this person sits at the browser."""
    session = verified_client(user).cookies["session"].value
    journey.page.context.clear_cookies()
    journey.page.context.add_cookies([{"name": "session", "value": session, "url": journey.base}])


def test_patient_questions_an_access_and_asks_one_practice_to_erase(journey: Journey) -> None:
    one, two, patient = make_practitioner("camille@example.org"), make_practitioner("noe@example.org"), make_patient()
    file, other = make_file(one), make_file(two)
    make_consultation(file, one, signed=True)
    here = link(file, patient)
    link(other, patient)
    with working(one) as by, transaction.atomic():
        open_file(file, Part.MEASURES, by=by, now=timezone.now())

    be(journey, patient)
    journey.go("/patient/")
    journey.click("link", "My data & privacy")
    assert "1 consultation, 0 documents" in journey.words()
    journey.click("link", "Access journal", exact=True)
    line = journey.page.locator(".journal__row").filter(has_text="Practitioner opened the measures")
    journey.follow(line.get_by_role("link", name="I don't recognise this"))
    journey.page.get_by_label("What you want to say about it").fill("I had no appointment.")
    journey.click("button", "Ask who it was")
    journey.click("link", "Access journal", exact=True)
    assert f"questioned, {Request.objects.get().number}" in journey.words()

    journey.go(f"/patient/privacy/requests/new/?about={here.pk}")
    journey.page.get_by_label("What do you ask for?").select_option("17")
    journey.page.get_by_label("Your request").fill("Please erase my file.")
    journey.click("button", "Send the request")
    erasure, page = Request.objects.get(right="17"), journey.path()
    assert (erasure.practice_id, erasure.file_id) == (file.practice_id, file.pk)

    be(journey, two)
    journey.go(f"{CENTRE}/requests/")
    assert erasure.number not in journey.words()
    be(journey, one)
    journey.go(f"{CENTRE}/requests/")
    journey.click("link", erasure.number)
    journey.page.get_by_label("Decision").select_option("refused")
    journey.page.get_by_label("Legal ground of what isn't granted").select_option("retention")
    journey.page.get_by_label("Answer").fill("The law has us keep it for twenty years.")
    journey.follow(journey.page.locator("form", has=journey.page.locator("[value=answer]")).get_by_role("button"))

    be(journey, patient)
    journey.go(page)
    assert "The law has us keep it for twenty years." in journey.words()
    assert "https://www.cnil.fr/plaintes" in journey.words()
    assert journey.errors == []
