"""Tables to be read: the tidy numbers of `tables` as HTML in the style of a journal.

Every cell is made by `formatting`; ids are fixed and nothing is loaded from elsewhere, so equal numbers are equal text.
"""

import html
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pandas as pd
from great_tables import GT
from great_tables import html as raw_html

from analysis import formatting
from analysis.characteristics import SECTIONS
from analysis.vocabulary import POPULATION_LABELS, Population

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
_SUFFIXES = {
    "median_range": ", median (range)",
    "duration_range": ", median (range)",
    "mean_range": ", mean (range)",
}
_CSS = """
#ID .gt_table {border: none; color: #000; font-size: 14px; line-height: 1.35; font-variant-numeric: tabular-nums;}
#ID .gt_title {border: none; border-bottom: 1.5px solid #000; padding: 0 0 8px; font-size: 15px; font-weight: bold;
  text-align: left;}
#ID .gt_col_headings, #ID .gt_group_heading, #ID .gt_row {border: none;}
#ID .gt_col_heading {border: none; padding: 6px 0 6px 16px; font-weight: bold; text-align: left; vertical-align: bottom;
  white-space: nowrap;}
#ID thead tr:last-child .gt_col_heading, #ID .gt_col_heading[rowspan="2"] {border-bottom: 0.75px solid #000;}
#ID .gt_column_spanner_outer {border: none; padding: 6px 0 0 16px; font-weight: bold; text-align: left;}
#ID .gt_column_spanner {display: block; border-bottom: 0.75px solid #000; padding-bottom: 4px;}
#ID .gt_table_body {border-top: none; border-bottom: 1.5px solid #000;}
#ID .gt_row {padding: 2px 0 2px 16px; text-align: left; vertical-align: top; white-space: nowrap;}
#ID th.gt_stub, #ID th.gt_col_heading:first-child {position: sticky; left: 0; background-color: #fff; padding-left: 0;}
#ID th.gt_stub {border: none; min-width: 9em; font-weight: normal; white-space: normal; text-indent: 0;}
#ID th.gt_indent_1 {padding-left: 1.4em;}
#ID th.gt_indent_2 {padding-left: 2.8em;}
#ID .gt_group_heading {padding: 10px 0 2px; font-weight: bold; text-align: left;}
#ID tbody tr:last-child .gt_row {padding-bottom: 6px;}
#ID .gt_sourcenote {max-width: 0; padding: 3px 0 0; font-size: 12px; color: #222;}
#ID tfoot tr:first-child .gt_sourcenote {padding-top: 8px;}
"""
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>body {{margin: 16px;}}</style>
</head>
<body>
{table}
</body>
</html>
"""


def _durations(row: Mapping[str, Any]) -> str:
    if pd.isna(row["median"]):
        return formatting.MISSING
    low, high = formatting.duration(row["minimum"]), formatting.duration(row["maximum"])
    return f"{formatting.duration(row['median'])} ({low}–{high})"


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
    padding = (width - digits).where(counts, 0).clip(lower=0).astype(int)
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
    note = evaluated.map(lambda n: f" (n = {formatting.number(n)})").where(partial, "")
    return numbers["label"] + numbers["statistic"].map(_SUFFIXES).fillna("") + note


def _abbreviations(texts: Iterable[str]) -> str:
    """Explain the abbreviations that occur in the texts."""
    words = set(re.findall(r"\w+", " ".join(texts)))
    return "; ".join(f"{short}: {long}" for short, long in ABBREVIATIONS.items() if short in words)


def _finish(table: GT, identifier: str, notes: Iterable[str], reconstructed: bool) -> GT:
    """Give a table its rules, spacing and notes."""
    for note in notes:
        table = table.tab_source_note(raw_html(html.escape(note, quote=False)))
    if reconstructed:
        table = table.tab_source_note(raw_html(f"<b>{html.escape(formatting.RECONSTRUCTED_NOTE, quote=False)}</b>"))
    return table.opt_css(_CSS.replace("ID", identifier))


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


def render_table_1(numbers: pd.DataFrame, reconstructed: bool = False) -> GT:
    """Lay out Table 1, the patients' characteristics, to be read.

    Parameters
    ----------
    numbers : DataFrame
        As `tables.table_1` gives it, for one population.
    reconstructed : bool, default False
        Whether to say that the cohort was reconstructed.

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
    if labels.str.contains("(n = ", regex=False).any():
        notes.append(EVALUATED_NOTE)
    notes.append(_abbreviations([*labels, *SECTIONS.values()]))
    return _finish(table, "table-1", notes, reconstructed)


def render_table_2(numbers: pd.DataFrame, reconstructed: bool = False) -> GT:
    """Lay out Table 2, the response rates, to be read.

    Parameters
    ----------
    numbers : DataFrame
        As `tables.table_2` gives it, for any populations.
    reconstructed : bool, default False
        Whether to say that the cohort was reconstructed.

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
    bracket = [str(column) for column in _PRIMARY if column in sizes.index]
    names = POPULATION_LABELS | ({Population.PRIMARY: "All"} if len(bracket) > 1 else {})
    table = _headed(_sectioned(numbers, numbers["label"], SECTIONS_2, "table-2", TITLE_2), sizes, names)
    if len(bracket) > 1:
        table = table.tab_spanner(POPULATION_LABELS[Population.PRIMARY], bracket)
    shown = [*numbers["label"], *(POPULATION_LABELS[column] for column in sizes.index)]
    return _finish(table, "table-2", [COUNTS_NOTE, _abbreviations(shown)], reconstructed)


def small_table(
    frame: pd.DataFrame, title: str, identifier: str, notes: Iterable[str] = (), reconstructed: bool = False
) -> GT:
    """Lay out a few results to be read in a notebook.

    Parameters
    ----------
    frame : DataFrame
        One row per row; the first column names it. Text is kept, whole numbers are printed whole, other numbers with
        at most two digits after the point, and a missing value as such.
    title : str
        Heading of the table.
    identifier : str
        Identifier of the table on a page: lower-case letters, digits and hyphens.
    notes : iterable of str
        Printed below the table, one line each.
    reconstructed : bool, default False
        Whether to say that the cohort was reconstructed.

    Returns
    -------
    GT
        A notebook shows it; `outputs.save_table` saves it.

    Raises
    ------
    ValueError
        If the identifier is not allowed.
    """
    if not re.fullmatch(r"[a-z][a-z0-9-]*", identifier):
        raise ValueError(f"identifier {identifier!r} is not allowed; use lower-case letters, digits and hyphens")
    text = frame.astype(object).map(lambda cell: cell if isinstance(cell, str) else formatting.number(cell, 2, trim=True))
    text.columns = [str(column) for column in text.columns]
    table = GT(text, rowname_col=text.columns[0], id=identifier).tab_header(title).tab_stubhead(text.columns[0])
    return _finish(table, identifier, notes, reconstructed)


def page(table: GT, title: str) -> str:
    """Put a table on a page of its own.

    Parameters
    ----------
    table : GT
        The table.
    title : str
        Title of the page.

    Returns
    -------
    str
        A whole HTML page that needs no other file and no script.
    """
    return _PAGE.format(title=html.escape(title), table=table.as_raw_html())
