"""Tables to be read: the tidy numbers of `tables` as HTML in the style of a journal.

Every cell is made by `formatting`; ids are fixed and nothing is loaded from elsewhere, so equal numbers are equal text.
"""

import html
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pandas as pd
from great_tables import GT
from great_tables import html as raw_html

from analysis.characteristics import SECTIONS
from analysis.vocabulary import POPULATION_LABELS, Population
from compendium.reporting import formatting
from compendium.reporting.pages import finish

TITLE_1 = "Table 1. Patients' characteristics"
TITLE_2 = "Table 2. Response rates"

SECTIONS_2: dict[str, str] = {"best": "Best response", "last": "Response at last follow-up"}
"""The sections of Table 2: the part of a row's key before the first dot, and its heading."""

ABBREVIATIONS: dict[str, str] = {
    "CM": "cutaneous mastocytosis",
    "CR": "complete response",
    "IgE": "immunoglobulin E",
    "ISM": "indolent systemic mastocytosis",
    "MCAS": "mast cell activation syndrome",
    "MMAS": "monoclonal mast cell activation syndrome",
    "MR": "major response",
    "NR": "no response",
    "ORR": "overall response rate",
    "PR": "partial response",
    "UI": "international units",
    "WHO": "World Health Organization",
}
"""Explained below every table that uses them."""

COUNTS_NOTE = "Values are numbers of patients (%) unless a row says otherwise."
EVALUATED_NOTE = "n: patients evaluated, where not all were; percentages are of these."

_PRIMARY = (Population.PRIMARY, Population.ISM, Population.CM, Population.MMAS)
_EVALUATED = " (n\u00a0=\u00a0"
_SUFFIXES = {
    "median_range": ", median (range)",
    "duration_range": ", median (range)",
    "mean_range": ", mean (range)",
}


def _durations(row: Mapping[str, Any]) -> str:
    if pd.isna(row["median"]):
        return formatting.MISSING
    low, high = formatting.duration(row["minimum"]), formatting.duration(row["maximum"])
    return f"{formatting.duration(row['median'])} ({low} – {high})"


_CELLS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "count_percent": lambda row: formatting.count_percent(row["n"], row["denominator"]),
    "count": lambda row: formatting.number(row["n"]),
    "median_range": formatting.median_range,
    "duration_range": _durations,
    "mean_range": formatting.mean_range,
    "ratio": lambda row: formatting.number(row["ratio"], 2),
}
"""How a row of each statistic is printed; durations are in months."""


def _cells(numbers: pd.DataFrame) -> pd.DataFrame:
    """Print every row of the tidy numbers, with the counts of a column set under one another."""
    unknown = sorted(set(numbers["statistic"]) - set(_CELLS))
    if unknown:
        raise ValueError(f"statistic {unknown[0]!r} is unknown; allowed are {', '.join(_CELLS)}")
    text = pd.Series([_CELLS[row["statistic"]](row) for row in numbers.to_dict("records")], numbers.index, dtype=object)
    counts = numbers["statistic"].isin(["count", "count_percent"])
    digits = text.str.split(" ").str[0].str.len()
    width = digits[counts].groupby(numbers["column"]).transform("max").reindex(numbers.index)
    padding = (width - digits).where(counts, 0).astype(int)
    # A figure space is as wide as a digit, so shorter counts keep their place.
    return numbers.assign(cell=padding.map(lambda n: "\u2007" * n) + text)


def _sizes(numbers: pd.DataFrame) -> pd.Series:
    """Tell how many patients each column has: no share of it has a larger denominator."""
    shares = numbers[numbers["statistic"] == "count_percent"]
    return shares.groupby("column", sort=False)["denominator"].max()


def _labels(numbers: pd.DataFrame, size: int) -> pd.Series:
    """Complete the labels by the statistic and, where not everybody was evaluated, by how many were."""
    shares = numbers["statistic"] == "count_percent"
    described = numbers["statistic"].isin(list(_SUFFIXES))
    evaluated = numbers["denominator"].where(shares, numbers["n"].where(described))
    partial = evaluated.notna() & (evaluated != size)
    note = evaluated.map(lambda n: f"{_EVALUATED}{formatting.number(n)})").where(partial, "")
    return numbers["label"] + numbers["statistic"].map(_SUFFIXES).fillna("") + note


def _abbreviations(texts: Iterable[str]) -> str:
    """Explain the abbreviations that occur in the texts."""
    words = set(re.findall(r"\w+", " ".join(texts)))
    known = "; ".join(f"{short}: {long}" for short, long in ABBREVIATIONS.items() if short in words)
    return known and f"{known}."


def _sectioned(
    numbers: pd.DataFrame, labels: pd.Series, sections: Mapping[str, str], identifier: str, title: str
) -> GT:
    """Lay out tidy numbers: sections, indented rows, one column per population."""
    numbers = _cells(numbers)
    rows = numbers.drop_duplicates("row").set_index("row")
    wide = numbers.pivot(index="row", columns="column", values="cell").loc[rows.index]
    wide = wide[[column for column in Population if column in wide.columns]].rename_axis(columns=None)
    wide.columns = [str(column) for column in wide.columns]
    keys = rows.index.str.split(".").str[0]
    unknown = sorted(set(keys) - set(sections))
    if unknown:
        raise ValueError(f"section {unknown[0]!r} is unknown; allowed are {', '.join(sections)}")
    wide.insert(0, "section", keys.map(sections).to_numpy())
    wide.insert(0, "label", labels.groupby(numbers["row"], sort=False).first().loc[rows.index].to_numpy())
    table = GT(wide, rowname_col="label", groupname_col="section", id=identifier).tab_header(title)
    for level in (1, 2):
        table = table.tab_stub_indent(rows=[i for i, deep in enumerate(rows["level"]) if deep == level], indent=level)
    return table


def _headed(table: GT, sizes: pd.Series, names: Mapping[str, str]) -> GT:
    """Head each column by its population and the number of patients in it."""
    texts = {str(column): f"{html.escape(names[column])}<br>(N = {size})" for column, size in sizes.items()}
    return table.cols_label(cases={column: raw_html(text) for column, text in texts.items()})


def render_table_1(numbers: pd.DataFrame, caveats: Sequence[str] = ()) -> GT:
    """Lay out Table 1, the patients' characteristics, to be read.

    Parameters
    ----------
    numbers : DataFrame
        As `tables.table_1` gives it, for one population.
    caveats : sequence of str
        What must not be overlooked, printed last and in bold, as `caveats.caveats` gives it.

    Returns
    -------
    GT
        A notebook shows it; `outputs.save_table` saves it.

    Raises
    ------
    ValueError
        If there is not one population, or a statistic or section is unknown.
    """
    sizes = _sizes(numbers)
    if numbers["column"].nunique() != 1 or len(sizes) != 1:
        raise ValueError(f"Table 1 has one column, a population; these numbers have {numbers['column'].nunique()}")
    labels = _labels(numbers, sizes.iloc[0])
    table = _headed(_sectioned(numbers, labels, SECTIONS, "table-1", TITLE_1), sizes, POPULATION_LABELS)
    notes = [COUNTS_NOTE]
    if labels.str.contains(_EVALUATED, regex=False).any():
        notes.append(EVALUATED_NOTE)
    notes.append(_abbreviations([*labels, *SECTIONS.values()]))
    return finish(table, "table-1", notes, caveats, wrap=True)


def render_table_2(numbers: pd.DataFrame, caveats: Sequence[str] = ()) -> GT:
    """Lay out Table 2, the response rates, to be read.

    Parameters
    ----------
    numbers : DataFrame
        As `tables.table_2` gives it, for any populations; one without patients is left out, and a note says so.
    caveats : sequence of str
        What must not be overlooked, printed last and in bold, as `caveats.caveats` gives it.

    Returns
    -------
    GT
        A notebook shows it; `outputs.save_table` saves it.

    Raises
    ------
    ValueError
        If a statistic or section is unknown.
    """
    sizes = _sizes(numbers)
    empty = [POPULATION_LABELS[column] for column in Population if sizes.get(column) == 0]
    sizes = sizes[sizes > 0]
    numbers = numbers[numbers["column"].isin(sizes.index)]
    bracket = [str(column) for column in _PRIMARY if column in sizes.index]
    names = POPULATION_LABELS | ({Population.PRIMARY: "All"} if len(bracket) > 1 else {})
    table = _headed(_sectioned(numbers, numbers["label"], SECTIONS_2, "table-2", TITLE_2), sizes, names)
    if len(bracket) > 1:
        table = table.tab_spanner(POPULATION_LABELS[Population.PRIMARY], bracket)
    shown = [*numbers["label"], *(POPULATION_LABELS[column] for column in sizes.index), *empty]
    left_out = f"Left out, having no patient: {', '.join(empty)}." if empty else ""
    return finish(table, "table-2", [COUNTS_NOTE, left_out, _abbreviations(shown)], caveats)
