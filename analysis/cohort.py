"""A checked cohort, and its restriction to a population."""

import os
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from analysis import schema
from analysis.reading import OWN_SYMPTOMS, read_tables
from analysis.vocabulary import POPULATION_DIAGNOSES, Diagnosis, Population


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
    """Make a cohort of the six tables with their types; all then speak of the same patients in the same order."""
    patients = tables["patients"].set_index("patient_id")
    patients["diagnosis"] = patients["diagnosis"].cat.set_categories(list(Diagnosis))  # no others are in a population
    tables = tables | {"patients": patients}
    tables["courses"] = tables["courses"].set_index("patient_id").reindex(patients.index)
    for table in ("symptoms", "laboratory", "adverse_events"):
        ids = pd.Categorical(tables[table]["patient_id"], categories=patients.index)
        tables[table] = tables[table].assign(patient_id=ids)
    return Cohort(**tables, reconstructed=reconstructed)


def read_cohort(folder: str | os.PathLike[str], population: str = Population.ALL) -> Cohort:
    """Read a cohort and check it against the columns and keys of the data contract.

    Parameters
    ----------
    folder : str or path
        A folder with a CSV (UTF-8, commas) or a Parquet file for each of the six tables. Its ``datapackage.json``, if
        there is one, says whether the rows were reconstructed. Spreadsheets and other CSV files are read, and rules
        across tables checked, by ``make check`` and ``make paper``.
    population : str, default "all"
        The part of the cohort to keep, a value of `Population`.

    Raises
    ------
    CohortError
        If a file is missing or anything in it is against the contract; all problems are listed, each with file, row,
        column, value and what is allowed.
    ValueError
        If the population is unknown or has no patients.
    """
    kept = _KEPT.get(_stamp(folder))
    if kept:  # of the other tables `restrict` makes new ones
        return restrict(replace(kept, screening=kept.screening.copy()), population)
    return restrict(from_tables(*read_tables(folder)), population)


_KEPT: dict[tuple, Cohort] = {}


def _stamp(folder: str | os.PathLike[str]) -> tuple:
    """Give what changes when a file in a folder does."""
    try:
        found = sorted((entry.name, entry.stat().st_mtime_ns, entry.stat().st_size) for entry in os.scandir(folder))
    except (OSError, ValueError):
        return ()
    return (os.path.realpath(folder), *found)


def keep_cohort(folder: str | os.PathLike[str], cohort: Cohort) -> None:
    """Let `read_cohort` give what it gave of a folder before, to a process that this one was forked from.

    ``cohort`` holds all its patients; who reads gets tables of their own. The folder is read again if a file in it has
    changed since.
    """
    schema.use_symptoms(Path(folder) / OWN_SYMPTOMS)
    _KEPT[_stamp(folder)] = cohort


def restrict(cohort: Cohort, population: str) -> Cohort:
    """Keep the patients of one population (L266-L267), a value of `Population`; the table of screening is left whole.

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
