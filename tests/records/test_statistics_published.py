"""Attacks on what is really published: rows of practices, one publication after the other, the page and the open file (PC-20).

OpenDP's noise takes no seed, so each bound is one that a right mechanism reaches by luck less than once in 10⁹ runs. It follows from
the losses in the ledger: whatever an attacker does and knows besides, a secret coin is guessed right with a probability of at most
e^ε / (1 + e^ε) + δ, also when the other coins are known; so many guesses are no better than as many throws of such a coin. The same
attack on figures without noise has to find every coin.
"""

import csv
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from html import unescape
from math import comb, exp
from random import Random

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from care.tenancy import ALL, scope
from records.models import Consultation, PatientFile, StatisticsRelease
from records.statistics import actions
from records.statistics.periods import Quarter
from records.statistics.questions import BY_SPECIALTY, CONSULTATIONS, PATIENTS
from tests.adapters.contracts.stage import taken_back
from tests.records.statistics_world import BY, IN_Q3, NOW, Q3, agree, file_of, open_practice, visit, without_noise

pytestmark = pytest.mark.django_db(databases="__all__")
GP = "SM54"
Q4 = Quarter(date(2026, 10, 1))
NEXT = datetime(2027, 1, 20, 4, 20, tzinfo=UTC)
KNOWN = 95
"""Practices of one visit a quarter, beside those with a secret: the group is large enough to be shown."""
SECRETS = (1, 2, 4, 8, 16, 32, 64)
"""Visits that a practice has or hasn't beside its first: every sum of them is another, so one exact figure tells all coins."""
OF_A_PATIENT = 6
"""Visits of one patient that count."""
OF_CONTROL = 2
"""Trials without noise, in which a single miss is a fault."""
BY_LUCK = 1e-9
RANDOM = Random(20)  # noqa: S311 - the secrets, the same each run
Coins = tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Secretive:
    """A practice with a secret: so many more visits, of these patients."""

    owner: User
    more: int
    files: Sequence[PatientFile]

    def visits(self) -> list[Consultation]:
        """The rows, in both quarters; the same number in each."""
        return [
            Consultation(
                practice_id=file.practice_id, file=file, author=self.owner, created_at=at, changed_at=at, started_at=at,
                kind="follow_up", status="signed", signed_at=at, signed_by=self.owner,
            )
            for at in (IN_Q3, IN_Q3 + timedelta(days=90))
            for number, file in enumerate(self.files)
            for _ in range(min(OF_A_PATIENT, self.more - number * OF_A_PATIENT))
        ]  # fmt: skip


def a_practice(patients: int = 0) -> tuple[User, list[PatientFile]]:
    """One that agrees, with a patient who comes once a quarter, and others who may come."""
    practice, owner = open_practice()
    first = file_of(practice, owner)
    for at in (IN_Q3, IN_Q3 + timedelta(days=90)):
        visit(first, owner, at=at)
    return owner, [file_of(practice, owner) for _ in range(patients)]


@pytest.fixture
def secretive() -> list[Secretive]:
    """Those whose secrets are sought, among those whose visits are known."""
    for _ in range(KNOWN):
        a_practice()
    return [Secretive(a[0], more, a[1]) for more in SECRETS for a in [a_practice(-(-more // OF_A_PATIENT))]]


# --- what is public -----------------------------------------------------------------------------------------------------


def in_the_file(quarter: Quarter) -> int | None:
    """The group's consultations in the open file; None where it is too small to be shown."""
    lines = csv.DictReader(Client().get(reverse("statistics:open_file")).content.decode().splitlines())
    asked = {"quarter": quarter.name, "table": BY_SPECIALTY.name, "group": GP, "figure": CONSULTATIONS}
    (found,) = [line["value"] for line in lines if asked.items() <= line.items()]
    return int(found) if found else None


def on_the_page(quarter: Quarter) -> int | None:
    """The same as the page shows it."""
    html = Client().get(reverse("statistics:page"), {"quarter": quarter.name}).content.decode()
    rows = re.findall(r'<th scope="row">([^<]*)</th><td [^>]*>([^<]*)</td>', html)
    found = {unescape(words): int(re.sub(r"\D", "", figure)) for words, figure in rows}
    return found.get(str(BY_SPECIALTY.groups[GP]))


# --- the attacks --------------------------------------------------------------------------------------------------------


def in_twos(extra: int) -> Coins:
    """The coins whose visits are nearest to so many."""
    most = min(max(extra, 0), sum(SECRETS))
    return tuple(bool(most & more) for more in SECRETS)


def reconstruct() -> Coins:
    """One publication, every visit known but the secret ones."""
    actions.publish(quarter=Q3, by=BY, now=NOW)
    shown = on_the_page(Q3)
    assert shown == in_the_file(Q3)
    return in_twos((shown or 0) - KNOWN - len(SECRETS))


def difference() -> Coins:
    """Two publications; between them those with a secret took their consent back, and nothing else changed."""
    actions.publish(quarter=Q3, by=BY, now=NOW)
    actions.publish(quarter=Q4, by=BY, now=NEXT)
    return in_twos((in_the_file(Q3) or 0) - (in_the_file(Q4) or 0) - len(SECRETS))


def right_guesses(attack: Callable[[], Coins], secretive: list[Secretive], trials: int) -> tuple[int, float]:
    """How many coins were guessed, and with which probability the ledger lets the best attacker guess one."""
    right, chance = 0, 0.0
    for _ in range(trials):
        coins = tuple(RANDOM.random() < 0.5 for _ in secretive)
        with taken_back():
            rows = [row for one, coin in zip(secretive, coins, strict=True) if coin for row in one.visits()]
            with scope(ALL):
                Consultation.objects.bulk_create(rows)
            right += sum(said == coin for said, coin in zip(attack(), coins, strict=True))
            chance = max(chance_by_ledger(one) for one in secretive)
    return right, chance


def chance_by_ledger(one: Secretive) -> float:
    """What the publication of the quarter in which they were counted lets the best attacker guess right of one coin.

    Of each figure's ε the part that the secret moves of what it may move at most. A practice and its group are there
    either way, so which groups are shown tells nothing of the coin.
    """
    moved, epsilon, delta = {CONSULTATIONS: one.more, PATIENTS: len(one.files)}, 0.0, 0.0
    for row in StatisticsRelease.objects.filter(period=Q3.first):
        delta += row.delta
        columns = row.bounds["columns"].items()
        epsilon += sum(column["epsilon"] * moved[name] / column["sensitivity"] for name, column in columns)
    return 1 / (1 + exp(-epsilon)) + delta


def too_many(coins: int, chance: float) -> int:
    """The least number of right guesses to which ``coins`` throws come less often than :data:`BY_LUCK`."""
    luck, number = 0.0, coins + 1
    while luck < BY_LUCK:
        number -= 1
        luck += comb(coins, number) * chance**number * (1 - chance) ** (coins - number)
    return number + 1


def test_bound_is_that_of_throws_of_a_coin() -> None:
    """By hand: 2⁻³⁰ is less than 10⁻⁹ and 2⁻²⁹ isn't, so that of 29 throws no number is too many; nor are thirty of 31."""
    assert [too_many(coins, 0.5) for coins in (29, 30, 31)] == [30, 30, 31]


@pytest.mark.parametrize(("attack", "trials"), [(reconstruct, 30), (difference, 20)])
def test_what_is_published_tells_no_secret(
    secretive: list[Secretive], attack: Callable[[], Coins], trials: int
) -> None:
    """Hardly better than throwing coins; without the noise every one is found."""
    if attack is difference:
        for one in secretive:
            agree(one.owner, False, now=NOW + timedelta(days=1))
    with pytest.MonkeyPatch.context() as patch:
        without_noise(patch)
        right, _chance = right_guesses(attack, secretive, OF_CONTROL)
    assert right == OF_CONTROL * len(SECRETS)
    right, chance = right_guesses(attack, secretive, trials)
    assert (0.5 < chance < 0.52, right < too_many(trials * len(SECRETS), chance)) == (True, True)
