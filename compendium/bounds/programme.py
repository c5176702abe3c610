"""The integer programme: a whole number for each cell of each clique, and what statements say of their sums.

It is pure data, the same from the same people: `solvers` hand it to CP-SAT and HiGHS.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from compendium.bounds.cliques import Clique, Forbidden, cells_of, junction_tree, parts
from compendium.bounds.people import Cell, People, Statement, Sum, scope

Row = tuple[np.ndarray, np.ndarray, int | None, int | None]
"""Variables, their whole factors, and between what their sum lies; None is no limit."""


@dataclass(frozen=True)
class Programme:
    """Whole numbers from 0 to `upper`, one for each cell of each clique and then the choices; rows limit their sums.

    The cells of a clique are those from its place in `starts` to the next one.
    """

    people: People
    tree: tuple[Clique, ...]
    cells: tuple[np.ndarray, ...]
    starts: tuple[int, ...]
    rows: tuple[Row, ...]
    upper: np.ndarray

    @cached_property
    def names(self) -> frozenset[str]:
        """The attributes that are counted."""
        return frozenset(name for clique in self.tree for name in clique.names)

    def row(self, asked: Sum) -> tuple[np.ndarray, np.ndarray, int]:
        """Give variables and factors of a sum of counts, and the part of it that is the same for all people."""
        weights: dict[int, np.ndarray] = {}
        # One clique for all cells, if there is one, so that what is added to and taken from a cell becomes one factor.
        one = self._places(frozenset().union(*(scope(cell) for _, cell in asked)))
        for factor, cell in asked:
            if cell:
                place = (one or self._places(scope(cell)))[0]
                mine = weights.setdefault(place, np.zeros(len(self.cells[place]), dtype=np.int64))
                mine += factor * _mask(self.people, self.tree[place].names, self.cells[place], cell)
        variables = [self.starts[place] + np.flatnonzero(mine) for place, mine in weights.items()]
        factors = [mine[np.flatnonzero(mine)] for mine in weights.values()]
        empty = np.zeros(0, dtype=np.int64)
        constant = sum(factor for factor, cell in asked if not cell) * self.people.size
        return np.concatenate([empty, *variables]), np.concatenate([empty, *factors]), constant

    def _places(self, names: frozenset[str]) -> list[int]:
        """List the cliques in which some attributes are counted together."""
        return [place for place, clique in enumerate(self.tree) if names <= set(clique.names)]

    def between(self, variables: np.ndarray, factors: np.ndarray) -> tuple[int, int]:
        """Bound a sum of counts by the number of people: in each clique all may be where its factor is an extreme."""
        weights = np.zeros(self.starts[-1], dtype=np.int64)
        weights[variables] = factors
        parts = [part for part in np.split(weights, self.starts[1:-1]) if len(part)]
        least, most = (sum(int(end(part)) for part in parts) for end in (np.min, np.max))
        return self.people.size * least, self.people.size * most

    def tables(self, solution: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
        """Give the cells of each clique and how many people a solution has in each."""
        counts = np.split(solution[: self.starts[-1]], self.starts[1:-1])
        return list(zip(self.cells, counts, strict=True))

    def keeps(self, solution: np.ndarray) -> bool:
        """Say whether a solution of whole numbers satisfies every row."""
        if (solution < 0).any() or (solution > self.upper).any():
            return False
        sums = ((int(factors @ solution[variables]), low, high) for variables, factors, low, high in self.rows)
        return all((low is None or low <= one) and (high is None or one <= high) for one, low, high in sums)

    def added(self, rows: Iterable[Row], choices: int = 0) -> "Programme":
        """Add rows, and choices that they speak of: whole numbers from 0 to 1 behind all others."""
        upper = np.append(self.upper, np.ones(choices, dtype=np.int64))
        return replace(self, rows=(*self.rows, *rows), upper=upper)


def _mask(people: People, names: Sequence[str], cells: np.ndarray, cell: Cell) -> np.ndarray:
    found = np.ones(len(cells), dtype=bool)
    for name, values in cell:
        chosen = np.zeros(len(people.values[name]), dtype=bool)
        chosen[[people.codes[name][value] for value in values]] = True
        found &= chosen[cells[:, names.index(name)]]
    return found


def forbidden_by(people: People, statement: Statement) -> list[Forbidden]:
    """Find the combinations of values that a statement leaves empty by itself: sums of one sign that are nothing."""
    found = []
    if len(statement.ways) != 1:
        return found
    for one, (low, high) in zip(statement.sums, statement.ways[0], strict=True):
        widest = max((scope(cell) for _, cell in one), key=len, default=frozenset())
        names = tuple(name for name in people.values if name in widest)
        if 0 not in (low, high) or not names or any(not scope(cell) <= widest for _, cell in one):
            continue
        sizes = {name: len(people.values[name]) for name in names}
        cells = cells_of(names, sizes, ())
        weights = sum(factor * _mask(people, names, cells, cell) for factor, cell in one)
        if (high == 0 and (weights >= 0).all()) or (low == 0 and (weights <= 0).all()):
            found.append(Forbidden(names, (weights != 0).reshape([*sizes.values()])))
    return found


def components(people: People, ties: Iterable[Collection[str]] = ()) -> list[list[str]]:
    """Divide the attributes into those that statements, and what is asked, connect."""
    return parts(people.values, [*(one.attributes for one in people.statements), *ties])


def build(people: People, names: Collection[str], ties: Iterable[Collection[str]] = ()) -> Programme:
    """Write the programme of some attributes, which have to be all that statements connect with each other.

    The names are as `components` gives them; statements that speak of none of them are left out. ``ties`` are
    attributes that are asked for together.
    """
    mine = set(names)
    sizes = {name: len(values) for name, values in people.values.items() if name in mine}
    stated = [one for one in people.statements if one.attributes & mine or not one.attributes]
    scopes = [one for statement in stated for one in statement.scopes] + [frozenset(one) & mine for one in ties]
    tree = junction_tree(sizes, dict.fromkeys(scopes))
    rules = [rule for statement in stated for rule in forbidden_by(people, statement)]
    cells = [cells_of(clique.names, sizes, rules) for clique in tree]
    starts = (0, *np.cumsum([len(one) for one in cells]).tolist())
    empty = Programme(people, tuple(tree), tuple(cells), starts, (), np.full(starts[-1], people.size))
    rows, choices = [row for place in range(len(tree)) for row in _agreements(empty, place)], 0
    for statement in stated:
        said, ways = _stated(empty, statement, starts[-1] + choices)
        rows += said
        choices += ways
    return empty.added(rows, choices)


def _agreements(programme: Programme, place: int) -> list[Row]:
    """Let a clique have all people, or agree with its parent in what they share."""
    people, tree, starts = programme.people, programme.tree, programme.starts
    clique = tree[place]
    if clique.parent is None:
        variables = np.arange(starts[place], starts[place + 1])
        return [(variables, np.ones(len(variables), dtype=np.int64), people.size, people.size)]
    keyed = []
    for number in (place, clique.parent):
        columns = [tree[number].names.index(name) for name in clique.shared]
        codes = tuple(programme.cells[number][:, column] for column in columns)
        keyed.append(np.ravel_multi_index(codes, [len(people.values[name]) for name in clique.shared]))
    rows = []
    for key in np.union1d(*keyed):
        both = [starts[n] + np.flatnonzero(keys == key) for n, keys in zip((place, clique.parent), keyed, strict=True)]
        factors = np.repeat([1, -1], [len(one) for one in both])
        rows.append((np.concatenate(both), factors, 0, 0))
    return rows


def _stated(programme: Programme, statement: Statement, first: int) -> tuple[list[Row], int]:
    """Write what a statement says; with several ways a choice for each, from `first` on, of which one is taken."""
    rows: list[Row] = []
    sums = [programme.row(one) for one in statement.sums]
    if len(statement.ways) == 1:
        for (variables, factors, constant), ends in zip(sums, statement.ways[0], strict=True):
            rows.append((variables, factors, *(None if end is None else end - constant for end in ends)))
        return rows, 0
    choices = first + np.arange(len(statement.ways))
    rows.append((choices, np.ones(len(choices), dtype=np.int64), 1, 1))
    for number, (variables, factors, constant) in enumerate(sums):
        least, most = programme.between(variables, factors)
        lows = [least if way[number][0] is None else way[number][0] - constant for way in statement.ways]
        highs = [most if way[number][1] is None else way[number][1] - constant for way in statement.ways]
        together = np.concatenate([variables, choices])
        if any(low > least for low in lows):
            rows.append((together, np.concatenate([factors, -np.array(lows)]), 0, None))
        if any(high < most for high in highs):
            rows.append((together, np.concatenate([factors, -np.array(highs)]), None, 0))
    return rows, len(choices)
