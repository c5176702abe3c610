"""Check a cohort against the data contract and list all that is wrong, and all that is doubtful, at once."""

import datetime
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from analysis import schema
from analysis.problems import (
    IDENTIFIERS,
    CohortError,
    header_problems,
    hide_identifiers,
    nearest_name,
    problems,
    shortened,
    together,
)
from compendium.centre.checks import plausibility, rules
from compendium.centre.checks.further import COURSE, SAMPLE, VISIT, VISITS, from_visits, one_of_each
from compendium.centre.intake.mapping import COLUMNS, Mapping, read_mapping
from compendium.centre.intake.raw_tables import RawTable, cell_problems
from compendium.centre.intake.sources import read_source
from compendium.centre.intake.suggestions import MOST, advice, nearest_allowed
from compendium.centre.intake.terms import one_term, term_list

__all__ = ["Check", "check_cohort", "checked_tables", "hide_identifiers"]

MOST_LISTED = 10_000  # the most refused cells of a column that are listed one by one; how many more there are is said
_EXAMPLE = "EXAMPLE"
_LIMIT = "a level alone; one beyond a limit of detection is read as that limit"


@dataclass(frozen=True)
class Check:
    """What a check found.

    A problem is a row with ``file`` as the user sees it, ``row`` (as a spreadsheet counts, the header being row 1; 0
    for the whole file), ``column``, ``value``, ``allowed`` and ``nearest``, a guess at what was meant. The accounts are
    for each table the ``file``, ``rows`` read, and the counts of `sources.COUNTED`. ``mapped`` are the lines of the
    mapping with the ``cells`` they were used for, ``proposed`` the lines of one that the cohort would need, ``terms``
    the adverse events (``entered``, ``term``) that were read under the name that the list of terms has for them,
    ``counted`` what the rules for several courses, samples and visits chose, in sentences that begin with their names.
    """

    tables: dict[str, pd.DataFrame] | None  # the six tables with their types; None if there are errors
    errors: pd.DataFrame
    warnings: pd.DataFrame
    accounts: pd.DataFrame
    reconstructed: bool  # whether the rows were reconstructed from published results
    identifiers: frozenset[str] = frozenset()  # of patients and centres as written, for `hide_identifiers`
    mapped: pd.DataFrame = field(default_factory=pd.DataFrame)
    proposed: pd.DataFrame = field(default_factory=pd.DataFrame)
    terms: pd.DataFrame = field(default_factory=pd.DataFrame)
    counted: tuple[str, ...] = ()


def _refused_cells(frame: pd.DataFrame, table: str, file: str) -> tuple[pd.DataFrame, dict[str, pd.Series]]:
    """List the cells that the schema refuses, with a guess at what was meant, and give their rows by column."""
    found, cells = [], schema.refused_cells(frame, table)
    for name, refused in cells.items():
        contract = schema.columns_of(table).loc[name]
        written, allowed = frame.loc[refused, name].fillna(""), schema.describe_allowed(contract)
        few = written[written != ""].drop_duplicates().head(MOST)
        guesses = pd.Series([nearest_allowed(text, contract) for text in few], dtype="str")
        nearest = dict(zip(few, guesses.mask(schema.refused(guesses, contract), ""), strict=True))
        hints = {text: f"{allowed}: {hint}" for text in few if not nearest[text] and (hint := advice(text, contract))}
        listed = written.head(MOST_LISTED)
        told = cell_problems(listed.map(shortened), file, [hints.get(text, allowed) for text in listed])
        found.append(told.assign(nearest=[nearest.get(text, "") for text in listed]))
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


def _checked_cells(raw: RawTable, table: str, file: str) -> tuple[pd.DataFrame, pd.DataFrame | None, pd.DataFrame]:
    """Check the cells of a table: errors, the table with types where refused cells are missing, and these cells."""
    frame, examples = raw.frame, together()
    if list(frame).count("patient_id") == 1:
        names = frame["patient_id"]
        example = names.str.startswith(_EXAMPLE, na=False)
        if example.any():
            examples = cell_problems(names[example].map(shortened), file, "an example row of the template; delete it")
            frame = frame[~example]
    found, cells = _refused_cells(frame, table, file)
    found = together([examples, found])
    known = list(frame.columns[frame.columns.isin(schema.columns_of(table).index)])
    if len(header_problems(known, table, file)):
        return found, None, together()
    frame = frame[known]  # a column too many is reported, and hides nothing else
    unclear = raw.errors[raw.errors["column"].isin(known) & (raw.errors["row"] > 1)]
    for name, cells_of in unclear.groupby("column"):
        cells[name] = cells.get(name, False) | pd.Series(frame.index.isin(cells_of["row"] - 2), frame.index)
    gaps = together([problems(file, "", frame.index[rows] + 2, name) for name, rows in cells.items()])
    frame = frame.assign(**{name: frame[name].mask(rows) for name, rows in cells.items()})
    typed = _with_types(table, frame.reindex([*frame.index, *raw.unread]) if raw.unread else frame)
    return _elsewhere(found, unclear), typed, gaps


def _elsewhere(found: pd.DataFrame, gaps: pd.DataFrame) -> pd.DataFrame:
    """Leave out problems of cells that were taken out: they were refused already, and are not empty."""
    if gaps.empty:
        return found
    cells, taken_out = (pd.MultiIndex.from_frame(one[["file", "column", "row"]]) for one in (found, gaps))
    return found[~cells.isin(taken_out)]


def _read_limits(raw: RawTable, file: str) -> None:
    """Read a level beyond a limit of detection, such as <1 or >200, as that limit, with a warning."""
    if list(raw.frame).count("value") != 1:
        return
    levels = raw.frame["value"]
    given = levels.drop_duplicates().dropna()
    found = given.str.extract(r"^\s*[<>≤≥]=?\s*([0-9]+(?:[.,][0-9]{1,2})?)\s*$")[0].dropna()
    limits = dict(zip(given[found.index], found.str.replace(",", "."), strict=True))
    beyond = levels.isin(list(limits))
    if beyond.any():
        raw.frame = raw.frame.assign(value=levels.where(~beyond, levels.map(limits)))
        raw.limits = int(beyond.sum())
        raw.warnings = together([raw.warnings, cell_problems(levels[beyond], file, _LIMIT)])


def _one_term_each(events: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give each adverse event its one name, and list what was entered for those of the list."""
    terms, details = one_term(events["term"]), one_term(events["detail"], listed=False)
    changed = pd.DataFrame({"entered": events["term"], "term": terms})
    changed = changed[(changed["entered"] != changed["term"]) & changed["term"].isin(term_list()["term"])]
    return events.assign(term=terms, detail=details), changed.drop_duplicates().sort_values(["term", "entered"])


def _proposed(table: str, frame: pd.DataFrame, found: pd.DataFrame) -> Iterator[tuple[str, str, str, str, int]]:
    """Propose lines of a mapping: for columns that the contract does not know, and codes in place of its words."""
    columns = schema.columns_of(table)
    missing = [name for name in columns.index if name not in frame]
    for name in dict.fromkeys(frame):
        if name not in columns.index:
            yield table, "", name, nearest_name(name, missing), int(frame[name].notna().sum().max())
    found = found[(found["value"] != "") & (found["row"] > 1)]
    coded = columns.index[columns["type"].isin(["category", "grade"]) | columns["allowed"].ne("")]
    for name in coded[coded.isin(found["column"])]:
        for (own, near), cells in found[found["column"] == name].groupby(["value", "nearest"], sort=False):
            yield table, name, own, near, len(cells)


def check_cohort(
    path: str | os.PathLike[str],
    tryptase: str | None = None,
    mapping: str | os.PathLike[str] | None = None,
    today: datetime.date | None = None,
    course: str = COURSE[0],
    sample: str = SAMPLE[0],
    visit: str = VISIT[0],
) -> Check:
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
    mapping : str or path, optional
        A CSV file of the centre's own names and codes, see `mapping`.
    today : date, optional
        The day after whose month nothing can have happened; that of the clock by default.
    course, sample : {"first", "last"}
        Which of several courses of a patient, and of several samples on therapy, counts: the first course and the last
        sample by default.
    visit : {"score", "response"}
        Which of several visits is that of the best response, see `checks.further`.
    """
    today = today or datetime.date.today()
    given = read_mapping(Path(mapping)) if mapping is not None else Mapping()
    source = read_source(path, given)
    errors, tables, gaps, proposed, terms = [given.errors, *source.errors], {}, [], [], pd.DataFrame()
    if "laboratory" in source.tables:
        _read_limits(source.tables["laboratory"], source.names["laboratory"])
    for table, raw in source.tables.items():
        found, typed, taken_out = _checked_cells(raw, table, source.names[table])
        errors.append(found)
        gaps.append(taken_out)
        proposed += _proposed(table, raw.frame, found)
        if typed is not None:
            tables[table] = typed
    if "adverse_events" in tables:
        tables["adverse_events"], terms = _one_term_each(tables["adverse_events"])
    tables, set_aside, counted = one_of_each(tables, source.names, course, sample)
    unread = VISITS not in tables and any((found["file"] == source.names.get(VISITS)).any() for found in errors)
    visits = from_visits(tables, source.names, today, visit, together(gaps), unread)
    tables, gaps = visits.tables, together([*gaps, *visits.gaps])
    between = rules.broken_rules(tables, source.names, today)
    doubts = plausibility.doubtful(tables, source.names, tryptase)
    errors = together([*errors, visits.errors, _elsewhere(between, gaps)])
    seen = [raw.warnings for raw in source.tables.values()]
    warnings = together([*seen, *source.warnings, given.unused, set_aside, visits.warnings, _elsewhere(doubts, gaps)])
    if errors.empty and tables["patients"].empty:
        errors = problems(source.names["patients"], "the table has no rows; allowed is at least one patient")
    frames = [raw.frame for raw in source.tables.values()]
    names = [frame[name] for frame in frames for name in IDENTIFIERS if list(frame).count(name) == 1]
    identifiers = frozenset(text for column in names for text in column.dropna().unique())
    proposed = pd.DataFrame(proposed, columns=[*COLUMNS, "cells"])
    proposed = proposed[~proposed["own"].isin(identifiers)]
    proposed = pd.concat([given.accounts, proposed], ignore_index=True) if len(proposed) else proposed
    usable, counted = (tables if errors.empty else None), tuple(filter(None, [*counted, visits.line]))
    about = (source.accounts, source.reconstructed, identifiers, given.accounts, proposed, terms, counted)
    return Check(usable, errors, warnings, *about)


def checked_tables(path: str | os.PathLike[str]) -> dict[str, pd.DataFrame]:
    """Read a cohort, check it as `check_cohort` does, and give its six tables with types; else a `CohortError`."""
    check = check_cohort(path)
    if check.tables is None:
        raise CohortError(check.errors, check.identifiers)
    return check.tables
