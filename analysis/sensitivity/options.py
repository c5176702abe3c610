"""Which values of which rules are tried, and which results depend on which rules."""

from collections.abc import Iterable
from itertools import product
from typing import Any

import pandas as pd

from analysis.criteria import CHOICES, PAPER, Criteria

NUMBERS: dict[str, tuple[float, ...]] = {
    "major_above_percent": (50, 40, 60),
    "partial_from_percent": (10, 20, 30),
    "sustained_months": (3, 6),
    "ige_stable_percent": (20, 10, 30),
    "alpha": (0.05, 0.01),
}
"""Values tried of the options that are numbers; the first is the paper's, or, where it gives none, the default."""

BEST: tuple[str, ...] = ("major_above_percent", "partial_from_percent", "worsening", "new_symptoms")
LAST: tuple[str, ...] = (*BEST, "missing_last", "intolerance")
SUSTAINED: tuple[str, ...] = (*BEST, "sustained_months", "sustained_from", "first_response")
TESTED: tuple[str, ...] = ("symptoms_at", "missing_last", "zeros", "distribution", "alternative")
RESPONSE_OPTIONS: tuple[str, ...] = tuple(dict.fromkeys((*LAST, *SUSTAINED)))
"""The options that the rates of response depend on."""

SYMPTOM_OPTIONS: tuple[str, ...] = (*TESTED, "adjustment", "alpha", "p_at_alpha")
"""The options that the significance of a symptom depends on."""


def values_of(option: str, criteria: Criteria = PAPER) -> tuple[Any, ...]:
    """List the values to try of an option.

    Parameters
    ----------
    option : str
        A field of `Criteria`.
    criteria : Criteria, default the paper's
        Where to begin.

    Returns
    -------
    tuple
        The value of the criteria first, then the others.
    """
    first = getattr(criteria, option)
    return tuple(dict.fromkeys((first, *(CHOICES[option] if option in CHOICES else NUMBERS[option]))))


def combinations(options: Iterable[str], criteria: Criteria = PAPER) -> pd.DataFrame:
    """Combine all values of some options.

    Parameters
    ----------
    options : iterable of str
        Fields of `Criteria`.
    criteria : Criteria, default the paper's
        Its values come first, so that the first row is the criteria themselves.

    Returns
    -------
    DataFrame
        One row per combination that `Criteria` allows and that differs from the others, one column per option.
    """
    values = {name: values_of(name, criteria) for name in options}
    if {"partial_from_percent", "major_above_percent"} <= set(values):
        # Whole values are left out rather than single combinations, so that each value meets all those of the others.
        partial = criteria.partial_from_percent
        values["major_above_percent"] = tuple(x for x in values["major_above_percent"] if x >= partial)
        lowest = min(values["major_above_percent"])
        values["partial_from_percent"] = tuple(x for x in values["partial_from_percent"] if x <= lowest)
    rows = pd.DataFrame(product(*values.values()), columns=list(values))
    if {"symptoms_at", "missing_last"} <= set(values):
        # No grade is missing at best response, so what becomes of a missing one cannot matter there.
        rows = rows[(rows["symptoms_at"] == "last") | (rows["missing_last"] == criteria.missing_last)]
    return rows.reset_index(drop=True)
