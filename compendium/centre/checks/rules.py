"""Rules of the data contract that hold between the columns and the tables of a cohort: what is impossible.

What is merely implausible is for `compendium.centre.checks.plausibility`.
"""

import datetime
from collections.abc import Iterator
from functools import partial

import numpy as np
import pandas as pd

from analysis.reading import first_alike
from analysis.schema import KEYS
from analysis.vocabulary import ANALYTE_UNITS
from compendium.centre.checks.linking import Broken, Linked, Rows, Tables, problems_found, repeated

BONE_MARROW = ("bone_marrow_histology", "bone_marrow_cytology", "bone_marrow_phenotype", "bone_marrow_kit_d816v")
"""The findings by which the bone marrow is involved."""
SKIN = ("skin_maculopapular", "skin_histology", "skin_kit_d816v")  # the findings by which the skin is involved
_ESCALATION = ("escalation_month", "escalated_dose_mg", "score_before_escalation", "score_after_escalation")
_WEEKLY = ("weekly_month", "score_before_weekly", "score_after_weekly")
_DURATION = "at most the duration of the course"


def same_but_for_form(names: pd.Series) -> pd.Series:
    """Write identifiers without what two writings of the same one differ in: zeros before a number, case, blanks."""
    plain = names.astype("str").str.lower().str.replace(r"[\s_-]+", "", regex=True)
    return plain.str.replace(r"(^|[^0-9])0+([0-9])", r"\1\2", regex=True)


def _repeated_rows(cohort: Linked) -> Iterator[Broken]:
    for rows in cohort:
        key = KEYS[rows.table]
        allowed = f"one row for each {' and '.join(key)}; row {{}} is the same"
        yield repeated(rows, key[-1], first_alike(rows.frame[key]), allowed)


def _patients_of_all_tables(cohort: Linked) -> Iterator[Broken]:
    patients, symptoms, courses = cohort.patients, cohort.symptoms, cohort.courses
    if patients.complete:
        known = patients.any_row()
        for rows in (symptoms, courses, cohort.laboratory, cohort.adverse_events):
            unknown = rows.outside(known)
            allowed = of_patients(rows.frame.loc[unknown, "patient_id"], patients.frame["patient_id"])
            yield rows, "patient_id", unknown, allowed
    if courses.complete:
        yield patients, "patient_id", patients.outside(courses.any_row()), "a patient with a row in the table courses"
    if symptoms.complete:
        # An onset that is missing may be baseline.
        without = patients.outside(symptoms.any_row(~symptoms.equals("onset", "on_therapy")))
        yield patients, "patient_id", without, "a patient with at least one baseline symptom in the table symptoms"


def of_patients(names: pd.Series, known: pd.Series) -> list[str]:
    """Say for each unknown name that a known one is allowed, and the row of one that differs in its form only."""
    if names.empty:
        return []
    rows = dict(zip(same_but_for_form(known), known.index + 2, strict=True))
    other = "; that of row {} there differs in zeros, capitals or blanks only"
    alike = (other.format(rows[name]) if name in rows else "" for name in same_but_for_form(names))
    return [f"a patient_id of the table patients{text}" for text in alike]


def _screening(cohort: Linked) -> Iterator[Broken]:
    screening, patients, courses = cohort.screening, cohort.patients, cohort.courses
    included, excluded = (screening.equals("screening", term) for term in ("included", "excluded"))
    reason = screening.known("exclusion_reason")
    yield screening, "exclusion_reason", excluded & ~reason, "a reason, since the patient was excluded"
    yield screening, "exclusion_reason", included & reason, "empty otherwise than for an excluded patient"
    if patients.complete:
        allowed = "a patient with a row in the table patients, since it was included"
        yield screening, "patient_id", included & screening.outside(patients.any_row()), allowed
    if screening.complete:
        allowed = "a patient that the table screening includes"
        yield patients, "patient_id", patients.outside(screening.any_row()), allowed
        # A patient with two rows is reported for that.
        left_out = screening.any_row(excluded) & ~screening.any_row(~excluded)
        yield patients, "patient_id", left_out[patients.patient], f"{allowed}; it excludes this one"
        recommended = screening.of_patients(screening.months("recommendation_month"))[courses.patient]
        allowed = "at least the recommendation_month of the patient in the table screening"
        yield courses, "start_month", courses.months("start_month") < recommended, allowed


def _patients(cohort: Linked) -> Iterator[Broken]:
    rows = cohort.patients
    diagnosis, treatment = (rows.values(f"age_at_{event}_years") for event in ("diagnosis", "treatment"))
    yield rows, "age_at_treatment_years", treatment < diagnosis, "at least the age at diagnosis"
    apart = np.abs(rows.values("diagnosis_to_treatment_months") / 12 - (treatment - diagnosis)) >= 1
    yield rows, "diagnosis_to_treatment_months", apart, "the time between the two ages, to within a year"
    other = rows.equals("kit_d816v", "negative", "not_evaluated")
    yield rows, "kit_d816v", other & rows.equals("diagnosis", "MMAS"), "positive in a patient with MMAS"
    in_tissue = other & (rows.count(("skin_kit_d816v", "bone_marrow_kit_d816v"), "positive") > 0)
    yield rows, "kit_d816v", in_tissue, "positive, since it is in the skin or the bone marrow"
    for organ, findings in (("skin_involved", SKIN), ("bone_marrow_involved", BONE_MARROW)):
        free = rows.equals(organ, "negative", "not_evaluated") & (rows.count(findings, "positive") > 0)
        yield rows, organ, free, f"positive, since one of {', '.join(findings)} is"
    # Unlike that of the skin, involvement of the bone marrow is defined by its findings.
    none = rows.count(BONE_MARROW, "negative") == len(BONE_MARROW)
    involved = none & rows.equals("bone_marrow_involved", "positive")
    yield rows, "bone_marrow_involved", involved, f"negative, since {', '.join(BONE_MARROW)} all are"


def _symptoms(cohort: Linked) -> Iterator[Broken]:
    symptoms = cohort.symptoms
    baseline, new = (symptoms.equals("onset", onset) for onset in ("baseline", "on_therapy"))
    ungraded = baseline & ~symptoms.known("grade_best")
    yield symptoms, "grade_best", ungraded, "a grade for a symptom present at baseline"
    allowed = "empty for a symptom that appeared under therapy, since a grade compares with baseline"
    for column in ("grade_best", "grade_last"):
        yield symptoms, column, new & symptoms.known(column), allowed
    late = symptoms.values("months_to_first_improvement") > _duration(cohort, symptoms)
    yield symptoms, "months_to_first_improvement", late, _DURATION


def _duration(cohort: Linked, rows: Rows) -> np.ndarray:
    return cohort.courses.of_patients(cohort.courses.values("duration_months"))[rows.patient]


def _courses(cohort: Linked) -> Iterator[Broken]:
    courses = cohort.courses
    reason = courses.known("stop_reason")
    ongoing, ended = (courses.equals("ongoing", term) for term in ("yes", "no"))
    yield courses, "stop_reason", ongoing & reason, "empty if therapy is ongoing"
    yield courses, "stop_reason", ended & ~reason, "a reason, since therapy is not ongoing"
    yield from _given_together(courses, ("months_to_first_response", "months_to_best_response"))
    first, best = (courses.values(f"months_to_{which}_response") for which in ("first", "best"))
    yield courses, "months_to_best_response", best < first, "at least the months to first response"
    # Without the best response either, since a first response alone is reported above.
    never = courses.equals("stop_reason", "loss_of_response") & np.isnan(first) & np.isnan(best)
    yield courses, "months_to_first_response", never, "given, since the course ended with a loss of response"
    for column in ("months_to_first_response", "months_to_best_response", "escalation_month", "weekly_month"):
        yield courses, column, courses.values(column) > courses.values("duration_months"), _DURATION
    yield from _given_together(courses, _ESCALATION)
    none = courses.known("escalated_interval_weeks") & ~courses.known("escalation_month")
    yield courses, "escalated_interval_weeks", none, "empty without an escalation_month"
    yield from _given_together(courses, _WEEKLY)
    male = cohort.patients.of_patients(cohort.patients.equals("sex", "M"))[courses.patient]
    yield courses, "stop_reason", courses.equals("stop_reason", "pregnancy_intent") & male, "another reason in a man"


def _until_today(cohort: Linked, today: datetime.date) -> Iterator[Broken]:
    """Report what is said to have happened after this month; a course may be rounded up by one."""
    now, courses, screening = 12 * today.year + today.month - 1, cohort.courses, cohort.screening
    start, month = courses.months("start_month"), f"at most {today:%Y-%m}, the present month"
    yield screening, "recommendation_month", screening.months("recommendation_month") > now, month
    yield courses, "start_month", start > now, month
    over = (start <= now) & (start + courses.values("duration_months") > now + 1)
    yield courses, "duration_months", over, f"at most the months from the first injection until {today:%Y-%m}"


def _given_together(rows: Rows, columns: tuple[str, ...]) -> Iterator[Broken]:
    """Report each empty cell of a row that fills one of the columns: the empty cell is where another error shows."""
    some = np.logical_or.reduce([rows.known(column) for column in columns])
    for column in columns:
        others = ", ".join(other for other in columns if other != column)
        yield rows, column, some & ~rows.known(column), f"given together with {others}, or all of them empty"


def _laboratory(cohort: Linked) -> Iterator[Broken]:
    samples = cohort.laboratory
    for analyte, unit in ANALYTE_UNITS.items():
        other = samples.equals("analyte", analyte) & samples.known("unit") & ~samples.equals("unit", unit)
        yield samples, "unit", other, f"{unit} for {analyte}"
    later, known = samples.equals("time_point", "on_therapy"), samples.known("months_on_therapy")
    yield samples, "months_on_therapy", later & ~known, "a number of months for a sample on therapy"
    earlier = ~later & known & samples.known("time_point")
    yield samples, "months_on_therapy", earlier, "empty otherwise than for a sample on therapy"


def _adverse_events(cohort: Linked) -> Iterator[Broken]:
    events, courses = cohort.adverse_events, cohort.courses
    stopped, ongoing = events.equals("led_to_stop", "yes"), courses.equals("ongoing", "yes")
    other = courses.known("stop_reason") & ~courses.equals("stop_reason", "intolerance")
    other = courses.of_patients(other | ongoing)[events.patient]
    yield events, "led_to_stop", stopped & other, "no, unless the course was stopped for intolerance"
    # After the end of a course that was stopped an event is possible, but not after last follow-up, nor the cause.
    followed = courses.of_patients(ongoing)[events.patient]
    late = events.values("onset_months") > _duration(cohort, events)
    yield events, "onset_months", late & (stopped | followed), _DURATION


_RULES = (_repeated_rows, _patients_of_all_tables, _screening, _patients, _symptoms, _courses, _laboratory)
_RULES += (_adverse_events,)


def broken_rules(
    tables: Tables, names: dict[str, str] | None = None, today: datetime.date | None = None
) -> pd.DataFrame:
    """List, as `problems_found` does, every cell that breaks a rule; rules that need absent tables are left out.

    Dates are compared with the present month if a day of it is given.
    """
    dated = (partial(_until_today, today=today),) if today else ()
    return problems_found((*_RULES, *dated), tables, names)
