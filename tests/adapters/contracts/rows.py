"""Tasks that work on one row: what queues a row of their own, and whether it was done."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import User
from care.queries import practice_of
from care.tenancy import ALL, scope
from gdpr_requests.export.actions import ask
from gdpr_requests.export.scopes import Scope
from gdpr_requests.models.exports import Export, ExportState
from lifecycle.deletion import actions as deletion
from lifecycle.erasure.plan import plan_for_account
from records.importing import runs, starting
from records.models import ImportRun
from tests.adapters.contracts.kinds import House
from tests.consents.factories import person
from tests.imports.bundles import as_text, bundle


@dataclass(frozen=True, slots=True)
class OneRow:
    """A task for one row. ``still``: it is done after every withdrawal too, for this reason; empty when it isn't."""

    queue: Callable[[House], UUID]
    is_done: Callable[[UUID], bool]
    still: str = ""


def an_import(at: House) -> UUID:
    """Tried and confirmed."""
    practice = practice_of(at.user)
    assert practice is not None
    upload = SimpleUploadedFile("one.json", as_text(bundle()).encode())
    run = starting.begin(practice, [upload], twins=False, by=at.by, now=at.now)
    with scope(ALL):
        run.refresh_from_db()
    assert runs.confirm(run=run, by=at.by, now=at.now)
    return run.pk


def is_imported(run_id: UUID) -> bool:
    with scope(ALL):
        return ImportRun.objects.get(pk=run_id).state == ImportRun.State.DONE


def an_export(at: House) -> UUID:
    """Of everything."""
    return ask(user=at.user, scope=Scope.FULL, by=at.by, now=at.now).pk


def is_built(export_id: UUID) -> bool:
    return Export.objects.get(pk=export_id).state == ExportState.READY


def a_deletion(at: House) -> UUID:
    """Asked for, the wait given up."""
    by, plan = person(at.user.pk), plan_for_account(at.user.pk, at.now).sha256
    deletion.request_deletion(user=at.user, plan_sha256=plan, by=by, now=at.now)
    deletion.waive_wait(user=at.user, by=by, now=at.now)
    return at.user.pk


def is_closed(account_id: UUID) -> bool:
    return not User.objects.get(pk=account_id).is_active


ONE_ROW: Final = {
    "records.process_import": OneRow(an_import, is_imported),
    "gdpr_requests.build_export": OneRow(an_export, is_built, still="a copy of one's data rests on no consent"),
    "lifecycle.execute_deletion": OneRow(a_deletion, is_closed, still="whoever leaves takes consents back, too"),
}
"""By the task's name. None of them sends anything itself."""
