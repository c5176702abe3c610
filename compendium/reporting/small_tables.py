"""Small tables of a few results: values of the text printed with what belongs to them."""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd
from great_tables import GT

from analysis.summaries import Values
from compendium.reporting import formatting
from compendium.reporting.pages import finish

_ESTIMATES = {  # the name of each estimate of a test, and the digits it is printed with
    "ratio": ("ratio of geometric means", 2), "mean_difference": ("mean difference", 1),
    "effect": ("rank-biserial correlation", 2), "rho": ("rho", 2),
}  # fmt: skip


def value_text(entry: Mapping[str, Any]) -> str:
    """Print a value of a `summarise` function with all that belongs to it.

    By what it holds "43/55 (78.2%)", "median 9 (1–36), mean 10.4 (SD 8.1), n = 55", a test, a ratio or a count.
    """
    if "p_value" in entry:
        return _test_text(entry)
    if "percent" in entry:
        share = formatting.percent(entry["n"], entry["denominator"])
        return f"{entry['n']:,}/{entry['denominator']:,} ({share}{'%' if entry['denominator'] else ''})"
    if "median" in entry:
        sd = "" if entry["sd"] is None else f" (SD {formatting.number(entry['sd'], 1)})"
        mean = f"mean {formatting.number(entry['mean'], 1)}{sd}"
        return f"median {formatting.median_range(entry)}, {mean}, n = {entry['n']:,}"
    if "ratio" in entry:
        return formatting.number(entry["ratio"], 2)
    if "n" in entry:
        return formatting.number(entry["n"])
    allowed = "allowed are shares, spreads, tests and counts"
    raise ValueError(f"a value with {', '.join(entry)} cannot be printed; {allowed}")


def _test_text(entry: Mapping[str, Any]) -> str:
    if not entry["n"] and not entry.get("n_zero"):
        return f"{formatting.p_value(None, named=True)}, n = 0"  # a test of nobody says nothing
    size = f"n = {entry['n']:,}"
    if entry.get("n_zero"):  # a signed-rank test, which pairs without change do not carry
        size = f"n = {entry['n'] + entry['n_zero']:,}, of whom {entry['n']:,} changed"
    elif entry.get("denominator") is not None:  # two groups are compared
        size += f" and {entry['denominator'] - entry['n']:,}"
    text = f"{formatting.p_value(entry['p_value'], named=True)}, {size}"
    known = [name for name in _ESTIMATES if entry.get(name) is not None]
    if not known:
        return text
    name, digits = _ESTIMATES[known[0]]
    interval = "" if entry.get("ci") is None else f" (95% CI {formatting.value_range(*entry['ci'], digits)})"
    return f"{name} {formatting.number(entry[known[0]], digits)}{interval}, {text}"


def is_of_nobody(entry: Mapping[str, Any]) -> bool:
    """Tell whether a value counts, sums up or tests nobody, so that nothing but 0/0 and dashes could be printed."""
    if "p_value" in entry or "median" in entry:
        return not entry["n"] and not entry.get("n_zero")
    return entry.get("denominator") == 0


def value_rows(values: Values, labels: Mapping[str, str]) -> pd.DataFrame:
    """Print the values that have a label, in that order, as columns ``Result`` and ``Value``."""
    for name in labels:
        if name not in values:
            near = ", ".join(difflib.get_close_matches(name, values)) or "none is close to it"
            raise ValueError(f"there is no value {name!r}; similar names: {near}")
    texts = [value_text(values[name]) for name in labels]
    return pd.DataFrame({"Result": labels.values(), "Value": texts}, index=list(labels))


def small_table(
    frame: pd.DataFrame,
    title: str,
    identifier: str,
    notes: Iterable[str] = (),
    caveats: Sequence[str] = (),
    group: str | None = None,
) -> GT:
    """Lay out a few results to be read in a notebook; `display.shown` shows them, `outputs.save_table` saves them.

    Parameters
    ----------
    frame : DataFrame
        One row per row; the first column (but for the group) names it. Text is kept, whole numbers are printed whole,
        other numbers with at most two digits after the point, and a missing value as such.
    title : str
        Heading of the table.
    identifier : str
        Identifier of the table on a page, refused unless of lower-case letters, digits and hyphens.
    notes : iterable of str
        Printed below the table, one line each.
    caveats : sequence of str
        What must not be overlooked, printed last and in bold, as `caveats.caveats` gives it.
    group : str, optional
        A column whose values are headings of sections.
    """
    if not re.fullmatch(r"[a-z][a-z0-9-]*", identifier):
        raise ValueError(f"identifier {identifier!r} is not allowed; use lower-case letters, digits and hyphens")
    number = partial(formatting.number, digits=2, trim=True)
    text = frame.astype(object).map(lambda cell: cell if isinstance(cell, str) else number(cell)).rename(columns=str)
    name = next(column for column in text.columns if column != group)
    table = GT(text, rowname_col=name, groupname_col=group, id=identifier).tab_header(title).tab_stubhead(name)
    return finish(table, identifier, notes, caveats, wrap=True)
