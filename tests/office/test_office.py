"""The DPO's office: behind a factor they hold, with each promise measured and the evidence verified."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.conf import settings
from django.contrib import admin
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_otp import DEVICE_ID_SESSION_KEY
from pypdfium2 import PdfDocument

from accounts.models import DeliveredCodeDevice
from audit.actions import record_event
from audit.actors import Actor
from audit.models import EventEntry
from audit.sealing import seal_all
from lifecycle.breaches.actions import open_breach
from lifecycle.models import SweepRun
from praticonnect.database import as_owner
from praticonnect.office import OURS
from privacy.deadlines import Right
from privacy.promise_rows import ROWS
from tests.accounts.factories import email_device, make_practitioner, make_staff, verified_client
from tests.gdpr_requests.factories import by_letter

pytestmark = pytest.mark.django_db(databases="__all__")


def test_promises_page_lists_every_promise() -> None:
    """One row a promise, each measured while the page is made."""
    page = verified_client(make_staff()).get(reverse("admin:promises"))
    assert [result.row.id for result in page.context["results"]] == list(ROWS)


def test_office_refuses_a_delivered_code() -> None:
    """PC-81: staff whose session was verified by an e-mailed code stay outside."""
    staff = make_staff()
    client = verified_client(staff)
    device: DeliveredCodeDevice = email_device(staff)
    session = client.session
    session[DEVICE_ID_SESSION_KEY] = device.persistent_id
    session.save()
    assert client.get(reverse("admin:promises")).status_code == 404


@pytest.mark.parametrize("client", [Client, lambda: verified_client(make_practitioner())])
def test_office_is_closed_to_everybody_else(client: type[Client]) -> None:
    """Not signed in: to the sign-in page. A practitioner: no such page."""
    assert client().get(reverse("admin:promises")).status_code in (302, 404)


def test_ledger_page_names_a_changed_row() -> None:
    """NEW-02: what a superuser changed by force is on the page."""
    now = timezone.now()
    record_event(by=Actor.system("test"), verb="records.file.changed", object_type="test", object_id="1", now=now)
    entry = EventEntry.objects.get(verb="records.file.changed")
    seal_all(now)
    client = verified_client(make_staff())
    clean = client.get(reverse("admin:ledger")).context["report"].findings
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("alter table audit_evententry disable trigger user")
        cursor.execute("update audit_evententry set verb = 'test.undone' where seq = %s", [entry.pk])
    found = client.get(reverse("admin:ledger")).context["report"].findings
    changed = [one.number for one in found if one.kind == "changed"]
    assert (clean, changed, {one.kind for one in found}) == ([], [entry.pk], {"changed", "unguarded"})


def test_office_has_no_window_that_writes() -> None:
    """Evidence and accounts are looked at here, never edited: no table of a library, no add, change or delete."""
    request = RequestFactory().get("/")
    request.user = make_staff()
    request.user.is_superuser = True
    may = {
        f"{model._meta.label} {verb}"
        for model, window in admin.site._registry.items()
        for verb in ("add", "change", "delete")
        if getattr(window, f"has_{verb}_permission")(request)
    }
    assert (may, {model._meta.app_label for model in admin.site._registry} - OURS) == (set(), set())


def test_start_page_counts_what_is_late_first() -> None:
    """A request past its day, a running breach: both lead, and each figure stays one query however many there are."""
    now, by = timezone.now(), Actor.operations("test")
    client, counted = verified_client(make_staff()), []
    for _more in range(2):
        by_letter(Right.ERASURE, now=now - timedelta(days=60))
        open_breach(nature="A laptop was stolen.", aware_at=now - timedelta(hours=26), by=by, now=now)
        client.get(reverse("admin:index"))
        with CaptureQueriesContext(connection) as captured:
            page = client.get(reverse("admin:index"))
        counted.append(len(captured))
    first, calm = page.context["due"][0], page.context["calm"]
    assert (first.number, first.tone, first.url, calm) == (2, "danger", "/admin/requests/?stands=overdue", False)
    assert ([(one.hours, one.late) for one in page.context["running"]], counted[0]) == ([(45, False)] * 2, counted[1])


def test_start_page_of_a_calm_house_says_so() -> None:
    """Nothing overdue, the sweeps on time: one word of calm, and no figure that shouts."""
    now = timezone.now()
    SweepRun.objects.create(
        run=uuid4(), rule="PC-34", started_at=now, finished_at=now, state="done", due=0, done=0, held=0, failed=0
    )
    page = verified_client(make_staff()).get(reverse("admin:index"))
    assert (page.context["calm"], {one.tone for one in page.context["due"]}) == (True, {""})
    assert "Nothing waits for you today." in page.content.decode()


def test_register_is_a_document_that_names_nobody() -> None:
    """MD-33, PC-01: the register as PDF carries the controller and the DPO, and no name of who asked."""
    by_letter(now=timezone.now())
    answer = verified_client(make_staff()).get(reverse("admin:request_register_pdf"))
    words = " ".join(page.get_textpage().get_text_range() for page in PdfDocument(answer.content))
    found = [
        word in words for word in (settings.CONTROLLER["name"], settings.CONTROLLER["dpo_email"], "2026-00001", "Ada")
    ]
    assert (answer["Content-Type"], found) == ("application/pdf", [True, True, True, False])
