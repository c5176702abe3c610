"""What every reader gives: a table of texts as it stands in its file, and what is wrong with it."""

import datetime
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import pandas as pd

from analysis import schema
from analysis.problems import nearest_name, problems, together

_MOST_COLUMNS = 256
_DAY_NOT_USED = "a month; of a date with another day than the first, the day is not used"
_MONTH_OR_YEAR = (
    "a month as YYYY-MM, entered as text: this is a date whose day may have been meant as a year, since a spreadsheet "
    "makes 16 March of the present year out of Mar-16"
)
_MARKED = {sign: rf"-?[1-9][0-9]{{0,2}}(?:\{sign}[0-9]{{3}})+" for sign in ".,"}  # what may be thousands
_NUMBERS = ("integer", "number", "grade", "score")


Names = Callable[[Sequence[str]], Sequence[str]]  # gives the columns of the contract for those of a file


def no_names(names: Sequence[str]) -> Sequence[str]:
    """Take the names of a file for those of the contract."""
    return names


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
    formulas: int = 0  # that were read as their values
    hidden: int = 0  # rows that the spreadsheet hides
    limits: int = 0  # levels beyond a limit of detection that were read as the limit
    unread: tuple[int, ...] = ()  # the indices of rows that could not be read

    def __post_init__(self) -> None:
        filled = self.frame.notna().any(axis="columns").to_numpy()
        if filled.any():  # blanks that somebody typed into an empty row are no row
            places = (self.frame.iloc[:, 0].isna().to_numpy() & filled).nonzero()[0]
            blank = self.frame.iloc[places].apply(lambda cells: cells.isna() | cells.astype("str").str.isspace())
            filled = filled.copy()
            filled[places] = ~blank.all(axis="columns").to_numpy(dtype=bool)
        self.empty_rows += int((~filled).sum())
        self.frame = self.frame if filled.all() else self.frame[filled]


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


def cell_texts(values: Iterable[object], months: bool) -> tuple[list[str | None], list[bool]]:
    """Write a column's values as texts, dates of months as YYYY-MM, and tell which these are."""
    values = list(values)
    dates = [months and isinstance(value, datetime.date) for value in values]
    written = zip(values, dates, strict=True)
    texts = [f"{value.year:04d}-{value.month:02d}" if is_date else cell_text(value) for value, is_date in written]
    return texts, dates


def days_of_months(dates: pd.Series, column: str, file: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Refuse or doubt dates with another day than the first in a column of months, by their rows less 2.

    Where there are several, each day can be a year since omalizumab was licensed, and all dates are of one year or two,
    they are no dates that somebody entered: they are errors, else warnings.
    """
    later = dates[[date.day != 1 for date in dates]]
    rows, shown = later.index + 2, [cell_text(date) or "" for date in later]
    years = {date.year for date in later}
    meant = [3 <= date.day <= date.year % 100 for date in later]
    mangled = len(meant) > 1 and all(meant) and max(years) - min(years) <= 1
    found = (
        problems(file, _MONTH_OR_YEAR if mangled else _DAY_NOT_USED, rows, column, shown) if len(later) else together()
    )
    return (found, together()) if mangled else (together(), found)


def with_decimal_points(
    frame: pd.DataFrame, names: Sequence[str], file: str, *, commas: bool = False, points: bool = False
) -> tuple[pd.DataFrame, pd.DataFrame, int]:
    """Write decimal commas as points where they are allowed, and refuse numbers that can be read in two ways.

    Parameters
    ----------
    frame : DataFrame
        Texts, and nothing where a cell is no text; only the columns ``names`` are looked at.
    commas : bool
        Whether a comma may be the decimal sign, as in a file whose cells are separated by semicolons.
    points : bool
        Whether the kind of file says that a point is the decimal sign, as one whose cells are separated by commas.

    Returns
    -------
    tuple of DataFrame, DataFrame and int
        The frame; a problem for each number in which a sign may separate thousands, or which has another decimal sign
        than most of the file; how many commas were read.
    """
    found = {name: frame[name].drop_duplicates().dropna() for name in names}
    thousand = {
        (name, sign): texts[texts.str.fullmatch(_MARKED[sign])] for name, texts in found.items() for sign in _MARKED
    }
    decimal = {
        (name, sign): texts[texts.str.fullmatch(rf"-?[0-9]+\{sign}[0-9]+") & ~texts.isin(thousand[name, sign])]
        for name, texts in found.items()
        for sign in _MARKED
    }
    given = {sign: any(len(decimal[name, sign]) for name in names) for sign in _MARKED}
    any_comma = given[","] or any(len(thousand[name, ","]) for name in names)
    mixed, other = commas and all(given.values()), ""
    if mixed:
        most = {sign: sum(int(frame[name].isin(decimal[name, sign]).sum()) for name in names) for sign in _MARKED}
        other = "." if most["."] <= most[","] else ","
    parts, changed, count = [], {}, 0
    for name in names:
        unclear = thousand[name, "."] if any_comma or not (points or len(decimal[name, "."])) else []
        for texts, allowed in (
            (unclear, "a number without a sign between thousands, as this point may be: 1250 for a thousand and more"),
            (
                decimal[name, other] if mixed else [],
                "a number with the same decimal sign as the others of the file, which has decimal commas and points",
            ),
        ):
            cells = frame.loc[frame[name].isin(texts), name] if len(texts) else frame[name].iloc[:0]
            if len(cells):
                parts.append(problems(file, allowed, cells.index + 2, name, cells.to_numpy()))
        if commas and len(decimal[name, ","]):
            read = frame[name].isin(decimal[name, ","])
            count += int(read.sum())
            changed[name] = frame[name].where(~read, frame[name].str.replace(",", "."))
    return frame.assign(**changed), together(parts), count


def number_columns(table: str, names: Sequence[str]) -> list[str]:
    """List the columns of numbers of the contract that are there once."""
    return columns_once(table, names, *_NUMBERS)


def without_nameless(frame: pd.DataFrame, file: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Leave out columns without a name, and refuse what stands in them: a note beside the table, by its place."""
    nameless = [not str(name).strip() for name in frame.columns]
    found = []
    for place in (place for place, without in enumerate(nameless) if without):
        cells = frame.iloc[:, place].dropna()
        rows = cells.index[cells.str.strip() != ""]
        if len(rows):
            letter = column_letter(place + 1)
            text = f"column {letter} has no name; allowed is nothing beside the table: move this note, or delete it"
            found.append(problems(file, text, rows + 2, letter, cells[rows].to_numpy()))
    return frame.loc[:, [not without for without in nameless]] if any(nameless) else frame, together(found)


def column_letter(number: int) -> str:
    """Name a column as a spreadsheet does: A, B, ..., Z, AA."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def printable(name: str) -> str:
    """Write the name of a file, which need not be text, so that it can be shown."""
    return name.encode("utf-8", errors="backslashreplace").decode()
