"""The ways out: credentials of each adapter, off without them (docs/door.md lists the variables)."""

from base64 import b64encode
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from praticonnect import env

CREDENTIALS: Final[dict[str, tuple[str, ...]]] = {
    "scaleway": ("S3_ACCESS_KEY", "S3_SECRET_KEY"),
    "aws": ("AWS_S3_ACCESS_KEY", "AWS_S3_SECRET_KEY"),
    "viva": ("VIVA_CLIENT_ID", "VIVA_CLIENT_SECRET", "VIVA_MERCHANT_ID", "VIVA_API_KEY"),
    "scell": ("SCELL_API_KEY", "SCELL_WEBHOOK_SECRET"),
    "livekit": ("LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET"),
    "google": ("GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET"),
    "mistral": ("MISTRAL_API_KEY",),
    "assemblyai": ("ASSEMBLYAI_API_KEY", "ASSEMBLYAI_WEBHOOK_SECRET"),
    "bulkgate": ("BULKGATE_APPLICATION_ID", "BULKGATE_APPLICATION_TOKEN", "BULKGATE_REPORT_SECRET"),
    "resend": ("RESEND_API_KEY", "RESEND_WEBHOOK_SECRET"),
    "payer": ("PAYER_TOKEN",),
}
"""What each adapter needs; without all of it, it is off."""


def stand_ins(*, production: bool) -> str:
    """Where the stand-ins of all providers listen, empty for the real ones. Raises ImproperlyConfigured."""
    url = env.text("PRATICONNECT_FAKES")
    if not url:
        return ""
    if production:
        raise ImproperlyConfigured("PRATICONNECT_FAKES is for development: production speaks to the real services")
    parts = urlsplit(url)
    try:
        here = parts.scheme == "http" and bool(parts.port) and ip_address(parts.hostname or "").is_loopback
    except ValueError:
        here = False
    if not here:
        raise ImproperlyConfigured("PRATICONNECT_FAKES must look like http://127.0.0.1:8100")
    return url.rstrip("/")


def adapters(fakes: str) -> dict[str, dict[str, object]]:
    """The block of each adapter: its credentials (made up for stand-ins), and whether a setting switches it off."""
    off = {name.strip() for name in env.text("PRATICONNECT_ADAPTERS_OFF").split(",") if name.strip()}
    if unknown := off - CREDENTIALS.keys():
        raise ImproperlyConfigured(
            f"PRATICONNECT_ADAPTERS_OFF names {sorted(unknown)}: there are {', '.join(CREDENTIALS)}"
        )
    return {
        key: {"credentials": {name: env.text(name) or _made_up(name, fakes) for name in names}, "off": key in off}
        for key, names in CREDENTIALS.items()
    }


MADE_UP: Final = {"LIVEKIT_URL": "https://livekit.praticonnect.com"}
"""What can't be any word: an address stays the register's."""


def _made_up(name: str, fakes: str) -> str:
    """What the stand-ins expect; Svix has its secrets in base64."""
    word = f"stand-in-{name.lower()}"
    word = f"whsec_{b64encode(word.encode()).decode()}" if name == "RESEND_WEBHOOK_SECRET" else word
    return MADE_UP.get(name, word) if fakes else ""


def mail_way(block: Mapping[str, Mapping[str, object]], host: str) -> str:
    """Which way e-mail leaves when nobody says: over SMTP where there is a server, else Resend's interface where it is set up."""
    found = block["resend"]["credentials"]
    complete = isinstance(found, dict) and all(found.values())
    return "resend" if complete and not host else "smtp"
