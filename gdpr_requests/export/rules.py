"""Why an export can't be asked for."""

from typing import Final
from uuid import UUID

from django.utils.translation import gettext as _

from gdpr_requests.models.exports import Export, ExportState

MOST: Final = 3
"""Archives that may lie ready at once: more only fill the storage."""


class Refused(Exception):
    """Says in words why not, and what to do."""


def why_not_another(user_id: UUID) -> str:
    """What stands against one more, or nothing."""
    if Export.objects.filter(account_id=user_id, state=ExportState.READY, request_id=None).count() < MOST:
        return ""
    return _("%(most)d archives are ready already. Download one of them, or delete one and ask again.") % {"most": MOST}
