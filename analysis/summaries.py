"""The few ways in which the paper sums up: a proportion, and the median, mean and range of a quantity.

All results are plain numbers, so that they can be stored as they are.
"""

import math
from typing import Any

import pandas as pd


def proportion(n: int, denominator: int) -> dict[str, Any]:
    """Put a count beside what it is a part of.

    Parameters
    ----------
    n : int
        How many.
    denominator : int
        Out of how many.

    Returns
    -------
    dict
        ``n``, ``denominator`` and ``percent`` (not rounded; None if the denominator is 0).

    Raises
    ------
    ValueError
        If the count is negative or larger than the denominator.
    """
    if not 0 <= n <= denominator:
        raise ValueError(f"proportion: n {n} is not allowed with denominator {denominator}; allowed is 0 to it")
    percent = 100 * int(n) / int(denominator) if denominator else None
    return {"n": int(n), "denominator": int(denominator), "percent": percent}


def share(mask: pd.Series) -> dict[str, Any]:
    """Count how many rows have a property.

    Parameters
    ----------
    mask : Series of bool
        One row per patient (or event, or symptom) of the denominator.

    Returns
    -------
    dict
        As `proportion`.
    """
    return proportion(int(mask.sum()), len(mask))


def spread(values: pd.Series) -> dict[str, Any]:
    """Sum up a quantity by mean, standard deviation, median and range.

    Parameters
    ----------
    values : Series of numbers
        Missing values are left out.

    Returns
    -------
    dict
        ``n`` (values that are not missing), ``mean``, ``sd`` (standard deviation of the sample), ``median``,
        ``minimum`` and ``maximum``; None if ``n`` is 0, the standard deviation also if it is 1.
    """
    known = values.dropna()
    if known.empty:
        return {"n": 0} | dict.fromkeys(("mean", "sd", "median", "minimum", "maximum"))
    # A correctly rounded sum does not depend on the order of the rows nor on the machine.
    mean = math.fsum(known) / len(known)
    squares = math.fsum((float(value) - mean) ** 2 for value in known)
    return {
        "n": len(known),
        "mean": mean,
        "sd": math.sqrt(squares / (len(known) - 1)) if len(known) > 1 else None,
        "median": float(known.median()),
        "minimum": _plain(known.min()),
        "maximum": _plain(known.max()),
    }


def _plain(number: float) -> int | float:
    """Turn a numpy number into a plain one, a whole number into int."""
    return int(number) if float(number).is_integer() else float(number)
