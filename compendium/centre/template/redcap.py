"""The contract as a REDCap data dictionary: an instrument per table, for collecting a cohort prospectively.

Variables have the names of the columns, cut to the 26 characters that REDCap recommends, and led by the name of the
table where two tables have the same column; ``patient_id`` is the record identifier and stands once. Codes of choices
are the values of the contract, but REDCap takes letters, digits and underscores only: another sign becomes an
underscore (``ng_mL``), and a grade is a hundred times its value. REDCap has no month among its validations and a date
would ask for a day, so months are text that `from_redcap` checks. Which instruments repeat is set up in REDCap.
"""

import re

import numpy as np
import pandas as pd

from analysis import schema
from compendium.centre.checks.further import VISITS
from compendium.centre.template.texts import ROWS, allowed, sentence, terms

RECORD = "patient_id"  # the record identifier

REPEATING = (*(table for table in schema.TABLES if len(schema.KEYS[table]) > 1), VISITS)
"""The tables with several rows per patient, which are repeating instruments."""

_UNUSED = ("Custom Alignment", "Question Number (surveys only)", "Matrix Group Name", "Matrix Ranking?")
_LONGEST = 26
_RADIO = 4  # the most choices shown as buttons; more are a drop-down list
_BASELINE, _FIRST = ("onset", "= 'baseline'"), ("months_to_first_response", "<> ''")
_ESCALATED, _WEEKLY = ("escalation_month", "<> ''"), ("weekly_month", "<> ''")
CONDITIONS: dict[tuple[str, str], tuple[str, str, bool]] = {
    ("screening", "exclusion_reason"): ("screening", "= 'excluded'", True),
    ("symptoms", "grade_best"): (*_BASELINE, True), ("symptoms", "grade_last"): (*_BASELINE, False),
    ("courses", "stop_reason"): ("ongoing", "= 'no'", True), ("courses", "months_to_best_response"): (*_FIRST, True),
    ("courses", "escalated_dose_mg"): (*_ESCALATED, True), ("courses", "score_before_escalation"): (*_ESCALATED, True),
    ("courses", "escalated_interval_weeks"): (*_ESCALATED, False),
    ("courses", "score_after_escalation"): (*_ESCALATED, True), ("courses", "score_before_weekly"): (*_WEEKLY, True),
    ("courses", "score_after_weekly"): (*_WEEKLY, True),
    ("laboratory", "months_on_therapy"): ("time_point", "= 'on_therapy'", True),
}  # fmt: skip
"""Columns that are filled in under a condition, as `checks.rules` has it: the column of the same table that decides,
how, and whether the column is then required."""


def fields() -> pd.DataFrame:
    """List the contract by ``variable`` of the project, with ``patient_id`` once; two that are one are a ValueError."""
    contract = schema.contract()
    contract = contract[(contract["column"] != RECORD) | ~contract.duplicated("column")]
    # What came later has names of its own, so that those of projects that are under way stay.
    shared = contract[contract["table"] != VISITS].duplicated("column", keep=False)
    shared = shared.reindex(contract.index, fill_value=True)
    names = contract["column"].mask(shared, contract["table"] + "_" + contract["column"])
    found = contract.assign(variable=names.str[:_LONGEST].str.rstrip("_"))
    clash = found[found.duplicated("variable", keep=False)]
    if len(clash):
        columns = " and ".join(f"{one.table}.{one.column}" for one in clash.itertuples())
        name = clash["variable"].iloc[0]
        raise ValueError(f"the columns {columns} of the contract have the same REDCap variable {name}")
    return found.set_index("variable")


def choices(column: pd.Series) -> dict[str, str] | None:
    """Give the values of the contract by their codes, in order, of a field with a closed vocabulary."""
    listed = terms(column)
    if listed is None:
        return None
    if column["type"] == "grade":
        return {f"{100 * grade:g}": f"{grade:g}" for grade in listed["value"]}
    codes = {re.sub(r"\W", "_", value, flags=re.ASCII): value for value in listed["value"]}
    assert len(codes) == len(listed), f"the codes of {column['column']} are not distinct"
    return codes


def _field_note(column: pd.Series, codes: dict[str, str] | None) -> str:
    parts = [f"Unit: {column['unit']}."] if column["unit"] else []
    if column["type"] == "month":
        parts.append("Year and month as YYYY-MM, for example 2016-03; no day.")
    elif codes is None and column["type"] != "text":
        parts.append(sentence(allowed(column)))
    return " ".join(parts)


def _annotation(column: pd.Series, codes: dict[str, str]) -> str:
    parts = [f"{column['table']}.{column['column']}"]
    if column["type"] == "grade":
        parts.append("code = 100 x grade")
    elif other := [f"code {code} = {value}" for code, value in codes.items() if code != value]:
        parts.append(", ".join(other))
    if column["table"] in REPEATING:
        parts.append("repeating instrument")
    tags = " @CHARLIMIT=7 @PLACEHOLDER='YYYY-MM'" if column["type"] == "month" else ""
    return "; ".join(parts) + tags


def _row(variable: str, column: pd.Series, variables: dict[tuple[str, str], str]) -> dict[str, str]:
    codes, labels = choices(column), ()
    if codes:
        # A bar separates choices, so it must not stand in a label.
        labels = terms(column)["meaning"].str.replace("|", "/", regex=False)
        labels = labels + [f" ({grade})" for grade in codes.values()] if column["type"] == "grade" else labels
    kind = "text" if codes is None else "radio" if len(codes) <= _RADIO else "dropdown"
    numeric = kind == "text" and column["type"] in ("integer", "number", "score")
    place = (column["table"], column["column"])
    decides, test, needed = CONDITIONS.get(place, ("", "", column["missing"] == "no"))
    bounds = (column[bound] if numeric else np.inf for bound in ("minimum", "maximum"))
    low, high = (f"{bound:g}" if np.isfinite(bound) else "" for bound in bounds)
    validation = "integer" if column["type"] == "integer" else "number"
    # The columns of a REDCap data dictionary, in the order and the spelling of its upload.
    return {
        "Variable / Field Name": variable,
        "Form Name": column["table"],
        "Section Header": "",
        "Field Type": kind,
        "Field Label": column["meaning"],
        "Choices, Calculations, OR Slider Labels": " | ".join(map(", ".join, zip(codes or (), labels, strict=True))),
        "Field Note": _field_note(column, codes),
        "Text Validation Type OR Show Slider Number": validation if numeric else "",
        "Text Validation Min": low,
        "Text Validation Max": high,
        "Identifier?": "y" if column["type"] == "identifier" and codes is None else "",
        "Branching Logic (Show field only if...)": f"[{variables[place[0], decides]}] {test}" if decides else "",
        "Required Field?": "y" if needed else "",
        **dict.fromkeys(_UNUSED, ""),
        "Field Annotation": _annotation(column, codes or {}),
    }


def data_dictionary() -> pd.DataFrame:
    """Make the REDCap data dictionary: the columns of its upload, one row per variable of `fields`, all strings."""
    contract = fields()
    variables = {(one.table, one.column): name for name, one in zip(contract.index, contract.itertuples(), strict=True)}
    rows = pd.DataFrame([_row(name, column, variables) for name, column in contract.iterrows()])
    first = ~rows.duplicated("Form Name") & rows["Form Name"].isin(REPEATING)
    texts = [f"One instance of this form for {ROWS[table][:1].lower()}{ROWS[table][1:]}" for table in REPEATING]
    rows.loc[first, "Section Header"] = texts
    return rows
