"""Write the values of typed cells, as spreadsheets and Parquet files have them, as the texts of the contract."""

import datetime
from collections.abc import Iterable
from decimal import Decimal


def cell_text(value: object) -> str | None:
    """Write one value as a text.

    Parameters
    ----------
    value : None, str, bool, int, float, Decimal, date, time, timedelta or numpy scalar of these
        The value of a cell.

    Returns
    -------
    str or None
        A text as it is; a number as the shortest text that stands for it and for no other, a whole number without
        decimals; a truth value as TRUE or FALSE; a date, and a time at midnight, as YYYY-MM-DD. None for an empty cell,
        an empty text and a number that is none.
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


def month_texts(values: Iterable[object]) -> tuple[list[str | None], list[bool], bool]:
    """Write the values of a column of months, where a spreadsheet may have made dates of them.

    Parameters
    ----------
    values : iterable
        As for `cell_text`.

    Returns
    -------
    texts : list of str or None
        Dates as YYYY-MM, the rest as `cell_text` writes it.
    dates : list of bool
        Which of the values are dates.
    later : bool
        Whether any of the dates has a day other than the first.
    """
    texts, dates, later = [], [], False
    for value in values:
        is_date = isinstance(value, datetime.date)
        dates.append(is_date)
        later |= is_date and value.day != 1
        texts.append(f"{value.year:04d}-{value.month:02d}" if is_date else cell_text(value))
    return texts, dates, later


DAY_NOT_USED = "dates with a day other than the first of the month; the day is not used"
"""The warning for such a column."""
