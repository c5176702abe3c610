"""Table 1, Table 2 and the safety table as they may be shared: without small counts and what would give them away."""

import html
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from great_tables import GT
from great_tables import html as raw_html

from analysis.characteristics import SECTIONS
from analysis.vocabulary import POPULATION_LABELS, Population
from compendium.centre.disclosure.safety_cells import EVENT_COLUMNS
from compendium.centre.disclosure.study_cells import SharedNumbers
from compendium.centre.disclosure.table_cells import size_of
from compendium.reporting import formatting
from compendium.reporting.pages import finish
from compendium.reporting.rendering import COUNTS_NOTE, EVALUATED_NOTE, SECTIONS_2, TITLE_1, TITLE_2

__all__ = ["HIDDEN", "hiding_note", "shared_csv", "shared_safety", "shared_table_1", "shared_table_2"]

HIDDEN = "hidden"
"""Printed for every hidden cell, whether it is small or would give a small one away: two marks would tell which."""

_SAFETY_SECTIONS = {"patients": "Patients", "event": "Patients with each adverse event"}
_SUFFIXES = {"median_range": ", median", "duration_range": ", median", "mean_range": ", mean"}


def hiding_note(numbers: pd.DataFrame, threshold: int) -> str:
    """Say below a table what is hidden in it.

    Parameters
    ----------
    numbers : DataFrame
        A table of `SharedNumbers`.
    threshold : int
        Counts below it are hidden.

    Returns
    -------
    str
        A sentence with the number of hidden cells, small ones and others together; nothing if nothing is hidden by
        the threshold.
    """
    if threshold < 1:
        return ""
    names = {cell for kind in ("n", "denominator") for cell in _names(numbers, kind) if pd.notna(cell)}
    cells = "1 number" if len(names) == 1 else f"{len(names)} numbers"
    return (
        f"Counts below {threshold}, and the cells that would give them away, are hidden under one mark ({cells} of "
        "this table), and with them what is computed from them."
    )


def _names(numbers: pd.DataFrame, kind: str) -> pd.Series:
    """Name the hidden cells of a column."""
    words = numbers["hidden"].str.split()
    return numbers.loc[words.map(lambda found: kind in found), f"{kind}_cell"]


def _is_hidden(row: Mapping[str, Any], kind: str) -> bool:
    return kind in row["hidden"].split()


def _cell(row: Mapping[str, Any]) -> str:
    """Print a number as the table that is not shared does, or the mark."""
    statistic, n, of = row["statistic"], row["n"], row["denominator"]
    if _is_hidden(row, "n") or (statistic == "ratio" and _is_hidden(row, "denominator")):
        return HIDDEN
    if statistic == "count_percent":
        return f"{n:,}" if _is_hidden(row, "denominator") else formatting.count_percent(n, of)
    if statistic == "count":
        return f"{n:,}"
    if statistic == "ratio":
        return formatting.number(row["ratio"], 2)
    if pd.isna(row["median"]):
        return formatting.MISSING
    if statistic == "duration_range":
        return formatting.duration(row["median"])
    if statistic == "mean_range":
        return formatting.number(row["mean"], 1)
    return formatting.number(row["median"], 1, trim=True)


def _cells(numbers: pd.DataFrame) -> pd.DataFrame:
    """Print every row of the numbers, with the shown counts of a column set under one another."""
    text = pd.Series([_cell(row) for row in numbers.to_dict("records")], numbers.index, dtype=object)
    first = text.str.split(" ").str[0]
    digits = first.str.len().where(
        numbers["statistic"].isin(["count", "count_percent"]) & first.str.fullmatch(r"[\d,]+")
    )
    width = digits.groupby(numbers["column"]).transform("max")
    padding = (width - digits).fillna(0).astype(int)
    # A figure space is as wide as a digit, so shorter counts keep their place; a hidden one has no width.
    return numbers.assign(cell=padding.map(lambda n: "\u2007" * n) + text)


def _evaluated(row: Mapping[str, Any], size: str, patients: Any) -> str:
    """Say how many were evaluated, wherever that is a number of its own and not known to be that of all patients.

    To leave it out where it is equal to a hidden number of patients would tell that it is.
    """
    kind = "n" if row["statistic"] in _SUFFIXES else "denominator"
    if row["statistic"] in ("count", "ratio") or row[f"{kind}_cell"] == size:
        return ""
    if _is_hidden(row, kind):
        return f" (n {HIDDEN})"
    return "" if not pd.isna(patients) and row[kind] == patients else f" (n\u00a0=\u00a0{row[kind]:,})"


def _head(name: str, size: Any) -> str:
    return f"{html.escape(name)}<br>" + (f"(N {HIDDEN})" if pd.isna(size) else f"(N = {size:,})")


def _sizes(numbers: pd.DataFrame) -> dict[str, Any]:
    """Give the number of patients of each population, missing if hidden."""
    rows = numbers[numbers["denominator_cell"].fillna("").str.startswith("patients/")]
    return {cell: value for cell, value in zip(rows["denominator_cell"], rows["denominator"], strict=True)}


def _laid_out(cells: pd.DataFrame, levels: list[int], sections: list[str], identifier: str, title: str) -> GT:
    """Lay out printed cells, a row each: sections, indented rows."""
    frame = cells.assign(section=sections).reset_index(names="label")
    table = GT(frame, rowname_col="label", groupname_col="section", id=identifier).tab_header(title)
    return table.tab_stub_indent(rows=[place for place, level in enumerate(levels) if level], indent=1)


def shared_table_1(shared: SharedNumbers, caveats: Sequence[str] = ()) -> GT:
    """Lay out Table 1 without the hidden numbers.

    Parameters
    ----------
    shared : SharedNumbers
        As `compendium.centre.disclosure.study_cells.shared_numbers` gives it.
    caveats : sequence of str
        What must not be overlooked, printed last and in bold, as `caveats.caveats` gives it.

    Returns
    -------
    GT
        `display.shown` shows it; `outputs.save_table` saves it, with the numbers of `shared_csv`.
    """
    numbers, column = shared.table_1, str(shared.table_1["column"].iloc[0])
    size = size_of(column)
    patients = _sizes(numbers)[size]
    rows = numbers.to_dict("records")
    labels = [row["label"] + _SUFFIXES.get(row["statistic"], "") + _evaluated(row, size, patients) for row in rows]
    cells = _cells(numbers)[["cell"]].set_axis(labels).rename(columns={"cell": column})
    sections = [SECTIONS[row["row"].split(".")[0]] for row in rows]
    table = _laid_out(cells, list(numbers["level"]), sections, "shared-table-1", TITLE_1)
    table = table.cols_label(cases={column: raw_html(_head(POPULATION_LABELS[Population(column)], patients))})
    notes = [COUNTS_NOTE, EVALUATED_NOTE, hiding_note(numbers, shared.threshold)]
    return finish(table, "shared-table-1", notes, caveats, wrap=True)


def shared_table_2(shared: SharedNumbers, caveats: Sequence[str] = ()) -> GT:
    """Lay out Table 2 without the hidden numbers.

    Parameters
    ----------
    shared, caveats
        As `shared_table_1` takes them.

    Returns
    -------
    GT
        As `shared_table_1`.
    """
    numbers = _cells(shared.table_2)
    rows = numbers.drop_duplicates("row")
    columns = [str(column) for column in Population if column in set(numbers["column"])]
    wide = numbers.pivot(index="row", columns="column", values="cell").loc[rows["row"], columns]
    cells = wide.set_index(pd.Index(rows["label"].to_numpy())).rename_axis(columns=None)
    sections = [SECTIONS_2[row.split(".")[0]] for row in rows["row"]]
    table = _laid_out(cells, list(rows["level"]), sections, "shared-table-2", TITLE_2)
    sizes, names = _sizes(numbers), POPULATION_LABELS
    heads = {column: raw_html(_head(names[Population(column)], sizes[size_of(column)])) for column in columns}
    notes = [COUNTS_NOTE, hiding_note(numbers, shared.threshold)]
    return finish(table.cols_label(cases=heads), "shared-table-2", notes, caveats)


def shared_safety(shared: SharedNumbers, caveats: Sequence[str] = ()) -> GT:
    """Lay out the safety table without the hidden numbers.

    Parameters
    ----------
    shared, caveats
        As `shared_table_1` takes them.

    Returns
    -------
    GT
        As `shared_table_1`.
    """
    numbers = _cells(shared.safety)
    rows = numbers.drop_duplicates("row")
    wide = numbers.pivot(index="row", columns="column", values="cell").loc[rows["row"], list(EVENT_COLUMNS)].fillna("")
    size, patients = next((cell, n) for cell, n in _sizes(numbers).items())
    labels = [
        row["label"] + (_evaluated(row, size, patients) if row["row"].startswith("patients") else "")
        for row in rows.to_dict("records")
    ]
    cells = wide.set_index(pd.Index(labels)).rename_axis(columns=None)
    sections = [_SAFETY_SECTIONS[row.split(".")[0].split(":")[0]] for row in rows["row"]]
    title = f"Safety. {POPULATION_LABELS[Population(size.split('/')[1])]} "
    title += f"(N {HIDDEN})" if pd.isna(patients) else f"(N = {patients:,})"
    table = _laid_out(cells, list(rows["level"]), sections, "shared-safety", title).cols_label(cases=EVENT_COLUMNS)
    named = f"Events that fewer than {shared.threshold} patients had are not named." if shared.threshold > 1 else ""
    notes = [COUNTS_NOTE, named, hiding_note(numbers, shared.threshold)]
    return finish(table, "shared-safety", notes, caveats, wrap=True)


def shared_csv(numbers: pd.DataFrame) -> pd.DataFrame:
    """Give the numbers of a shared table as they are saved beside it.

    Parameters
    ----------
    numbers : DataFrame
        A table of `SharedNumbers`.

    Returns
    -------
    DataFrame
        Without the names of the cells.
    """
    return numbers.drop(columns=["n_cell", "denominator_cell"])
