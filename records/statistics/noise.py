"""The only way from exact figures to published ones: OpenDP's mechanisms, and what OpenDP says they cost (PC-20, ADR 0022).

Both mechanisms work on whole numbers with exact arithmetic, so that none of the attacks on floating point noise apply.
"""

from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from math import ceil, log
from typing import Any, Final

import opendp.prelude as dp

from records.statistics.questions import LEAST, Column, Question
from records.statistics.tally import Tally

dp.enable_features("contrib")
"""OpenDP's word for mechanisms whose proofs are in its repository but not yet through its own vetting."""

MECHANISM: Final = f"OpenDP {version('opendp')}, whole numbers, Laplace"
ALPHA: Final = 0.05
"""A published figure is off by more than its ``within`` in one case of twenty."""

Cells = dict[str, dict[str, int] | None]
"""A group's figures; None where it is too small to be shown."""


@dataclass(frozen=True, slots=True)
class Loss:
    """What a release may tell about one practice, or with all its releases, one year."""

    epsilon: float = 0.0
    delta: float = 0.0

    def __add__(self, other: "Loss") -> "Loss":
        """Together: losses add up, whoever was in both cohorts (basic composition)."""
        return Loss(self.epsilon + other.epsilon, self.delta + other.delta)

    def within(self, most: "Loss") -> bool:
        """Whether it is no more than ``most``, but for the last digits of a sum."""
        return self.epsilon <= most.epsilon + 1e-9 and self.delta <= most.delta + 1e-12


def release(tally: Tally) -> Cells:
    """Every group of the question, with noisy figures or None: the one thing about ``tally`` that may be shown.

    A group of fewer than :data:`LEAST` practices or patients never reaches the mechanism; of the others OpenDP keeps those whose
    noisy size passes the threshold, so that a group can't be seen to gain or lose its eleventh practice either.
    """
    question = tally.question
    large = {
        group: count - (LEAST - 1)
        for group, count in tally.practices.items()
        if min(count, tally.patients[group]) >= LEAST
    }
    shown = sorted(_gate(question)(large)) if large else []
    cells: Cells = dict.fromkeys(question.groups)
    columns = {column.name: _noisy(tally, column, shown) for column in question.columns}
    for place, group in enumerate(shown):
        cells[group] = {name: figures[place] for name, figures in columns.items()}
    return cells


def loss_of(question: Question) -> Loss:
    """What one release of the question costs a practice, as OpenDP computes it."""
    groups = question.groups_per_practice
    epsilon, delta = _gate(question).map((groups, groups, 1))
    return Loss(epsilon + sum(_values(column).map(column.per_practice) for column in question.columns), delta)


def patient_epsilon(question: Question) -> float:
    """What one release costs a single patient of a practice: the file leaves and others take its place under the bound."""
    groups = min(question.groups_per_practice, max(column.per_patient for column in question.columns))
    epsilon, _delta = _gate(question).map((groups, groups, 1))
    moved = [min(column.per_practice, 2 * column.per_patient) for column in question.columns]
    costs = (_values(column).map(most) for column, most in zip(question.columns, moved, strict=True))
    return float(epsilon + sum(costs))


def within(column: Column) -> int:
    """How far a published figure is from the counted one at most, in nineteen cases of twenty."""
    distance: float = dp.discrete_laplacian_scale_to_accuracy(scale=_scale(column), alpha=ALPHA)
    return ceil(distance)


def threshold(question: Question) -> int:
    """The noisy number of practices that a group has to reach, above ten, to be shown."""
    return int(_gate_and_threshold(question.groups_per_practice, question.gate_epsilon, question.delta)[1])


def _noisy(tally: Tally, column: Column, shown: list[str]) -> list[int]:
    """The figures of the groups in ``shown``; a negative one is shown as none, which tells nothing more."""
    exact = [tally.sums[column.name][group] for group in shown]
    return [max(0, figure) for figure in _values(column)(exact)] if shown else []


def _scale(column: Column) -> float:
    return column.per_practice / column.epsilon


@cache
def _values(column: Column) -> Any:
    space = dp.vector_domain(dp.atom_domain(T=int)), dp.l1_distance(T=int)
    return dp.m.make_laplace(*space, scale=_scale(column))


def _gate(question: Question) -> Any:
    return _gate_and_threshold(question.groups_per_practice, question.gate_epsilon, question.delta)[0]


@cache
def _gate_and_threshold(groups: int, epsilon: float, delta: float) -> tuple[Any, int]:
    """The mechanism with the smallest threshold at which OpenDP's own delta is no more than ``delta``."""
    scale = groups / epsilon
    space = (
        dp.map_domain(dp.atom_domain(T=str), dp.atom_domain(T=int)),
        dp.l01inf_distance(dp.absolute_distance(T=int)),
    )
    least = max(1, ceil(1 + scale * log(groups / (2 * delta))) - 2)
    while True:
        made: Any = dp.m.make_laplace_threshold(*space, scale=scale, threshold=least)
        if made.map((groups, groups, 1))[1] <= delta:
            return made, least
        least += 1
