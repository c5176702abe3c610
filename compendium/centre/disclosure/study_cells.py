"""All tables that are shared together as one set of cells: what one of them hides another must not show."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.cohort import Cohort
from analysis.criteria import PAPER, Criteria
from compendium.centre.disclosure import table_cells
from compendium.centre.disclosure.cells import HIDE_BELOW, Cells, check_threshold
from compendium.centre.disclosure.suppression import suppress

_COSTS = {"patients/": 10, ":evaluated": 3, "best.orr/": 2, "last.persistent_orr/": 2, "/n": 2}
"""By a part of a cell's name: a hidden denominator takes percentages with it, and sums are read before their parts."""


@dataclass(frozen=True)
class SharedNumbers:
    """The numbers of the shared tables, with the columns of `analysis.tables.table_1` or ``table_2``.

    What is hidden is missing, and ``hidden`` names it: ``n``, ``denominator``, both with a blank between, or nothing.
    """

    table_1: pd.DataFrame
    table_2: pd.DataFrame
    safety: pd.DataFrame
    threshold: int  # counts below it are hidden


def joined_cells(cohort: Cohort, criteria: Criteria, threshold: int) -> tuple[dict[str, pd.DataFrame], Cells]:
    """Give the numbers of the three tables, and their cells, each once, with all that a reader knows of them."""
    numbers = {
        "table_1": table_cells.characteristics_cells(cohort),
        "table_2": table_cells.response_cells(cohort, criteria),
        "safety": table_cells.safety_cells(cohort, threshold),
    }
    values: dict[str, int] = {}
    for frame in numbers.values():
        for kind in ("denominator", "n"):
            for cell, value in zip(frame[f"{kind}_cell"], frame[kind], strict=True):
                if pd.notna(cell) and pd.notna(value):
                    assert values.setdefault(cell, int(value)) == value, f"cell {cell}: {values[cell]} and {value}"
    certain_1, expected_1 = table_cells.characteristics_relations(cohort)
    certain_2, expected_2 = table_cells.response_relations(cohort, criteria)
    certain = [*certain_1, *certain_2, *table_cells.safety_relations(cohort, numbers["safety"], criteria)]
    # What a reader expects makes the protection stronger if it is true, and misleads the reader if it is not.
    expected = [relation for relation in (*expected_1, *expected_2) if relation.holds(values)]
    costs = {cell: cost for cell in values for part, cost in _COSTS.items() if part in cell}
    least = {cell: threshold for cell in values if cell.startswith("event.") and cell.endswith("/n")}
    return numbers, Cells(values, (*certain, *expected), least, costs)


def _without(numbers: pd.DataFrame, hidden: frozenset[str], threshold: int) -> pd.DataFrame:
    """Leave out what is hidden, and what was computed from it."""
    n, denominator = (numbers[f"{kind}_cell"].isin(hidden) for kind in ("n", "denominator"))
    shares = [name for name in numbers if name in ("percent", "ratio") or name.endswith(("_low", "_high"))]
    spreads = ["median", "mean", "sd", "minimum", "maximum"]
    marks = n.map({True: "n ", False: ""}) + denominator.map({True: "denominator", False: ""})
    kept = numbers.assign(hidden=marks.str.strip())
    kept["n"], kept["denominator"] = kept["n"].mask(n), kept["denominator"].mask(denominator)
    kept[shares], kept[spreads] = kept[shares].mask(n | denominator), kept[spreads].mask(n)
    if threshold:
        kept[["minimum", "maximum"]] = np.nan  # each is a single patient's
    return kept


def shared_numbers(cohort: Cohort, criteria: Criteria = PAPER, hide_below: int = HIDE_BELOW) -> SharedNumbers:
    """Compute Table 1, Table 2 and the safety table, to be shared together, without the counts below a threshold.

    Counts below ``hide_below``, and the cells that would give them away, are hidden; it goes from 0, which hides
    nothing, to 20, any other number being a ValueError.
    """
    threshold = check_threshold(hide_below)
    numbers, cells = joined_cells(cohort, criteria, threshold)
    hidden = suppress(cells, threshold)
    shared = {name: _without(frame, hidden, threshold) for name, frame in numbers.items()}
    return SharedNumbers(**shared, threshold=threshold)
