"""Table 1, Table 2 and the safety table as they may be shared: without small counts and what would give them away."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from great_tables import GT

from analysis.characteristics import SECTIONS
from analysis.vocabulary import POPULATION_LABELS, Population
from compendium.centre.disclosure.study_cells import EVENT_COLUMNS, SharedNumbers, size_of
from compendium.reporting import rendering
from compendium.reporting.formatting import duration, number
from compendium.reporting.pages import finish

HIDDEN = "hidden"  # for a cell that is small or would give one away alike: two marks would tell which
_SAFETY_SECTIONS = {"patients": "Patients", "event": "Patients with each adverse event"}
# Of a spread only the middle is printed: its limits are values of single patients.
_MIDDLES = {
    "median_range": (", median", lambda row: number(row["median"], 1, trim=True)),
    "duration_range": (", median", lambda row: duration(row["median"])),
    "mean_range": (", mean", lambda row: number(row["mean"], 1)),
}


def _is_hidden(row: Mapping[str, Any], kind: str) -> bool:
    return kind in row["hidden"].split()


def _hiding_note(numbers: pd.DataFrame, threshold: int) -> str:
    """Say how many cells are hidden, small ones and others together; nothing if the threshold hides nothing."""
    if threshold < 1:
        return ""
    rows = numbers.to_dict("records")
    names = {row[f"{kind}_cell"] for row in rows for kind in ("n", "denominator") if _is_hidden(row, kind)}
    count = sum(pd.notna(name) for name in names)
    hidden = f"{count} number{'' if count == 1 else 's'} of this table"
    kept = f"Counts below {threshold}, and the cells that would give them away, are hidden under one mark"
    return f"{kept} ({hidden}), and with them what is computed from them."


def _cell(row: Mapping[str, Any]) -> str:
    """Print a number as the table that is not shared does, or the mark."""
    statistic = row["statistic"]
    if _is_hidden(row, "n") or (statistic == "ratio" and _is_hidden(row, "denominator")):
        return HIDDEN
    if statistic in _MIDDLES:
        return _MIDDLES[statistic][1](row)
    if statistic == "count" or _is_hidden(row, "denominator"):
        return f"{row['n']:,}"
    return rendering.CELLS[statistic](row)


def _cells(numbers: pd.DataFrame) -> pd.DataFrame:
    return rendering.aligned(numbers, map(_cell, numbers.to_dict("records")))


def _evaluated(row: Mapping[str, Any], size: str, patients: Any) -> str:
    """Say how many were evaluated, wherever that is a number of its own and not known to be that of all patients.

    To leave it out where it is equal to a hidden number of patients would tell that it is.
    """
    kind = "n" if row["statistic"] in _MIDDLES else "denominator"
    if row["statistic"] in ("count", "ratio") or row[f"{kind}_cell"] == size:
        return ""
    if _is_hidden(row, kind):
        return f" (n {HIDDEN})"
    return "" if not pd.isna(patients) and row[kind] == patients else f" (n\u00a0=\u00a0{row[kind]:,})"


def _sizes(numbers: pd.DataFrame) -> dict[str, Any]:
    """Give the number of patients of each population by the name of its cell, missing if hidden."""
    rows = numbers[numbers["denominator_cell"].fillna("").str.startswith("patients/")]
    return dict(zip(rows["denominator_cell"], rows["denominator"], strict=True))


def _of(size: Any) -> str:
    return f"N {HIDDEN}" if pd.isna(size) else f"N = {size:,}"


def shared_table_1(shared: SharedNumbers, caveats: Sequence[str] = ()) -> GT:
    """Lay out Table 1 without the hidden numbers, to be saved by `outputs.save_table` with those of `shared_csv`.

    The caveats, what must not be overlooked, are printed last and in bold.
    """
    numbers, column = shared.table_1, str(shared.table_1["column"].iloc[0])
    size = size_of(column)
    patients = _sizes(numbers)[size]
    labels = [
        row["label"] + _MIDDLES.get(row["statistic"], ("",))[0] + _evaluated(row, size, patients)
        for row in numbers.to_dict("records")
    ]
    heads = {column: rendering.head(POPULATION_LABELS[Population(column)], _of(patients))}
    table = rendering.laid_out(_cells(numbers), labels, SECTIONS, heads, "shared-table-1", rendering.TITLE_1)
    notes = [rendering.COUNTS_NOTE, rendering.EVALUATED_NOTE, _hiding_note(numbers, shared.threshold)]
    return finish(table, "shared-table-1", notes, caveats, wrap=True)


def shared_table_2(shared: SharedNumbers, caveats: Sequence[str] = ()) -> GT:
    """Lay out Table 2 without the hidden numbers, as `shared_table_1` does."""
    numbers, sizes = shared.table_2, _sizes(shared.table_2)
    columns = [column for column in Population if column in set(numbers["column"])]
    heads = {column: rendering.head(POPULATION_LABELS[column], _of(sizes[size_of(column)])) for column in columns}
    labels = numbers.drop_duplicates("row")["label"]
    sections, title = rendering.SECTIONS_2, rendering.TITLE_2
    table = rendering.laid_out(_cells(numbers), labels, sections, heads, "shared-table-2", title)
    return finish(table, "shared-table-2", [rendering.COUNTS_NOTE, _hiding_note(numbers, shared.threshold)], caveats)


def shared_safety(shared: SharedNumbers, caveats: Sequence[str] = ()) -> GT:
    """Lay out the safety table without the hidden numbers, as `shared_table_1` does."""
    numbers = shared.safety
    size, patients = next(iter(_sizes(numbers).items()))
    labels = [
        row["label"] + (_evaluated(row, size, patients) if row["row"].startswith("patients") else "")
        for row in numbers.drop_duplicates("row").to_dict("records")
    ]
    title = f"Safety. {POPULATION_LABELS[Population(size.split('/')[1])]} ({_of(patients)})"
    table = rendering.laid_out(_cells(numbers), labels, _SAFETY_SECTIONS, EVENT_COLUMNS, "shared-safety", title)
    named = f"Events that fewer than {shared.threshold} patients had are not named." if shared.threshold > 1 else ""
    notes = [rendering.COUNTS_NOTE, named, _hiding_note(numbers, shared.threshold)]
    return finish(table, "shared-safety", notes, caveats, wrap=True)


def shared_csv(numbers: pd.DataFrame) -> pd.DataFrame:
    """Give the numbers of a shared table, one of `SharedNumbers`, as they are saved beside it."""
    return numbers.drop(columns=["n_cell", "denominator_cell"])
