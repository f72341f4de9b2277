"""Everybody whom the matrix asks as: each role in practice A and in practice B, the portal in each capacity and part, and strangers."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.test import Client
from django.utils import timezone
from django_otp import DEVICE_ID_SESSION_KEY

from accounts.models import User
from audit.actors import Actor
from care.actions import join_practice
from care.models import Capacity, Membership, PortalLink, PortalPart, Role
from care.portal.actions import make_link
from care.queries import practice_of
from care.roles import RECIPIENTS, Authority, HostAdministrator, Officer, Practitioner
from care.team.actions import end_access
from care.tenancy import ALL, scope
from gdpr_requests.export.actions import ask
from gdpr_requests.export.scopes import Scope
from records.emergency import open_in_emergency
from records.models import PatientFile
from records.portal.content import hand_in
from tests.accounts.factories import make_account, make_patient, make_practitioner, make_staff, prove, verified_client
from tests.care.factories import as_owner, held_client, let_in, make_member
from tests.records.factories import NOW, link, make_consultation, make_file
from tests.records.orders import read_by_agent
from tests.security.battery import World
from tests.security.cells import AS_AGENT, IN_PORTAL, IN_PRACTICE, WALLED, Cell, Link, Who
from tests.security.ground import archived, asked_by_letter, copy_of_a_letter
from tests.security.test_idor import OVER

TEAM = ("assistant", "staff", "technician")


def completed(world: World, owner: User) -> World:
    """Practice A with the rest of what an address may name, so that each page is open to somebody."""
    with scope(ALL):
        file = PatientFile.objects.get(pk=world.arguments["file_id"])
        imported = PatientFile.objects.get(origin="imported").pk
        mine = PortalLink.objects.get(pk=world.arguments["link_id"])
    draft = make_consultation(file, owner).pk
    with scope([file.practice_id]):
        by = Actor(mine.account_id, "patient", practice_id=file.practice_id)
        hand_in(file=file, link=mine, answers={"smoking": "never"}, by=by, now=timezone.now())
    arguments = {
        **world.arguments, **archived(owner),
        **{f"records:{page} consultation_id": draft for page in ("discard", "draft")},
        **{f"records:{page} file_id": imported for page in ("kept", "kept_one", "imported_bundle")},
        "gdpr:request_paper request_id": asked_by_letter("practice", as_owner(owner), {}, practice_id=file.practice_id),
        "gdpr:request_archive request_id": copy_of_a_letter(owner, file),
    }  # fmt: skip
    return replace(world, arguments=arguments)


def everybody(owner: User, patient: User, world: World) -> list[Who]:
    """Each kind of visitor once, and twice where there are two practices."""
    with scope(ALL):
        file = PatientFile.objects.get(pk=world.arguments["file_id"])
    other = make_practitioner("b@example.org")
    return [
        *outside(other), *practising(owner, other, file), *team(owner, other), *strayed(owner), *agents(owner, other, file),
        *portal(patient, file, world), *of_other_files(owner, other),
    ]  # fmt: skip


def outside(other: User) -> list[Who]:
    """Who isn't in, and who works for the house."""
    unverified = verified_client(other)
    session = unverified.session
    del session[DEVICE_ID_SESSION_KEY]
    session.save()
    host = make_account("host@example.org")
    return [
        Who("nobody", Client(), door=Cell.SIGN_IN, everywhere=True),
        Who("password only", unverified, door=Cell.PROVE, everywhere=True),
        Who("host administrator", proved(host), HostAdministrator, everywhere=True),
        Who("officer", proved(make_staff("dpo@example.org")), Officer, everywhere=True),
    ]


def practising(owner: User, other: User, file: PatientFile) -> list[Who]:
    """The chief physicians of both practices, a colleague, and a colleague in an emergency."""
    colleague, rushing = hired(owner), hired(owner)
    with scope([file.practice_id]):
        by = Actor(rushing.pk, "practitioner", practice_id=file.practice_id)
        open_in_emergency(file_id=file.pk, kind="life", why="No answer at the door", by=by, now=timezone.now())
    return [
        Who("owner", proved(owner), RECIPIENTS["owner"], of_a=True, treats=True),
        Who("colleague", proved(colleague), Practitioner, of_a=True, home=IN_PRACTICE),
        Who("colleague in an emergency", proved(rushing), Practitioner, of_a=True, hour=True, home=IN_PRACTICE),
        Who("owner of B", proved(other), RECIPIENTS["owner"], everywhere=True),
    ]


def hired(owner: User) -> User:
    """A practitioner who joined practice A."""
    user, now = make_practitioner(), timezone.now()
    with scope(ALL):
        Membership.objects.filter(user=user).update(until_at=now)
        join_practice(practice=practice_of(owner), user=user, role=Role.PRACTITIONER, by=as_owner(owner), now=now)
    return user


def team(owner: User, other: User) -> list[Who]:
    """The same three roles in both practices."""
    return [
        Who(f"{key} of {where}", proved(make_member(chief, key)), RECIPIENTS[key], of_a=chief is owner,
            everywhere=key == "assistant" and chief is owner, home=WALLED if key == "assistant" else IN_PRACTICE)
        for key in TEAM for where, chief in (("A", owner), ("B", other))
    ]  # fmt: skip


def strayed(owner: User) -> list[Who]:
    """Members of practice A for whom something is missing, or over."""
    left, plain = make_member(owner, "staff"), make_member(owner)
    with scope(ALL):
        end_access(membership=Membership.objects.get(user=left), by=as_owner(owner), now=timezone.now())
    by_code = verified_client(plain)
    prove(by_code, plain, at=later())
    member = Who(
        "assistant before the agreement", proved(make_member(owner, signed=False)), RECIPIENTS["assistant"], of_a=True
    )
    return [
        Who("staff of A until now", proved(left)),
        replace(member, barred=Cell.AGREE, home=IN_PRACTICE),
        replace(member, name="assistant by a code", client=by_code, barred=Cell.PROVE, home=IN_PRACTICE),
    ]


def agents(owner: User, other: User, file: PatientFile) -> list[Who]:
    """Who reads under an order: of practice A, of practice B, of another file, and one that is over."""
    readers = {
        "agent": read_by_agent(owner, file), "agent of B": read_by_agent(other, make_file(other)),
        "agent of another file": read_by_agent(owner, make_file(owner, surname="Morvan")),
        "agent of an order that is over": read_by_agent(owner, file, now=OVER),
    }  # fmt: skip
    return [
        Who(name, proved(user), Authority, of_a=name == "agent", agent=True,
            everywhere=name == "agent of B", home=WALLED if name == "agent of B" else AS_AGENT,
            own={"order_id": order.pk} if name == "agent" else {})
        for name, (order, user) in readers.items()
    ]  # fmt: skip


def portal(patient: User, file: PatientFile, world: World) -> list[Who]:
    """The patient, a guardian with and without the choices, proxies with all parts and with one each, and a link that ended."""
    soon, all_parts = timezone.now() + timedelta(days=90), frozenset(PortalPart.values)
    people = [
        Who(
            "patient",
            linked_client(patient),
            patient=True,
            link=Link(Capacity.SELF),
            own={"link_id": world.arguments["link_id"]},
        )
    ]
    kinds = [
        (Capacity.GUARDIAN, all_parts), (Capacity.GUARDIAN, all_parts - {PortalPart.PRIVACY}),
        (Capacity.PROXY, all_parts), *((Capacity.PROXY, frozenset({part})) for part in PortalPart.values),
    ]  # fmt: skip
    for capacity, parts in kinds:
        account = make_patient()
        row = link(file, account, capacity=capacity, until=soon, scope=sorted(parts))
        people.append(
            Who(f"{capacity} with {'all' if parts == all_parts else ', '.join(sorted(parts))}", linked_client(account),
                patient=True, link=Link(capacity, parts), home=IN_PORTAL, own={"link_id": row.pk})
        )  # fmt: skip
    over = make_patient()
    with scope(ALL):
        ended = make_link(
            practice_id=file.practice_id, patient_id=file.pk, account_id=over.pk, capacity="self",
            until=NOW + timedelta(minutes=1), by=Actor(account_id=over.pk, role="patient"), now=NOW,
        )  # fmt: skip
    return [
        *people,
        Who("a link that ended", linked_client(over), patient=True, home=IN_PORTAL, own={"link_id": ended.pk}),
    ]


def of_other_files(owner: User, other: User) -> list[Who]:
    """Who looks into another file: of practice B, or of practice A."""
    soon = timezone.now() + timedelta(days=90)
    files = {
        ("patient of B", Capacity.SELF): make_file(other),
        ("another patient", Capacity.SELF): make_file(owner, surname="Voisin"),
        ("guardian of another patient", Capacity.GUARDIAN): make_file(owner, surname="Jeune", birth_date="2018-05-05"),
        ("proxy of another patient", Capacity.PROXY): make_file(owner, surname="Vieux"),
    }  # fmt: skip
    people = []
    for (name, capacity), file in files.items():
        account = make_patient()
        row = link(file, account, capacity=capacity, until=None if capacity == Capacity.SELF else soon)
        people.append(
            Who(name, linked_client(account), patient=True, link=Link(capacity, to_a=False), everywhere=name == "patient of B",
                home=WALLED if name == "patient of B" else IN_PORTAL, own={"link_id": row.pk})
        )  # fmt: skip
    return people


def consented(people: list[Who], owner: User, world: World) -> list[Who]:
    """The team of both practices, once the patients of practice A let theirs in."""
    for file_id in {world.arguments["file_id"], world.arguments["records:kept file_id"]}:
        assert isinstance(file_id, UUID)
        let_in(owner, file_id)
    return [
        replace(who, name=f"{who.name}, let in", agreed=who.of_a)
        for who in people
        if who.name.split(" ")[0] in TEAM and not who.barred and who.role
    ]


def later() -> Any:
    """Fresh for as long as the test may take."""
    return timezone.now() + timedelta(hours=1)


def proved(user: User) -> Client:
    """A client whose session a passkey proved, a moment ago: what closes a page isn't a proof that is too old."""
    client = held_client(user)
    prove(client, user, at=later())
    return client


def linked_client(account: User) -> Client:
    """A patient's, whose own copy is under way: asking again changes nothing."""
    ask(user=account, scope=Scope.ACCOUNT, by=Actor(account_id=account.pk, role="patient"), now=timezone.now())
    client = verified_client(account)
    prove(client, account, at=later())
    return client
