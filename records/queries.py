"""Reads of the patient files, always for a person: what they don't treat doesn't exist for them."""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from uuid import UUID

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from accounts.models import PractitionerProfile, User
from audit.models import AccessEntry
from care.models import Membership, Role
from care.queries import patients_of, practices_of
from care.team.queries import names_of_team
from privacy.clocks import Jurisdiction, legal_day
from records.models import (
    ArchiveOpening,
    Consultation,
    ConsultationStatus,
    ConsultationVersion,
    Document,
    FileStatus,
    KeptResource,
    Measure,
    PatientFile,
)
from records.restriction.queries import IS_RESTRICTED
from records.search import letter_tokens, query_tokens


def files_of(user: User) -> QuerySet[PatientFile]:
    """Every file of ``user``'s practices and of patients they treat today, in the archive or not (PC-33)."""
    treated = patients_of(user).filter(patient_id=OuterRef("pk"), practice_id=OuterRef("practice_id"))
    works_in = Membership.objects.live().filter(user=user).values("practice_id")
    mine = PatientFile.objects.filter(Exists(treated), practice_id__in=works_in, leaving_at=None)
    return mine.select_related("practice")


def files_for(user: User, now: datetime) -> QuerySet[PatientFile]:
    """The files ``user`` may open in daily work: theirs, in daily use still (PC-41) and not restricted (PC-63)."""
    return files_of(user).filter(in_daily_use(now)).exclude(IS_RESTRICTED)


def in_daily_use(now: datetime) -> Q:
    """Whether a file is in daily use at ``now``: by its stored day and its practice's calendar, not by any sweep."""
    days = {where: legal_day(now, where) for where in Jurisdiction}
    if len(set(days.values())) == 1:
        return Q(active_until__gte=days[Jurisdiction.FR])
    found = Q(pk__in=[])
    for where, day in days.items():
        found |= Q(practice__jurisdiction=where.value, active_until__gte=day)
    return found


def is_left_alone(file_id: UUID, now: datetime) -> bool:
    """Whether nothing optional is done with a file: archived, restricted, leaving, or not in the scope at all."""
    return (
        not PatientFile.objects.filter(in_daily_use(now), pk=file_id, leaving_at=None).exclude(IS_RESTRICTED).exists()
    )


def file_for(user: User, file_id: UUID, now: datetime) -> PatientFile:
    """One of them. Raises PatientFile.DoesNotExist to a stranger, as for no file at all."""
    return files_for(user, now).get(pk=file_id)


def listed(files: QuerySet[PatientFile], *, closed: bool = False) -> QuerySet[PatientFile]:
    """In the order of a list: who was seen last comes first."""
    status = FileStatus.CLOSED if closed else FileStatus.OPEN
    return files.filter(status=status).order_by(F("last_consultation_on").desc(nulls_last=True), "-created_at", "pk")


def search_files(user: User, text: str, now: datetime) -> QuerySet[PatientFile]:
    """The files that every word of ``text`` fits: begins of names, a birth date, phone, e-mail."""
    return _holding(user, now, lambda practice_id: query_tokens(practice_id, text))


def files_under(user: User, letter: str, now: datetime) -> QuerySet[PatientFile]:
    """The files whose name begins with ``letter``, in the A to Z index."""
    return _holding(user, now, lambda practice_id: letter_tokens(practice_id, letter))


def files_like(user: User, practice_id: UUID, tokens: list[bytes]) -> QuerySet[PatientFile]:
    """The files in one practice, archived ones too, that hold all ``tokens``; none for no token."""
    if not tokens:
        return files_of(user).none()
    return files_of(user).filter(practice_id=practice_id, search_tokens__contains=tokens)


def drafts_of(user: User, now: datetime) -> QuerySet[Consultation]:
    """What ``user`` has begun and not signed, the last touched first."""
    return (
        Consultation.objects.filter(author=user, status=ConsultationStatus.DRAFT, file__in=files_for(user, now))
        .select_related("file__practice")
        .order_by("-changed_at", "pk")
    )


def recent_files(user: User, now: datetime) -> QuerySet[PatientFile]:
    """The files changed or seen last."""
    return files_for(user, now).filter(status=FileStatus.OPEN).order_by("-changed_at", "pk")


def figures_of(user: User, *, today: date, now: datetime) -> dict[str, int]:
    """The counts of the Today page, in one query each."""
    files = files_for(user, now)
    month = today.replace(day=1)
    counted = files.aggregate(
        patients=Count("pk", filter=Q(status=FileStatus.OPEN)),
        seen_this_month=Count("pk", filter=Q(last_consultation_on__gte=month)),
    )
    return {**counted, "drafts": drafts_of(user, now).count()}


def archived_for(user: User, now: datetime, text: str = "") -> QuerySet[PatientFile]:
    """The archived files of ``user``: of patients they treat, and all of the practices they own (PC-41).

    ``text`` finds them by what was written on the file, without opening any. The last seen comes first.
    """
    treated = patients_of(user).filter(patient_id=OuterRef("pk"), practice_id=OuterRef("practice_id"))
    live = Membership.objects.live().filter(user=user)
    files = PatientFile.objects.filter(practice_id__in=live.values("practice_id"), leaving_at=None)
    mine = files.filter(Exists(treated) | Q(practice_id__in=live.filter(role=Role.OWNER).values("practice_id")))
    archived = mine.exclude(in_daily_use(now)).exclude(IS_RESTRICTED).select_related("practice")
    if text:
        archived = archived.filter(_with_tokens(user, lambda practice_id: query_tokens(practice_id, text)))
    return archived.order_by(F("last_consultation_on").desc(nulls_last=True), "-created_at", "pk")


def archive_openings() -> QuerySet[ArchiveOpening]:
    """Every opening of the archive in the scope, the latest first."""
    return ArchiveOpening.objects.select_related("opened_by").order_by("-opened_at", "pk")


def archive_openings_of(file: PatientFile) -> QuerySet[ArchiveOpening]:
    """The openings of one file, the latest first."""
    return archive_openings().filter(file=file)


def archive_figures(now: datetime) -> dict[str, int]:
    """How many files in the scope are in the archive, and how many are open again."""
    today = {where: legal_day(now, where) for where in Jurisdiction}
    files = PatientFile.objects.filter(leaving_at=None).exclude(IS_RESTRICTED)
    return {
        "archived": files.exclude(in_daily_use(now)).count(),
        "reopened": files.filter(reopened_until__gte=min(today.values())).filter(in_daily_use(now)).count(),
    }


def consultations_of(file: PatientFile) -> QuerySet[Consultation]:
    """The consultations of a file that was fetched for somebody, the latest first."""
    return file.consultations.select_related("author__practitioner", "file__practice").order_by(
        "-started_at", "-created_at", "pk"
    )


def consultation_for(user: User, file_id: UUID, consultation_id: UUID, now: datetime) -> Consultation:
    """One consultation of a file ``user`` may see; Consultation.DoesNotExist to a stranger."""
    return consultations_of(file_for(user, file_id, now)).get(pk=consultation_id)


def versions_of(consultation: Consultation) -> QuerySet[ConsultationVersion]:
    """Its signed versions, the first first."""
    return ConsultationVersion.objects.filter(consultation_id=consultation.pk).order_by("number")


def measures_of(file: PatientFile) -> QuerySet[Measure]:
    """The measures of a file, the latest first."""
    return file.measures.order_by("-taken_at", "-recorded_at", "pk")


def documents_of(file: PatientFile) -> QuerySet[Document]:
    """The documents of a file, the latest first."""
    return file.documents.order_by("-added_at", "pk")


def kept_of(file: PatientFile) -> QuerySet[KeptResource]:
    """What imports brought that has no field of its own."""
    return file.keptresources.order_by("resource_type", "kept_at", "pk")


def kept_counts(file: PatientFile) -> list[tuple[str, int]]:
    """How many of each type were kept: metadata, no content."""
    counted = file.keptresources.values("resource_type").annotate(n=Count("pk"))
    return [(row["resource_type"], row["n"]) for row in counted.order_by("resource_type")]


def openings_of(file: PatientFile) -> QuerySet[AccessEntry]:
    """Who saw what of a file, the latest first (PC-70)."""
    return AccessEntry.objects.filter(subject_id=file.pk).order_by("-at", "-pk")


def names_of(account_ids: Iterable[UUID | None]) -> dict[UUID, str]:
    """The names of practitioners and of their teams by account, for the journal of a file."""
    wanted = {account_id for account_id in account_ids if account_id}
    profiles = PractitionerProfile.objects.filter(user_id__in=wanted)
    named = {p.user_id: f"{p.given_names} {p.surname}" for p in profiles}
    return named | names_of_team(wanted - named.keys()) if wanted - named.keys() else named


def _holding(user: User, now: datetime, tokens: Callable[[UUID], list[bytes]]) -> QuerySet[PatientFile]:
    return files_for(user, now).filter(_with_tokens(user, tokens))


def _with_tokens(user: User, tokens: Callable[[UUID], list[bytes]]) -> Q:
    """All tokens; they are keyed by practice, so each practice has its own."""
    found = Q(pk__in=[])
    for practice in practices_of(user):
        if wanted := tokens(practice.pk):
            found |= Q(practice_id=practice.pk, search_tokens__contains=wanted)
    return found
