"""Isolation: nobody sees or changes another practice's things, at any address of the house."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone

from accounts.access import Access, Audience
from accounts.models import User
from audit.actors import Actor
from audit.models import AccessEntry
from care.models import Invitation, Membership, PortalLink, StaffConsent, StaffInvitation
from care.portal.actions import make_link
from care.queries import practice_of
from care.team.actions import invite
from care.tenancy import ALL, scope
from consents.actions import Control
from consents.models import ConsentEvent, PublishedText
from consents.patients import decide_by_link
from directory.models import Listing
from gdpr_requests.actions import answer
from gdpr_requests.desk import links
from gdpr_requests.export.actions import ask
from gdpr_requests.export.building import build
from gdpr_requests.export.scopes import Scope
from gdpr_requests.models import Export, Request
from lifecycle.deletion.links import token_of
from privacy.patient_keys import TELECONSULTATION
from records.emergency import open_in_emergency
from records.models import (
    AuthorityOrder,
    Consultation,
    Document,
    Measure,
    OrderedFile,
    PatientFile,
    Questionnaire,
    QuestionnaireDraft,
    Share,
)
from records.portal.content import share
from tests.accounts.factories import make_account, make_patient, make_practitioner, make_staff, verified_client
from tests.care.factories import as_owner, held_client, make_member
from tests.gdpr_requests.factories import by_account, by_letter
from tests.imports.factories import imported
from tests.lifecycle.test_holds import place
from tests.records.factories import (
    NOW,
    actor_of,
    link,
    make_consultation,
    make_document,
    make_file,
    make_measure,
    working,
)
from tests.records.orders import read_by_agent
from tests.records.restriction.helpers import read, restrict
from tests.security.battery import Visitor, World, run

pytestmark = pytest.mark.django_db(databases="__all__")

CANARY = "Zyklamenblüte"
OPEN = {Audience.PUBLIC}
OVER = timezone.now() - timedelta(days=20)
"""Long enough ago for an order to have ended by the clock."""
TOUCHED = (
    Share,
    Questionnaire,
    QuestionnaireDraft,
    PortalLink,
    AuthorityOrder,
    OrderedFile,
    Invitation,
    PatientFile,
    Consultation,
    Measure,
    Document,
    ConsentEvent,
    Listing,
    Request,
    Export,
    Membership,
    StaffConsent,
    StaffInvitation,
)


@pytest.fixture
def owner() -> User:
    """The practitioner of practice A."""
    return make_practitioner("owner@example.org")


def exported(user: User) -> Export:
    """An archive that lies ready."""
    now = timezone.now()
    export = ask(user=user, scope=Scope.FULL, by=actor_of(user), now=now)
    assert build(export.pk, now=now)
    return export


def copied(file: PatientFile, patient: User, owner: User) -> UUID:
    """The copy of the file that its patient asked for and practice A granted, ready."""
    request, now = by_account(patient, file_id=file.pk), timezone.now()
    answer(request_id=request.pk, outcome="granted", text="Here.", by=actor_of(owner), now=now)
    export = Export.objects.get(request_id=request.pk)
    assert build(export.pk, now=now)
    return export.pk


@pytest.fixture
def patient() -> User:
    """The patient of practice A, with an account."""
    return make_patient("patient@example.org")


@pytest.fixture
def world(owner: User, patient: User) -> World:
    """Practice A with one of each thing, its words canaries."""
    file = make_file(owner, surname=CANARY, medical_history=f"{CANARY} history")
    consultation = make_consultation(file, owner, signed=True, note=f"{CANARY} note")
    measure = make_measure(file, owner, value="77777.25")
    document = make_document(file, owner, title=f"{CANARY} title")
    with working(owner) as by:
        share(file=file, thing=document, by=by, now=NOW)
        share(file=file, thing=consultation, by=by, now=NOW)
    receipt = ConsentEvent.objects.filter(subject_id=owner.pk).values_list("pk", flat=True).first()
    text = PublishedText.objects.values_list("sha256", flat=True).first()
    arguments = {
        **imported(owner, CANARY),
        "event_id": receipt,
        "address": text,
        "key": "some-key",
        "uidb36": "abc",
        "pk": 1,
        "consents:confirm key": "tos_privacy",
        "file_id": file.pk,
        "consultation_id": consultation.pk,
        "measure_id": measure.pk,
        "document_id": document.pk,
        "listing_id": Listing.objects.create(user=owner).pk,
        "hold_id": place(file).pk,
        "export_id": exported(owner).pk,
        "number": 1,
        "language": "en",
        "token": token_of(owner.pk, 1, NOW),
        "patient:invitation token": "no-such-link",
        "link_id": (own := link(file, patient)).pk,
        "patient_privacy:consent_receipt event_id": agreed(own),
        "request_id": by_account(owner).pk,
        "patient_privacy:request request_id": by_account(patient, text=f"{CANARY} asked").pk,
        "entry_id": AccessEntry.objects.filter(subject_id=file.pk).values_list("pk", flat=True)[0],
        **{f"gdpr:{page} token": links.token_of(by_letter().pk) for page in ("follow", "follow_paper")},
        "invitation_id": invited(owner),
        "emergency_id": in_emergency(owner, file),
        **ordered(owner, file),
        "membership_id": Membership.objects.get(user=make_member(owner)).pk,
    }
    copy = copied(file, patient, owner)
    arguments |= {f"patient_privacy:export_{act} export_id": copy for act in ("download", "delete", "again")}
    shut = make_file(owner, surname=CANARY)
    paper = make_document(shut, owner, title=f"{CANARY} title")
    restrict(shut, now=timezone.now())
    reading = {"file_id": shut.pk, "document_id": paper.pk, "opening_id": read(shut, owner, now=timezone.now()).pk}
    for page in ("ask", "read", "document"):
        arguments |= {f"records:restricted_{page} {name}": value for name, value in reading.items()}
    return World(arguments, (CANARY, "77777.25"), fingerprint)


def agreed(own: PortalLink) -> UUID:
    """The entry of the informed consent that the patient gave practice A."""
    by = Actor(account_id=own.account_id, role="patient")
    with scope(ALL):
        said = decide_by_link(
            link=own, key=TELECONSULTATION, on=True, by=by, language="en", now=NOW, control=Control("button", "none", "Validate")
        )  # fmt: skip
    assert said.event_id is not None
    return said.event_id


def invited(owner: User) -> UUID:
    """An invitation of practice A that waits."""
    practice = practice_of(owner)
    with scope(ALL):
        sent = invite(practice=practice, email="x@example.org", role="staff", by=as_owner(owner), now=timezone.now())
    return sent.pk


def ordered(owner: User, file: PatientFile) -> dict[str, object]:
    """An order about the file, under which somebody reads."""
    order, _agent = read_by_agent(owner, file, whom=f"{CANARY} whom")
    return {"order_id": order.pk, "part": "medical", "authority:join token": "no-such-link"}


def in_emergency(owner: User, file: PatientFile) -> UUID:
    """An hour, over since, in which staff of practice A had the file open."""
    staff = make_member(owner, "staff")
    with scope(ALL):
        row = open_in_emergency(
            file_id=file.pk, kind="life", why=f"{CANARY} why", by=Actor(staff.pk, "staff"),
            now=timezone.now() - timedelta(hours=2),
        )  # fmt: skip
    return row.pk


def fingerprint() -> object:
    """How many rows of each kind there are, and every revision: a change by a stranger shows."""
    with scope(ALL):
        return [sorted(model._default_manager.values_list("pk", flat=True)) for model in TOUCHED], sorted(
            PatientFile.objects.values_list("pk", "changed_at", "revision", "status")
        )


def visitors(owner: User, patient: User) -> list[Visitor]:
    """Everybody who might knock."""
    stranger = make_practitioner("stranger@example.org")
    office = make_staff("dpo@example.org")
    plain = make_account("nobody@example.org")

    def unverified() -> Client:
        client = Client()
        client.force_login(stranger)
        return client

    def verified(user: User) -> Callable[[], Client]:
        return lambda: verified_client(user)

    of_b, neighbour = make_patient("of-b@example.org"), make_patient("neighbour@example.org")
    link(make_file(stranger), of_b)
    link(make_file(owner, surname="Voisin"), neighbour)
    over = make_patient("over@example.org")
    with scope(ALL):
        file = PortalLink.objects.get(account=patient)
        make_link(
            practice_id=file.practice_id, patient_id=file.patient_id, account_id=over.pk, capacity="self",
            until=NOW + timedelta(minutes=1), by=Actor(account_id=over.pk, role="patient"), now=NOW,
        )  # fmt: skip
    of_another, ended = (
        read_by_agent(stranger, make_file(stranger))[1],
        read_by_agent(owner, world_file(patient), now=OVER)[1],
    )
    agent = among(OPEN | {Audience.SIGNED_IN, Audience.VERIFIED, Audience.AUTHORITY})
    portal = among(OPEN | {Audience.SIGNED_IN, Audience.VERIFIED, Audience.PATIENT})
    mine = OPEN | {Audience.SIGNED_IN, Audience.VERIFIED}
    return [
        Visitor("nobody", Client, among(OPEN)),
        Visitor("password only", unverified, among(OPEN | {Audience.SIGNED_IN})),
        Visitor("another practice", verified(stranger), among(mine | {Audience.PRACTITIONER})),
        Visitor("account without practice", verified(plain), among(mine)),
        Visitor("office", verified(office), among(mine | {Audience.OFFICE})),
        Visitor("patient of another practice", verified(of_b), portal),
        Visitor("another patient of the practice", verified(neighbour), portal),
        Visitor("a link that ended", verified(over), portal),
        Visitor("agent of another order", lambda: held_client(of_another), agent),
        Visitor("agent of an order that is over", lambda: held_client(ended), agent),
        Visitor("patient", verified(patient), lambda access: True, owner=True),
        Visitor("owner", verified(owner), lambda access: True, owner=True),
    ]


def world_file(patient: User) -> PatientFile:
    """The file of practice A."""
    with scope(ALL):
        return PatientFile.objects.get(pk=PortalLink.objects.get(account=patient).patient_id)


def among(audiences: set[Audience]) -> Callable[[Access], bool]:
    """Whether a page's audience is one of these."""
    return lambda access: access.audience in audiences


def test_battery_leaks_nothing(world: World, owner: User, patient: User) -> None:
    """Every address × visitor × method: no stranger in, no canary out, nothing changed."""
    assert run(world, visitors(owner, patient)) == []


def test_owner_sees_the_canary(world: World, owner: User, patient: User) -> None:
    """There is something that could leak: the owner's page shows it."""
    from django.urls import reverse

    page = verified_client(owner).get(reverse("records:file", args=[world.arguments["file_id"]]))
    assert CANARY in page.content.decode()


def test_battery_finds_a_query_opened_by_hand(
    world: World, owner: User, patient: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With one scoped query opened and the second wall down, the battery reports leaks."""
    monkeypatch.setattr("praticonnect.gate.tenancy.scope", lambda practices: scope(ALL))
    monkeypatch.setattr("records.queries.files_for", lambda user, now: PatientFile.objects.all())
    leaks = run(world, visitors(owner, patient), within="records:file")
    assert [leak for leak in leaks if leak.startswith("another practice GET records:file: 200 shows")] != []


def test_second_wall_holds_when_a_query_is_opened_by_hand(
    world: World, owner: User, patient: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL's row security alone keeps the stranger out of the file."""
    monkeypatch.setattr("records.queries.files_for", lambda user, now: PatientFile.objects.all())
    assert run(world, visitors(owner, patient), within="records:") == []
