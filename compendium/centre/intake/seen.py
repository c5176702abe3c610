"""What was seen in a sheet of a workbook beside its values, and what is wrong or doubtful because of it."""

import re
from dataclasses import dataclass, field
from tokenize import TokenError

import pandas as pd
from openpyxl.utils import column_index_from_string

from analysis.problems import problems, shortened, together
from compendium.centre.intake.raw_tables import column_letter


@dataclass
class Part:
    """What was seen in one XML file of a workbook."""

    rows: int = 0  # the last ones with a value, counted from 1
    columns: int = 0
    merged: list[str] = field(default_factory=list)  # the first ranges of merged cells, such as A2:A5
    formulas: int = 0
    unvalued: list[tuple[int, int]] = field(default_factory=list)  # row, column of the first formulas without a value
    zeros: list[tuple[int, int, str]] = field(default_factory=list)  # the same of those of the value 0, and the formula
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)  # from which to which
    calculates: bool = False  # whether the workbook asks to be calculated first, as one does that a program has written
    damage: str = ""  # why the sheet cannot be read


def _by_its_constants(formula: str) -> float | None:
    """Calculate a formula of nothing but short numbers, signs and brackets; None if it is another."""
    if not re.fullmatch(r"=?[0-9.+*/() -]{1,50}", formula) or "**" in formula:
        return None
    try:
        return float(pd.eval(formula.lstrip("="), engine="python"))
    except (SyntaxError, ArithmeticError, TypeError, ValueError, NotImplementedError, TokenError):
        return None


def hidden(sheet: object, part: Part, header: list[str], rows: list[int], file: str) -> pd.DataFrame:
    """Say what of a sheet is read though the spreadsheet does not show it."""
    text = "nothing hidden by the spreadsheet or its filter, since hidden {} are read as all others are; {}"
    remedy = "show them, and delete what is not to be read"
    found = [problems(file, text.format("rows", remedy), rows)] if rows else []
    places = [place for place, name in enumerate(header, 1) if name]
    unseen = [place for place in places if any(first <= place <= last for first, last in part.hidden_columns)]
    if unseen:
        names = [header[place - 1] for place in unseen]
        found.append(problems(file, text.format("columns", remedy), 1, names, names))
    if getattr(sheet, "sheet_state", "visible") != "visible":
        found.append(problems(file, text.format("sheets", "show the sheet and look at it")))
    return together(found)


def uncalculated(part: Part, header: list[str], file: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Refuse the values 0 of formulas that nothing has calculated yet, and doubt other values of formulas."""
    calculated = [(row, column, _by_its_constants(formula)) for row, column, formula in part.zeros]
    refused = [(row, column) for row, column, own in calculated if own or (part.calculates and own is None)]
    doubtful = [(row, column) for row, column, own in calculated if own is None and not part.calculates]
    remedy = "open the file in a spreadsheet program, let it calculate, save"
    text = "the value of a formula, which was never calculated and stands here as 0: " + remedy
    zero = f"the value of a formula that was calculated; see that 0 is meant, or {remedy}"
    found = [
        problems(file, allowed, [row for row, _ in places], [_column_name(header, place) for _, place in places], "0")
        for allowed, places in ((text, refused), (zero, doubtful))
    ]
    if part.calculates and part.formulas > len(part.zeros) + len(part.unvalued):
        text = (
            "values that a spreadsheet program has calculated; those of the formulas here are as a program wrote them"
        )
        found[1] = together([found[1], problems(file, f"{text}: {remedy.removeprefix('open the file')}")])
    return found[0], found[1]


def _column_name(header: list[str], column: int) -> str:
    """Name a column by its header, or as a spreadsheet does."""
    name = header[column - 1] if 0 < column <= len(header) else ""
    return shortened(name) or (column_letter(column) if column else "")


def unvalued(part: Part, header: list[str], file: str) -> pd.DataFrame:
    """Refuse formulas without a value, which would be read as empty cells."""
    text = "a formula without a value: open the file in a spreadsheet program, let it calculate, save"
    columns = [_column_name(header, column) for _, column in part.unvalued]
    return problems(file, [text] * len(columns), [row for row, _ in part.unvalued], columns)


def merged(part: Part, header: list[str], file: str) -> pd.DataFrame:
    """Refuse merged cells, of which all but the first would be read as empty."""
    places = [re.match(r"([A-Z]{1,3})([0-9]{1,7})(?![0-9])", merged) for merged in part.merged]
    return problems(
        file,
        [f"the cells {merged} are merged; allowed is a value in each cell" for merged in part.merged],
        [int(place[2]) if place else 0 for place in places],
        [_column_name(header, column_index_from_string(place[1])) if place else "" for place in places],
    )
