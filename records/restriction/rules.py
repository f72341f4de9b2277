"""Why a file can't be restricted, freed or read: guard, message and test in one (Art. 18)."""

from datetime import datetime
from typing import Final
from uuid import UUID

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from care.models import PortalLink
from consents.patients import MAY_DECIDE
from privacy.clocks import Period, legal_day
from privacy.days import written
from privacy.refusals import Refusal
from records.clock import day_of
from records.models import OpeningGround, PatientFile, Restriction, RestrictionGround, Told
from records.restriction.queries import is_restricted
from records.rules import LONGEST_REASON

NOTICE: Final = Period(days=7)
"""From the day the person is told until the restriction may be lifted: time to object, or to go to a court."""


def why_not_process(file_id: UUID) -> Refusal | None:
    """A restricted file is only stored: nothing is done with it (PC-63)."""
    if is_restricted(file_id):
        return Refusal(
            "restricted", _("The processing of this file is restricted: it is only stored until that is lifted.")
        )
    return None


def not_brought(since: datetime | None) -> str:
    """What an import says of a restricted patient's records; ``since``: as far as it is known."""
    if since is None:
        return gettext(
            "this patient's file is kept closed: nothing of this was brought in. Ask for it to be opened, then import it again"
        )
    return gettext(
        "this patient's file is restricted since %(day)s: nothing of this was brought in. Lift the restriction, then import it again"
    ) % {"day": written(legal_day(since))}


def speaks_for_patient(link: PortalLink) -> bool:
    """Whether the file is the reader's own, or their child's: only they go on reading it (PC-63)."""
    return link.capacity in MAY_DECIDE


def why_not_read_own(link: PortalLink, file_id: UUID, account_id: UUID | None, now: datetime) -> Refusal | None:
    """A restricted file stays readable to the patient and to a child's guardian, by their own live link to it."""
    live = link.since_at <= now and (link.until_at is None or link.until_at > now)
    own = link.account_id == account_id and link.patient_id == file_id
    if live and own and speaks_for_patient(link):
        return None
    return Refusal(
        "not_own", _("The use of this file is restricted: only the patient reads it, or a child's guardian.")
    )


def why_not_restrict(file: PatientFile, ground: str, note: str) -> Refusal | None:
    """A restriction has one of the four grounds of Art. 18(1)."""
    if file.leaving_at:
        return Refusal("leaving", _("The destruction of this file is decided already; there is nothing to restrict."))
    if ground not in RestrictionGround.values:
        return Refusal(
            "no_ground", _("Choose one of the four grounds of Art. 18: accuracy, unlawful, claims, objection.")
        )
    if len(note) > LONGEST_REASON:
        return Refusal("too_long", _("The note may have 2,000 characters. Shorten it."))
    return None


def why_not_tell(row: Restriction, how: str, address: str) -> Refusal | None:
    """The person is told of a restriction that is on, in a way that reaches them."""
    if not row.is_live:
        return Refusal("lifted", _("This restriction was lifted already; nothing was written."))
    if how not in Told.values:
        return Refusal("no_way", _("Say how the patient was told: mail, letter, spoken, wish."))
    if how == Told.MAIL and not address:
        return Refusal("no_address", _("The file holds no e-mail address. Send a letter or call, and say so here."))
    return None


def why_not_lift(row: Restriction, why: str, *, file: PatientFile, now: datetime) -> Refusal | None:
    """The person is told before it is lifted (Art. 18(3)), and has a week to answer unless it is their own wish."""
    if not row.is_live:
        return Refusal("lifted", _("This restriction was lifted already; nothing was written."))
    if row.told_at is None:
        return Refusal("not_told", _("Tell the patient first: the law wants it before a restriction is lifted."))
    first = NOTICE.after(day_of(file, row.told_at))
    if row.told_how != Told.WISH and day_of(file, now) < first:
        message = _("The patient was told, and has a week to answer: lift it from %(day)s on.") % {
            "day": written(first)
        }
        return Refusal("too_soon", message)
    if not why.strip():
        return Refusal("no_reason", _("Say why it is lifted."))
    if len(why) > LONGEST_REASON:
        return Refusal("too_long", _("The reason may have 2,000 characters. Shorten it."))
    return None


def why_not_read(file_id: UUID, ground: str, why: str) -> Refusal | None:
    """A restricted file is read for a ground of Art. 18(2), and with a reason."""
    if not is_restricted(file_id):
        return Refusal("free", _("This file isn't restricted any more: you find it among the patients."))
    if ground not in OpeningGround.values:
        return Refusal("no_ground", _("Choose what you read it for: claims, consent, protection."))
    if not why.strip():
        return Refusal("no_reason", _("Say why you read it: the patient may ask for the reason."))
    if len(why) > LONGEST_REASON:
        return Refusal("too_long", _("The reason may have 2,000 characters. Shorten it."))
    return None
