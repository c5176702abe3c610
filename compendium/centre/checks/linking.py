"""The tables of a cohort seen together: which rows speak of which patient, whatever cells or tables are missing.

The rules of the contract and the checks of plausibility look at tables that may still hold errors. Here a missing cell
is never equal to anything, and a missing table has no rows, so that one error does not bring others with it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.problems import HIDDEN, PROBLEM_COLUMNS, no_problems
from analysis.schema import TABLES

Tables = dict[str, pd.DataFrame]


@dataclass(frozen=True)
class Broken:
    """Cells that break one rule.

    Attributes
    ----------
    table, column : str
        Where they are.
    rows : ndarray of bool, shape (rows of the table,), or None
        Which rows break the rule; None if the table as a whole does.
    allowed : str or sequence of str
        What is allowed, in words; or one text for each of the rows that break the rule.
    hidden : bool, default False
        Whether the value is left out because it may identify a person.
    """

    table: str
    column: str
    rows: np.ndarray | None
    allowed: str | Sequence[str]
    hidden: bool = False


class Linked:
    """The tables of a cohort with their patients numbered alike.

    Parameters
    ----------
    tables : dict of str to DataFrame
        Tables with their types, as `analysis.schema.with_types` gives them. Some may be absent, and any cell missing.

    Attributes
    ----------
    tables : dict of str to DataFrame
        The tables that are there.
    patient : dict of str to ndarray of int
        The number of the patient each row of a table speaks of; -1 if the cell is missing.
    patients : int
        How many patients there are in any table.
    """

    def __init__(self, tables: Tables) -> None:
        self.tables = {table: tables[table] for table in TABLES if tables.get(table) is not None}
        parts = {table: pd.factorize(frame["patient_id"]) for table, frame in self.tables.items()}
        names = [np.asarray(found, dtype=object) for _, found in parts.values()]
        numbers, known = pd.factorize(np.concatenate([*names, np.empty(0, dtype=object)]))
        starts = np.cumsum([0] + [len(found) for found in names])
        self.patients = len(known)
        self.patient = {
            # The last number of each table stands for a missing cell, which `factorize` counts as -1.
            table: np.append(numbers[start : start + len(found)], -1)[codes]
            for (table, (codes, found)), start in zip(parts.items(), starts[:-1], strict=True)
        }

    def __contains__(self, table: str) -> bool:
        return table in self.tables

    def known(self, table: str, column: str) -> np.ndarray:
        """Tell which cells of a column are there."""
        return self.tables[table][column].notna().to_numpy()

    def values(self, table: str, column: str) -> np.ndarray:
        """Give a column of numbers as floats, missing where a cell is."""
        return self.tables[table][column].to_numpy(dtype="float64", na_value=np.nan)

    def months(self, table: str, column: str) -> np.ndarray:
        """Give a column of calendar months as whole numbers of months since the year 0, missing where a cell is."""
        codes, found = pd.factorize(self.tables[table][column])
        months = pd.PeriodIndex(found, freq="M")
        return np.append(months.year * 12.0 + months.month - 1, np.nan)[codes]

    def equals(self, table: str, column: str, *terms: str) -> np.ndarray:
        """Tell which cells of a categorical column hold one of these terms; a missing cell holds none."""
        values = self.tables[table][column].cat
        return np.isin(values.codes.to_numpy(), values.categories.get_indexer(list(terms)))

    def any_row(self, table: str, rows: np.ndarray | None = None) -> np.ndarray:
        """Tell of each patient whether the table has a row, or one of these rows, about it.

        Returns
        -------
        ndarray of bool, shape (patients + 1,)
            The last is for rows without a patient and always False.
        """
        patient = self.patient[table] if rows is None else self.patient[table][rows]
        found = np.zeros(self.patients + 1, dtype=bool)
        found[patient] = True
        found[-1] = False
        return found

    def of_patient(self, table: str, values: np.ndarray, rows: np.ndarray | None = None) -> np.ndarray:
        """Give each patient the value of its first row in a table, or of the first among some rows.

        Parameters
        ----------
        table : str
            The table.
        values : ndarray, shape (rows of the table,)
            Numbers or truth values.
        rows : ndarray of bool, shape (rows of the table,), optional
            The rows to look at; all by default.

        Returns
        -------
        ndarray, shape (patients + 1,)
            Missing, or False, for a patient without a row, and in the last place for rows without a patient.
        """
        missing = False if values.dtype == bool else np.nan
        patient = self.patient[table]
        if rows is not None:
            patient, values = patient[rows], values[rows]
        found = np.full(self.patients + 1, missing, dtype=values.dtype)
        # Backwards, so that the first row is the last to be written.
        found[patient[::-1]] = values[::-1]
        found[-1] = missing
        return found

    def complete(self, table: str) -> bool:
        """Tell whether a table is there and names a patient in every row, so that a patient not in it can be told."""
        return table in self and not (self.patient[table] < 0).any()


def first_rows(keys: np.ndarray, shown: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find rows that repeat an earlier one.

    Parameters
    ----------
    keys : ndarray of int, shape (rows,)
        Rows with the same number of at least 0 are the same; those below 0 repeat nothing.
    shown : ndarray of int, shape (rows,)
        The row as a spreadsheet counts it.

    Returns
    -------
    repeated : ndarray of bool, shape (rows,)
        Whether an earlier row has the same key.
    first : ndarray of int, one per repeated row
        The first row with this key, as a spreadsheet counts it.
    """
    series = pd.Series(keys)
    repeated = series.duplicated().to_numpy() & (keys >= 0)
    if not repeated.any():
        return repeated, np.empty(0, dtype=int)
    some = np.isin(keys, keys[repeated])
    first = pd.Series(shown[some]).groupby(keys[some]).first()
    return repeated, first.loc[keys[repeated]].to_numpy()


def row_keys(columns: Iterable[pd.Series | np.ndarray]) -> np.ndarray:
    """Give equal rows equal numbers, and rows with a missing cell -1.

    Parameters
    ----------
    columns : iterable of Series or ndarray, each of shape (rows,)
        The cells to compare.

    Returns
    -------
    ndarray of int, shape (rows,)
        The number of each row.
    """
    keys, missing = None, False
    for column in columns:
        codes, found = pd.factorize(column)
        missing = missing | (codes < 0)
        # Numbered afresh after each column, so that the product cannot grow beyond whole numbers.
        keys = codes if keys is None else pd.factorize(keys * (len(found) + 1) + codes)[0]
    return np.where(missing, -1, keys)


def _text(value: object) -> str:
    """Write a value as its file most likely does; a whole number has no decimals."""
    if pd.isna(value):
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def as_problems(found: Iterator[Broken], tables: Tables, names: dict[str, str] | None = None) -> pd.DataFrame:
    """List broken rules as a table of problems.

    Parameters
    ----------
    found : iterable of Broken
        The cells that break a rule.
    tables : dict of str to DataFrame
        The tables; a row's index + 2 is its row in the file, the header being row 1.
    names : dict of str to str, optional
        The file to name for each table; ``<table>.csv`` by default.

    Returns
    -------
    DataFrame
        One row per cell: ``file``, ``row`` (0 for the whole file), ``column``, ``value``, ``allowed`` and ``nearest``
        (always empty here), in the order of the tables and their rows.
    """
    parts: dict[str, list[pd.DataFrame]] = {table: [] for table in TABLES}
    for broken in found:
        if broken.rows is None:
            rows, values = [0], [""]
        elif not broken.rows.any():
            continue
        else:
            cells = tables[broken.table].loc[broken.rows, broken.column]
            rows = cells.index + 2
            values = HIDDEN if broken.hidden else [_text(value) for value in cells.astype(object)]
        file = (names or {}).get(broken.table, f"{broken.table}.csv")
        problem = {"row": rows, "column": broken.column, "value": values, "allowed": broken.allowed, "nearest": ""}
        parts[broken.table].append(pd.DataFrame({"file": file} | problem))
    listed = [pd.concat(some).sort_values("row", kind="stable") for some in parts.values() if some]
    if not listed:
        return no_problems()
    return pd.concat(listed, ignore_index=True)[list(PROBLEM_COLUMNS)]
