"""The privacy centre: its page against a bare one behind the same login, and its queries as the log grows (PC-10, PC-15)."""

from functools import partial

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import clear_url_caches, path, reverse
from django.utils import timezone

from accounts.access import Access, Act, Audience
from accounts.models import User
from audit.actors import Actor
from bench.harness import Run, bench
from consents.actions import decide
from praticonnect import access, urls
from records.portal.content import share
from tests.accounts.factories import make_patient, make_practitioner, verified_client
from tests.records.factories import link, make_consultation, make_file, working

VISITS = 12
FILES = 60
DECISIONS = 200
SHARED = 12
"""Consultations that each further practice shares with its patient."""
PAGES = ("gdpr:overview", "consents:switches", "consents:log", "gdpr:journal", "gdpr:register")

PORTAL = (
    "patient:home", "patient_privacy:overview", "patient_privacy:journal", "patient_privacy:export",
    "patient_privacy:requests",
)  # fmt: skip


def bare(request: HttpRequest) -> HttpResponse:
    """The frame of a practitioner's page with nothing in it."""
    return render(request, "practitioner.html")


@bench
def centre(run: Run) -> None:
    """Each page of the privacy centre against an empty page behind the same gate; queries at 1 and at 200 decisions."""
    access.HOUSE["bare"] = Access(Audience.PRACTITIONER, Act.PRIVACY)
    urls.urlpatterns.append(path("bench/bare/", bare, name="bare"))
    clear_url_caches()
    user = make_practitioner("bench@example.org")
    client = verified_client(user)
    client.defaults["SERVER_NAME"] = "localhost"
    _fill(user, 1, 1)
    few = {name: _queries(client, name) for name in PAGES}
    _fill(user, FILES, DECISIONS)
    run.figure(
        "queries that 200 decisions and 60 files add, all pages", sum(_queries(client, n) - few[n] for n in PAGES)
    )
    variants = {"bare page": partial(_visit, client, "bare")} | {name: partial(_visit, client, name) for name in PAGES}
    run.compare("Privacy centre", "pages", variants, aims={"gdpr:overview": 0.4})


@bench
def portal(run: Run) -> None:
    """Each page of the patient's portal against an empty page behind the same gate, with two practices linked."""
    access.HOUSE["bare_portal"] = Access(Audience.PATIENT, Act.PRIVACY)
    urls.urlpatterns.append(path("bench/portal/", bare_portal, name="bare_portal"))
    clear_url_caches()
    patient = make_patient("bench.portal@bench.example")
    client = verified_client(patient)
    client.defaults["SERVER_NAME"] = "localhost"
    _link(patient, 1)
    few = {name: _queries(client, name) for name in PORTAL}
    for visits in (SHARED, SHARED):
        _link(patient, visits)
    run.figure(
        "queries that two practices and 24 visits add, all pages", sum(_queries(client, n) - few[n] for n in PORTAL)
    )
    variants = {"bare page": partial(_visit, client, "bare_portal")}
    variants |= {name: partial(_visit, client, name) for name in PORTAL}
    aims = {"patient_privacy:overview": 0.4, "patient:home": 0.4}
    run.compare("Patient's portal", "pages", variants, aims=aims)


def bare_portal(request: HttpRequest) -> HttpResponse:
    """The frame of a patient's page with nothing in it."""
    return render(request, "patient.html")


def _link(patient: User, visits: int) -> None:
    """One more practice that keeps a file of the patient, with signed consultations that it shares."""
    practitioner = make_practitioner()
    file = make_file(practitioner, surname="Quemener")
    link(file, patient)
    for _ in range(visits):
        row = make_consultation(file, practitioner, signed=True)
        with working(practitioner) as by:
            share(file=file, thing=row, by=by, now=timezone.now())


def _fill(user: User, files: int, decisions: int) -> None:
    """Files with a signed consultation each, and decisions on one switch, on and off."""
    by = Actor(account_id=user.pk, role="practitioner")
    for number in range(files):
        make_consultation(make_file(user, surname=f"Patient {number}"), user, signed=True)
    for number in range(decisions):
        decide(
            subject_id=user.pk,
            key="marketing_emails",
            on=number % 2 == 0,
            by=by,
            language="en",
            channel="web",
            now=timezone.now(),
        )


def _visit(client: Client, name: str) -> int:
    for _ in range(VISITS):
        answer = client.get(reverse(name))
        assert answer.status_code == 200, f"{name} answers {answer.status_code}"
    return VISITS


def _queries(client: Client, name: str) -> int:
    _visit(client, name)
    with CaptureQueriesContext(connection) as captured:
        client.get(reverse(name))
    return len(captured)
