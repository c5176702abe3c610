"""Command line: turn a REDCap export into the six tables of a cohort.

``python -m compendium.centre.template.from_redcap EXPORT.csv FOLDER`` reads all data exported as CSV (raw data) from a
project that was made with the data dictionary of `compendium.centre.template.redcap`.
"""

import argparse
import os
import sys
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pandera.errors

from analysis import schema
from analysis.problems import CohortError, problems, together
from compendium.centre.checks.further import VISITS
from compendium.centre.checks.table_schema import table_schema
from compendium.centre.intake.csv_tables import csv_texts, with_clear_numbers
from compendium.centre.intake.files import read_bytes, write_new
from compendium.centre.intake.mapping import LEAVE_OUT, Mapping, read_mapping
from compendium.centre.intake.raw_tables import Unreadable, checked_header
from compendium.centre.template.redcap import RECORD, REPEATING, choices, fields
from compendium.centre.template.texts import terms
from compendium.files import csv_text

_RAW = "export all data as CSV, raw and not labelled"
_INSTRUMENT, _INSTANCE, _EVENT = "redcap_repeat_instrument", "redcap_repeat_instance", "redcap_event_name"
_SEVERAL = "courses"  # an instrument that may repeat, where a patient has several courses
# What REDCap adds of its own and no patient's data: the status and the time of a form, user groups, survey names.
_ADDED = {f"{table}_{what}" for table in (*schema.TABLES, VISITS) for what in ("complete", "timestamp")}
_ADDED |= {"redcap_data_access_group", "redcap_survey_identifier", _EVENT}


class _Problems:
    def __init__(self, file: str) -> None:
        self.file, self.parts = file, []

    def add(self, cells: pd.Series, column: str, allowed: str) -> None:
        """Add a problem for each of some cells of a column, indexed as the rows of the export."""
        if values := cells.fillna("").astype(str).to_list():
            self.parts.append(problems(self.file, allowed, (cells.index + 2).to_list(), column, values))

    def add_file(self, allowed: str) -> None:
        """Add a problem of the file as a whole."""
        self.parts.append(problems(self.file, allowed))

    def stop(self) -> None:
        """Raise a CohortError of all problems, if there are any."""
        found = together(self.parts)
        if len(found):
            raise CohortError(found.sort_values(["row", "column"], kind="stable", ignore_index=True))


def _read(path: Path, found: _Problems, mapping: Mapping, leave_out: Collection[str]) -> pd.DataFrame:
    """Read the export as texts, indexed as a raw table, and refuse columns that are not those of the project."""
    labels, kinds = {_plain(meaning) for meaning in fields()["meaning"]}, fields()["type"]

    def checked(names: list[str]) -> list[str]:
        if sum(_plain(name) in labels for name in names) > len(names) / 3:
            raise Unreadable("the first row holds labels of fields and not their names")
        return checked_header(mapping.names(None)(names), schema.TABLES[0])

    try:
        content = read_bytes(Path(os.path.realpath(path)))
        if content.startswith((b"PK", b"\xd0\xcf")):
            raise Unreadable("this is a workbook or an archive")
        raw, separator = csv_texts(content, found.file, checked)
    except Unreadable as reason:
        found.add_file(f"{reason}; {_RAW}")
        found.stop()
    frame = raw.frame.loc[:, [name != LEAVE_OUT and _base(name) not in leave_out for name in raw.frame]]
    optional = [one.Index for one in fields().itertuples() if (one.table, one.column) in schema.OPTIONAL]
    optional += list(fields().index[fields()["table"] == VISITS])  # of projects that are older than this instrument
    frame = frame.assign(**{name: None for name in optional if name not in frame})
    names = list(frame.columns)
    expected = [*fields().index, _INSTRUMENT, _INSTANCE]
    for name in expected:
        if name not in names:
            hint = f"; set up {', '.join(REPEATING)} as repeating instruments" if name in expected[-2:] else ""
            found.add_file(f"column {name} is missing; export all fields, identifiers as well{hint}")
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            found.add_file(f"column {name!r} is there {names.count(name)} times")
    unknown = [name for name in dict.fromkeys(names) if name not in expected and name not in _ADDED]
    if unknown:
        many = f"columns {', '.join(map(repr, unknown))} are" if len(unknown) > 1 else f"column {unknown[0]!r} is"
        given = " ".join(dict.fromkeys([*leave_out, *map(_base, unknown)]))
        found.add_file(
            f"{many} unknown; allowed are the variables of redcap-data-dictionary.csv: export without the others, or "
            f'leave them out by name: make redcap ... LEAVE_OUT="{given}"'
        )
    found.stop()
    numbers = [name for name in names if kinds.get(name) in ("integer", "number", "score")]
    raw = with_clear_numbers(replace(raw, frame=mapping.values(None, frame)), numbers, found.file, separator)
    found.parts.append(raw.errors)
    return raw.frame


def _plain(label: str) -> str:
    return " ".join(label.casefold().split())


def _base(name: str) -> str:
    """Name the field of a column, which for a field of boxes to be ticked is one of several."""
    return name.partition("___")[0]


def _refuse_labels(frame: pd.DataFrame, found: _Problems) -> None:
    """Refuse an export of labels in the place of codes as a whole, and not each cell of it."""
    for name, column in fields().iterrows():
        codes, values = choices(column) or {}, set(frame[name].dropna())
        labels = sorted(values.difference(codes))
        if codes and labels and values <= set(terms(column)["meaning"]):
            example = f"such as {labels[0]!r} in the column {name}"
            found.add_file(f"the file holds labels and not codes, {example}; {_RAW}")
            found.stop()


def _check_rows(frame: pd.DataFrame, found: _Problems) -> None:
    """Refuse rows that belong to no record or no instrument, or stand there twice, and values on rows of others."""
    record, instrument, instance = frame[RECORD], frame[_INSTRUMENT].fillna(""), frame[_INSTANCE].fillna("")
    event = frame[_EVENT] if _EVENT in frame else record.isna()
    unknown = ~instrument.isin(["", *REPEATING, _SEVERAL])
    repeats = instrument.ne("") & ~unknown
    bad = (repeats & ~instance.str.fullmatch(r"[1-9]\d*")) | (instrument.eq("") & instance.ne(""))
    twice = pd.concat([record, event, instrument, instance], axis="columns").duplicated() & record.notna() & ~bad
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
        elsewhere &= (table != _SEVERAL) | instrument.ne(_SEVERAL)
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
    instrument = frame[_INSTRUMENT].fillna("")
    rows = frame[instrument.eq(table if table in REPEATING else "") | (instrument.eq(table) & (table == _SEVERAL))]
    if table not in REPEATING:
        filled = rows[list(variables.index)].notna().any(axis="columns")
        if table == schema.TABLES[0]:  # of which every record is a row, whatever its events hold
            filled |= ~rows[RECORD].isin(rows.loc[filled, RECORD]) & ~rows[RECORD].duplicated()
        rows = rows[filled]
    columns = schema.columns_of(table)
    rows = rows[[RECORD, *variables.index]].rename(columns=variables)[list(columns.index)]
    names = {column: variable for variable, column in variables.items()} | {RECORD: RECORD}
    checks = table_schema(table).update_columns({name: {"nullable": True} for name in rows})
    try:
        checks.validate(rows, lazy=True)
    except pandera.errors.SchemaErrors as errors:
        for name, cases in errors.failure_cases.groupby("column"):
            cells = cases.set_index(cases["index"].astype(int))["failure_case"]
            found.add(cells, names[name], schema.describe_allowed(columns.loc[name]))
    return rows


def tables_from_export(
    path: Path, mapping: Mapping | None = None, leave_out: Collection[str] = ()
) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """Read a REDCap export as six tables of texts, and name REDCap's own columns; problems are a `CohortError`.

    A mapping gives the variables of the dictionary for the names of the project, and their codes for its own; columns
    named in ``leave_out`` are not read.
    """
    found, mapping = _Problems(path.name), mapping or Mapping()
    found.parts.append(mapping.errors)
    found.stop()
    frame = _read(path, found, mapping, leave_out)
    _refuse_labels(frame, found)
    _check_rows(frame, found)
    decoded = _decoded(frame, found)
    tables = {table: _table(table, decoded, found) for table in (*schema.TABLES, VISITS)}
    if tables[VISITS].empty:
        del tables[VISITS]
    found.stop()
    return tables, [name for name in frame if name in _ADDED]


def main(arguments: list[str] | None = None) -> None:
    """Run the command line, by default with the arguments of the process."""
    what = "Turn a REDCap export into the six tables of a cohort."
    parser = argparse.ArgumentParser(prog="make redcap", description=what)
    parser.add_argument("export", metavar="EXPORT", type=Path, help="all data as CSV, raw")
    parser.add_argument("out", metavar="FOLDER", type=Path, help="folder for the six CSV files")
    parser.add_argument("--leave-out", default="", metavar="NAMES", help="columns that are not to be read")
    parser.add_argument("--mapping", type=Path, help="a CSV file of own names and codes, and those of the dictionary")
    options = parser.parse_args(arguments)
    try:
        mapping = read_mapping(options.mapping, contract=False) if options.mapping else Mapping()
        leave_out = options.leave_out.replace(",", " ").split()
        tables, left_out = tables_from_export(options.export, mapping, leave_out)
        contents = {f"{table}.csv": csv_text(frame).encode() for table, frame in tables.items()}
        states = write_new(options.out, contents)
    except (CohortError, OSError) as error:
        sys.exit(str(error))
    for (name, state), frame in zip(states.items(), tables.values(), strict=True):
        print(f"{state:>9}  {options.out / name}, {len(frame)} rows")
    if left_out:
        print(f"Left out, since REDCap adds them of its own: {', '.join(left_out)}.")
    if leave_out:
        print(f"Left out, as asked for: {', '.join(leave_out)}.")
    for line in mapping.accounts.itertuples():
        where = f"cells of {line.column}" if line.column else "columns"
        print(f"Mapped: {line.own} to {line.ours} in {line.cells} {where}.")
    print(f"Check it: make check COHORT={options.out}")


if __name__ == "__main__":
    main()
