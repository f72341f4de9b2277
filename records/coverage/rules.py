"""When a payer may be asked, in words for the practitioner."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from adapters import gates
from care.models import Capacity
from care.queries import links_to
from privacy.clocks import legal_day
from privacy.payers import Payer, payers_at
from privacy.refusals import Refusal
from records.models import CoverageCheck, PatientFile
from records.queries import is_left_alone

PATIENCE: Final = timedelta(minutes=10)
"""After this a question whose worker was lost counts as not answered, and may be asked again."""


def payer_on(now: datetime) -> Payer | None:
    """Who is asked: the payer that is listed today; None while there is none."""
    return next(iter(payers_at(legal_day(now), made_up=gates.stand_ins_play())), None)


def member_of(file_id: UUID, now: datetime) -> UUID | None:
    """The account of the patient themselves, who gave the number; a guardian's own number is another person's."""
    return links_to(file_id, now).filter(capacity=Capacity.SELF).values_list("account_id", flat=True).first()


def why_not_ask(file: PatientFile, now: datetime) -> Refusal | None:
    """Why the payer isn't asked now. Inside the practice's scope."""
    of = payer_on(now)
    if of is None:
        return Refusal(
            "no_payer", _("No payer answers our questions yet. Ask the patient for their proof of cover instead.")
        )
    if is_left_alone(file.pk, now):
        return Refusal("left_alone", _("This file is archived or restricted, so nobody is asked about it."))
    if member_of(file.pk, now) is None:
        return Refusal(
            "no_account",
            _("The patient has no account here, and the number to ask with is given there. Invite them to the portal."),
        )
    if gates.by_register(of.key, now) or gates.by_setting(of.key) or gates.by_office(of.key):
        return Refusal("closed", _("The way to the payer is closed at the moment. Ask again later."))
    if CoverageCheck.objects.filter(file=file, outcome="", asked_at__gt=now - PATIENCE).exists():
        return Refusal("asked_already", _("The payer is being asked. Reload this page in a moment."))
    return None
