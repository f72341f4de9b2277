"""``manage.py check --deploy``: a mail server or a store that the register doesn't have would get nothing; better known before."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import Error

from privacy.subprocessors import VERSIONS


def check_hosts(app_configs: Any = None, **_options: Any) -> list[Error]:
    """E001: a host outside that isn't one of its carrier's in the register (docs/door.md)."""
    store = urlsplit(settings.S3_ENDPOINT).hostname or ""
    asked = [("EMAIL_HOST", settings.MAIL_CARRIER, settings.MAIL_HOST)]
    asked += [("S3_ENDPOINT_URL", settings.STORAGE_CARRIER, store)] if "." in store else []
    return [
        Error(
            f"{name} is {host or 'missing'}, which the register of subprocessors doesn't have for {carrier}: nothing would leave",
            hint="Name one of its hosts, or the carrier it belongs to (EMAIL_CARRIER, S3_CARRIER).",
            id="adapters.E001",
        )
        for name, carrier, host in asked
        if not any(entry and entry.host(host) for entry in (version.entry(carrier) for version in VERSIONS))
    ]
