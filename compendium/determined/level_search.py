"""Levels before and on therapy, found by a solver, that fit what is printed of them and go as far as it finds."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ortools.sat.python import cp_model

_SEED, _EFFORT = 1, 12.0

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


@dataclass
class _Search:
    model: cp_model.CpModel
    before: list[cp_model.IntVar]
    on: list[cp_model.IntVar]

    def change(self, i: int) -> cp_model.LinearExprT:
        """Give how far the level of one patient rises."""
        return self.on[i] - self.before[i]


def _search(levels: Levels) -> _Search:
    model = cp_model.CpModel()
    before, on = ([model.new_int_var(*ends, "") for _ in range(levels.n)] for ends in (levels.of_before, levels.of_on))
    model.add_linear_constraint(sum(before), levels.before.start, levels.before.stop - 1)
    model.add_linear_constraint(sum(on), levels.on.start, levels.on.stop - 1)
    if levels.rising is not None:
        for values, ends in ((before, levels.of_before), (on, levels.of_on)):
            model.add_min_equality(ends[0], values)
            model.add_max_equality(ends[1], values)
        for i in range(levels.n):
            if i < levels.rising:
                model.add(5 * on[i] >= 6 * before[i] + 1)
            else:
                model.add(5 * on[i] <= 6 * before[i])
                model.add(5 * on[i] >= 4 * before[i])
    return _Search(model, before, on)


def _solver() -> cp_model.CpSolver:
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = _SEED
    solver.parameters.max_deterministic_time = _EFFORT
    return solver


def _found(search: _Search, solver: cp_model.CpSolver) -> Pairs | None:
    if solver.solve(search.model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    return [(solver.value(one), solver.value(other)) for one, other in zip(search.before, search.on, strict=True)]


def _solved(search: _Search) -> Pairs | None:
    return _found(search, _solver())


def closest_levels(levels: Levels, slopes: Sequence[int]) -> tuple[float, Pairs | None]:
    """Find levels with a small sum of squared changes, and bound it from below: each square is above its tangents.

    The first patient has the greatest level on therapy, which only a rise leads to.
    """
    search, squares = _search(levels), []
    search.model.add(search.on[0] == levels.of_on[1])
    ends = ((search.before, levels.of_before[0]), (search.before, levels.of_before[1]), (search.on, levels.of_on[0]))
    for values, end in ends:  # as in `_search`; who has it, said one by one, is what makes the bound
        own = [search.model.new_bool_var("") for _ in values]
        search.model.add_bool_or(own)
        for value, mine in zip(values, own, strict=True):
            search.model.add(value == end).only_enforce_if(mine)
    for i in range(levels.n):
        squares.append(search.model.new_int_var(0, levels.of_on[1] ** 2, ""))
        for slope in slopes:
            search.model.add(squares[-1] >= 2 * slope * search.change(i) - slope**2)
    search.model.minimize(sum(squares))
    solver = _solver()
    solver.parameters.linearization_level = 2  # what bounds it is its linear part
    pairs = _found(search, solver)
    return solver.best_objective_bound, pairs


def extreme_levels(levels: Levels) -> Pairs | None:
    """Find levels with a large sum of squared changes; None if none are found."""
    search = _search(levels)
    furthest = levels.of_on[1] + levels.of_before[1]
    squares = []
    for i in range(levels.n):
        change = search.model.new_int_var(-furthest, furthest, "")
        search.model.add(change == search.change(i))
        squares.append(search.model.new_int_var(0, furthest**2, ""))
        search.model.add_multiplication_equality(squares[-1], [change, change])
    search.model.maximize(sum(squares))
    return _solved(search)


def ranked_levels(levels: Levels, above: int | None, ties: Sequence[int]) -> Pairs | None:
    """Find levels of which all that are stable fall, by more than all rises but some above them; none if that is None.

    In the order of their sizes, 1 in ``ties`` is a change as large as the next one.
    """
    search = _search(levels)
    if above is None:
        for i in range(levels.n):
            search.model.add(search.change(i) >= 1)
        return _solved(search)
    order = [
        *range(levels.rising - above),
        *range(levels.rising, levels.n),
        *range(levels.rising - above, levels.rising),
    ]
    sizes = [(-1 if place >= levels.rising else 1) * search.change(place) for place in order]
    search.model.add(sizes[0] >= 1)
    for (one, other), tied in zip(pairwise(sizes), ties, strict=True):
        search.model.add(other == one if tied else other >= one + 1)
    return _solved(search)


def balanced_levels(levels: Levels) -> Pairs | None:
    """Give changes whose ranks are as large for those that fall as for those that rise, one of these being large."""
    n = levels.n
    sizes = list(range(1, n + 1))
    # 1 + 2 + ... + 15 is 120; these ranks fall and add up to half of it.
    falling, left = set(), sum(sizes) // 2
    for size in reversed(sizes[:-1]):
        if size <= left:
            falling.add(size)
            left -= size
    changes = [-size if size in falling else size for size in sizes[:-1]]
    total, wanted = levels.before.start, levels.on.start - levels.before.start
    changes.append(wanted - sum(changes))
    before = [total // n + (i < total % n) for i in range(n)]
    return [(one, one + change) for one, change in zip(before, changes, strict=True)]
