"""Whose consultations may be counted at a moment: read from the ledger for this one publication, stored nowhere (PC-20).

A practice counts while everybody who owns it agrees; a consultation while its author does too. Files that are archived,
restricted, held or on their way out aren't read, nor is anything sealed: a file's id, a day, a kind, an author.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from uuid import UUID

from django.db.models import Count, QuerySet
from django.utils.crypto import salted_hmac

from care.models import Membership, Role
from consents.grants import Grant, grants_for
from privacy.clocks import start_of
from records.holds import held_files
from records.models import Consultation, ConsultationStatus, PatientFile
from records.queries import in_daily_use
from records.restriction.queries import IS_RESTRICTED
from records.statistics.periods import Quarter
from records.statistics.questions import BY_SPECIALTY, Question, place_of
from records.statistics.tally import Files

KEY = "anonymized_stats_sharing"


@dataclass(frozen=True, slots=True)
class Contributor:
    """A practice that counts: the specialty of its owner, and a grant for each owner and author."""

    practice_id: UUID
    specialty: str
    grants: tuple[Grant, ...]

    @property
    def authors(self) -> list[UUID]:
        """Whose consultations count."""
        return [grant.subject_id for grant in self.grants]


@dataclass(frozen=True, slots=True)
class Cohort:
    """The practices that count at one moment. Call inside the scope of all practices."""

    contributors: dict[UUID, Contributor]
    now: datetime

    @property
    def mark(self) -> str:
        """Tells two cohorts apart without naming anybody: a keyed hash of their practices and people."""
        parts = [
            f"{one.practice_id}:{','.join(sorted(map(str, one.authors)))}"
            for _id, one in sorted(self.contributors.items())
        ]
        return salted_hmac("records.statistics.cohort", ";".join(parts), algorithm="sha256").hexdigest()

    def visits(self, question: Question, quarter: Quarter) -> Iterator[Files]:
        """Of each practice: how often each file was seen in the quarter, by the question's groups. One query for all."""
        rows = (
            self._rows(quarter).values_list("practice_id", "file_id", "kind", "author_id").annotate(times=Count("pk"))
        )
        for practice_id, own in groupby(rows.order_by("practice_id", "file_id").iterator(), key=itemgetter(0)):
            contributor = self.contributors[practice_id]
            agreed = set(contributor.authors)
            files: dict[UUID, dict[str, int]] = {}
            for _practice, file_id, kind, author_id, times in own:
                if author_id in agreed:
                    group = contributor.specialty if question.name == BY_SPECIALTY.name else place_of(kind)
                    counts = files.setdefault(file_id, {})
                    counts[group] = counts.get(group, 0) + times
            yield files

    def _rows(self, quarter: Quarter) -> QuerySet[Consultation]:
        files = PatientFile.objects.filter(in_daily_use(self.now), leaving_at=None).exclude(IS_RESTRICTED)
        return Consultation.objects.filter(
            practice_id__in=list(self.contributors), file__in=files.exclude(pk__in=held_files()),
            status=ConsultationStatus.SIGNED, started_at__gte=start_of(quarter.first), started_at__lt=start_of(quarter.next),
        )  # fmt: skip


def cohort_at(now: datetime) -> Cohort:
    """The practices that agree at ``now``: three queries, whatever their number."""
    members = Membership.objects.live().practising().order_by("practice_id", "since_at", "pk")
    rows = list(
        members.values_list("practice_id", "user_id", "role", "user__is_active", "user__practitioner__specialty")
    )
    grants = grants_for({row[1] for row in rows if row[3]}, KEY, now=now)
    found = {}
    for practice_id, own in groupby(rows, key=itemgetter(0)):
        people = list(own)
        owners = [row for row in people if row[2] == Role.OWNER]
        if owners and all(row[1] in grants for row in owners) and owners[0][4]:
            agreed = tuple(grants[row[1]] for row in people if row[1] in grants)
            found[practice_id] = Contributor(practice_id, owners[0][4], agreed)
    return Cohort(found, now)
