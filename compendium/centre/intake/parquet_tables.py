"""Read a Parquet table as texts."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from analysis import schema
from analysis.problems import problems, shortened, together
from compendium.centre.intake.cells import DAY_NOT_USED, cell_text, month_texts
from compendium.centre.intake.raw_tables import RawTable, Unreadable, checked_header

MOST_ROWS = 20_000_000
MOST_BYTES = 1024**3
"""The most bytes that a file may say its columns unpack to, and that the texts of a column may take."""

_ALLOWED = "text, numbers, dates and truth values"


def _is_allowed(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _is_allowed(kind.value_type)
    types = pa.types
    text = types.is_string(kind) or types.is_large_string(kind) or types.is_null(kind) or types.is_boolean(kind)
    return text or types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind) or _is_date(kind)


def _is_date(kind: pa.DataType) -> bool:
    return pa.types.is_date(kind) or pa.types.is_timestamp(kind)


def _open(content: bytes, table: str) -> parquet.ParquetFile:
    found = parquet.read_schema(pa.BufferReader(content))
    # A column of texts is read as the dictionary it is stored as, so that one long text cannot unpack to many.
    is_text = [pa.types.is_string(kind) or pa.types.is_large_string(kind) for kind in found.types]
    texts = [name for name, text in zip(found.names, is_text, strict=True) if text]
    file = parquet.ParquetFile(pa.BufferReader(content), read_dictionary=texts)
    about = file.metadata
    checked_header(list(file.schema_arrow.names), table)
    unpacked = sum(about.row_group(group).total_byte_size for group in range(about.num_row_groups))
    if about.num_rows > MOST_ROWS or unpacked > MOST_BYTES:
        most = f"{MOST_ROWS:,} rows and {MOST_BYTES // 1024**2:,} MB"
        raise Unreadable(
            f"the table has {about.num_rows:,} rows and unpacks to {unpacked / 1024**2:,.0f} MB; allowed are {most}"
        )
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
    return codes, [*_values(coded.dictionary), None]


def _values(dictionary: pa.Array) -> list:
    if pa.types.is_floating(dictionary.type):
        # Through the type's own shortest text: a third of 32 bits is 0.33333334, and not what that is in 64 bits.
        return [float(str(value)) for value in dictionary.to_numpy(zero_copy_only=False)]
    return dictionary.to_pylist()


def read_parquet_table(content: bytes, table: str, file: str) -> RawTable:
    """Read the bytes of a Parquet file.

    Parameters
    ----------
    content : bytes
        The whole file.
    table : str
        The table it holds, one of `analysis.schema.TABLES`.
    file : str
        The file as the user sees it.

    Returns
    -------
    RawTable
        Its rows. Numbers are written as the shortest text, dates in columns of months as YYYY-MM. A column of another
        type than text, numbers, dates or truth values is an error and left empty.

    Raises
    ------
    Unreadable
        If the file is no Parquet table, is damaged or too large, or has no column of the contract.
    """
    errors, warnings, texts, dates = [], [], [], 0
    try:
        opened = _open(content, table)
        names, types = opened.schema_arrow.names, opened.schema_arrow.types
        columns = schema.columns_of(table)
        for name, kind in zip(names, types, strict=True):
            read = name in columns.index and names.count(name) == 1
            if read and not _is_allowed(kind):
                text = f"the column has the type {shortened(str(kind))}; allowed are {_ALLOWED}"
                errors.append(problems(file, text, 1, name))
            if not (read and _is_allowed(kind)):
                texts.append(pd.Series([None] * opened.metadata.num_rows, dtype="str"))
                continue
            codes, values = _column(opened, name)
            if columns.at[name, "type"] == "month":
                distinct, are_dates, later = month_texts(values)
                dates += int(np.array(are_dates)[codes].sum())
                warnings += [problems(file, DAY_NOT_USED, column=name)] if later else []
            else:
                distinct = [cell_text(value) for value in values]
            if np.array([len(text or "") for text in distinct])[codes].sum() > MOST_BYTES:
                raise Unreadable(f"the texts of column {name} take more than {MOST_BYTES // 1024**2:,} MB")
            texts.append(pd.Series(pd.array(distinct, dtype="str").take(codes)))
    except (pa.ArrowException, OSError, OverflowError, LookupError, TypeError, ValueError) as error:
        raise Unreadable("the file is no Parquet table, or is damaged") from error
    frame = pd.concat(texts, axis="columns").set_axis(names, axis="columns")
    filled = frame[frame.notna().any(axis="columns").to_numpy()]
    return RawTable(filled, together(errors), together(warnings), empty_rows=len(frame) - len(filled), dates=dates)
