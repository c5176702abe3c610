"""What the spreadsheet says of each column and of itself."""

import textwrap

import pandas as pd

from analysis import schema
from compendium.centre.template.terms import list_name, spaced, terms

__all__ = [
    "LARGEST_MESSAGE",
    "LARGEST_TITLE",
    "PURPOSE",
    "ROWS",
    "STEPS",
    "TITLE",
    "allowed",
    "error",
    "note",
    "prompt",
    "sentence",
]

LARGEST_TITLE, LARGEST_MESSAGE = 32, 255
"""Excel's limits on the title and on the text of a message that belongs to a cell."""

_LISTED = 6
"""The most values of a vocabulary that a note lists."""

TITLE = "Cohort of patients with a mast cell disorder treated with omalizumab"
PURPOSE = (
    "Enter your patients here and check the file; every table and figure of the paper is then built for your cohort."
)

STEPS = (
    "Fill in the six sheets from left to right. The table below says what a row stands for.",
    "Point at a column name to read what belongs there. Click a cell: where there is a list, choose from it.",
    "Fill in every column with a dark, bold name. Where something was not examined, choose not_evaluated.",
    "Leave a cell under a pale, slanted name empty if it does not apply or is not known. Empty means no value: never "
    "enter 0, -, NA or unknown instead.",
    "Enter months as YYYY-MM, for example 2016-03; never a day.",
    "patient_id is a pseudonym of your own, such as P001, the same on all sheets. No names, no initials, no birth "
    "dates, no hospital numbers.",
    "Delete the two shaded rows of the patients EXAMPLE-1 and EXAMPLE-2 on all six sheets.",
    "Check the file with:  make check COHORT=path/to/cohort.xlsx  It names each cell that is not right yet.",
    "Build the paper with:  make paper COHORT=path/to/cohort.xlsx OUT=build/our-paper",
)
"""How to fill in the spreadsheet."""

ROWS = {
    "screening": "Each patient for whom omalizumab was recommended, included or not",
    "patients": "Each included patient: disease, findings and earlier treatments",
    "symptoms": "Each symptom of an included patient; at least one present before treatment",
    "courses": "Each included patient: the treatment with omalizumab from start to stop or last follow-up",
    "laboratory": "Each blood result of an included patient; no row if nothing was measured",
    "adverse_events": "Each adverse event of an included patient; no row if there was none",
}
"""What a row of each table stands for."""


def _closed(text: str) -> str:
    return text.rstrip(".") + "."


def sentence(text: str) -> str:
    """Write words with a capital letter and a full stop."""
    return _closed(text[:1].upper() + text[1:])


def allowed(column: pd.Series) -> str:
    """Say in words what may stand in a column without a closed vocabulary.

    Parameters
    ----------
    column : Series
        One row of `analysis.schema.contract`.

    Returns
    -------
    str
        As `analysis.schema.describe_allowed`, but an identifier is never called a name, which nobody shall enter.
    """
    if column["type"] == "identifier":
        return "a code of your own, without blanks at its ends; never anybody's name"
    return schema.describe_allowed(column)


def _must(column: pd.Series) -> str:
    return "Must be filled in." if column["missing"] == "no" else "May stay empty."


def _unit(column: pd.Series) -> list[str]:
    return [f"Unit: {column['unit']}."] if column["unit"] else []


def note(column: pd.Series) -> str:
    """Say at the head of a column what belongs in it.

    Parameters
    ----------
    column : Series
        One row of `analysis.schema.columns_of`, named like the column.

    Returns
    -------
    str
        Meaning, unit, what is allowed and whether a cell may be empty, in lines.
    """
    listed = terms(column)
    if listed is None:
        lines = [f"Allowed: {allowed(column)}."]
    elif len(listed) > _LISTED:
        lines = [f"Allowed: one of {len(listed)} values; see {spaced(list_name(column))} on the sheet lists."]
    else:
        values = (value if isinstance(value, str) else f"{value:g}" for value in listed["value"])
        lines = ["Allowed:", *(f"  {value} = {text}" for value, text in zip(values, listed["meaning"], strict=True))]
    return "\n".join([_closed(column["meaning"]), *_unit(column), *lines, _must(column)])


def prompt(column: pd.Series) -> str:
    """Say beside a cell that was clicked what belongs in it.

    Parameters
    ----------
    column : Series
        One row of `analysis.schema.columns_of`, named like the column.

    Returns
    -------
    str
        At most `LARGEST_MESSAGE` characters: the meaning is cut if need be, never what is allowed.
    """
    what = "Choose from the list." if terms(column) is not None else sentence(allowed(column))
    tail = " ".join([*_unit(column), what, _must(column)])
    meaning = textwrap.shorten(_closed(column["meaning"]), LARGEST_MESSAGE - len(tail) - 1, placeholder=" ...")
    return f"{meaning}\n{tail}"


def error(column: pd.Series, unique: bool = False) -> str:
    """Say what is allowed after something else was entered.

    Parameters
    ----------
    column : Series
        One row of `analysis.schema.columns_of`, named like the column.
    unique : bool, default False
        Whether a value may stand in one row only.

    Returns
    -------
    str
        At most `LARGEST_MESSAGE` characters.
    """
    if terms(column) is not None:
        return "This value is not in the list. Choose one from the list; the sheet lists says what each means."
    once = ", and in one row only" if unique else ""
    empty = " Leave the cell empty if there is no value." if column["missing"] == "yes" else ""
    text = f"Allowed is {allowed(column)}{once}.{empty}"
    return textwrap.shorten(text, LARGEST_MESSAGE, placeholder=" ...")
