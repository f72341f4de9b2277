"""How allauth keeps factors: secrets sealed, no last factor of staff removed, one fixed name for passkeys."""

from base64 import b64decode, b64encode

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts import queries
from accounts.models import User
from vault.system import open_system, seal_system

SEAL_NAME = "accounts.factor"
SEAL_CONTEXT = "mfa_authenticator.data"


class FactorAdapter(DefaultMFAAdapter):
    """Overrides of allauth's MFA adapter."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _(
            "This code is not right. Type the six digits your app shows now; each works once, for 30 seconds."
        ),
        "cannot_delete_authenticator": _(
            "This is the last factor you hold, and your role needs one. Add another one first, then remove this."
        ),
        "unverified_email": _("First confirm your e-mail address; then you can add a factor."),
    }

    def encrypt(self, text: str) -> str:
        """Sealed by the system key: the database holds no usable secret (PC-80)."""
        return b64encode(seal_system(SEAL_NAME, SEAL_CONTEXT, text.encode())).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return open_system(SEAL_NAME, SEAL_CONTEXT, b64decode(encrypted_text)).decode()

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Staff never remove their last held factor (PC-81)."""
        if not authenticator.user.is_staff:
            return True
        return queries.held_factors(authenticator.user).exclude(authenticator=authenticator).exists()

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """The relying party is fixed by settings, not taken from the Host header."""
        return {"id": str(settings.PASSKEY_DOMAIN), "name": settings.PRODUCT_NAME}

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:
        """What a new passkey is called until its owner says otherwise."""
        return _("Passkey %(number)s") % {"number": Authenticator.objects.filter(user=user, type=type).count() + 1}

    def get_totp_issuer(self) -> str:
        return settings.PRODUCT_NAME
