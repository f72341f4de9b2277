"""Sentences of the libraries that our pages show and that we say otherwise: our catalogue wins over theirs.

Nothing imports this module; ``makemessages`` finds them here, as it can't see into the libraries.
"""

from typing import Final

from django.utils.translation import gettext_noop as _

ALLAUTH: Final = (
    _("Email"),
    _("Email address"),
    _("email address"),
    _("email addresses"),
    _("MFA"),
    _("This email address is already associated with this account."),
    _("A user is already registered with this email address."),
    _("Confirmation email sent to %(email)s."),
    _("Your primary email address must be verified."),
)
