"""What the functions of this package refuse with a ValueError: what is no real number, and numbers out of range."""

import math
import operator
from collections.abc import Callable, Iterable
from decimal import Decimal
from numbers import Real
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

WHOLE_LIMIT = 999_999_999  # largest count: more than any cohort has, and the product of two still fits in 64 bits

Alternative = Literal["two-sided", "less", "greater"]
_SIDES = {"two-sided": abs, "less": operator.neg, "greater": operator.pos}

_NUMERIC = "iuf"  # kinds of NumPy and pandas types that hold nothing but real numbers
_MISSING = (type(None), type(pd.NA), type(pd.NaT))


def _is_real(kind: type) -> bool:
    """Tell types of real numbers from text, truth values and all else; for Python bool is a number, Decimal no real."""
    return issubclass(kind, (Real, Decimal)) and kind is not bool


def _shown(value: object) -> str:
    """Print a value with quotes if it is text, without the name of its type if it is a number of NumPy."""
    return repr(str(value)) if isinstance(value, str) else str(value)


def as_real(value: Any) -> float:
    """Turn one value into a float; infinite if too large for one, nan if it is no real number (text, a truth value)."""
    try:
        return float(value) if _is_real(type(value)) else math.nan
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def floats(values: ArrayLike, name: str, truths: bool = False) -> np.ndarray:
    """Turn a row of numbers into an array of floats; ``name`` is what a message calls it.

    Taken are real numbers of any kind, also of pandas' own types, Decimal and Fraction, and with `truths` true as 1 and
    false as 0; None, nan and NA become nan. Refused are text, infinite values, and whatever is no row of values.
    """
    if getattr(values, "ndim", 1) != 1:
        raise ValueError(f"{name} has {values.ndim} dimensions; allowed is one, a row of real numbers")
    if not pd.api.types.is_list_like(values, allow_sets=False):
        raise ValueError(f"{name} is {values!r}; allowed is a row of real numbers")
    series = pd.Series(values)
    if series.dtype.kind not in (_NUMERIC + "b" if truths else _NUMERIC):
        wrong = {kind for kind in set(map(type, series)) if kind not in _MISSING and not _is_real(kind)}
        if wrong:
            position, value = next((place, value) for place, value in enumerate(series) if type(value) in wrong)
            raise ValueError(f"{name} holds {_shown(value)} at position {position}; allowed are real numbers")
    try:
        array = series.to_numpy(dtype=float, na_value=np.nan)
    except OverflowError:  # of whole numbers and fractions; it would name nothing
        array = np.array([as_real(value) for value in series])
    check_each(name, array, ~np.isinf(array), "finite numbers")
    return array


def whole_numbers(values: ArrayLike, name: str) -> np.ndarray:
    """Give counts of any shape as int64; the libraries would take 2.5 patients without a word.

    Refused is what is negative, above `WHOLE_LIMIT`, missing, not whole, or no real number.
    """
    array = np.asarray(values) if hasattr(values, "dtype") else np.array(values, dtype=object)
    if array.dtype.kind in _NUMERIC:
        kept = array
    else:  # lists are looked through one by one: NumPy would turn [True, 2] into numbers, and ["1", 2] into text
        kept = np.array([as_real(value) for value in array.ravel()], dtype=float).reshape(array.shape)
    wrong = ~((kept >= 0) & (kept <= WHOLE_LIMIT) & (kept == np.floor(kept)))
    if wrong.any():
        found = array[wrong].tolist()[0]
        found = "nan" if pd.api.types.is_scalar(found) and pd.isna(found) else _shown(found)
        raise ValueError(f"{name} {found} is not allowed; allowed are whole numbers from 0 to {WHOLE_LIMIT:,}")
    return kept.astype(np.int64)


def check_each(name: str, values: np.ndarray, fits: np.ndarray, allowed: str) -> None:
    """Refuse values of which one does not fit, with the first such value and its position, counted from 0."""
    if not fits.all():
        position = int(np.argmin(fits))
        value = values[position]
        found = "a missing value" if np.isnan(value) else f"{value:g}"
        raise ValueError(f"{name} holds {found} at position {position}; allowed are {allowed}")


def check_choice(name: str, value: str, allowed: Iterable[str]) -> None:
    """Refuse a value that is not one of those allowed."""
    if value not in allowed:
        raise ValueError(f"{name} {value!r} is unknown; allowed are {', '.join(allowed)}")


def side_of(alternative: Alternative) -> Callable[[Any], Any]:
    """Give what turns a distance from the mean into how far out it is, to either side, below or above."""
    check_choice("alternative", alternative, _SIDES)
    return _SIDES[alternative]


def check_probability(name: str, value: float, inner: bool = False) -> float:
    """Give a value as a float and refuse it if it is no probability, or with `inner` if it is 0 or 1."""
    number = as_real(value)
    if not (0 < number < 1 if inner else 0 <= number <= 1):
        allowed = "above 0 and below 1" if inner else "from 0 to 1"
        raise ValueError(f"{name} {value!r} is not allowed; allowed are real numbers {allowed}")
    return number
