"""Command line: turn a REDCap export into the six tables of a cohort.

``python -m compendium.centre.template.from_redcap EXPORT.csv FOLDER`` reads all data exported as CSV (raw data) from a
project that was made with the data dictionary of `compendium.centre.template.redcap`.
"""

import argparse
import os
import sys
from pathlib import Path

import pandas as pd
import pandera.errors

from analysis import schema
from analysis.problems import CohortError, problems, together
from compendium.centre.intake.csv_tables import read_csv_table
from compendium.centre.intake.files import read_bytes
from compendium.centre.intake.private import write_new
from compendium.centre.intake.raw_tables import Unreadable
from compendium.centre.template.redcap import RECORD, REPEATING, choices, fields
from compendium.files import csv_text

_INSTRUMENT, _INSTANCE = "redcap_repeat_instrument", "redcap_repeat_instance"
# What REDCap adds of its own and no patient's data: the status and the time of a form, user groups, survey names.
_ADDED = {f"{table}_{what}" for table in schema.TABLES for what in ("complete", "timestamp")}
_ADDED |= {"redcap_data_access_group", "redcap_survey_identifier"}


class _Problems:
    def __init__(self, file: str) -> None:
        self.file, self.parts = file, []

    def add(self, cells: pd.Series, column: str, allowed: str) -> None:
        """Add a problem for each of some cells of a column, indexed as the rows of the export."""
        if values := cells.fillna("").astype(str).to_list():
            self.parts.append(problems(self.file, allowed, (cells.index + 2).to_list(), column, values))

    def add_file(self, allowed: str) -> None:
        self.parts.append(problems(self.file, allowed))

    def stop(self) -> None:
        found = together(self.parts)
        if len(found):
            raise CohortError(found.sort_values(["row", "column"], kind="stable", ignore_index=True))


def _read(path: Path, found: _Problems) -> pd.DataFrame:
    """Read the export as texts, indexed as a raw table, and refuse columns that are not those of the project."""
    try:
        # The first table, whose columns every export has; it has no numbers, so that no decimal comma is changed.
        raw = read_csv_table(read_bytes(Path(os.path.realpath(path))), schema.TABLES[0], found.file)
    except Unreadable as reason:
        found.add_file(f"{reason}; export all data as CSV, raw and not labelled")
        found.stop()
    names = list(raw.frame.columns)
    expected = [*fields().index, _INSTRUMENT, _INSTANCE]
    for name in expected:
        if name not in names:
            hint = f"; set up {', '.join(REPEATING)} as repeating instruments" if name in expected[-2:] else ""
            found.add_file(f"column {name} is missing; export all fields, identifiers as well{hint}")
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            found.add_file(f"column {name!r} is there {names.count(name)} times")
        if name not in expected and name not in _ADDED:
            found.add_file(f"column {name!r} is unknown; allowed are the variables of redcap-data-dictionary.csv")
    found.stop()
    found.parts.append(raw.errors)
    return raw.frame


def _check_rows(frame: pd.DataFrame, found: _Problems) -> None:
    """Refuse rows that belong to no record or no instrument, or stand there twice, and values on rows of others."""
    record, instrument, instance = frame[RECORD], frame[_INSTRUMENT].fillna(""), frame[_INSTANCE].fillna("")
    unknown = ~instrument.isin(["", *REPEATING])
    repeats = instrument.ne("") & ~unknown
    bad = (repeats & ~instance.str.fullmatch(r"[1-9]\d*")) | (instrument.eq("") & instance.ne(""))
    twice = pd.concat([record, instrument, instance], axis="columns").duplicated() & record.notna() & ~bad
    one_of = f"empty or one of {', '.join(REPEATING)}, as in an export of raw data"
    number = "a whole number from 1 on a row of a repeating instrument, else empty"
    found.add(record[record.isna()], RECORD, "the identifier of the record")
    found.add(frame.loc[unknown, _INSTRUMENT], _INSTRUMENT, one_of)
    found.add(frame.loc[bad, _INSTANCE], _INSTANCE, number)
    found.add(frame.loc[twice, _INSTANCE], _INSTANCE, "one row for each record, instrument and instance")
    for name, table in fields()["table"].drop(RECORD).items():
        own = table if table in REPEATING else ""
        place = f"the repeating instrument {table}" if own else "the row without a repeating instrument"
        elsewhere = frame[name].notna() & ~unknown & instrument.ne(own)
        found.add(frame.loc[elsewhere, name], name, f"empty on this row; the variable belongs to {place}")


def _decoded(frame: pd.DataFrame, found: _Problems) -> pd.DataFrame:
    decoded = frame.copy()
    for name, column in fields().iterrows():
        codes = choices(column)
        if codes is not None:
            unknown = frame[name].notna() & ~frame[name].isin(list(codes))
            found.add(frame.loc[unknown, name], name, f"one of the codes {', '.join(codes)}")
            decoded[name] = frame[name].map(codes)
    return decoded


def _table(table: str, frame: pd.DataFrame, found: _Problems) -> pd.DataFrame:
    """Take the rows of one table out of the export and check each value by itself; required ones may still be empty."""
    variables = fields().query("table == @table").drop(index=RECORD, errors="ignore")["column"]
    rows = frame[frame[_INSTRUMENT].fillna("").eq(table if table in REPEATING else "")]
    if table not in REPEATING and table != schema.TABLES[0]:  # of the first table every record is a row
        rows = rows[rows[list(variables.index)].notna().any(axis="columns")]
    columns = schema.columns_of(table)
    rows = rows[[RECORD, *variables.index]].rename(columns=variables)[list(columns.index)]
    names = {column: variable for variable, column in variables.items()} | {RECORD: RECORD}
    checks = schema.table_schema(table).update_columns({name: {"nullable": True} for name in rows})
    try:
        checks.validate(rows, lazy=True)
    except pandera.errors.SchemaErrors as errors:
        for name, cases in errors.failure_cases.groupby("column"):
            cells = cases.set_index(cases["index"].astype(int))["failure_case"]
            found.add(cells, names[name], schema.describe_allowed(columns.loc[name]))
    return rows


def tables_from_export(path: Path) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """Read a REDCap export as six tables of texts, and name REDCap's own columns; problems are a `CohortError`."""
    found = _Problems(path.name)
    frame = _read(path, found)
    _check_rows(frame, found)
    decoded = _decoded(frame, found)
    tables = {table: _table(table, decoded, found) for table in schema.TABLES}
    found.stop()
    return tables, [name for name in frame if name in _ADDED]


def main(arguments: list[str] | None = None) -> None:
    """Run the command line, by default with the arguments of the process."""
    what = "Turn a REDCap export into the six tables of a cohort."
    parser = argparse.ArgumentParser(prog="make redcap", description=what)
    parser.add_argument("export", metavar="EXPORT", type=Path, help="all data as CSV, raw")
    parser.add_argument("out", metavar="FOLDER", type=Path, help="folder for the six CSV files")
    options = parser.parse_args(arguments)
    try:
        tables, left_out = tables_from_export(options.export)
        contents = {f"{table}.csv": csv_text(frame).encode() for table, frame in tables.items()}
        states = write_new(options.out, contents)
    except (CohortError, OSError) as error:
        sys.exit(str(error))
    for (name, state), frame in zip(states.items(), tables.values(), strict=True):
        print(f"{state:>9}  {options.out / name}, {len(frame)} rows")
    if left_out:
        print(f"Left out, since REDCap adds them of its own: {', '.join(left_out)}.")
    print(f"Check it: make check COHORT={options.out}")


if __name__ == "__main__":
    main()
