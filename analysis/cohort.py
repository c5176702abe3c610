"""A checked cohort, and its restriction to a population."""

import os
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from analysis.vocabulary import POPULATION_DIAGNOSES, Population
from compendium.centre.intake.raw_tables import hide_identifiers
from compendium.centre.intake.snapshot import read_snapshot

_SHOWN = 20


class CohortError(ValueError):
    """A cohort that does not keep the contract.

    Parameters
    ----------
    problems : DataFrame
        One row per problem: ``file``, ``row`` (as a spreadsheet counts, the header being row 1; 0 for the whole file),
        ``column``, ``value``, ``allowed`` and ``nearest``. The message leaves identifiers out and ends after 20.
    identifiers : collection of str, optional
        Identifiers that the message leaves out in whatever column they stand.
    """

    def __init__(self, problems: pd.DataFrame, identifiers: Collection[str] = ()) -> None:
        self.problems = problems
        shown = [_line(problem) for problem in hide_identifiers(problems.head(_SHOWN), identifiers).itertuples()]
        more = len(problems) - len(shown)
        super().__init__("\n".join(shown + ([f"... and {more} more problems"] if more else [])))


def _line(problem: tuple) -> str:
    row = f", row {problem.row}" if problem.row else ""
    column = f", column {problem.column}" if problem.column else ""
    value = f"{problem.value!r} is not allowed; " if problem.value or (problem.row and problem.column) else ""
    nearest = f" (nearest: {problem.nearest})" if problem.nearest else ""
    return f"{problem.file}{row}{column}: {value}{problem.allowed}{nearest}"


@dataclass(frozen=True)
class Cohort:
    """The six tables of a cohort.

    Attributes
    ----------
    screening : DataFrame
        One row per screened patient.
    patients, courses : DataFrame
        One row per included patient, both indexed by ``patient_id`` in the same order.
    symptoms, laboratory, adverse_events : DataFrame
        Any number of rows per patient; ``patient_id`` is a categorical whose categories are the index of ``patients``.
    reconstructed : bool
        Whether the rows were reconstructed from published results instead of observed.
    population : Population
        The part of the cohort that the tables hold.
    """

    screening: pd.DataFrame
    patients: pd.DataFrame
    symptoms: pd.DataFrame
    courses: pd.DataFrame
    laboratory: pd.DataFrame
    adverse_events: pd.DataFrame
    reconstructed: bool = False
    population: Population = Population.ALL


def from_tables(tables: dict[str, pd.DataFrame], reconstructed: bool = False) -> Cohort:
    """Make a cohort of tables that keep the contract.

    Parameters
    ----------
    tables : dict of str to DataFrame
        The six tables with their types, as `analysis.schema.with_types` gives them.
    reconstructed : bool, default False
        Whether the rows were reconstructed from published results instead of observed.

    Returns
    -------
    Cohort
        The tables, all of them speaking of the same patients in the same order.
    """
    patients = tables["patients"].set_index("patient_id")
    tables = tables | {"patients": patients}
    tables["courses"] = tables["courses"].set_index("patient_id").reindex(patients.index)
    for table in ("symptoms", "laboratory", "adverse_events"):
        ids = pd.Categorical(tables[table]["patient_id"], categories=patients.index)
        tables[table] = tables[table].assign(patient_id=ids)
    return Cohort(**tables, reconstructed=reconstructed)


def read_cohort(path: str | os.PathLike[str], population: str = Population.ALL) -> Cohort:
    """Read a cohort and check it against the data contract.

    Parameters
    ----------
    path : str or path
        An xlsx file with a sheet for each table, a folder with a CSV or Parquet file for each, or a checked copy as
        `compendium.centre.intake.snapshot` writes it, which is not checked again.
    population : str, default "all"
        The part of the cohort to keep, a value of `Population`.

    Returns
    -------
    Cohort
        The checked tables.

    Raises
    ------
    CohortError
        If a file is missing or anything in it is against the contract; all problems are listed, each with file, row,
        column, value and what is allowed.
    ValueError
        If the population is unknown or has no patients.
    """
    # Imported here since the checks classify responses as the analysis does, which needs a cohort.
    from compendium.centre.intake.checking import check_cohort

    checked = read_snapshot(Path(path))
    if checked is None:
        check = check_cohort(path)
        if check.tables is None:
            raise CohortError(check.errors, check.identifiers)
        checked = check.tables, check.reconstructed
    return restrict(from_tables(*checked), population)


def restrict(cohort: Cohort, population: str) -> Cohort:
    """Keep the patients of one population.

    Parameters
    ----------
    cohort : Cohort
        The cohort.
    population : str
        A value of `Population`: all, primary (ISM, CM and MMAS), ISM, CM, MMAS or idiopathic (L266-L267).

    Returns
    -------
    Cohort
        The same tables for these patients only; ``screening`` is left whole.

    Raises
    ------
    ValueError
        If the population is unknown or has no patients.
    """
    if population not in list(Population):
        raise ValueError(f"population {population!r} is unknown; allowed are {', '.join(Population)}")
    kept = cohort.patients[cohort.patients["diagnosis"].isin(POPULATION_DIAGNOSES[Population(population)])]
    if kept.empty:
        raise ValueError(f"population {str(population)!r} has no patients in this cohort")
    parts = {"patients": kept, "courses": cohort.courses.loc[kept.index]}
    for table in ("symptoms", "laboratory", "adverse_events"):
        frame = getattr(cohort, table)
        ids = frame["patient_id"].cat.set_categories(kept.index)
        parts[table] = frame.assign(patient_id=ids)[ids.notna()]
    return replace(cohort, **parts, population=Population(population))
