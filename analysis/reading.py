"""Read the six tables of a cohort from a folder and check them against the columns of the contract.

Distinct values are checked, not cells: a million cells hold few values. Spreadsheets, other kinds of CSV, rules across
tables and what is doubtful are for `compendium.centre`, which checks whatever a centre gives before a build.
"""

import csv
import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv
from pyarrow import parquet

from analysis import schema
from analysis.problems import IDENTIFIERS, CohortError, header_problems, problems, shortened, together

OWN_SYMPTOMS = "own_symptoms.csv"  # the file of a cohort with symptoms that the contract has not
DATA_PACKAGE = "datapackage.json"  # the file of a cohort that may say that its rows were reconstructed

_GIVE = (
    f"a folder with a CSV file (UTF-8, commas) or a Parquet file for each of the tables {', '.join(schema.TABLES)}; "
    "spreadsheets and other CSV files are read, and the rules across tables checked, by make check COHORT=... and "
    "make paper COHORT=..."
)


def csv_rows(
    content: bytes, width: int, separator: str = ","
) -> tuple[pa.Table, np.ndarray, dict[int, tuple[int, str]]]:
    """Read the rows of a CSV file in UTF-8 as texts, its header being one of them; else an `ArrowException` is raised.

    First come the rows of the width asked for, in which an empty cell is missing and columns are numbered, since names
    may be there twice; then where each stands in the file, counting from 1; last the other rows by number: how many
    cells they have, and their text. An empty line has one cell.
    """
    uneven: dict[int, tuple[int, str]] = {}

    def keep_aside(row: arrow_csv.InvalidRow) -> str:
        uneven[row.number] = row.actual_columns, row.text
        return "skip"

    places = [str(place) for place in range(width)]
    rows = arrow_csv.read_csv(
        pa.BufferReader(content),
        # One block and one thread, so that rows have their numbers.
        arrow_csv.ReadOptions(use_threads=False, block_size=len(content) + 1, column_names=places),
        arrow_csv.ParseOptions(
            delimiter=separator, newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=keep_aside
        ),
        arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(places, pa.large_string()), null_values=[""], strings_can_be_null=True
        ),
    )
    numbers = np.delete(np.arange(1, 1 + len(rows) + len(uneven)), np.array(list(uneven), dtype=int) - 1)
    return rows, numbers, uneven


def _text(value: object) -> str | None:
    """Write a value of a typed column as a CSV file has it: whole numbers without decimals, nothing for none."""
    if isinstance(value, bytes):
        raise TypeError("bytes are no text")
    return (f"{value:.0f}" if isinstance(value, float | np.floating) and value.is_integer() else str(value)) or None


def _frame(rows: pa.Table, names: list[str], numbers: np.ndarray) -> pd.DataFrame:
    """Make a frame of texts, each column a categorical of its distinct values, and leave out rows without any."""
    columns = []
    for column in rows.columns:
        coded = column.combine_chunks()
        coded = coded if pa.types.is_dictionary(coded.type) else coded.dictionary_encode()
        values = coded.dictionary.to_numpy(zero_copy_only=False)  # so that a third of 32 bits stays 0.33333334
        codes, texts = pd.factorize(np.array([_text(value) for value in values], dtype=object))
        places = pc.fill_null(coded.indices.cast(pa.int64()), len(codes)).to_numpy()
        columns.append(pd.Categorical.from_codes(np.append(codes, -1)[places], pd.Index(texts, dtype="str")))
    frame = pd.DataFrame(dict(enumerate(columns)), numbers).set_axis(names, axis="columns")
    given = np.logical_or.reduce([column.codes >= 0 for column in columns])
    return frame if given.all() else frame[given]


def _checked_header(names: list[str], table: str, file: str) -> pd.DataFrame:
    """List what is wrong with the column names; without any of the contract, they may be the cells of a patient."""
    expected = list(schema.columns_of(table).index)
    if set(names).isdisjoint(expected):
        text = f"no column name of the contract; allowed is a header, separated by commas: {', '.join(expected)}"
        raise CohortError(problems(file, text, 1))
    return header_problems(names, table, file)


def _read_csv(path: Path, table: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    content = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    header = content.decode("utf-8").partition("\n")[0]
    if not header.strip():
        raise CohortError(problems(path.name, "row 1 is empty; allowed is a header with the column names"))
    names = next(csv.reader([header]))
    found = [_checked_header(names, table, path.name)]
    rows, numbers, uneven = csv_rows(content, len(names))
    for row, (count, text) in uneven.items():
        if text.strip(',"'):
            found.append(problems(path.name, f"the row has {count} cells and the header {len(names)}", row))
    return _frame(rows.slice(1), names, numbers[1:]), together(found)


def _read_parquet(path: Path, table: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    rows = parquet.ParquetFile(path).read()
    found = _checked_header(rows.column_names, table, path.name)
    return _frame(rows, rows.column_names, np.arange(2, 2 + len(rows))), found


def _read_table(path: Path, table: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read one table: texts, indexed by the row that a spreadsheet shows, and what is wrong with the file."""
    if not path.is_file():
        raise CohortError(problems(path.name, f"the file is missing from {path.parent}"))
    if path.suffix != ".csv" and path.with_suffix(".csv").exists():
        raise CohortError(problems(path.name, f"{table}.csv is there too; allowed is one file for each table"))
    try:
        return (_read_csv if path.suffix == ".csv" else _read_parquet)(path, table)
    except UnicodeDecodeError as error:
        text = f"byte {error.start + 1} is not UTF-8; allowed is a CSV table in UTF-8"
    except (OSError, pa.ArrowException, StopIteration, csv.Error, LookupError, TypeError, ValueError) as error:
        if isinstance(error, CohortError):
            raise
        text = "the file cannot be read; allowed is a CSV table in UTF-8 with commas, or a Parquet table"
    raise CohortError(problems(path.name, text))


def _without_refused(frame: pd.DataFrame, table: str, file: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Check the cells of one table; gives the table with the refused ones taken out, and these."""
    found = []
    for name, cells in schema.refused_cells(frame, table).items():
        written = frame.loc[cells, name].astype("str").fillna("").map(shortened)
        allowed = schema.describe_allowed(schema.columns_of(table).loc[name])
        found.append(problems(file, allowed, written.index, name, written.to_numpy()))
        frame = frame.assign(**{name: frame[name].mask(cells)})
    return frame, together(found)


def first_alike(frame: pd.DataFrame) -> pd.Series:
    """Give for each row that is the same as an earlier one, no cell missing, the label of the first such row."""
    rows = frame.dropna()
    rows = rows[rows.duplicated(keep=False)]
    if rows.empty:
        return rows.index.to_series()
    first = rows.index.to_series().groupby([rows[name] for name in rows], observed=True).transform("first")
    return first[first != first.index]


def _repeated(frame: pd.DataFrame, table: str, file: str) -> pd.DataFrame:
    keys = frame.reindex(columns=schema.KEYS[table])
    first, last = first_alike(keys), keys.columns[-1]
    allowed = [f"one row for each {' and '.join(keys)}; row {row} is the same" for row in first]
    return problems(file, allowed, first.index, last, keys.loc[first.index, last].astype("str").to_numpy())


def _strangers(patients: dict[str, pd.Series], whole: set[str], files: dict[str, str]) -> pd.DataFrame:
    """List rows of patients who are not in the table of patients, and patients without a course.

    Where a cell or a row with a patient could not be read, that is told instead of what follows from it.
    """
    pairs = [(table, "patients") for table in ("symptoms", "courses", "laboratory", "adverse_events")]
    found = []
    for table, other in [*pairs, ("patients", "courses")]:
        if table in patients and other in whole:
            known = patients[table].isin(patients[other].unique()) | patients[table].isna()
            unknown, allowed = patients[table][~known].astype("str"), f"a patient_id of the table {other}"
            found.append(problems(files[table], allowed, unknown.index, "patient_id", unknown.to_numpy()))
    return together(found)


def _reconstructed(folder: Path) -> tuple[bool, list[pd.DataFrame]]:
    """Tell whether the Data Package of a cohort says that its rows were reconstructed, and what is wrong with it."""
    try:
        package = json.loads((folder / DATA_PACKAGE).read_text(encoding="utf-8"))
        return package.get("reconstructed", False) is True, []
    except FileNotFoundError:
        return False, []
    except (OSError, ValueError, AttributeError, RecursionError) as error:
        return False, [problems(DATA_PACKAGE, f"the file cannot be read as a JSON object: {str(error)[:200]}")]


def read_tables(folder: str | os.PathLike[str]) -> tuple[dict[str, pd.DataFrame], bool]:
    """Read and check the six tables of a folder, and whether its Data Package says that the rows were reconstructed.

    The tables have their types. A `CohortError` lists all that is against the columns of the contract or its keys.
    """
    folder = Path(folder)
    try:
        entries = os.listdir(folder)
    except (OSError, ValueError):  # a ValueError is a path that nothing can have
        entries = []
    schema.use_symptoms(folder / OWN_SYMPTOMS)
    files = {table: f"{table}.{'parquet' if f'{table}.parquet' in entries else 'csv'}" for table in schema.TABLES}
    if not set(files.values()) & set(entries):
        raise CohortError(problems(shortened(os.fspath(folder)), f"there is no cohort to be read; give {_GIVE}"))
    found, frames, patients, whole, identifiers = [], {}, {}, set(), set()
    for table, file in files.items():
        try:
            frame, wrong = _read_table(folder / file, table)
        except CohortError as error:
            found.append(error.problems)
            continue
        frame = frame.loc[:, ~frame.columns.duplicated(keep=False)]
        identifiers.update(*(frame[name].dropna().unique() for name in IDENTIFIERS if name in frame))
        frame, refused = _without_refused(frame, table, file)
        found += [wrong, refused, _repeated(frame, table, file)]
        frames[table] = frame
        if "patient_id" in frame:
            patients[table] = frame["patient_id"]
            whole |= {table} if wrong.empty and not frame["patient_id"].hasnans else set()
    if "patients" in whole and frames["patients"].empty:
        found.append(problems(files["patients"], "the table has no rows; allowed is at least one patient"))
    reconstructed, wrong = _reconstructed(folder)
    found = together([*found, _strangers(patients, whole, files), *wrong])
    if len(found):
        raise CohortError(found, identifiers)
    frames = {table: schema.with_types(table, frame.reset_index(drop=True)) for table, frame in frames.items()}
    return frames, reconstructed
