"""Reads the environment and refuses nonsense: one clear line names the variable and what to do."""

import base64
import os
import secrets
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

Keys = list[tuple[str, bytes]]


def text(name: str, default: str = "") -> str:
    """The variable ``name``, or ``default``."""
    return os.environ.get(name, default)


def flag(name: str, default: bool = False) -> bool:
    """A yes-or-no variable: 1, true, yes, on; 0, false, no, off."""
    raw = os.environ.get(name, "").strip().lower()
    if raw in {"1", "true", "yes", "on"}:
        return True
    if raw in {"0", "false", "no", "off"}:
        return False
    if not raw:
        return default
    raise ImproperlyConfigured(f"{name} is {raw!r}: write 1 or 0")


def whole(name: str, default: int, *, least: int = 0, most: int | None = None) -> int:
    """A whole number from the environment, within its bounds."""
    raw = os.environ.get(name, "")
    if not raw:
        return default
    if not raw.isdigit():
        raise ImproperlyConfigured(f"{name} is {raw!r}: write a whole number")
    if int(raw) < least or (most is not None and int(raw) > most):
        raise ImproperlyConfigured(f"{name} is {raw}: write a whole number from {least} to {most}")
    return int(raw)


def database(name: str, default: str) -> dict[str, object]:
    """Django's settings for a ``postgres://user:password@host:port/name?option=value`` URL."""
    url = os.environ.get(name, default)
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"} or not parts.path.strip("/"):
        raise ImproperlyConfigured(f"{name} must look like postgres://user:password@host/name")
    options = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.strip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", parts.hostname or ""),
        "PORT": str(parts.port or options.pop("port", "")),
        "OPTIONS": options,
    }


def _generated(path: Path) -> str:
    """A secret kept in a file only its owner can read, made at first use (never in production)."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write("k1:" + base64.b64encode(secrets.token_bytes(32)).decode())
    return path.read_text().strip()


def secret(name: str, folder: Path, *, production: bool) -> str:
    """A secret from the environment; outside production made once under ``folder``."""
    value = os.environ.get(name, "").strip()
    if value:
        return value
    if production:
        raise ImproperlyConfigured(f"{name} is missing: production doesn't start without it")
    return _generated(folder / name.lower())


def keys(name: str, folder: Path, *, production: bool) -> Keys:
    """Named 32-byte keys, ``id:base64,id:base64``; the first is the current one."""
    found: Keys = []
    for entry in secret(name, folder, production=production).split(","):
        key_id, _, encoded = entry.strip().partition(":")
        try:
            raw = base64.b64decode(encoded, validate=True)
        except ValueError:
            raw = b""
        if not key_id or len(raw) != 32:
            raise ImproperlyConfigured(f"{name} must hold id:base64 pairs of 32 bytes each")
        found.append((key_id, raw))
    return found
