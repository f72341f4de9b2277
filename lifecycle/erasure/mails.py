"""The last message to the holder of an account: its certificate."""

import logging

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from adapters.faults import Fault
from adapters.grounds import necessary
from adapters.mail import Letter
from privacy.refusals import Refused

log = logging.getLogger(__name__)


def certificate(to: str, language: str, address: str, content: str, pdf: bytes) -> bool:
    """Statement and document, and where both can be had. False when the mail server refused."""
    values = {
        "address": address, "product": settings.PRODUCT_NAME, "controller": settings.CONTROLLER,
        "site_url": settings.SITE_URL,
    }  # fmt: skip
    with translation.override(language):
        subject = " ".join(render_to_string("lifecycle/email/certificate_subject.txt", values).split())
        body = render_to_string("lifecycle/email/certificate_message.txt", values).strip() + "\n"
    message = Letter(subject, body, to, ground=necessary("legal_notice"))
    message.attach("certificate.json", content, "application/json")
    message.attach("certificate.pdf", pdf, "application/pdf")
    try:
        message.send()
    except (Fault, Refused) as fault:
        log.error("the mail with a certificate could not be sent: %s", type(fault).__name__)
        return False
    return True
