"""What the functions of this package refuse: whatever is no real number, and numbers out of range."""

import math
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

__all__ = ["WHOLE_LIMIT", "as_real", "check_choice", "check_each", "check_probability", "floats", "whole_numbers"]

WHOLE_LIMIT = 999_999_999
"""Largest count or code: more than any cohort has, and the product of two still fits in 64 bits."""

_NUMERIC = "iuf"  # kinds of NumPy and pandas types that hold nothing but real numbers
_MISSING = (type(None), type(pd.NA), type(pd.NaT))


def _is_real(kind: type) -> bool:
    """Tell types of real numbers from text, truth values and all else; for Python bool is a number, Decimal no real."""
    return issubclass(kind, (Real, Decimal)) and kind is not bool


def _shown(value: object) -> str:
    """Print a value with quotes if it is text, without the name of its type if it is a number of NumPy."""
    return repr(str(value)) if isinstance(value, str) else str(value)


def as_real(value: Any) -> float:
    """Turn one value into a float that a comparison with the range allowed then keeps or refuses.

    Parameters
    ----------
    value : any
        An argument.

    Returns
    -------
    float
        The number; infinite if it is too large for a float; nan if it is no real number: text, a truth value, an array.
    """
    try:
        return float(value) if _is_real(type(value)) else math.nan
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def floats(values: ArrayLike, name: str, truths: bool = False) -> np.ndarray:
    """Turn numbers of any kind into one array.

    Parameters
    ----------
    values : array_like of shape (n,)
        Real numbers, also of pandas' own types, Decimal and Fraction; None, nan and NA are missing.
    name : str
        What the message calls them.
    truths : bool, default False
        Whether a row of truth values is taken too, true as 1 and false as 0.

    Returns
    -------
    ndarray of float, shape (n,)
        With nan where one is missing.

    Raises
    ------
    ValueError
        If it is no row of values, one is no real number (text and truth values are none), or one is infinite or
        too large for a float.
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
    """Check counts; the libraries would take 2.5 patients without a word.

    Parameters
    ----------
    values : array_like of int, of any shape
        Counts of any numeric type.
    name : str
        What the message calls them.

    Returns
    -------
    ndarray of int64
        Of the same shape.

    Raises
    ------
    ValueError
        If one is negative, above `WHOLE_LIMIT`, missing, not whole, or no real number.
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
    """Refuse values of which one does not fit.

    Parameters
    ----------
    name : str
        What the message calls them.
    values : ndarray of float, shape (n,)
        The values; nan is missing.
    fits : ndarray of bool, shape (n,)
        Whether each is allowed.
    allowed : str
        What they may be.

    Raises
    ------
    ValueError
        If one is not, with the first such value and its position, counted from 0.
    """
    if not fits.all():
        position = int(np.argmin(fits))
        value = values[position]
        found = "a missing value" if np.isnan(value) else f"{value:g}"
        raise ValueError(f"{name} holds {found} at position {position}; allowed are {allowed}")


def check_choice(name: str, value: str, allowed: tuple[str, ...]) -> None:
    """Refuse a value that is not one of those allowed.

    Parameters
    ----------
    name : str
        The argument.
    value : str
        Its value.
    allowed : tuple of str
        What it may be.

    Raises
    ------
    ValueError
        If it is something else.
    """
    if value not in allowed:
        raise ValueError(f"{name} {value!r} is unknown; allowed are {', '.join(allowed)}")


def check_probability(name: str, value: float, inner: bool = False) -> float:
    """Refuse a value that is not a probability.

    Parameters
    ----------
    name : str
        What the message calls it.
    value : float
        Its value, a real number of any type.
    inner : bool, default False
        Whether 0 and 1 are refused too, as for a confidence level.

    Returns
    -------
    float
        The value.

    Raises
    ------
    ValueError
        If it does not lie between 0 and 1 (nan does not), or is no real number: text or a truth value.
    """
    number = as_real(value)
    if not (0 < number < 1 if inner else 0 <= number <= 1):
        allowed = "above 0 and below 1" if inner else "from 0 to 1"
        raise ValueError(f"{name} {value!r} is not allowed; allowed are real numbers {allowed}")
    return number
