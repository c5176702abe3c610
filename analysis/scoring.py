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
UNCHANGED = 1.0  # the grade of a symptom that did not change, which is also its value before treatment (L197, L203)

# Each row of the symptoms table falls into one of sixteen cells: its grade in quarters (0, 1, 2, 3, 4 or 6) or one of
# the two below, and eight more if the grade itself is missing.
_UNGRADED, _WORSE, _NEW, _MISSING, _CELLS = 5, 6, 7, 8, 16
_COLUMNS = ("symptoms", "quarters", "worsened", "new", "missing")
_CELL, _BASE = np.arange(_CELLS), np.arange(_CELLS) % _MISSING
_GRADED = (_BASE != _UNGRADED) & (_BASE != _NEW)
_ADDS = np.column_stack([_GRADED, _BASE * _GRADED, _BASE == _WORSE, _BASE == _NEW, _CELL >= _MISSING]).astype(float)
"""What a row of each cell adds to each column of the scores."""
_BLOCK = 1 << 16  # rows taken at a time, so that the intermediate columns stay in the processor's cache


def is_baseline(symptoms: pd.DataFrame) -> np.ndarray:
    """Tell, of each row, whether the symptom was there before treatment or appeared under it."""
    onset = symptoms["onset"].cat
    return onset.codes.to_numpy() == onset.categories.get_loc(Onset.BASELINE)


def visit_grades(symptoms: pd.DataFrame, visit: Visit, criteria: Criteria = PAPER) -> np.ndarray:
    """Give each symptom its grade at a visit, missing grades at last follow-up treated as ``missing_last`` says.

    A grade is missing where the symptom does not enter the score, as one that appeared under therapy.
    """
    if visit not in VISITS:
        raise ValueError(f"visit {visit!r} is unknown; allowed are {', '.join(VISITS)}")
    grades = symptoms[f"grade_{visit}"].to_numpy()
    if visit == "best" or criteria.missing_last == "drop":
        return grades
    missing, grades = np.flatnonzero(np.isnan(grades)), grades.copy()
    if criteria.missing_last == "carry_forward":
        grades[missing] = symptoms["grade_best"].to_numpy()[missing]
    else:
        grades[missing] = np.where(is_baseline(symptoms)[missing], UNCHANGED, np.nan)
    return grades


def symptom_scores(cohort: Cohort, visit: Visit, criteria: Criteria = PAPER) -> pd.DataFrame:
    """Add up the symptoms of each patient at a visit: at the patient's best response (L210), or at last follow-up.

    Returns
    -------
    DataFrame
        Indexed like ``cohort.patients``, all whole numbers: ``symptoms``, the baseline symptoms that enter the score,
        which is also the score before treatment; ``quarters``, four times the score under therapy; ``worsened``, how
        many of them worsened; ``new``, symptoms that appeared under therapy; ``missing``, baseline symptoms without a
        grade at this visit.
    """
    symptoms = cohort.symptoms
    patient = symptoms["patient_id"].cat.codes.to_numpy()
    baseline = is_baseline(symptoms)
    grades, given = visit_grades(symptoms, visit, criteria), symptoms[f"grade_{visit}"].to_numpy()
    scores = np.zeros((len(cohort.patients), len(_COLUMNS)), dtype=np.int64)
    # Blocks of rows concern few patients each; where patients are not in order, all rows are one block.
    size = _BLOCK if (patient[:-1] <= patient[1:]).all() else len(patient)
    for block in (slice(start, start + size) for start in range(0, len(patient), size)):
        cell = grades[block] * 4
        cell[np.isnan(cell)] = _UNGRADED
        cell[np.isnan(given[block])] += _MISSING
        cell[~baseline[block]] = _NEW
        part = patient[block].astype(np.intp)
        first, last = part.min(), part.max() + 1
        cell += (part - first) * _CELLS
        counts = np.bincount(cell.astype(np.intp), minlength=(last - first) * _CELLS).reshape(-1, _CELLS)
        # Sums of small whole numbers are exact as floats too, and much faster to multiply.
        scores[first:last] += (counts.astype(np.float64) @ _ADDS).astype(np.int64)
    return pd.DataFrame(scores, index=cohort.patients.index, columns=list(_COLUMNS))
