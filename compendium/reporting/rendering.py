"""Tables 1 and 2 to be read: the tidy numbers of `tables` as HTML in the style of a journal.

Every cell is made by `formatting`; ids are fixed and nothing is loaded from elsewhere, so equal numbers are equal text.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pandas as pd
from great_tables import GT
from great_tables import html as raw_html

from analysis.characteristics import SECTIONS
from analysis.vocabulary import POPULATION_LABELS, Population
from compendium.reporting import formatting
from compendium.reporting.pages import finish, parts

TITLE_1 = "Table 1. Patients' characteristics"
TITLE_2 = "Table 2. Response rates"

SECTIONS_2: dict[str, str] = {"best": "Best response", "last": "Response at last follow-up"}
"""The sections of Table 2: the part of a row's key before the first dot, and its heading."""

ABBREVIATIONS: dict[str, str] = {  # explained below every table that uses them
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

COUNTS_NOTE = "Values are numbers of patients (%) unless a row says otherwise."
EVALUATED_NOTE = "n: patients evaluated, where not all were; percentages are of these."

_PRIMARY = (Population.PRIMARY, Population.ISM, Population.CM, Population.MMAS)
_EVALUATED = " (n\u00a0=\u00a0"
_SUFFIXES = {"median_range": ", median (range)", "duration_range": ", median (range)", "mean_range": ", mean (range)"}


def _durations(row: Mapping[str, Any]) -> str:
    if pd.isna(row["median"]):
        return formatting.MISSING
    low, high = formatting.duration(row["minimum"]), formatting.duration(row["maximum"])
    return f"{formatting.duration(row['median'])} ({low} – {high})"


CELLS: dict[str, Callable[[Mapping[str, Any]], str]] = {  # how each statistic is printed
    "count_percent": lambda row: formatting.count_percent(row["n"], row["denominator"]),
    "count": lambda row: formatting.number(row["n"]), "median_range": formatting.median_range,
    "duration_range": _durations, "mean_range": formatting.mean_range,
    "ratio": lambda row: formatting.number(row["ratio"], 2),
}  # fmt: skip


def head(name: str, size: str) -> Any:
    """Head a column by its population and how many patients it has."""
    return raw_html(parts().head(name, size))


def aligned(numbers: pd.DataFrame, text: Iterable[str]) -> pd.DataFrame:
    """Add the printed ``cell`` of each row, with the counts of a column set under one another."""
    text = pd.Series(list(text), numbers.index, dtype=object)
    first = text.str.split(" ").str[0]
    counts = numbers["statistic"].isin(["count", "count_percent"])
    digits = first.str.len().where(counts & first.str.fullmatch(rf"[\d,]+|{formatting.MISSING}"))
    padding = (digits.groupby(numbers["column"]).transform("max") - digits).fillna(0).astype(int)
    # A figure space is as wide as a digit, so shorter counts keep their place.
    return numbers.assign(cell=padding.map(lambda n: "\u2007" * n) + text)


def laid_out(
    numbers: pd.DataFrame,
    labels: Iterable[str],
    sections: Mapping[str, str],
    heads: Mapping[str, Any],
    identifier: str,
    title: str,
) -> GT:
    """Lay out `aligned` numbers: sections, indented rows with a label each, and the headed columns."""
    rows = numbers.drop_duplicates("row").set_index("row")
    cells = numbers.pivot(index="row", columns="column", values="cell").loc[rows.index, list(heads)].fillna("")
    keys = rows.index.str.extract("^([^.:]*)", expand=False)
    unknown = sorted(set(keys) - set(sections))
    if unknown:
        raise ValueError(f"section {unknown[0]!r} is unknown; allowed are {', '.join(sections)}")
    frame = cells.rename_axis(columns=None).assign(label=list(labels), section=[sections[key] for key in keys])
    table = GT(frame, rowname_col="label", groupname_col="section", id=identifier).tab_header(title)
    for level in (1, 2):
        table = table.tab_stub_indent(rows=[i for i, deep in enumerate(rows["level"]) if deep == level], indent=level)
    return table.cols_label(cases=dict(heads))


def _cells(numbers: pd.DataFrame) -> pd.DataFrame:
    unknown = sorted(set(numbers["statistic"]) - set(CELLS))
    if unknown:
        raise ValueError(f"statistic {unknown[0]!r} is unknown; allowed are {', '.join(CELLS)}")
    return aligned(numbers, [CELLS[row["statistic"]](row) for row in numbers.to_dict("records")])


def _sizes(numbers: pd.DataFrame) -> pd.Series:
    """Tell how many patients each column has, in the order of `Population`: no share has a larger denominator."""
    sizes = numbers[numbers["statistic"] == "count_percent"].groupby("column")["denominator"].max()
    return sizes.reindex([column for column in Population if column in sizes.index])


def _labels(numbers: pd.DataFrame, size: int) -> pd.Series:
    """Complete the labels by the statistic and, where not everybody was evaluated, by how many were."""
    described = numbers["statistic"].isin(list(_SUFFIXES))
    evaluated = numbers["denominator"].where(numbers["statistic"] == "count_percent", numbers["n"].where(described))
    partial = evaluated.notna() & (evaluated != size)
    note = evaluated.map(lambda n: f"{_EVALUATED}{formatting.number(n)})").where(partial, "")
    return numbers["label"] + numbers["statistic"].map(_SUFFIXES).fillna("") + note


def _abbreviations(texts: Iterable[str]) -> str:
    words = set(re.findall(r"\w+", " ".join(texts)))
    known = "; ".join(f"{short}: {long}" for short, long in ABBREVIATIONS.items() if short in words)
    return known and f"{known}."


def render_table_1(numbers: pd.DataFrame, caveats: Sequence[str] = ()) -> GT:
    """Lay out Table 1, the patients' characteristics, to be read; `outputs.save_table` saves it.

    Parameters
    ----------
    numbers : DataFrame
        As `tables.table_1` gives it; a ValueError if not of one population, or if a statistic or section is unknown.
    caveats : sequence of str
        What must not be overlooked, printed last and in bold, as `caveats.caveats` gives it.
    """
    sizes = _sizes(numbers)
    if numbers["column"].nunique() != 1 or len(sizes) != 1:
        raise ValueError(f"Table 1 has one column, a population; these numbers have {numbers['column'].nunique()}")
    labels = _labels(numbers, sizes.iloc[0])
    heads = {column: head(POPULATION_LABELS[column], f"N = {size}") for column, size in sizes.items()}
    table = laid_out(_cells(numbers), labels, SECTIONS, heads, "table-1", TITLE_1)
    notes = [COUNTS_NOTE]
    if labels.str.contains(_EVALUATED, regex=False).any():
        notes.append(EVALUATED_NOTE)
    notes.append(_abbreviations([*labels, *SECTIONS.values()]))
    return finish(table, "table-1", notes, caveats, wrap=True)


def render_table_2(numbers: pd.DataFrame, caveats: Sequence[str] = ()) -> GT:
    """Lay out Table 2, of `tables.table_2` for any populations, as `render_table_1` does Table 1.

    A population without patients is left out, and a note says so.
    """
    sizes = _sizes(numbers)
    empty = [POPULATION_LABELS[column] for column in sizes.index[sizes == 0]]
    sizes = sizes[sizes > 0]
    numbers = numbers[numbers["column"].isin(sizes.index)]
    bracket = [column for column in _PRIMARY if column in sizes.index]
    names = POPULATION_LABELS | ({Population.PRIMARY: "All"} if len(bracket) > 1 else {})
    heads = {column: head(names[column], f"N = {size}") for column, size in sizes.items()}
    labels = numbers.drop_duplicates("row")["label"]
    table = laid_out(_cells(numbers), labels, SECTIONS_2, heads, "table-2", TITLE_2)
    if len(bracket) > 1:
        table = table.tab_spanner(POPULATION_LABELS[Population.PRIMARY], bracket)
    shown = [*numbers["label"], *(POPULATION_LABELS[column] for column in sizes.index), *empty]
    left_out = f"Left out, having no patient: {', '.join(empty)}." if empty else ""
    return finish(table, "table-2", [COUNTS_NOTE, left_out, _abbreviations(shown)], caveats)
