"""Time of bounds of two-way and three-way counts, all pairs of thirty characteristics, and of other people who fit.

Run by hand: ``python -m benchmarks.bounds``; ``--tables`` says how many cross tables are printed beside the margins,
and ``--pairs`` looks at so many pairs only. Beside it stands what `pandas.crosstab` needs for the same counts of people
who are known.
"""

import random
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import combinations

import pandas as pd

from benchmarks import options, timed
from compendium.bounds import statements
from compendium.bounds.answers import Answer, Bounds, counted_in
from compendium.bounds.ensembles import sample
from compendium.bounds.people import Attribute, Cell, People, as_cell
from compendium.bounds.summaries import data_sets

_WIDTHS = [2, 2, 2, 2, 3, 4, 5]


def make_people(tables: int, size: int = 55, characteristics: int = 30, seed: int = 5) -> tuple[People, pd.DataFrame]:
    """Draw people, and the margins and some cross tables that a paper prints of them."""
    rng = random.Random(seed)
    attributes = [Attribute(f"x{number}", tuple("abcde"[: rng.choice(_WIDTHS)])) for number in range(characteristics)]
    known = pd.DataFrame({one.name: [rng.choice(one.values) for _ in range(size)] for one in attributes})
    stated = []
    for one in attributes:
        counts = known[one.name].value_counts()
        stated += [statements.counted(f"{one.name} {v}", {one.name: v}, int(counts.get(v, 0))) for v in one.values]
    for a, b in (rng.sample(attributes, 2) for _ in range(tables)):
        for v, w in ((v, w) for v in a.values for w in b.values if rng.random() < 0.7):
            number = int((known[a.name].eq(v) & known[b.name].eq(w)).sum())
            stated.append(statements.counted(f"{a.name} {v} {b.name} {w}", {a.name: v, b.name: w}, number))
    return People(size, tuple(attributes), tuple(stated)), known


def _first(people: People, number: int) -> list[Cell]:
    """Ask for each set of so many characteristics how many people have the first value of all."""
    firsts = [(one.name, one.values[0]) for one in people.attributes]
    return [as_cell(dict(some)) for some in combinations(firsts, number)]


def _answers(people: People, cells: list[Cell]) -> list[tuple[float, Answer]]:
    bounds = Bounds(people)
    return [timed(partial(bounds.count, cell)) for cell in cells]


def _known(known: pd.DataFrame, cells: list[Cell]) -> None:
    for cell in cells:
        (name, _), *others = cell
        pd.crosstab(known[name], [known[other] for other, _ in others])


if __name__ == "__main__":
    given = options(
        __doc__,
        tables=([12, 22], "cross tables that are printed"),
        pairs=(435, "pairs of characteristics"),
        triples=(20, "sets of three"),
        processes=(2, "processes for the pairs"),
        cohorts=(200, "other people who fit"),
    )
    rows = []
    for tables in given.tables:
        people, known = make_people(tables)
        for number, most in ((2, given.pairs), (3, given.triples)):
            every = _first(people, number)
            cells = every[:: max(1, len(every) // most)][:most]
            parts = [cells[k :: given.processes] for k in range(given.processes)]
            with ProcessPoolExecutor(given.processes) as pool:
                seconds, found = timed(lambda p=parts, q=people, r=pool: [*r.map(partial(_answers, q), p)])
            answers = [one for part in found for one in part]
            exact = sum(answer.exact and answer.checked for _, answer in answers)
            row = {"tables": tables, "ways": number, "counts": len(cells), "exact": exact, "seconds": seconds}
            row |= {"longest": max(taken for taken, _ in answers)}
            rows.append(row | {"time / crosstab": seconds / timed(lambda k=known, c=cells: _known(k, c))[0]})
            if number == 2:
                asked = [cell for part in parts for cell in part]
                pairs = [(cell, answer) for cell, (_, answer) in zip(asked, answers, strict=True)]
        taken, cohorts = timed(lambda p=people: sample(p, given.cohorts, 1))
        wide = [(cell, {one.low, one.high}) for cell, one in pairs if one.low < one.high]
        both = sum(ends <= {counted_in(cohort, cell) for cohort in cohorts} for cell, ends in wide)
        reached = f"both ends of {both / len(wide):.0%} of {len(wide)} counts that are not fixed are among them"
        each = taken / given.cohorts
        print(f"{tables} tables: {each:.2f} s for each of {given.cohorts} other people who fit; {reached}")
    print(pd.DataFrame(rows).round(2).to_string(index=False))
    for mean, sd, n, highest in (("2.7", "1.9", 130, 5), ("4.0", "1.5", 100, 7)):
        seconds, found = timed(partial(data_sets, mean, sd, n, 1, highest))
        print(f"mean {mean}, sd {sd}, n {n}, scale 1 to {highest}: {found.number:,} sets counted in {seconds:.2f} s")
