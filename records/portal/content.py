"""Every write of what the portal shows and takes: shares, the questionnaire and its draft."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import Max

from audit.actors import Actor
from care.models import PortalLink
from privacy.ids import new_id
from privacy.refusals import require
from records.actions.journal import journal, person
from records.models import (
    Consultation,
    ConsultationStatus,
    Document,
    PatientFile,
    Questionnaire,
    QuestionnaireDraft,
    Share,
)
from records.portal.rules import NOT_SIGNED
from records.reading import Part, open_file
from records.restriction.rules import why_not_process
from records.rules import why_not_write


@transaction.atomic
def share(*, file: PatientFile, thing: Document | Consultation, by: Actor, now: datetime) -> Share:
    """Let the portal show a document or a signed consultation of the file. Shared twice is shared once.

    Raises Refused for a draft or a struck consultation, and for a file that leaves.
    """
    locked = PatientFile.objects.select_for_update(of=("self",)).get(pk=file.pk)
    require(why_not_write(locked) or why_not_process(file.pk))
    if isinstance(thing, Consultation):
        require(None if thing.status == ConsultationStatus.SIGNED else NOT_SIGNED)
    named = {"document": thing} if isinstance(thing, Document) else {"consultation": thing}
    row, begun = Share.objects.get_or_create(
        file=locked, withdrawn_at=None, **named,
        defaults={"practice_id": file.practice_id, "shared_at": now, "shared_by_id": person(by)},
    )  # fmt: skip
    if begun:
        journal(row, "share.begun", file_id=file.pk, by=by, now=now, thing=str(thing.pk))
    return row


@transaction.atomic
def withdraw_share(*, share: Share, by: Actor, now: datetime) -> bool:
    """The portal shows it no more, from the next request on; False when it was taken back already."""
    row = Share.objects.select_for_update().get(pk=share.pk)
    if row.withdrawn_at is not None:
        return False
    row.withdrawn_at, row.withdrawn_by_id = now, person(by)
    row.save(update_fields=["withdrawn_at", "withdrawn_by"])
    journal(row, "share.withdrawn", file_id=row.file_id, by=by, now=now)
    return True


@transaction.atomic
def save_answers(*, file: PatientFile, answers: Mapping[str, str], by: Actor, now: datetime) -> None:
    """Keep what was answered so far, for this account; nobody else sees it."""
    handle = open_file(file, Part.QUESTIONNAIRE, by=by, now=now, action="change")
    row, _new = QuestionnaireDraft.objects.select_for_update().get_or_create(
        file=file, account_id=person(by), defaults={"practice_id": file.practice_id, "saved_at": now}
    )
    handle.write(row, answers=dict(answers))
    row.saved_at = now
    row.save(update_fields=["answers", "saved_at"])


@transaction.atomic
def hand_in(
    *, file: PatientFile, link: PortalLink, answers: Mapping[str, str], by: Actor, now: datetime
) -> Questionnaire:
    """A new version of the questionnaire (MD-03); the same answers as the latest change nothing, so two clicks make one."""
    locked = PatientFile.objects.select_for_update(of=("self",)).select_related("practice").get(pk=file.pk)
    require(why_not_write(locked) or why_not_process(file.pk))
    handle = open_file(locked, Part.QUESTIONNAIRE, by=by, now=now, action="change")
    QuestionnaireDraft.objects.filter(file=file, account_id=person(by)).update(answers=None)
    versions = Questionnaire.objects.filter(file=file)
    latest = versions.order_by("-number").first()
    if latest and handle.read(latest, "answers") == dict(answers):
        return latest
    number = (versions.aggregate(last=Max("number"))["last"] or 0) + 1
    row = Questionnaire(
        id=new_id(), practice_id=file.practice_id, file=locked, number=number, handed_in_at=now,
        account_id=person(by), capacity=link.capacity,
    )  # fmt: skip
    handle.write(row, answers=dict(answers))
    row.save(force_insert=True)
    journal(row, "questionnaire.handed_in", file_id=file.pk, by=by, now=now, number=number)
    return row
