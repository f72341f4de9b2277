"""The page of a file's clocks: daily use, archive and end, why, and who opened it (M24, PC-41)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from audit.models import AccessEntry
from audit.words import act_in_words
from privacy.days import written
from privacy.retention import DEATH, HOLD, MINOR, RULES, Basis, Term
from records import queries
from records.clock import bars_of, counted_death, day_of, reasons_of, ruled_term, term_of
from records.holds import holds_of
from records.models import PatientFile
from records.reading import Part, purpose_in_words, role_in_words
from records.views.frame import Visit, of_file, open_part, show

NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Clock:
    """One clock of a file as a line of the table."""

    rule: str
    category: str
    article: str
    since: date
    active_until: date | None
    until: date | None
    why: list[str]
    decides: bool


@require_safe
@of_file
def clock(request: Visit, file: PatientFile) -> HttpResponse:
    """Until when the file is in daily use, in the archive and kept, by which clocks; and who opened it."""
    handle = open_part(request, file, Part.CLOCK)
    page = Paginator(queries.openings_of(file), 50).get_page(request.GET.get("page"))
    born, died, holds = handle.read(file, "birth_date"), handle.read(file, "died_on"), holds_of([file.pk])[file.pk]
    term, ruled = term_of(file, born, holds, died_on=died), ruled_term(file, born, holds, died_on=died)
    today = day_of(file, request.now)
    return show(
        request, "clock", file, handle, tab=Part.CLOCK,
        term=term, held=bars_of(holds), reasons=reasons_of(ruled), clocks=clocks_of(term),
        held_why=reasons_of(term) if term.until is None else [],
        today=today, start=file.last_consultation_on or day_of(file, file.created_at),
        rounded=rounded(file, ruled), disputed_death=bool(died) and counted_death(file, died) is None,
        reopened=file.reopened_until is not None and file.reopened_until >= today,
        opened_before=[(one, handle.read(one, "why")) for one in queries.archive_openings_of(file)],
        page=page, openings=_openings(page),
        articles=[_(RULES[rule].article) for rule in dict.fromkeys((*ruled.rules, *term.rules))],
        rules=list(dict.fromkeys((*ruled.rules, *term.rules))),
    )  # fmt: skip


def clocks_of(term: Term) -> list[Clock]:
    """Every clock that runs on the file, those that decide its end first."""
    lines = [_line(basis, basis.rule in term.rules) for basis in term.bases]
    return sorted(lines, key=lambda line: not line.decides)


def rounded(file: PatientFile, ruled: Term) -> str:
    """Why the stored end is later than the law's day: so that it tells neither a birthday nor a death."""
    if ruled.until == file.retain_until:
        return ""
    if DEATH.id in ruled.rules:
        return _(
            "The end is moved to the last day of its month, so that the date in the database doesn't tell the death."
        )
    if MINOR.id in ruled.rules:
        return _(
            "The end is moved to the last day of its month, so that the date in the database doesn't tell the birthday."
        )
    return ""


def _line(basis: Basis, decides: bool) -> Clock:
    rule = RULES[basis.rule]
    why = [sentence.say(_, written) for sentence in basis.why]
    active = None if basis.rule in (HOLD.id, MINOR.id) else basis.active_until
    return Clock(rule.id, _(rule.category), _(rule.article), basis.since, active, basis.until, why, decides)


def _openings(entries: Iterable[AccessEntry]) -> list[tuple[AccessEntry, str, str, str, str]]:
    rows = list(entries)
    names = queries.names_of({row.actor_id for row in rows})
    return [
        (
            row,
            names.get(row.actor_id or NOBODY, ""),
            role_in_words(row.actor_role),
            act_in_words(row.part, row.action),
            purpose_in_words(row.purpose),
        )
        for row in rows
    ]
