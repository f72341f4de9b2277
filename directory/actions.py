"""Every write of the directory, with its journal line in the same transaction."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import PractitionerProfile, User
from audit.actions import record_event
from audit.actors import Actor
from directory.models import Listing


@transaction.atomic
def give_address(*, subject_id: UUID, child: str = "", on: bool, by: Actor, now: datetime) -> None:
    """A practitioner's first yes to the directory gives their page its address; later ones find it again (PC-23).

    A no leaves the row as it is: the page is gone with the grant, not with the row.
    """
    if not on or not PractitionerProfile.objects.filter(pk=subject_id).exists():
        return
    listing, made = Listing.objects.get_or_create(user_id=subject_id)
    if made:
        _note("directory.address.given", listing, by, now)


@transaction.atomic
def choose_phone(*, user: User, shown: bool, by: Actor, now: datetime) -> bool:
    """Show the telephone number on the page, or no longer. Returns whether that changed anything."""
    listing, _made = Listing.objects.select_for_update().get_or_create(user=user)
    if listing.shows_phone == shown:
        return False
    listing.shows_phone = shown
    listing.save(update_fields=["shows_phone"])
    _note("directory.phone.shown" if shown else "directory.phone.hidden", listing, by, now)
    return True


def _note(verb: str, listing: Listing, by: Actor, now: datetime) -> None:
    record_event(
        by=by,
        verb=verb,
        object_type="directory.Listing",
        object_id=listing.pk,
        subject_id=listing.user_id,
        practice_id=by.practice_id,
        now=now,
    )
