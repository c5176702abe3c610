"""Draw which symptoms each patient has and how each of them might go, before the model is solved."""

import numpy as np
import pandas as pd

from analysis.schema import symptom_list
from compendium.reconstruction.statements import Statements
from compendium.verification.audit.rounding import printed_number

GRADE_QUARTERS = (0, 1, 2, 3)
"""The four grades of an improved symptom, in quarters."""

_PREVALENCE = {
    "anaphylaxis": -0.8, "malaise": 0.0, "palpitations": 0.2, "pruritus": 1.2, "flush": 1.3, "urticaria": 0.0,
    "angioedema": -0.9, "sweating": -0.2, "abdominal_pain": 0.8, "diarrhoea": 0.7, "nausea": 0.1, "vomiting": -1.0,
    "epigastric_pain": 0.0, "bloating": 0.5, "food_intolerance": -0.5, "pollakiuria": -0.3, "urinary_urgency": -0.8,
    "bone_pain": 0.2, "joint_pain": 0.3, "muscle_pain": -0.1, "headache": 0.5, "fatigue": 1.6, "memory_loss": -0.2,
    "poor_concentration": 0.1, "depression": -0.4, "anxiety": -0.1, "irritability": -0.6, "insomnia": -0.1,
    "dizziness": -0.4, "loss_of_libido": -1.2,
}  # fmt: skip
"""How common each symptom is drawn to be, on the logit scale."""

_IMPROVES = {
    "general_vasomotor": 0.97, "superficial_vasomotor": 0.93, "gastrointestinal": 0.85, "urinary": 0.90,
    "neuropsychiatric": 0.62, "pain": 0.52,
}  # fmt: skip
"""Probability that a symptom of each group improves in a patient with a major response (L285-L288)."""

_DEPTH = {
    "general_vasomotor": (0.58, 0.32, 0.08, 0.02), "superficial_vasomotor": (0.50, 0.36, 0.11, 0.03),
    "gastrointestinal": (0.28, 0.40, 0.24, 0.08), "urinary": (0.42, 0.38, 0.15, 0.05),
    "neuropsychiatric": (0.10, 0.28, 0.40, 0.22), "pain": (0.08, 0.25, 0.40, 0.27),
}  # fmt: skip
"""How far an improved symptom improves in a major response: gone, dramatically, substantially, slightly."""

_RESPONSE_FACTOR = {"CR": 1.0, "MR": 1.0, "PR": 0.65, "NR": 0.12}
_WORSENS = {"CR": 0.0, "MR": 0.01, "PR": 0.02, "NR": 0.06}


def draw_symptoms(statements: Statements, best: np.ndarray, generator: np.random.Generator) -> pd.DataFrame:
    """Draw the symptom rows of a cohort.

    Parameters
    ----------
    statements : Statements
        What the paper prints: the mean number of symptoms, and how many patients had anaphylaxis.
    best : ndarray of str, shape (patients,)
        Best response of each patient.
    generator : Generator
        The source of random choices.

    Returns
    -------
    DataFrame
        One row per symptom present at baseline: ``patient`` (position), ``symptom``, ``group``, ``change`` (improved,
        unchanged or worse), ``quarters`` (drawn grade), ``slip`` (drawn loss until last follow-up, in quarters),
        ``relapse`` (grade after loss of response, in quarters) and ``month`` (drawn first improvement).
    """
    frame = _present(statements, best, generator)
    response = best[frame["patient"]]
    improves = frame["group"].map(_IMPROVES).to_numpy() * pd.Series(response).map(_RESPONSE_FACTOR).to_numpy()
    # A partial response is one of the vasomotor symptoms most of all (L285-L288).
    vasomotor = frame["group"].str.endswith("vasomotor").to_numpy() & (response == "PR")
    improves = np.select([response == "CR", vasomotor], [1.0, 0.88], improves)
    chance = generator.random(len(frame))
    worsens = pd.Series(response).map(_WORSENS).to_numpy()
    change = np.where(chance < improves, "improved", np.where(chance > 1 - worsens, "worse", "unchanged"))
    anaphylaxis = (frame["symptom"] == "anaphylaxis").to_numpy()
    change = np.where(anaphylaxis, np.where(response == "NR", "worse", "improved"), change)
    frame["change"] = _with_enough_improved(change, response, frame["patient"].to_numpy(), anaphylaxis, generator)
    frame["quarters"] = _draw_grades(frame, response, generator)
    frame["slip"] = generator.choice([0, 1, 2], len(frame), p=[0.86, 0.11, 0.03])
    frame["relapse"] = generator.choice([3, 4], len(frame), p=[0.1, 0.9])
    general = (frame["group"] == "general_vasomotor").to_numpy()
    frame["month"] = np.where(
        general,
        generator.choice([1, 2, 3], len(frame), p=[0.65, 0.25, 0.10]),
        generator.choice([1, 2, 3, 4, 6, 9], len(frame), p=[0.18, 0.32, 0.25, 0.13, 0.09, 0.03]),
    )
    return frame


def _present(statements: Statements, best: np.ndarray, generator: np.random.Generator) -> pd.DataFrame:
    """Draw which symptoms each patient has: the printed mean number, anaphylaxis in as many patients as printed."""
    symptoms = symptom_list()
    n, kinds = len(best), len(symptoms)
    mean, _ = printed_number(statements.claims.loc["results.symptoms.mean", "value"])
    propensity = generator.normal(0, 0.7, (n, 1)) + np.array([_PREVALENCE[name] for name in symptoms.index])
    score = propensity + generator.logistic(size=(n, kinds))
    others = score.copy()
    others[:, 0] = -np.inf
    present = np.zeros((n, kinds), dtype=bool)
    order = np.argsort(-others, axis=1)
    np.put_along_axis(present, order[:, :4], True, axis=1)
    worse = statements.printed_count("discussion.anaphylaxis.worse")
    with_anaphylaxis = statements.printed_count("discussion.anaphylaxis.improved") + worse
    for members, size in ((best == "NR", worse), (best != "NR", with_anaphylaxis - worse)):
        ranked = np.argsort(np.where(members, -score[:, 0], np.inf))
        present[ranked[:size], 0] = True
    left = int(mean * n) - int(present.sum())
    free = np.where(present, -np.inf, others).ravel()
    present.ravel()[np.argsort(-free)[:left]] = True
    patient, kind = np.nonzero(present)
    return pd.DataFrame(
        {"patient": patient, "symptom": symptoms.index[kind], "group": symptoms["group"].astype(str).to_numpy()[kind]}
    )


def _with_enough_improved(
    change: np.ndarray, response: np.ndarray, patient: np.ndarray, fixed: np.ndarray, generator: np.random.Generator
) -> np.ndarray:
    """Let enough symptoms improve, and few enough, for each patient's response class to be within reach."""
    change = change.copy()
    least = {"CR": 1.0, "MR": 0.7, "PR": 0.35, "NR": 0.0}
    most = {"CR": 1.0, "MR": 1.0, "PR": 0.9, "NR": 0.2}
    for one in np.unique(patient):
        own = np.flatnonzero(patient == one)
        free = generator.permutation(own[~fixed[own]])
        share = (change[own] == "improved").sum() / len(own)
        kind = response[own[0]]
        for cell in free:
            if share < least[kind] and change[cell] != "improved":
                change[cell], share = "improved", share + 1 / len(own)
            elif share > most[kind] and change[cell] == "improved":
                change[cell], share = "unchanged", share - 1 / len(own)
    return change


def _draw_grades(frame: pd.DataFrame, response: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Draw the grade of each symptom, in quarters: shallower in a partial response, slight in none."""
    chance = generator.random(len(frame))
    depth = np.array([_DEPTH[group] for group in frame["group"]]).cumsum(axis=1)
    improved = (chance[:, None] >= depth[:, :3]).sum(axis=1)
    improved = np.select(
        [response == "CR", response == "PR", response == "NR"],
        [0, np.minimum(improved + generator.integers(0, 3, len(frame)), 3), 3],
        improved,
    )
    return np.select([frame["change"] == "improved", frame["change"] == "worse"], [improved, 6], 4)
