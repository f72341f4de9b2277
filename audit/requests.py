"""The request as the house's middleware leaves it, for the types of views."""

from datetime import datetime
from uuid import UUID

from django.http import HttpRequest

from audit.actors import Actor


class HouseRequest(HttpRequest):
    """A request that knows its one moment, its author and the practices they work in, the oldest first.

    Set by praticonnect.middleware, read once a request.
    """

    now: datetime
    actor: Actor
    practice_ids: tuple[UUID, ...]
