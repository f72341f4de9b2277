"""What a patient files: each request goes to whoever answers for the data it is about."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from audit.actors import Actor
from audit.models import AccessEntry
from gdpr_requests import wording
from gdpr_requests.desk.filing import file_request
from gdpr_requests.models import Channel, Request
from gdpr_requests.portal.queries import Watched
from privacy.days import written
from privacy.deadlines import Right
from records.portal.frame import actor_by


def ask(*, of: Watched | None, by: Actor, now: datetime, **asked: Any) -> Request:
    """File a request with the practice whose file ``of`` is, or with the house for the account.

    ``asked`` is what :func:`gdpr_requests.actions.file_request` takes. Raises :class:`privacy.refusals.Refused`.
    """
    to: dict[str, Any] = {"practice_id": of.link.practice_id, "file_id": of.file.pk} if of else {}
    author = actor_by(of.link, by) if of else by
    return file_request(channel=Channel.PORTAL, account_id=by.account_id, by=author, now=now, **to, **asked)


def question(*, entry: AccessEntry, of: Watched | None, text: str, by: Actor, now: datetime) -> Request:
    """ "I don't recognise this access": ask who it was and why, of the practice or of the house (PC-70)."""
    words = "\n\n".join(part for part in (line_in_words(entry), text.strip()) if part)
    return ask(of=of, right=Right.QUESTIONED_ACCESS, entry_number=entry.pk, text=words, by=by, now=now)


def line_in_words(entry: AccessEntry) -> str:
    """Which line is meant, by its number, moment and kind; never what was read."""
    return _("Line %(number)d of the access journal: %(when)s, %(who)s, %(what)s.") % {
        "number": entry.pk,
        "when": written(timezone.localtime(entry.at), "DATETIME_FORMAT"),
        "who": wording.role_in_words(entry.actor_role),
        "what": wording.what(entry),
    }
