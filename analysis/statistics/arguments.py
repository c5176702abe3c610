"""What the functions of this package refuse."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

__all__ = ["check_choice", "check_probability", "floats"]


def floats(values: ArrayLike, name: str) -> np.ndarray:
    """Turn numbers of any kind into one array.

    Parameters
    ----------
    values : array_like of shape (n,)
        Numbers; None, nan and NA are missing.
    name : str
        What the message calls them.

    Returns
    -------
    ndarray of float, shape (n,)
        With nan where one is missing.

    Raises
    ------
    ValueError
        If one is infinite.
    """
    array = pd.Series(values).to_numpy(dtype=float, na_value=np.nan)
    infinite = np.flatnonzero(np.isinf(array))
    if len(infinite):
        raise ValueError(f"{name} holds {array[infinite[0]]} at position {infinite[0]}; allowed are finite numbers")
    return array


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


def check_probability(name: str, value: float, inner: bool = False) -> None:
    """Refuse a value that is not a probability.

    Parameters
    ----------
    name : str
        What the message calls it.
    value : float
        Its value.
    inner : bool, default False
        Whether 0 and 1 are refused too, as for a confidence level.

    Raises
    ------
    ValueError
        If it does not lie between 0 and 1; nan does not.
    """
    if not (0 < value < 1 if inner else 0 <= value <= 1):
        raise ValueError(f"{name} {value!r} is not allowed; it lies between 0 and 1")
