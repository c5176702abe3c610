"""What every reader gives: a table of texts as it stands in its file, and what is wrong with it."""

import datetime
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np
import pandas as pd
from openpyxl.utils import get_column_letter

from analysis import schema
from analysis.problems import nearest_name, problems, together
from compendium.centre.intake.files import Unreadable

MOST_BYTES = 1024**3  # the most that a file may unpack to, and that the texts of a column may take
MOST_COLUMNS = 256
NUMBERS = ("integer", "number", "grade", "score")  # the types of columns of numbers
_DAY_NOT_USED = "a month; of a date with another day than the first, the day is not used"
_MONTH_OR_YEAR = (
    "a month as YYYY-MM, entered as text: this is a date whose day may have been meant as a year, since a spreadsheet "
    "makes 16 March of the present year out of Mar-16"
)
_NO_THOUSANDS = "a number without a sign between thousands, as this point may be: 1250 for a thousand and more"
_ONE_SIGN = "a number with the same decimal sign as the others of the file, which has decimal commas and points"

Names = Callable[[Sequence[str]], list[str]]  # gives the columns of the contract for those of a file; `list` keeps them


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
    formulas: int = 0  # that were read as their values
    hidden: int = 0  # rows that the spreadsheet hides
    limits: int = 0  # levels beyond a limit of detection that were read as the limit
    unread: tuple[int, ...] = ()  # the indices of rows that could not be read

    def __post_init__(self) -> None:
        filled = self.frame.notna().any(axis="columns").to_numpy(copy=True)
        if filled.any():  # blanks that somebody typed into an empty row are no row
            first = self.frame.iloc[:, 0]
            if places := [place for place, cell in enumerate(first) if not isinstance(cell, str) or cell.isspace()]:
                blank = self.frame.iloc[places].apply(lambda cells: cells.isna() | cells.astype("str").str.isspace())
                filled[places] = ~blank.all(axis="columns").to_numpy(dtype=bool)
        self.empty_rows += int((~filled).sum())
        self.frame = self.frame if filled.all() else self.frame[filled]


def checked_header(names: Sequence[str], table: str) -> list[str]:
    """Refuse a first row that is no header of a table at all; its cells are not shown, since they are a patient's."""
    expected = list(schema.columns_of(table).index)
    if not any(names):
        raise Unreadable("row 1 is empty; allowed is a header with the column names")
    if len(names) > MOST_COLUMNS:
        raise Unreadable(f"row 1 has {len(names)} cells; a header has at most {MOST_COLUMNS}")
    if not any(nearest_name(name, expected) for name in names):
        raise Unreadable(f"row 1 holds no column name; allowed is a header: {', '.join(expected)}")
    return list(names)


def columns_once(table: str, names: Sequence[str], *types: str) -> list[str]:
    """List the columns of some types of the contract, or of any, that are there once."""
    kinds = schema.columns_of(table)["type"]
    return [name for name, kind in kinds.items() if kind in (types or kind) and list(names).count(name) == 1]


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


def cell_problems(cells: pd.Series, file: str, allowed: str | Sequence[str], column: str = "") -> pd.DataFrame:
    """List a problem for each of some cells of a column, indexed by their rows less 2, with what stands there."""
    if cells.empty:  # which is so of most columns
        return together()
    values = [cell_text(value) or "" for value in cells.astype(object)]
    return problems(file, allowed, cells.index + 2, column or str(cells.name), values)


def _days_of_months(dates: pd.Series, file: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Refuse or doubt dates with another day than the first in a column of months, by their rows less 2.

    Where there are several, each day can be a year since omalizumab was licensed, and all dates are of one year or two,
    they are no dates that somebody entered: they are errors, else warnings.
    """
    later = dates[[date.day != 1 for date in dates]]
    years = {date.year for date in later}
    meant = [3 <= date.day <= date.year % 100 for date in later]
    mangled = len(meant) > 1 and all(meant) and max(years) - min(years) <= 1
    found = cell_problems(later, file, _MONTH_OR_YEAR if mangled else _DAY_NOT_USED)
    return (found, together()) if mangled else (together(), found)


def table_of_values(
    names: Sequence[str], columns: Iterable[tuple[list, np.ndarray]], index: pd.Index, table: str, file: str
) -> RawTable:
    """Write typed columns as texts, each given as its values and the place of each row's value among them."""
    texts, entered, dates, errors, warnings = [], {}, 0, [], []
    months, numbers = columns_once(table, names, "month"), columns_once(table, names, *NUMBERS)
    for name, (values, places) in zip(names, columns, strict=True):
        is_date = np.array([name in months and isinstance(value, datetime.date) for value in values], dtype=bool)
        written = [
            f"{value.year:04d}-{value.month:02d}" if dated else cell_text(value)
            for value, dated in zip(values, is_date, strict=True)
        ]
        if is_date.any():
            rows = np.flatnonzero(is_date[places])
            dates += len(rows)
            days = pd.Series([values[place] for place in places[rows]], index[rows], object, name)
            for found, told in zip((errors, warnings), _days_of_months(days, file), strict=True):
                found.append(told)
        if np.array([len(text or "") for text in written], dtype=int)[places].sum() > MOST_BYTES:
            raise Unreadable(f"the texts of column {name} take more than {MOST_BYTES // 1024**2:,} MB")
        texts.append(pd.Series(pd.array(written, dtype="str").take(places), index))
        if name in numbers:
            is_text = np.array([isinstance(value, str) for value in values], dtype=bool)
            entered[name] = texts[-1].where(is_text[places])
    _, unclear, _ = with_decimal_points(pd.DataFrame(entered, index), list(entered), file)
    frame, notes = without_nameless(pd.concat(texts, axis="columns").set_axis(names, axis="columns"), file)
    return RawTable(frame, together([*errors, unclear, notes]), together(warnings), dates=dates)


def _with_sign(distinct: Iterable[str], sign: str) -> tuple[list[str], list[str]]:
    """Give the numbers in which a sign may separate thousands, and the others that have it once."""
    thousands = re.compile(rf"-?[1-9][0-9]{{0,2}}(?:\{sign}[0-9]{{3}})+").fullmatch
    once = re.compile(rf"-?[0-9]+\{sign}[0-9]+").fullmatch
    return list(filter(thousands, distinct)), [text for text in distinct if once(text) and not thousands(text)]


def with_decimal_points(
    frame: pd.DataFrame, names: Sequence[str], file: str, *, commas: bool = False, points: bool = False
) -> tuple[pd.DataFrame, pd.DataFrame, int]:
    """Write decimal commas of some columns as points where they are allowed; refuse what can be read in two ways.

    ``commas`` says that a comma may be the decimal sign, as in a file whose cells are separated by semicolons, and
    ``points`` that a point is, as where commas separate them. Gives the frame; a problem for each number in which a
    sign may separate thousands, or which has another decimal sign than most of the file; how many commas were read.
    """
    thousands, decimals = {}, {}
    for name in names:
        distinct = frame[name].dropna().unique()
        for sign in ".,":
            thousands[name, sign], decimals[name, sign] = _with_sign(distinct, sign)
    points_there, commas_there = (any(len(decimals[name, sign]) for name in names) for sign in ".,")
    any_comma = commas_there or any(len(thousands[name, ","]) for name in names)
    mixed, rarer = commas and points_there and commas_there, "."
    if mixed:
        most = {sign: sum(int(frame[name].isin(decimals[name, sign]).sum()) for name in names) for sign in ".,"}
        rarer = "." if most["."] <= most[","] else ","
    found, changed, count = [], {}, 0
    for name in names:
        unclear = any_comma or not (points or len(decimals[name, "."]))
        for texts, refused, allowed in (
            (thousands[name, "."], unclear, _NO_THOUSANDS),
            (decimals[name, rarer], mixed, _ONE_SIGN),
        ):
            if refused and len(texts):
                found.append(cell_problems(frame.loc[frame[name].isin(texts), name], file, allowed))
        if commas and len(decimals[name, ","]):
            read = frame[name].isin(decimals[name, ","])
            count += int(read.sum())
            changed[name] = frame[name].where(~read, frame[name].str.replace(",", "."))
    return frame.assign(**changed), together(found), count


def without_nameless(frame: pd.DataFrame, file: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Leave out columns without a name, and refuse what stands in them: a note beside the table, by its place."""
    nameless = np.array([not str(name).strip() for name in frame.columns], dtype=bool)
    found = []
    for place in np.flatnonzero(nameless):
        cells, letter = frame.iloc[:, place].dropna(), get_column_letter(place + 1)
        text = f"column {letter} has no name; allowed is nothing beside the table: move this note, or delete it"
        found.append(cell_problems(cells[cells.str.strip() != ""], file, text, letter))
    return frame.loc[:, ~nameless] if nameless.any() else frame, together(found)


def printable(name: str) -> str:
    """Write the name of a file, which need not be text, so that it can be shown."""
    return name.encode("utf-8", errors="backslashreplace").decode()
