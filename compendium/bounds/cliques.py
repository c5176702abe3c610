"""Which attributes have to be counted together, and how the tables of counts are put together to people again.

Attributes that stand together in a cell are neighbours. The graph is completed so that it is chordal (each time the
attribute that needs the fewest new neighbours is taken away); its maximal cliques then form a tree, in which what two
cliques share also stands in all between them (a junction tree). Tables of whole numbers, one a clique, that agree on
what neighbouring cliques share are always the margins of a table of people: one clique after the other, people who are
alike in what is shared are given the rest. So the cells of the cliques are enough, and nothing is lost by them.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from math import prod
from typing import NamedTuple

import numpy as np
from scipy.sparse.csgraph import connected_components

MOST_CELLS = 200_000
"""No clique may have more cells."""


class Clique(NamedTuple):
    """Attributes that are counted together, and those of them that an earlier clique (`parent`) shares."""

    names: tuple[str, ...]
    parent: int | None
    shared: tuple[str, ...]


class Forbidden(NamedTuple):
    """Combinations of values of some attributes that nobody has: true in a table of their codes."""

    names: tuple[str, ...]
    table: np.ndarray


def parts(names: Iterable[str], groups: Iterable[Collection[str]]) -> list[list[str]]:
    """Divide names into those that groups connect, in the order of the names."""
    order = {name: place for place, name in enumerate(names)}
    tied = np.zeros((len(order), len(order)), dtype=bool)
    for group in groups:
        places = [order[name] for name in group]
        tied[places[:1], places] = True
    number, labels = connected_components(tied, directed=False)
    return [[name for name, place in order.items() if labels[place] == part] for part in range(number)]


def _eliminated(sizes: Mapping[str, int], scopes: Iterable[Collection[str]]) -> list[frozenset[str]]:
    """Give the maximal cliques of a chordal completion."""
    order = {name: place for place, name in enumerate(sizes)}
    near: dict[str, set[str]] = {name: set() for name in sizes}
    for one in scopes:
        for name in one:
            near[name] |= set(one) - {name}
    found: list[frozenset[str]] = []
    while near:

        def cost(name: str) -> tuple[int, int, int]:
            around = near[name]
            missing = sum(len(around - near[other]) - 1 for other in around)
            return missing, prod(sizes[other] for other in around) * sizes[name], order[name]

        name = min(near, key=cost)
        around = near.pop(name)
        for other in around:
            near[other] |= around - {other}
            near[other].discard(name)
        clique = frozenset(around | {name})
        if not any(clique <= one for one in found):
            found.append(clique)
    return found


def junction_tree(sizes: Mapping[str, int], scopes: Iterable[Collection[str]]) -> list[Clique]:
    """Give the cliques, each after its parent; `sizes` says how many values each attribute has.

    Every scope lies within one of them. The same input gives the same tree.
    """
    order = {name: place for place, name in enumerate(sizes)}
    left = [tuple(sorted(one, key=order.get)) for one in _eliminated(sizes, scopes)]
    left.sort(key=lambda names: [order[name] for name in names])
    placed: list[Clique] = []
    while left:
        # The clique that shares the most with one that has its place: a spanning tree of largest weight.
        pairs = [(len(set(new) & set(old.names)), -b, -a) for b, old in enumerate(placed) for a, new in enumerate(left)]
        weight, b, a = max(pairs, default=(0, 0, 0))
        names = left.pop(-a)
        parent = -b if weight else None
        shared = tuple(name for name in names if parent is not None and name in placed[parent].names)
        placed.append(Clique(names, parent, shared))
    return placed


def cells_of(names: Sequence[str], sizes: Mapping[str, int], forbidden: Iterable[Forbidden]) -> np.ndarray:
    """List the codes of all combinations of values, one a row, without those that are forbidden.

    ValueError if there are more than `MOST_CELLS`.
    """
    cells = np.zeros((1, 0), dtype=np.int64)
    rules = [rule for rule in forbidden if set(rule.names) <= set(names)]
    for place, name in enumerate(names):
        width = sizes[name]
        if len(cells) * width > MOST_CELLS:
            raise ValueError(f"{', '.join(names)} stand together in more than {MOST_CELLS} combinations; ask for fewer")
        new = np.tile(np.arange(width), len(cells))[:, None]
        cells = np.hstack([np.repeat(cells, width, axis=0), new])
        known = {one: column for column, one in enumerate(names[: place + 1])}
        for rule in rules:
            if name in rule.names and set(rule.names) <= set(known):
                cells = cells[~rule.table[tuple(cells[:, known[one]] for one in rule.names)]]
    return cells


Keys = Callable[[np.ndarray, tuple[str, ...]], np.ndarray]
"""Numbers by which rows of codes of some attributes are put in order."""


def glued(
    tree: Sequence[Clique], tables: Sequence[tuple[np.ndarray, np.ndarray]], size: int, keys: Keys | None = None
) -> dict[str, np.ndarray]:
    """Make people of the tables: for each attribute the code of each person.

    A table is the cells of a clique and how many people are in each. Who of those alike in what is shared gets which of
    the rest is free, and goes by `keys`: both sides are put in their order.
    """
    people: dict[str, np.ndarray] = {}
    for clique, (cells, counts) in zip(tree, tables, strict=True):
        rows = np.repeat(cells, counts, axis=0)
        shared = [clique.names.index(name) for name in clique.shared]
        new = [name for name in clique.names if name not in clique.shared]
        columns = [clique.names.index(name) for name in new]
        here = [rows[:, column] for column in shared]
        there = [people[name] for name in clique.shared]
        if keys is not None:
            here = [keys(rows[:, columns], tuple(new)), *here]
            known = np.column_stack(list(people.values())) if people else np.zeros((size, 0), dtype=np.int64)
            there = [keys(known, tuple(people)), *there]
        mine = np.lexsort(here) if here else np.arange(size)
        theirs = np.lexsort(there) if there else np.arange(size)
        for name, column in zip(new, columns, strict=True):
            people[name] = np.empty(size, dtype=np.int64)
            people[name][theirs] = rows[mine, column]
    return people
