"""What every reader gives: a table of texts as it stands in its file, and what is wrong with it."""

import datetime
import difflib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import pandas as pd

from analysis import schema
from compendium.centre.problems import HIDDEN, problems, shortened, together

IDENTIFIERS = ("patient_id", "centre_id")
_FREE_TEXTS = ("term", "detail")
"""The columns in which somebody may write anything."""
_MOST_COLUMNS = 256
DAY_NOT_USED = "dates with a day other than the first of the month; the day is not used"
"""The warning for a column of months with such dates."""


class Unreadable(Exception):
    """A file or a sheet that is no table, with the reason in words."""


def hide_identifiers(found: pd.DataFrame, identifiers: Collection[str] = ()) -> pd.DataFrame:
    """Hide the identifiers of patients and centres, and free texts, in a table of problems.

    Parameters
    ----------
    found : DataFrame
        As `problems` makes it.
    identifiers : collection of str, optional
        Identifiers that may have got into any column; those that are plain numbers are not looked for.

    Returns
    -------
    DataFrame
        The same with ``(hidden)`` for each value, and each guess, in a column of identifiers or of free text, and for
        each that is one of the identifiers.
    """
    cells = found["column"].isin([*IDENTIFIERS, *_FREE_TEXTS])
    telling = {name for name in identifiers if not name.replace(".", "").isdigit()}
    cells |= found["value"].str.strip().isin(telling) | found["nearest"].isin(telling)
    hidden = {name: found[name].mask(cells & (found[name] != ""), HIDDEN) for name in ("value", "nearest")}
    return found.assign(**hidden)


@dataclass
class RawTable:
    """A table as it stands in its file, and the problems that only its reader sees.

    The frame holds texts in the columns as they were found, a missing cell being a missing value; its index plus 2 is
    the row that a spreadsheet shows. Rows without any value are taken out of it and counted. Counted are also the
    numbers with a decimal comma that were read, and the dates that were read as months. `unread` are the indices of
    rows that could not be read.
    """

    frame: pd.DataFrame
    errors: pd.DataFrame = field(default_factory=together)
    warnings: pd.DataFrame = field(default_factory=together)
    empty_rows: int = 0
    decimal_commas: int = 0
    dates: int = 0
    unread: tuple[int, ...] = ()

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
    if not any(_nearest_name(name, expected) for name in names):
        raise Unreadable(f"row 1 holds no column name; allowed is a header: {', '.join(expected)}")
    return list(names)


def _nearest_name(name: str, expected: Sequence[str]) -> str:
    folded = name.strip().casefold().replace(" ", "_")
    return "".join(difflib.get_close_matches(folded[:100], expected, n=1, cutoff=0.7))


def header_problems(names: Sequence[str], table: str, file: str) -> pd.DataFrame:
    """List the columns that are missing, unknown or there twice; nearest is one that is missing, if one is near."""
    expected, found = list(schema.columns_of(table).index), list(names)
    missing = [name for name in expected if name not in found]
    parts = [problems(file, f"column {name} is missing", 1) for name in missing]
    for place, name in enumerate(found, 1):
        if name == "":
            parts.append(problems(file, f"column {place} has no name; allowed is a column name of the contract", 1))
        elif name not in expected:
            nearest = _nearest_name(name, missing) or _nearest_name(name, expected)
            parts.append(problems(file, "a column name of the contract", 1, value=shortened(name), nearest=nearest))
        elif name in found[: place - 1]:
            parts.append(problems(file, "each column name once", 1, value=name))
    return together(parts)


def columns_once(table: str, names: Sequence[str], *types: str) -> list[str]:
    """List the columns of the contract, or those of some types, that are there once."""
    kinds = schema.columns_of(table)["type"]
    return [name for name, kind in kinds.items() if (not types or kind in types) and list(names).count(name) == 1]


def _cell_text(value: object) -> str | None:
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
    """Write the typed values of a column as texts; in a column of months a spreadsheet may have made dates of them.

    Returned are the texts, a date in a column of months being YYYY-MM; which of the values are such dates; and whether
    one of these has a day other than the first.
    """
    texts, dates, later = [], [], False
    for value in values:
        is_date = months and isinstance(value, datetime.date)
        dates.append(is_date)
        later |= is_date and value.day != 1
        texts.append(f"{value.year:04d}-{value.month:02d}" if is_date else _cell_text(value))
    return texts, dates, later


def printable(name: str) -> str:
    """Write the name of a file, which need not be text, so that it can be shown."""
    return name.encode("utf-8", errors="backslashreplace").decode()
