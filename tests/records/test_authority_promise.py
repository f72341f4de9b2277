"""MD-43 measured: each line of an authority lies within its order; broken by hand, the promise turns false."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from audit.actions import record_access
from audit.actors import Actor
from care.tenancy import ALL, scope
from praticonnect.database import as_owner
from privacy.promises import Measure
from records.authority.actions import end
from records.authority.promises import authorities_read_what_their_order_names
from records.models import AuthorityOrder, PatientFile
from tests.accounts.factories import make_account, make_practitioner
from tests.care.factories import as_owner as owner_of
from tests.records.factories import make_file
from tests.records.orders import agent_client, read_by_agent

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def owner() -> User:
    return make_practitioner("owner@example.org")


@pytest.fixture
def file(owner: User) -> PatientFile:
    return make_file(owner)


def measured() -> Measure:
    return authorities_read_what_their_order_names(timezone.now())


def saw(
    agent: User,
    subject_id: object,
    order: AuthorityOrder | None,
    *,
    part: str = "medical",
    at: datetime | None = None,
    action: str = "open",
) -> None:
    """A line that no page would have written."""
    by = Actor(agent.pk, "authority", request_id=f"order:{order.pk}:x" if order else "x")
    record_access(by=by, subject_id=subject_id, part=part, purpose="legal", action=action, now=at or timezone.now())


def by_hand(statement: str) -> None:
    """As the owner of the database; what waits to be checked at the commit is checked first."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute(statement)


def test_agent_at_work_keeps_the_promise(owner: User, file: PatientFile) -> None:
    order, agent = read_by_agent(owner, file)
    client = agent_client(agent)
    assert client.get(reverse("authority:order", args=[order.pk])).status_code == 200
    for part in order.parts:
        assert client.get(reverse("authority:part", args=[order.pk, file.pk, part])).status_code == 200
    with scope(ALL):
        end(order_id=order.pk, why="Done", by=owner_of(owner), now=timezone.now())
    found = measured()
    assert (found.kept, found.figures["openings_by_authorities"], found.figures["openings_outside_an_order"]) == (
        True,
        12,
        0,
    )
    assert (found.figures["orders"], found.figures["orders_running"], found.figures["guards_off"]) == (1, 0, 0)


@pytest.mark.parametrize("how", ["file", "part", "early", "late", "ended", "agent", "number", "nobody"])
def test_a_line_outside_the_order_breaks_it(how: str, owner: User, file: PatientFile) -> None:
    now = timezone.now()
    order, agent = read_by_agent(owner, file, parts=("identity",), now=now - timedelta(days=1))
    saw(agent, file.pk, order, part="identity", at=now - timedelta(minutes=1))
    assert measured().kept is True
    if how == "ended":
        with scope(ALL):
            end(order_id=order.pk, why="Done", by=owner_of(owner), now=now)
    wrong = {
        "file": lambda: saw(agent, make_file(owner, surname="Morvan").pk, order, part="identity"),
        "part": lambda: saw(agent, file.pk, order, part="medical"),
        "early": lambda: saw(agent, file.pk, order, part="identity", at=now - timedelta(days=2)),
        "late": lambda: saw(agent, file.pk, order, part="identity", at=now + timedelta(days=20)),
        "ended": lambda: saw(agent, file.pk, order, part="identity", at=now + timedelta(minutes=1)),
        "agent": lambda: saw(make_account("other@example.org"), file.pk, order, part="identity"),
        "number": lambda: saw(agent, file.pk, None, part="identity"),
        "nobody": lambda: saw(owner, order.pk, order, part="order"),
    }
    wrong[how]()
    found = measured()
    assert (found.kept, found.figures["openings_outside_an_order"]) == (False, 1)


def test_an_act_other_than_reading_breaks_it(owner: User, file: PatientFile) -> None:
    order, agent = read_by_agent(owner, file)
    saw(agent, file.pk, order, action="download")
    assert (measured().kept, measured().figures["acts_other_than_reading"]) == (False, 1)


@pytest.mark.parametrize(
    ("statement", "figure"),
    [
        ("alter table records_authorityorder disable trigger order_stands", "guards_off"),
        ("alter table records_authorityorder drop constraint order_confirmed_by_a_second_person", "guards_off"),
    ],
)
def test_a_guard_taken_off_breaks_it(statement: str, figure: str, owner: User, file: PatientFile) -> None:
    assert measured().kept is True
    by_hand(statement)
    assert (measured().kept, measured().figures[figure]) == (False, 1)


def test_an_order_of_one_person_alone_breaks_it(owner: User, file: PatientFile) -> None:
    order, _agent = read_by_agent(owner, file)
    by_hand("alter table records_authorityorder drop constraint order_confirmed_by_a_second_person")
    by_hand("alter table records_authorityorder disable trigger user")
    with scope(ALL):
        AuthorityOrder.objects.filter(pk=order.pk).update(confirmed_by=order.entered_by_id)
    found = measured()
    assert (found.kept, found.figures["orders_without_reference_reason_or_second_person"]) == (False, 1)
