"""Isolation: nobody sees or changes another practice's things, at any address of the house."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.access import Access, Audience
from accounts.models import User
from audit.actors import Actor
from audit.models import AccessEntry
from care.models import Invitation, Membership, PortalLink, StaffConsent, StaffInvitation
from care.portal.actions import make_link
from care.queries import practice_of
from care.team.actions import end_access, invite
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
ROWS = "select '{0}', count(*), md5(coalesce(string_agg(row::text, '|' order by row::text), '')) from {0} row"


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
    now = timezone.now()
    request = by_account(patient, file_id=file.pk, now=now)
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
        "app_label": "audit",
        "event_id": receipt,
        "address": text,
        "key": "some-key",
        "uidb36": "abc",
        "subprocessor": "viva",
        "path": "below",
        "pk": 1,
        "consents:confirm key": "tos_privacy",
        "gdpr:integration key": "google",
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


def agreed(own: PortalLink, now: datetime = NOW) -> UUID:
    """The entry of the informed consent that the patient gave practice A."""
    by = Actor(account_id=own.account_id, role="patient")
    with scope(ALL):
        said = decide_by_link(
            link=own, key=TELECONSULTATION, on=True, by=by, language="en", now=now, control=Control("button", "none", "Validate")
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
    """Every row of each kind, every column of it, counted and hashed in one statement: a change by a stranger shows."""
    with scope(ALL), connection.cursor() as cursor:
        cursor.execute(" union all ".join(ROWS.format(model._meta.db_table) for model in TOUCHED))
        return cursor.fetchall()


def visitors(owner: User, patient: User) -> list[Visitor]:
    """Everybody who might knock."""
    stranger = make_practitioner("stranger@example.org")
    office = make_staff("dpo@example.org")
    plain = make_account("nobody@example.org")

    unverified = Client()
    unverified.force_login(stranger)

    of_b, neighbour = make_patient("of-b@example.org"), make_patient("neighbour@example.org")
    guardian, proxy = make_patient("guardian@example.org"), make_patient("proxy@example.org")
    later = timezone.now() + timedelta(days=90)
    link(make_file(stranger), of_b)
    link(make_file(owner, surname="Voisin"), neighbour)
    link(make_file(owner, surname="Jeune", birth_date="2018-05-05"), guardian, capacity="guardian", until=later)
    link(make_file(owner, surname="Vieux"), proxy, capacity="proxy", until=later)
    over = make_patient("over@example.org")
    with scope(ALL):
        file = PortalLink.objects.get(account=patient)
        make_link(
            practice_id=file.practice_id, patient_id=file.patient_id, account_id=over.pk, capacity="self",
            until=NOW + timedelta(minutes=1), by=Actor(account_id=over.pk, role="patient"), now=NOW,
        )  # fmt: skip
    for somebody in (
        of_b,
        neighbour,
        guardian,
        proxy,
        over,
    ):  # their own copy is under way: asking again changes nothing
        ask(user=somebody, scope=Scope.ACCOUNT, by=Actor(account_id=somebody.pk, role="patient"), now=timezone.now())
    of_another, ended = (
        read_by_agent(stranger, make_file(stranger))[1],
        read_by_agent(owner, world_file(patient), now=OVER)[1],
    )
    agent = among(OPEN | {Audience.SIGNED_IN, Audience.VERIFIED, Audience.AUTHORITY})
    left = make_member(owner, "staff")
    with scope(ALL):
        end_access(membership=Membership.objects.get(user=left), by=as_owner(owner), now=timezone.now())
    portal = among(OPEN | {Audience.SIGNED_IN, Audience.VERIFIED, Audience.PATIENT})
    mine = OPEN | {Audience.SIGNED_IN, Audience.VERIFIED}
    return [
        Visitor("nobody", Client(), among(OPEN)),
        Visitor("password only", unverified, among(OPEN | {Audience.SIGNED_IN})),
        Visitor("another practice", verified_client(stranger), among(mine | {Audience.PRACTITIONER})),
        Visitor("account without practice", verified_client(plain), among(mine)),
        Visitor("office", verified_client(office), among(mine | {Audience.OFFICE})),
        Visitor("patient of another practice", verified_client(of_b), portal),
        Visitor("another patient of the practice", verified_client(neighbour), portal),
        Visitor("a link that ended", verified_client(over), portal),
        Visitor("guardian of another patient", verified_client(guardian), portal),
        Visitor("proxy of another patient", verified_client(proxy), portal),
        Visitor("staff whose time is over", held_client(left), among(mine)),
        Visitor("agent of another order", held_client(of_another), agent),
        Visitor("agent of an order that is over", held_client(ended), agent),
        Visitor("patient", verified_client(patient), outside_the_office, owner=True),
        Visitor("owner", verified_client(owner), outside_the_office, owner=True),
    ]


def outside_the_office(access: Access) -> bool:
    """Whose things they are finds all pages but the office's."""
    return access.audience is not Audience.OFFICE


def world_file(patient: User) -> PatientFile:
    """The file of practice A."""
    with scope(ALL):
        return PatientFile.objects.get(pk=PortalLink.objects.get(account=patient).patient_id)


def among(audiences: set[Audience]) -> Callable[[Access], bool]:
    """Whether a page's audience is one of these."""
    return lambda access: access.audience in audiences


@pytest.mark.parametrize("half", [0, 1])
def test_battery_leaks_nothing(half: int, world: World, owner: User, patient: User) -> None:
    """Every address × visitor × method: no stranger in, no canary out, nothing changed. Each half asks as every other visitor."""
    assert run(world, visitors(owner, patient)[half::2]) == []


def test_battery_finds_a_change_and_takes_it_back(world: World, owner: User, patient: User) -> None:
    """A visitor who may write is reported for writing, and the next request finds all as it was."""
    by_hand = Visitor("stranger", verified_client(owner), among({Audience.PRACTITIONER}))
    before = fingerprint()
    leaks = run(world, [by_hand], within="records:close")
    assert [leak for leak in leaks if "changes practice A" in leak] == [
        "stranger POST records:close: 302 changes practice A"
    ]
    assert fingerprint() == before


def test_what_is_anothers_looks_like_what_is_not_there(world: World) -> None:
    """The battery asks without the page for nothing; this is it: the same for another practice's file and for no file."""
    client = verified_client(make_practitioner("stranger@example.org"))
    shown = []
    for file_id in (world.arguments["file_id"], uuid4()):
        answer = client.get(reverse("records:file", args=[file_id]))
        words = re.sub(r'(value|nonce)="[^"]*"', "", answer.content.decode().replace(str(file_id), ""))
        shown.append((answer.status_code, words))
    assert (shown[0] == shown[1], shown[0][0], "There is nothing at this address" in shown[0][1]) == (True, 404, True)


def test_owner_sees_the_canary(world: World, owner: User, patient: User) -> None:
    """There is something that could leak: the owner's page shows it."""
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
