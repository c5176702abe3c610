"""The tables of a cohort seen together: which rows speak of which patient, whatever cells or tables are missing.

The rules of the contract and the checks of plausibility look at tables that may still hold errors. Here a missing cell
is never equal to anything, and a missing table has no rows, so that one error does not bring others with it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis import schema
from analysis.problems import problems, together
from compendium.centre.intake.raw_tables import cell_problems

Tables = dict[str, pd.DataFrame]


def calendar(months: pd.Series) -> np.ndarray:
    """Give calendar months as whole numbers of months since the year 0, missing where a cell is."""
    codes, found = pd.factorize(months)
    numbers = pd.PeriodIndex(found, freq="M")
    return np.append(numbers.year * 12.0 + numbers.month - 1, np.nan)[codes]


@dataclass(frozen=True)
class Rows:
    """The rows of one table, which may be absent and miss any cell."""

    table: str
    frame: pd.DataFrame
    absent: bool
    patient: np.ndarray  # the number of each row's patient, the same in all tables, -1 where the cell is missing
    patients: int  # how many there are in any table

    def known(self, column: str) -> np.ndarray:
        """Tell which cells of a column are there."""
        return self.frame[column].notna().to_numpy()

    def values(self, column: str) -> np.ndarray:
        """Give a column of numbers as floats, missing where a cell is."""
        return self.frame[column].to_numpy(dtype="float64", na_value=np.nan)

    def months(self, column: str) -> np.ndarray:
        """Give a column of calendar months as `calendar` does."""
        return calendar(self.frame[column])

    def equals(self, column: str, *terms: str) -> np.ndarray:
        """Tell which cells of a categorical column hold one of these terms; a missing cell holds none."""
        cells = self.frame[column].array
        return np.isin(cells.codes, [cells.categories.get_loc(term) for term in terms])

    def count(self, columns: Sequence[str], *terms: str) -> np.ndarray:
        """Count in each row the columns that hold one of these terms."""
        return np.sum([self.equals(column, *terms) for column in columns], axis=0)

    def of_patients(self, values: np.ndarray, rows: np.ndarray | None = None) -> np.ndarray:
        """Give each patient the number or truth value of its first row, or of the first among some rows.

        It is missing, or False, for a patient without such a row, and in one place more, for rows without a patient.
        """
        missing = False if values.dtype == bool else np.nan
        patient = self.patient
        if rows is not None:
            patient, values = patient[rows], values[rows]
        found = np.full(self.patients + 1, missing, dtype=values.dtype)
        # Backwards, so that the first row is the last to be written.
        found[patient[::-1]] = values[::-1]
        found[-1] = missing
        return found

    def any_row(self, rows: np.ndarray | None = None) -> np.ndarray:
        """Tell of each patient, as `of_patients` does, whether there is a row, or one of these rows, about it."""
        return self.of_patients(np.ones(len(self.patient), dtype=bool), rows)

    def outside(self, known: np.ndarray) -> np.ndarray:
        """Tell which rows name a patient who is none of those that are known."""
        return ~known[self.patient] & (self.patient >= 0)

    @property
    def complete(self) -> bool:
        """Whether the table is there and names a patient in every row, so that a patient not in it can be told."""
        return not self.absent and not (self.patient < 0).any()


Linked = NamedTuple("Linked", [(table, Rows) for table in schema.TABLES])  # absent ones are without rows


@cache
def _without_rows(table: str) -> pd.DataFrame:
    return schema.with_types(table, pd.DataFrame(columns=schema.columns_of(table).index, dtype="str"))


def _linked(tables: Tables) -> Linked:
    """Give the rows of tables that have types, as `analysis.schema.with_types` gives them."""
    frames = {table: tables.get(table, _without_rows(table)) for table in schema.TABLES}
    # A missing cell has the number -1.
    patient, known = pd.factorize(pd.concat([frame["patient_id"] for frame in frames.values()], ignore_index=True))
    starts = np.cumsum([len(frame) for frame in frames.values()])[:-1]
    parts = zip(frames.items(), np.split(patient, starts), strict=True)
    return Linked(*(Rows(table, frame, table not in tables, part, len(known)) for (table, frame), part in parts))


# Cells that break a rule: their table and column, which rows (None is the table as a whole), and what is allowed, one
# text or one for each of these rows.
Broken = tuple[Rows, str, np.ndarray | None, str | Sequence[str]]
Rule = Callable[[Linked], Iterator[Broken]]


def repeated(rows: Rows, column: str, first: pd.Series, allowed: str) -> Broken:
    """Say of rows that are like an earlier one, as `first_alike` gives them, which that is."""
    return rows, column, rows.frame.index.isin(first.index), [allowed.format(row + 2) for row in first]


def problems_found(rules: Iterable[Rule], tables: Tables, names: dict[str, str] | None = None) -> pd.DataFrame:
    """List what breaks some rules, as `problems` does, in the order of the tables and their rows.

    A table is called by its name among `names`, else ``<table>.csv``; a row's index + 2 is its row in the file, the
    header being row 1, and row 0 is the whole file.
    """
    cohort = _linked(tables)
    parts: dict[str, list[pd.DataFrame]] = {table: [] for table in schema.TABLES}
    for rows, column, broken, allowed in (found for rule in rules for found in rule(cohort)):
        file = (names or {}).get(rows.table, f"{rows.table}.csv")
        if broken is None:
            parts[rows.table].append(problems(file, allowed, column=column))
        elif broken.any():
            parts[rows.table].append(cell_problems(rows.frame.loc[broken, column], file, allowed))
    return together([together(some).sort_values("row", kind="stable") for some in parts.values()])
