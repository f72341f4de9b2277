"""An account whose wait is over, and whether one whole execution is what became of it."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from accounts.models import User
from audit.actors import Actor
from care.tenancy import ALL, scope
from lifecycle.deletion.actions import request_deletion, waive_wait
from lifecycle.deletion.rules import Kind
from lifecycle.erasure.plan import plan_for_account
from lifecycle.models import ClosedAccount, DeletionEvent, Erasure, ErasureCertificate
from privacy.ids import new_id
from records.models import PatientFile
from tests.accounts.factories import make_practitioner
from tests.records.factories import make_consultation, make_document, make_file
from vault.models import FileKey


@dataclass(frozen=True)
class Leaver:
    """An account that is to go, and its patient's file, which the law keeps in the archive."""

    account_id: UUID
    file_id: UUID


def make_leaver(now: datetime) -> Leaver:
    """A practitioner with a patient, who asked for the deletion and gave up the wait."""
    before = now - timedelta(hours=1)
    user = make_practitioner(f"{new_id().hex}@example.org", now=before)
    file = make_file(user, now=before)
    make_consultation(file, user, at=before, signed=True)
    make_document(file, user)
    by = Actor(account_id=user.pk, role="practitioner")
    request_deletion(user=user, plan_sha256=plan_for_account(user.pk, now).sha256, by=by, now=now)
    waive_wait(user=user, by=by, now=now)
    return Leaver(user.pk, file.pk)


def wrong_about(leaver: Leaver) -> list[str]:
    """What isn't as one whole execution leaves it."""
    decided = Erasure.objects.filter(subject_id=leaver.account_id, state=Erasure.State.DECIDED)
    erasures = list(decided.values_list("erasure_id", flat=True))
    steps = Counter(Erasure.objects.filter(erasure_id__in=erasures).values_list("state", flat=True))
    user = User.objects.get(pk=leaver.account_id)
    expected = {"erasures": 1, "executed": 1, "certificates": 1, "closed": 1, "nameless": 1, "archived": 1, "file": 1}
    expected |= {f"step {state}": 1 for state in ("decided", "done", "verified", "certified")}
    with scope(ALL):
        found = {
            "erasures": len(erasures),
            "executed": DeletionEvent.objects.filter(account_id=leaver.account_id, kind=Kind.EXECUTED).count(),
            "certificates": ErasureCertificate.objects.filter(erasure_id__in=erasures).count(),
            "closed": ClosedAccount.objects.filter(account_id=leaver.account_id).count(),
            "nameless": int(user.email.startswith("closed-") and not user.is_active),
            "archived": FileKey.objects.filter(file_id=leaver.file_id, ring="archive", destroyed_at=None).count(),
            "file": PatientFile.objects.filter(pk=leaver.file_id).count(),
        }
    found |= {f"step {state}": number for state, number in steps.items()}
    return [f"account {leaver.account_id}: {name} {found.get(name, 0)}" for name in expected if found.get(name) != 1]


def bystanders() -> int:
    """How many accounts are open: none but those that asked may go."""
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from accounts_user where is_active")
        return int(cursor.fetchone()[0])
