"""Reads of imports: a practitioner sees those they began."""

from uuid import UUID

from django.db.models import Case, IntegerField, QuerySet, Value, When

from accounts.models import User
from care.queries import practices_of
from records.models import ImportLine, ImportRun, PatientFile, SourceRecord

_FIRST = (ImportLine.Outcome.REFUSED, ImportLine.Outcome.SKIPPED)


def runs_for(user: User) -> QuerySet[ImportRun]:
    """The imports that `user` began in their practices, the latest first."""
    mine = ImportRun.objects.filter(started_by=user, practice__in=practices_of(user))
    return mine.select_related("practice").order_by("-started_at", "-pk")


def run_for(user: User, run_id: UUID) -> ImportRun:
    """One of them. Raises ImportRun.DoesNotExist to a stranger, as for no import at all."""
    return runs_for(user).get(pk=run_id)


def lines_of(run: ImportRun) -> QuerySet[ImportLine]:
    """The lines of its report: what was refused or skipped comes first, then in the order it was read."""
    weight = Case(
        *(When(outcome=o, then=Value(n)) for n, o in enumerate(_FIRST)), default=Value(9), output_field=IntegerField()
    )
    return run.lines.order_by(weight, "number")


def refused_of(run: ImportRun) -> int:
    """How many places of its files were refused."""
    return run.lines.filter(outcome=ImportLine.Outcome.REFUSED).count()


def has_imports(file: PatientFile) -> bool:
    """Whether anything in this file came from an import, so that it can be downloaded as it came."""
    return SourceRecord.objects.filter(file=file).exists()
