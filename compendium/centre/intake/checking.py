"""Check a cohort against the data contract and list all that is wrong, and all that is doubtful, at once."""

import os
from dataclasses import dataclass

import pandas as pd

from analysis import schema
from analysis.problems import (
    IDENTIFIERS,
    CohortError,
    header_problems,
    hide_identifiers,
    no_problems,
    problems,
    shortened,
    together,
)
from compendium.centre.checks import plausibility, rules
from compendium.centre.intake.raw_tables import RawTable
from compendium.centre.intake.sources import Source, read_source
from compendium.centre.intake.suggestions import MOST, nearest_allowed

__all__ = ["Check", "check_cohort", "checked_tables", "hide_identifiers"]

MOST_LISTED = 10_000
"""The most refused cells of a column that are listed one by one; how many more there are is said."""
_EXAMPLE = "EXAMPLE"


@dataclass(frozen=True)
class Check:
    """What a check found.

    Attributes
    ----------
    tables : dict of str to DataFrame, or None
        The six tables with their types; None if there are errors.
    errors, warnings : DataFrame
        One row per problem: ``file`` as the user sees it, ``row`` (as a spreadsheet counts, the header being row 1; 0
        for the whole file), ``column``, ``value``, ``allowed`` and ``nearest``, a guess at what was meant.
    accounts : DataFrame
        Indexed by table: ``file``, ``rows`` read, ``empty_rows``, ``decimal_commas`` read as points and ``dates`` read
        as months.
    reconstructed : bool
        Whether the rows were reconstructed from published results.
    identifiers : frozenset of str
        The identifiers of patients and centres as written, for `hide_identifiers`.
    """

    tables: dict[str, pd.DataFrame] | None
    errors: pd.DataFrame
    warnings: pd.DataFrame
    accounts: pd.DataFrame
    reconstructed: bool
    identifiers: frozenset[str] = frozenset()


def _refused_cells(frame: pd.DataFrame, table: str, file: str) -> tuple[pd.DataFrame, dict[str, pd.Series]]:
    """List the cells that the schema refuses, and tell for each column with any which rows they are in.

    No more than so many of a column are listed, with a guess at what was meant.
    """
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
        values, near = listed.map(shortened).to_numpy(), [nearest.get(text, "") for text in listed]
        found.append(problems(file, [allowed] * len(listed), listed.index + 2, name, values, near))
        if len(written) > len(listed):
            more = f"{allowed}; {len(written) - len(listed):,} more cells of this column are not"
            found.append(problems(file, more, column=name))
    return together(found).sort_values(["row", "column"], kind="stable"), cells


def _example_rows(frame: pd.DataFrame, file: str) -> tuple[pd.Series, pd.DataFrame]:
    if list(frame.columns).count("patient_id") != 1:
        return pd.Series(False, index=frame.index), no_problems()
    examples = frame["patient_id"].str.startswith(_EXAMPLE, na=False)
    values = frame.loc[examples, "patient_id"].map(shortened)
    text = ["an example row of the template; delete it"] * len(values)
    return examples, problems(file, text, values.index + 2, "patient_id", values.to_numpy())


def _with_types(table: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Give a table its types where cells are missing that may not be."""
    columns = schema.columns_of(table)
    whole = list(columns.index[columns["type"] == "integer"])
    missing = frame[whole].isna()
    typed = schema.with_types(table, frame.assign(**frame[whole].fillna("0")))
    return typed.assign(**{name: typed[name].mask(missing[name]) for name in whole if missing[name].any()})


def _checked_cells(
    raw: RawTable, table: str, file: str
) -> tuple[pd.DataFrame, pd.DataFrame | None, dict[str, pd.Index]]:
    """Check the cells of a table one by one.

    Returns
    -------
    errors : DataFrame
        The cells that are not allowed.
    typed : DataFrame or None
        The table with its types, refused cells being missing, and without a cell in rows that could not be read; None
        if the header is not the contract's.
    gaps : dict of str to Index
        The rows whose cell was taken out, by column.
    """
    examples, errors = _example_rows(raw.frame, file)
    frame = raw.frame[~examples]
    found, cells = _refused_cells(frame, table, file)
    errors = together([errors, found])
    known = [name for name in frame.columns if name in schema.columns_of(table).index]
    if len(header_problems(known, table, file)):
        return errors, None, {}
    frame = frame[known]  # a column too many is reported, and hides nothing else
    gaps = {name: frame.index[rows] for name, rows in cells.items()}
    frame = frame.assign(**{name: frame[name].mask(rows) for name, rows in cells.items()})
    return errors, _with_types(table, frame.reindex([*frame.index, *raw.unread])), gaps


def _elsewhere(found: pd.DataFrame, source: Source, gaps: dict[str, dict[str, pd.Index]]) -> pd.DataFrame:
    """Leave out problems of cells that were taken out: they were refused already, and are not empty."""
    due = pd.Series(False, index=found.index)
    for table, columns in gaps.items():
        for name, rows in columns.items():
            due |= (found["file"] == source.names[table]) & (found["column"] == name) & found["row"].isin(rows + 2)
    return found[~due]


def check_cohort(path: str | os.PathLike[str], tryptase: str | None = None) -> Check:
    """Read a cohort and check it.

    Parameters
    ----------
    path : str or path
        An xlsx file, or a folder with ``<table>.csv`` or ``<table>.parquet`` for each table.
    tryptase : {"sum", "both"}, optional
        How the rise of tryptase that MCAS requires is read, see `plausibility.doubtful`; not checked by default.

    Returns
    -------
    Check
        All errors and warnings at once. Where cells are refused or tables cannot be read, the rules between columns and
        tables are checked among what is left, and what only the gap may have broken is not reported.

    Raises
    ------
    ValueError
        If the reading of the tryptase rule is unknown.
    """
    source = read_source(path)
    errors, tables, gaps = list(source.errors), {}, {}
    for table, raw in source.tables.items():
        found, typed, gaps[table] = _checked_cells(raw, table, source.names[table])
        errors.append(found)
        if typed is not None:
            tables[table] = typed
    between = rules.broken_rules(tables, source.names)
    doubts = plausibility.doubtful(tables, source.names, tryptase)
    errors = together([*errors, _elsewhere(between, source, gaps)])
    warnings = together([*source.warnings, _elsewhere(doubts, source, gaps)])
    if errors.empty and tables["patients"].empty:
        errors = problems(source.names["patients"], "the table has no rows; allowed is at least one patient")
    usable = tables if errors.empty else None
    return Check(usable, errors, warnings, source.accounts, source.reconstructed, _identifiers(source))


def checked_tables(path: str | os.PathLike[str]) -> dict[str, pd.DataFrame]:
    """Read a cohort, check it as `check_cohort` does, and give its tables.

    Parameters
    ----------
    path : str or path
        As for `check_cohort`.

    Returns
    -------
    dict of str to DataFrame
        The six tables with their types.

    Raises
    ------
    CohortError
        If there are errors.
    """
    check = check_cohort(path)
    if check.tables is None:
        raise CohortError(check.errors, check.identifiers)
    return check.tables


def _identifiers(source: Source) -> frozenset[str]:
    """Collect the identifiers as written in any table."""
    columns = [
        raw.frame[name] for raw in source.tables.values() for name in IDENTIFIERS if list(raw.frame).count(name) == 1
    ]
    return frozenset(text for column in columns for text in column.dropna().unique())
