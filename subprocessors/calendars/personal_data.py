"""What a link to a calendar holds, field by field."""

from privacy.declare import Category, Export, Subject, declare, personal, technical
from privacy.purposes import LegalBasis, Purpose
from privacy.wording import gettext_noop as _

declare(
    "subprocessors.CalendarLink",
    subject=Subject.ACCOUNT,
    purpose=Purpose.SERVICE,
    basis=LegalBasis.CONSENT,
    retention="PC-40",
    about=_("Your link to Google Calendar: as long as you allow it, and destroyed when you don't"),
    fields={
        "id": technical("random identifier of the link"),
        "account": personal("account that is linked", Category.REFERENCE),
        "linked_at": personal("since when", Category.CONNECTION),
        "refresh_token": personal("key to the calendar, sealed", Category.CREDENTIAL, export=Export.WITHHELD),
        "access_token": personal("key for an hour, sealed", Category.CREDENTIAL, export=Export.WITHHELD),
        "access_until": technical("until when that one is valid"),
        "calendar_id": personal("the calendar of ours at Google, sealed", Category.REFERENCE),
        "sync_token": technical("where the last look left off, as Google names it"),
        "synced_at": personal("when we looked last", Category.CONNECTION),
        "channel_id": technical("random identifier of the channel by which Google tells us of changes"),
        "channel_token": technical("random word by which its notices are known"),
        "resource_id": technical("Google's name of what the channel watches"),
        "channel_until": technical("until when the channel is valid"),
        "lost_at": personal("when the access was taken back at Google", Category.CONNECTION),
    },
)
declare(
    "subprocessors.BusyTime",
    subject=Subject.ACCOUNT,
    purpose=Purpose.SERVICE,
    basis=LegalBasis.CONSENT,
    retention="PC-40",
    about=_("From when to when you are busy, as it stands in your Google Calendar: without patient or reason"),
    fields={
        "id": technical("random identifier, by which Google knows it too"),
        "account": personal("account that is busy", Category.REFERENCE),
        "starts_at": personal("from when", Category.APPOINTMENT),
        "ends_at": personal("until when", Category.APPOINTMENT),
        "gone_at": personal("when it was given free", Category.APPOINTMENT),
    },
)
