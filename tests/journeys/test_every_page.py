"""Every page of the office, and the others that nobody walks through, in a browser: axe-clean, no sideways scroll, no complaint."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.contrib import admin
from django.contrib.staticfiles import finders
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, reverse
from django.utils import timezone
from playwright.sync_api import Browser, Route

from accounts.credentials.cuts import cut
from accounts.credentials.models import CredentialCut
from accounts.models import User
from audit.actors import Actor
from care.models import EmergencyAccess
from care.queries import practice_of
from care.tenancy import ALL, scope
from consents.marketing.links import token_of
from gdpr_requests.duties.actions import add_duty
from gdpr_requests.models import Duty, Request
from lifecycle.breaches import actions as breaches
from lifecycle.breaches.queries import breaches as breaches_known
from lifecycle.models import Hold
from lifecycle.schedule.actions import propose
from praticonnect.office import OfficeSite
from praticonnect.office_nav import GROUPS
from privacy.deadlines import Right
from records.models import ArchiveOpening, AuthorityOrder, PatientFile, Suggestion
from tests.accounts.factories import WebClient, make_practitioner, make_staff, prove, verified_client
from tests.gdpr_requests.factories import by_letter
from tests.lifecycle.schedule.helpers import medical, text_of
from tests.look.browsing import HOST, Visit
from tests.records.training_world import entered
from tests.security.seeding import Seeder

pytestmark = [pytest.mark.browser, pytest.mark.django_db(databases="__all__")]
LANGUAGES = ("en", "fr")
WIDTHS = (1280, 320)
LOOKED = {"en": 1280, "fr": 320}
"""At which width axe-core looks at a page in which language: both widths and both languages, in half the time."""
LONG = "marie-clementine.de-la-rochefoucauld-montbeliard@mail.departement-de-la-loire-atlantique.example"
NO_PAGES = {
    "supervision_csv", "request_register_csv", "request_register_pdf", "consent_log_csv", "egress_csv",
    "way_open", "directive_copy", "duty_end", "duty_proof", "operations_approve", "order_paper", "policy_announce", "subprocessor_announce", "request_archive",
    "request_paper", "schedule_approve",
}  # fmt: skip
"""Addresses of the office that are no pages: what is taken away, and what is only posted to."""
THINGS: dict[str, Callable[[], Any]] = {
    "request": lambda: Request.objects.first(), "breach": lambda: breaches_known()[0], "hold": lambda: Hold.objects.get(),
    "breach_form": lambda: breaches_known()[0], "duty": lambda: Duty.objects.get(), "order": lambda: AuthorityOrder.objects.get(),
    "emergency_review": lambda: EmergencyAccess.objects.get(), "archive_opening": lambda: ArchiveOpening.objects.get(),
    "credential": lambda: CredentialCut.objects.get(),
}  # fmt: skip
"""A thing that each page of one thing is looked at with."""
NAMED = {"policy": 1, "schedule_version": 2, "way_out": "resend", "queue_box": "out"}
NOT_HERE = {"queue_message"}
"""A message needs somebody who handles its kind: tests/office/test_queue.py opens its page, without a browser."""


@pytest.fixture
def house() -> Seeder:
    """A house where everything happened once: something in every list, a clock that runs, long words."""
    seeder, now, by = Seeder(), timezone.now(), Actor.operations("test")
    seeder.sow()
    with scope(ALL):
        practice = practice_of(seeder.user)
        by_letter(Right.ERASURE, now=now - timedelta(days=60), contact={"name": LONG, "email": LONG, "language": "fr"})
        by_letter(Right.ACCESS, now=now, practice_id=practice.pk)
    add_duty(kind="audit", title=f"Audit {LONG}", every_months=12, first_due_on=now.date(), by=by, now=now)
    cut(user=make_practitioner(LONG), lost=["all"], said="owner", by=by, now=now)
    propose(text=text_of(PC_41=medical(15)), by=by, now=now)
    with scope(ALL):
        entered(PatientFile.objects.earliest("pk"), seeder.user)
    one = breaches_known()[0]
    breaches.add_scope(
        breach_id=one.id, since=now - timedelta(days=1), until=now, actor_id=seeder.user.pk, by=by, now=now
    )
    return seeder


def office_pages() -> list[str]:
    """Every page of the office by its address, those of one thing with a thing that is there: one that is added is looked at."""
    with scope(ALL):
        things = {name: find().id for name, find in THINGS.items()}
    plain = [reverse(f"admin:{name}") for name in own_names() - NO_PAGES]
    windows = [reverse(f"admin:audit_{name}_changelist") for name in ("accessentry", "evententry", "seal")]
    one = [reverse(f"admin:{name}", args=[which]) for name, which in {**things, **NAMED}.items()]
    filtered = [f"{reverse('admin:desk')}?stands=overdue", f"{reverse('admin:supervision')}?journal=access"]
    return sorted([reverse("admin:index"), *plain, *windows, *one, *filtered])


def own_names(*, of_one: bool = False) -> set[str]:
    """The lists and forms that the office adds to Django's admin; ``of_one``: its pages of one thing, which take an argument."""
    every, djangos = admin.site.get_urls(), super(OfficeSite, admin.site).get_urls()
    return _names(every, of_one) - _names(djangos, of_one)


def _names(patterns: Iterable[object], of_one: bool) -> set[str]:
    named = (one for one in patterns if isinstance(one, URLPattern) and bool(one.pattern.converters) is of_one)
    return {one.name for one in named if one.name}


@dataclass
class Shelf:
    """Pages fetched before the browser asks: its requests never reach Django, and what it loads is there at once."""

    client: Client
    kept: dict[str, HttpResponseBase] = field(default_factory=dict)

    def answer(self, route: Route) -> None:
        """Give the browser a page or a static file."""
        url = urlsplit(route.request.url)
        if url.path.startswith(settings.STATIC_URL):
            found = finders.find(url.path.removeprefix(settings.STATIC_URL))
            route.fulfill(path=found) if found else route.abort()
            return
        page = self.kept[f"{url.path}?{url.query}" if url.query else url.path]
        route.fulfill(status=page.status_code, headers=dict(page.items()), body=page.content)


def faults(browser: Browser, client: Client, language: str, paths: list[str]) -> list[str]:
    """What is wrong with each page, wide and on a phone. axe-core looks at each width, in one language each."""
    shelf = Shelf(client, {path: client.get(path) for path in paths})
    seen = Visit(browser.new_context(locale=language).new_page())
    seen.page.route("**/*", shelf.answer)
    seen.page.on("console", lambda said: seen.complaints.append(said.text) if said.type == "error" else None)
    found = [f"{path}: {page.status_code}" for path, page in shelf.kept.items() if page.status_code != 200]
    for path in paths:
        seen.page.goto(HOST + path, wait_until="load")
        for width in WIDTHS:
            seen.page.set_viewport_size({"width": width, "height": 900})
            found += [f"{path} at {width} scrolls sideways"] if seen.sideways > 0 else []
            found += [f"{path} at {width}: small {line}" for line in seen.small_targets]
            found += [f"{path} at {width}: {line}" for line in (seen.findings if width == LOOKED[language] else [])]
    seen.page.context.close()
    return found + seen.complaints


def in_each_language(browser: Browser, user: User, pages: list[str]) -> dict[str, list[str]]:
    """What is wrong in which language, one house for all of them: to fill it takes longer than to look at many pages."""
    found = {language: faults(browser, at_work(user, language), language, pages) for language in LANGUAGES}
    return {language: lines for language, lines in found.items() if lines}


def test_office_is_clean_on_every_page(browser: Browser, house: Seeder) -> None:
    assert in_each_language(browser, make_staff("dpo@example.org"), office_pages()) == {}


def at_work(user: User, language: str) -> WebClient:
    """Somebody signed in with a fresh factor, reading in a language."""
    User.objects.filter(pk=user.pk).update(language=language)
    user.refresh_from_db()
    client = verified_client(user)
    prove(client, user)
    return client


def test_other_pages_are_clean(browser: Browser, house: Seeder) -> None:
    """A practitioner's restriction, team and requests; a patient's home and privacy; what anybody finds."""
    with scope(ALL):
        file = PatientFile.objects.order_by("created_at").first()
        helped = Suggestion.objects.first()
    names = (
        "records:today", "records:patients", "records:restricted", "records:emergency", "care:team",
        "gdpr:overview", "gdpr:requests", "gdpr:request_new", "gdpr:register", "gdpr:contact", "patient:home",
        "patient_privacy:overview", "patient_privacy:requests", "patient_privacy:request_new", "consents:cookies",
        "consents:policy", "care:recipients",
    )  # fmt: skip
    one = [
        reverse("records:restriction", args=[file.pk]), *(reverse("gdpr:integration", args=[key]) for key in ("google", "scell", "resend")),
        reverse("records:consultation", args=[helped.file_id, helped.consultation_id]),
        reverse("consents:unsubscribe", args=[token_of(house.user.pk)]),
    ]  # fmt: skip
    pages = [*map(reverse, names), *one]
    assert in_each_language(browser, house.user, pages) == {}


def test_every_page_stands_in_the_navigation() -> None:
    """What the office adds is found: in the rail and on the start page, or below an entry of it."""
    known = {name for group in GROUPS for page in group.pages for name in (page.name, *page.below)}
    assert own_names() - known == NO_PAGES & own_names()


def test_every_page_of_one_thing_is_looked_at() -> None:
    """Read off the address map: one that is added needs its thing here, or stands among those that are no pages."""
    assert own_names(of_one=True) - NO_PAGES == {*THINGS, *NAMED, *NOT_HERE}
    assert NO_PAGES - own_names() - own_names(of_one=True) == set()
