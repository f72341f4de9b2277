"""Why an export can't be asked for, or taken along."""

from typing import Final
from uuid import UUID

from django.utils.translation import gettext as _

from audit.models import AccessEntry
from gdpr_requests.models.exports import Export, ExportState
from records.restriction.queries import live

MOST: Final = 3
"""Archives that may lie ready at once: more only fill the storage."""


class Refused(Exception):
    """Says in words why not, and what to do."""


def why_not_another(user_id: UUID) -> str:
    """What stands against one more, or nothing."""
    if Export.objects.filter(account_id=user_id, state=ExportState.READY, request_id=None).count() < MOST:
        return ""
    return _("%(most)d archives are ready already. Download one of them, or delete one and ask again.") % {"most": MOST}


def why_not_take(export: Export, practice_id: UUID | None) -> str:
    """What stands against taking a practice's archive along, or nothing: a file in it was restricted since (PC-63).

    Which files were packed, the access journal says; a file restricted while the archive was made may be in it. The copy
    that a patient asked for is theirs, restricted or not. Call inside the practice's scope.
    """
    if practice_id is None or export.request_id:
        return ""
    shut = list(live().filter(practice_id=practice_id).values_list("file_id", flat=True).distinct())
    packed = AccessEntry.objects.filter(subject_id__in=shut, action="export", at__gte=export.asked_at)
    if not shut or not packed.filter(actor_id=export.account_id).exists():
        return ""
    return _(
        "The processing of a patient's file was restricted after this archive was asked for, and its content may be in it."
        " Delete the archive and ask for a new one, which leaves that file closed."
    )
