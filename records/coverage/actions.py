"""Asking a payer, and writing down what came of it."""

from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import QuerySet

from adapters import outbox
from adapters.boxes.refs import GroundRef
from audit.actors import Actor
from privacy.clocks import Jurisdiction, legal_day
from privacy.ids import new_id
from privacy.refusals import require
from records.actions.journal import journal, person
from records.coverage.rules import PATIENCE, payer_on, why_not_ask
from records.models import CoverageCheck, CoverageOutcome, PatientFile

KIND: Final = "payer.ask"


@transaction.atomic
def ask_payer(*, file: PatientFile, by: Actor, now: datetime) -> CoverageCheck:
    """Have the patient's payer asked after the commit. Raises Refused; two clicks at once ask once."""
    locked = PatientFile.objects.select_for_update(of=("self",)).select_related("practice").get(pk=file.pk)
    require(why_not_ask(locked, now))
    close_lost(CoverageCheck.objects.filter(file=locked), now=now)
    of = payer_on(now)
    assert of is not None  # noqa: S101 - the rule said so
    row = CoverageCheck.objects.create(
        id=new_id(), practice_id=locked.practice_id, file=locked, payer=of.key, asked_at=now, asked_by_id=person(by),
        about_on=legal_day(now, Jurisdiction(locked.practice.jurisdiction)),
    )  # fmt: skip
    outbox.enqueue(
        kind=KIND, payload={"check": str(row.pk)}, ground=GroundRef.necessary("coverage_check", file_id=locked.pk), now=now,
        dedupe=str(row.pk),
    )  # fmt: skip
    journal(row, "coverage.asked", file_id=row.file_id, by=by, now=now, payer=of.key)
    return row


def close_lost(rows: QuerySet[CoverageCheck], *, now: datetime) -> int:
    """Say of questions whose worker was lost that nothing is known; how many. Inside their scope and a transaction."""
    lost = rows.select_for_update(of=("self",)).filter(outcome="", asked_at__lte=now - PATIENCE)
    for row in lost:
        answer(row, CoverageOutcome.UNREACHABLE, source="", now=now)
    return len(lost)


def answer(row: CoverageCheck, outcome: CoverageOutcome, *, source: str, now: datetime) -> None:
    """Write down what came of a question; ``source`` is the host that said it. Call with the row locked and waiting."""
    row.outcome, row.source, row.answered_at = outcome, source, max(now, row.asked_at)
    row.save(update_fields=["outcome", "source", "answered_at"])
    journal(row, "coverage.answered", file_id=row.file_id, by=Actor.system(KIND), now=now, outcome=outcome.value)
