"""What the team and other recipients promise, measured on the live database."""

from datetime import datetime
from typing import Final

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from audit.models import AccessEntry
from care.agreement import tampered, wordings
from care.models import AgreementSignature, AgreementText, EmergencyAccess, Membership, StaffConsent
from care.roles import RECIPIENTS, TEAM, Emergency, HostAdministrator, Officer, Right, TechnicalProvider
from care.team.queries import current_number
from care.tenancy import ALL, scope
from privacy.promises import Measure, promise

TESTS: Final = "tests/care/test_promises.py"
WITHOUT_CONSENT: Final = ("list", "identity")
"""The parts of a file that the team sees whatever the patient decided."""


@promise("MD-40", checked_by=TESTS)
def each_recipient_has_its_limits(now: datetime) -> Measure:
    """Every membership has a role with a class; who runs machines has no right to content, opened none, and has no login past the walls."""
    roles = set(Membership.objects.live().order_by().values_list("role", flat=True).distinct())
    nobodies = (TechnicalProvider, HostAdministrator, Officer)
    with_content = [role.key for role in nobodies if role.ways or role.may(Right.CONTENT)]
    opened = {
        role: AccessEntry.objects.filter(actor_role=role.key).count() for role in (TechnicalProvider, HostAdministrator)
    }
    loose, unwalled = sorted(roles - RECIPIENTS.keys()), _passes_row_security()
    return Measure(
        kept=not (with_content or any(opened.values()) or loose or unwalled),
        figures={
            "roles": len(RECIPIENTS), "memberships_without_a_class": loose,
            "openings_by_technical_providers": opened[TechnicalProvider],
            "openings_by_host_administrators": opened[HostAdministrator],
            "roles_of_machines_with_content": with_content, "database_login_passes_row_security": unwalled,
        },
    )  # fmt: skip


def _passes_row_security() -> bool:
    """Whether the login that the application works under, which operations hold, is let past the walls between practices."""
    with connection.cursor() as cursor:
        cursor.execute("select rolsuper or rolbypassrls from pg_roles where rolname = current_user")
        return bool(cursor.fetchone()[0])


@promise("MD-41", checked_by=TESTS)
def nobody_of_the_team_saw_anything_before_signing(now: datetime) -> Measure:
    """Each opening by the team came after its signature; the wordings are those that were published."""
    signed_before = AgreementSignature.objects.filter(account_id=OuterRef("actor_id"), at__lte=OuterRef("at"))
    unsigned = _opened_by(*TEAM).exclude(Exists(signed_before)).count()
    published = set(AgreementText.objects.values_list("sha256", flat=True))
    missing = sum(text.address not in published for text in wordings()) + len(tampered())
    return Measure(
        kept=not (unsigned or missing),
        figures={
            "version_in_force": current_number(now), "signatures": AgreementSignature.objects.count(),
            "openings_before_a_signature": unsigned, "wordings_changed_or_unpublished": missing,
        },
    )  # fmt: skip


@promise("MD-42", checked_by=TESTS)
def the_team_reads_records_of_who_agreed(now: datetime) -> Measure:
    """Each reading of a record by the team lies within a consent of its patient."""
    with scope(ALL):
        stood = StaffConsent.objects.filter(
            Q(ended_at__isnull=True) | Q(ended_at__gte=OuterRef("at")),
            file_id=OuterRef("subject_id"), given_at__lte=OuterRef("at"),
        )  # fmt: skip
        read = _opened_by(*TEAM).exclude(part__in=WITHOUT_CONSENT)
        without = read.exclude(Exists(stood)).count()
        figures = {
            "consents_that_stand": StaffConsent.objects.live().count(),
            "readings_by_the_team": read.count(),
            "readings_without_a_consent": without,
        }
    return Measure(kept=without == 0, figures=figures)


def _opened_by(*roles: str) -> QuerySet[AccessEntry]:
    """The openings of members of teams in one of these roles, found by their accounts."""
    members = Membership.objects.filter(role__in=TEAM).values("user_id")
    return AccessEntry.objects.filter(actor_id__in=members, actor_role__in=roles)


@promise("MD-42", checked_by="tests/records/test_emergency.py")
def emergencies_have_a_reason_an_end_and_a_review(now: datetime) -> Measure:
    """Each reading in an emergency lies within its hour; each opening is reviewed in time."""
    with scope(ALL):
        rows = EmergencyAccess.objects.all()
        hours = rows.filter(
            account_id=OuterRef("actor_id"), file_id=OuterRef("subject_id"), opened_at__lte=OuterRef("at"),
            until__gt=OuterRef("at"),
        )  # fmt: skip
        people = AccessEntry.objects.filter(actor_id__in=rows.values("account_id"), actor_role=Emergency.key)
        outside = people.exclude(Exists(hours)).count()
        overdue = rows.to_review().filter(review_by__lt=now).count()
        figures = {
            "emergency_openings": rows.count(),
            "waiting_for_a_review": rows.to_review().count(),
            "reviews_overdue": overdue,
            "openings_outside_an_hour": outside,
        }
    return Measure(kept=not (outside or overdue), figures=figures)
