"""The readable pages of the archive: they open offline in any browser, run nothing, and look like the house."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import localtime
from django.utils.translation import gettext

from accounts.models import User
from gdpr_requests.export.scopes import Scope, holds_files
from privacy.declare import REGISTRY, Subject
from privacy.register import Register, entries
from privacy.schedule import in_force
from records.fields import CONSULTATION_FIELDS, FILE_FIELDS, KINDS, LABELS, SEXES
from records.portal.questions import in_words as answers_in_words

LIST: Final = "@@THE-LIST-THAT-IS-TOO-LONG@@"
"""Where the list stands that is too long for memory."""
ABOUT_ACCOUNTS: Final = (Subject.ACCOUNT, Subject.PRACTITIONER)
STYLE: Final = "archive/archive.css"
"""Beside the house's own sheets: a page that is read offline for years has no tokens to follow."""


def index(
    user: User, scope: Scope, counts: Mapping[str, int], patients: Iterable[bytes], *, day: date
) -> Iterator[bytes]:
    """The cover: what is in it, what is held about the person on that day and why, and every patient with a link."""
    with translation.override(user.language):
        page = render_to_string("gdpr/archive/index.html", {
            "style": _style(), "language": user.language, "scope": scope, "files": holds_files(scope), "list": LIST,
            "counts": [(gettext(REGISTRY[label].about), number) for label, number in sorted(counts.items())],
            "activities": _activities(Register.PRATICONNECT, ABOUT_ACCOUNTS, day), "product": settings.PRODUCT_NAME, "controller": settings.CONTROLLER,
        })  # fmt: skip
    yield from _around(page, patients)


def _around(page: str, lines: Iterable[bytes]) -> Iterator[bytes]:
    before, _mark, after = page.partition(LIST)
    yield before.encode()
    yield from lines
    yield after.encode()


Found = Mapping[str, list[dict[str, Any]]]
"""The rows of one patient's file by the names of their tables."""


def of_file(language: str, found: Found, documents: Mapping[str, str]) -> bytes:
    """One patient's file to read, among others in a practitioner's archive."""
    with translation.override(language):
        return render_to_string("gdpr/archive/file.html", _file(language, found, documents)).encode()


def of_own_file(
    language: str,
    found: Found,
    documents: Mapping[str, str],
    journal: Iterable[bytes],
    about: Mapping[str, Any],
    *,
    day: date,
) -> Iterator[bytes]:
    """The file as its patient reads it: with who keeps it, who saw it (``journal``: rows of a table), and their rights."""
    with translation.override(language):
        context = _file(language, found, documents) | {
            "list": LIST, "about": about, "controller": settings.CONTROLLER, "product": settings.PRODUCT_NAME,
            "activities": _activities(Register.PRACTITIONER, (Subject.PATIENT,), day),
            "questionnaire": _questionnaire(found),
        }  # fmt: skip
        page = render_to_string("gdpr/archive/my_file.html", context)
    return _around(page, journal)


def _file(language: str, found: Found, documents: Mapping[str, str]) -> dict[str, Any]:
    (identity,) = found["records.PatientFile"]
    return {
        "style": _style(), "language": language, "name": name_of(identity),
        "identity": _texts(identity, FILE_FIELDS), "died_on": identity.get("died_on"),
        "consultations": [_consultation(row) for row in _dated(found, "records.Consultation", "started_at")],
        "measures": [(when(row["taken_at"]), row) for row in _dated(found, "records.Measure", "taken_at")],
        "documents": [(documents[row["id"]], row) for row in _dated(found, "records.Document", "added_at")],
    }  # fmt: skip


def _questionnaire(found: Found) -> list[tuple[Any, Any]]:
    """The questionnaire as it was handed in last, in words."""
    rows = found.get("records.Questionnaire", [])
    return answers_in_words(max(rows, key=lambda row: row["number"])["answers"] or {}) if rows else []


def name_of(identity: Mapping[str, Any]) -> str:
    """ "SURNAME Given names", as files are labelled."""
    surname = identity.get("surname") or identity.get("birth_name") or ""
    return " ".join(filter(None, (surname.upper(), identity.get("given_names"))))


def line_of(file_id: UUID, name: str) -> bytes:
    """A patient's line in the list."""
    return format_html('<li><a href="files/{}/index.html"><bdi>{}</bdi></a></li>\n', file_id, name).encode()


def when(written: str) -> str:
    """A moment in the reader's words."""
    at = parse_datetime(written)
    return date_format(localtime(at), "DATETIME_FORMAT") if at else written


def _consultation(row: Mapping[str, Any]) -> dict[str, Any]:
    kind = str(KINDS.get(row["kind"], row["kind"]))
    return {"when": when(row["started_at"]), "kind": kind, "row": row, "texts": _texts(row, CONSULTATION_FIELDS)}


def _texts(row: Mapping[str, Any], names: Iterable[str]) -> list[tuple[Any, str]]:
    return [
        (LABELS[name], SEXES.get(row[name], row[name]) if name == "sex" else row[name])
        for name in names
        if row.get(name)
    ]


def _dated(found: Found, label: str, moment: str) -> list[dict[str, Any]]:
    return sorted(found.get(label, ()), key=lambda row: (row[moment], row["id"]), reverse=True)


def _activities(register: Register, subjects: tuple[Subject, ...], day: date) -> list[Any]:
    """What is done with data of these people: from the register, as it stands on that day (Art. 15(1))."""
    return [one for one in entries(register, in_force().rules, on=day) if one.subject in subjects]


@cache
def _style() -> SafeString:
    """The sheet inside the page, so that a page also opens well alone. Our own text."""
    text = (Path(settings.BASE_DIR) / "static" / STYLE).read_text(encoding="utf-8")
    return mark_safe(f"<style>{text}</style>")  # noqa: S308
