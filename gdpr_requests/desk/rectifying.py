"""A correction that is granted has been made: in the file, where it is linked, or elsewhere, as the answer says (PC-61)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gdpr_requests.desk.rules import Refusal
from gdpr_requests.models import Outcome, Rectified, Request
from gdpr_requests.models.rectified import What
from privacy.days import written
from privacy.deadlines import Right
from privacy.ids import new_id
from records.corrections import Made, made_since

ELSEWHERE: Final = "elsewhere"
"""What stands for a correction that no history of a file here holds."""


def concerns(request: Request) -> bool:
    """Whether it asks for a correction."""
    return request.right == Right.RECTIFICATION.value


def made_for(request: Request) -> list[Made]:
    """What was corrected in the file that was asked about since the request arrived, as far as the reader's scope reaches."""
    return made_since(request.file_id, request.received_at) if request.file_id and concerns(request) else []


def choices_of(request: Request) -> list[tuple[str, Any]]:
    """What an answer may name as the correction made."""
    made = [
        (str(one.id), f"{written(timezone.localtime(one.at), 'DATETIME_FORMAT')}: {one.words}")
        for one in made_for(request)
    ]
    return [*made, (ELSEWHERE, _("Elsewhere (the account, a paper, another system): the answer says where and what"))]


def why_not(request: Request, outcome: str, corrections: Sequence[str]) -> Refusal | None:
    """Granted, wholly or in part, only with the correction it led to; and only one of that file, made since it was asked."""
    if not concerns(request) or outcome == Outcome.REFUSED:
        return (
            Refusal("no_correction", _("Only a correction that is granted names what was corrected."))
            if corrections
            else None
        )
    if not corrections:
        return Refusal(
            "not_corrected", _("Make the correction first, then choose it here; or say that it was made elsewhere.")
        )
    if unknown := set(corrections) - {str(one.id) for one in made_for(request)} - {ELSEWHERE}:
        return Refusal(
            "other_correction",
            _("%d of these corrections isn't of this file, or is older than the request.") % len(unknown),
        )
    return None


def link(request: Request, corrections: Sequence[str], *, now: datetime) -> None:
    """Write what the granted request led to; in the deciding transaction."""
    Rectified.objects.bulk_create(
        Rectified(
            id=new_id(), request_id=request.pk, linked_at=now, what=What.STATED if one == ELSEWHERE else What.RECORD,
            made_id=None if one == ELSEWHERE else UUID(one),
        )
        for one in dict.fromkeys(corrections)
    )  # fmt: skip
