"""Turn a solved model into the six tables of the data contract; first of all those with one row per patient."""

import numpy as np
import pandas as pd
from ortools.sat.python import cp_model

from analysis.schema import TABLES, columns_of
from compendium.reconstruction import disease
from compendium.reconstruction.courses import LONGEST
from compendium.reconstruction.model import Model
from compendium.reconstruction.repeated_rows import event_rows, laboratory_rows, symptom_rows, values_of, yes_no

STUDY_START = pd.Period("2015-01", freq="M")

_STOP_REASONS = {
    "inefficacy": "lack_of_efficacy",
    "loss": "loss_of_response",
    "intolerance": "intolerance",
    "lost": "lost_to_follow_up",
    "pregnancy": "pregnancy_intent",
}


def make_tables(model: Model, solver: cp_model.CpSolver, seed: int) -> dict[str, pd.DataFrame]:
    """Read the six tables off a solved model.

    Parameters
    ----------
    model : Model
        The model.
    solver : CpSolver
        Its solution.
    seed : int
        Seed of what neither the paper nor the model fixes: identifiers, centres, calendar months.

    Returns
    -------
    dict of str to DataFrame
        The tables by name, with the columns of the contract, sorted by identifier.
    """
    generator = np.random.default_rng([seed, 1])
    screened = model.statements.printed_count("methods.recommended.patients")
    names = np.array([f"P{number:02d}" for number in generator.permutation(screened) + 1])
    included = names[: len(model.draw.diagnosis)]
    courses = _courses(model, solver, generator)
    tables = {
        "patients": _patients(model, solver),
        "courses": courses.drop(columns="recommended"),
        "symptoms": symptom_rows(model, solver, courses, generator),
        "laboratory": laboratory_rows(model, solver, courses, generator),
        "adverse_events": event_rows(model, solver, courses, generator),
    }
    for table, frame in tables.items():
        positions = frame.pop("patient") if "patient" in frame else frame.index
        tables[table] = frame.assign(patient_id=included[np.asarray(positions, dtype=int)])
    tables["screening"] = _screening(model, names, courses["recommended"], generator)
    order = ["patient_id", "symptom_order", "analyte", "time_point", "term"]
    return {
        table: tables[table]
        .sort_values([name for name in order if name in tables[table]], ignore_index=True)
        .reindex(columns=columns_of(table).index)
        for table in TABLES
    }


def _chosen(solver: cp_model.CpSolver, literals: dict[str, dict[int, cp_model.IntVar]], n: int) -> pd.Series:
    """Name the one of several alternatives that is true of each patient; missing if none is."""
    names = {i: name for name, own in literals.items() for i, literal in own.items() if solver.value(literal)}
    return pd.Series(names, dtype=object).reindex(range(n))


def _patients(model: Model, solver: cp_model.CpSolver) -> pd.DataFrame:
    value = {name: values_of(solver, variables) for name, variables in model.disease.items()}
    frame = pd.DataFrame({"sex": np.where(value["male"], "M", "F"), "diagnosis": model.draw.diagnosis})
    for name in ("age_at_diagnosis_years", "age_at_treatment_years", "diagnosis_to_treatment_months"):
        frame[name] = value[name]
    examined = {name: value[f"{name}_evaluated"] for name in disease.EXAMINATIONS}
    marrow = examined["bone_marrow_involved"]
    examined |= {name: marrow & examined[criterion] for name, (_, criterion) in disease.MARROW.items()}
    for name in (*disease.EXAMINATIONS, *disease.MARROW, *disease.KNOWN):
        result = np.where(value[name], "positive", "negative")
        frame[name] = np.where(examined[name], result, "not_evaluated") if name in examined else result
    for name in (*disease.SYMPTOMATIC, *disease.CYTOREDUCTIVE, "continued_classical_therapy"):
        frame[name] = yes_no(value[name])
    return frame


def _courses(model: Model, solver: cp_model.CpSolver, generator: np.random.Generator) -> pd.DataFrame:
    draw, courses = model.draw, model.courses
    n = len(draw.best)
    status = _chosen(solver, courses.status, n)
    duration = values_of(solver, courses.duration)
    responded, ongoing = draw.best != "NR", status.isin(["CR", "MR", "PR"]).to_numpy()
    # Whoever is still on therapy was last seen in January 2018; whoever stopped did so before.
    latest = LONGEST - duration
    start = np.where(ongoing, latest, np.floor(generator.random(n) * np.maximum(latest, 1)).astype(int))
    frame = pd.DataFrame(
        {
            "start_month": [str(STUDY_START + int(month)) for month in start],
            "start_dose_mg": model.statements.printed_count("methods.dose.start"),
            "start_interval_weeks": model.statements.printed_count("methods.dose.start_interval"),
            "duration_months": duration,
            "ongoing": yes_no(ongoing),
            "stop_reason": status.map(_STOP_REASONS),
            "months_to_first_response": pd.Series(values_of(solver, courses.first)).where(responded),
            "months_to_best_response": pd.Series(values_of(solver, courses.best)).where(responded),
            "recommended": np.maximum(start - generator.integers(0, 3, n), 0),
        }
    )
    return frame.assign(**_changes(model, solver))


def _changes(model: Model, solver: cp_model.CpSolver) -> dict[str, pd.Series]:
    """Give month, dose and total scores of escalations and weekly schedules."""
    n = len(model.draw.best)
    change = _chosen(solver, model.doses.change, n)
    month = pd.Series(values_of(solver, model.doses.month))
    before = pd.Series(values_of(solver, model.symptoms.before))
    rows = model.draw.symptoms["patient"]
    best = pd.Series(values_of(solver, model.symptoms.best)).groupby(rows).sum()
    last = pd.Series(values_of(solver, model.symptoms.last)).groupby(rows).sum()
    after = best.where(change != "weekly_stopped", last)
    escalated = change.isin(["reached_mr", "better_pr", "not_improved"])
    weekly = change.notna() & ~escalated
    usual, highest = (
        model.statements.printed_count(f"results.escalation.{which}.dose") for which in ("usual", "highest")
    )
    # One patient received more than the recommended maximum, without evidence of effect (L273-L274).
    dose = pd.Series(np.where(change == "not_improved", highest, usual))
    return {
        "escalation_month": month.where(escalated),
        "escalated_dose_mg": dose.where(escalated),
        "score_before_escalation": (before / 4).where(escalated),
        "score_after_escalation": (after / 4).where(escalated),
        "weekly_month": month.where(weekly),
        "score_before_weekly": (before / 4).where(weekly),
        "score_after_weekly": (after / 4).where(weekly),
    }


def _screening(model: Model, names: np.ndarray, recommended: pd.Series, generator: np.random.Generator) -> pd.DataFrame:
    """Add the patients who were screened out, and the centre and month of every recommendation (L156-L171)."""
    statements, included, screened = model.statements, len(recommended), len(names)
    without_data = statements.printed_count("methods.excluded.no_treatment_or_data")
    kinds = ["not_treated", "lost_to_follow_up", "insufficient_data"]
    reasons = np.concatenate([kinds, generator.choice(kinds, max(without_data - len(kinds), 0))])
    reasons = [None] * included + reasons[:without_data].tolist()
    reasons += ["SM_AHN"] * (screened - len(reasons))
    months = np.concatenate([recommended, generator.integers(0, LONGEST, screened - included)])
    centres = statements.printed_count("methods.centres")
    weights = 1 / np.arange(1, centres + 1)
    centre = np.concatenate(
        [np.arange(centres), generator.choice(centres, screened - centres, p=weights / weights.sum())]
    )
    return pd.DataFrame(
        {
            "patient_id": names,
            "centre_id": [f"C{number + 1:02d}" for number in generator.permutation(centre)],
            "recommendation_month": [str(STUDY_START + int(month)) for month in months],
            "screening": ["included" if reason is None else "excluded" for reason in reasons],
            "exclusion_reason": reasons,
        }
    )
