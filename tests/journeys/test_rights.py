"""Everyone exercises their rights and sees it done, in both languages (issue 4, done when 1; PC-60 to PC-70, MD-30 to MD-35).

A patient is invited, reads, consents, questions an access and asks one practice to erase; the data protection officer answers another
request in time, enters one that came by post and prints the register.
"""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from io import BytesIO
from typing import Any

import pypdfium2
import pytest
from django.core import mail
from django.db import transaction
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext

from accounts.models import PatientProfile, User
from care.tenancy import ALL, scope
from consents.models import ConsentEvent
from gdpr_requests.models import Request
from records.models import PatientFile
from records.reading import Part, open_file
from tests.accounts.factories import give_passkey, make_patient, make_practitioner, make_staff, prove, verified_client
from tests.journeys.conftest import Journey, mailed_code
from tests.journeys.steps import CENTRE, PASSWORD
from tests.records.factories import link, make_consultation, make_file, working
from vault.models import FileKey

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, databases=["default", "keys"])]
ELOISE = {"given_names": "Éloïse", "surname": "Lefèvre", "birth_date": "29/02/1984"}


@pytest.fixture(params=["en", "fr"])
def language(request: pytest.FixtureRequest, journey: Journey) -> Iterator[str]:
    """The language of everybody's browser; what is clicked and read below is looked up in it."""
    chosen: str = request.param
    journey.page.context.set_extra_http_headers({"accept-language": chosen})
    with translation.override(chosen):
        yield chosen


def be(journey: Journey, user: User, language: str) -> None:
    """From now on this person sits at the browser, with a factor they have just proved."""
    user.language = language
    user.save(update_fields=["language"])
    client = verified_client(user)
    prove(client, user)
    session = client.cookies["session"].value
    journey.page.context.clear_cookies()
    journey.page.context.add_cookies([{"name": "session", "value": session, "url": journey.base}])


def click(journey: Journey, role: str, words: str, **options: Any) -> None:
    journey.click(role, gettext(words), **options)


def fill(journey: Journey, label: str, text: str) -> None:
    journey.page.get_by_label(gettext(label), exact=False).first.fill(text)


def choose(journey: Journey, label: str, value: str) -> None:
    journey.page.get_by_label(gettext(label)).first.select_option(value)


def day(moment: date) -> str:
    return date_format(moment, "DATE_FORMAT")


def print_it(journey: Journey) -> str:
    """What comes out of the printer, as text."""
    with pypdfium2.PdfDocument(BytesIO(journey.page.pdf())) as pages:
        return " ".join(page.get_textpage().get_text_range() for page in pages)


def test_a_patient_is_invited_reads_what_is_shared_and_consents(journey: Journey, language: str) -> None:
    practitioner = make_practitioner()
    file = make_file(practitioner)
    seen = make_consultation(file, practitioner, signed=True, note="Mal au dos depuis mardi")

    be(journey, practitioner, language)
    journey.go(f"/practitioner/patients/{file.pk}/portal/")
    journey.page.locator("[name=capacity][value=self]").check()
    fill(journey, "E-mail address", "eloise@example.org")
    click(journey, "button", "Invite")
    journey.go(f"/practitioner/patients/{file.pk}/consultations/{seen.pk}/")
    click(journey, "button", "Share in the portal")

    invitation = re.search(r"https?://[^/]+(/patient/join/\S+)", str(mail.outbox[-1].body))
    assert invitation
    journey.page.context.clear_cookies()
    journey.go(invitation[1])
    click(journey, "link", "Create my account")
    for name, text in {**ELOISE, "email": "eloise@example.org", "password1": PASSWORD}.items():
        journey.page.locator(f"main [name={name}]").fill(text)
    journey.page.locator("main [name=sex]").select_option("female")
    for box in journey.page.locator("main [type=checkbox][required]").all():
        box.check()
    click(journey, "button", "Create my account")
    journey.page.locator("main input[name=code]").fill(mailed_code())
    journey.follow(journey.page.locator("main form:has(input[name=code]) button[type=submit]").first)

    assert journey.path() == "/patient/accept/"
    for name, text in ELOISE.items():
        journey.page.locator(f"main [name={name}]").fill(text)
    click(journey, "button", "Link my account")
    assert journey.path() == "/patient/"
    journey.click("link", file.practice.name)
    journey.follow(journey.page.locator(f"main a[href*='{seen.pk}']"))
    assert "Mal au dos depuis mardi" in journey.words()

    journey.go("/patient/privacy/consents/")
    click(journey, "button", "Validate: I give my informed consent")
    given = ConsentEvent.objects.get(key="teleconsultation")
    assert (given.subject_id, given.controller_id, given.action) == (file.pk, file.practice_id, "given")
    assert gettext("Check camera and microphone") in journey.words()
    assert PatientProfile.objects.count() == 1
    assert journey.errors == []


def test_a_patient_questions_an_access_and_asks_one_practice_to_erase(journey: Journey, language: str) -> None:
    one, two, patient = make_practitioner("camille@example.org"), make_practitioner("noe@example.org"), make_patient()
    file, other = make_file(one, now=timezone.now()), make_file(two)
    here = link(file, patient)
    link(other, patient)
    with working(one) as by, transaction.atomic():
        open_file(file, Part.MEASURES, by=by, now=timezone.now())

    be(journey, patient, language)
    journey.go("/patient/privacy/")
    click(journey, "link", "Access journal", exact=True)
    click(journey, "link", "I don't recognise this")
    fill(journey, "What you want to say about it", "I had no appointment.")
    click(journey, "button", "Ask who it was")
    click(journey, "link", "Access journal", exact=True)
    assert Request.objects.get().number in journey.words()

    journey.go(f"/patient/privacy/requests/new/?about={here.pk}")
    choose(journey, "What do you ask for?", "17")
    fill(journey, "Your request", "Please erase my file.")
    click(journey, "button", "Send the request")
    erasure, page = Request.objects.get(right="17"), journey.path()
    assert (erasure.practice_id, erasure.file_id) == (file.practice_id, file.pk)
    assert day(erasure.due_on) in journey.words()

    be(journey, two, language)
    journey.go(f"{CENTRE}/requests/")
    assert erasure.number not in journey.words()
    be(journey, one, language)
    journey.go(f"{CENTRE}/requests/")
    click(journey, "link", erasure.number)
    answer(journey, "refused", "retention", "The law has us keep it for twenty years.")

    be(journey, patient, language)
    journey.go(page)
    assert "The law has us keep it for twenty years." in journey.words()
    assert "https://www.cnil.fr/plaintes" in journey.words()
    with scope(ALL):
        assert set(PatientFile.objects.filter(leaving_at=None).values_list("pk", flat=True)) == {file.pk, other.pk}
    assert journey.errors == []


@pytest.mark.parametrize("language", ["en"], indirect=True)
def test_a_granted_erasure_takes_one_practices_file_and_leaves_the_other(journey: Journey, language: str) -> None:
    one, two, patient = make_practitioner(), make_practitioner(surname="Amar", given_names="Noé"), make_patient()
    file, other = make_file(one, now=timezone.now() - timedelta(days=21 * 366)), make_file(two)
    here = link(file, patient)
    link(other, patient)
    be(journey, patient, language)
    journey.go(f"/patient/privacy/requests/new/?about={here.pk}&right=17")
    fill(journey, "Your request", "Please erase my file.")
    click(journey, "button", "Send the request")
    asked, page = Request.objects.get(), journey.path()

    be(journey, one, language)
    journey.go(f"{CENTRE}/requests/{asked.pk}/")
    answer(journey, "granted", "", "Your file is erased.")
    assert gettext("The file is erased") in journey.words()
    gone = journey.page.request.get(f"{journey.base}/practitioner/patients/{file.pk}/")
    assert gone.status == 404

    be(journey, patient, language)
    journey.go(page)
    click(journey, "link", "Certificate of erasure")
    assert journey.heading() == gettext("Certificate of erasure")
    journey.go("/patient/")
    assert (file.practice.name in journey.words(), other.practice.name in journey.words()) == (False, True)
    with scope(ALL):
        assert PatientFile.objects.get() == other
    assert [FileKey.objects.get(file_id=pk).wrapped != b"" for pk in (file.pk, other.pk)] == [False, True]
    assert journey.errors == []


def test_the_officer_answers_in_time_enters_what_came_by_post_and_prints(journey: Journey, language: str) -> None:
    patient, dpo = make_patient(), make_staff("dpo@example.org")
    give_passkey(dpo)
    be(journey, patient, language)
    journey.go("/patient/privacy/requests/new/")
    choose(journey, "What do you ask for?", "15")
    fill(journey, "Your request", "What do you hold of me?")
    click(journey, "button", "Send the request")
    asked = Request.objects.get()

    be(journey, dpo, language)
    journey.go("/admin/")
    click(journey, "link", "Requests")
    click(journey, "link", asked.number)
    answer(journey, "granted", "", "Everything about you stands in your privacy centre, under Export.")
    asked.refresh_from_db()
    assert (asked.outcome, asked.decided_at is not None and asked.decided_at.date() <= asked.due_on) == (
        "granted",
        True,
    )

    journey.go("/admin/requests/")
    click(journey, "link", "Enter a request by post or e-mail")
    today = timezone.localdate()
    choose(journey, "Came by", "post")
    fill(journey, "Day of receipt", today.isoformat())
    journey.page.locator("main [name=name]").fill("Armand Quemener")
    fill(journey, "Postal address", "3 rue des Lilas, 29000 Quimper")
    choose(journey, "Right", "16")
    fill(journey, "What is asked", "My address is wrong.")
    click(journey, "button", "Enter the request")
    by_post = Request.objects.get(right="16")
    journey.go("/admin/requests/")
    click(journey, "link", "Register for print")
    printed = print_it(journey)
    assert [number for number in (asked.number, by_post.number) if number not in printed] == []
    assert journey.errors == []


def answer(journey: Journey, outcome: str, ground: str, words: str) -> None:
    """Decide and answer on the page of a request."""
    choose(journey, "Decision", outcome)
    choose(journey, "Legal ground of what isn't granted", ground)
    fill(journey, "Answer", words)
    journey.follow(journey.page.locator("form", has=journey.page.locator("[value=answer]")).get_by_role("button"))
