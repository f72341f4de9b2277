"""What every walk over the addresses shares: where they lead in practice A, and taking back what a request did.

Nobody signs in twice: what a request wrote is taken back (``Rewind``), so that the next one finds the practice, the
session and the counters as they were, whatever the one before did.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from dataclasses import dataclass
from importlib import import_module
from typing import Any
from unittest.mock import patch
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.db import connections, transaction
from django.http import HttpResponse
from django.template import Template
from django.test import Client
from django.urls import reverse

from accounts.access import Access, Audience
from praticonnect.access import access_of
from tests.security.urlmap import Page, pages

# Reads the credential of a real passkey, which the staff of these tests don't hold.
NEEDS_A_REAL_PASSKEY = {"mfa_reauthenticate_webauthn"}
CATCH_ALL = "admin:"
"""The admin's own 404, at whatever address."""
ANY_ID = UUID(int=1)
"""For pages of the office, whose objects are no practice's: who isn't of the office can't tell one from none."""


@dataclass(frozen=True)
class World:
    """Practice A's things: the arguments that address them, and words only A may read.

    An argument may be given for one page alone, as ``"consents:confirm key"``.
    """

    arguments: Mapping[str, object]
    canaries: tuple[str, ...]
    fingerprint: Callable[[], object]


def addresses(world: World) -> Iterator[tuple[Page, str, Access]]:
    """Each page of the house with an address made of A's own objects; the office's too, which nobody else finds."""
    for page in pages(office=True):
        access = access_of(page.name)
        if page.name == CATCH_ALL or access is None:
            continue
        of_office = access.audience is Audience.OFFICE
        arguments = {
            name: world.arguments.get(f"{page.name} {name}", world.arguments.get(name, ANY_ID if of_office else None))
            for name in page.arguments
        }
        yield page, reverse(page.name, kwargs=arguments), access


class Rewind:
    """Takes back what requests do: the rows of both databases, the client's cookies, what the cache counted."""

    def __init__(self) -> None:
        self._points = {alias: transaction.savepoint(using=alias) for alias in connections}

    @contextmanager
    def undone(self, client: Client) -> Iterator[list[str]]:
        """The statements that wrote, to either database; afterwards nothing of it is left."""
        written: list[str] = []
        cookies = deepcopy(client.cookies)

        def note(execute: Any, sql: str, *rest: Any) -> Any:
            if not sql.startswith(READS):
                written.append(sql)
            return execute(sql, *rest)

        with ExitStack() as watching:
            for alias in connections:
                watching.enter_context(connections[alias].execute_wrapper(note))
            yield written
        if written:
            for alias, point in self._points.items():
                transaction.set_rollback(False, using=alias)
                transaction.savepoint_rollback(point, using=alias)
        client.cookies = cookies
        cache.clear()


READS = (
    'SELECT "',
    "SELECT 1 ",
    "SELECT COUNT(",
    "SAVEPOINT ",
    "RELEASE ",
    "WITH before AS MATERIALIZED (SELECT coalesce(current_setting",
)
"""How statements begin that change no row: Django's own, and the scope of the practices. Anything else may have written."""


@contextmanager
def bare_404() -> Iterator[None]:
    """Who finds nothing gets an answer without a page or a line of log: drawing it thousands of times proves nothing.

    Nor is it noted which templates an answer was drawn from: no walk asks for it.
    """
    urls: Any = import_module(settings.ROOT_URLCONF)
    urls.handler404 = lambda request, exception: HttpResponse(status=404)
    logging.disable(logging.WARNING)
    try:
        with patch.object(Template, "_render", lambda drawn, context: drawn.nodelist.render(context)):
            yield
    finally:
        del urls.handler404
        logging.disable(logging.NOTSET)
