"""The house in which an operation is tried: the stand-ins with their clocks at ours, somebody who allows everything, words to look for."""

import copy
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime
from functools import cached_property
from typing import Any

from django.conf import settings
from django.db import connections, transaction

from adapters.grounds import Ground, necessary
from adapters.models import Breaker, Egress, EgressOutcome
from adapters.viva import tokens
from adapters.viva import work as viva_work
from fakes.server import Fakes
from tests.adapters.contracts.willing import both, own, willing
from tests.records.assist_world import World
from tests.records.factories import NOW

WHO = "Zyklamen"
"""Who is written to and about: never in a log, a fault or a line of the journal."""
EMAIL = f"{WHO.lower()}@example.org"
NUMBER = "+33698765432"
ILL = "Hexenschuss"
SAID_BACK = "Quittenbrot"
"""What a provider says back of what it was sent."""
RUNS = ("lock", "clock", "deliver", "product", "here")
Line = tuple[str, str, str, str, int, str, int | None]
"""Service, host, ground, categories, attempt, outcome, status."""


class Stage:
    """What the table's operations are made of."""

    def __init__(self, fakes: Fakes, made: World | None = None) -> None:
        self.fakes = fakes
        if made:
            self.world = made
        fakes.at(NOW)
        self.now: datetime = NOW
        tokens.forget()
        viva_work._keys.clear()

    @cached_property
    def world(self) -> World:
        """Who allows everything."""
        return willing(reason=f"{WHO} {ILL}", note=ILL)

    def own(self, key: str, child: str | None = None) -> Ground:
        """The practitioner's yes."""
        return own(self.world, key, child)

    def both(self, wish: str, child: str) -> Ground:
        """The practitioner's and the patient's."""
        return both(self.world, wish, child)

    def law(self, name: str) -> Ground:
        """A legal basis."""
        return necessary(name, subject_id=self.world.practitioner.pk)

    @property
    def secrets(self) -> set[str]:
        """Everything that opens something: credentials, and the tokens that were given for them."""
        held = {
            word for block in settings.ADAPTERS.values() for word in block["credentials"].values() if "://" not in word
        }
        google = self.fakes["google"]
        return held | {*google.access, *google.refresh, *google.codes, *self.fakes["viva"].tokens} - {""}


def lines(since: int = 0) -> list[Line]:
    """The egress journal from a line on."""
    ended = {one.egress_id: one for one in EgressOutcome.objects.filter(egress_id__gt=since)}
    return [
        (
            one.subprocessor,
            one.host,
            one.ground,
            one.categories,
            one.attempt,
            ended[one.pk].outcome,
            ended[one.pk].status,
        )
        for one in Egress.objects.filter(pk__gt=since).order_by("pk")
    ]


def last_line() -> int:
    """The number of the newest line; 0 before the first."""
    return Egress.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def remembered(fakes: Fakes, *keys: str) -> Mapping[str, dict[str, Any]]:
    """What these stand-ins have in mind; all of them without a key."""
    return {
        key: copy.deepcopy({name: value for name, value in vars(fakes[key]).items() if name not in RUNS})
        for key in keys or fakes.playing
    }


def as_it_was(fakes: Fakes, held: Mapping[str, dict[str, Any]]) -> None:
    """The stand-ins as they were, nothing going wrong, no breaker counting, no token kept from before."""
    for key, had in held.items():
        vars(fakes[key]).update(copy.deepcopy(had))
    Breaker.objects.all().delete()
    tokens.forget()
    viva_work._keys.clear()


@contextmanager
def taken_back() -> Iterator[None]:
    """What happens inside never was. Unlike a savepoint of the product's own, it doesn't count as a transaction held open."""
    with ExitStack() as stack:
        for alias in connections:
            block: Any = transaction.atomic(using=alias)
            block._from_testcase = True
            stack.enter_context(block)
            stack.callback(transaction.set_rollback, True, using=alias)
        yield
