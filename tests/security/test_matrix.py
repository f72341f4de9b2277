"""The permission matrix: every address of the practices × every role × two practices; what is expected is read off the roles' classes.

No class, no right, no way in: a cell is 404 for a stranger, 403 for a member of the practice whose role lacks the right,
and open otherwise. What is shown is held against the words of practice A's patient.
"""

# ruff: noqa: F811
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts.access import Access, Audience
from accounts.models import User
from audit.models import AccessEntry
from care.actions import join_practice
from care.models import Membership, Role
from care.queries import practice_of
from care.roles import RECIPIENTS, HostAdministrator, Officer, Practitioner, Recipient, Right
from care.team.actions import end_access
from care.team.reach import needed
from care.tenancy import ALL, scope
from praticonnect.access import table
from tests.accounts.factories import make_practitioner, make_staff, prove, verified_client
from tests.care.factories import as_owner, held_client, let_in, make_member
from tests.records.factories import NOW
from tests.security.battery import Rewind, World, addresses
from tests.security.test_idor import CANARY, fingerprint, owner, patient, world  # noqa: F401 - fixtures
from tests.security.urlmap import Page, pages

pytestmark = pytest.mark.django_db(databases="__all__")
OPEN, CLOSED, ABSENT, SIGN_IN = "open", "403", "404", "sign in"
CONTENT = (f"{CANARY} history", f"{CANARY} note", f"{CANARY} title", "77777.25")
"""Words of the record itself; the patient's name is identity."""
NAMES_A_FILE = "file_id"
WITHOUT_ARGUMENTS = frozenset(page.name for page in pages() if not page.arguments)
"""Pages that are there whatever the person's own objects are."""
OF_ANOTHER_FILE = ("records:discard", "records:kept_one")
"""The world's consultation is signed, so there is no draft to discard; what was imported lies in another file."""


@dataclass(frozen=True)
class Who:
    """Somebody who asks: their class (None for nobody's), whether practice A is theirs, whether its patient agreed."""

    name: str
    role: type[Recipient] | None
    client: Client
    in_a: bool = False
    agreed: bool = False
    treats: bool = False


def expected(who: Who, page: str, access: Access, names_a_file: bool, method: str) -> set[str]:
    """The cells that the classes allow for one page."""
    if who.role is None:
        return {SIGN_IN}
    if issubclass(who.role, Practitioner):
        if access.right and not who.role.may(Right(access.right)):
            return {CLOSED} if page in WITHOUT_ARGUMENTS else {CLOSED, ABSENT}
        if names_a_file:
            return {OPEN, ABSENT} if who.treats else {ABSENT}
        return {OPEN} if page in WITHOUT_ARGUMENTS else {OPEN, ABSENT}
    if not who.role.in_practice or not access.right:
        return {ABSENT}
    if not who.role.may(needed(access, method)):
        return {CLOSED}
    if not names_a_file or (who.in_a and (who.agreed or access.right == Right.IDENTITY)):
        return {OPEN, ABSENT} if page in OF_ANOTHER_FILE else {OPEN}
    return {CLOSED} if who.in_a else {ABSENT}


def found(answer: HttpResponse) -> str:
    """The cell of an answer."""
    if answer.status_code in (301, 302) and answer["Location"].startswith("/accounts/"):
        return SIGN_IN
    return {403: CLOSED, 404: ABSENT}.get(answer.status_code, OPEN)


def everybody(owner: User, world: World) -> list[Who]:
    """Each role in practice A, the same roles in practice B, and those who are in none."""
    other = make_practitioner("b@example.org")
    colleague = make_practitioner("colleague@example.org")
    with scope(ALL):
        Membership.objects.filter(user=colleague).update(until_at=timezone.now())
        join_practice(practice=practice_of(owner), user=colleague, role=Role.PRACTITIONER, by=as_owner(owner), now=NOW)
    left = make_member(owner, "staff")
    with scope(ALL):
        end_access(membership=Membership.objects.get(user=left), by=as_owner(owner), now=timezone.now())
    people = [
        Who("staff of A until now", Recipient, held(left), in_a=False),
        Who("owner", RECIPIENTS["owner"], held(owner), in_a=True, treats=True),
        Who("colleague", Practitioner, held(colleague), in_a=True),
        Who("owner of B", RECIPIENTS["owner"], held(other)),
        Who("host administrator", HostAdministrator, verified_client(make_staff("host@example.org"))),
        Who("officer", Officer, verified_client(make_staff("dpo@example.org"))),
        Who("nobody", None, Client()),
    ]
    for key in ("assistant", "staff", "technician"):
        people.append(Who(f"{key} of A", RECIPIENTS[key], held(make_member(owner, key)), in_a=True))
        people.append(Who(f"{key} of B", RECIPIENTS[key], held(make_member(other, key))))
    return people


def held(user: User) -> Client:
    """A client whose session a passkey proved, a moment ago for as long as the test may take."""
    client = held_client(user)
    prove(client, user, at=timezone.now() + timedelta(hours=1))
    return client


def wrong_cells(world: World, people: list[Who], within: str = "", method: str = "get") -> list[str]:
    """Every cell that isn't what the classes say, and every word of the record shown to who may not read it."""
    wrong, before, rewind = [], fingerprint(), Rewind()
    for page, address, access in addresses(world):
        if access.audience is not Audience.PRACTITIONER or not page.name.startswith(within):
            continue  # one's own account, or everybody's: the battery asks those
        for who in people:
            with rewind.undone(who.client) as written:
                answer = getattr(who.client, method)(address)
                changed = bool(written) and fingerprint() != before
            if answer.status_code != 405:  # else nothing is done there, by anybody
                wrong += _wrong(who, page, access, method.upper(), answer, changed=changed)
    return wrong


def _wrong(who: Who, page: Page, access: Access, method: str, answer: HttpResponse, *, changed: bool) -> list[str]:
    """What is wrong about one cell."""
    cell, where = found(answer), f"{who.name} {method} {page.name}"
    allowed = expected(who, page.name, access, NAMES_A_FILE in page.arguments, method)
    wrong = [] if cell in allowed else [f"{where}: {cell}, not {sorted(allowed)}"]
    if cell != OPEN and changed:
        wrong.append(f"{where}: {cell}, and something changed")
    if who.treats or (who.agreed and who.in_a):
        return wrong
    body = (b"".join(answer) if answer.streaming else answer.content).decode(errors="replace")
    return wrong + [f"{where} shows {word}" for word in CONTENT if word in body]


def test_every_cell_is_what_the_classes_say(owner: User, world: World) -> None:
    people = everybody(owner, world)
    assert wrong_cells(world, people) == []
    opened = AccessEntry.objects.filter(actor_role__in=("technician", "dpo", "account")).exclude(action="create")
    assert set(opened.values_list("part", flat=True)) == set()


def test_consent_opens_the_record_to_the_team_of_its_practice_alone(owner: User, world: World) -> None:
    let_in(owner, world.arguments["file_id"])
    other = make_practitioner("b@example.org")
    people = [
        Who(
            f"{key} of {where}",
            RECIPIENTS[key],
            held(make_member(chief, key)),
            in_a=chief is owner,
            agreed=chief is owner,
        )
        for key in ("assistant", "staff", "technician")
        for where, chief in (("A", owner), ("B", other))
    ]
    cells = wrong_cells(world, people)
    technician = [cell for cell in cells if cell.startswith("technician of A")]
    assert (cells, technician) == ([], [])


def test_the_team_writes_as_its_class_says(owner: User, world: World) -> None:
    """By POST: who lacks the right changes nothing, with the patient's consent too."""
    let_in(owner, world.arguments["file_id"])
    assistant = Who("assistant", RECIPIENTS["assistant"], held(make_member(owner)), in_a=True, agreed=True)
    wrong, before, rewind = [], fingerprint(), Rewind()
    for page, address, access in addresses(world):
        if access.audience is Audience.PRACTITIONER and NAMES_A_FILE in page.arguments:
            with rewind.undone(assistant.client) as written:
                cell = found(assistant.client.post(address))
                changed = bool(written) and fingerprint() != before
            if (cell not in (CLOSED, ABSENT) and access.right != Right.IDENTITY) or changed:
                wrong.append(f"POST {page.name}: {cell}")
    assert wrong == []


@pytest.mark.parametrize("role", [HostAdministrator, Officer, RECIPIENTS["technician"]])
def test_who_runs_machines_has_no_right_to_content(role: type[Recipient]) -> None:
    assert (role.ways, role.may(Right.CONTENT), role.may(Right.LIST), role.may(Right.WRITE)) == (
        frozenset(), False, False, False,
    )  # fmt: skip


def test_matrix_finds_a_right_that_was_given_by_hand(
    owner: User,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With one wall down the matrix reports the cells: a test that can fail."""
    monkeypatch.setattr("praticonnect.gate.why_not_in_practice", lambda *_arguments: None)
    people = [Who("technician of A", RECIPIENTS["technician"], held(make_member(owner, "technician")), in_a=True)]
    assert wrong_cells(world, people, "records:patients") == ["technician of A GET records:patients: open, not ['403']"]


def test_every_page_of_practitioners_names_a_right_or_none() -> None:
    rights = {access.right for access in table().values() if access.right}
    assert rights <= {right.value for right in Right}
