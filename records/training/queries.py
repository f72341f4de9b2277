"""What is said of training sets: to the office all of them, to a person in how many they are."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Max, Min, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from care.tenancy import ALL, scope
from privacy.clocks import legal_day
from privacy.days import written
from records.models import LeftWhy, TrainingBuild, TrainingMember
from records.training.leaving import of_practitioner, there


@dataclass(frozen=True, slots=True)
class Set:
    """One set for the office: ``members`` were in it, ``left`` of them aren't any more; ``over`` if its file has to go."""

    build: TrainingBuild
    members: int
    left: int
    last_left_at: datetime | None
    over: bool

    @property
    def is_there(self) -> bool:
        """Whether its file lies in the storage still."""
        return not hasattr(self.build, "end")


def builds() -> QuerySet[TrainingBuild]:
    """Every set that was built, newest first."""
    return TrainingBuild.objects.select_related("end").order_by("-number")


def number_there() -> int:
    """How many sets have a file that isn't known to be destroyed."""
    return there().count()


def sets(found: Iterable[TrainingBuild], now: datetime) -> list[Set]:
    """Who left which since: rows that went with a destroyed file count too. One query for all of them."""
    known = list(found)
    with scope(ALL):
        counted = TrainingMember.objects.filter(build__in=known).values("build_id")
        found_out = counted.annotate(stay=Count("pk", filter=Q(left_at=None)), last=Max("left_at"))
        rows = {row["build_id"]: (row["stay"], row["last"]) for row in found_out}
    return [_set(build, *rows.get(build.pk, (0, None)), now) for build in known]


def in_words_of_file(file_id: UUID) -> str:
    """In how many sets texts of a patient's file are, for the patient; empty when they never were in one."""
    return _said(Q(file_id=file_id), LeftWhy.PATIENT)


def in_words_of_account(account_id: UUID) -> str:
    """In how many sets texts of a practitioner, or of the practices they own, are; empty when none ever was."""
    return _said(of_practitioner(account_id), LeftWhy.PRACTICE)


def _said(whose: Q, own_no: LeftWhy) -> str:
    with scope(ALL):
        found = TrainingMember.objects.filter(whose).aggregate(
            all=Count("build", distinct=True), first=Min("build__built_at"), left=Max("left_at", filter=Q(left_why=own_no)),
            there=Count("build", filter=Q(build__end=None), distinct=True),
            stays=Count("build", filter=Q(build__end=None, left_at=None), distinct=True),
        )  # fmt: skip
    if not found["all"]:
        return ""
    number, day = found["all"], written(legal_day(found["first"]))
    said = [
        ngettext(
            "In %(n)d training set, built on %(day)s.",
            "In %(n)d training sets, the first of them built on %(day)s.",
            number,
        )
        % {"n": number, "day": day}
    ]
    if found["left"]:
        said.append(_("That you took it back on %(day)s stands on each.") % {"day": written(legal_day(found["left"]))})
    return " ".join([*said, _of_files(found["there"], found["stays"])])


def _of_files(there: int, stays: int) -> str:
    """Whether a file is kept, and whether it is one that still holds these texts by right."""
    if stays:
        return _("The file of one is kept, sealed, until you take it back or its time is over.")
    return _("A file is closed, and is being destroyed.") if there else _("No file of them is kept.")


def _set(build: TrainingBuild, stay: int, last: datetime | None, now: datetime) -> Set:
    members = build.counts["members"]
    over = not hasattr(build, "end") and (now >= build.expires_at or stay != members)
    return Set(build, members, members - stay, last, over)
