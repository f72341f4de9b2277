"""Secrets at the end of an address (a webhook's, a link's from a mail) are written into no log: long words that are no id."""

import logging
import re
from typing import Any, Final

SECRET: Final = re.compile(r"(?<=/)(?![0-9a-f]{8}-)[\w:=-]{28,}(?=/|$)")
"""A whole part of a path that is too long for a name; an id of ours begins with eight signs and a hyphen. As in docker/nginx.conf."""


def shown(path: str) -> str:
    """A path as it may be written down."""
    return SECRET.sub("...", path)


class ShortPaths(logging.Filter):
    """Shortens paths among what a line of a log is filled with: Django's lines about a request, gunicorn's about each."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Every line passes."""
        if isinstance(record.args, dict):
            if "U" in record.args:  # gunicorn's name of the path
                record.args["U"] = _shortened(record.args["U"])
        elif record.args:
            record.args = tuple(_shortened(one) for one in record.args)
        return True


def _shortened(value: Any) -> Any:
    return shown(value) if isinstance(value, str) and value.startswith("/") else value
