"""Other people who fit the same statements, spread out.

They are ends, not a sample of all who fit: how often something is seen among them is no probability.
"""

from itertools import combinations

import numpy as np
import pandas as pd

from compendium.bounds.answers import decoded
from compendium.bounds.cliques import Keys, glued
from compendium.bounds.needed import ContradictionError, contradiction
from compendium.bounds.people import People, as_cell
from compendium.bounds.programme import Programme, build, components
from compendium.bounds.solvers import Solvers

TIED = 8
"""So many pairs of attributes are pushed to an end at a time."""

MOST_VARIABLES = 3_000
"""Pairs are tied only as long as the programme has no more whole numbers."""

LIMIT = 0.5
_SHUFFLED = 4  # every fourth: who gets what is then drawn, and not in an order


def sample(people: People, n: int, seed: int, limit: float = LIMIT) -> list[pd.DataFrame]:
    """Make n populations that fit, a row a person.

    Each is the end of a drawn direction: some pairs of attributes are drawn, and the solver makes people in whom these
    go together as much, or as little, as the statements allow. What no statement ties is put in a drawn order, up or
    down. The same seed gives the same people on every machine, and the k-th of them does not depend on n. ``limit`` is
    the deterministic time (about seconds) for each; a population is kept if it fits, at an end or not. A
    ContradictionError says that no people fit.
    """
    return [one_of(people, seed, number, limit) for number in range(n)]


def one_of(people: People, seed: int, number: int, limit: float = LIMIT) -> pd.DataFrame:
    """Make one population of `sample` alone, so that many can be made side by side."""
    rng = np.random.default_rng([seed, number])
    codes: dict[str, np.ndarray] = {}
    shuffled = number % _SHUFFLED == _SHUFFLED - 1
    for programme in _programmes(people, rng):
        factors = rng.integers(-3, 4, len(programme.upper))
        factors[sum(map(len, programme.cells)) :] = 0
        for pair in _pairs(programme, rng):
            factors[pair[0]] += pair[1]
        chosen = np.flatnonzero(factors)
        found = Solvers(programme, limit).cp_sat((chosen, factors[chosen]))
        if found.solution is None:
            found = Solvers(programme, 60 * limit).highs((chosen[:0], chosen[:0]))
        if found.solution is None:
            raise ContradictionError(contradiction(people))
        mine = glued(programme.tree, programme.tables(found.solution), people.size, _keys(people, rng, shuffled))
        order = rng.permutation(people.size) if shuffled else _order(people, mine, rng)
        codes |= {name: column[order] for name, column in mine.items()}
    return decoded(people, codes)


def _programmes(people: People, rng: np.random.Generator) -> list[Programme]:
    """Write the programme of each part, some drawn pairs of it tied together."""
    found = []
    for names in components(people):
        pairs = list(combinations(names, 2))
        ties = [frozenset(pairs[k]) for k in rng.permutation(len(pairs))[:TIED]]
        while True:
            try:
                programme = build(people, names, ties)
            except ValueError:  # too many combinations
                if not ties:
                    raise
            else:
                if len(programme.upper) <= MOST_VARIABLES or not ties:
                    break
            ties.pop()
        found.append(programme)
    return found


def _pairs(programme: Programme, rng: np.random.Generator) -> list[tuple[np.ndarray, np.ndarray]]:
    """Draw for some pairs of attributes that are counted together a cell, and whether many or few should be in it."""
    found = []
    for clique in programme.tree:
        for pair in combinations(clique.names, 2):
            if rng.random() < 0.5:
                values = ((name, programme.people.values[name]) for name in pair)
                cell = as_cell({name: one[rng.integers(len(one))] for name, one in values})
                variables, factors, _ = programme.row(((1, cell),))
                found.append((variables, factors * rng.choice([-100, 100])))
    return found


def _keys(people: People, rng: np.random.Generator, shuffled: bool) -> Keys:
    """Draw a score for each value of each attribute; people are put in the order of the sum of theirs."""
    scores = {name: rng.permutation(len(values)) * rng.choice([1, 100]) for name, values in people.values.items()}

    def keys(codes: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
        if shuffled:
            return rng.permutation(len(codes))
        return sum((scores[name][codes[:, k]] for k, name in enumerate(names)), np.zeros(len(codes), dtype=np.int64))

    return keys


def _order(people: People, codes: dict[str, np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """Put the people of one part in a drawn order, so that parts that nothing ties go together as closely as can be."""
    names = [list(codes)[k] for k in rng.permutation(len(codes))]
    keys = [rng.permutation(len(people.values[name]))[codes[name]] for name in names]
    return np.lexsort(keys)
