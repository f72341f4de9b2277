"""No decision about a person without a human being: the register, PostgreSQL, the notes and the public page (MD-31)."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import IntegrityError, connection, models, transaction
from django.test import Client
from django.urls import reverse

from audit.actors import Actor
from care.tenancy import ALL, scope
from gdpr_requests import actions
from gdpr_requests.deciding import promises, queries
from gdpr_requests.models import Request
from lifecycle import sweeping
from lifecycle.models import SweepRun
from praticonnect.database import as_owner
from privacy import decisions
from privacy.deadlines import Right
from privacy.refusals import Refused
from records.actions import sign
from records.models import Consultation
from tests.accounts.factories import make_practitioner, make_staff
from tests.care.factories import LONG_AGO
from tests.gdpr_requests.factories import NOW, by_letter, dpo_of
from tests.records.factories import make_consultation, make_file, working

pytestmark = pytest.mark.django_db(databases="__all__")
MACHINE = Actor.system("test")


def broken() -> dict[str, Any]:
    """What the measure finds wrong."""
    found = promises.people_decide_about_people(NOW)
    wrong = {
        name: value
        for name, value in found.figures.items()
        if value and name not in ("decisions", "at_the_command_line")
    }
    assert found.kept == (not wrong)
    return wrong


def without_check(table: str, name: str) -> None:
    """The owner's hand takes a check away."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute(f"alter table {table} disable trigger user")
        cursor.execute(f"alter table {table} drop constraint {name}")


@pytest.fixture
def refused() -> Request:
    """A request that the data protection officer refused."""
    request = by_letter(Right.ERASURE)
    by = dpo_of(make_staff("dpo@example.org"))
    return actions.answer(request_id=request.pk, outcome="refused", ground="identity", text="No.", by=by, now=NOW)


def test_promise_counts_each_kind_of_decision(refused: Request) -> None:
    assert broken() == {}
    assert queries.taken()["request.decided"] == queries.Taken(number=1, command_line=0, nobody=0)


def test_row_decided_by_the_house_itself_is_refused_and_if_forced_breaks_the_promise(refused: Request) -> None:
    without_check("gdpr_requests_request", "request_decided_by_a_person")
    assert broken() == {"not_guarded": ["request.decided"]}
    Request.objects.filter(pk=refused.pk).update(decided_by_id=None, decided_role="system")
    assert broken() == {"not_guarded": ["request.decided"], "decided_by_nobody": ["request.decided"]}


@pytest.mark.parametrize("change", [{"decided_role": "system"}, {"decided_role": "anonymous"}, {"decided_by_id": None}])
def test_postgresql_takes_no_decision_of_nobody(refused: Request, change: dict[str, Any]) -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute("alter table gdpr_requests_request disable trigger user")
    with pytest.raises(IntegrityError, match="request_decided_by_a_person"), transaction.atomic():
        Request.objects.filter(pk=refused.pk).update(**change)


def test_column_of_an_author_that_nobody_answers_for_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    known = decisions._known()
    monkeypatch.setattr(decisions, "_known", lambda: known - {("lifecycle.Hold", "lifted_by")})
    assert decisions.unanswered() == ["lifecycle.Hold.lifted_by"]
    assert broken() == {"not_in_the_register": ["lifecycle.Hold.lifted_by"]}


def test_new_table_with_an_approval_must_be_in_the_register(monkeypatch: pytest.MonkeyPatch) -> None:
    class Verdict(models.Model):
        approved_at = models.DateTimeField()
        judged_by = models.UUIDField()

        class Meta:
            app_label = "gdpr_requests"
            managed = False

    try:
        monkeypatch.setattr(decisions, "_house", lambda: [Verdict])
        assert decisions.unanswered() == ["gdpr_requests.Verdict.approved_at", "gdpr_requests.Verdict.judged_by"]
    finally:
        from django.apps import apps

        del apps.all_models["gdpr_requests"]["verdict"]
        apps.clear_cache()


def test_column_that_is_gone_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    decisions.discover()
    monkeypatch.setitem(decisions._acts, ("lifecycle.Hold", "gone_by"), "it was renamed")
    assert broken() == {"in_the_register_and_gone": ["lifecycle.Hold.gone_by"]}


def test_what_the_clock_does_stands_on_the_page() -> None:
    decisions.discover()
    assert queries.not_said(sweeping.due_now(by=MACHINE, now=NOW)) == []
    SweepRun.objects.create(
        run="018f0000-0000-7000-8000-000000000000", rule="XX-1.judges", started_at=NOW, finished_at=NOW, due=1, done=1,
        held=0, failed=0, state="done",
    )  # fmt: skip
    assert broken() == {"done_by_the_clock_and_not_said": ["XX-1.judges"]}


@pytest.mark.parametrize("by", [MACHINE, Actor(account_id=None, role="anonymous")])
def test_draft_is_signed_by_nobody_but_a_person(by: Actor) -> None:
    practitioner = make_practitioner(now=LONG_AGO)
    row = make_consultation(make_file(practitioner), practitioner)
    with working(practitioner), pytest.raises(Refused) as caught:
        sign(consultation=row, by=by, now=NOW)
    assert caught.value.refusal.code == "no_person"
    with scope(ALL), pytest.raises(IntegrityError, match="signed_by_somebody"), transaction.atomic():
        Consultation.objects.filter(pk=row.pk).update(status="signed", signed_at=datetime(2026, 11, 1, tzinfo=UTC))


def test_machine_that_might_sign_breaks_the_promise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(promises, "why_not_sign", lambda *_a, **_k: None)
    assert broken() == {"a_machine_may_sign": True}


def test_page_says_each_decision_and_each_rule() -> None:
    page = Client().get(reverse("gdpr:decisions"))
    assert page.status_code == 200
    shown = page.content.decode()
    assert [key for key in decisions.DECISIONS if key not in str([one.key for one in page.context["decisions"]])] == []
    assert shown.count('data-label="Taken by"') == len(decisions.DECISIONS)
    assert all(one.source.replace("&", "&amp;") in shown for one in decisions.APPLIED.values())
    assert "only when a practitioner has read it and signs it" in shown
