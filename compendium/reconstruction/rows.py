"""Turn a solved model into the six tables of the data contract.

What neither the paper nor the model fixes, such as identifiers, centres and calendar months, is drawn here.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from ortools.sat.python import cp_model

from analysis.schema import TABLES, columns_of, symptom_list
from analysis.vocabulary import ANALYTE_UNITS
from compendium.reconstruction import patients
from compendium.reconstruction.courses import LONGEST
from compendium.reconstruction.model import Model
from compendium.reconstruction.observations import FLARE, SCALE, SEVERE, TERMS

STUDY_START = pd.Period("2015-01", freq="M")

_STOP_REASONS = {
    "inefficacy": "lack_of_efficacy", "loss": "loss_of_response", "intolerance": "intolerance",
    "lost": "lost_to_follow_up", "pregnancy": "pregnancy_intent",
}  # fmt: skip

_NEW_SYMPTOM_PATIENTS = 2
"""In how many patients without response a symptom is drawn to appear under therapy (L215-L216)."""

_ACCENTUATED = 2  # how many symptoms are worse at the end of a course that a flare ended
_DETAILS = {"menorrhagia and epistaxis": "bleeding", "ecchymosis": "bleeding"}


@dataclass(frozen=True)
class _Solved:
    """A model, its solution, and the source of what neither the paper nor the model fixes."""

    model: Model
    solver: cp_model.CpSolver
    generator: np.random.Generator

    def values(self, variables: Sequence[cp_model.IntVar]) -> np.ndarray:
        """Read the values of variables off the solution, in order."""
        return np.array([self.solver.value(variable) for variable in variables])

    def chosen(self, literals: dict[str, dict[int, cp_model.IntVar]]) -> pd.Series:
        """Name the one of several alternatives that is true of each patient; missing if none is."""
        names = {i: name for name, own in literals.items() for i, literal in own.items() if self.solver.value(literal)}
        return pd.Series(names, dtype=object).reindex(range(len(self.model.draw.best)))


def _yes_no(values: np.ndarray | pd.Series) -> np.ndarray:
    return np.where(values, "yes", "no")


def make_tables(model: Model, solver: cp_model.CpSolver, seed: int) -> dict[str, pd.DataFrame]:
    """Read the six tables off a solved model, by name, with the columns of the contract, sorted by identifier."""
    generator = np.random.default_rng([seed, 1])
    solved = _Solved(model, solver, generator)
    screened = model.statements.printed_count("methods.recommended.patients")
    names = np.array([f"reconstructed-{number:02d}" for number in generator.permutation(screened) + 1])
    included = names[: len(model.draw.diagnosis)]
    courses = _courses(solved)
    tables = {
        "patients": _patients(solved),
        "courses": courses.drop(columns="recommended"),
        "symptoms": _symptoms(solved, courses),
        "laboratory": _laboratory(solved, courses),
        "adverse_events": _events(solved, courses),
    }
    for table, frame in tables.items():  # a patient is a position, in ``patient`` where there are several rows
        positions = frame.pop("patient") if "patient" in frame else frame.index
        tables[table] = frame.assign(patient_id=included[np.asarray(positions, dtype=int)])
    tables["screening"] = _screening(solved, names, courses["recommended"])
    order = ["patient_id", "symptom_order", "analyte", "time_point", "term"]
    return {
        table: tables[table]
        .sort_values([name for name in order if name in tables[table]], ignore_index=True)
        .reindex(columns=columns_of(table).index)
        for table in TABLES
    }


def _patients(solved: _Solved) -> pd.DataFrame:
    value = {name: solved.values(variables) for name, variables in solved.model.patients.items()}
    frame = pd.DataFrame({"sex": np.where(value["male"], "M", "F"), "diagnosis": solved.model.draw.diagnosis})
    for name in ("age_at_diagnosis_years", "age_at_treatment_years", "diagnosis_to_treatment_months"):
        frame[name] = value[name]
    examined = {name: value[f"{name}_evaluated"] for name in patients.EXAMINATIONS}
    marrow = examined["bone_marrow_involved"]
    examined |= {name: marrow & examined[criterion] for name, (_, criterion) in patients.MARROW.items()}
    for name in (*patients.EXAMINATIONS, *patients.MARROW, *patients.KNOWN):
        result = np.where(value[name], "positive", "negative")
        frame[name] = np.where(examined[name], result, "not_evaluated") if name in examined else result
    for name in (*patients.SYMPTOMATIC, *patients.CYTOREDUCTIVE, "continued_classical_therapy"):
        frame[name] = _yes_no(value[name])
    return frame


def _courses(solved: _Solved) -> pd.DataFrame:
    model, courses, generator = solved.model, solved.model.courses, solved.generator
    n = len(model.draw.best)
    status, duration = solved.chosen(courses.status), solved.values(courses.duration)
    responded, ongoing = model.draw.best != "NR", status.isin(["CR", "MR", "PR"]).to_numpy()
    # Whoever is still on therapy was last seen in January 2018; whoever stopped did so before.
    latest = LONGEST - duration
    start = np.where(ongoing, latest, np.floor(generator.random(n) * np.maximum(latest, 1)).astype(int))
    columns = {
        "start_month": [str(STUDY_START + int(month)) for month in start],
        "start_dose_mg": model.statements.printed_count("methods.dose.start"),
        "start_interval_weeks": model.statements.printed_count("methods.dose.start_interval"),
        "duration_months": duration,
        "ongoing": _yes_no(ongoing),
        "stop_reason": status.map(_STOP_REASONS),
        "months_to_first_response": pd.Series(solved.values(courses.first)).where(responded),
        "months_to_best_response": pd.Series(solved.values(courses.best)).where(responded),
        "recommended": np.maximum(start - generator.integers(0, 3, n), 0),
    }
    return pd.DataFrame(columns | _changes(solved))


def _changes(solved: _Solved) -> dict[str, pd.Series]:
    """Give month, dose and total scores of escalations and weekly schedules."""
    model = solved.model
    change = solved.chosen(model.courses.change)
    month = pd.Series(solved.values(model.courses.month))
    before = pd.Series(solved.values(model.symptoms.before))
    rows = model.draw.symptoms["patient"]
    both = (model.symptoms.best, model.symptoms.last)
    best, last = (pd.Series(solved.values(grades)).groupby(rows).sum() for grades in both)
    after = best.where(change != "weekly_stopped", last)
    escalated = change.isin(["reached_mr", "better_pr", "not_improved"])
    weekly = change.notna() & ~escalated
    printed = model.statements.printed_count
    usual, highest = (printed(f"results.escalation.{which}.dose") for which in ("usual", "highest"))
    # One patient received more than the recommended maximum, without evidence of effect (L273-L274).
    dose = pd.Series(np.where(change == "not_improved", highest, usual))
    values = {"escalated_dose_mg": dose.where(escalated)}
    for kind, changed in (("escalation", escalated), ("weekly", weekly)):
        values |= {f"{kind}_month": month.where(changed), f"score_before_{kind}": (before / 4).where(changed)}
        values[f"score_after_{kind}"] = (after / 4).where(changed)
    return values


def _screening(solved: _Solved, names: np.ndarray, recommended: pd.Series) -> pd.DataFrame:
    """Add the patients who were screened out, and the centre and month of every recommendation (L156-L171)."""
    statements, generator = solved.model.statements, solved.generator
    included, screened = len(recommended), len(names)
    without_data = statements.printed_count("methods.excluded.no_treatment_or_data")
    kinds = ["not_treated", "lost_to_follow_up", "insufficient_data"]
    reasons = np.concatenate([kinds, generator.choice(kinds, max(without_data - len(kinds), 0))])
    reasons = [None] * included + reasons[:without_data].tolist()
    reasons += ["SM_AHN"] * (screened - len(reasons))
    months = np.concatenate([recommended, generator.integers(0, LONGEST, screened - included)])
    centres = statements.printed_count("methods.centres")
    weights = 1 / np.arange(1, centres + 1)
    more = generator.choice(centres, screened - centres, p=weights / weights.sum())
    centre = np.concatenate([np.arange(centres), more])
    frame = pd.DataFrame({"patient_id": names, "exclusion_reason": reasons})
    frame["centre_id"] = [f"C{number + 1:02d}" for number in generator.permutation(centre)]
    frame["recommendation_month"] = [str(STUDY_START + int(month)) for month in months]
    frame["screening"] = ["included" if reason is None else "excluded" for reason in reasons]
    return frame


def _symptoms(solved: _Solved, courses: pd.DataFrame) -> pd.DataFrame:
    model = solved.model
    drawn = model.draw.symptoms
    month = pd.Series({cell: solved.solver.value(variable) for cell, variable in model.symptoms.month.items()})
    frame = drawn[["patient", "symptom"]].assign(
        onset="baseline",
        grade_best=solved.values(model.symptoms.best) / 4,
        grade_last=solved.values(model.symptoms.last) / 4,
        months_to_first_improvement=month.reindex(drawn.index),
    )
    reason = frame["patient"].map(courses["stop_reason"])
    # A course that ended in the best state reached was last assessed there; who was lost was not assessed again.
    as_best = reason.isin(["lack_of_efficacy", "intolerance", "pregnancy_intent"])
    frame["grade_last"] = frame["grade_last"].mask(as_best, frame["grade_best"]).mask(reason == "lost_to_follow_up")
    # When a flare ended therapy, the first symptoms of the patient were worse (L298).
    flared = drawn["patient"].isin(np.flatnonzero(solved.values(model.events[FLARE])))
    accentuated = flared & (drawn.groupby("patient").cumcount() < _ACCENTUATED)
    frame["grade_last"] = frame["grade_last"].mask(accentuated, 1.5)
    frame = pd.concat([frame, _new_symptoms(solved, frame)], ignore_index=True)
    return frame.assign(symptom_order=frame["symptom"].map({name: k for k, name in enumerate(symptom_list().index)}))


def _new_symptoms(solved: _Solved, present: pd.DataFrame) -> pd.DataFrame:
    """Draw a symptom that appears under therapy in a few patients without response (L215-L216)."""
    generator = solved.generator
    without = generator.choice(np.flatnonzero(solved.model.draw.best == "NR"), _NEW_SYMPTOM_PATIENTS, replace=False)
    rows = []
    for patient in np.sort(without):
        own = set(present.loc[present["patient"] == patient, "symptom"])
        absent = [name for name in symptom_list().index if name not in own]
        rows.append({"patient": patient, "symptom": str(generator.choice(absent)), "onset": "on_therapy"})
    return pd.DataFrame(rows)


def _laboratory(solved: _Solved, courses: pd.DataFrame) -> pd.DataFrame:
    model = solved.model
    least = int(model.statements.printed("results.biology.tryptase.on.threshold"))
    duration = courses["duration_months"].to_numpy()[model.draw.tested]
    sampled = np.array([solved.generator.integers(least, min(months, 12) + 1) for months in duration])
    frames = []
    for (analyte, time), variables in model.laboratory.items():
        frame = pd.DataFrame({"patient": model.draw.tested, "value": solved.values(variables) / SCALE})
        months = sampled if time == "on_therapy" else np.nan
        unit = str(ANALYTE_UNITS[analyte])
        frames.append(frame.assign(analyte=analyte, time_point=time, months_on_therapy=months, unit=unit))
    return pd.concat(frames, ignore_index=True)


def _events(solved: _Solved, courses: pd.DataFrame) -> pd.DataFrame:
    generator = solved.generator
    events = {term: np.flatnonzero(solved.values(solved.model.events[term])) for term in TERMS}
    frame = pd.DataFrame([{"patient": i, "term": term} for term, having in events.items() for i in having])
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
        flare=_yes_no(frame["term"].isin([FLARE, SEVERE]).to_numpy()),
        onset_months=np.where(frame["term"] == SEVERE, 0, onset),
        led_to_stop=_yes_no(ended.to_numpy()),
        detail=frame["term"].map(_DETAILS),
    )
