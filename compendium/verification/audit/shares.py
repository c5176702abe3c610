"""Which whole numbers give the printed percentages of a whole claims file, and why a printed one is not possible."""

from fractions import Fraction
from functools import cache
from typing import Any

import pandas as pd

from compendium.verification.audit.arithmetic import nearest_numerators, possible_denominators, possible_numerators
from compendium.verification.audit.rounding import RULES, printed_number, round_like

YES, NO, NOT_CHECKABLE = "yes", "no", "not checkable"
BY_RULE = {"half_up": YES, "half_even": "by half-even only", "truncate": "by truncation"}
"""What a check answers that holds under a rule, but under none before it."""

VERDICTS = (*BY_RULE.values(), NO, NOT_CHECKABLE)
_ENDS = {"": "half_up", "_cut": "truncate"}  # of the names of columns, by rule


def audit_shares(shares: pd.DataFrame, largest: int) -> pd.DataFrame:
    """Check printed percentages: the ``value``, ``numerator`` and ``denominator`` of each, strings that may be empty.

    Gives the columns of `table.audit` from ``possible`` (one of `VERDICTS`) on. Denominators, up to the largest, are
    those for which the value is possible with the numerator, or with any where none is printed.
    """

    @cache
    def sizes(value: str, numerator: str, rule: str) -> str:
        found = possible_denominators(value, largest, int(numerator) if numerator else None, rule)
        return ", ".join(map(str, found))

    rows = []
    for row in shares.itertuples():
        numbers = {rule: possible_numerators(row.value, int(row.denominator or 1), rule) for rule in RULES}
        fitting = [rule for rule in RULES if (int(row.numerator) in numbers[rule] if row.numerator else numbers[rule])]
        possible = (BY_RULE[fitting[0]] if fitting else NO) if row.denominator else NOT_CHECKABLE
        given = [_as_text(numbers[rule]) if row.denominator else "" for rule in _ENDS.values()]
        rows.append((possible, *given, *(sizes(row.value, row.numerator, rule) for rule in _ENDS.values())))
    names = [f"{what}{end}" for what in ("numerators", "denominators") for end in _ENDS]
    found = pd.DataFrame(rows, shares.index, ["possible", *names])
    odd = shares.join(found)[~found["possible"].isin([YES, NOT_CHECKABLE])]
    return found.join(_explained(odd)).fillna({"nearest": "", "finding": ""})


def _as_text(numbers: range) -> str:
    """Write consecutive numbers as the first to the last."""
    return " to ".join(dict.fromkeys(str(end) for end in (numbers[0], numbers[-1]))) if numbers else ""


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
