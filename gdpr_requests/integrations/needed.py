"""The services that the contract, the law or a proved number opens: why there is no switch, and what lies there about an account."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.db.models import Count, Max, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.texts import queries as texts
from adapters import bulkgate, gates, resend
from adapters.storage import carrier_of
from consents.marketing.audience import KEY as NEWS
from consents.marketing.models import AudienceMember
from gdpr_requests.desk.identity import FOLDER as IDENTITY
from gdpr_requests.export.actions import FOLDER as EXPORTS
from gdpr_requests.integrations.connected import waiting
from gdpr_requests.models import Export, IdentityDocument
from gdpr_requests.models.exports import ExportState
from privacy.days import written
from records.actions.documents import FOLDER as DOCUMENTS
from records.authority.actions import FOLDER as ORDERS
from records.authority.queries import orders_of
from records.importing.runs import FOLDER as IMPORTS
from records.models import Document, ImportRun
from records.queries import files_of

STORES: Final = ("scaleway", "aws")


@dataclass(frozen=True, slots=True)
class Because:
    """Why there is no switch, in a sentence after the register's own words, and where what it rests on is ended."""

    words: str | Promise
    url: str
    link: str | Promise


_ENDS: Final = gettext_lazy("It ends with your account; what you keep goes as the plan of its deletion says.")
BECAUSE: Final = {
    "resend": Because(
        gettext_lazy("The switch above is for news alone. Mails that the service needs have none: a code, an answer to a request, a notice that the law orders. They end with your account."),
        "lifecycle:deletion", gettext_lazy("What a deletion of your account does"),
    ),
    "bulkgate": Because(
        gettext_lazy("You decide by your number: a text message comes to one that you proved, and nowhere else. Forget the number, and none comes any more."),
        "accounts:texts", gettext_lazy("Your number, and each text that was sent"),
    ),
}  # fmt: skip
_OF_ALL: Final = Because(_ENDS, "lifecycle:deletion", gettext_lazy("What a deletion of your account does"))


def because(key: str) -> Because:
    """Why the service ``key`` has no switch for what it is needed for."""
    return BECAUSE.get(key, _OF_ALL)


def lies_there(key: str, user: User) -> list[str]:
    """What stands at one of these services about an account, in sentences. Counts the practices of the scope it is asked in."""
    if key in STORES:
        return [*_files(key, user), *([_mail_leaves()] if key == settings.MAIL_CARRIER else [])]
    return list(_SAID[key](user)) if key in _SAID else []


def last_stored(user: User) -> dict[str, datetime]:
    """When the newest file of an account was stored, by the service that keeps it. A file's line of the journal names nobody."""
    found: dict[str, datetime] = {}
    for folder, kept in _KEPT.items():
        if carrier := carrier_of(folder):
            rows, moment, _words = kept(user)
            newest = rows.order_by().aggregate(newest=Max(moment))["newest"]
            found |= {carrier: max(newest, found.get(carrier, newest))} if newest else {}
    return found


def _files(key: str, user: User) -> Iterator[str]:
    """The files of each kind whose place it is."""
    kinds = [folder for folder in _KEPT if carrier_of(folder) == key]
    found = [line for folder in kinds if (line := _kept(folder, user))]
    yield from found or [_("No file of yours lies there.")]
    if not kinds:
        yield _("As this platform is set up, no kind of file is kept there.")


def _kept(folder: str, user: User) -> str:
    rows, moment, words = _KEPT[folder](user)
    n, newest = rows.order_by().aggregate(n=Count("pk"), newest=Max(moment)).values()
    return _("%(what)s: %(n)d, the newest of %(day)s.") % {"what": words, "n": n, "day": written(newest)} if n else ""


Kept = tuple[QuerySet[Any], str, str]


def _documents(user: User) -> Kept:
    return Document.objects.filter(file__in=files_of(user)), "added_at", _("Documents in your patients' files")


def _imports(user: User) -> Kept:
    mine = ImportRun.objects.filter(started_by=user).exclude(storage_names=[])
    return mine, "started_at", _("Uploads of imports under way")


def _orders(user: User) -> Kept:
    return orders_of(user).exclude(storage_name=""), "entered_at", _("Papers of authorities' orders about your files")


def _exports(user: User) -> Kept:
    return Export.objects.filter(account=user, state=ExportState.READY), "ready_at", _("Archives of your exports")


def _papers(user: User) -> Kept:
    mine = IdentityDocument.objects.filter(request__account_id=user.pk).exclude(storage_name="")
    return mine, "added_at", _("Identity documents that you sent and nobody checked yet")


_KEPT: Final[dict[str, Callable[[User], Kept]]] = {
    DOCUMENTS: _documents, IMPORTS: _imports, ORDERS: _orders, EXPORTS: _exports, IDENTITY: _papers,
}  # fmt: skip
"""What an account has in each folder of the storage: rows, the column of their moment, words."""


def _texts(user: User) -> Iterator[str]:
    row, last = texts.number_of(user.pk), texts.messages_of(user.pk).first()
    if row is None or row.proved_at is None:
        yield _("No number of yours is proved, so no text message comes to you.")
    else:
        yield _("You proved a number on %(day)s.") % {"day": written(row.proved_at)}
    if last is not None:
        said = {"about": last.get_kind_display(), "day": written(last.sent_at), "state": last.get_state_display()}
        yield _("The last text message was about %(about)s, on %(day)s: %(state)s.") % said


def _mails(user: User) -> Iterator[str]:
    if settings.MAIL_CARRIER == resend.KEY:
        yield _mail_leaves()
    else:
        yield _("As this platform is set up, the mails that the service needs leave by another way.")
    member = AudienceMember.objects.filter(pk=user.pk).first()
    if member is None:
        yield _("Your address isn't in the list of readers of the news.")
    elif member.silent_since:
        yield _("Your address is in the list of readers, but takes no mail of ours: no news is sent.")
    else:
        yield _("Your address is in the list of readers of the news since %(day)s.") % {
            "day": written(member.joined_at)
        }
    if gates.by_setting(resend.KEY):
        yield _("The list of readers isn't set up on this platform: no news is sent to anybody.")
    yield from waiting(NEWS, user.pk)


def _mail_leaves() -> str:
    return _("The mails that the service needs leave through it.")


_SAID: Final[dict[str, Callable[[User], Iterator[str]]]] = {bulkgate.KEY: _texts, resend.KEY: _mails}
