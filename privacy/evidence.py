"""Live checks of the promises privacy/ keeps itself: PC-01 to PC-04 and MD-05."""

from collections.abc import Collection
from datetime import datetime
from html import unescape

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.template.loader import render_to_string

from privacy import live
from privacy.checks import SEALED_OF_PATIENTS
from privacy.clocks import legal_day
from privacy.declare import Category, Subject
from privacy.promises import Measure, promise
from privacy.purposes import BASES, PURPOSES
from privacy.register import Entry, Register, entries
from privacy.retention import RULES

FRAMES = {"pages": "components/footer.html", "mails": "account/email/base_message.txt"}
"""PC-01: what stands at the foot of every page and of every e-mail."""

OF_PRACTITIONERS = frozenset(Category) - {Category.HEALTH, Category.APPOINTMENT}
"""PC-02: what the policy lists for practitioners; health data are never among it."""

OF_PATIENTS = frozenset(Category) - {Category.PROFESSIONAL, Category.FINANCIAL, Category.USAGE}
"""PC-03: what the policy lists for patients."""

LISTED_ELSEWHERE = {"subprocessors_busytime": Category.APPOINTMENT, "records_coveragecheck": Category.FINANCIAL}
"""The two tables with another category, each by a promise of its own: when a practitioner is busy, for the calendar that they link
(PC-96), and whether a patient's payer covers them, asked by the number that they gave for it (MD-02, MD-73)."""


@promise("PC-01", checked_by="tests/privacy/test_evidence.py")
def controller_and_dpo_are_named(now: datetime) -> Measure:
    """The settings name company, address and DPO, the foot of pages and mails prints them."""
    named = {part: settings.CONTROLLER.get(part, "") for part in ("name", "address", "dpo_email")}
    missing = [
        f"{part} in {place}"
        for place, template in FRAMES.items()
        for part, value in named.items()
        if not value or value not in unescape(render_to_string(template, {"controller": settings.CONTROLLER}))
    ]
    return Measure(not missing and _is_address(named["dpo_email"]), {**named, "missing": missing})


@promise("PC-02", checked_by="tests/privacy/test_evidence.py")
def practitioner_data_are_the_listed_ones(now: datetime) -> Measure:
    """The stored columns about practitioners and accounts are declared, in listed categories."""
    return _collected(OF_PRACTITIONERS, Subject.PRACTITIONER, Subject.ACCOUNT)


@promise("PC-03", checked_by="tests/privacy/test_evidence.py")
def patient_data_are_the_listed_ones(now: datetime) -> Measure:
    """The stored columns about patients are declared, listed, and sealed where they identify."""
    found = _collected(OF_PATIENTS, Subject.PATIENT)
    groups = live.by_category(live.about(live.columns(), Subject.PATIENT))
    identifying = [column for category in SEALED_OF_PATIENTS for column in groups.get(category, [])]
    clear = sorted(str(column) for column in identifying if column.type != "bytea")
    figures = {"sealed_columns": len(identifying) - len(clear), "in_clear": clear}
    return Measure(found.kept and not clear, {**found.figures, **figures})


@promise("PC-04", checked_by="tests/privacy/test_evidence.py")
def every_personal_column_has_purpose_and_basis(now: datetime) -> Measure:
    """Each stored personal column points to one purpose, one legal basis, one retention rule."""
    stored = live.columns()
    personal = live.about(stored, *Subject)
    open_questions = sorted(
        str(c) for c in personal if not (c.field and c.field.purpose and c.field.basis and c.field.retention in RULES)
    )
    unknown = live.strangers(stored)
    return Measure(
        not open_questions and not unknown,
        {
            "purposes": len(PURPOSES),
            "legal_bases": len(BASES),
            "personal_columns": len(personal),
            "without_purpose_or_basis": open_questions,
            "undeclared_columns": unknown,
        },
    )


@promise("MD-05", checked_by="tests/privacy/test_evidence.py")
def register_covers_everything_stored(now: datetime) -> Measure:
    """Each stored personal column is in a controller's register, whose entries are complete."""
    stored = live.columns()
    day = legal_day(now)
    registered = [*entries(Register.PRATICONNECT, on=day), *entries(Register.PRACTITIONER, on=day)]
    listed = {str(declared) for entry in registered for declared in entry.fields}
    held = {str(column.declared) for column in live.about(stored, *Subject)}
    gaps = {
        "not_in_register": sorted(held - listed),
        "not_stored": sorted(listed - held),
        "undeclared_columns": live.strangers(stored),
        "incomplete_entries": [entry.title for entry in registered if not _complete(entry)],
    }
    return Measure(not any(gaps.values()), {"entries": len(registered), "personal_columns": len(held), **gaps})


def _complete(entry: Entry) -> bool:
    return bool(entry.recipients and entry.retention and entry.safeguards and entry.categories)


def _collected(allowed: Collection[Category], *subjects: Subject) -> Measure:
    stored = live.columns()
    groups = live.by_category(live.about(stored, *subjects))
    beyond = ((key, column) for key, found in groups.items() if key not in allowed for column in found)
    unlisted = sorted(str(column) for key, column in beyond if LISTED_ELSEWHERE.get(column.table) is not key)
    tables = {column.table for column in stored if column.subject in subjects}
    unknown = [name for name in live.strangers(stored) if name.split(".")[0] in tables]
    counts = {category.value: len(groups[category]) for category in Category if category in groups}
    return Measure(
        not unlisted and not unknown,
        {**counts, "not_in_policy": unlisted, "undeclared_columns": unknown},
    )


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True
