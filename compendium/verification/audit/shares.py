"""Which whole numbers give the printed percentages of a whole claims file, and why a printed one is not possible.

Columns at a time, in exact integers; sentences only for those that are not simply possible.
"""

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd

from compendium.verification.audit.arithmetic import nearest_numerators, numerator_bounds
from compendium.verification.audit.rounding import RULES, printed_number, round_like

YES, NO, NOT_CHECKABLE = "yes", "no", "not checkable"
BY_RULE = {"half_up": YES, "half_even": "by half-even only", "truncate": "by truncation"}
"""What a check answers that holds under a rule, but under none before it."""

VERDICTS = (*BY_RULE.values(), NO, NOT_CHECKABLE)
_ENDS = {"": "half_up", "_cut": "truncate"}  # of the names of columns, by rule


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


def _fits(numerator: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Say which numerators are possible; -1 stands for any."""
    return np.where(numerator < 0, first <= last, (first <= numerator) & (numerator <= last)).astype(bool)


def _ranges(first: Iterable[int], last: Iterable[int]) -> np.ndarray:
    texts = [(f"{a}" if a == b else f"{a} to {b}") if a <= b else "" for a, b in zip(first, last, strict=True)]
    return np.array(texts, dtype=object)


def _possible_sizes(keys: pd.DataFrame, largest: int, rule: str) -> list[str]:
    """List the denominators up to the largest for which each print is possible."""
    units, scale, numerator = (keys[name].to_numpy(dtype=object) for name in ("units", "scale", "numerator"))
    possible = np.zeros((len(keys), largest), dtype=bool)
    # No share is above 100 %, and machine integers hold all that can be one of a moderate size.
    units = np.where(units > 101 * scale, -1, units)
    kind = np.int64 if max(scale, default=1) <= 10**12 and largest <= 10**4 else object
    units, scale, numerator = (each.astype(kind) for each in (units, scale, numerator))
    for size in range(1, largest + 1):
        possible[:, size - 1] = _fits(numerator, *_within(units, scale, size, rule))
    return [", ".join(str(place + 1) for place in np.flatnonzero(row)) for row in possible]


def audit_shares(shares: pd.DataFrame, largest: int) -> pd.DataFrame:
    """Check printed percentages: the ``value``, ``numerator`` and ``denominator`` of each, strings that may be empty.

    Gives the columns of `table.audit` from ``possible`` (one of `VERDICTS`) on. Denominators, up to the largest, are
    those for which the value is possible with the numerator, or with any where none is printed.
    """
    units, scale = _digits(shares["value"])
    numerator = np.array([int(text or -1) for text in shares["numerator"]], dtype=object)
    size = np.array([int(text or 1) for text in shares["denominator"]], dtype=object)
    bounds = {rule: _within(units, scale, size, rule) for rule in RULES}
    known = shares["denominator"].ne("").to_numpy()
    possible = np.where(known, NO, NOT_CHECKABLE).astype(object)
    for rule in reversed(RULES):  # so that of several that fit the first one stays
        possible[known & _fits(numerator, *bounds[rule])] = BY_RULE[rule]
    columns = {f"numerators{end}": np.where(known, _ranges(*bounds[rule]), "") for end, rule in _ENDS.items()}
    found = pd.DataFrame({"possible": possible, **columns}, index=shares.index)
    prints = pd.DataFrame({"units": units, "scale": scale, "numerator": numerator}, index=shares.index)
    keys = prints.drop_duplicates()
    sizes = {f"denominators{end}": _possible_sizes(keys, largest, rule) for end, rule in _ENDS.items()}
    found = found.join(prints.merge(keys.assign(**sizes), how="left").set_index(prints.index)[list(sizes)])
    odd = shares.join(found)[known & (possible != YES)]
    return found.join(_explained(odd)).fillna({"nearest": "", "finding": ""})


def _explained(odd: pd.DataFrame) -> pd.DataFrame:
    """Say what lies on both sides of each printed percentage, and why it is not possible."""
    pairs = [(row, nearest_numerators(row.value, int(row.denominator))) for row in odd.itertuples()]
    texts = {
        "nearest": ["; ".join(f"{k} of {row.denominator}: {text}" for k, text in around) for row, around in pairs],
        "finding": [_finding(row, around) for row, around in pairs],
    }
    return pd.DataFrame(texts, index=odd.index, dtype=object)


def _finding(row: Any, nearest: list[tuple[int, str]]) -> str:
    size = int(row.denominator)
    if row.possible != NO:
        numerator = row.numerator or row.numerators_cut.split(" ")[0]
        share = Fraction(100 * int(numerator), size)
        return misread(f"{numerator} of {size}", share, row.value, row.possible, " %")
    if not row.numerator:
        around = " and ".join(f"{number} of {size} is {text} %" for number, text in nearest)
        return f"No whole number of {size} is {row.value} %: {around}."
    share = Fraction(100 * int(row.numerator), size)
    fitting = f"; {row.numerators} of {size} would be" if row.numerators else ""
    return f"{row.numerator} of {size} is {_digits_of(share, row.value)} %, not {row.value} %{_others(row)}{fitting}."


def _others(row: Any) -> str:
    """Name the one or two denominators next to the printed one with which the numerator would fit."""
    for column, how in (("denominators", ""), ("denominators_cut", ", cut")):
        sizes = [int(size) for size in getattr(row, column).split(", ") if size]
        near = sorted(sizes, key=lambda size: abs(size - int(row.denominator)))[:2]
        if near:
            return f"; {row.numerator} of {' or '.join(map(str, sorted(near)))} would be{how}"
    return ""


def _digits_of(value: Fraction, printed: str) -> str:
    """Print a number, cut, with three decimals more than another one: ``5.4545…`` for 60/11 beside ``5.4``."""
    mark = "," if "," in printed else "."
    more = f"{printed}000" if mark in printed else f"{printed}.000"
    text = round_like(value, more, "truncate")
    return text.rstrip("0").rstrip(mark) if printed_number(text)[0] == value else f"{text}…"


def misread(shown: str, value: Fraction, printed: str, possible: str, unit: str = "") -> str:
    """Say how the value of what is shown, such as ``3 of 55``, was rounded if by half-even only or by truncation."""
    right = round_like(value, printed)
    how = "cut" if possible == BY_RULE["truncate"] else "with the half rounded to the even digit, or cut"
    return f"{shown} is {_digits_of(value, printed)}{unit}, which is {right} rounded and {printed} {how}."
