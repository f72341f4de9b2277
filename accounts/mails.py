"""Every message accounts sends: one function each. Dates come in as values; the footer names controller and DPO (PC-01).

Codes never go through a broker: they are sent in the process that made them, after its transaction. A mail that can't be
sent is logged by kind (never with its address or text); the page offers to send again.
"""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from accounts import queries
from accounts.models import User
from adapters.faults import Fault
from adapters.grounds import necessary
from adapters.mail import Letter, without_health
from privacy.refusals import Refused

log = logging.getLogger(__name__)
ORDERED_BY_LAW: Final = (
    "gdpr/",
    "lifecycle/email/breach",
    "lifecycle/email/policy_change",
    "records/email/restriction_lifting",
    "records/email/order",
)
"""Beginnings of the templates that answer a right, tell of a breach, a change of policy or an authority's order."""


def from_template(prefix: str, to: str, context: Mapping[str, Any], *, language: str) -> bool:
    """Send `<prefix>_subject.txt` and `<prefix>_message.txt` in `language`. False when it couldn't be sent.

    Raises TypeError for values that hold health content.
    """
    without_health(context)
    with translation.override(language):
        values = {
            **context,
            "product": settings.PRODUCT_NAME,
            "controller": settings.CONTROLLER,
            "site_url": settings.SITE_URL,
        }
        subject = " ".join(render_to_string(f"{prefix}_subject.txt", values).split())
        body = render_to_string(f"{prefix}_message.txt", values).strip() + "\n"
    account = queries.account_by_email(to)
    ground = necessary(ground_of(prefix), subject_id=account.pk if account else None)
    try:
        Letter(subject, body, to, ground=ground).send()
    except (Fault, Refused) as fault:
        # Its kind only: what a mail server answers, and with it a traceback, names the address.
        log.error("mail %s could not be sent: %s", prefix, getattr(fault, "why", type(fault).__name__))
        return False
    return True


def ground_of(prefix: str) -> str:
    """The legal basis of a message, by its template (adapters.grounds.NECESSITIES)."""
    if prefix.endswith("login_code"):
        return "login_code"
    return "legal_notice" if prefix.startswith(ORDERED_BY_LAW) else "account_message"


def _to(user: User, name: str, context: Mapping[str, Any]) -> bool:
    return from_template(f"account/email/{name}", user.email, context, language=user.language)


def login_code(*, user: User, code: str, valid_until: datetime | None) -> bool:
    """The six-digit code of one sign-in (MD-50)."""
    return _to(user, "login_code", {"code": code, "valid_until": valid_until})


def wrong_codes(*, user: User) -> bool:
    """Somebody who knows the password types wrong codes."""
    return _to(user, "wrong_codes", {"password_url": settings.SITE_URL + reverse("account_reset_password")})
