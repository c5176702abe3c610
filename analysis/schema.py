"""The data contract: which tables and columns a cohort has and what may stand in them.

The contract is written once, in ``contract/columns.csv`` and ``contract/symptoms.csv``. What checks a cohort, the types
it is read with and the Data Package that describes it are all made from these two files.
"""

import os
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from analysis import vocabulary

# Texts of some hundred rows are quicker as objects of Python: Arrow, made for millions, takes longer for each step.
pd.options.mode.string_storage = "python"

CONTRACT = Path(__file__).parent / "contract"
TABLES = ("screening", "patients", "symptoms", "courses", "laboratory", "adverse_events")
KEYS: dict[str, list[str]] = {table: ["patient_id"] for table in TABLES}  # the columns that identify a row of each
KEYS["symptoms"] += ["symptom"]
KEYS["laboratory"] += ["analyte", "time_point"]
KEYS["adverse_events"] += ["term"]
# Table and column that a file may lack; visits are no table of a cohort, other centres' ones are turned into grades.
OPTIONAL = (("courses", "escalated_interval_weeks"), ("visits", "visit_month"), ("visits", "months_on_therapy"))

_MONTH = r"[0-9]{4}-(?:0[1-9]|1[0-2])"


@cache
def contract() -> pd.DataFrame:
    """Read the data contract, one row per column.

    ``table``, ``column``, ``type`` (identifier, text, category, integer, number, grade, score or month), ``unit``,
    ``allowed``, ``minimum``, ``maximum``, ``missing`` (yes or no) and ``meaning``.
    """
    columns = pd.read_csv(CONTRACT / "columns.csv", dtype=str, keep_default_na=False)
    return columns.assign(
        minimum=pd.to_numeric(columns["minimum"]).fillna(-np.inf),
        maximum=pd.to_numeric(columns["maximum"]).fillna(np.inf),
    )


@cache
def symptom_list() -> pd.DataFrame:
    """Read the list of symptoms, indexed by ``symptom`` in reporting order.

    ``label``, ``group`` (ordered categorical of `SymptomGroup`) and ``source``: the manuscript line that names the
    symptom, or the published inventory of the disease it was taken from (AFIRMM: Hermine et al., PLoS One 2008;
    MastSAF: the Mastocytosis Symptom Assessment Form).
    """
    symptoms = pd.concat([pd.read_csv(CONTRACT / "symptoms.csv", index_col="symptom", dtype=str), *_OWN])
    groups = pd.CategoricalDtype(list(vocabulary.SymptomGroup), ordered=True)
    return symptoms.assign(group=symptoms["group"].astype(groups)).sort_values("group", kind="stable")


_OWN: list[pd.DataFrame] = []  # the symptoms that a cohort has beside those of the contract


def use_symptoms(own: pd.DataFrame | Path | None) -> None:
    """Take up a cohort's own symptoms, as `symptom_list` has them or a file, in the place of those taken up before."""
    if isinstance(own, Path):
        own = pd.read_csv(own, index_col="symptom", dtype=str) if os.path.isfile(own) else None
    _OWN[:] = [] if own is None else [own]
    symptom_list.cache_clear()


@cache
def further_values(vocabulary: str) -> dict[str, str]:
    """Give the labels of the values that other centres need, and the paper does not."""
    values = pd.read_csv(CONTRACT / "values.csv", index_col="value", dtype=str)
    return values.loc[values["vocabulary"] == vocabulary, "label"].to_dict()


@cache
def columns_of(table: str) -> pd.DataFrame:
    """Give the rows of `contract` for one of `TABLES`, indexed by column name."""
    columns = contract()
    return columns[columns["table"] == table].set_index("column")


@cache
def _described(table: str) -> list[tuple[str, dict]]:
    """Give name and row of each column of a table, which many cells are checked by."""
    return list(columns_of(table).to_dict("index").items())


@cache
def _ordered(*values: str) -> pd.CategoricalDtype:
    return pd.CategoricalDtype(values, ordered=True)


def allowed_values(column: Mapping) -> list[str] | None:
    """List the closed vocabulary of a column, a row of `contract`, in order; None if it has none."""
    source = column["allowed"]
    if source == "symptoms.csv":
        return list(symptom_list().index)
    if column["type"] == "category":
        return [*(member.value for member in getattr(vocabulary, source)), *further_values(source)]
    return source.split("|") if column["type"] == "text" and source else None


def describe_allowed(column: Mapping) -> str:
    """Say in words what may stand in a column, a row of `contract`: ``a whole number from 0 to 120``."""
    values = allowed_values(column)
    if values is not None:
        return "one of " + ", ".join(values)
    kinds = {
        "grade": "one of " + ", ".join(f"{grade:g}" for grade in vocabulary.GRADES),
        "month": "a month as YYYY-MM",
        "identifier": "a name without blanks at its ends and invisible signs",
        "text": "a text without blanks at its ends and invisible signs",
        "integer": "a whole number",
        "number": "a number",
        "score": "a multiple of 0.25",
    }
    text = kinds[column["type"]]
    if np.isfinite(column["minimum"]):
        text += f" of at least {column['minimum']:g}"
    if np.isfinite(column["maximum"]):
        text += f" and at most {column['maximum']:g}"
    return text


def _is_allowed(texts: np.ndarray, column: Mapping) -> np.ndarray:
    listed, kind = allowed_values(column), column["type"]
    if listed is not None:
        return np.array([text in listed for text in texts], dtype=bool)
    if kind == "month":  # no calendar has a year 0000
        return np.array([bool(re.fullmatch(_MONTH, text)) and text[:4] != "0000" for text in texts], dtype=bool)
    # Blanks around a number would be read as if they were not there.
    stripped = np.array([text.strip() == text != "" for text in texts], dtype=bool)
    if kind in ("identifier", "text"):
        # A sign that nobody sees would make two patients of one.
        return stripped & np.array([text.isprintable() for text in texts], dtype=bool)
    numbers = pd.to_numeric(texts, errors="coerce").astype(float)
    allowed = stripped & np.isfinite(numbers) & (numbers >= column["minimum"]) & (numbers <= column["maximum"])
    if kind == "grade":
        return allowed & np.isin(numbers, vocabulary.GRADES)
    parts = {"integer": 1, "score": 4}.get(kind)
    return allowed & (numbers * parts % 1 == 0) if parts else allowed


def refused(values: pd.Series, column: Mapping) -> pd.Series:
    """Tell which texts may not stand in a column, a row of `contract`; a missing cell is a missing value."""
    return pd.Series(_refused(values.to_numpy(dtype=object), column), index=values.index)


def _refused(texts: np.ndarray, column: Mapping) -> np.ndarray:
    given, found = pd.notna(texts), np.full(len(texts), column["missing"] == "no")
    found[given] = ~_is_allowed(texts[given], column)
    return found


def refused_cells(frame: pd.DataFrame, table: str) -> dict[str, pd.Series]:
    """Tell which cells of a table may not stand there, by column and for columns with such cells only.

    The frame holds texts, as they stand in the file. Distinct values are checked, since a million cells hold few;
    columns that are not there exactly once are not looked at.
    """
    cells, names = {}, list(frame.columns)
    for name, column in _described(table):
        if names.count(name) == 1:
            codes, distinct = pd.factorize(frame[name], use_na_sentinel=False)
            wrong = _refused(np.asarray(distinct, dtype=object), column)
            if wrong.any():
                cells[name] = pd.Series(wrong[codes], index=frame.index)
    return cells


def with_types(table: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Give the columns of one of `TABLES`, strings or categoricals of strings that `refused` accepts, their types.

    The columns are in the order of the contract: closed vocabularies as ordered categoricals, whole numbers as
    integers, other numbers as floats, the rest as strings.
    """
    typed = {}
    for name, column in _described(table):
        values, cells = allowed_values(column), frame[name] if name in frame else pd.Series(None, frame.index, "str")
        if values is not None:
            typed[name] = pd.Categorical(cells, dtype=_ordered(*values))
        elif column["type"] in ("integer", "number", "grade", "score"):
            if isinstance(cells.dtype, pd.CategoricalDtype):
                numbers = pd.to_numeric(np.array([*cells.cat.categories, None], dtype=object))
                cells = pd.Series(numbers[cells.cat.codes], index=cells.index)
            typed[name] = pd.to_numeric(cells).astype("int64" if column["type"] == "integer" else "float64")
        else:
            typed[name] = cells.astype("str") if isinstance(cells.dtype, pd.CategoricalDtype) else cells
    return pd.DataFrame(typed, index=frame.index)


def data_package(name: str, reconstructed: bool = False) -> dict:
    """Describe a cohort folder as a Data Package: the content of ``datapackage.json``.

    It has a tabular resource per table with types, constraints, units and meanings, and says whether the rows were
    reconstructed from published results.
    """
    resources = []
    for table in TABLES:
        fields = [_field(*row) for row in _described(table) if (table, row[0]) not in OPTIONAL]
        file = {"name": table, "path": f"{table}.csv", "profile": "tabular-data-resource", "encoding": "utf-8"}
        resources.append(file | {"schema": {"fields": fields, "missingValues": [""], "primaryKey": KEYS[table]}})
    return {"profile": "tabular-data-package", "name": name, "reconstructed": reconstructed, "resources": resources}


def _field(name: str, column: Mapping) -> dict:
    constraints: dict = {"required": column["missing"] == "no"}
    values = list(vocabulary.GRADES) if column["type"] == "grade" else allowed_values(column)
    if values is not None:
        constraints["enum"] = values
    for bound in ("minimum", "maximum"):
        if np.isfinite(column[bound]):
            constraints[bound] = column[bound]
    types = {"integer": "integer", "number": "number", "grade": "number", "score": "number", "month": "yearmonth"}
    field = {"name": name, "type": types.get(column["type"], "string"), "description": column["meaning"]}
    return field | ({"unit": column["unit"]} if column["unit"] else {}) | {"constraints": constraints}
