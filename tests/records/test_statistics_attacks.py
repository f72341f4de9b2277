"""Somebody who knows everything but one secret attacks the published statistics, and fails (issue 5, Done when 6; PC-20).

Each attack runs twice over the same code: with the published budgets it must stay within what their loss allows, and with the noise
switched off (a budget without limit) it must win outright, so that the test can tell. Here figures are made up and go through the
mechanism; test_statistics_published.py attacks what stored rows, ledger, page and open file make of them.
"""

import math
import random
from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import pytest

from records.statistics import noise
from records.statistics.questions import BY_PLACE, BY_SPECIALTY, CONSULTATIONS, LEAST, YEARLY_EPSILON, Column, Question
from records.statistics.tally import Files, Tally, tally

GP = "SM54"
TRIALS = 200
CERTAIN = 20
"""Trials of the control: without noise one would do."""
RANDOM = random.Random(20)  # noqa: S311 - the attacker's dice, the same each run


def noiseless(question: Question) -> Question:
    """The same question under a budget so large that its noise is nought."""
    columns = tuple(replace(column, epsilon=50.0 * column.per_practice) for column in question.columns)
    return replace(question, gate_epsilon=50.0 * question.groups_per_practice, columns=columns)


def practice(number: int, patients: int = 700, times: int = 1, group: str = GP) -> Files:
    """A practice with so many patients, each seen so many times."""
    return {UUID(int=(number << 64) + patient): {group: times} for patient in range(patients)}


def summed(question: Question, practices: int, consultations: int, group: str = GP) -> Tally:
    """The exact figures of a cohort, without making each of its practices."""
    found = tally(question, ())
    found.practices[group], found.patients[group] = practices, practices * LEAST
    for column in question.columns:
        found.sums[column.name] = type(found.practices)({group: consultations})
    return found


def consultations(cells: noise.Cells, group: str = GP) -> int | None:
    cell = cells[group]
    return None if cell is None else cell[CONSULTATIONS]


def column_of(question: Question) -> Column:
    return next(column for column in question.columns if column.name == CONSULTATIONS)


def most_right(epsilon: float, delta: float = 0.0) -> float:
    """What differential privacy lets the best attacker guess right of one coin, and five standard deviations of luck."""
    return math.exp(epsilon) / (1 + math.exp(epsilon)) + delta + 5 * math.sqrt(0.25 / TRIALS)


def guessed(secret: Callable[[bool], int | None], middle: float, trials: int) -> float:
    """How often an attacker is right who says "in" above ``middle``, on a secret coin drawn anew each time."""
    right = 0
    for _ in range(trials):
        coin = RANDOM.random() < 0.5
        seen = secret(coin)
        right += (seen is not None and seen > middle) == coin
    return right / trials


# --- one practice, one patient: in or out -------------------------------------------------------------------------------


def one_practice(question: Question, trials: int = TRIALS) -> float:
    """All other practices are known to the last consultation; is the busiest of them in it?"""
    others, bound = 3_000_000, column_of(question).per_practice
    with_it, without = summed(question, 5_001, others + bound), summed(question, 5_000, others)
    return guessed(lambda coin: consultations(noise.release(with_it if coin else without)), others + bound / 2, trials)


def test_one_practice_can_t_be_told_in_or_out() -> None:
    loss = noise.loss_of(BY_SPECIALTY)
    assert one_practice(BY_SPECIALTY) <= most_right(loss.epsilon, loss.delta)
    assert one_practice(noiseless(BY_SPECIALTY), CERTAIN) == 1.0


def one_patient(question: Question, trials: int = TRIALS) -> float:
    """Everybody else's visits are known; did this one patient come, as often as counts?"""
    others, times = 3_000_000, column_of(question).per_patient
    with_it, without = summed(question, 5_000, others + times), summed(question, 5_000, others)
    return guessed(lambda coin: consultations(noise.release(with_it if coin else without)), others + times / 2, trials)


def test_one_patient_can_t_be_told_in_or_out() -> None:
    assert one_patient(BY_SPECIALTY) <= most_right(noise.patient_epsilon(BY_SPECIALTY))
    assert one_patient(noiseless(BY_SPECIALTY), CERTAIN) == 1.0


# --- differencing: two publications, one withdrawal between them ----------------------------------------------------------


def differenced(question: Question, trials: int = TRIALS) -> float:
    """A practice leaves between two quarters in which nothing else changes; was it a busy one, or one of no patients at all?"""
    others, bound = 3_000_000, column_of(question).per_practice

    def seen(busy: bool) -> int:
        before = consultations(noise.release(summed(question, 5_001, others + bound * busy)))
        after = consultations(noise.release(summed(question, 5_000, others)))
        assert before is not None
        assert after is not None
        return before - after

    return guessed(seen, bound / 2, trials)


def test_difference_of_two_publications_doesn_t_show_who_left() -> None:
    """Two publications cost twice; the bound of both is what may be told."""
    both = 2 * column_of(BY_SPECIALTY).epsilon
    assert differenced(BY_SPECIALTY) <= most_right(both)
    assert differenced(noiseless(BY_SPECIALTY), CERTAIN) == 1.0


def appears(question: Question) -> tuple[int, ...]:
    """How often, of a hundred times, a group of ten and one of eleven practices appear."""
    sizes = (summed(question, size, 5_000) for size in (LEAST - 1, LEAST))
    return tuple(sum(noise.release(one)[GP] is not None for _ in range(100)) for one in sizes)


def test_eleventh_practice_doesn_t_make_a_group_appear() -> None:
    """A hard threshold would show the very practice that reaches it; ours hides both sides of it. The control shows."""
    assert appears(BY_SPECIALTY) == (0, 0)
    shown = replace(BY_SPECIALTY, gate_epsilon=50.0, delta=0.999)
    assert appears(shown) == (0, 100)


# --- reconstruction: every table that five years may publish, solved for each practice -------------------------------------


def solved(rows: list[list[float]], right: list[float]) -> list[float]:
    """Least squares by the normal equations, with a grain of ridge so that they always have one answer."""
    size = len(rows[0])
    square = [
        [sum(row[i] * row[j] for row in rows) + (1e-9 if i == j else 0.0) for j in range(size)] for i in range(size)
    ]
    side = [sum(row[i] * value for row, value in zip(rows, right, strict=True)) for i in range(size)]
    for i in range(size):
        pivot = max(range(i, size), key=lambda r: abs(square[r][i]))
        square[i], square[pivot], side[i], side[pivot] = square[pivot], square[i], side[pivot], side[i]
        for j in range(i + 1, size):
            factor = square[j][i] / square[i][i]
            square[j] = [a - factor * b for a, b in zip(square[j], square[i], strict=True)]
            side[j] -= factor * side[i]
    found = [0.0] * size
    for i in reversed(range(size)):
        found[i] = (side[i] - sum(square[i][j] * found[j] for j in range(i + 1, size))) / square[i][i]
    return found


def reconstructed(question: Question, *, unknown: int = 12, years: int = 5, runs: int = 50) -> float:
    """The share of practices of which an attacker finds out whether they are busy.

    They know everybody else, and who of the twelve was in which publication; nothing changes in five years but that; and the group is
    large enough always to be shown. Twenty equations with twelve unknowns: all that the yearly budget lets out.
    """
    cost = sum(column.epsilon for column in question.columns) + question.gate_epsilon
    publications = years * (
        4 if cost > YEARLY_EPSILON else int(YEARLY_EPSILON / (cost + noise.loss_of(BY_PLACE).epsilon) + 1e-6)
    )
    assert publications == 20
    others, bound, right = 3_000_000, column_of(question).per_practice, 0
    for _ in range(runs):
        secret = [RANDOM.random() < 0.5 for _ in range(unknown)]
        rows, seen = [], []
        for _ in range(publications):
            row = [float(RANDOM.random() < 0.5) for _ in range(unknown)]
            exact = others + sum(bound for there, busy in zip(row, secret, strict=True) if there and busy)
            figure = consultations(noise.release(summed(question, 5_000, exact)))
            assert figure is not None
            rows.append(row)
            seen.append(float(figure - others))
        right += sum((x > bound / 2) == busy for x, busy in zip(solved(rows, seen), secret, strict=True))
    return right / (runs * unknown)


def most_on_average(question: Question, publications: float) -> float:
    """What no attacker passes on average who sees a practice, busy or not, in so many publications.

    Half the way from 1/2 to certainty is as far as both worlds can be told apart, and Pinsker bounds that by their divergence: for
    each figure of Laplace noise e^-ε - 1 + ε.
    """
    epsilon = column_of(question).epsilon
    return 0.5 + 0.5 * math.sqrt(publications * (math.exp(-epsilon) - 1 + epsilon) / 2)


def test_least_squares_over_all_that_five_years_publish_find_few() -> None:
    """Five years tell more than one quarter: 0.69 of the coins at most, of which this attack gets less than 0.6. Not the practices.

    Each is in half of the twenty publications. Six hundred coins keep luck six standard deviations away; without the noise
    every single practice is found.
    """
    assert reconstructed(noiseless(BY_SPECIALTY), runs=12) == 1.0
    assert round(most_on_average(BY_SPECIALTY, 10), 2) == 0.69
    assert reconstructed(BY_SPECIALTY) < most_on_average(BY_SPECIALTY, 10)


# --- the bounds that all of it rests on ---------------------------------------------------------------------------------


@pytest.mark.parametrize("question", [BY_SPECIALTY, BY_PLACE], ids=lambda question: question.name)
def test_sums_move_by_no_more_than_the_mechanism_is_told(question: Question) -> None:
    """Whatever practices look like: one more moves each column by its bound at most, one file by twice a patient's."""
    groups = list(question.groups)[: 1 if question is BY_SPECIALTY else 3]
    for _ in range(15):
        files = {
            UUID(int=RANDOM.getrandbits(128)): {
                group: RANDOM.randint(1, 30) for group in RANDOM.sample(groups, len(groups))
            }
            for _ in range(RANDOM.choice((1, 40, 900)))
        }
        whole, fewer = tally(question, [files]), dict(files)
        del fewer[RANDOM.choice(list(files))]
        less = tally(question, [fewer])
        for column in question.columns:
            sums, others = whole.sums[column.name], less.sums[column.name]
            moved = sum(abs(sums[group] - others[group]) for group in question.groups)
            assert sums.total() <= column.per_practice
            assert moved <= 2 * column.per_patient
        assert len(whole.practices) <= question.groups_per_practice
        assert set(whole.practices.values()) == {1}


def test_a_patient_who_came_a_hundred_times_counts_six_times() -> None:
    found = tally(BY_SPECIALTY, [practice(1, patients=1, times=100)])
    assert {name: sums[GP] for name, sums in found.sums.items()} == {"consultations": 6, "patients": 1}
    busy = tally(BY_SPECIALTY, [practice(1)])
    assert {name: sums[GP] for name, sums in busy.sums.items()} == {"consultations": 600, "patients": 400}
