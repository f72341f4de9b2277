"""The access journal as a patient takes it along: who by role, never by name (PC-70)."""

from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

from django.db.models import QuerySet
from django.utils import translation
from django.utils.html import format_html

from audit.models import AccessEntry
from gdpr_requests import wording
from gdpr_requests.export.pages import when
from gdpr_requests.export.tables import in_pieces
from records.reading import purpose_in_words

COLUMNS: Final = ["number", "at", "role", "you", "part", "action", "purpose"]


def lines_of(entries: QuerySet[AccessEntry], *, me: UUID | None) -> Iterator[dict[str, Any]]:
    """Each opening, the earliest first; ``me`` is the account whose own openings are marked."""
    for piece in in_pieces(entries):
        for entry in piece:
            yield {
                "number": entry.pk, "at": entry.at.isoformat(), "role": entry.actor_role,
                "you": me is not None and entry.actor_id == me, "part": entry.part, "action": entry.action,
                "purpose": entry.purpose,
            }  # fmt: skip


def row_of(line: dict[str, Any], language: str) -> bytes:
    """The line to read: a row of a table."""
    entry = AccessEntry(part=line["part"], action=line["action"])
    with translation.override(language):
        words = (
            when(line["at"]), wording.role_in_words(line["role"]), wording.what(entry), purpose_in_words(line["purpose"]),
        )  # fmt: skip
        return format_html("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n", *words).encode()
