"""``manage.py erase``: the plan is shown, the approved one executed, and bad input answered with one line (PC-62)."""

import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from accounts.models import User
from lifecycle.models import ClosedAccount, DeletionEvent, Erasure
from lifecycle.queries import phase_at
from lifecycle.residue import recording
from lifecycle.states import Name
from privacy.forecast import simulate
from privacy.ids import new_id
from tests.accounts.factories import make_practitioner
from tests.lifecycle.erasure_world import OPENED, hold, old_file, young_file

pytestmark = pytest.mark.django_db(databases=["default", "keys"], transaction=True)


@pytest.fixture(autouse=True)
def _no_search(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "scan", lambda words: [])


@pytest.fixture
def user() -> User:
    return make_practitioner("camille@example.org", now=OPENED)


def erase(*words: str, **options: Any) -> str:
    """What the command prints, at OPENED."""
    out = io.StringIO()
    with override_settings(TIME_TRAVEL=True):
        call_command("erase", *words, now=OPENED.isoformat(), stdout=out, **options)
    return out.getvalue()


def test_plan_is_shown_and_nothing_is_written(user: User) -> None:
    young_file(user)
    shown = json.loads(erase("plan", "camille@example.org", json=True))
    assert (shown["kind"], shown["subject"], shown["refused"]) == ("account", str(user.pk), None)
    lines = {(one["table"], one["outcome"]): one for one in shown["lines"]}
    assert lines["records.PatientFile", "archived"]["until"] == "2046-11-18"
    assert lines["accounts.PractitionerProfile", "erased"]["ground"] == "GDPR Art. 17"
    assert shown["sha256"] in erase("plan", str(user.pk))
    assert Erasure.objects.count() == 0


def test_execution_is_dry_without_the_address_of_the_plan(user: User) -> None:
    said = erase("execute", "camille@example.org")
    assert "Nothing was erased. To execute exactly this, add --plan" in said
    assert User.objects.get(pk=user.pk).email == "camille@example.org"


def test_execution_of_the_approved_plan_writes_the_certificate(user: User, tmp_path: Path) -> None:
    sha = json.loads(erase("plan", "camille@example.org", json=True))["sha256"]
    done = json.loads(erase("execute", "camille@example.org", plan=sha, out=tmp_path, json=True))
    assert done["plan"] == sha
    assert done["certificate"].startswith("/privacy/certificate/")
    assert json.loads((tmp_path / "certificate.json").read_text())["plan"]["sha256"] == sha
    assert phase_at(user.pk, OPENED).name is Name.CLOSED
    assert DeletionEvent.objects.get(account_id=user.pk, kind="executed").plan_sha256 == sha
    assert (tmp_path / "certificate.pdf").read_bytes().startswith(b"%PDF-1.7")
    status = json.loads(erase("status", str(tmp_path / "certificate.json"), json=True))
    assert status["fully_erased"] is False
    assert "Something kept is still there." in erase("status", str(tmp_path / "certificate.json"))
    assert json.loads(erase("execute", str(user.pk), plan=sha, json=True))["erasure"] == done["erasure"]


def test_file_is_refused_with_its_ground_and_erased_when_due(user: User) -> None:
    young, due, held = young_file(user), old_file(user), old_file(user)
    hold(held)
    assert "This file can't be erased now: Its term isn't over" in erase("plan", str(young.pk))
    for file in (young, held):
        shown = json.loads(erase("plan", str(file.pk), json=True))
        with pytest.raises(CommandError, match=r"law keeps|legal hold"):
            erase("execute", str(file.pk), plan=shown["sha256"])
    sha = json.loads(erase("plan", str(due.pk), json=True))["sha256"]
    assert "Erased as planned." in erase("execute", str(due.pk), plan=sha)


@pytest.mark.parametrize(
    ("words", "options", "said"),
    [
        (("plan", "nobody@example.org"), {}, "There is no account with the address nobody@example.org"),
        (("plan", str(new_id())), {}, "There is no account and no patient file"),
        (("execute", "camille@example.org"), {"plan": "f" * 64}, "The plan has changed since it was approved"),
        (("status", "/nowhere.json"), {}, "/nowhere.json can't be read"),
    ],
)
def test_bad_input_is_answered_in_one_line(
    user: User, words: tuple[str, ...], options: dict[str, str], said: str
) -> None:
    with pytest.raises(CommandError, match=said) as refused:
        erase(*words, **options)
    assert (refused.value.returncode, str(refused.value).count("\n")) == (2, 0)


def test_future_knows_when_identities_leave(user: User) -> None:
    sha = json.loads(erase("plan", "camille@example.org", json=True))["sha256"]
    erase("execute", "camille@example.org", plan=sha)
    assert ClosedAccount.objects.get().keep_until == date(2029, 11, 18)
    leaves = [one for one in simulate(date(2029, 11, 19), OPENED).leaves if one.kind == "lifecycle.ClosedAccount"]
    assert [(one.month, one.rule, one.count) for one in leaves] == [(date(2029, 11, 1), "PC-40", 1)]
    assert not [one for one in simulate(date(2029, 11, 18), OPENED).leaves if one.kind == "lifecycle.ClosedAccount"]
