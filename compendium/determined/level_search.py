"""Levels before and on therapy, found by a solver, that fit what is printed of them and go as far as it finds."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ortools.sat.python import cp_model

from compendium.bounds.solvers import cp_sat_solver

_EFFORT = 12.0

Pairs = list[tuple[int, int]]
"""The level of each tested patient before and on therapy."""


@dataclass(frozen=True)
class Levels:
    """What is printed of levels: how many patients, the sums, the ranges, and how many rose by more than a fifth.

    With such rises all others were stable, and both ends of each range are attained; None if nothing is printed of it.
    """

    n: int
    before: range
    on: range
    of_before: tuple[int, int]
    of_on: tuple[int, int]
    rising: int | None


class _Search:
    """A model of the levels, to be asked for some that go far."""

    def __init__(self, levels: Levels) -> None:
        self.model, self.solver = cp_model.CpModel(), cp_sat_solver(_EFFORT)
        self.before, self.on = (
            [self.model.new_int_var(*ends, "") for _ in range(levels.n)] for ends in (levels.of_before, levels.of_on)
        )
        self.model.add_linear_constraint(sum(self.before), levels.before.start, levels.before.stop - 1)
        self.model.add_linear_constraint(sum(self.on), levels.on.start, levels.on.stop - 1)
        if levels.rising is None:
            return
        for values, ends in ((self.before, levels.of_before), (self.on, levels.of_on)):
            self.model.add_min_equality(ends[0], values)
            self.model.add_max_equality(ends[1], values)
        for i, (before, on) in enumerate(zip(self.before, self.on, strict=True)):
            if i < levels.rising:
                self.model.add(5 * on >= 6 * before + 1)
            else:
                self.model.add(5 * on <= 6 * before)
                self.model.add(5 * on >= 4 * before)

    def change(self, i: int) -> cp_model.LinearExprT:
        """Give how far the level of one patient rises."""
        return self.on[i] - self.before[i]

    def solved(self) -> Pairs | None:
        """Give the levels that are found; None if none are."""
        if self.solver.solve(self.model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return None
        return [tuple(map(self.solver.value, pair)) for pair in zip(self.before, self.on, strict=True)]


def closest_levels(levels: Levels, slopes: Sequence[int]) -> tuple[float, Pairs | None]:
    """Find levels with a small sum of squared changes, and bound it from below: each square is above its tangents.

    The first patient has the greatest level on therapy, which only a rise leads to.
    """
    search, squares = _Search(levels), []
    search.model.add(search.on[0] == levels.of_on[1])
    ends = ((search.before, levels.of_before[0]), (search.before, levels.of_before[1]), (search.on, levels.of_on[0]))
    for values, end in ends:  # as in `_Search`; who has it, said one by one, is what makes the bound
        own = [search.model.new_bool_var("") for _ in values]
        search.model.add_bool_or(own)
        for value, mine in zip(values, own, strict=True):
            search.model.add(value == end).only_enforce_if(mine)
    for i in range(levels.n):
        squares.append(search.model.new_int_var(0, levels.of_on[1] ** 2, ""))
        for slope in slopes:
            search.model.add(squares[-1] >= 2 * slope * search.change(i) - slope**2)
    search.model.minimize(sum(squares))
    search.solver.parameters.linearization_level = 2  # what bounds it is its linear part
    pairs = search.solved()
    return search.solver.best_objective_bound, pairs


def extreme_levels(levels: Levels) -> Pairs | None:
    """Find levels with a large sum of squared changes; None if none are found."""
    search = _Search(levels)
    furthest = levels.of_on[1] + levels.of_before[1]
    squares = []
    for i in range(levels.n):
        change = search.model.new_int_var(-furthest, furthest, "")
        search.model.add(change == search.change(i))
        squares.append(search.model.new_int_var(0, furthest**2, ""))
        search.model.add_multiplication_equality(squares[-1], [change, change])
    search.model.maximize(sum(squares))
    return search.solved()


def ranked_levels(levels: Levels, above: int | None, ties: Sequence[int]) -> Pairs | None:
    """Find levels of which all that are stable fall, by more than all rises but some above them; none if that is None.

    In the order of their sizes, 1 in ``ties`` is a change as large as the next one.
    """
    search = _Search(levels)
    if above is None:
        for i in range(levels.n):
            search.model.add(search.change(i) >= 1)
        return search.solved()
    small = levels.rising - above
    order = [*range(small), *range(levels.rising, levels.n), *range(small, levels.rising)]
    sizes = [(-1 if place >= levels.rising else 1) * search.change(place) for place in order]
    search.model.add(sizes[0] >= 1)
    for (one, other), tied in zip(pairwise(sizes), ties, strict=True):
        search.model.add(other == one if tied else other >= one + 1)
    return search.solved()


def balanced_levels(levels: Levels) -> Pairs | None:
    """Give changes whose ranks are as large for those that fall as for those that rise, one of these being large."""
    n, sizes = levels.n, list(range(1, levels.n + 1))
    # 1 + 2 + ... + 15 is 120; these ranks fall and add up to half of it.
    falling, left = set(), sum(sizes) // 2
    for size in reversed(sizes[:-1]):
        if size <= left:
            falling.add(size)
            left -= size
    changes = [-size if size in falling else size for size in sizes[:-1]]
    changes.append(levels.on.start - levels.before.start - sum(changes))
    return [(one, one + change) for one, change in zip(alike(levels.before.start, n), changes, strict=True)]


def alike(total: int, n: int) -> list[int]:
    """Divide a sum into n whole numbers that are as alike as can be."""
    return [total // n + (i < total % n) for i in range(n)]
