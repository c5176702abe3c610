"""Which p values are called significant, alone and among many."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from analysis.statistics.arguments import check_choice, check_probability, floats

__all__ = ["adjusted", "significance"]

Adjustment = Literal["none", "holm", "benjamini_hochberg"]


def _holm(p_values: np.ndarray) -> np.ndarray:
    """Adjust by Holm's method; statsmodels has it, but each call there collects the garbage of the whole process."""
    order = np.argsort(p_values, kind="stable")
    steps = p_values[order] * np.arange(len(p_values), 0, -1)
    found = np.empty_like(p_values)
    found[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return found


_METHODS = {"holm": _holm, "benjamini_hochberg": stats.false_discovery_control}


def adjusted(p_values: ArrayLike, method: Adjustment) -> np.ndarray:
    """Adjust the p values of a family of tests.

    Parameters
    ----------
    p_values : array_like of shape (n_tests,)
        From 0 to 1; a missing one, of a test that could not be made, does not count in the family.
    method : {"none", "holm", "benjamini_hochberg"}
        Holm's step-down method keeps the probability of any false positive below the level at which an adjusted p value
        is called significant, Benjamini and Hochberg's step-up method the expected share of false ones among the
        positives, if the tests are independent or positively dependent.

    Returns
    -------
    ndarray of float, shape (n_tests,)
        The adjusted p values, missing where the p value is.

    Raises
    ------
    ValueError
        If a p value is not a probability or the method is unknown.

    References
    ----------
    Holm S. A simple sequentially rejective multiple test procedure. Scandinavian Journal of Statistics 1979;6:65-70.
    Benjamini Y, Hochberg Y. Controlling the false discovery rate. Journal of the Royal Statistical Society B
    1995;57:289-300.
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
    """Mark a p value as the legend of Figure 1 does.

    Parameters
    ----------
    p_value : float
        From 0 to 1.
    alpha : float, default 0.05
        Level below which a p value is significant (L225-L226).
    p_at_alpha : {"ns", "significant"}, default "ns"
        What a p value equal to a level is: not below it, or still within it. L226 says "below 0.05", the legend of
        Figure 1 calls only those above 0.05 "ns".

    Returns
    -------
    str
        "***" below 0.001, "**" below 0.01, "*" for any other p value below `alpha`, else "ns".

    Raises
    ------
    ValueError
        If the p value or the level is not a probability, or `p_at_alpha` is unknown.
    """
    check_probability("p value", p_value)
    check_probability("alpha", alpha)
    check_choice("p_at_alpha", p_at_alpha, ("ns", "significant"))
    levels = {"***": min(0.001, alpha), "**": min(0.01, alpha), "*": alpha}
    within = {
        mark: p_value < level or (p_at_alpha == "significant" and p_value == level) for mark, level in levels.items()
    }
    return next((mark for mark in levels if within[mark]), "ns")
