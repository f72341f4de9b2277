"""Why something isn't possible: each rule is a guard, its message and its test in one."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Final

from django.utils.translation import gettext_lazy as _

from audit.actors import Actor
from care.roles import Right, lacks
from privacy.days import written
from privacy.decisions import IMPERSONAL
from privacy.refusals import Refusal
from records.clock import first_day, parse_birth_date
from records.models import Consultation, FileStatus, Measure, PatientFile
from records.states import By, Event, move

EARLIEST_BIRTH: Final = date(1880, 1, 1)
LONGEST_REASON: Final = 2000
CLOCK_SLACK: Final = timedelta(minutes=5)
"""A consultation may begin this much after ``now``: two clocks never agree to the second."""


def why_not_birth_date(day: date, *, today: date) -> Refusal | None:
    """A birth date lies between 1880 and today."""
    if day > today:
        return Refusal("birth_in_future", _("This birth date is in the future. Check the year."))
    if day < EARLIEST_BIRTH:
        return Refusal(
            "birth_too_early",
            _("This birth date is before 1880. Write the year with four digits."),
        )
    return None


def why_not_named(values: Mapping[str, str | None]) -> Refusal | None:
    """A file can be found again: it has at least one name."""
    if any(values.get(name) for name in ("surname", "birth_name", "given_names")):
        return None
    return Refusal("no_name", _("A file needs a name. Give at least the surname."))


def why_not_status(file: PatientFile, status: FileStatus) -> Refusal | None:
    """A file is closed once, and reopened once."""
    if file.status != status:
        return None
    return Refusal("already", _("This file is already in that state. Reload the page."))


def why_not_move(consultation: Consultation, event: Event, *, by: Actor) -> Refusal | None:
    """A person's act (MD-31); then the table of moves, and its column "by whom"."""
    if by.account_id is None or by.role in IMPERSONAL:
        return _NO_PERSON
    found = move(consultation.status, event)
    if found is None:
        return _NO_MOVE[event]
    if found.by is By.AUTHOR and consultation.author_id != by.account_id:
        return Refusal(
            "not_author",
            _("Only its author can do this. Write a consultation of your own instead."),
        )
    return None


def why_not_sign(consultation: Consultation, content: Mapping[str, str | None], *, by: Actor) -> Refusal | None:
    """A signed consultation says something, and a practitioner signs it, never a machine (MD-31, MD-40)."""
    if lacks(by.role, Right.SIGN):
        return Refusal("may_not_sign", _("Your role writes drafts; a practitioner signs. The draft is kept."))
    if refusal := why_not_move(consultation, Event.SIGN, by=by):
        return refusal
    if not any((value or "").strip() for value in content.values()):
        return Refusal("empty", _("There is nothing to sign yet. Write at least the reason or the notes."))
    return None


def why_not_amend(consultation: Consultation, reason: str, *, changed: bool, by: Actor) -> Refusal | None:
    """An amendment changes something and says why."""
    if refusal := why_not_move(consultation, Event.AMEND, by=by):
        return refusal
    if not reason.strip():
        return Refusal("no_reason", _("Say why you amend it: the reason stays with the new version."))
    if not changed:
        return Refusal("nothing_changed", _("Nothing differs from the signed version. Change a text first."))
    return None


def why_not_strike_consultation(consultation: Consultation, reason: str, *, by: Actor) -> Refusal | None:
    """A signed consultation that never took place is struck once, with the reason."""
    if refusal := why_not_move(consultation, Event.STRIKE, by=by):
        return refusal
    if not reason.strip():
        return Refusal("no_reason", _("Say why you strike it: the reason stays with its versions."))
    return None


def why_not_end_now(file: PatientFile, *, before: date, today: date, confirmed: bool) -> Refusal | None:
    """A correction that ends the file's term at once is confirmed first: what leaves is gone for good."""
    if confirmed or file.retain_until >= min(before, today):
        return None
    return Refusal(
        "ends_now",
        _(
            "With this day the file's term ended on %(day)s, so the whole file would leave for good with the next"
            " sweep. Check the day; if it is right, tick that the file may leave."
        )
        % {"day": written(file.retain_until)},
    )


def why_not_death(died_on: str | None, birth_date: str | None, today: date) -> Refusal | None:
    """A death lies between the birth and today, as exactly as both are known. Raises ValueError for no day."""
    first, last = first_day(died_on), parse_birth_date(died_on)
    born = first_day(birth_date)
    if first and first > today:
        return Refusal("death_in_future", _("This day of death is in the future. Check the year."))
    if last and born and last < born:
        return Refusal("death_before_birth", _("This day of death is before the birth date. Check both."))
    return None


def why_not_open_archived(file: PatientFile, why: str, *, may: bool, held: bool, today: date) -> Refusal | None:
    """The archive is opened by whoever has the archive right, with a reason, while the file's term runs (PC-41)."""
    if not may:
        return Refusal(
            "no_archive_right",
            _(
                "The archive is opened by the owner of the practice, or by the data protection officer. Ask one of them."
            ),
        )
    if refusal := _why_not_archived(file, held=held, today=today):
        return refusal
    if not why.strip():
        return Refusal(
            "no_reason", _("Say why you open it: the reason stays with the file, and the patient may ask for it.")
        )
    if len(why) > LONGEST_REASON:
        return Refusal("too_long", _("The reason may have 2,000 characters. Shorten it."))
    return None


def _why_not_archived(file: PatientFile, *, held: bool, today: date) -> Refusal | None:
    if file.leaving_at:
        return Refusal("leaving", _("The destruction of this file was decided; nobody opens it any more."))
    if file.active_until >= today:
        return Refusal("in_use", _("This file isn't in the archive: you find it among the patients."))
    if file.retain_until < today and not held:
        return Refusal(
            "ended",
            _("The term of this file ended on %(day)s. Nobody opens it any more, and it leaves with the next sweep.")
            % {"day": written(file.retain_until)},
        )
    return None


def why_not_write(file: PatientFile) -> Refusal | None:
    """Nothing is written any more in a file whose destruction is decided (PC-41)."""
    if file.leaving_at is None:
        return None
    return Refusal(
        "leaving", _("The term of this file has ended and its destruction is decided: nothing can be added.")
    )


def why_not_revision(row: Consultation | PatientFile, revision: int | None) -> Refusal | None:
    """Somebody else, or you in another window, saved after this form was opened."""
    if revision is None or row.revision == revision:
        return None
    return Refusal(
        "changed_meanwhile",
        _(
            "This was saved in another window or by somebody else after you opened it here."
            " Your text is still in this page: compare it with the saved one, then save again."
        ),
    )


def why_not_started_at(started_at: datetime, *, now: datetime) -> Refusal | None:
    """A consultation has happened, or is happening."""
    if started_at > now + CLOCK_SLACK:
        return Refusal(
            "starts_in_future",
            _("A consultation can't begin in the future. Check its date and time."),
        )
    return None


def why_not_taken_at(taken_at: datetime, *, now: datetime) -> Refusal | None:
    """A value has been measured."""
    if taken_at > now + CLOCK_SLACK:
        return Refusal(
            "taken_in_future",
            _("A value can't be measured in the future. Check its date and time."),
        )
    return None


def why_not_strike(measure: Measure) -> Refusal | None:
    """A value is struck once."""
    if measure.struck_at is None:
        return None
    return Refusal("already_struck", _("This value is already struck."))


_NO_PERSON: Final = Refusal(
    "no_person",
    _("Only a person may do this. What a machine wrote stays a draft until a practitioner has read it and signs it."),
)
_NO_MOVE: Final = {
    Event.SAVE: Refusal(
        "already_signed",
        _("This consultation is signed and no longer changes. Amend it, with a reason."),
    ),
    Event.SIGN: Refusal("already_signed", _("This consultation is already signed.")),
    Event.AMEND: Refusal("still_draft", _("This consultation is still a draft: change it and sign it.")),
    Event.DISCARD: Refusal("already_signed", _("A signed consultation can't be discarded. Amend it, with a reason.")),
    Event.STRIKE: Refusal("not_signed", _("Only a signed consultation is struck, once. A draft is discarded instead.")),
    Event.START: Refusal("already_started", _("This consultation has already begun.")),
}
