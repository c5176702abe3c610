"""Check a cohort against the data contract and list all that is wrong, and all that is doubtful, at once."""

import os
from dataclasses import dataclass

import pandas as pd

from analysis import schema
from analysis.problems import IDENTIFIERS, CohortError, header_problems, hide_identifiers, problems, shortened, together
from compendium.centre.checks import plausibility, rules
from compendium.centre.intake.raw_tables import RawTable
from compendium.centre.intake.sources import read_source
from compendium.centre.intake.suggestions import MOST, advice, nearest_allowed
from compendium.centre.intake.terms import one_term

__all__ = ["Check", "check_cohort", "checked_tables", "hide_identifiers"]

MOST_LISTED = 10_000  # the most refused cells of a column that are listed one by one; how many more there are is said
_EXAMPLE = "EXAMPLE"


@dataclass(frozen=True)
class Check:
    """What a check found.

    A problem is a row with ``file`` as the user sees it, ``row`` (as a spreadsheet counts, the header being row 1; 0
    for the whole file), ``column``, ``value``, ``allowed`` and ``nearest``, a guess at what was meant. The accounts are
    for each table the ``file``, ``rows`` read, ``empty_rows``, and ``decimal_commas`` and ``dates`` read.
    """

    tables: dict[str, pd.DataFrame] | None  # the six tables with their types; None if there are errors
    errors: pd.DataFrame
    warnings: pd.DataFrame
    accounts: pd.DataFrame
    reconstructed: bool  # whether the rows were reconstructed from published results
    identifiers: frozenset[str] = frozenset()  # of patients and centres as written, for `hide_identifiers`


def _refused_cells(frame: pd.DataFrame, table: str, file: str) -> tuple[pd.DataFrame, dict[str, pd.Series]]:
    """List the cells that the schema refuses, with a guess at what was meant, and give their rows by column."""
    found, cells = [], schema.refused_cells(frame, table)
    for name, refused in cells.items():
        contract = schema.columns_of(table).loc[name]
        written = frame.loc[refused, name].fillna("")
        listed = written.head(MOST_LISTED)
        few = written[written != ""].drop_duplicates().head(MOST)
        guesses = pd.Series([nearest_allowed(text, contract) for text in few], dtype="str")
        guesses = guesses.mask(schema.refused(guesses, contract), "")
        nearest = dict(zip(few, guesses, strict=True))
        allowed = schema.describe_allowed(contract)
        hints = {text: hint for text in few if not nearest[text] and (hint := advice(text, contract))}
        texts = [f"{allowed}: {hints[text]}" if text in hints else allowed for text in listed]
        shown, near = listed.map(shortened).to_numpy(), [nearest.get(text, "") for text in listed]
        found.append(problems(file, texts, listed.index + 2, name, shown, near))
        if len(written) > len(listed):
            more = f"{allowed}; {len(written) - len(listed):,} more cells of this column are not"
            found.append(problems(file, more, column=name))
    return together(found).sort_values(["row", "column"], kind="stable"), cells


def _with_types(table: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Give a table its types where cells are missing that may not be."""
    columns = schema.columns_of(table)
    whole = list(columns.index[columns["type"] == "integer"])
    missing = frame[whole].isna()
    typed = schema.with_types(table, frame.assign(**frame[whole].fillna("0")))
    return typed.assign(**{name: typed[name].mask(missing[name]) for name in whole if missing[name].any()})


def _checked_cells(
    raw: RawTable, table: str, file: str
) -> tuple[pd.DataFrame, pd.DataFrame | None, list[tuple[str, str, pd.Index]]]:
    """Check the cells of a table: errors, the table with types where refused cells are missing, and these cells."""
    examples = pd.Series(False, index=raw.frame.index)
    if list(raw.frame).count("patient_id") == 1:
        examples = raw.frame["patient_id"].str.startswith(_EXAMPLE, na=False)
    frame = raw.frame[~examples]
    found, cells = _refused_cells(frame, table, file)
    if examples.any():
        shown = raw.frame.loc[examples, "patient_id"].map(shortened)
        text = "an example row of the template; delete it"
        found = together([problems(file, text, shown.index + 2, "patient_id", shown.to_numpy()), found])
    known = list(frame.columns[frame.columns.isin(schema.columns_of(table).index)])
    if len(header_problems(known, table, file)):
        return found, None, []
    frame = frame[known]  # a column too many is reported, and hides nothing else
    gaps = [(file, name, frame.index[rows]) for name, rows in cells.items()]
    frame = frame.assign(**{name: frame[name].mask(rows) for name, rows in cells.items()})
    return found, _with_types(table, frame.reindex([*frame.index, *raw.unread])), gaps


def _elsewhere(found: pd.DataFrame, gaps: list[tuple[str, str, pd.Index]]) -> pd.DataFrame:
    """Leave out problems of cells that were taken out: they were refused already, and are not empty."""
    due = pd.Series(False, index=found.index)
    for file, name, rows in gaps:
        due |= (found["file"] == file) & (found["column"] == name) & found["row"].isin(rows + 2)
    return found[~due]


def check_cohort(path: str | os.PathLike[str], tryptase: str | None = None) -> Check:
    """Read a cohort and check it, all errors and warnings at once.

    Where cells are refused or tables cannot be read, the rules between columns and tables are checked among what is
    left, and what only the gap may have broken is not reported.

    Parameters
    ----------
    path : str or path
        An xlsx file, or a folder with ``<table>.csv`` or ``<table>.parquet`` for each table.
    tryptase : {"sum", "both"}, optional
        How the rise of tryptase that MCAS requires is read, see `checks.clinical_plausibility.required_tryptase`, any
        other being a ValueError; not checked by default.
    """
    source = read_source(path)
    errors, tables, gaps = list(source.errors), {}, []
    for table, raw in source.tables.items():
        found, typed, taken_out = _checked_cells(raw, table, source.names[table])
        errors.append(found)
        gaps += taken_out
        if typed is not None:
            tables[table] = typed
    between = rules.broken_rules(tables, source.names)
    doubts = plausibility.doubtful(tables, source.names, tryptase)
    errors = together([*errors, _elsewhere(between, gaps)])
    warnings = together([*source.warnings, _elsewhere(doubts, gaps)])
    if errors.empty and tables["patients"].empty:
        errors = problems(source.names["patients"], "the table has no rows; allowed is at least one patient")
    frames = [raw.frame for raw in source.tables.values()]
    names = [frame[name] for frame in frames for name in IDENTIFIERS if list(frame).count(name) == 1]
    identifiers = frozenset(text for column in names for text in column.dropna().unique())
    usable = tables if errors.empty else None
    return Check(usable, errors, warnings, source.accounts, source.reconstructed, identifiers)


def checked_tables(path: str | os.PathLike[str]) -> dict[str, pd.DataFrame]:
    """Read a cohort, check it as `check_cohort` does, and give its six tables with types; else a `CohortError`."""
    check = check_cohort(path)
    if check.tables is None:
        raise CohortError(check.errors, check.identifiers)
    return check.tables
