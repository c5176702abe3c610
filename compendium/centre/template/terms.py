"""The closed vocabularies of the contract with what each value means, and two example rows of every table."""

import re
from pathlib import Path

import numpy as np
import pandas as pd

from analysis import schema, vocabulary

__all__ = ["EXAMPLE_IDS", "example_rows", "is_number", "list_name", "spaced", "terms", "vocabularies"]

EXAMPLE_IDS = ("EXAMPLE-1", "EXAMPLE-2")
"""The identifiers of the two patients of the example rows."""

_HERE = Path(__file__).parent
_LABELS: dict[str, dict] = {
    "StopReason": vocabulary.STOP_REASON_LABELS,
    "Analyte": vocabulary.ANALYTE_LABELS,
}


def is_number(column: pd.Series) -> bool:
    """Tell whether the cells of a column are numbers.

    Parameters
    ----------
    column : Series
        One row of `analysis.schema.contract`.

    Returns
    -------
    bool
        True for the types integer, number, grade and score.
    """
    return column["type"] in ("integer", "number", "grade", "score")


def list_name(column: pd.Series) -> str | None:
    """Name the closed vocabulary of a column.

    Parameters
    ----------
    column : Series
        One row of `analysis.schema.contract`, or of `analysis.schema.columns_of`, whose name is then the column's.

    Returns
    -------
    str or None
        The enumeration of `analysis.vocabulary`, ``symptom`` for the list of symptoms, ``grade`` for the grades, the
        name of the column if it has a list of its own; None without a closed vocabulary.
    """
    if column["type"] == "grade":
        return "grade"
    if schema.allowed_values(column) is None:
        return None
    if column["allowed"] == "symptoms.csv":
        return "symptom"
    return column["allowed"] if column["type"] == "category" else column.get("column", column.name)


def _in_words(value: str) -> str:
    return value[:1].upper() + value[1:].replace("_", " ")


def terms(column: pd.Series) -> pd.DataFrame | None:
    """List the values that may stand in a column, with their meanings.

    Parameters
    ----------
    column : Series
        One row of `analysis.schema.contract` or `analysis.schema.columns_of`.

    Returns
    -------
    DataFrame or None
        ``value`` (grades are floats, else strings), ``meaning`` and ``group`` (of a symptom, else empty), in the order
        of the vocabulary; None without a closed vocabulary.
    """
    name = list_name(column)
    if name is None:
        return None
    if name == "grade":
        labels = vocabulary.GRADE_LABELS
        return pd.DataFrame({"value": list(labels), "meaning": list(labels.values()), "group": ""})
    values = schema.allowed_values(column)
    if name == "symptom":
        symptoms = schema.symptom_list()
        groups = [vocabulary.SYMPTOM_GROUP_LABELS[group] for group in symptoms["group"]]
        return pd.DataFrame({"value": values, "meaning": symptoms["label"].to_list(), "group": groups})
    written = pd.read_csv(_HERE / "meanings.csv", dtype=str)
    written = written[written["list"] == name].set_index("value")["meaning"].to_dict()
    labels = {str(value): label for value, label in _LABELS.get(name, {}).items()} | written
    # A value that was added to the contract after this file was written speaks for itself.
    return pd.DataFrame({"value": values, "meaning": [labels.get(one, _in_words(one)) for one in values], "group": ""})


def vocabularies() -> dict[str, tuple[pd.DataFrame, list[tuple[str, str]]]]:
    """Collect the vocabularies of the contract.

    Returns
    -------
    dict of str to (DataFrame, list of (str, str))
        For each list, in the order of the contract: its `terms`, and the table and column of each place that uses it.
    """
    found: dict[str, tuple[pd.DataFrame, list[tuple[str, str]]]] = {}
    for _, column in schema.contract().iterrows():
        name = list_name(column)
        if name is not None:
            if name not in found:
                found[name] = (terms(column), [])
            found[name][1].append((column["table"], column["column"]))
    return found


def _plain_example(column: pd.Series, patient: int) -> str:
    """Make an example for a column that has none written: the simplest that is allowed."""
    if column["missing"] == "yes":
        return ""
    listed = terms(column)
    if listed is not None:
        return str(listed["value"].iloc[0])
    if is_number(column):
        return f"{column['minimum'] if np.isfinite(column['minimum']) else 0:g}"
    return {"month": "2016-01", "identifier": EXAMPLE_IDS[patient]}.get(column["type"], "example")


def example_rows(table: str) -> pd.DataFrame:
    """Give the two example rows of a table.

    Parameters
    ----------
    table : str
        One of `analysis.schema.TABLES`.

    Returns
    -------
    DataFrame
        Two rows of strings, one for each of `EXAMPLE_IDS`, with the columns in the order of the contract and empty
        strings for empty cells.
    """
    written = pd.read_csv(_HERE / "examples.csv", dtype=str, keep_default_na=False)
    written = written[written["table"] == table].set_index("column")
    rows = {
        name: (
            written.loc[name, ["first", "second"]].to_list()
            if name in written.index
            else [_plain_example(column, patient) for patient in range(2)]
        )
        for name, column in schema.columns_of(table).iterrows()
    }
    return pd.DataFrame(rows)


def spaced(name: str) -> str:
    """Write the name of a list in words.

    Parameters
    ----------
    name : str
        As `list_name` gives it, for example ``ExclusionReason``.

    Returns
    -------
    str
        For example ``Exclusion reason``.
    """
    return _in_words(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower())
