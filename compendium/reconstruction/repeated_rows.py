"""The tables with several rows per patient: symptoms, blood tests, adverse events."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from ortools.sat.python import cp_model

from analysis.schema import symptom_list
from analysis.vocabulary import ANALYTE_UNITS
from compendium.reconstruction import laboratory
from compendium.reconstruction.events import FLARE, SEVERE, TERMS
from compendium.reconstruction.model import Model

_NEW_SYMPTOM_PATIENTS = 2
"""In how many patients without response a symptom is drawn to appear under therapy (L215-L216)."""

_ACCENTUATED = 2
"""How many symptoms are worse at the end of a course that a flare ended."""

_DETAILS = {"menorrhagia and epistaxis": "bleeding", "ecchymosis": "bleeding"}


def values_of(solver: cp_model.CpSolver, variables: Sequence[cp_model.IntVar]) -> np.ndarray:
    """Read the values of variables off a solution.

    Parameters
    ----------
    solver : CpSolver
        The solution.
    variables : sequence of IntVar
        The variables.

    Returns
    -------
    ndarray of int
        Their values, in order.
    """
    return np.array([solver.value(variable) for variable in variables])


def yes_no(values: np.ndarray) -> np.ndarray:
    """Turn truth values into the terms of the contract.

    Parameters
    ----------
    values : ndarray of bool or int
        Truth values.

    Returns
    -------
    ndarray of str
        ``yes`` or ``no``.
    """
    return np.where(values, "yes", "no")


def symptom_rows(
    model: Model, solver: cp_model.CpSolver, courses: pd.DataFrame, generator: np.random.Generator
) -> pd.DataFrame:
    """Read the graded symptoms off a solved model.

    Parameters
    ----------
    model : Model
        The model.
    solver : CpSolver
        Its solution.
    courses : DataFrame
        The courses of treatment, one row per patient by position.
    generator : Generator
        The source of what neither the paper nor the model fixes.

    Returns
    -------
    DataFrame
        The rows, with the position of the patient in ``patient``.
    """
    drawn = model.draw.symptoms
    month = pd.Series({cell: solver.value(variable) for cell, variable in model.symptoms.month.items()})
    frame = pd.DataFrame(
        {
            "patient": drawn["patient"],
            "symptom": drawn["symptom"],
            "onset": "baseline",
            "grade_best": values_of(solver, model.symptoms.best) / 4,
            "grade_last": values_of(solver, model.symptoms.last) / 4,
            "months_to_first_improvement": month.reindex(drawn.index),
        }
    )
    reason = frame["patient"].map(courses["stop_reason"])
    # A course that ended in the best state reached was last assessed there; who was lost was not assessed again.
    as_best = reason.isin(["lack_of_efficacy", "intolerance", "pregnancy_intent"])
    frame["grade_last"] = frame["grade_last"].mask(as_best, frame["grade_best"]).mask(reason == "lost_to_follow_up")
    frame["grade_last"] = frame["grade_last"].mask(_accentuated(model, solver, drawn), 1.5)
    frame = pd.concat([frame, _new_symptoms(model, frame, generator)], ignore_index=True)
    return frame.assign(symptom_order=frame["symptom"].map({name: k for k, name in enumerate(symptom_list().index)}))


def _accentuated(model: Model, solver: cp_model.CpSolver, drawn: pd.DataFrame) -> pd.Series:
    """Choose the symptoms that were worse when a flare ended therapy: the first ones of the patient (L298)."""
    flared = [i for i, literal in enumerate(model.events[FLARE]) if solver.value(literal)]
    return drawn["patient"].isin(flared) & (drawn.groupby("patient").cumcount() < _ACCENTUATED)


def _new_symptoms(model: Model, present: pd.DataFrame, generator: np.random.Generator) -> pd.DataFrame:
    """Draw a symptom that appears under therapy in a few patients without response (L215-L216)."""
    patients = generator.choice(np.flatnonzero(model.draw.best == "NR"), _NEW_SYMPTOM_PATIENTS, replace=False)
    rows = []
    for patient in np.sort(patients):
        own = set(present.loc[present["patient"] == patient, "symptom"])
        absent = [name for name in symptom_list().index if name not in own]
        rows.append({"patient": patient, "symptom": str(generator.choice(absent)), "onset": "on_therapy"})
    return pd.DataFrame(rows)


def laboratory_rows(
    model: Model, solver: cp_model.CpSolver, courses: pd.DataFrame, generator: np.random.Generator
) -> pd.DataFrame:
    """Read the blood tests off a solved model.

    Parameters
    ----------
    model : Model
        The model.
    solver : CpSolver
        Its solution.
    courses : DataFrame
        The courses of treatment, one row per patient by position.
    generator : Generator
        The source of what neither the paper nor the model fixes.

    Returns
    -------
    DataFrame
        The rows, with the position of the patient in ``patient``.
    """
    least = int(model.statements.claims.loc["results.biology.tryptase.on.threshold", "value"])
    duration = courses["duration_months"].to_numpy()[model.draw.tested]
    sampled = np.array([generator.integers(least, min(months, 12) + 1) for months in duration])
    frames = [
        pd.DataFrame(
            {
                "patient": model.draw.tested,
                "analyte": analyte,
                "time_point": time,
                "months_on_therapy": sampled if time == "on_therapy" else np.nan,
                "value": values_of(solver, variables) / laboratory.SCALE,
                "unit": str(ANALYTE_UNITS[analyte]),
            }
        )
        for (analyte, time), variables in model.laboratory.items()
    ]
    return pd.concat(frames, ignore_index=True)


def event_rows(
    model: Model, solver: cp_model.CpSolver, courses: pd.DataFrame, generator: np.random.Generator
) -> pd.DataFrame:
    """Read the adverse events off a solved model.

    Parameters
    ----------
    model : Model
        The model.
    solver : CpSolver
        Its solution.
    courses : DataFrame
        The courses of treatment, one row per patient by position.
    generator : Generator
        The source of what neither the paper nor the model fixes.

    Returns
    -------
    DataFrame
        The rows, with the position of the patient in ``patient``.
    """
    rows = [
        {"patient": i, "term": term}
        for term in TERMS
        for i, literal in enumerate(model.events[term])
        if solver.value(literal)
    ]
    frame = pd.DataFrame(rows)
    severity = generator.choice(["mild", "moderate"], len(frame), p=[0.75, 0.25])
    intolerant = frame["patient"].map(courses["stop_reason"]) == "intolerance"
    # The first of a patient's events in the order of the list is the one that ended the treatment, and not a mild one.
    ended = intolerant & (~frame.duplicated("patient") | (frame["term"] == FLARE))
    severity = np.where(ended, "moderate", severity)
    duration = frame["patient"].map(courses["duration_months"])
    onset = np.floor(generator.random(len(frame)) * (np.minimum(duration, 6) + 1)).astype(int)
    latest = np.maximum(duration - generator.integers(0, 3, len(frame)), 0)
    onset = np.where(ended, np.where(frame["term"] == FLARE, np.minimum(latest, 2), latest), onset)
    return frame.assign(
        severity=np.where(frame["term"] == SEVERE, "severe", severity),
        flare=yes_no(frame["term"].isin([FLARE, SEVERE]).to_numpy()),
        onset_months=np.where(frame["term"] == SEVERE, 0, onset),
        led_to_stop=yes_no(ended.to_numpy()),
        detail=frame["term"].map(_DETAILS),
    )
