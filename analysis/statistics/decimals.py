"""Measured numbers as the decimals they are written with: 0.1 + 0.2 months are 0.3, and 4.1 less 1.1 are 3.

Binary numbers only come close to most decimals, so that equal differences, ratios and times may miss being equal. Here
a number stands for the decimal of 15 significant digits next to it, as many as always survive the way into a binary
number and back; several columns become whole numbers of one unit, such as tenths of a month, whose sums, differences
and products are exact.
"""

from decimal import Decimal
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike

_DIGITS = 15
_PLACES = 9  # most digits after the point that are looked for; more are computed rather than measured, and slower
_LARGEST = 2**36  # largest whole number kept as a float: differences and products with up to 131,072 are exact


def _written(values: np.ndarray) -> list[str]:
    """Write each number with 15 digits."""
    return [f"{value:.{_DIGITS}g}" for value in values.tolist()]


def _is_whole(values: np.ndarray, scale: int) -> bool:
    """Tell whether all numbers are those nearest to whole multiples of a unit, so many to 1; missing ones are."""
    near = (np.rint(values * scale) / scale == values) & (np.abs(values) < 10**_DIGITS / scale)
    return bool((near | ~np.isfinite(values)).all())


def decimals(values: ArrayLike) -> np.ndarray:
    """Give each number as the float nearest to the decimal it stands for; missing and infinite ones are kept.

    Decimals that are equal on paper then are equal floats: 0.30000000000000004 is 0.3.
    """
    values = np.array(values, dtype=float)
    with np.errstate(over="ignore"):
        if _is_whole(values, 1) or _is_whole(values, 100):  # as most columns are, and found sooner
            return values
    return np.array(_written(values), dtype=float)


def in_units(*columns: ArrayLike) -> tuple[list[np.ndarray], int]:
    """Express columns of one unit of measurement as whole numbers of the smallest decimal place that any of them uses.

    The columns are floats, or Python's own whole numbers (of type object) where those might be rounded; missing values
    are nan, and infinite ones are kept. Beside them stands how many of the units make 1: 10 if a value has one digit
    after the point.
    """
    arrays = [np.asarray(column, dtype=float) for column in columns]
    for attempt in (arrays, map(decimals, arrays)):
        arrays = list(attempt)
        largest = max((np.abs(array[np.isfinite(array)]).max(initial=0) for array in arrays), default=0)
        for scale in (10**places for places in range(_PLACES + 1)):
            if largest * scale > _LARGEST:
                break
            if all(_is_whole(array, scale) for array in arrays):
                return [np.rint(array * scale) for array in arrays], scale
    known = [np.isfinite(array) for array in arrays]
    exact = [[*map(Decimal, _written(array[mask]))] for array, mask in zip(arrays, known, strict=True)]
    places = max((-one.as_tuple().exponent for column in exact for one in column), default=0)
    scale, found = 10 ** max(places, 0), [array.astype(object) for array in arrays]
    for array, mask, column in zip(found, known, exact, strict=True):
        array[mask] = [int(Fraction(one) * scale) for one in column]
    return found, scale


def difference(values: ArrayLike, others: ArrayLike) -> np.ndarray:
    """Subtract others from values of the same unit as the decimals they are: 4.1 less 1.1 is 3; nan if one is missing.

    Equal differences on paper are equal floats: 0.1 for 1.2 and 1.1 as well as for 1.5 and 1.4.
    """
    (first, second), scale = in_units(values, others)
    return ((first - second) / scale).astype(float)


def ratio(values: ArrayLike, others: ArrayLike) -> np.ndarray:
    """Divide values by others of the same unit as the decimals they are: 3 for 0.6 by 0.2 as well as for 2.1 by 0.7.

    The others are not 0; nan if one of a pair is missing.
    """
    (first, second), _ = in_units(values, others)
    return (first / second).astype(float)


def mean(values: ArrayLike) -> float:
    """Average numbers, none of them missing and at least one, as the decimals they are: 0.2 of 0.1, 0.2 and 0.3."""
    (whole,), scale = in_units(values)
    return sum(map(int, whole.tolist())) / (len(whole) * scale)
