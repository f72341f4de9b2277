"""Consents that stand in an account's ledger beside the eight keys, asked for where they are needed and nowhere else. Pure."""

from typing import Final

from privacy.consent_keys import ConsentKey, Default, Kind
from privacy.purposes import LegalBasis, Purpose
from privacy.wording import gettext_noop as _

POST_MORTEM: Final = "post_mortem_directives"

_KEYS = (
    ConsentKey(
        POST_MORTEM,
        Kind.CONSENT,
        _("Directives for after my death"),
        _("Keeping and carrying out specific directives for after death"),
        Purpose.LEGAL,
        LegalBasis.CONSENT,
        Default.OFF,
        _("What you chose is kept sealed, and people carry it out when your death is established."),
        _("Your directives are destroyed at once; after your death the law alone decides."),
    ),
)

OWN_KEYS: Final[dict[str, ConsentKey]] = {key.key: key for key in _KEYS}
"""Each has a page of its own: the page of what it is about is its switch (LIL art. 85)."""
