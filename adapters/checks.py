"""``manage.py check``: a mail server or a store that the register doesn't have would get nothing; better known before."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import Error
from django.core.files.storage import storages

from adapters.folders import beyond, folders
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


def check_places(app_configs: Any = None, **_options: Any) -> list[Error]:
    """By the code alone, announced or not: it runs before there is a database. E002: a folder whose new objects would go where the register's last version doesn't have them lie. E003: no such folder."""
    store: Any = storages["default"]
    if not hasattr(store, "stores"):
        return []
    latest = VERSIONS[-1].effective_on
    known = {folder.name: folder for folder in folders()}
    found = [
        Error(f"STORAGE_AT_AWS names {name!r}, which is no folder; there are: {', '.join(known)}", id="adapters.E003")
        for name in sorted(store.placed.keys() - known.keys())
    ]
    for name, folder in known.items():
        target = store.target(f"{name}/")
        if not target.inside and (more := beyond(folder, target.carrier, latest, VERSIONS)):
            found.append(
                Error(
                    f"new objects of {name}/ would go to {target.carrier}, which may not hold {', '.join(sorted(more))} data",
                    hint="Change S3_CARRIER or STORAGE_AT_AWS, or announce a new version of the register.",
                    id="adapters.E002",
                )
            )
    return found
