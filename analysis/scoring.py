"""The symptom score: what each patient's symptoms add up to under therapy (L198-L207).

Every grade is a whole number of quarters, so scores are kept as whole numbers of quarters and never rounded.
"""

from typing import Literal

import numpy as np
import pandas as pd

from analysis.cohort import Cohort
from analysis.criteria import PAPER, Criteria
from analysis.vocabulary import Onset

Visit = Literal["best", "last"]
VISITS: tuple[Visit, ...] = ("best", "last")
UNCHANGED = 1.0
"""The grade of a symptom that did not change, which is also its value before treatment (L197, L203)."""

# A row of the symptoms table is counted in the cell of its grade in quarters (0, 1, 2, 3, 4 or 6) or in one of these.
_UNGRADED, _NEW, _CELLS = 5, 7, 8
_QUARTERS = np.array([0, 1, 2, 3, 4, 0, 6, 0])
_GRADED = np.array([1, 1, 1, 1, 1, 0, 1, 0])
_WORSE = 6


def is_baseline(symptoms: pd.DataFrame) -> np.ndarray:
    """Tell the symptoms that were there before treatment from those that appeared under it.

    Parameters
    ----------
    symptoms : DataFrame
        The symptoms of a cohort.

    Returns
    -------
    ndarray of bool, shape (rows,)
        Whether the symptom was present at baseline.
    """
    onset = symptoms["onset"].cat
    return onset.codes.to_numpy() == onset.categories.get_loc(Onset.BASELINE)


def visit_grades(symptoms: pd.DataFrame, visit: Visit, criteria: Criteria = PAPER) -> np.ndarray:
    """Give each symptom its grade at a visit, missing grades at last follow-up treated as the criteria say.

    Parameters
    ----------
    symptoms : DataFrame
        The symptoms of a cohort.
    visit : {"best", "last"}
        The time of the patient's best response, or last follow-up.
    criteria : Criteria, default the paper's
        Its ``missing_last`` decides.

    Returns
    -------
    ndarray of float, shape (rows,)
        Grades (1.5, 1, 0.75, 0.5, 0.25 or 0); missing where the symptom does not enter the score, which is so for a
        symptom that appeared under therapy.

    Raises
    ------
    ValueError
        If the visit is unknown.
    """
    if visit not in VISITS:
        raise ValueError(f"visit {visit!r} is unknown; allowed are {', '.join(VISITS)}")
    grades = symptoms[f"grade_{visit}"].to_numpy()
    missing = np.flatnonzero(np.isnan(grades))
    if visit == "best" or criteria.missing_last == "drop" or not len(missing):
        return grades
    grades = grades.copy()
    if criteria.missing_last == "carry_forward":
        grades[missing] = symptoms["grade_best"].to_numpy()[missing]
    else:
        grades[missing] = np.where(is_baseline(symptoms)[missing], UNCHANGED, np.nan)
    return grades


def _counts(patient: np.ndarray, grades: np.ndarray, baseline: np.ndarray, n: int) -> np.ndarray:
    """Count the rows of each patient in each cell; one pass instead of one sum for each column of the result."""
    cells = np.where(np.isnan(grades), _UNGRADED / 4, grades)
    cells *= 4
    cells[~baseline] = _NEW
    cells += patient.astype(np.float64) * _CELLS
    return np.bincount(cells.astype(np.intp), minlength=n * _CELLS).reshape(n, _CELLS)


def symptom_scores(cohort: Cohort, visit: Visit, criteria: Criteria = PAPER) -> pd.DataFrame:
    """Add up the symptoms of each patient at a visit.

    Parameters
    ----------
    cohort : Cohort
        The cohort.
    visit : {"best", "last"}
        The time of the patient's best response (L210), or last follow-up.
    criteria : Criteria, default the paper's
        Its ``missing_last`` decides what becomes of a symptom without a grade at last follow-up.

    Returns
    -------
    DataFrame
        Indexed like ``cohort.patients``, all whole numbers: ``symptoms``, the baseline symptoms that enter the score,
        which is also the score before treatment; ``quarters``, four times the score under therapy; ``worsened``, how
        many of them worsened; ``new``, symptoms that appeared under therapy; ``missing``, baseline symptoms without a
        grade at this visit.

    Raises
    ------
    ValueError
        If the visit is unknown.
    """
    symptoms, n = cohort.symptoms, len(cohort.patients)
    patient = symptoms["patient_id"].cat.codes.to_numpy()
    baseline = is_baseline(symptoms)
    counts = _counts(patient, visit_grades(symptoms, visit, criteria), baseline, n)
    missing = np.isnan(symptoms[f"grade_{visit}"].to_numpy()) & baseline
    columns = {
        "symptoms": counts @ _GRADED,
        "quarters": counts @ _QUARTERS,
        "worsened": counts[:, _WORSE],
        "new": counts[:, _NEW],
        "missing": np.bincount(patient[missing], minlength=n),
    }
    return pd.DataFrame(columns, index=cohort.patients.index)
