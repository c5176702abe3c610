"""What is wrong with a cohort, as a table: where it is, what stands there, what is allowed, what was perhaps meant."""

from collections.abc import Sequence

import pandas as pd

HIDDEN = "(hidden)"
"""Stands for a value that may identify a person."""


def problems(
    file: str,
    allowed: str | Sequence[str],
    row: int | Sequence[int] = 0,
    column: str | Sequence[str] = "",
    value: str | Sequence[str] = "",
    nearest: str | Sequence[str] = "",
) -> pd.DataFrame:
    """Make a table of problems with one file.

    Parameters
    ----------
    file : str
        The file as the user sees it.
    allowed, row, column, value, nearest : str, int or sequence
        What is allowed, where the problem is (row 0 is the whole file), what stands there, and the nearest allowed
        value; one for all problems, or one each.

    Returns
    -------
    DataFrame
        One row per problem: ``file``, ``row``, ``column``, ``value``, ``allowed`` and ``nearest``.
    """
    given = {"file": file, "row": row, "column": column, "value": value, "allowed": allowed, "nearest": nearest}
    lengths = {len(one) for one in given.values() if not isinstance(one, str | int)}
    frame = pd.DataFrame(given, index=range(lengths.pop() if lengths else 1))
    return frame.astype(dict.fromkeys(given, "str") | {"row": "int64"})


_NONE = problems("", [])


def together(parts: Sequence[pd.DataFrame] = ()) -> pd.DataFrame:
    """Put tables of problems one below the other."""
    some = [part for part in parts if len(part)]
    return pd.concat(some, ignore_index=True) if some else _NONE


def shortened(value: str) -> str:
    """Cut a text that is too long to be shown."""
    return value if len(value) <= 100 else value[:97] + "..."
