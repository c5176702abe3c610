"""What every reader gives: a table of texts as it stands in its file, and what is wrong with it."""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import pandas as pd

from analysis import schema
from analysis.problems import nearest_name, together

_MOST_COLUMNS = 256
DAY_NOT_USED = "dates with a day other than the first of the month; the day is not used"
"""The warning for a column of months with such dates."""


class Unreadable(Exception):
    """A file or a sheet that is no table, with the reason in words."""


@dataclass
class RawTable:
    """A table as it stands in its file, and the problems that only its reader sees.

    The frame holds texts in the columns as they were found, a missing cell being a missing value; its index plus 2 is
    the row that a spreadsheet shows. Rows without any value are taken out of it and counted.
    """

    frame: pd.DataFrame
    errors: pd.DataFrame = field(default_factory=together)
    warnings: pd.DataFrame = field(default_factory=together)
    empty_rows: int = 0
    decimal_commas: int = 0  # numbers with one that were read
    dates: int = 0  # that were read as months
    unread: tuple[int, ...] = ()  # the indices of rows that could not be read

    def __post_init__(self) -> None:
        filled = self.frame[self.frame.notna().any(axis="columns").to_numpy()]
        self.empty_rows += len(self.frame) - len(filled)
        self.frame = filled


def checked_header(names: Sequence[str], table: str) -> list[str]:
    """Refuse a first row that is no header of a table at all; its cells are not shown, since they are a patient's."""
    expected = list(schema.columns_of(table).index)
    if not any(names):
        raise Unreadable("row 1 is empty; allowed is a header with the column names")
    if len(names) > _MOST_COLUMNS:
        raise Unreadable(f"row 1 has {len(names)} cells; a header has at most {_MOST_COLUMNS}")
    if not any(nearest_name(name, expected) for name in names):
        raise Unreadable(f"row 1 holds no column name; allowed is a header: {', '.join(expected)}")
    return list(names)


def columns_once(table: str, names: Sequence[str], *types: str) -> list[str]:
    """List the columns of some types of the contract that are there once."""
    kinds = schema.columns_of(table)["type"]
    return [name for name, kind in kinds.items() if kind in types and list(names).count(name) == 1]


def cell_text(value: object) -> str | None:
    """Write a typed value of a spreadsheet or a Parquet file as a text of the contract, None if it is empty or none.

    A number is the shortest text that stands for it and for no other, a whole number without decimals; a truth value is
    TRUE or FALSE; a date, and a time at midnight, is YYYY-MM-DD.
    """
    if value is None or isinstance(value, str):
        return value or None
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime.datetime):
        return (value.date() if value.time() == datetime.time() else value).isoformat()
    if isinstance(value, float | Decimal) and value != value:
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e16:
        return str(int(value))
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return str(value)


def cell_texts(values: Iterable[object], months: bool) -> tuple[list[str | None], list[bool], bool]:
    """Write a column's values as texts, dates of months as YYYY-MM; tell which these are, and whether one has a day."""
    texts, dates, later = [], [], False
    for value in values:
        is_date = months and isinstance(value, datetime.date)
        dates.append(is_date)
        later |= is_date and value.day != 1
        texts.append(f"{value.year:04d}-{value.month:02d}" if is_date else cell_text(value))
    return texts, dates, later


def printable(name: str) -> str:
    """Write the name of a file, which need not be text, so that it can be shown."""
    return name.encode("utf-8", errors="backslashreplace").decode()
