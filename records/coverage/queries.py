"""What the file's page says about cover."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from privacy.payers import MADE_UP, VERSIONS
from privacy.refusals import Refusal
from records.coverage.rules import why_not_ask
from records.models import CoverageCheck, CoverageOutcome, PatientFile

WORDS: dict[str, str | Promise] = {
    "": _("The payer is being asked. Nothing is known yet."),
    CoverageOutcome.COVERED: _("Covered on that day, says the payer."),
    CoverageOutcome.NOT_COVERED: _("Not covered on that day, says the payer."),
    CoverageOutcome.UNKNOWN_MEMBER: _("The payer doesn't know a member with this number and date of birth."),
    CoverageOutcome.UNREACHABLE: _("The payer could not be reached. Nothing is known: ask again, or ask the patient."),
    CoverageOutcome.UNCLEAR: _(
        "The payer answered, but not whether the patient is covered. Nothing is known: ask again later."
    ),
    CoverageOutcome.CLOSED: _(
        "The way to the payer was closed here, so it wasn't asked. Nothing is known: ask again later."
    ),
    CoverageOutcome.NO_NUMBER: _(
        "The patient's account has no membership number or no date of birth, so there was nothing to ask with."
    ),
    CoverageOutcome.STOPPED: _("The file was archived or restricted meanwhile, so nobody was asked."),
}
TONES = {CoverageOutcome.COVERED: "ok", CoverageOutcome.NOT_COVERED: "warn", CoverageOutcome.UNKNOWN_MEMBER: "warn"}


@dataclass(frozen=True, slots=True)
class Cover:
    """The last question, if there was one, in words; and why none can be asked now."""

    last: CoverageCheck | None
    words: str | Promise
    tone: str
    payer: str
    why_not: Refusal | None


def cover_of(file: PatientFile, now: datetime) -> Cover:
    """What the page shows. Inside the practice's scope."""
    last = CoverageCheck.objects.filter(file=file).order_by("-asked_at", "-pk").first()
    outcome = last.outcome if last else ""
    names = {one.key: one.name for one in (MADE_UP, *(one for version in VERSIONS for one in version.entries))}
    return Cover(
        last, WORDS[outcome], TONES.get(CoverageOutcome(outcome), "info") if outcome else "info",
        names.get(last.payer, last.payer) if last else "", why_not_ask(file, now),
    )  # fmt: skip
