"""Orders of authorities for tests, through the real actions: entered by an officer, confirmed by the owner, read by an agent."""

from dataclasses import replace
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any
from unittest.mock import patch

from django.utils import timezone

from accounts.models import User
from audit.actors import Actor
from care.queries import practice_of
from care.tenancy import ALL, scope
from privacy.clocks import legal_day
from privacy.ids import new_id
from records.authority import actions
from records.models import AuthorityOrder, PatientFile
from tests.accounts.factories import PASSWORD, WebClient, give_passkey, make_staff
from tests.care.factories import as_owner, held_client
from tests.records.factories import png

NOBODY = Actor(None, "anonymous")
ALL_PARTS = ("identity", "medical", "consultations", "measures", "documents")


def officer_of(user: User) -> Actor:
    """The data protection officer at work."""
    return Actor(user.pk, "dpo")


def said(now: datetime, **other: Any) -> actions.Order:
    """What the office types."""
    today = legal_day(now)
    order = actions.Order(
        authority="police", ground="cpp_77_1_1", parts=ALL_PARTS, issued_on=today, until_on=today + timedelta(days=9),
        reference="PV 2026/4711", why="Inquiry into blows", whom="Madame Lefèvre", agent="Brigadier Martin",
        email=f"{new_id().hex}@police.example",
    )  # fmt: skip
    return replace(order, **other)


def enter(
    owner: User,
    *files: PatientFile,
    officer: User | None = None,
    now: datetime | None = None,
    source: Any = None,
    **other: Any,
) -> AuthorityOrder:
    """An order that waits for its practice."""
    moment, practice = now or timezone.now(), practice_of(owner)
    assert practice is not None
    staff = officer or make_staff(f"{new_id().hex}@example.org")
    with scope(ALL):
        return actions.enter(
            practice=practice, said=said(moment, **other), files=files, source=source or BytesIO(png()), by=officer_of(staff), now=moment
        )  # fmt: skip


def confirmed(owner: User, *files: PatientFile, now: datetime | None = None, **other: Any) -> AuthorityOrder:
    """An order that its practice confirmed."""
    moment = now or timezone.now()
    row = enter(owner, *files, now=moment, **other)
    with scope([row.practice_id]):
        return actions.confirm(order_id=row.pk, by=as_owner(owner), now=moment)


def link_of(order: AuthorityOrder, now: datetime | None = None) -> tuple[str, str]:
    """Token and code of a new link, as they reach the agent: by mail and by telephone."""
    token = new_id().hex
    with scope(ALL), patch("records.authority.actions.secrets.token_urlsafe", lambda _size: token):
        row = AuthorityOrder.objects.get(pk=order.pk)
        code = actions.send_link(order_id=row.pk, by=officer_of(row.entered_by), now=now or timezone.now())
    return token, code


def read_by_agent(
    owner: User, *files: PatientFile, now: datetime | None = None, **other: Any
) -> tuple[AuthorityOrder, User]:
    """An order under which somebody reads, and that somebody, with a passkey."""
    moment = now or timezone.now()
    order = confirmed(owner, *files, now=moment, **other)
    token, code = link_of(order, moment)
    joined = actions.join(token=token, code=code, user=None, password=PASSWORD, language="en", by=NOBODY, now=moment)
    assert joined is not None
    assert joined.account is not None
    give_passkey(joined.account)
    return joined, joined.account


def agent_client(agent: User) -> WebClient:
    """A session that the agent's passkey proved."""
    return held_client(agent)
