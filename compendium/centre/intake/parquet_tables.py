"""Read a Parquet table as texts."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from analysis import schema
from analysis.problems import problems, shortened, together
from compendium.centre.intake.raw_tables import (
    Names,
    RawTable,
    Unreadable,
    cell_texts,
    checked_header,
    days_of_months,
    no_names,
    number_columns,
    with_decimal_points,
    without_nameless,
)

MOST_ROWS = 20_000_000
MOST_BYTES = 1024**3
"""The most bytes that a file may say its columns unpack to, and that the texts of a column may take."""

_IS_ALLOWED = (  # what tells the types that a column may have: text, numbers, dates and truth values
    *(pa.types.is_string, pa.types.is_large_string, pa.types.is_null, pa.types.is_boolean, pa.types.is_integer),
    *(pa.types.is_floating, pa.types.is_decimal, pa.types.is_date, pa.types.is_timestamp),
)


def _is_allowed(kind: pa.DataType) -> bool:
    return any(is_kind(kind.value_type if pa.types.is_dictionary(kind) else kind) for is_kind in _IS_ALLOWED)


def _is_text(kind: pa.DataType) -> bool:
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def _open(content: bytes, table: str, given: Names) -> parquet.ParquetFile:
    found = parquet.read_schema(pa.BufferReader(content))
    # A column of texts is read as the dictionary it is stored as, so that one long text cannot unpack to many.
    texts = [name for name, kind in zip(found.names, found.types, strict=True) if _is_text(kind)]
    file = parquet.ParquetFile(pa.BufferReader(content), read_dictionary=texts)
    about = file.metadata
    checked_header(given(file.schema_arrow.names), table)
    unpacked = sum(about.row_group(group).total_byte_size for group in range(about.num_row_groups))
    if about.num_rows > MOST_ROWS or unpacked > MOST_BYTES:
        found = f"the table has {about.num_rows:,} rows and unpacks to {unpacked / 1024**2:,.0f} MB"
        raise Unreadable(f"{found}; allowed are {MOST_ROWS:,} rows and {MOST_BYTES // 1024**2:,} MB")
    return file


def _column(file: parquet.ParquetFile, name: str) -> tuple[np.ndarray, list]:
    """Read one column as its distinct values, the last of them None, and each row's place among these."""
    column = file.read([name], use_threads=False).column(0)
    if pa.types.is_null(column.type):
        column = column.cast(pa.string())
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("us", column.type.tz), safe=False)
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    coded = column.unify_dictionaries().combine_chunks()
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.chunk(0) if coded.num_chunks else pa.array([], coded.type)
    codes = pc.fill_null(coded.indices.cast(pa.int64()), len(coded.dictionary)).to_numpy(zero_copy_only=False)
    if not pa.types.is_floating(coded.dictionary.type):
        return codes, [*coded.dictionary.to_pylist(), None]
    # Through the type's own shortest text: a third of 32 bits is 0.33333334, and not what that is in 64 bits.
    return codes, [*(float(str(value)) for value in coded.dictionary.to_numpy(zero_copy_only=False)), None]


def read_parquet_table(content: bytes, table: str, file: str, given: Names = no_names) -> RawTable:
    """Read the bytes of a Parquet file; `Unreadable` is one that is none, damaged or too large, or of another table.

    A column of another type than text, numbers, dates or truth values is an error and left empty.
    """
    errors, warnings, texts, dates = [], [], [], 0
    try:
        opened = _open(content, table, given)
        written, types = opened.schema_arrow.names, opened.schema_arrow.types
        names, columns = list(given(written)), schema.columns_of(table)
        for own, name, kind in zip(written, names, types, strict=True):
            read = name in columns.index and names.count(name) == 1
            if read and not _is_allowed(kind):
                allowed = "allowed are text, numbers, dates and truth values"
                errors.append(problems(file, f"the column has the type {shortened(str(kind))}; {allowed}", 1, name))
            if not (read and _is_allowed(kind)):
                texts.append(pd.Series([None] * opened.metadata.num_rows, dtype="str"))
                continue
            codes, values = _column(opened, own)
            distinct, are_dates = cell_texts(values, months=columns.at[name, "type"] == "month")
            if any(are_dates):
                rows = np.flatnonzero(np.array(are_dates)[codes])
                dates += len(rows)
                refused, doubtful = days_of_months(
                    pd.Series([values[codes[row]] for row in rows], rows, object), name, file
                )
                errors.append(refused), warnings.append(doubtful)
            if np.array([len(text or "") for text in distinct])[codes].sum() > MOST_BYTES:
                raise Unreadable(f"the texts of column {name} take more than {MOST_BYTES // 1024**2:,} MB")
            texts.append(pd.Series(pd.array(distinct, dtype="str").take(codes)))
    except (pa.ArrowException, OSError, OverflowError, LookupError, TypeError, ValueError) as error:
        raise Unreadable("the file is no Parquet table, or is damaged") from error
    frame = pd.concat(texts, axis="columns").set_axis(names, axis="columns")
    numbers = number_columns(table, names)
    numbers = [name for name, kind in zip(names, types, strict=True) if name in numbers and _is_text(kind)]
    _, unclear, _ = with_decimal_points(frame, numbers, file)
    frame, notes = without_nameless(frame, file)
    return RawTable(frame, together([*errors, unclear, notes]), together(warnings), dates=dates)
