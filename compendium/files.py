"""Files written whole or not at all, and tables as text that is the same on every machine."""

import os
import re
from pathlib import Path

import pandas as pd

__all__ = ["csv_text", "write_atomically"]


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that it has the old content or the new one, never a part of it.

    Parameters
    ----------
    path : Path
        The file; its folder must exist.
    content : bytes
        All of the new content.

    Raises
    ------
    OSError
        If it cannot be written; the old file is left as it was and nothing beside it.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


# Where a cell begins: some programs also begin one after a semicolon or a line end. Full-width signs count as well.
_FORMULA = re.compile(r"(^|[;\r\n])(?=\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|\t|\r)")


def _inert(cell: object) -> object:
    """Keep a spreadsheet program from taking a text for a formula: after an apostrophe it does not."""
    return _FORMULA.sub(r"\1'", cell) if isinstance(cell, str) else cell


def _all_inert(cells: pd.Series) -> pd.Series:
    """Do the same for a column, whose distinct texts are few."""
    return cells.astype(object).map({cell: _inert(cell) for cell in pd.unique(cells.astype(object))})


def csv_text(numbers: pd.DataFrame) -> str:
    """Write a table as CSV, the index left out.

    Parameters
    ----------
    numbers : DataFrame
        A missing number becomes an empty cell; a float is written with as many digits as give it back exactly. A text
        or a column name that a spreadsheet program would take for a formula (it begins with =, +, -, @, a tab or a
        carriage return) gets an apostrophe before it.

    Returns
    -------
    str
        Lines that end in a line feed.
    """
    texts = numbers.select_dtypes(exclude=["number", "bool"]).columns
    inert = numbers.assign(**{str(name): _all_inert(numbers[name]) for name in texts})
    return inert.rename(columns=_inert).to_csv(index=False, lineterminator="\n")
