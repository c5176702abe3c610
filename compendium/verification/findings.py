"""The sentences of an audit: why a printed number is not possible, short enough to check by hand."""

from fractions import Fraction
from typing import Any

import pandas as pd

from compendium.verification.arithmetic import nearest_numerators
from compendium.verification.rounding import printed_number, round_like
from compendium.verification.share_audit import BY_RULE, NO, YES


def digits_of(value: Fraction, printed: str) -> str:
    """Print a number with three decimals more than another one, cut, with an ellipsis where it goes on.

    Parameters
    ----------
    value : Fraction
        The exact number.
    printed : str
        The printed number that sets the decimals and the decimal mark.

    Returns
    -------
    str
        Such as ``5.4545…`` for 60/11 beside ``5.4``; ``12.5`` for 25/2 beside ``12``.
    """
    mark = "," if "," in printed else "."
    more = f"{printed}000" if mark in printed else f"{printed}.000"
    text = round_like(value, more, "truncate")
    return text.rstrip("0").rstrip(mark) if printed_number(text)[0] == value else f"{text}…"


def misread(shown: str, value: Fraction, printed: str, possible: str, unit: str = "") -> str:
    """Say how a value that is printed otherwise than half up was rounded.

    Parameters
    ----------
    shown : str
        What has the value, such as ``3 of 55``.
    value : Fraction
        The exact value.
    printed : str
        The value as printed.
    possible : str
        What the audit answers: by half-even only, or by truncation.
    unit : str, default ""
        What stands behind the value, with its space.

    Returns
    -------
    str
        A sentence.
    """
    right = round_like(value, printed)
    how = "cut" if possible == BY_RULE["truncate"] else "with the half rounded to the even digit, or cut"
    return f"{shown} is {digits_of(value, printed)}{unit}, which is {right} rounded and {printed} {how}."


def _others(row: Any) -> str:
    """Name the one or two denominators next to the printed one with which the numerator would fit."""
    for column, how in (("denominators", ""), ("denominators_cut", ", cut")):
        sizes = [int(size) for size in getattr(row, column).split(", ") if size]
        near = sorted(sizes, key=lambda size: abs(size - int(row.denominator)))[:2]
        if near:
            return f"; {row.numerator} of {' or '.join(map(str, sorted(near)))} would be{how}"
    return ""


def _share_finding(row: Any, nearest: list[tuple[int, str]]) -> str:
    size = int(row.denominator)
    if row.possible != NO:
        numerator = row.numerator or row.numerators_cut.split(" ")[0]
        share = Fraction(100 * int(numerator), size)
        return misread(f"{numerator} of {size}", share, row.printed, row.possible, " %")
    if not row.numerator:
        around = " and ".join(f"{number} of {size} is {text} %" for number, text in nearest)
        return f"No whole number of {size} is {row.printed} %: {around}."
    share = Fraction(100 * int(row.numerator), size)
    fitting = f"; {row.numerators} of {size} would be" if row.numerators else ""
    end = f"{_others(row)}{fitting}"
    return f"{row.numerator} of {size} is {digits_of(share, row.printed)} %, not {row.printed} %{end}."


def share_findings(table: pd.DataFrame) -> pd.DataFrame:
    """Explain the percentages that are not simply possible.

    Parameters
    ----------
    table : DataFrame
        ``printed``, ``numerator``, ``denominator`` and the columns of `share_audit.audit_shares`.

    Returns
    -------
    DataFrame
        ``nearest`` and ``finding`` of the percentages with a denominator that are not a yes, and of no others.
    """
    odd = table[table["denominator"].ne("") & table["possible"].ne(YES)]
    nearest = [nearest_numerators(row.printed, int(row.denominator)) for row in odd.itertuples()]
    texts = {
        "nearest": [
            "; ".join(f"{number} of {size}: {text}" for number, text in around)
            for around, size in zip(nearest, odd["denominator"], strict=True)
        ],
        "finding": [_share_finding(row, around) for row, around in zip(odd.itertuples(), nearest, strict=True)],
    }
    return pd.DataFrame(texts, index=odd.index)
