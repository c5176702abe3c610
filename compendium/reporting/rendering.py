"""Tables to be read: the tidy numbers of Tables 1 and 2 as HTML in the style of a journal; and as they may be shared.

Every cell is made by `formatting`; ids are fixed and nothing is loaded from elsewhere, so equal numbers are equal text.
The shared tables, and the safety table among them, have no small counts, nor what would give them away.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pandas as pd
from great_tables import GT
from great_tables import html as raw_html

from analysis.characteristics import SECTIONS
from analysis.vocabulary import POPULATION_LABELS, Population
from compendium.centre.disclosure.study_cells import EVENT_COLUMNS, SharedNumbers, size_of
from compendium.reporting import formatting
from compendium.reporting.pages import finish, parts

_TITLE_1 = "Table 1. Patients' characteristics"
_TITLE_2 = "Table 2. Response rates"

# The sections of Table 2 and of the safety table: the part of a row's key before the first dot, and its heading.
_SECTIONS_2 = {"best": "Best response", "last": "Response at last follow-up"}
_SAFETY_SECTIONS = {"patients": "Patients", "event": "Patients with each adverse event"}

_ABBREVIATIONS = {  # explained below every table that uses them
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

_COUNTS_NOTE = "Values are numbers of patients (%) unless a row says otherwise."
EVALUATED_NOTE = "n: patients evaluated, where not all were; percentages are of these."

_PRIMARY = (Population.PRIMARY, Population.ISM, Population.CM, Population.MMAS)
_EVALUATED = " (n\u00a0=\u00a0"
HIDDEN = "hidden"  # for a cell that is small or would give one away alike: two marks would tell which
_MIDDLES = {  # of each spread: how it is called, and how it is printed without the range
    "median_range": (", median", lambda row: formatting.number(row["median"], 1, trim=True)),
    "duration_range": (", median", lambda row: formatting.duration(row["median"])),
    "mean_range": (", mean", lambda row: formatting.number(row["mean"], 1)),
}


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


def _head(column: str, size: str, name: str = "") -> Any:
    """Head a column by its population, or another name, and how many patients it has."""
    return raw_html(parts().head(name or POPULATION_LABELS[Population(column)], size))


def _aligned(numbers: pd.DataFrame, cell: Callable[[Mapping[str, Any]], str]) -> pd.DataFrame:
    """Add the printed ``cell`` of each row, with the counts of a column set under one another."""
    text = pd.Series(list(map(cell, numbers.to_dict("records"))), numbers.index, dtype=object)
    first = text.str.split(" ").str[0]
    counts = numbers["statistic"].isin(["count", "count_percent"])
    digits = first.str.len().where(counts & first.str.fullmatch(rf"[\d,]+|{formatting.MISSING}"))
    padding = (digits.groupby(numbers["column"]).transform("max") - digits).fillna(0).astype(int)
    # A figure space is as wide as a digit, so shorter counts keep their place.
    return numbers.assign(cell=padding.map(lambda n: "\u2007" * n) + text)


def _laid_out(
    numbers: pd.DataFrame,
    labels: Iterable[str],
    sections: Mapping[str, str],
    heads: Mapping[str, Any],
    identifier: str,
    title: str,
) -> GT:
    """Lay out `_aligned` numbers: sections, indented rows with a label each, and the headed columns."""
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
    return _aligned(numbers, lambda row: CELLS[row["statistic"]](row))


def _sizes(numbers: pd.DataFrame) -> pd.Series:
    """Tell how many patients each column has, in the order of `Population`: no share has a larger denominator."""
    sizes = numbers[numbers["statistic"] == "count_percent"].groupby("column")["denominator"].max()
    return sizes.reindex([column for column in Population if column in sizes.index])


def _labels(numbers: pd.DataFrame, size: int) -> pd.Series:
    """Complete the labels by the statistic and, where not everybody was evaluated, by how many were."""
    described = numbers["statistic"].isin(list(_MIDDLES))
    evaluated = numbers["denominator"].where(numbers["statistic"] == "count_percent", numbers["n"].where(described))
    partial = evaluated.notna() & (evaluated != size)
    note = evaluated.map(lambda n: f"{_EVALUATED}{formatting.number(n)})").where(partial, "")
    suffixes = {statistic: f"{middle} (range)" for statistic, (middle, _) in _MIDDLES.items()}
    return numbers["label"] + numbers["statistic"].map(suffixes).fillna("") + note


def _abbreviations(texts: Iterable[str]) -> str:
    words = set(re.findall(r"\w+", " ".join(texts)))
    known = "; ".join(f"{short}: {long}" for short, long in _ABBREVIATIONS.items() if short in words)
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
    heads = {column: _head(column, f"N = {size}") for column, size in sizes.items()}
    table = _laid_out(_cells(numbers), labels, SECTIONS, heads, "table-1", _TITLE_1)
    evaluated = EVALUATED_NOTE if labels.str.contains(_EVALUATED, regex=False).any() else ""
    notes = [_COUNTS_NOTE, evaluated, _abbreviations([*labels, *SECTIONS.values()])]
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
    names = {Population.PRIMARY: "All"} if len(bracket) > 1 else {}
    heads = {column: _head(column, f"N = {size}", names.get(column, "")) for column, size in sizes.items()}
    labels = numbers.drop_duplicates("row")["label"]
    table = _laid_out(_cells(numbers), labels, _SECTIONS_2, heads, "table-2", _TITLE_2)
    if names:
        table = table.tab_spanner(POPULATION_LABELS[Population.PRIMARY], bracket)
    shown = [*numbers["label"], *(POPULATION_LABELS[column] for column in sizes.index), *empty]
    left_out = f"Left out, having no patient: {', '.join(empty)}." if empty else ""
    return finish(table, "table-2", [_COUNTS_NOTE, left_out, _abbreviations(shown)], caveats)


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


def _shared_cell(row: Mapping[str, Any]) -> str:
    """Print a number as the table that is not shared does, or the mark."""
    statistic = row["statistic"]
    if _is_hidden(row, "n") or (statistic == "ratio" and _is_hidden(row, "denominator")):
        return HIDDEN
    if statistic in _MIDDLES:
        return _MIDDLES[statistic][1](row)
    if statistic == "count" or _is_hidden(row, "denominator"):
        return f"{row['n']:,}"
    return CELLS[statistic](row)


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


def _shared_sizes(numbers: pd.DataFrame) -> dict[str, Any]:
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
    patients = _shared_sizes(numbers)[size]
    labels = [
        row["label"] + _MIDDLES.get(row["statistic"], ("",))[0] + _evaluated(row, size, patients)
        for row in numbers.to_dict("records")
    ]
    heads = {column: _head(column, _of(patients))}
    table = _laid_out(_aligned(numbers, _shared_cell), labels, SECTIONS, heads, "shared-table-1", _TITLE_1)
    notes = [_COUNTS_NOTE, EVALUATED_NOTE, _hiding_note(numbers, shared.threshold)]
    return finish(table, "shared-table-1", notes, caveats, wrap=True)


def shared_table_2(shared: SharedNumbers, caveats: Sequence[str] = ()) -> GT:
    """Lay out Table 2 without the hidden numbers, as `shared_table_1` does."""
    numbers, sizes = shared.table_2, _shared_sizes(shared.table_2)
    columns = [column for column in Population if column in set(numbers["column"])]
    heads = {column: _head(column, _of(sizes[size_of(column)])) for column in columns}
    labels = numbers.drop_duplicates("row")["label"]
    cells = _aligned(numbers, _shared_cell)
    table = _laid_out(cells, labels, _SECTIONS_2, heads, "shared-table-2", _TITLE_2)
    return finish(table, "shared-table-2", [_COUNTS_NOTE, _hiding_note(numbers, shared.threshold)], caveats)


def shared_safety(shared: SharedNumbers, caveats: Sequence[str] = ()) -> GT:
    """Lay out the safety table without the hidden numbers, as `shared_table_1` does."""
    numbers = shared.safety
    size, patients = next(iter(_shared_sizes(numbers).items()))
    labels = [
        row["label"] + (_evaluated(row, size, patients) if row["row"].startswith("patients") else "")
        for row in numbers.drop_duplicates("row").to_dict("records")
    ]
    title = f"Safety. {POPULATION_LABELS[Population(size.split('/')[1])]} ({_of(patients)})"
    table = _laid_out(_aligned(numbers, _shared_cell), labels, _SAFETY_SECTIONS, EVENT_COLUMNS, "shared-safety", title)
    named = f"Events that fewer than {shared.threshold} patients had are not named." if shared.threshold > 1 else ""
    notes = [_COUNTS_NOTE, named, _hiding_note(numbers, shared.threshold)]
    return finish(table, "shared-safety", notes, caveats, wrap=True)


def shared_csv(numbers: pd.DataFrame) -> pd.DataFrame:
    """Give the numbers of a shared table, one of `SharedNumbers`, as they are saved beside it."""
    return numbers.drop(columns=["n_cell", "denominator_cell"])
