"""Isolation: the world that the permission matrix walks (test_matrix.py), and that its walk would find a wall that is down."""

import re
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from audit.actors import Actor
from audit.models import AccessEntry
from care.models import Invitation, Membership, PortalLink, StaffConsent, StaffInvitation
from care.queries import practice_of
from care.roles import RECIPIENTS
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
    Suggestion,
)
from records.portal.content import share
from tests.accounts.factories import make_patient, make_practitioner, prove, verified_client
from tests.care.factories import as_owner, make_member
from tests.gdpr_requests.factories import by_account, by_letter, signed_file
from tests.imports.factories import imported
from tests.lifecycle.test_holds import place
from tests.records.assist_world import suggested
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
from tests.security.asking import CANARY, faults, walk
from tests.security.battery import World
from tests.security.cells import Who

pytestmark = pytest.mark.django_db(databases="__all__")

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
    Suggestion,
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
        "suggestion_id": suggested(written := make_consultation(file, owner), owner, f"{CANARY} draft").pk,
        **{f"records:{page} consultation_id": written.pk for page in ("assist", "assist_decide")},
        "measure_id": measure.pk,
        "document_id": document.pk,
        "listing_id": Listing.objects.create(user=owner).pk,
        "hold_id": place(file).pk,
        "export_id": exported(owner).pk,
        "proof_id": signed_file(owner, f"%PDF-1.7 {CANARY}".encode()).pk,
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


def agreed(own: PortalLink, now: datetime = NOW, key: str = TELECONSULTATION) -> UUID:
    """The entry of the informed consent that the patient gave practice A."""
    by = Actor(account_id=own.account_id, role="patient")
    with scope(ALL):
        said = decide_by_link(
            link=own, key=key, on=True, by=by, language="en", now=now, control=Control("button", "none", "Validate")
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


def world_file(patient: User) -> PatientFile:
    """The file of practice A."""
    with scope(ALL):
        return PatientFile.objects.get(pk=PortalLink.objects.get(account=patient).patient_id)


def stranger() -> Who:
    """The chief physician of another practice."""
    user = make_practitioner("stranger@example.org")
    client = verified_client(user)
    prove(client, user)
    return Who("stranger", client, RECIPIENTS["owner"])


def test_walk_finds_a_change_and_takes_it_back(world: World, owner: User) -> None:
    """A visitor who may write is reported for writing, and the next request finds all as it was."""
    by_hand = Who("stranger", verified_client(owner), RECIPIENTS["owner"])
    before = fingerprint()
    wrong = faults(list(walk(world, [by_hand], within=("records:close",))))
    assert [fault for fault in wrong if "changed" in fault] == [
        "stranger POST records:close: open, and something changed"
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


def test_owner_sees_the_canary(world: World, owner: User) -> None:
    """There is something that could leak: the owner's page shows it."""
    page = verified_client(owner).get(reverse("records:file", args=[world.arguments["file_id"]]))
    assert CANARY in page.content.decode()


def test_walk_finds_a_query_opened_by_hand(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """With one scoped query opened and the second wall down, the walk reports leaks."""
    monkeypatch.setattr("praticonnect.gate.tenancy.scope", lambda practices: scope(ALL))
    monkeypatch.setattr("records.queries.files_for", lambda user, now: PatientFile.objects.all())
    wrong = faults(list(walk(world, [stranger()], within=("records:file",))))
    assert wrong[:2] == ["stranger GET records:file: open, not 404", f"stranger GET records:file shows {CANARY}"]


def test_second_wall_holds_when_a_query_is_opened_by_hand(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL's row security alone keeps the stranger out of the file."""
    monkeypatch.setattr("records.queries.files_for", lambda user, now: PatientFile.objects.all())
    assert faults(list(walk(world, [stranger()], within=("records:",)))) == []
