"""What the notebooks compute of a cohort, and how far it differs between cohorts that satisfy the paper as well.

Other cohorts are corners of what is possible and no sample of it: that a star stands in 17 of 200 of them says that it
can be there and can be missing, and is no probability.
"""

from collections.abc import Callable, Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from analysis import (
    biology,
    comparison,
    dosing,
    followup,
    patients,
    response,
    safety,
    schema,
    subgroups,
    symptoms,
    tables,
    times,
)
from analysis.cohort import Cohort, restrict
from analysis.criteria import PAPER, Criteria
from analysis.summaries import Values
from analysis.vocabulary import Population
from compendium.files import settled
from compendium.verification.published import table_values

POPULATIONS = (Population.ALL, Population.PRIMARY, Population.IDIOPATHIC)  # the patients of Figures 1, E1 and E2

ABSENT = "absent"  # the mark of a symptom that nobody has

_ROUND = ("mean_score", "effect", "p_value", "p_holm", "p_benjamini_hochberg", "better_percent")

_NOTEBOOKS: dict[str, Callable[[Cohort, Criteria], dict[str, dict[str, Any]]]] = {
    "duration": followup.summarise,
    "patients": patients.summarise,
    "response": lambda *given: response.summarise(*given) | followup.response_times(*given),
    "dose": dosing.summarise,
    "symptoms": symptoms.summarise,
    "safety": safety.summarise,
    "biology": biology.summarise,
    "comparison": comparison.summarise,
    "subgroups": lambda *given: subgroups.summarise(*given, powers=False),
    "times": times.summarise,
}


def notebook_values(cohort: Cohort) -> Values:
    """Compute the values of all notebooks and the cells of both tables, by name, as `built_values` reads them.

    Without the powers of the comparison of two groups, which hang on their sizes and take seconds. Each number has the
    digits that are written.
    """
    found: Values = {}
    for notebook, summarise in _NOTEBOOKS.items():
        values = summarise(cohort, PAPER)
        found |= {name: entry | {"notebook": f"{notebook}.ipynb"} for name, entry in values.items()}
    for table, cells in (("table-1", tables.table_1(cohort, PAPER)), ("table-2", tables.table_2(cohort, PAPER))):
        found |= table_values(table, cells)
    return {name: _plain(entry) for name, entry in found.items()}


def _plain(entry: Mapping[str, object]) -> dict[str, Any]:
    """Turn numpy's numbers into plain ones, with the digits that are written; intervals into their two ends."""
    found: dict[str, Any] = {}
    for key, value in entry.items():
        if isinstance(value, tuple | list):
            found |= _plain({f"{key}_{end}": one for end, one in zip(("low", "high"), value, strict=True)})
        elif isinstance(value, Real) and not isinstance(value, bool | np.bool_):
            number = float(value)
            found[key] = None if np.isnan(number) else int(number) if number.is_integer() else settled(number)
        else:
            found[key] = value if value is None else str(value)
    return found


def symptom_marks(cohort: Cohort) -> dict[str, dict[str, dict[str, Any]]]:
    """Give the mark of each symptom of the list in each population of Figure 1, with its numbers; or `ABSENT`."""
    found = {}
    for population in POPULATIONS:
        profile = symptoms.symptom_profile(restrict(cohort, population), PAPER)
        marks = profile["significance"].where(profile["significance"] != "", ABSENT)
        numbers = profile[["n", *_ROUND]].to_dict("index")
        found[population.value] = {
            name: _plain(numbers.get(name, {})) | {"mark": marks.get(name, ABSENT)}
            for name in schema.symptom_list().index
        }
    return found


def compare_values(shipped: Values, others: Sequence[Values]) -> pd.DataFrame:
    """Compare each value of the shipped cohort with those of others.

    One row per ``value`` and ``statistic``: ``shipped``; ``smallest`` and ``largest`` among the others, missing for
    texts and where no other has the number; ``cohorts``, how many others; in how many of them it is ``equal`` to that
    of the shipped cohort, is a number (``known``), and, of p values, is ``below`` the paper's level.
    """
    rows = []
    for name in sorted({name for values in (shipped, *others) for name in values}):
        entries = [values.get(name, {}) for values in (shipped, *others)]
        for statistic in sorted({key for entry in entries for key in entry} - {"notebook", "label", "row", "column"}):
            first, *rest = (entry.get(statistic) for entry in entries)
            numbers = [value for value in rest if isinstance(value, Real)]
            ends = (min(numbers), max(numbers)) if numbers else (None, None)
            below = sum(value < PAPER.alpha for value in numbers) if statistic == "p_value" else None
            counts = (len(rest), sum(value == first for value in rest), len(numbers), below)
            rows.append((name, statistic, first, *ends, *counts))
    columns = ["value", "statistic", "shipped", "smallest", "largest", "cohorts", "equal", "known", "below"]
    return pd.DataFrame(rows, columns=columns).astype({"smallest": float, "largest": float, "below": "Int64"})


def compare_marks(shipped: Mapping[str, Any], others: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Count the marks of each symptom in each population, all as `symptom_marks` gives them.

    One row per ``population``, ``symptom`` and ``mark`` that occurs: ``shipped``, whether the shipped cohort has it;
    ``cohorts``, in how many of the others it stands; and ``of``, how many they are.
    """
    order = ("***", "**", "*", "ns", symptoms.TOO_FEW, ABSENT)
    rows = []
    for population, entries in shipped.items():
        for name, entry in entries.items():
            seen = [other[population][name]["mark"] for other in others]
            rows += [
                (population, name, mark, entry["mark"] == mark, seen.count(mark), len(seen))
                for mark in order
                if mark in (entry["mark"], *seen)
            ]
    return pd.DataFrame(rows, columns=["population", "symptom", "mark", "shipped", "cohorts", "of"])


def reach(determined: pd.DataFrame, seen: Mapping[str, Sequence[float]]) -> pd.DataFrame:
    """Say how much of each proved range some cohorts reach.

    Proved ranges are indexed by ``quantity``, with ``low`` and ``high``, as `compendium.determined.results.as_frame`
    lays them out; seen is, for each quantity, its value in each cohort; missing numbers are left out. Given are, of the
    quantities that both have, ``low``, ``high``, ``smallest`` and ``largest`` seen; ``share``, how much of the range
    lies between these (1 where the range is one number); ``both_ends``; and ``outside``, how many cohorts lie outside,
    which would refute the range. A ValueError tells of a column that is missing, or a range that ends before it begins.
    """
    if missing := {"low", "high"} - set(determined.columns):
        raise ValueError(f"the ranges have no column {min(missing)}; needed are low and high")
    rows = {}
    for quantity, low, high in zip(determined.index, determined["low"], determined["high"], strict=True):
        if low > high:
            raise ValueError(f"{quantity}: the range from {low} to {high} is not allowed; low is at most high")
        values = [float(value) for value in seen.get(quantity, ()) if value is not None and not pd.isna(value)]
        if not values:
            continue
        ends = min(values), max(values)
        share = 1.0 if high == low else float(np.clip((min(ends[1], high) - max(ends[0], low)) / (high - low), 0, 1))
        outside = sum(not low <= value <= high for value in values)
        rows[quantity] = (low, high, *ends, share, ends == (low, high), outside)
    columns = ["low", "high", "smallest", "largest", "share", "both_ends", "outside"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("quantity")
