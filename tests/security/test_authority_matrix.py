"""What the permission matrix (test_matrix.py) leaves of the pages of authorities: a factor that isn't held, and walls that are down (MD-43)."""

# ruff: noqa: F811
import pytest
from django.test import Client

from accounts.access import Audience
from accounts.models import User
from care.tenancy import ALL, scope
from records.models import AuthorityOrder
from tests.accounts.factories import make_practitioner, verified_client
from tests.care.factories import held_client
from tests.records.orders import read_by_agent
from tests.security.battery import World, addresses
from tests.security.cells import OPEN, Cell, found
from tests.security.test_idor import owner, patient, world, world_file  # noqa: F401 - fixtures

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def agent(owner: User, world: World, patient: User) -> tuple[World, User]:
    """Somebody who reads practice A's file under an order of everything, and the addresses of it."""
    order, reader = read_by_agent(owner, world_file(patient))
    return World({**world.arguments, "order_id": order.pk}, world.canaries, world.fingerprint), reader


def cells(world: World, client: Client) -> dict[str, Cell]:
    """What each page of authorities answers."""
    return {
        page.name: found(client.get(address))
        for page, address, access in addresses(world)
        if access.audience is Audience.AUTHORITY
    }


def test_agent_reads_each_page_of_the_order(agent: tuple[World, User]) -> None:
    world, reader = agent
    assert set(cells(world, held_client(reader)).values()) == {OPEN}


def test_agent_without_a_held_factor_is_sent_to_add_one(agent: tuple[World, User]) -> None:
    world, reader = agent
    assert set(cells(world, verified_client(reader)).values()) == {Cell.PROVE}


def test_matrix_finds_a_gate_opened_by_hand(
    owner: User, agent: tuple[World, User], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the gate and the order's own query opened, a stranger gets in: a test that can fail."""
    world, _reader = agent
    monkeypatch.setattr("praticonnect.gate.why_not_agent", lambda _user: None)
    monkeypatch.setattr("praticonnect.gate.tenancy.scope", lambda _practices: scope(ALL))
    monkeypatch.setattr(
        "records.authority.queries.running_for", lambda _account, now: AuthorityOrder.objects.running(now)
    )
    assert set(cells(world, held_client(make_practitioner("b@example.org"))).values()) == {OPEN}
