"""Command line: turn a REDCap export into the six tables of a cohort.

``python -m compendium.centre.template.from_redcap EXPORT.csv FOLDER`` reads all data exported as CSV (raw data) from a
project that was made with the data dictionary of `compendium.centre.template.redcap`.
"""

import argparse
import os
import sys
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
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
from compendium.centre.intake.raw_tables import RawTable, Unreadable, cell_problems, checked_header
from compendium.centre.template.redcap import RECORD, REPEATING, choices, fields
from compendium.centre.template.texts import terms
from compendium.files import csv_text

_RAW = "export all data as CSV, raw and not labelled"
_INSTRUMENT, _INSTANCE, _EVENT = "redcap_repeat_instrument", "redcap_repeat_instance", "redcap_event_name"
_SEVERAL = "courses"  # an instrument that may repeat, where a patient has several courses
# What REDCap adds of its own and no patient's data: the status and the time of a form, user groups, survey names.
_ADDED = {f"{table}_{what}" for table in (*schema.TABLES, VISITS) for what in ("complete", "timestamp")}
_ADDED |= {"redcap_data_access_group", "redcap_survey_identifier", _EVENT}


def _stop(found: Iterable[pd.DataFrame]) -> None:
    """Raise a CohortError of all problems, if there are any."""
    if len(wrong := together(list(found))):
        raise CohortError(wrong.sort_values(["row", "column"], kind="stable", ignore_index=True))


def _texts(path: Path, mapping: Mapping) -> tuple[RawTable, str]:
    """Read the export as texts, and tell what separates its cells."""
    labels = {_plain(meaning) for meaning in fields()["meaning"]}

    def checked(names: list[str]) -> list[str]:
        if sum(_plain(name) in labels for name in names) > len(names) / 3:
            raise Unreadable("the first row holds labels of fields and not their names")
        return checked_header(mapping.names(None)(names), schema.TABLES[0])

    try:
        content = read_bytes(Path(os.path.realpath(path)))
        if content.startswith((b"PK", b"\xd0\xcf")):
            raise Unreadable("this is a workbook or an archive")
        return csv_texts(content, path.name, checked)
    except Unreadable as reason:
        raise CohortError(problems(path.name, f"{reason}; {_RAW}")) from reason


def _wrong_columns(names: list[str], leave_out: Collection[str]) -> Iterator[str]:
    """Say which columns are not those of the project."""
    expected = [*fields().index, _INSTRUMENT, _INSTANCE]
    for name in expected:
        if name not in names:
            hint = f"; set up {', '.join(REPEATING)} as repeating instruments" if name in expected[-2:] else ""
            yield f"column {name} is missing; export all fields, identifiers as well{hint}"
    for name, count in Counter(names).items():
        if count > 1:
            yield f"column {name!r} is there {count} times"
    unknown = [name for name in dict.fromkeys(names) if name not in expected and name not in _ADDED]
    if unknown:
        many = f"columns {', '.join(map(repr, unknown))} are" if len(unknown) > 1 else f"column {unknown[0]!r} is"
        given = " ".join(dict.fromkeys([*leave_out, *map(_base, unknown)]))
        yield (
            f"{many} unknown; allowed are the variables of redcap-data-dictionary.csv: export without the others, or "
            f'leave them out by name: make redcap ... LEAVE_OUT="{given}"'
        )


def _read(path: Path, mapping: Mapping, leave_out: Collection[str]) -> RawTable:
    """Read the export without what is left out, and refuse columns that are not those of the project."""
    raw, separator = _texts(path, mapping)
    frame = raw.frame.loc[:, [name != LEAVE_OUT and _base(name) not in leave_out for name in raw.frame]]
    optional = [name for name, one in fields().iterrows() if (one["table"], one["column"]) in schema.OPTIONAL]
    optional += fields().query("table == @VISITS").index.to_list()  # of projects that are older than this instrument
    frame = frame.assign(**{name: None for name in optional if name not in frame})
    _stop(problems(path.name, wrong) for wrong in _wrong_columns(list(frame), leave_out))
    kinds = fields()["type"]
    numbers = [name for name in frame if kinds.get(name) in ("integer", "number", "score")]
    return with_clear_numbers(replace(raw, frame=mapping.values(None, frame)), numbers, path.name, separator)


def _plain(label: str) -> str:
    return " ".join(label.casefold().split())


def _base(name: str) -> str:
    """Name the field of a column, which for a field of boxes to be ticked is one of several."""
    return name.partition("___")[0]


def _labels(frame: pd.DataFrame) -> Iterator[str]:
    """Say where an export holds labels in the place of codes, which is wrong as a whole and not in each cell."""
    for name, column in fields().iterrows():
        codes, values = choices(column) or {}, set(frame[name].dropna())
        labels = sorted(values.difference(codes))
        if codes and labels and values <= set(terms(column)["meaning"]):
            yield f"the file holds labels and not codes, such as {labels[0]!r} in the column {name}; {_RAW}"


def _wrong_rows(frame: pd.DataFrame, file: str) -> Iterator[pd.DataFrame]:
    """Refuse rows that belong to no record or no instrument, or stand there twice, and values on rows of others."""
    record, instrument, instance = frame[RECORD], frame[_INSTRUMENT].fillna(""), frame[_INSTANCE].fillna("")
    event = frame[_EVENT] if _EVENT in frame else record.isna()
    unknown = ~instrument.isin(["", *REPEATING, _SEVERAL])
    repeats = instrument.ne("") & ~unknown
    bad = (repeats & ~instance.str.fullmatch(r"[1-9]\d*")) | (instrument.eq("") & instance.ne(""))
    twice = pd.concat([record, event, instrument, instance], axis="columns").duplicated() & record.notna() & ~bad
    one_of = f"empty or one of {', '.join(REPEATING)}, as in an export of raw data"
    for wrong, column, allowed in (
        (record.isna(), RECORD, "the identifier of the record"),
        (unknown, _INSTRUMENT, one_of),
        (bad, _INSTANCE, "a whole number from 1 on a row of a repeating instrument, else empty"),
        (twice, _INSTANCE, "one row for each record, instrument and instance"),
    ):
        yield cell_problems(frame.loc[wrong, column], file, allowed)
    for name, table in fields()["table"].drop(RECORD).items():
        own = table if table in REPEATING else ""
        place = f"the repeating instrument {table}" if own else "the row without a repeating instrument"
        elsewhere = frame[name].notna() & ~unknown & instrument.ne(own)
        elsewhere &= (table != _SEVERAL) | instrument.ne(_SEVERAL)
        yield cell_problems(frame.loc[elsewhere, name], file, f"empty on this row; the variable belongs to {place}")


def _decoded(frame: pd.DataFrame, file: str) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Turn codes into values of the contract, and refuse those that are none."""
    decoded, found = {}, []
    for name, column in fields().iterrows():
        codes = choices(column)
        if codes is not None:
            unknown = frame[name].notna() & ~frame[name].isin(list(codes))
            found.append(cell_problems(frame.loc[unknown, name], file, f"one of the codes {', '.join(codes)}"))
            decoded[name] = frame[name].map(codes)
    return frame.assign(**decoded), found


def _table(table: str, frame: pd.DataFrame, file: str, found: list[pd.DataFrame]) -> pd.DataFrame:
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
            found.append(cell_problems(cells, file, schema.describe_allowed(columns.loc[name]), names[name]))
    return rows


def tables_from_export(
    path: Path, mapping: Mapping | None = None, leave_out: Collection[str] = ()
) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """Read a REDCap export as six tables of texts, and name REDCap's own columns; problems are a `CohortError`.

    A mapping gives the variables of the dictionary for the names of the project, and their codes for its own; columns
    named in ``leave_out`` are not read.
    """
    mapping, file = mapping or Mapping(), path.name
    _stop([mapping.errors])
    raw = _read(path, mapping, leave_out)
    if told := next(iter(_labels(raw.frame)), ""):
        _stop([raw.errors, problems(file, told)])
    decoded, unknown = _decoded(raw.frame, file)
    found = [raw.errors, *_wrong_rows(raw.frame, file), *unknown]
    tables = {table: _table(table, decoded, file, found) for table in (*schema.TABLES, VISITS)}
    if tables[VISITS].empty:
        del tables[VISITS]
    _stop(found)
    return tables, [name for name in raw.frame if name in _ADDED]


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
