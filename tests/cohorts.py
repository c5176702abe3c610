"""Random cohorts that keep the data contract, of any size, made by whole-column draws."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from analysis import schema
from analysis.cohort import Cohort, from_tables, restrict
from analysis.vocabulary import POPULATION_DIAGNOSES, Population

Tables = dict[str, pd.DataFrame]
GRADES = np.array([1.5, 1.0, 0.75, 0.5, 0.25, 0.0])
ITEMS = len(schema.symptom_list())
# Coprime to the number of symptoms, so that start + step * k meets each symptom once before it repeats.
STEPS = np.array([step for step in range(1, ITEMS) if np.gcd(step, ITEMS) == 1])


def _ids(numbers: np.ndarray) -> pd.Series:
    return "P" + pd.Series(numbers + 1).astype(str).str.zfill(7)


def _numbers(ids: pd.Series) -> np.ndarray:
    return ids.str[1:].astype(int).to_numpy() - 1


def _month(months: np.ndarray) -> pd.Series:
    """Write months since January 2015."""
    return pd.Series(2015 + months // 12).astype(str) + "-" + pd.Series(months % 12 + 1).astype(str).str.zfill(2)


def _yes(mask: np.ndarray) -> np.ndarray:
    return np.where(mask, "yes", "no")


def _finding(rng: np.random.Generator, n: int, positive: float, evaluated: float = 1.0) -> np.ndarray:
    found = np.where(rng.random(n) < positive, "positive", "negative")
    return np.where(rng.random(n) < evaluated, found, "not_evaluated")


def _screening(rng: np.random.Generator, n: int) -> pd.DataFrame:
    excluded = max(1, n // 6)
    total = n + excluded
    reasons = rng.choice(["not_treated", "lost_to_follow_up", "insufficient_data", "SM_AHN"], excluded)
    return pd.DataFrame(
        {
            "patient_id": _ids(np.arange(total)),
            "centre_id": "C" + pd.Series(rng.integers(1, 12, total)).astype(str).str.zfill(2),
            "recommendation_month": _month(rng.integers(0, 36, total)),
            "screening": ["included"] * n + ["excluded"] * excluded,
            "exclusion_reason": [None] * n + list(reasons),
        }
    )


def _patients(rng: np.random.Generator, n: int, population: str) -> pd.DataFrame:
    age, delay = rng.integers(2, 80, n), rng.integers(2, 445, n)
    diagnosis = rng.choice([str(one) for one in POPULATION_DIAGNOSES[Population(population)]], n)
    columns = {
        "patient_id": _ids(np.arange(n)),
        "sex": rng.choice(["F", "M"], n, p=[0.7, 0.3]),
        "diagnosis": diagnosis,
        "age_at_diagnosis_years": age,
        "age_at_treatment_years": age + (delay + rng.integers(0, 12, n)) // 12,
        "diagnosis_to_treatment_months": delay,
        "kit_d816v": np.where(diagnosis == "MMAS", "positive", _finding(rng, n, 0.5, 0.9)),
    }
    marrow = _finding(rng, n, 0.6, 0.9)
    skin = _finding(rng, n, 0.6)
    for name in schema.columns_of("patients").index.difference(list(columns), sort=False):
        if name == "skin_involved":
            columns[name] = skin
        elif name.startswith("skin_"):
            columns[name] = np.where(skin == "negative", "negative", _finding(rng, n, 0.6, 0.8))
        elif name == "bone_marrow_involved":
            columns[name] = marrow
        elif name.startswith("bone_marrow_"):
            columns[name] = np.where(marrow == "positive", _finding(rng, n, 0.6), marrow)
        elif name.startswith("who_") or name == "decreased_bone_density":
            columns[name] = _finding(rng, n, 0.5, 0.7)
        else:
            columns[name] = _yes(rng.random(n) < 0.5)
    frame = pd.DataFrame(columns)
    # An involved marrow has one of its findings, and a mutation of skin or marrow is one of the patient.
    findings = [name for name in frame if name.startswith("bone_marrow_") and name != "bone_marrow_involved"]
    without = (marrow == "positive") & (frame[findings] != "positive").all(axis="columns")
    frame["bone_marrow_cytology"] = frame["bone_marrow_cytology"].mask(without, "positive")
    mutated = (frame["skin_kit_d816v"] == "positive") | (frame["bone_marrow_kit_d816v"] == "positive")
    return frame.assign(kit_d816v=frame["kit_d816v"].mask(mutated, "positive"))


def _symptoms(rng: np.random.Generator, n: int, each: int | None) -> pd.DataFrame:
    counts = np.full(n, each) if each else rng.integers(1, 21, n)
    patient = np.repeat(np.arange(n), counts)
    position = np.arange(len(patient)) - np.repeat(np.cumsum(counts) - counts, counts)
    item = (rng.integers(0, ITEMS, n)[patient] + rng.choice(STEPS, n)[patient] * position) % ITEMS
    depth = np.where(rng.random(n) < 0.04, 9, rng.normal(2.8, 1.5, n))[patient]
    best = np.clip(np.rint(depth + rng.normal(0, 0.8, len(patient))), 0, 5).astype(int)
    last = np.clip(best - (rng.random(len(patient)) < 0.15), 0, 5)
    # The first symptom of a patient is always a baseline symptom, so that nobody is without one.
    onset = (position > 0) & (rng.random(len(patient)) < 0.004)
    missing = onset | (rng.random(len(patient)) < 0.03)
    return pd.DataFrame(
        {
            "patient_id": _ids(np.arange(n)).to_numpy()[patient],
            "symptom": pd.Categorical.from_codes(item, schema.symptom_list().index),
            "onset": pd.Categorical.from_codes(onset.astype(int), ["baseline", "on_therapy"]),
            "grade_best": np.where(onset, np.nan, GRADES[best]),
            "grade_last": np.where(missing, np.nan, GRADES[last]),
            "months_to_first_improvement": np.where(onset | (best < 2), np.nan, rng.integers(1, 11, len(patient))),
        }
    )


def _responds(symptoms: pd.DataFrame, n: int) -> np.ndarray:
    """Tell who has at least a partial response (a decrease of 10 % or more and no new symptom)."""
    codes = _numbers(symptoms["patient_id"])
    size = np.bincount(codes, symptoms["onset"] == "baseline", n)
    new = np.bincount(codes, symptoms["onset"] != "baseline", n)
    score = np.bincount(codes, symptoms["grade_best"].fillna(0), n)
    return (10 * (size - score) >= size) & (new == 0)


def _start(rng: np.random.Generator, n: int, recommended: pd.Series) -> pd.Series:
    """Start up to five months after the recommendation."""
    year, month = (recommended.iloc[:n].str.split("-").str[place].astype(int).to_numpy() for place in (0, 1))
    return _month(12 * (year - 2015) + month - 1 + rng.integers(0, 36, n) // 6)


def _courses(rng: np.random.Generator, n: int, responds: np.ndarray, tables: Tables) -> pd.DataFrame:
    duration = np.where(responds, rng.integers(2, 37, n), rng.integers(1, 7, n)).astype(float)
    ongoing = rng.random(n) < np.where(responds, 0.75, 0.05)
    after = rng.choice(["loss_of_response", "intolerance", "lost_to_follow_up", "pregnancy_intent"], n)
    male = tables["patients"]["sex"] == "M"
    after = np.where((after == "pregnancy_intent") & male, "lost_to_follow_up", after)
    without = np.where(rng.random(n) < 0.75, "lack_of_efficacy", "intolerance")
    first = rng.integers(1, 1 + np.minimum(duration, 10).astype(int))
    best = rng.integers(first, 1 + duration.astype(int))
    courses = pd.DataFrame(
        {
            "patient_id": _ids(np.arange(n)),
            "start_month": _start(rng, n, tables["screening"]["recommendation_month"]),
            "start_dose_mg": rng.choice([150.0, 300.0], n, p=[0.9, 0.1]),
            "start_interval_weeks": 2.0,
            "duration_months": duration,
            "ongoing": _yes(ongoing),
            "stop_reason": pd.Series(np.where(responds, after, without)).mask(ongoing, None),
            "months_to_first_response": np.where(responds, first, np.nan),
            "months_to_best_response": np.where(responds, best, np.nan),
        }
    )
    for month, probability, dose in (("escalation_month", 0.27, True), ("weekly_month", 0.05, False)):
        changed = rng.random(n) < probability
        name = "escalation" if dose else "weekly"
        before = rng.integers(4, 40, n) / 4
        courses[month] = np.where(changed, rng.integers(0, 1 + duration.astype(int)), np.nan)
        if dose:
            courses["escalated_dose_mg"] = np.where(changed, rng.choice([300.0, 600.0], n), np.nan)
        courses[f"score_before_{name}"] = np.where(changed, before, np.nan)
        courses[f"score_after_{name}"] = np.where(changed, np.maximum(before - rng.integers(0, 12, n) / 4, 0), np.nan)
    return courses


def _laboratory(rng: np.random.Generator, n: int) -> pd.DataFrame:
    parts = []
    for analyte, unit, centre in (("tryptase", "ng/mL", 3.0), ("total_ige", "UI/mL", 4.5)):
        level = np.exp(rng.normal(centre, 1.0, n))
        tested = rng.random(n) < 0.4
        for point in ("diagnosis", "before", "on_therapy"):
            taken = np.flatnonzero(tested & (rng.random(n) < 0.9))
            factor = np.exp(rng.normal(0.6 if point == "on_therapy" and analyte == "total_ige" else 0, 0.4, len(taken)))
            columns = {
                "patient_id": _ids(taken),
                "analyte": analyte,
                "time_point": point,
                "months_on_therapy": rng.integers(1, 13, len(taken)) if point == "on_therapy" else np.nan,
                "value": np.round(level[taken] * factor, 1),
                "unit": unit,
            }
            parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True).astype({"months_on_therapy": float})


def _adverse_events(rng: np.random.Generator, n: int, courses: pd.DataFrame) -> pd.DataFrame:
    parts = []
    intolerant = (courses["stop_reason"] == "intolerance").to_numpy()
    # Each term is drawn once per patient, so that no patient has the same event twice.
    for term, probability in (("fatigue", 0.06), ("fever", 0.06), ("headache", 0.04), ("nausea", 0.04)):
        stopped = intolerant & (term == "fatigue")
        having = np.flatnonzero(stopped | (rng.random(n) < probability))
        onset = np.floor(rng.random(len(having)) * (1 + courses["duration_months"].to_numpy()[having]))
        columns = {
            "patient_id": _ids(having),
            "term": term,
            "severity": rng.choice(["mild", "moderate", "severe"], len(having), p=[0.7, 0.25, 0.05]),
            "flare": _yes(rng.random(len(having)) < 0.2),
            "onset_months": onset,
            "led_to_stop": _yes(stopped[having]),
            "detail": pd.Series([None] * len(having), dtype="str"),
        }
        parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True)


def random_tables(n: int, seed: int, population: str = "all", symptoms_each: int | None = None) -> Tables:
    """Draw the six tables of a cohort of n patients, of the diagnoses of a population, each with so many symptoms.

    The tables have their types; the same seed gives the same ones, which may be changed.
    """
    return {table: frame.copy() for table, frame in _drawn(n, seed, str(population), symptoms_each).items()}


@cache
def _drawn(n: int, seed: int, population: str, symptoms_each: int | None) -> Tables:
    rng = np.random.default_rng(seed)
    tables = {"screening": _screening(rng, n), "patients": _patients(rng, n, population)}
    symptoms = _symptoms(rng, n, symptoms_each)
    courses = _courses(rng, n, _responds(symptoms, n), tables)
    within = courses["duration_months"].to_numpy()[_numbers(symptoms["patient_id"])]
    symptoms["months_to_first_improvement"] = symptoms["months_to_first_improvement"].clip(upper=within)
    tables |= {"symptoms": symptoms, "courses": courses, "laboratory": _laboratory(rng, n)}
    tables["adverse_events"] = _adverse_events(rng, n, courses)
    return {table: schema.with_types(table, frame) for table, frame in tables.items()}


def random_cohort(n: int, seed: int, population: str = "all", symptoms_each: int | None = None) -> Cohort:
    """Draw a random cohort; the parameters are those of `random_tables`."""
    return restrict(from_tables(random_tables(n, seed, population, symptoms_each)), population)


def write_cohort(tables: Tables, folder: Path) -> Path:
    """Write the six tables as the CSV files that `analysis.cohort.read_cohort` reads, and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for table, whole in tables.items():
        empty = [name for of, name in schema.OPTIONAL if of == table and name in whole and whole[name].isna().all()]
        frame = whole.drop(columns=empty)  # as in files from before these columns
        frame.to_csv(folder / f"{table}.csv", index=False, lineterminator="\n", encoding="utf-8")
    return folder


@cache
def _base(n: int) -> Tables:
    return random_tables(n, seed=0)


def cohort_with(symptoms: list[list[tuple[str, float, float]]], **courses: list) -> Cohort:
    """Make a cohort of given symptoms: for each patient (onset, grade_best, grade_last), and columns of courses."""
    tables = dict(_base(len(symptoms)))
    rows = [(number, place, *row) for number, patient in enumerate(symptoms) for place, row in enumerate(patient)]
    frame = pd.DataFrame(rows, columns=["patient_id", "symptom", "onset", "grade_best", "grade_last"])
    frame["patient_id"] = _ids(frame["patient_id"].to_numpy())
    frame["symptom"] = schema.symptom_list().index[frame["symptom"]]
    tables["symptoms"] = schema.with_types("symptoms", frame.assign(months_to_first_improvement=np.nan))
    tables["courses"] = schema.with_types("courses", tables["courses"].assign(**courses))
    return from_tables(tables)
