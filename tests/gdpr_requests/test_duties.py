"""Certificates, audits and training with due days and proofs (PC-82)."""

from datetime import date, datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from audit.actors import Actor
from audit.models import EventEntry
from gdpr_requests.duties import actions
from gdpr_requests.duties.promises import duties_are_in_date_and_proven
from gdpr_requests.duties.queries import standings
from gdpr_requests.models import Duty, DutyDone, DutyKind, DutyProof
from privacy.clocks import legal_day
from privacy.ids import new_id
from privacy.refusals import Refused
from tests.accounts.factories import make_practitioner, make_staff, prove, verified_client
from tests.records.factories import pdf
from tests.together import together

pytestmark = pytest.mark.django_db(databases="__all__")
BY = Actor.operations("test")


@pytest.fixture
def office() -> Client:
    staff = make_staff()
    client = verified_client(staff)
    prove(client, staff)
    return client


def make_duty(now: datetime, due: date, *, every: int | None = 12, kind: str = DutyKind.AUDIT) -> Duty:
    return actions.add_duty(kind=kind, title="Audit", every_months=every, first_due_on=due, by=BY, now=now)


def done(duty: Duty, on: date, now: datetime, proof: bytes | None = None) -> DutyDone:
    return actions.record_done(duty_id=duty.pk, done_on=on, proof=proof or pdf(), by=BY, now=now)


@pytest.mark.parametrize(
    ("every", "on", "again"),
    [
        (12, date(2024, 2, 29), date(2025, 2, 28)),
        (1, date(2026, 1, 31), date(2026, 2, 28)),
        (36, date(2026, 11, 18), date(2029, 11, 18)),
        (None, date(2026, 11, 18), None),
    ],
)
def test_next_due_day_counts_calendar_months_from_the_day_it_was_done(
    now: datetime, every: int | None, on: date, again: date | None
) -> None:
    duty = make_duty(now, on, every=every)
    assert done(duty, on, now).next_due_on == again
    assert [one.due_on for one in standings(legal_day(now))] == [again]


@pytest.mark.parametrize(
    ("due", "overdue", "soon"),
    [
        (date(2026, 11, 17), True, False),
        (date(2026, 11, 18), False, True),
        (date(2026, 12, 18), False, True),
        (date(2026, 12, 19), False, False),
    ],
)
def test_duty_is_overdue_on_the_day_after(now: datetime, due: date, overdue: bool, soon: bool) -> None:
    make_duty(now, due)
    assert [(one.overdue, one.soon) for one in standings(legal_day(now))] == [(overdue, soon)]


def test_wrong_day_is_refused_and_nothing_is_kept(now: datetime) -> None:
    duty = make_duty(now, date(2026, 12, 1))
    done(duty, date(2026, 11, 10), now)
    refused = []
    for on in (date(2026, 11, 19), date(2026, 11, 10), date(2026, 11, 9)):
        with pytest.raises(Refused) as no:
            done(duty, on, now)
        refused.append(no.value.refusal.code)
    actions.end_duty(duty_id=duty.pk, by=BY, now=now)
    with pytest.raises(Refused) as no:
        done(duty, date(2026, 11, 18), now)
    assert [*refused, no.value.refusal.code] == ["future", "twice", "earlier", "ended"]
    assert (DutyDone.objects.count(), DutyProof.objects.count()) == (1, 1)


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_two_clicks_at_once_make_one_entry(now: datetime) -> None:
    duty = make_duty(now, date(2026, 12, 1))
    together(*[lambda: done(duty, date(2026, 11, 10), now)] * 2)
    assert (DutyDone.objects.count(), DutyProof.objects.count()) == (1, 1)


def test_proof_is_sealed_at_rest_and_reading_it_is_an_event(now: datetime) -> None:
    document = pdf()
    entry = done(make_duty(now, date(2026, 12, 1)), date(2026, 11, 10), now, document)
    proof, opened = actions.open_proof(done_id=entry.pk, by=BY, now=now)
    assert (opened == document, proof.content_type, document in bytes(proof.sealed)) == (True, "application/pdf", False)
    assert list(EventEntry.objects.filter(object_type="gdpr_requests.Duty").order_by("pk").values_list("verb", flat=True)) == [
        "gdpr_requests.duty.added", "gdpr_requests.duty.recorded", "gdpr_requests.duty.proof_read",
    ]  # fmt: skip


def post_done(office: Client, duty: Duty, on: str, document: bytes, name: str = "proof.pdf") -> Any:
    said = {"done_on": on, "proof": SimpleUploadedFile(name, document)}
    return office.post(reverse("admin:duty", args=[duty.pk]), said)


def test_office_enters_a_duty_what_was_done_and_its_end(office: Client) -> None:
    today = timezone.localdate()
    said = {"kind": "hosting", "title": "HDS certificate", "first_due_on": today.isoformat(), "every_months": "36"}
    assert office.post(reverse("admin:duties"), said).status_code == 302
    duty = Duty.objects.get()
    assert post_done(office, duty, today.isoformat(), pdf()).status_code == 302
    entry = DutyDone.objects.get()
    taken = office.get(reverse("admin:duty_proof", args=[entry.pk]))
    assert (taken.status_code, taken["Content-Type"], taken.content[:5]) == (200, "application/pdf", b"%PDF-")
    assert office.post(reverse("admin:duty_end", args=[duty.pk])).status_code == 302
    assert [one.due_on for one in office.get(reverse("admin:duties")).context["found"]] == [None]


def test_office_hears_what_is_wrong_beside_the_field(office: Client) -> None:
    today = timezone.localdate()
    duty = make_duty(timezone.now(), today)
    wrong = post_done(office, duty, "2999-01-01", pdf())
    notes = post_done(office, duty, today.isoformat(), b"just words", "proof.pdf")
    empty = office.post(
        reverse("admin:duties"), {"kind": "audit", "title": "", "first_due_on": "soon", "every_months": "0"}
    )
    assert [list(page.context["form"].errors) for page in (wrong, notes, empty)] == [
        ["done_on"], ["proof"], ["title", "first_due_on", "every_months"],
    ]  # fmt: skip
    assert {page.status_code for page in (wrong, notes, empty)} == {422}
    assert DutyDone.objects.count() == 0


@pytest.mark.parametrize("name", ["duty", "duty_end", "duty_proof"])
def test_pages_are_closed_to_practitioners_and_to_unknown_ids(office: Client, name: str) -> None:
    address = reverse(f"admin:{name}", args=[new_id()])
    method = "post" if name == "duty_end" else "get"
    assert getattr(verified_client(make_practitioner()), method)(address).status_code == 404
    assert getattr(office, method)(address).status_code == 404


def test_list_costs_the_same_queries_for_one_and_for_three(office: Client) -> None:
    now, counted = timezone.now(), []
    for more in (1, 2):
        for _ in range(more):
            done(make_duty(now, timezone.localdate()), timezone.localdate(), now)
        with CaptureQueriesContext(connection) as queries:
            office.get(reverse("admin:duties"))
        counted.append(len(queries))
    assert counted[0] == counted[1]


def test_pc_82_turns_false_when_a_duty_is_overdue_and_true_again_when_it_is_done(now: datetime) -> None:
    duty = make_duty(now, date(2026, 11, 17))
    late = duties_are_in_date_and_proven(now)
    assert (late.kept, late.figures["overdue"]) == (False, 1)
    done(duty, date(2026, 11, 18), now)
    assert duties_are_in_date_and_proven(now).kept


@pytest.mark.parametrize(
    "harm", ["update gdpr_requests_dutyproof set sealed = sealed || '\\x00'", "delete from gdpr_requests_dutyproof"]
)
def test_pc_82_turns_false_when_a_proof_is_changed_or_lost(now: datetime, harm: str) -> None:
    done(make_duty(now, date(2026, 11, 18)), date(2026, 11, 18), now)
    assert duties_are_in_date_and_proven(now).kept
    with connection.cursor() as cursor:
        cursor.execute(harm)
    broken = duties_are_in_date_and_proven(now)
    assert (broken.kept, broken.figures["damaged_or_lost_proofs"]) == (False, 1)


def test_pc_82_needs_a_certified_hosting_in_production(now: datetime, settings: Any) -> None:
    settings.PRODUCTION = True
    assert not duties_are_in_date_and_proven(now).kept
    done(make_duty(now, date(2026, 11, 18), kind=DutyKind.HOSTING), date(2026, 11, 18), now)
    assert duties_are_in_date_and_proven(now).kept
