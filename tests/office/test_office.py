"""The DPO's office: behind a factor they hold, with each promise measured and the evidence verified."""

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone
from django_otp import DEVICE_ID_SESSION_KEY

from accounts.models import DeliveredCodeDevice
from audit.actions import record_event
from audit.actors import Actor
from audit.models import EventEntry
from audit.sealing import seal_all
from praticonnect.database import as_owner
from praticonnect.office import OURS
from privacy.promise_rows import ROWS
from tests.accounts.factories import email_device, make_practitioner, make_staff, verified_client

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
    record_event(by=Actor.system("test"), verb="test.done", object_type="test", object_id="1", now=now)
    entry = EventEntry.objects.get(verb="test.done")
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
