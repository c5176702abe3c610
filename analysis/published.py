"""Read what the paper prints: the claims of ``data/published`` as exact numbers."""

import fnmatch
import os
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from pathlib import Path

import pandas as pd

CLAIMS = Path(__file__).parent.parent / "data" / "published" / "claims.csv"


class ClaimsError(ValueError):
    """A claims file, or a name of a claim, that cannot be used."""


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
        If the file has no column ``claim`` or two claims of the same name.
    """
    claims = pd.read_csv(path, dtype=str, keep_default_na=False)
    if "claim" not in claims:
        raise ClaimsError(f"{os.fspath(path)}: column claim is missing")
    twice = claims.index[claims["claim"].duplicated()]
    if len(twice):
        name = claims.loc[twice[0], "claim"]
        raise ClaimsError(f"{os.fspath(path)}, row {twice[0] + 2}, column claim: {name!r} stands there twice")
    return claims.set_index("claim")


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


def printed_number(text: str) -> tuple[Fraction, int]:
    """Turn a printed number into its exact value.

    Parameters
    ----------
    text : str
        Digits with an optional decimal dot or comma, such as ``54,5`` or ``20``.

    Returns
    -------
    value : Fraction
        The exact value of what is printed.
    decimals : int
        How many decimal places are printed.

    Raises
    ------
    ClaimsError
        If the text is not a number.
    """
    try:
        number = Decimal(text.replace(",", "."))
    except InvalidOperation:
        raise ClaimsError(f"{text!r} is not a number") from None
    if not number.is_finite():
        raise ClaimsError(f"{text!r} is not a number")
    return Fraction(number), max(0, -int(number.as_tuple().exponent))


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
    value, decimals = printed_number(text)
    half = Fraction(1, 2 * 10**decimals)
    return value - half, value + half
