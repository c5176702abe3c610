"""Turn what was found into the six tables of the data contract.

What neither the paper nor the model fixes, such as identifiers, centres and calendar months, is drawn here.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.schema import TABLES, columns_of, symptom_list
from analysis.vocabulary import ANALYTE_UNITS
from compendium.reconstruction import patients
from compendium.reconstruction.courses import LONGEST, Courses
from compendium.reconstruction.observations import FLARE, SCALE, SEVERE, TERMS, Laboratory
from compendium.reconstruction.patients import Settled
from compendium.reconstruction.statements import Statements

STUDY_START = pd.Period("2015-01", freq="M")

_STOP_REASONS = {
    "inefficacy": "lack_of_efficacy", "loss": "loss_of_response", "intolerance": "intolerance",
    "lost": "lost_to_follow_up", "pregnancy": "pregnancy_intent",
}  # fmt: skip

_NEW_SYMPTOM_PATIENTS = 2  # without response, in whom a symptom is drawn to appear under therapy (L215-L216)
_ACCENTUATED = 2  # how many symptoms are worse at the end of a course that a flare ended
_DETAILS = {"menorrhagia and epistaxis": "bleeding", "ecchymosis": "bleeding"}


@dataclass(frozen=True)
class Parts:
    """All that was found of a cohort, in numbers; of lists one per patient, who is a position."""

    diagnosis: np.ndarray
    best: np.ndarray  # the class of the best response
    patients: Settled
    courses: Courses
    events: dict[str, list[int]]  # for each term, 0 or 1
    symptoms: pd.DataFrame  # one row per symptom at baseline, as `find_symptoms` leaves it
    before: list[int]  # total score before a change of dose, in quarters
    tested: np.ndarray  # the positions of the patients whose blood was tested on therapy
    laboratory: Laboratory


def _yes_no(values: np.ndarray | pd.Series) -> np.ndarray:
    return np.where(values, "yes", "no")


def make_tables(statements: Statements, parts: Parts, seed: int) -> dict[str, pd.DataFrame]:
    """Lay out the six tables by name, with the columns of the contract and no others, sorted by identifier."""
    generator = np.random.default_rng([seed, 1])
    screened = statements.printed_count("methods.recommended.patients")
    names = np.array([f"reconstructed-{number:02d}" for number in generator.permutation(screened) + 1])
    included = names[: len(parts.diagnosis)]
    courses = _courses(statements, parts, generator)
    tables = {
        "patients": _patients(parts),
        "courses": courses.drop(columns="recommended"),
        "symptoms": _symptoms(parts, courses, generator),
        "laboratory": _laboratory(statements, parts, courses, generator),
        "adverse_events": _events(parts, courses, generator),
    }
    for table, frame in tables.items():  # a patient is a position, in ``patient`` where there are several rows
        positions = frame.pop("patient") if "patient" in frame else frame.index
        tables[table] = frame.assign(patient_id=included[np.asarray(positions, dtype=int)])
    tables["screening"] = _screening(statements, names, courses["recommended"], generator)
    order = ["patient_id", "symptom_order", "analyte", "time_point", "term"]
    return {
        table: tables[table]
        .sort_values([name for name in order if name in tables[table]], ignore_index=True)
        .reindex(columns=columns_of(table).index)
        for table in TABLES
    }


def _patients(parts: Parts) -> pd.DataFrame:
    value = pd.DataFrame(parts.patients)
    frame = value.assign(sex=np.where(value["male"], "M", "F"), diagnosis=parts.diagnosis)
    examined = {name: value[f"{name}_evaluated"] for name in patients.EXAMINATIONS}
    marrow = examined["bone_marrow_involved"]
    examined |= {name: marrow & examined[criterion] for name, (_, criterion) in patients.MARROW.items()}
    for name in (*patients.EXAMINATIONS, *patients.MARROW, *patients.KNOWN):
        result = np.where(value[name], "positive", "negative")
        frame[name] = np.where(examined[name], result, "not_evaluated") if name in examined else result
    for name in (*patients.SYMPTOMATIC, *patients.CYTOREDUCTIVE, "continued_classical_therapy"):
        frame[name] = _yes_no(value[name])
    return frame


def _courses(statements: Statements, parts: Parts, generator: np.random.Generator) -> pd.DataFrame:
    courses, n = parts.courses, len(parts.best)
    status = pd.Series(courses.chosen(courses.status)).reindex(range(n))
    duration, responded = np.array(courses.duration), parts.best != "NR"
    ongoing = status.isin(["CR", "MR", "PR"]).to_numpy()
    # Whoever is still on therapy was last seen in January 2018; whoever stopped did so before.
    latest = LONGEST - duration
    start = np.where(ongoing, latest, np.floor(generator.random(n) * np.maximum(latest, 1)).astype(int))
    columns = {
        "start_month": [str(STUDY_START + int(month)) for month in start],
        "start_dose_mg": statements.printed_count("methods.dose.start"),
        "start_interval_weeks": statements.printed_count("methods.dose.start_interval"),
        "duration_months": duration,
        "ongoing": _yes_no(ongoing),
        "stop_reason": status.map(_STOP_REASONS),
        "months_to_first_response": pd.Series(courses.first).where(responded),
        "months_to_best_response": pd.Series(courses.best).where(responded),
        "recommended": np.maximum(start - generator.integers(0, 3, n), 0),
    }
    return pd.DataFrame(columns | _changes(statements, parts))


def _changes(statements: Statements, parts: Parts) -> dict[str, pd.Series]:
    """Give month, dose and total scores of escalations and weekly schedules."""
    change = pd.Series(parts.courses.chosen(parts.courses.change)).reindex(range(len(parts.best)))
    month, before = pd.Series(parts.courses.month), pd.Series(parts.before)
    rows = parts.symptoms
    best, last = (rows.groupby("patient")[grades].sum() for grades in ("quarters", "last"))
    after = best.where(change != "weekly_stopped", last)
    escalated = change.isin(["reached_mr", "better_pr", "not_improved"])
    weekly = change.notna() & ~escalated
    usual, highest = (statements.printed_count(f"results.escalation.{which}.dose") for which in ("usual", "highest"))
    # One patient received more than the recommended maximum, without evidence of effect (L273-L274).
    dose = pd.Series(np.where(change == "not_improved", highest, usual))
    values = {"escalated_dose_mg": dose.where(escalated)}
    for kind, changed in (("escalation", escalated), ("weekly", weekly)):
        values |= {f"{kind}_month": month.where(changed), f"score_before_{kind}": (before / 4).where(changed)}
        values[f"score_after_{kind}"] = (after / 4).where(changed)
    return values


def _screening(
    statements: Statements, names: np.ndarray, recommended: pd.Series, generator: np.random.Generator
) -> pd.DataFrame:
    """Add the patients who were screened out, and the centre and month of every recommendation (L156-L171)."""
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


def _symptoms(parts: Parts, courses: pd.DataFrame, generator: np.random.Generator) -> pd.DataFrame:
    rows = parts.symptoms
    frame = rows[["patient", "symptom"]].assign(
        onset="baseline",
        grade_best=rows["quarters"] / 4,
        grade_last=rows["last"] / 4,
        months_to_first_improvement=rows["month"],
    )
    reason = frame["patient"].map(courses["stop_reason"])
    # A course that ended in the best state reached was last assessed there; who was lost was not assessed again.
    as_best = reason.isin(["lack_of_efficacy", "intolerance", "pregnancy_intent"])
    frame["grade_last"] = frame["grade_last"].mask(as_best, frame["grade_best"]).mask(reason == "lost_to_follow_up")
    # When a flare ended therapy, the first symptoms of the patient were worse (L298).
    flared = rows["patient"].isin(np.flatnonzero(parts.events[FLARE]))
    accentuated = flared & (rows.groupby("patient").cumcount() < _ACCENTUATED)
    frame["grade_last"] = frame["grade_last"].mask(accentuated, 1.5)
    frame = pd.concat([frame, _new_symptoms(parts, frame, generator)], ignore_index=True)
    return frame.assign(symptom_order=frame["symptom"].map({name: k for k, name in enumerate(symptom_list().index)}))


def _new_symptoms(parts: Parts, present: pd.DataFrame, generator: np.random.Generator) -> pd.DataFrame:
    """Draw a symptom that appears under therapy in a few patients without response (L215-L216)."""
    without = generator.choice(np.flatnonzero(parts.best == "NR"), _NEW_SYMPTOM_PATIENTS, replace=False)
    rows = []
    for patient in np.sort(without):
        own = set(present.loc[present["patient"] == patient, "symptom"])
        absent = [name for name in symptom_list().index if name not in own]
        rows.append({"patient": patient, "symptom": str(generator.choice(absent)), "onset": "on_therapy"})
    return pd.DataFrame(rows)


def _laboratory(
    statements: Statements, parts: Parts, courses: pd.DataFrame, generator: np.random.Generator
) -> pd.DataFrame:
    least = int(statements.printed("results.biology.tryptase.on.threshold"))
    duration = courses["duration_months"].to_numpy()[parts.tested]
    sampled = np.array([generator.integers(least, min(months, 12) + 1) for months in duration])
    frames = []
    for (analyte, time), levels in parts.laboratory.items():
        frame = pd.DataFrame({"patient": parts.tested, "value": np.array(levels) / SCALE})
        months = sampled if time == "on_therapy" else np.nan
        unit = str(ANALYTE_UNITS[analyte])
        frames.append(frame.assign(analyte=analyte, time_point=time, months_on_therapy=months, unit=unit))
    return pd.concat(frames, ignore_index=True)


def _events(parts: Parts, courses: pd.DataFrame, generator: np.random.Generator) -> pd.DataFrame:
    events = {term: np.flatnonzero(parts.events[term]) for term in TERMS}
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
