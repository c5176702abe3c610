"""The formats in which a text may name a value, such as ``{{ response.best.orr.all | n/N (%) }}``."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from compendium.reporting.formatting import count_of, number, p_value, percent, value_range

Entry = Mapping[str, Any]


def _share(entry: Entry, digits: int) -> str:
    return percent(entry["n"], entry["denominator"], digits) + "%" * bool(entry["denominator"])


def _difference(entry: Entry, digits: int) -> str:
    return number(entry["difference" if "difference" in entry else "mean_difference"], digits)


def _ends(entry: Entry, digits: int) -> str:
    low, high = (number(entry[end], digits, trim=True) for end in ("low", "high"))
    return low if low == high else f"{low} to {high}"


def _interval(entry: Entry, digits: int) -> str:
    low, high = entry["ci"] if "ci" in entry else (entry["low"], entry["high"])
    return f"{number(low, digits)} to {number(high, digits)}"


def _rates(entry: Entry, digits: int) -> str:
    one, other = (number(entry[f"{group}_percent"], digits) for group in ("idiopathic", "primary"))
    return f"{one}% against {other}%"


def _text(entry: Entry, _: int) -> str:
    value = entry["value"]
    return value.replace("_", " ") if isinstance(value, str) else number(value, 4, trim=True)


# By name: the parts of a value that it prints (of one after "|", either), the digits after the point, and how.
_SINGLE: dict[str, tuple[str, int, Callable[[Entry, int], str]]] = {
    "n": ("n", 0, lambda e, d: f"{int(e['n']):,}"),
    "n patients": ("n", 0, lambda e, d: count_of(int(e["n"]), "patient")),
    "N": ("denominator", 0, lambda e, d: f"{int(e['denominator']):,}"),
    "rest": ("n denominator", 0, lambda e, d: f"{int(e['denominator'] - e['n']):,}"),
    "%": ("n denominator", 1, _share),
    "median": ("median", 1, lambda e, d: number(e["median"], d, trim=True)),
    "mean": ("mean", 1, lambda e, d: number(e["mean"], d)),
    "range": ("minimum maximum", 1, lambda e, d: value_range(e["minimum"], e["maximum"], d)),
    "ratio": ("ratio", 2, lambda e, d: number(e["ratio"], d)),
    "difference": ("difference|mean_difference", 1, _difference),
    "interval": ("ci|low ci|high", 1, _interval),
    "low to high": ("low high", 2, _ends),
    "months": ("months", 1, lambda e, d: number(e["months"], d, trim=True)),
    "estimate %": ("estimate", 1, lambda e, d: f"{number(100 * e['estimate'], d)}%"),
    "power %": ("power", 0, lambda e, d: f"{number(100 * e['power'], d)}%"),
    "rates %": ("idiopathic_percent primary_percent", 0, _rates),
    "p": ("p_value", 3, lambda e, d: p_value(e["p_value"], named=True)),
    "value": ("value", 0, _text),
}
_TOGETHER = ("n/N", "n of N", "n (%)", "n/N (%)", "median [range]", "mean [range]")  # printed as they look
_PIECE = re.compile(r"\b(?:n|N|median|mean|range)\b|%")


def _pieces(form: str) -> list[str]:
    return _PIECE.findall(form) if form in _TOGETHER else [form]


# By format: the parts of a value that it needs, each with what may stand for it.
_NEEDED = {
    form: [part.split("|") for piece in _pieces(form) for part in _SINGLE[piece][0].split()]
    for form in (*_SINGLE, *_TOGETHER)
}


def allowed(entry: Entry) -> list[str]:
    """List the formats that a value has all parts for."""
    return [form for form, parts in _NEEDED.items() if all(any(name in entry for name in part) for part in parts)]


def printed(entry: Entry, form: str) -> str:
    """Print a value in a format, which may end in the digits after the point: ``mean:2``; a ValueError names others."""
    name, colon, digits = form.partition(":")
    name = " ".join(name.split())
    if name not in allowed(entry) or (colon and not digits.strip().isdecimal()):
        raise ValueError(f"the format {form!r} is not one of this value; allowed are {', '.join(allowed(entry))}")
    usual = max(_SINGLE[piece][1] for piece in _pieces(name))

    def write(piece: str) -> str:
        return _SINGLE[piece][2](entry, int(digits) if colon else usual)

    return _PIECE.sub(lambda match: write(match[0]), name) if name in _TOGETHER else write(name)
