"""Which whole numbers give the printed percentages of a whole claims file: columns at a time, in exact integers."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from compendium.verification.arithmetic import numerator_bounds
from compendium.verification.rounding import RULES

YES, NO, NOT_CHECKABLE = "yes", "no", "not checkable"
BY_RULE = {"half_up": YES, "half_even": "by half-even only", "truncate": "by truncation"}
"""What a check answers that holds under a rule, but under none before it."""

VERDICTS = (YES, *list(BY_RULE.values())[1:], NO, NOT_CHECKABLE)


def _digits(printed: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Split printed numbers into digits and the power of ten of their decimals; a negative number becomes -1."""
    parts = printed.str.replace(",", ".", regex=False).str.partition(".")
    digits = (parts[0] + parts[2]).tolist()
    negative = printed.str.contains("^[-−].*[1-9]").tolist()
    units = [-1 if below else int(text.lstrip("-−")) for text, below in zip(digits, negative, strict=True)]
    scale = [10 ** len(text) for text in parts[2]]
    return np.array(units, dtype=object), np.array(scale, dtype=object)


def _within(units: np.ndarray, scale: np.ndarray, size: np.ndarray | int, rule: str) -> tuple[np.ndarray, np.ndarray]:
    """Give the first and last possible numerator, from 0 to the denominator; none where first is above last."""
    first, last = numerator_bounds(units, scale, size, rule)
    return np.maximum(first, 0), np.minimum(last, size)


def _ranges(first: Iterable[int], last: Iterable[int]) -> list[str]:
    texts = ((f"{a}" if a == b else f"{a} to {b}") if a <= b else "" for a, b in zip(first, last, strict=True))
    return list(texts)


def _possible_sizes(units: np.ndarray, scale: np.ndarray, numerator: np.ndarray, largest: int, rule: str) -> list[str]:
    """List the denominators up to the largest for which each print is possible; numerator -1 stands for any."""
    possible = np.zeros((len(units), largest), dtype=bool)
    # No share is above 100 %, and machine integers hold all that can be one of a moderate size.
    small = max(scale, default=1) <= 10**12 and largest <= 10**4
    units = np.where(units > 101 * scale, -1, units)
    kind = np.int64 if small else object
    units, scale, numerator = (each.astype(kind) for each in (units, scale, numerator))
    for size in range(1, largest + 1):
        first, last = _within(units, scale, size, rule)
        possible[:, size - 1] = np.where(
            numerator < 0, first <= last, (first <= numerator) & (numerator <= last)
        ).astype(bool)
    names = [str(size) for size in range(1, largest + 1)]
    return [", ".join(names[place] for place in np.flatnonzero(row)) for row in possible]


def _denominators(frame: pd.DataFrame, largest: int) -> pd.DataFrame:
    keys = frame[["units", "scale", "numerator"]].drop_duplicates()
    units, scale, numerator = (keys[name].to_numpy(dtype=object) for name in keys)
    found = keys.assign(
        denominators=_possible_sizes(units, scale, numerator, largest, "half_up"),
        denominators_cut=_possible_sizes(units, scale, numerator, largest, "truncate"),
    )
    return frame[list(keys)].merge(found, how="left", on=list(keys)).set_index(frame.index)


def audit_shares(shares: pd.DataFrame, largest: int) -> pd.DataFrame:
    """Check printed percentages.

    Parameters
    ----------
    shares : DataFrame
        ``value`` as printed, ``numerator`` and ``denominator``, all strings; the counts may be empty.
    largest : int
        The largest denominator to look at.

    Returns
    -------
    DataFrame
        With the index of `shares`: ``possible`` (one of `VERDICTS`); ``numerators``, the whole numbers of the
        denominator that print the value rounded half up, and ``numerators_cut``, cut; ``denominators`` and
        ``denominators_cut``, the denominators up to the largest for which the value is possible with the numerator, or
        with any where none is printed.
    """
    units, scale = _digits(shares["value"])
    numerator = np.array([int(text) if text else -1 for text in shares["numerator"]], dtype=object)
    size = np.array([int(text) if text else 1 for text in shares["denominator"]], dtype=object)
    bounds = {rule: _within(units, scale, size, rule) for rule in RULES}
    known = shares["denominator"].ne("").to_numpy()
    possible = np.where(known, NO, NOT_CHECKABLE).astype(object)
    for rule in reversed(RULES):
        first, last = bounds[rule]
        fits = np.where(numerator < 0, first <= last, (first <= numerator) & (numerator <= last)).astype(bool)
        # Rules in reverse, so that of several that fit the first one stays.
        possible[known & fits] = BY_RULE[rule]
    columns = {
        name: np.where(known, np.array(_ranges(*bounds[rule]), dtype=object), "")
        for name, rule in (("numerators", "half_up"), ("numerators_cut", "truncate"))
    }
    frame = pd.DataFrame({"units": units, "scale": scale, "numerator": numerator}, index=shares.index)
    found = _denominators(frame, largest)[["denominators", "denominators_cut"]]
    return pd.DataFrame({"possible": possible, **columns}, index=shares.index).join(found)
