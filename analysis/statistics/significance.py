"""Which p values are called significant, alone and among many."""

import sys
from bisect import bisect_left, bisect_right
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from analysis.statistics.arguments import check_choice, check_probability, floats

Adjustment = Literal["none", "holm", "benjamini_hochberg"]
MARKS = ("***", "**", "*", "ns")  # from the smallest p values on


def above_zero(p_value: float) -> float:
    """Give the smallest float of full precision for a p value that is less: no sample observed is impossible."""
    return max(p_value, sys.float_info.min)


def _holm(p_values: np.ndarray) -> np.ndarray:
    """Adjust by Holm's method; statsmodels has it, but each call there collects the garbage of the whole process."""
    order = np.argsort(p_values, kind="stable")
    steps = p_values[order] * np.arange(len(p_values), 0, -1)
    found = np.empty_like(p_values)
    found[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return found


_METHODS = {"holm": _holm, "benjamini_hochberg": stats.false_discovery_control}


def adjusted(p_values: ArrayLike, method: Adjustment) -> np.ndarray:
    """Adjust the p values of a family of tests; a missing one, of a test that could not be made, does not count in it.

    Holm's step-down method keeps the probability of any false positive below the level at which an adjusted p value is
    called significant, Benjamini and Hochberg's step-up method the expected share of false ones among the positives, if
    the tests are independent or positively dependent.
    """
    check_choice("adjustment", method, ("none", *_METHODS))
    values = floats(p_values, "p_values")
    tested = ~np.isnan(values)
    for value in values[tested]:
        check_probability("p value", float(value))
    if method != "none" and tested.any():
        values = values.copy()
        values[tested] = _METHODS[method](values[tested])
    return values


def significance(p_value: float, alpha: float = 0.05, p_at_alpha: Literal["ns", "significant"] = "ns") -> str:
    """Mark a p value as the legend of Figure 1 does: "***", "**", "*" or "ns".

    Below 0.001, below 0.01, otherwise below `alpha`, or not. ``p_at_alpha`` says what a p value equal to a level is:
    not below it ("ns"), or still within it ("significant"). L226 says "below 0.05", the legend of Figure 1 calls only
    those above 0.05 "ns" (L225-L226).
    """
    check_probability("p value", p_value)
    check_probability("alpha", alpha)
    check_choice("p_at_alpha", p_at_alpha, ("ns", "significant"))
    within = bisect_left if p_at_alpha == "significant" else bisect_right
    return MARKS[within((min(0.001, alpha), min(0.01, alpha), alpha), p_value)]
