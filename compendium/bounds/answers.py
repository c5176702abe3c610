"""What statements determine: for any count, or sum of counts, the smallest and the largest that it can be."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from compendium.bounds.cliques import glued
from compendium.bounds.needed import ContradictionError, contradiction, reaches, without_needless
from compendium.bounds.people import EVERYONE, People, Statement, Sum, Where, as_cell, as_sum, both, scope, words
from compendium.bounds.programme import Programme, build, components
from compendium.bounds.solvers import Objective, Solvers

FIXED, BOUNDED, OPEN = "fixed", "bounded", "open"
Solved = tuple[tuple[Programme, np.ndarray], ...]
"""Programmes that together speak of all attributes, each with a solution."""


class Ends:
    """What any answer says of its ends, `low` and `high`, of which `low_reached` and `high_reached` are attained."""

    @property
    def exact(self) -> bool:
        """Whether both ends are attained."""
        return self.low == self.low_reached and self.high == self.high_reached

    @property
    def verdict(self) -> str:
        """One of fixed, bounded and open: anything from nobody to all (`most`) who were asked about."""
        if self.low == self.high:
            return FIXED
        return OPEN if self.low == 0 and self.high == self.most else BOUNDED


@dataclass(frozen=True)
class Answer(Ends):
    """What a sum of counts can be.

    `low` and `high`: nothing outside is possible. `low_reached` and `high_reached`: what the witnesses attain, None
    without one; both are the ends where the answer is `exact`. A witness is a table of people, a row each. `most` is
    how many people were asked about, where the question was a count. `rests_on` names the statements that were used,
    `layers` their layers; `checked` says whether the second solver proved the same ends; `note` says if a limit was
    reached.
    """

    asked: str
    low: int
    high: int
    low_reached: int | None
    high_reached: int | None
    people: People = field(repr=False)
    solutions: tuple[Solved | None, Solved | None] = field(repr=False, compare=False)
    rests_on: tuple[str, ...] = ()
    layers: tuple[str, ...] = ()
    most: int | None = None
    checked: bool = True

    @cached_property
    def low_witness(self) -> pd.DataFrame | None:
        """People, a row each, with as few as possible."""
        return None if self.solutions[0] is None else witness(self.people, self.solutions[0])

    @cached_property
    def high_witness(self) -> pd.DataFrame | None:
        """People, a row each, with as many as possible."""
        return None if self.solutions[1] is None else witness(self.people, self.solutions[1])

    @property
    def note(self) -> str:
        """Say what was not proved."""
        if not self.exact:
            reached = [("?" if one is None else str(one)) for one in (self.low_reached, self.high_reached)]
            ends = f"{reached[0]} to {reached[1]} is reached"
            return f"a limit was reached: nothing outside {self.low} to {self.high} is possible, {ends}"
        return "" if self.checked else "proved by one solver; the other reached its limit"


class Bounds:
    """What some statements determine, asked as often as one likes.

    Parameters
    ----------
    people : People
        Their statements must be able to hold together.
    limit : float
        Deterministic time (about seconds) that each end of an answer may take.

    Raises
    ------
    ContradictionError
        If the statements contradict one another.
    """

    def __init__(self, people: People, limit: float = 10.0) -> None:
        self.people, self.limit = people, limit
        self._parts: list[tuple[Programme, np.ndarray | None]] = []  # all attributes by what connects them, and people
        self._answers: dict[tuple[Sum, bool], Answer] = {}
        self._solvers: dict[frozenset[frozenset[str]], Solvers] = {}
        for names in components(people):
            programme = build(people, names)
            found = Solvers(programme, limit).any_solution()
            if found.possible is False:
                raise ContradictionError(contradiction(people, limit))
            self._parts.append((programme, found.solution))

    def _solvers_of(self, scopes: frozenset[frozenset[str]]) -> Solvers:
        """Give the solvers of all that is connected with some attributes that are asked for together."""
        if scopes not in self._solvers:
            mine = self._connected(frozenset().union(*scopes))
            names = [name for name in self.people.values if name in mine]
            self._solvers[scopes] = Solvers(build(self.people, names, scopes), self.limit)
        return self._solvers[scopes]

    def _connected(self, names: Collection[str]) -> frozenset[str]:
        return frozenset().union(*(part.names for part, _ in self._parts if part.names & set(names)))

    def connected(self, names: Collection[str]) -> list[Statement]:
        """Give the statements that bear on some attributes, directly or through others."""
        mine = self._connected(names)
        return [one for one in self.people.statements if one.attributes & mine]

    def count(self, asked: Where, within: Where = EVERYONE, smallest: bool = False) -> Answer:
        """Answer how many people are in a cell, of those within another: ``count({"sex": "male"}, {"kit": "yes"})``."""
        inside, together = as_cell(within), both(asked, within)
        self.people.check(together)
        most = self.of(inside).high if inside else self.people.size
        return self.of(together, smallest, most, f"{words(as_cell(asked))} | {words(inside)}")

    def table(self, one: str, other: str, within: Where = EVERYONE) -> list[Answer]:
        """Answer each count of a cross table of two attributes."""
        self.people.check(as_cell({one: (), other: ()}))
        pairs = [{one: a, other: b} for a in self.people.values[one] for b in self.people.values[other]]
        return [self.count(pair, within) for pair in pairs]

    def of(self, asked: Where | Sum, smallest: bool = False, most: int | None = None, name: str = "") -> Answer:
        """Answer for a count or a sum of counts.

        Parameters
        ----------
        asked : mapping, cell or sum
            A sum is a tuple of (whole factor, cell), as `statements.total` and `statements.several` give them.
        smallest : bool
            Drop statements one at a time as long as the ends stay the same: `rests_on` is then a smallest set. Else it
            is all that is connected with what is asked.
        most : int, optional
            How many people were asked about; the answer is open if it is anything from none to all of them.
        name : str, optional
            What the answer calls the question.

        Raises
        ------
        UnknownNameError
            If an attribute or value is not there.
        """
        one = as_sum(asked)
        if (one, smallest) not in self._answers:
            self._answers[one, smallest] = self._answer(one, smallest)
        return replace(self._answers[one, smallest], most=most, **({"asked": name} if name else {}))

    def _answer(self, one: Sum, smallest: bool) -> Answer:
        for _, cell in one:
            self.people.check(cell)
        name = " + ".join(f"{factor} x ({words(cell)})" for factor, cell in one)
        scopes = frozenset(scope(cell) for _, cell in one if cell)
        if not scopes:
            value = sum(factor for factor, _ in one) * self.people.size
            return Answer(name, value, value, value, value, self.people, (self._rest(), self._rest()))
        solvers = self._solvers_of(scopes)
        programme = solvers.programme
        variables, factors, constant = programme.row(one)
        ends: list[Any] = []
        for sign in (1, -1):
            bound, reached, solution, checked = _end(solvers, (variables, sign * factors))
            whole = self._rest(programme, solution)
            value = None if whole is None else sign * reached + constant
            ends.append((sign * bound + constant, value, whole, checked))
        (low, low_reached, few, first), (high, high_reached, many, second) = ends
        used = [s for s in self.people.statements if s.attributes & programme.names]
        if smallest:
            used = self._needed(one, low, high, used)
        layers = tuple(layer for layer in "PRL" if any(s.layer == layer for s in used))
        names = tuple(dict.fromkeys(s.name for s in used))
        reached_by = (low_reached, high_reached, self.people, (few, many))
        return Answer(name, low, high, *reached_by, names, layers, checked=first and second)

    def _needed(self, asked: Sum, low: int, high: int, used: list[Statement]) -> list[Statement]:
        """Drop statements while nothing outside the ends becomes possible."""
        names = list(dict.fromkeys(s.name for s in used))

        def stays(some: list[str]) -> bool:
            return reaches(self.people.only(some), asked, {1: low, -1: high}, self.limit)

        kept = without_needless(names, stays)
        return [s for s in used if s.name in kept]

    def _rest(self, programme: Programme | None = None, solution: np.ndarray | None = None) -> Solved | None:
        """Put solutions of all other parts beside one; None if one is missing."""
        mine = programme.names if programme else frozenset()
        chosen = [part for part in self._parts if not mine & part[0].names]
        chosen = [(programme, solution), *chosen] if programme else chosen
        return None if any(found is None for _, found in chosen) else tuple(chosen)


def witness(people: People, solved: Solved) -> pd.DataFrame:
    """Make people, a row each, of solutions."""
    codes: dict[str, np.ndarray] = {}
    for programme, solution in solved:
        codes |= glued(programme.tree, programme.tables(solution), people.size)
    return decoded(people, codes)


def decoded(people: People, codes: dict[str, np.ndarray]) -> pd.DataFrame:
    """Turn the codes of each attribute into its values, a row a person."""
    columns = {name: [values[code] for code in codes[name]] for name, values in people.values.items()}
    return pd.DataFrame(columns, index=pd.RangeIndex(1, people.size + 1, name="person"))


def counted_in(cohort: pd.DataFrame, cell: Where) -> int:
    """Count the rows of a table of people that are in a cell."""
    inside = [cohort[name].isin(values).to_numpy() for name, values in as_cell(cell)]
    return int(np.logical_and.reduce([np.ones(len(cohort), dtype=bool), *inside]).sum())


def _end(solvers: Solvers, objective: Objective) -> tuple[int, int | None, np.ndarray | None, bool]:
    """Minimise by both solvers: the bound, what is reached, by which solution, and whether both proved the bound."""
    found = [solvers.cp_sat(objective), solvers.highs(objective)]
    if any(one.possible is False for one in found):
        raise RuntimeError("a solver found no people where there are some")
    bounds = [one.bound for one in found if one.bound is not None]
    values = [(one.value(objective), number) for number, one in enumerate(found) if one.solution is not None]
    reached, number = min(values, default=(None, 0))
    bound = max([*bounds, solvers.programme.between(*objective)[0]])
    if reached is not None and bound > reached:
        raise RuntimeError(f"the solvers disagree: one proved {bound}, the other has people with {reached}")
    proved = sum(one.bound is not None and one.bound >= bound for one in found)
    return bound, reached, None if reached is None else found[number].solution, proved == 2


def frechet(one: int, other: int, size: int) -> tuple[int, int]:
    """Bound how many of some people are in both of two groups, from the sizes of the groups alone."""
    return max(0, one + other - size), min(one, other)
