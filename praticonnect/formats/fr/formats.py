"""French, where ours differs from Django's: a moment is a day « à » an hour."""

from __future__ import annotations

DATETIME_FORMAT = "j F Y \\à H:i"
