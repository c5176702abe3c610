"""What the forms say: the vocabularies of the contract with their meanings, example rows, and notes on each column.

A column is one row of `analysis.schema.contract`, or of `analysis.schema.columns_of`, whose name is then the column's.
"""

import re
import textwrap
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from analysis import schema, vocabulary
from compendium.centre.intake.raw_tables import NUMBERS

EXAMPLE_IDS = ("EXAMPLE-1", "EXAMPLE-2")  # the identifiers of the two patients of the example rows
LARGEST_TITLE, LARGEST_MESSAGE = 32, 255  # Excel's limits on a message that belongs to a cell
_LISTED = 6  # the most values of a vocabulary that a note lists
TITLE = "Cohort of patients with a mast cell disorder treated with omalizumab"
PURPOSE = (
    "Enter your patients here and check the file; every table and figure of the paper is then built for your cohort."
)

STEPS = (  # how to fill in the spreadsheet
    "Fill in the sheets from left to right. The table below says what a row stands for. The sheet visits is for grades "
    "at several visits: what follows from them may stay empty in symptoms and courses.",
    "Point at a column name to read what belongs there. Click a cell: where there is a list, choose from it.",
    "Fill in every column with a dark, bold name. Where something was not examined, choose not_evaluated.",
    "Leave a cell under a pale, slanted name empty if it does not apply or is not known. Empty means no value: never "
    "enter 0, -, NA or unknown instead.",
    "Enter months as YYYY-MM, for example 2016-03; never a day.",
    "patient_id is a pseudonym of your own, such as P001, the same on all sheets. No names, no initials, no birth "
    "dates, no hospital numbers.",
    "Delete the two shaded rows of the patients EXAMPLE-1 and EXAMPLE-2 on all sheets.",
    "Check the file with:  make check COHORT=path/to/cohort.xlsx  It names each cell that is not right yet.",
    "Build the paper with:  make paper COHORT=path/to/cohort.xlsx OUT=cohorts/our-paper",
)

ROWS = {  # what a row of each table stands for
    "screening": "Each patient for whom omalizumab was recommended, included or not",
    "patients": "Each included patient: disease, findings and earlier treatments",
    "symptoms": "Each symptom of an included patient; at least one present before treatment",
    "courses": "Each included patient: the treatment with omalizumab from start to stop or last follow-up",
    "laboratory": "Each blood result of an included patient; no row if nothing was measured",
    "adverse_events": "Each adverse event of an included patient; no row if there was none",
    "visits": "Each symptom of an included patient at a visit under therapy; no row if symptoms holds the grades",
}

_HERE = Path(__file__).parent


def list_name(column: pd.Series) -> str | None:
    """Name the closed vocabulary of a column: an enumeration of `analysis.vocabulary`, symptom, grade, or its own."""
    if column["type"] == "grade":
        return "grade"
    if schema.allowed_values(column) is None:
        return None
    if column["allowed"] == "symptoms.csv":
        return "symptom"
    return column["allowed"] if column["type"] == "category" else column.get("column", column.name)


def _in_words(value: str) -> str:
    return value[:1].upper() + value[1:].replace("_", " ")


@cache
def _meanings() -> dict[tuple[str, str], str]:
    """Read what the values mean, by list and value: the labels that the study has, and those written for the forms."""
    labelled = {"StopReason": vocabulary.STOP_REASON_LABELS, "Analyte": vocabulary.ANALYTE_LABELS}
    for name in ("ExclusionReason", "Diagnosis", "StopReason", "Therapy"):
        labelled[name] = labelled.get(name, {}) | schema.further_values(name)
    found = {(name, str(value)): label for name, labels in labelled.items() for value, label in labels.items()}
    written = pd.read_csv(_HERE / "meanings.csv", dtype=str)
    return found | written.set_index(["list", "value"])["meaning"].to_dict()


def terms(column: pd.Series) -> pd.DataFrame | None:
    """List a closed vocabulary in order: ``value`` (grades are floats), ``meaning`` and ``group`` (of symptoms)."""
    name, values, groups = list_name(column), schema.allowed_values(column), ""
    if name is None:
        return None
    if name == "grade":
        values, meanings = list(vocabulary.GRADE_LABELS), list(vocabulary.GRADE_LABELS.values())
    elif name == "symptom":
        meanings = schema.symptom_list()["label"].to_list()
        groups = [vocabulary.SYMPTOM_GROUP_LABELS[group] for group in schema.symptom_list()["group"]]
    else:  # a value that was added to the contract after this file was written speaks for itself
        meanings = [_meanings().get((name, value), _in_words(value)) for value in values]
    return pd.DataFrame({"value": values, "meaning": meanings, "group": groups})


def vocabularies() -> dict[str, tuple[pd.DataFrame, list[tuple[str, str]]]]:
    """Collect the vocabularies in the order of the contract: `terms`, and table and column of each place of use."""
    found: dict[str, tuple[pd.DataFrame, list[tuple[str, str]]]] = {}
    for _, column in schema.contract().iterrows():
        if name := list_name(column):
            found.setdefault(name, (terms(column), []))[1].append((column["table"], column["column"]))
    return found


def _plain_example(column: pd.Series, patient: int) -> str:
    """Make an example for a column that has none written: the simplest that is allowed."""
    if column["missing"] == "yes":
        return ""
    listed = terms(column)
    if listed is not None:
        return str(listed["value"].iloc[0])
    if column["type"] in NUMBERS:
        return f"{column['minimum'] if np.isfinite(column['minimum']) else 0:g}"
    return {"month": "2016-01", "identifier": EXAMPLE_IDS[patient]}.get(column["type"], "example")


def example_rows(table: str) -> pd.DataFrame:
    """Give the two example rows of a table, one for each of `EXAMPLE_IDS`: strings, empty for empty cells."""
    written = pd.read_csv(_HERE / "examples.csv", dtype=str, keep_default_na=False)
    written = written[written["table"] == table].set_index("column")
    rows = {}
    for name, column in schema.columns_of(table).iterrows():
        plain = [_plain_example(column, patient) for patient in range(2)]
        rows[name] = written.loc[name, ["first", "second"]].to_list() if name in written.index else plain
    return pd.DataFrame(rows)


def spaced(name: str) -> str:
    """Write the name of a list in words: ``ExclusionReason`` as ``Exclusion reason``."""
    return _in_words(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower())


def _closed(text: str) -> str:
    return text.rstrip(".") + "."


def sentence(text: str) -> str:
    """Write words with a capital letter and a full stop."""
    return _closed(text[:1].upper() + text[1:])


def allowed(column: pd.Series) -> str:
    """Say what may stand in a column, as the schema does, but call no identifier a name, which nobody shall enter."""
    if column["type"] == "identifier":
        return "a code of your own, without blanks at its ends; never anybody's name"
    return schema.describe_allowed(column)


def _around(column: pd.Series) -> tuple[str, list[str], str]:
    """Give what a column means, its unit if it has one, and whether a cell may be empty, each as a sentence."""
    unit = [f"Unit: {column['unit']}."] if column["unit"] else []
    return _closed(column["meaning"]), unit, "Must be filled in." if column["missing"] == "no" else "May stay empty."


def note(column: pd.Series) -> str:
    """Say at the head of a column its meaning, unit, what is allowed and whether a cell may be empty, in lines."""
    listed, (meaning, unit, must) = terms(column), _around(column)
    if listed is None:
        lines = [f"Allowed: {allowed(column)}."]
    elif len(listed) > _LISTED:
        lines = [f"Allowed: one of {len(listed)} values; see {spaced(list_name(column))} on the sheet lists."]
    else:
        values = (value if isinstance(value, str) else f"{value:g}" for value in listed["value"])
        lines = ["Allowed:", *(f"  {value} = {text}" for value, text in zip(values, listed["meaning"], strict=True))]
    return "\n".join([meaning, *unit, *lines, must])


def prompt(column: pd.Series) -> str:
    """Say beside a cell that was clicked what belongs in it; the meaning is cut if need be, never what is allowed."""
    what = "Choose from the list." if terms(column) is not None else sentence(allowed(column))
    meaning, unit, must = _around(column)
    tail = " ".join([*unit, what, must])
    return f"{textwrap.shorten(meaning, LARGEST_MESSAGE - len(tail) - 1, placeholder=' ...')}\n{tail}"


def error(column: pd.Series, unique: bool = False) -> str:
    """Say what is allowed after something else was entered, which may have to stand in one row only."""
    if terms(column) is not None:
        return "This value is not in the list. Choose one from the list; the sheet lists says what each means."
    once = ", and in one row only" if unique else ""
    empty = " Leave the cell empty if there is no value." if column["missing"] == "yes" else ""
    text = f"Allowed is {allowed(column)}{once}.{empty}"
    return textwrap.shorten(text, LARGEST_MESSAGE, placeholder=" ...")
