"""Rules of the data contract that hold between the columns and the tables of a cohort."""

from collections.abc import Iterator

import pandas as pd

from analysis.schema import KEYS, TABLES
from analysis.vocabulary import ANALYTE_UNITS

Tables = dict[str, pd.DataFrame]
Violation = tuple[str, str, pd.Series, str]
"""Table, column, which rows break the rule, and what is allowed."""


def _identities(tables: Tables) -> Iterator[Violation]:
    for table in TABLES:
        duplicated = tables[table].duplicated(KEYS[table])
        yield table, KEYS[table][-1], duplicated, f"one row for each {' and '.join(KEYS[table])}"
    known = tables["patients"]["patient_id"]
    for table in ("symptoms", "courses", "laboratory", "adverse_events"):
        yield table, "patient_id", ~tables[table]["patient_id"].isin(known), "a patient_id of patients.csv"
    screening = tables["screening"]
    included = screening.loc[screening["screening"] == "included", "patient_id"]
    yield "patients", "patient_id", ~known.isin(included), "a patient_id that screening.csv includes"
    yield (
        "screening",
        "patient_id",
        screening["patient_id"].isin(included) & ~screening["patient_id"].isin(known),
        ("an included patient has a row in patients.csv"),
    )
    yield "patients", "patient_id", ~known.isin(tables["courses"]["patient_id"]), "a patient with a row in courses.csv"
    symptoms = tables["symptoms"]
    with_symptoms = symptoms.loc[symptoms["onset"] == "baseline", "patient_id"]
    yield (
        "patients",
        "patient_id",
        ~known.isin(with_symptoms),
        ("a patient with at least one baseline symptom in symptoms.csv"),
    )


def _screening(tables: Tables) -> Iterator[Violation]:
    screening = tables["screening"]
    excluded = screening["screening"] == "excluded"
    yield (
        "screening",
        "exclusion_reason",
        excluded != screening["exclusion_reason"].notna(),
        ("a reason if the patient was excluded, empty otherwise"),
    )


def _patients(tables: Tables) -> Iterator[Violation]:
    patients = tables["patients"]
    diagnosis, treatment = patients["age_at_diagnosis_years"], patients["age_at_treatment_years"]
    yield "patients", "age_at_treatment_years", treatment < diagnosis, "at least the age at diagnosis"
    years = patients["diagnosis_to_treatment_months"] / 12
    yield (
        "patients",
        "diagnosis_to_treatment_months",
        (years - (treatment - diagnosis)).abs() >= 1,
        ("the time between the two ages, to within a year"),
    )
    mmas = patients["diagnosis"] == "MMAS"
    yield "patients", "kit_d816v", mmas & (patients["kit_d816v"] != "positive"), "positive in a patient with MMAS"


def _symptoms(tables: Tables) -> Iterator[Violation]:
    symptoms = tables["symptoms"]
    baseline = symptoms["onset"] == "baseline"
    yield (
        "symptoms",
        "grade_best",
        baseline & symptoms["grade_best"].isna(),
        "a grade for a symptom present at baseline",
    )
    for column in ("grade_best", "grade_last"):
        yield (
            "symptoms",
            column,
            ~baseline & symptoms[column].notna(),
            ("empty for a symptom that appeared under therapy, since a grade compares with baseline"),
        )
    within = symptoms["patient_id"].map(_duration(tables))
    yield (
        "symptoms",
        "months_to_first_improvement",
        symptoms["months_to_first_improvement"] > within,
        ("at most the duration of the course"),
    )


def _duration(tables: Tables) -> pd.Series:
    courses = tables["courses"].drop_duplicates("patient_id")
    return courses.set_index("patient_id")["duration_months"]


def _courses(tables: Tables) -> Iterator[Violation]:
    courses = tables["courses"]
    ongoing = courses["ongoing"] == "yes"
    yield (
        "courses",
        "stop_reason",
        ongoing == courses["stop_reason"].notna(),
        "empty if therapy is ongoing, else a reason",
    )
    first, best = courses["months_to_first_response"], courses["months_to_best_response"]
    yield "courses", "months_to_best_response", first.isna() != best.isna(), "given together with the first response"
    yield "courses", "months_to_best_response", best < first, "at least the months to first response"
    for column in ("months_to_first_response", "months_to_best_response", "escalation_month", "weekly_month"):
        yield "courses", column, courses[column] > courses["duration_months"], "at most the duration of the course"
    for change, parts in _CHANGES.items():
        for column in parts:
            yield "courses", column, courses[column].isna() != courses[change].isna(), f"given together with {change}"
    sex = courses["patient_id"].map(tables["patients"].drop_duplicates("patient_id").set_index("patient_id")["sex"])
    pregnancy = courses["stop_reason"] == "pregnancy_intent"
    yield "courses", "stop_reason", pregnancy & (sex == "M"), "another reason in a man"


_CHANGES = {
    "escalation_month": ("escalated_dose_mg", "score_before_escalation", "score_after_escalation"),
    "weekly_month": ("score_before_weekly", "score_after_weekly"),
}


def _laboratory(tables: Tables) -> Iterator[Violation]:
    laboratory = tables["laboratory"]
    unit = laboratory["analyte"].astype(str).map(dict(ANALYTE_UNITS))
    yield "laboratory", "unit", laboratory["unit"].astype(str) != unit, "ng/mL for tryptase, UI/mL for total_ige"
    on_therapy = laboratory["time_point"] == "on_therapy"
    yield (
        "laboratory",
        "months_on_therapy",
        on_therapy != laboratory["months_on_therapy"].notna(),
        ("a number of months on therapy, empty otherwise"),
    )


def _adverse_events(tables: Tables) -> Iterator[Violation]:
    events, courses = tables["adverse_events"], tables["courses"].drop_duplicates("patient_id")
    reason = events["patient_id"].map(courses.set_index("patient_id")["stop_reason"].astype(object))
    yield (
        "adverse_events",
        "led_to_stop",
        (events["led_to_stop"] == "yes") & (reason != "intolerance"),
        ("no, unless the course was stopped for intolerance"),
    )
    within = events["patient_id"].map(_duration(tables))
    yield "adverse_events", "onset_months", events["onset_months"] > within, "at most the duration of the course"


_RULES = (_identities, _screening, _patients, _symptoms, _courses, _laboratory, _adverse_events)


def broken_rules(tables: Tables) -> pd.DataFrame:
    """List every row that breaks a rule between columns or tables.

    Parameters
    ----------
    tables : dict of str to DataFrame
        The six tables with their types, as `analysis.schema.with_types` gives them.

    Returns
    -------
    DataFrame
        One row per problem: ``file``, ``row`` (the header being row 1), ``column``, ``value`` and ``allowed``; empty if
        every rule holds.
    """
    found = []
    for rule in _RULES:
        for table, column, broken, allowed in rule(tables):
            rows = tables[table].loc[broken.to_numpy(dtype=bool), column]
            values = rows.astype(object).where(rows.notna(), "").astype(str)
            problem = {"file": f"{table}.csv", "row": rows.index + 2, "column": column, "value": values}
            found.append(pd.DataFrame(problem | {"allowed": allowed}))
    return pd.concat(found, ignore_index=True)
