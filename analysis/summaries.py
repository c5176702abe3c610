"""The few ways in which the paper sums up: a proportion, and the median, mean and range of a quantity.

`Values` of the text have names of dots: what is counted, then of whom (``all`` are the patients of the cohort, which
may be one population of it). Each module gives its own by ``summarise(cohort, criteria)``, as a dict by name of dicts
of plain numbers, which can be stored as they are; None stands for what does not exist.
"""

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd

from analysis.statistics.decimals import in_units

Values = dict[str, dict[str, Any]]  # of the text, by name


def proportion(n: int, denominator: int) -> dict[str, Any]:
    """Put a count beside what it is a part of: ``n``, ``denominator``, and ``percent``, not rounded, None of 0."""
    if not 0 <= n <= denominator:
        raise ValueError(f"proportion: n {n} is not allowed with denominator {denominator}; allowed is 0 to it")
    percent = 100 * int(n) / int(denominator) if denominator else None
    return {"n": int(n), "denominator": int(denominator), "percent": percent}


def share(mask: pd.Series) -> dict[str, Any]:
    """Count how many rows (patients, events or symptoms) have a property, as `proportion`."""
    return proportion(int(mask.sum()), len(mask))


def spread(values: pd.Series) -> dict[str, Any]:
    """Sum up a quantity by mean, standard deviation, median and range.

    ``n`` (values that are not missing), ``mean``, ``sd`` (of the sample), ``median``, ``minimum`` and ``maximum``; None
    if ``n`` is 0, the standard deviation also if it is 1.
    """
    known = values.dropna()
    if known.empty:
        return {"n": 0} | dict.fromkeys(("mean", "sd", "median", "minimum", "maximum"))
    # Sums of whole numbers depend neither on the order of the rows nor on the machine, and a constant has no spread.
    (units,), scale = in_units(known)
    n, whole = len(known), list(map(int, units.tolist()))
    total, squares = sum(whole), sum(value * value for value in whole)
    return {
        "n": n,
        "mean": total / (n * scale),
        "sd": math.sqrt(Fraction(n * squares - total**2, n * (n - 1) * scale**2)) if n > 1 else None,
        "median": float(np.median(units) / scale),
        "minimum": _plain(units.min() / scale),
        "maximum": _plain(units.max() / scale),
    }


def _plain(number: float) -> int | float:
    return int(number) if float(number).is_integer() else float(number)
