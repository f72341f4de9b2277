"""Where sealed files lie: one target or two, and which folder's new objects go to the second (docs/storage.md lists the variables)."""

from pathlib import Path
from typing import Any, Final

from django.core.exceptions import ImproperlyConfigured

from praticonnect import env

IRELAND: Final = "eu-west-1"
"""The region of AWS that the register of subprocessors has."""


def default_storage(folder: Path, carrier: str) -> dict[str, Any]:
    """Django's settings of the default storage: S3 where a bucket is set, else files in ``folder``. Raises ImproperlyConfigured."""
    placed = _placed()
    if placed and not env.text("AWS_S3_BUCKET"):
        raise ImproperlyConfigured("STORAGE_AT_AWS names folders for a second target: set AWS_S3_BUCKET too")
    if not env.text("S3_BUCKET"):
        if env.text("AWS_S3_BUCKET"):
            raise ImproperlyConfigured("AWS_S3_BUCKET is a second target: set the first one's S3_BUCKET too")
        options = {"location": str(folder), "file_permissions_mode": 0o600}
        return {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": options}
    targets = {carrier: _target("S3_", env.text("S3_REGION", "fr-par"))}
    if env.text("AWS_S3_BUCKET"):
        if carrier == "aws":
            raise ImproperlyConfigured(
                "AWS_S3_BUCKET is a second target, but S3_CARRIER says that the first is AWS too"
            )
        targets["aws"] = _target("AWS_S3_", env.text("AWS_S3_REGION", IRELAND))
    return {"BACKEND": "adapters.storage.Stores", "OPTIONS": {"targets": targets, "first": carrier, "placed": placed}}


def _target(block: str, region: str) -> dict[str, Any]:
    """One bucket and the way to it; nothing is ever overwritten, and no object gets rights of its own."""
    return {
        "bucket_name": env.text(f"{block}BUCKET"),
        "endpoint_url": env.text(f"{block}ENDPOINT_URL") or None,
        "access_key": env.text(f"{block}ACCESS_KEY"),
        "secret_key": env.text(f"{block}SECRET_KEY"),
        "region_name": region,
        "signature_version": "s3v4",
        "addressing_style": "path",
        "default_acl": None,
        "file_overwrite": False,
    }


def _placed() -> dict[str, str]:
    return {name.strip(): "aws" for name in env.text("STORAGE_AT_AWS").split(",") if name.strip()}
