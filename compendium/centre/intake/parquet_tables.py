"""Read a Parquet table as texts."""

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from analysis.problems import problems, shortened, together
from compendium.centre.intake.raw_tables import (
    MOST_BYTES,
    Names,
    RawTable,
    Unreadable,
    checked_header,
    columns_once,
    table_of_values,
)

MOST_ROWS = 20_000_000

_TEXT = (pa.types.is_string, pa.types.is_large_string)
_ALLOWED = (  # what tells the types that a column may have: text, numbers, dates and truth values
    *(*_TEXT, pa.types.is_null, pa.types.is_boolean, pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal),
    *(pa.types.is_date, pa.types.is_timestamp),
)


def _is_one_of(kind: pa.DataType, known: Iterable[Callable[[pa.DataType], bool]]) -> bool:
    return any(is_kind(kind.value_type if pa.types.is_dictionary(kind) else kind) for is_kind in known)


def _open(content: bytes) -> parquet.ParquetFile:
    found = parquet.read_schema(pa.BufferReader(content))
    # A column of texts is read as the dictionary it is stored as, so that one long text cannot unpack to many.
    texts = [name for name, kind in zip(found.names, found.types, strict=True) if _is_one_of(kind, _TEXT)]
    file = parquet.ParquetFile(pa.BufferReader(content), read_dictionary=texts)
    about = file.metadata
    unpacked = sum(about.row_group(group).total_byte_size for group in range(about.num_row_groups))
    if about.num_rows > MOST_ROWS or unpacked > MOST_BYTES:
        found = f"the table has {about.num_rows:,} rows and unpacks to {unpacked / 1024**2:,.0f} MB"
        raise Unreadable(f"{found}; allowed are {MOST_ROWS:,} rows and {MOST_BYTES // 1024**2:,} MB")
    return file


def _column(file: parquet.ParquetFile, name: str) -> tuple[list, np.ndarray]:
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
        return [*coded.dictionary.to_pylist(), None], codes
    # Through the type's own shortest text: a third of 32 bits is 0.33333334, and not what that is in 64 bits.
    return [*(float(str(value)) for value in coded.dictionary.to_numpy(zero_copy_only=False)), None], codes


def read_parquet_table(content: bytes, table: str, file: str, given: Names = list) -> RawTable:
    """Read the bytes of a Parquet file; `Unreadable` is one that is none, damaged or too large, or of another table.

    A column of another type than text, numbers, dates or truth values is an error and left empty.
    """
    errors = []
    try:
        opened = _open(content)
        schema, count = opened.schema_arrow, opened.metadata.num_rows
        names = checked_header(given(schema.names), table)
        known = columns_once(table, names)

        def columns() -> Iterator[tuple[list, np.ndarray]]:
            for own, name, kind in zip(schema.names, names, schema.types, strict=True):
                if name in known and not _is_one_of(kind, _ALLOWED):
                    allowed = "allowed are text, numbers, dates and truth values"
                    errors.append(problems(file, f"the column has the type {shortened(str(kind))}; {allowed}", 1, name))
                right = name in known and _is_one_of(kind, _ALLOWED)
                yield _column(opened, own) if right else ([None], np.zeros(count, dtype=int))

        raw = table_of_values(names, columns(), pd.RangeIndex(count), table, file)
    except (pa.ArrowException, OSError, OverflowError, LookupError, TypeError, ValueError) as error:
        raise Unreadable("the file is no Parquet table, or is damaged") from error
    raw.errors = together([*errors, raw.errors])
    return raw
