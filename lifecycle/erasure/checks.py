"""The system check of the answers: a personal table that no erasure reaches stops ``manage.py check`` (PC-04, PC-62)."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error

from lifecycle.erasure.answers import FOLLOWING, GIVEN, Unanswered, answers_of, personal_tables


def check_answers(app_configs: Sequence[AppConfig] | None = None, **_options: Any) -> list[CheckMessage]:
    """E020 for each personal table without an answer, E021 for each answer to a table that doesn't exist."""
    tables = personal_tables()
    found: list[CheckMessage] = []
    for table in tables:
        try:
            answers_of(table)
        except Unanswered as lacking:
            found.append(Error(f"{lacking}.", obj=None, id="privacy.E020"))
    stale = {*GIVEN, *FOLLOWING} - {table.label for table in tables}
    found += [
        Error(f"{label} is answered for and isn't there.", obj=None, id="privacy.E021") for label in sorted(stale)
    ]
    return found
