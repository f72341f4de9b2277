"""The permission matrix: every address × every kind of visitor × two practices, by GET and by POST (issue 4, done when 3).

What each cell must be is read off the roles' classes (``cells``); who asks is made by the real actions (``crowd``). Beside its cell
each answer is held against the words of practice A's patient and against its rows: a refused cell shows, opens and changes nothing.
"""

# ruff: noqa: F811
import pytest
from django.test import Client

from accounts.access import Access, Act, Audience
from accounts.models import User
from care.roles import RECIPIENTS, Emergency, HostAdministrator, Officer, Recipient, Right
from praticonnect.access import table
from tests.care.factories import make_member
from tests.security.asking import CANARY, READS_PASSKEYS, Asked, faults, walk
from tests.security.battery import World
from tests.security.cells import OPEN, PORTAL, STEPS, Cell, Who, expected
from tests.security.crowd import completed, consented, everybody, portal, proved
from tests.security.test_idor import owner, patient, world, world_file  # noqa: F401 - fixtures
from tests.security.urlmap import Page

pytestmark = pytest.mark.django_db(databases="__all__")


def unopened(asked: list[Asked]) -> set[str]:
    """The pages that were open to nobody at all; the office's aside, which its own tests open."""
    named = {one.page.name for one in asked if one.access.audience is not Audience.OFFICE}
    return named - {one.page.name for one in asked if one.cell is OPEN}


def stale_steps(asked: list[Asked]) -> set[str]:
    """The pages that the table excuses though everybody finds them as they should."""
    past = [one for one in asked if one.page.name in STEPS and not one.stopped]
    return {one.page.name for one in past} - {one.page.name for one in past if one.cell not in (OPEN, Cell.NOT_OFFERED)}


@pytest.mark.parametrize("half", [0, 1])
def test_every_cell_is_what_the_classes_say(half: int, owner: User, patient: User, world: World) -> None:
    """Each address by both methods as everybody; then, the patients having let the team in, those of the practice once more."""
    whole = completed(world, owner)
    people = everybody(owner, patient, whole)
    asked = list(walk(whole, people, half=half, of=2))
    assert (faults(asked), unopened(asked) - STEPS.keys() - READS_PASSKEYS, stale_steps(asked)) == ([], set(), set())
    assert {who.role for who in people if who.role} | {Emergency} == set(RECIPIENTS.values())
    again = list(walk(whole, consented(people, owner, whole), half=half, of=2, audience=Audience.PRACTITIONER))
    assert faults(again) == []


@pytest.mark.parametrize(
    ("name", "arguments", "audience"),
    [
        ("patient:new", {"link_id"}, Audience.PATIENT),
        ("records:new_thing", {"file_id", "thing_id"}, Audience.PRACTITIONER),
        ("records:loose", {"document_id"}, Audience.PRACTITIONER),
    ],
)
def test_new_address_has_no_cells_until_the_table_says_them(name: str, arguments: set[str], audience: Audience) -> None:
    page, access = Page(name, frozenset(arguments)), Access(audience, Act.CARE)
    somebody = Who("somebody", Client(), RECIPIENTS["owner"], patient=True)
    with pytest.raises(LookupError, match=f"{name} has no cells"):
        expected(somebody, page, access, "GET")


def test_table_has_no_row_without_a_page() -> None:
    assert (PORTAL.keys() | STEPS.keys()) - table().keys() == set()


@pytest.mark.parametrize("role", [HostAdministrator, Officer, RECIPIENTS["technician"]])
def test_who_runs_machines_has_no_right_to_content(role: type[Recipient]) -> None:
    assert (role.ways, role.may(Right.CONTENT), role.may(Right.LIST), role.may(Right.WRITE)) == (
        frozenset(), False, False, False,
    )  # fmt: skip


def test_matrix_finds_a_wall_that_is_down(
    owner: User, patient: User, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With one wall down the matrix reports the cells: a test that can fail. By GET and by POST; of a practice and of the portal."""
    technician = Who("technician", proved(make_member(owner, "technician")), RECIPIENTS["technician"], of_a=True)
    proxies = [who for who in portal(patient, world_file(patient), world) if who.name == "proxy with documents"]
    with monkeypatch.context() as down:
        down.setattr("praticonnect.gate.why_not_in_practice", lambda *_arguments: None)
        reported = faults(list(walk(world, [technician], within=("records:patients",))))
    assert reported == [f"technician {method} records:patients: open, not 403" for method in ("GET", "POST")]
    with monkeypatch.context() as down:
        down.setattr("care.models.PortalLink.opens", lambda _link, _part: True)
        reported = faults(list(walk(world, proxies, within=("patient:consultation", "patient:questionnaire"))))
    at = "proxy with documents {} patient:{} of their own: open, not 404"
    assert [fault for fault in reported if ", not " in fault] == [
        at.format("GET", "consultation"), at.format("GET", "questionnaire"), at.format("POST", "questionnaire")
    ]  # fmt: skip
    assert f"proxy with documents GET patient:consultation of their own shows {CANARY} note" in reported


def test_every_page_of_practitioners_names_a_right_or_none() -> None:
    rights = {access.right for access in table().values() if access.right}
    assert rights <= {right.value for right in Right}
