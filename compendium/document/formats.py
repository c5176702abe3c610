"""The formats in which a text may name a value, such as ``{{ response.best.orr.all | n/N (%) }}``."""

from collections.abc import Callable, Mapping
from typing import Any

from compendium.reporting import formatting
from compendium.reporting.formatting import number, percent

Entry = Mapping[str, Any]


def _count(x: float) -> str:
    return f"{int(x):,}"


def _share(entry: Entry, digits: int) -> str:
    return percent(entry["n"], entry["denominator"], digits) + "%" * bool(entry["denominator"])


def _of(entry: Entry, between: str) -> str:
    return f"{_count(entry['n'])}{between}{_count(entry['denominator'])}"


def _limits(entry: Entry, digits: int) -> str:
    return formatting.value_range(entry["minimum"], entry["maximum"], digits)


def _ends(entry: Entry, digits: int) -> str:
    low, high = (number(entry[end], digits, trim=True) for end in ("low", "high"))
    return low if low == high else f"{low} to {high}"


def _interval(entry: Entry, digits: int) -> str:
    low, high = entry["ci"] if "ci" in entry else (entry["low"], entry["high"])
    return f"{number(low, digits)} to {number(high, digits)}"


def _text(value: object) -> str:
    if isinstance(value, str):
        return value.replace("_", " ")
    return number(value, 4, trim=True)


# By name: the parts of a value that it prints (of one after "|", either), the digits after the point, and how.
FORMATS: dict[str, tuple[tuple[str, ...], int, Callable[[Entry, int], str]]] = {
    "n": (("n",), 0, lambda e, d: _count(e["n"])),
    "n patients": (("n",), 0, lambda e, d: formatting.count_of(int(e["n"]), "patient")),
    "N": (("denominator",), 0, lambda e, d: _count(e["denominator"])),
    "rest": (("n", "denominator"), 0, lambda e, d: _count(e["denominator"] - e["n"])),
    "%": (("n", "denominator"), 1, _share),
    "n/N": (("n", "denominator"), 0, lambda e, d: _of(e, "/")),
    "n of N": (("n", "denominator"), 0, lambda e, d: _of(e, " of ")),
    "n (%)": (("n", "denominator"), 1, lambda e, d: f"{_count(e['n'])} ({_share(e, d)})"),
    "n/N (%)": (("n", "denominator"), 1, lambda e, d: f"{_of(e, '/')} ({_share(e, d)})"),
    "median": (("median",), 1, lambda e, d: number(e["median"], d, trim=True)),
    "median [range]": (
        ("median", "minimum", "maximum"),
        1,
        lambda e, d: f"{number(e['median'], d, trim=True)} [{_limits(e, d)}]",
    ),
    "mean": (("mean",), 1, lambda e, d: number(e["mean"], d)),
    "mean [range]": (("mean", "minimum", "maximum"), 1, lambda e, d: f"{number(e['mean'], d)} [{_limits(e, d)}]"),
    "range": (("minimum", "maximum"), 1, lambda e, d: _limits(e, d)),
    "ratio": (("ratio",), 2, lambda e, d: number(e["ratio"], d)),
    "difference": (("difference|mean_difference",), 1, lambda e, d: number(_first(e, "difference|mean_difference"), d)),
    "interval": (("ci|low", "ci|high"), 1, _interval),
    "low to high": (("low", "high"), 2, _ends),
    "months": (("months",), 1, lambda e, d: number(e["months"], d, trim=True)),
    "estimate %": (("estimate",), 1, lambda e, d: f"{number(100 * e['estimate'], d)}%"),
    "power %": (("power",), 0, lambda e, d: f"{number(100 * e['power'], d)}%"),
    "rates %": (
        ("idiopathic_percent", "primary_percent"),
        0,
        lambda e, d: f"{number(e['idiopathic_percent'], d)}% against {number(e['primary_percent'], d)}%",
    ),
    "p": (("p_value",), 3, lambda e, d: formatting.p_value(e["p_value"], named=True)),
    "value": (("value",), 0, lambda e, d: _text(e["value"])),
}


def _has(entry: Entry, part: str) -> bool:
    return any(name in entry for name in part.split("|"))


def _first(entry: Entry, part: str) -> Any:
    return next(entry[name] for name in part.split("|") if name in entry)


def allowed(entry: Entry) -> list[str]:
    """List the formats that a value has all parts for."""
    return [name for name, (parts, *_) in FORMATS.items() if all(_has(entry, part) for part in parts)]


def printed(entry: Entry, form: str) -> str:
    """Print a value in a format, which may end in the digits after the point: ``mean:2``; a ValueError names others."""
    name, colon, digits = form.partition(":")
    name = " ".join(name.split())
    if name not in allowed(entry) or (colon and not digits.strip().isdecimal()):
        raise ValueError(f"the format {form!r} is not one of this value; allowed are {', '.join(allowed(entry))}")
    _, usual, write = FORMATS[name]
    return write(entry, int(digits) if colon else usual)
