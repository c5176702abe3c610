"""What follows from statements and stands in none of them: counts that hold in all people who fit.

What some populations that fit have in common is a guess; each is proved by the bounds. Where two attributes go together
more narrowly than what is stated of these two alone says, the paper as a whole says more than a reader sees.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from itertools import combinations

import pandas as pd

from compendium.bounds.answers import Bounds, counted_in
from compendium.bounds.people import People, as_cell, words

COLUMNS = ("fact", "low", "high", "alone_low", "alone_high", "surprise", "rests_on", "layers")


def alone(people: People, names: Collection[str]) -> People:
    """Keep some attributes, and what is stated of nothing but these."""
    mine = set(names)
    attributes = tuple(one for one in people.attributes if one.name in mine)
    return replace(
        people, attributes=attributes, statements=tuple(s for s in people.statements if s.attributes <= mine)
    )


def facts(
    bounds: Bounds,
    cohorts: Sequence[pd.DataFrame],
    pairs: Iterable[tuple[str, str]] | None = None,
    smallest: bool = False,
) -> pd.DataFrame:
    """List counts of two attributes that are narrower than what is stated of these two alone, most surprising first.

    With margins alone stated of the two, that is what Fréchet's formula leaves: max(0, a + b - n) to min(a, b).

    Parameters
    ----------
    bounds : Bounds
        The people.
    cohorts : sequence of DataFrame
        Some populations that fit, as `ensembles.sample` gives them: what they show to be possible is not asked for. No
        fact is missed for want of populations; with more of them it is found sooner.
    pairs : pairs of names, optional
        The attributes to look at; by default all pairs.
    smallest : bool
        Let `rests_on` be a smallest set of statements.

    Returns
    -------
    DataFrame
        ``fact`` (a sentence), ``low`` and ``high`` (proved), ``alone_low`` and ``alone_high`` (what the two alone say),
        ``surprise`` (the share of the numbers possible by the two alone that is impossible), ``rests_on``, ``layers``.
    """
    rows = []
    values = bounds.people.values
    for one, other in combinations(values, 2) if pairs is None else pairs:
        connected = bounds.connected((one, other))
        if all(stated.attributes <= {one, other} for stated in connected):
            continue  # nothing else bears on the two
        narrow = Bounds(alone(bounds.people, (one, other)), bounds.limit)
        for cell in (as_cell({one: a, other: b}) for a in values[one] for b in values[other]):
            first = narrow.of(cell)
            seen = [counted_in(cohort, cell) for cohort in cohorts]
            if seen and min(seen) <= first.low and max(seen) >= first.high:
                continue
            proved = bounds.of(cell)
            if proved.low > first.low or proved.high < first.high:
                before, after = first.high - first.low + 1, proved.high - proved.low + 1
                if smallest:
                    proved = bounds.of(cell, smallest=True)
                sentence = _sentence(words(cell), proved.low, proved.high, first.low, first.high)
                shown = (sentence, proved.low, proved.high, first.low, first.high, 1 - after / before)
                rows.append((*shown, ", ".join(proved.rests_on), ", ".join(proved.layers)))
    found = pd.DataFrame(rows, columns=COLUMNS)
    return found.sort_values("surprise", ascending=False, kind="stable", ignore_index=True)


def _sentence(cell: str, low: int, high: int, least: int, most: int) -> str:
    if low == high:
        return f"exactly {low} with {cell}"
    ends = [f"at least {low}"] * (low > least) + [f"at most {high}"] * (high < most)
    return f"{' and '.join(ends)} with {cell}"
