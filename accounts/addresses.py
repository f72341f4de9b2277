"""allauth's e-mail addresses, sealed at rest like ours (PC-80; ADR 0011).

allauth owns ``account_emailaddress`` and its migrations. So its field keeps its name, options and place in its migrations,
and changes its class alone, here and nowhere else: what it writes is sealed, what it reads is opened, and its look-ups,
all of them equalities of lower-case addresses, find what they found. Our migration made the column long enough.
"""

from typing import Any

from allauth.account.models import EmailAddress

from vault.rest_fields import AtRestEmailField


class BorrowedEmailField(AtRestEmailField):
    """allauth's field as its own migrations know it, so that neither they nor ours ever see a change."""

    def deconstruct(self) -> Any:
        """Django's own e-mail field."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.EmailField", args, kwargs


def seal_addresses() -> None:
    """Call once, when all apps are loaded."""
    EmailAddress._meta.get_field("email").__class__ = BorrowedEmailField
