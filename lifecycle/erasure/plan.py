"""The plan of an erasure, computed and shown before anything is done: what goes, what stays, on which ground, until when.

Nothing here writes. ``Plan.sha256`` is what a person approves: it covers what is decided (which tables go or stay and by
which rule, and the fate of each file), not how many lines the logs have grown by since (PC-35, PC-62).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.utils.translation import gettext

from accounts.models import PractitionerProfile, User
from care.tenancy import ALL, scope
from consents.jcs import canonical
from lifecycle.erasure.answers import DESTRUCTIVE, Answer, Outcome, answers
from lifecycle.erasure.files import OUTCOMES, Fate, FileFate, by_fate, fate_of_file, fates_for_account, pieces
from privacy.clocks import Jurisdiction, legal_day
from privacy.days import written
from privacy.retention import RULES
from privacy.wording import gettext_noop as _
from records.models import PatientFile

IDENTITY = "lifecycle.ClosedAccount"
"""Where the contracting party's identity goes, sealed, until its own end (PC-36)."""

_WHY: dict[str, str] = {
    Outcome.ERASED: _("Goes for good."),
    Outcome.BLANKED: _("The row stays without a name, because others point to it; what it says of a person goes."),
    Outcome.ARCHIVED: _("Goes into the archive: sealed, out of daily work, opened only with a reason."),
    Outcome.KEPT: _("Stays, under a random identifier, because a law asks for it."),
    Fate.HELD: _("A legal hold keeps it: a dispute, a claim or a court order. It is archived, not destroyed."),
    Fate.RESTRICTED: _("Its use is restricted: it is only stored until that is lifted (GDPR Art. 18), then destroyed."),
    Fate.SHARED: _("Another practitioner of the practice treats this patient; the file stays as it is."),
    Fate.IN_TERM: _("Its term isn't over; the law keeps it until then."),
}


@dataclass(frozen=True, slots=True)
class Line:
    """What becomes of some rows of one table. ``until`` is the last day any of them stays; None where none does."""

    table: str
    about: str
    outcome: Outcome
    count: int
    rule: str
    why: str
    until: date | None = None
    fate: Fate | None = None

    @property
    def article(self) -> str:
        """The legal ground, in the reader's language."""
        return gettext(RULES[self.rule.split(",")[0]].article)

    @property
    def ground(self) -> str:
        """The rule's category of data, in the reader's language."""
        return gettext(RULES[self.rule.split(",")[0]].category)

    @property
    def title(self) -> str:
        """What the table holds, in the reader's language."""
        return gettext(self.about)

    @property
    def sentence(self) -> str:
        """Outcome and reason in words, with the last day."""
        if self.until is None or self.outcome in DESTRUCTIVE:
            return gettext(self.why)
        return gettext("%(why)s Kept until %(until)s.") % {"why": gettext(self.why), "until": written(self.until)}


@dataclass(frozen=True, slots=True)
class Plan:
    """The plan of one erasure. ``refused`` says why a patient's file can't be erased now; empty when it can."""

    kind: str
    subject_id: UUID
    made_at: datetime
    lines: tuple[Line, ...]
    files: tuple[FileFate, ...]
    jurisdiction: Jurisdiction = Jurisdiction.FR

    @property
    def shown(self) -> tuple[Line, ...]:
        """The lines that concern at least one row, what goes leading."""
        order = list(Outcome)
        return tuple(sorted((one for one in self.lines if one.count), key=lambda one: order.index(one.outcome)))

    def of(self, outcome: Outcome) -> tuple[Line, ...]:
        """The lines with this outcome that concern at least one row."""
        return tuple(one for one in self.shown if one.outcome is outcome)

    def with_fate(self, fate: Fate) -> list[UUID]:
        """The ids of the files with this fate."""
        return [one.file_id for one in self.files if one.fate is fate]

    @property
    def refused(self) -> FileFate | None:
        """For one file: the fate that keeps it, or None when it may go."""
        kept = [one for one in self.files if one.fate is not Fate.ERASED]
        return kept[0] if self.kind == "file" and kept else None

    @property
    def sha256(self) -> str:
        """The address of what is decided, as hexadecimal digits."""
        return sha256(canonical(self.document)).hexdigest()

    @property
    def document(self) -> dict[str, Any]:
        """What is decided, as JSON: random ids, rules and days, nothing a person said."""
        return {
            "kind": self.kind,
            "subject": str(self.subject_id),
            "tables": sorted([one.table, one.outcome.value, one.rule] for one in self.lines if one.fate is None),
            "files": [[str(one.file_id), one.fate.value, one.until.isoformat(), one.rule] for one in self.files],
        }

    def exceeds(self, approved: Mapping[str, Any]) -> bool:
        """Whether this plan destroys anything that the ``approved`` document doesn't name.

        A file that was to be archived and whose own term ended since isn't more: it is archived as approved
        (:meth:`within`), and destroyed by its own rule.
        """
        tables = {(table, outcome) for table, outcome, _rule in approved["tables"]}
        named = {file_id for file_id, fate, _until, _rule in approved["files"] if fate in (Fate.ERASED, Fate.ARCHIVED)}
        new_table = any(
            (o.table, o.outcome) not in tables for o in self.lines if o.outcome in DESTRUCTIVE and not o.fate
        )
        return new_table or any(str(file_id) not in named for file_id in self.with_fate(Fate.ERASED))

    def within(self, approved: Mapping[str, Any]) -> "Plan":
        """This plan with every file archived that the ``approved`` document doesn't name to be destroyed."""
        named = {file_id for file_id, fate, _until, _rule in approved["files"] if fate == Fate.ERASED}
        files = tuple(
            replace(one, fate=Fate.ARCHIVED) if one.fate is Fate.ERASED and str(one.file_id) not in named else one
            for one in self.files
        )
        if files == self.files:
            return self
        others = tuple(line for line in self.lines if line.fate is None)
        with scope(ALL):
            return replace(self, files=files, lines=others + tuple(_file_lines(files)))


def plan_for_account(user_id: UUID, now: datetime) -> Plan:
    """What erasing the account would do at ``now``. Raises User.DoesNotExist, and Unanswered (a fault of ours)."""
    user = User.objects.get(pk=user_id)
    profile = PractitionerProfile.objects.filter(pk=user_id).first()
    where = Jurisdiction(profile.jurisdiction) if profile else Jurisdiction.FR
    with scope(ALL):
        files = tuple(fates_for_account(user.pk, now))
        lines = [_identity(user, now, where)]
        lines += [_own(answer, user.pk, now, where) for answer in answers() if _is_own(answer)]
        return Plan("account", user.pk, now, (*lines, *_file_lines(files)), files, where)


def plan_for_file(file_id: UUID, now: datetime) -> Plan:
    """What erasing one patient's file would do at ``now``. Raises PatientFile.DoesNotExist."""
    with scope(ALL):
        file = PatientFile.objects.select_related("practice").get(pk=file_id)
        files = (fate_of_file(file, now),)
        return Plan("file", file.pk, now, tuple(_file_lines(files)), files, Jurisdiction(file.practice.jurisdiction))


def _identity(user: User, now: datetime, where: Jurisdiction) -> Line:
    about = _("Who the contracting party was: name, e-mail, address, professional number")
    why = _("Limitation period of the contract: sealed in the archive, then destroyed.")
    return Line(IDENTITY, about, Outcome.ARCHIVED, 1, "PC-40", why, _last_day("PC-40", now, where))


def _is_own(answer: Answer) -> bool:
    """Whether the table has rows of the account itself; the one its identity goes to has none yet."""
    return answer.rows is not None and answer.table.label != IDENTITY


def _own(answer: Answer, user_id: UUID, now: datetime, where: Jurisdiction) -> Line:
    count = answer.of_account(user_id).count()
    until = None if answer.outcome in DESTRUCTIVE else _last_day(answer.rule, now, where)
    return Line(answer.table.label, answer.table.about, answer.outcome, count, answer.rule, _WHY[answer.outcome], until)


def _last_day(rule: str, now: datetime, where: Jurisdiction) -> date | None:
    length = RULES[rule].length
    return length.after(legal_day(now, where)) if length else None


def _file_lines(files: tuple[FileFate, ...]) -> Iterator[Line]:
    """For each fate and deciding rule: the tables of the files, with their rows counted."""
    following = [answer for answer in answers() if answer.rows is None]
    for fate, ones in by_fate(files).items():
        for rule in sorted({one.rule for one in ones}):
            chosen = [one for one in ones if one.rule == rule]
            until = max(one.until for one in chosen)
            for answer in following:
                if count := _count(answer, [one.file_id for one in chosen]):
                    yield _file_line(answer, fate, count, rule, until)


def _file_line(answer: Answer, fate: Fate, count: int, rule: str, until: date) -> Line:
    outcome = OUTCOMES[fate]
    shown_until = until if fate in (Fate.ARCHIVED, Fate.IN_TERM) else None
    return Line(answer.table.label, answer.table.about, outcome, count, rule, _WHY[fate], shown_until, fate)


def _count(answer: Answer, file_ids: list[UUID]) -> int:
    return sum(answer.of_files(piece).count() for piece in pieces(file_ids))
