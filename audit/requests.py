"""The request as the house's middleware leaves it, for the types of views."""

from datetime import datetime

from django.http import HttpRequest

from audit.actors import Actor


class HouseRequest(HttpRequest):
    """A request that knows its one moment and its author (set by praticonnect.middleware)."""

    now: datetime
    actor: Actor
