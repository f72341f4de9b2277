"""Each promise of the erasures is kept by a real one, and seen to be broken when somebody breaks it by hand."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from accounts.models import PractitionerProfile, User
from care.models import Membership
from care.tenancy import ALL, scope
from lifecycle.erasure import answers, closing, promises
from lifecycle.erasure.approving import approve
from lifecycle.erasure.deciding import decide_account
from lifecycle.erasure.execute import execute_account
from lifecycle.erasure.plan import plan_for_account
from lifecycle.models import ClosedAccount, ErasureCertificate
from lifecycle.residue import recording
from praticonnect.database import as_owner
from privacy.promises import Measure
from records.models import PatientFile
from tests.accounts.factories import PROFILE, make_practitioner
from tests.lifecycle.erasure_world import BY, OPENED, old_file, young_file
from vault.models import FileKey

pytestmark = pytest.mark.django_db(databases=["default", "keys"], transaction=True)
CHECKS = [
    promises.deletions_are_final,
    promises.identities_go_after_three_years,
    promises.identities_stay_three_years_sealed,
    promises.patient_files_of_erased_accounts_went,
    promises.erasures_follow_an_approved_plan,
    promises.erasures_end_with_a_genuine_certificate,
]
SOON = OPENED + timedelta(days=2)


@pytest.fixture
def erased(monkeypatch: pytest.MonkeyPatch) -> User:
    """An account that was erased with a file past its term and one in it."""
    monkeypatch.setattr(recording, "scan", lambda words: [])
    user = make_practitioner(now=OPENED)
    old_file(user)
    young_file(user)
    sha = plan_for_account(user.pk, OPENED).sha256
    approve("account", user.pk, sha, by=BY, now=OPENED)
    execute_account(user.pk, sha, by=BY, now=OPENED)
    return user


def test_promises_are_kept_after_a_real_erasure(erased: User) -> None:
    found = {check.__name__: check(SOON) for check in CHECKS}
    assert {name: dict(one.figures) for name, one in found.items() if not one.kept} == {}
    figures: dict[str, object] = {}
    for one in found.values():
        figures |= one.figures
    expected = {"erased_accounts": 1, "identities_archived": 1, "files_destroyed": 1, "files_archived": 1}
    assert {name: figures[name] for name in expected} == expected
    assert figures["certificates"] == figures["erasures"] == 1


def by_hand(sql: str, *values: Any, alias: str = "default") -> None:
    """What somebody with the owner's rights could do."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("select set_config('praticonnect.scope', 'all', false)")
        cursor.execute(sql, values)


def give_name_back(user: User) -> None:
    User.objects.filter(pk=user.pk).update(email="back@example.org")


def leave_a_profile(user: User) -> None:
    PractitionerProfile.objects.create(user=user, **PROFILE)


def strike_the_end(user: User) -> None:
    made = ErasureCertificate.objects.get()
    document = json.loads(made.content)
    next(part for part in document["parts"] if part["outcome"] == "kept")["until"] = None
    ErasureCertificate.objects.update(content=json.dumps(document))


def forget_the_sweep(user: User) -> None:
    ClosedAccount.objects.update(keep_until=OPENED.date())


def keep_longer(user: User) -> None:
    row = ClosedAccount.objects.get()
    ClosedAccount.objects.update(keep_until=row.keep_until + timedelta(days=1))


def lose_the_key(user: User) -> None:
    FileKey.objects.filter(file_id=ClosedAccount.objects.get().pk).update(wrapped=b"", destroyed_at=OPENED)


def take_identity_to_daily_use(user: User) -> None:
    FileKey.objects.filter(file_id=ClosedAccount.objects.get().pk).update(ring="active")


def leave_the_words(user: User) -> None:
    by_hand("update lifecycle_closedaccount set sought = identity")


def take_file_to_daily_use(user: User) -> None:
    with scope(ALL):
        PatientFile.objects.update(archived_at=None)


def break_the_statement(user: User) -> None:
    made = ErasureCertificate.objects.get()
    ErasureCertificate.objects.update(content=made.content.replace("PC-40", "PC-41", 1))


def break_the_document(user: User) -> None:
    pdf = bytes(ErasureCertificate.objects.get().pdf)
    ErasureCertificate.objects.update(pdf=pdf.replace(b"DejaVu", b"DejaVv", 1))


def lose_the_certificate(user: User) -> None:
    ErasureCertificate.objects.all().delete()


@pytest.mark.parametrize(
    ("broken", "check", "figure"),
    [
        (give_name_back, promises.deletions_are_final, "erased_accounts_with_a_name"),
        (leave_a_profile, promises.deletions_are_final, "own_rows_left"),
        (strike_the_end, promises.deletions_are_final, "exceptions_without_ground_or_end"),
        (forget_the_sweep, promises.identities_go_after_three_years, "past_their_end"),
        (keep_longer, promises.identities_go_after_three_years, "kept_longer_than_three_years"),
        (lose_the_key, promises.identities_stay_three_years_sealed, "without_a_key"),
        (take_identity_to_daily_use, promises.identities_stay_three_years_sealed, "in_daily_use"),
        (leave_the_words, promises.identities_stay_three_years_sealed, "searched_words_left"),
        (take_file_to_daily_use, promises.patient_files_of_erased_accounts_went, "files_in_daily_use"),
        (break_the_statement, promises.erasures_end_with_a_genuine_certificate, "statements_not_genuine"),
        (break_the_document, promises.erasures_end_with_a_genuine_certificate, "documents_not_genuine"),
        (lose_the_certificate, promises.erasures_end_with_a_genuine_certificate, "verified_without_a_certificate"),
    ],
)
def test_promise_breaks_by_hand(
    erased: User, broken: Callable[[User], None], check: Callable[[datetime], Measure], figure: str
) -> None:
    assert check(SOON).kept
    broken(erased)
    found = check(SOON)
    assert not found.kept
    assert isinstance(found.figures[figure], int)
    assert found.figures[figure] != 0


def test_pc_50_breaks_when_an_erasure_is_left_half_done() -> None:
    user = make_practitioner(now=OPENED)
    decide_account(user.pk, approved=plan_for_account(user.pk, OPENED).sha256, by=BY, now=OPENED)
    assert promises.patient_files_of_erased_accounts_went(OPENED).kept
    found = promises.patient_files_of_erased_accounts_went(SOON)
    assert (found.kept, found.figures["erasures_left_half_done"]) == (False, 1)


def test_pc_62_breaks_when_a_table_has_no_answer(erased: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(answers.GIVEN, "sessions.Session")
    with pytest.raises(answers.Unanswered):
        promises.erasures_follow_an_approved_plan(SOON)


def test_pc_62_breaks_when_more_was_destroyed_than_approved(erased: User) -> None:
    for guard in ("audit_keep", "audit_refuse"):
        by_hand(f"alter table lifecycle_erasure disable trigger {guard}")
    by_hand(
        """update lifecycle_erasure set figures = jsonb_set(figures, '{plan,files}', '[]') where state = 'approved'"""
    )
    for guard in ("audit_keep", "audit_refuse"):
        by_hand(f"alter table lifecycle_erasure enable always trigger {guard}")
    found = promises.erasures_follow_an_approved_plan(SOON)
    assert (found.kept, found.figures["files_beyond_the_approved_plan"]) == (False, 1)


def test_identity_ends_with_its_memberships_and_only_then(erased: User) -> None:
    last = closing.sweep(by=BY, now=OPENED + timedelta(days=3 * 365), dry_run=False)["PC-40"]
    assert (last.due, Membership.objects.filter(user=erased).count()) == (0, 1)
    over = OPENED + timedelta(days=3 * 365 + 2)
    assert closing.sweep(by=BY, now=over, dry_run=True)["PC-40"].due == 1
    assert closing.sweep(by=BY, now=over, dry_run=False)["PC-40"].done == 1
    assert closing.sweep(by=BY, now=over, dry_run=False)["PC-40"].done == 0
    assert promises.identities_go_after_three_years(over).kept
