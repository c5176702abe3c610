"""Read what the paper prints: the claims of ``data/published`` as exact numbers."""

import fnmatch
import os
from fractions import Fraction
from pathlib import Path

import pandas as pd

from compendium.verification.claims import ClaimsError
from compendium.verification.claims import read_claims as read_checked
from compendium.verification.rounding import printed_number, span

__all__ = ["CLAIMS", "ClaimsError", "matching", "printed_number", "read_claims", "rounding_interval"]

CLAIMS = Path(__file__).parents[2] / "data" / "published" / "claims.csv"


def read_claims(path: str | os.PathLike[str] = CLAIMS) -> pd.DataFrame:
    """Read the claims as printed.

    Parameters
    ----------
    path : str or path, optional
        A claims file; by default the one of this compendium.

    Returns
    -------
    DataFrame
        Indexed by ``claim``, all cells strings exactly as in the file; an empty cell is an empty string.

    Raises
    ------
    ClaimsError
        If anything in the file is not allowed, see `compendium.verification.claims.read_claims`.
    """
    return read_checked(path)


def matching(claims: pd.DataFrame, pattern: str) -> list[str]:
    """Find the claims that make the same statement.

    Parameters
    ----------
    claims : DataFrame
        As `read_claims` gives them.
    pattern : str
        A name with ``*`` for any text, such as ``*.best.cr.all``.

    Returns
    -------
    list of str
        The names that match, in the order of the file; at least one.

    Raises
    ------
    ClaimsError
        If no claim matches.
    """
    names = fnmatch.filter(claims.index, pattern)
    if not names:
        raise ClaimsError(f"no claim is called {pattern!r}")
    return names


def rounding_interval(text: str) -> tuple[Fraction, Fraction]:
    """Give the numbers that round half up to a printed number.

    Parameters
    ----------
    text : str
        A printed number.

    Returns
    -------
    low, high : Fraction
        Every x with ``low <= x < high`` is printed as ``text``.
    """
    ends = span(text)
    return ends.low, ends.high
