"""The permission matrix of authorities: their pages × every kind of visitor × two practices, and an agent × every other page (MD-43)."""

# ruff: noqa: F811
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.access import Audience
from accounts.models import User
from care.tenancy import ALL, scope
from records.models import AuthorityOrder
from tests.accounts.factories import make_practitioner, make_staff, verified_client
from tests.care.factories import held_client, make_member
from tests.records.factories import make_file
from tests.records.orders import read_by_agent
from tests.security.battery import NEEDS_A_REAL_PASSKEY, World, addresses
from tests.security.test_idor import CANARY, owner, patient, world, world_file  # noqa: F401 - fixtures
from tests.security.test_matrix import ABSENT, OPEN, SIGN_IN, found

pytestmark = pytest.mark.django_db(databases="__all__")
WITHOUT_AN_ORDER = "authority:home"


@pytest.fixture
def agent(owner: User, world: World, patient: User) -> tuple[World, User]:
    """Somebody who reads practice A's file under an order of everything, and the addresses of it."""
    order, reader = read_by_agent(owner, world_file(patient))
    return World({**world.arguments, "order_id": order.pk}, world.canaries, world.fingerprint), reader


def cells(world: World, client: Client) -> dict[str, str]:
    """What each page of authorities answers."""
    return {
        page.name: found(client.get(address))
        for page, address, access in addresses(world)
        if access.audience is Audience.AUTHORITY
    }


def test_agent_reads_each_page_of_the_order(agent: tuple[World, User]) -> None:
    world, reader = agent
    assert set(cells(world, held_client(reader)).values()) == {OPEN}


def test_everybody_else_finds_no_such_page(owner: User, patient: User, agent: tuple[World, User]) -> None:
    world, _reader = agent
    clients = {
        "owner": held_client(owner),
        "owner of B": held_client(make_practitioner("b@example.org")),
        "patient": verified_client(patient),
        "officer": verified_client(make_staff("dpo2@example.org")),
        **{role: held_client(make_member(owner, role)) for role in ("assistant", "staff", "technician")},
    }
    wrong = {who: set(cells(world, client).values()) - {ABSENT} for who, client in clients.items()}
    assert (wrong, set(cells(world, Client()).values())) == ({who: set() for who in clients}, {SIGN_IN})


def test_agents_of_other_orders_find_their_own_list_alone(
    owner: User, patient: User, agent: tuple[World, User]
) -> None:
    world, _reader = agent
    other = make_practitioner("b@example.org")
    over = read_by_agent(owner, world_file(patient), now=timezone.now() - timedelta(days=20))[1]
    another_file = read_by_agent(owner, make_file(owner, surname="Morvan"))[1]
    for who in (read_by_agent(other, make_file(other))[1], over, another_file):
        answers = cells(world, held_client(who))
        assert {page for page, cell in answers.items() if cell == OPEN} == {WITHOUT_AN_ORDER}


def test_agent_without_a_held_factor_is_sent_to_add_one(agent: tuple[World, User]) -> None:
    world, reader = agent
    assert set(cells(world, verified_client(reader)).values()) == {SIGN_IN}


def test_agent_finds_no_page_of_practices_patients_or_the_office(agent: tuple[World, User]) -> None:
    world, reader = agent
    client, wrong, seen = held_client(reader), [], 0
    for page, address, access in addresses(world):
        if (
            access.audience not in (Audience.PRACTITIONER, Audience.PATIENT, Audience.OFFICE)
            or page.name in NEEDS_A_REAL_PASSKEY
        ):
            continue
        seen += 1
        answer = client.get(address)
        body = b"".join(answer) if answer.streaming else answer.content
        if answer.status_code not in (404, 405) or CANARY in body.decode(errors="replace"):
            wrong.append(f"{page.name}: {answer.status_code}")
    assert (wrong, seen > 60) == ([], True)


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
