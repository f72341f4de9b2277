"""Recovery codes of our own making: allauth's eight digits are few for what stands in for a factor (PC-81).

Sixteen digits (53 bits) in groups of four, so that a telephone's number keys are enough. allauth keeps them, sealed one by one,
the way it keeps codes taken over from another package; eight-digit codes made before still work until new ones are made.
"""

import re
from typing import Any, Final

from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import encrypt
from django.db.models.signals import pre_save

from accounts.digits import random_digits

DIGITS: Final = 16
_GROUP: Final = re.compile(r"\d{4}(?=\d)")
_BETWEEN: Final = re.compile(r"[\s\-‐‑–.]")


def grouped(digits: str) -> str:
    """0123456789012345 as 0123-4567-8901-2345."""
    return _GROUP.sub(r"\g<0>-", digits)


def as_kept(typed: str) -> str:
    """A code however it was grouped; what is no recovery code loses its spaces only."""
    bare = _BETWEEN.sub("", typed)
    return grouped(bare) if len(bare) == DIGITS else bare


def new_code() -> str:
    """A code nobody can guess."""
    return grouped(random_digits(DIGITS))


def connect() -> None:
    """Have allauth keep our codes whenever it makes some."""
    pre_save.connect(_take_ours, sender=Authenticator, dispatch_uid="accounts.recovery")


def _take_ours(instance: Authenticator, **_extra: Any) -> None:
    if instance.type == Authenticator.Type.RECOVERY_CODES and instance._state.adding and "seed" in instance.data:
        codes = [new_code() for _ in range(app_settings.RECOVERY_CODE_COUNT)]
        instance.data = {"migrated_codes": [encrypt(code) for code in codes]}
