"""What a cohort should rarely hold: values and pairs of values that are possible, but more often an error.

Nothing here stops an analysis. What is impossible is for `compendium.centre.checks.rules`; findings of a patient that
rarely go together stand in `compendium.centre.checks.clinical_plausibility`.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np
import pandas as pd

from analysis.problems import HIDDEN
from analysis.reading import first_alike
from analysis.response import classify
from analysis.vocabulary import Response
from compendium.centre.checks.clinical_plausibility import CLINICAL_CHECKS, unconfirmed_mcas
from compendium.centre.checks.linking import Broken, Linked, Tables, problems_found, repeated
from compendium.centre.checks.rules import same_but_for_form

_RANGES: tuple[tuple[str, str, float, float, str], ...] = (  # lowest and highest without a doubt, and unit or reason
    ("patients", "age_at_treatment_years", 12, 100, "years; omalizumab is not licensed for urticaria before 12"),
    ("courses", "start_dose_mg", 75, 600, "mg, the licensed doses"),
    ("courses", "escalated_dose_mg", 75, 600, "mg, the licensed doses"),
    ("courses", "start_interval_weeks", 1, 8, "weeks between injections"),
    ("courses", "duration_months", 0, 200, "months of therapy"),
)
_FIRST_YEAR, _START_WITHIN_MONTHS = 2003, 24  # omalizumab was first licensed in the United States in June 2003
_SAME_PATIENT = ["sex", "diagnosis", "age_at_diagnosis_years", "age_at_treatment_years"]
_SAME_COURSE = ["start_month", "duration_months", "ongoing"]  # two patients with the same of all these may be one
_PERSONAL = (
    r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}"  # a date
    r"|\d(?:[ .-]?\d){5}"  # a telephone or hospital number
    r"|\b(?:19|20)\d\d\b"  # a year
    r"|@"
    r"|\b(?:mr|mrs|mme|mlle|dr|prof)\b"
)
_NOBODY = "a text from which no person can be known, without dates, long numbers, addresses or names"
# A pseudonym may well be a number of several parts, but not a date with its year, nor two words.
_NAMING = r"(?:19|20)\d\d[./-]\d\d?[./-]\d\d?|\d\d?[./-]\d\d?[./-](?:19|20)\d\d|[^\W\d_]{2,}[ ,;]+[^\W\d_]{2,}"


def _ranges(cohort: Linked) -> Iterator[Broken]:
    for table, column, low, high, why in _RANGES:
        rows = getattr(cohort, table)
        values = rows.values(column)
        yield rows, column, (values < low) | (values > high), f"most likely from {low} to {high} {why}"
    screening, courses = cohort.screening, cohort.courses
    recommended, start = screening.months("recommendation_month"), courses.months("start_month")
    allowed = f"most likely {_FIRST_YEAR} or later, the year omalizumab was licensed"
    yield screening, "recommendation_month", recommended < 12 * _FIRST_YEAR, allowed
    yield courses, "start_month", start < 12 * _FIRST_YEAR, allowed
    late = start - screening.of_patients(recommended)[courses.patient] > _START_WITHIN_MONTHS
    yield courses, "start_month", late, f"most likely within {_START_WITHIN_MONTHS} months of the recommendation"


def _symptoms(cohort: Linked) -> Iterator[Broken]:
    symptoms, courses = cohort.symptoms, cohort.courses
    best, last, month = map(symptoms.values, ("grade_best", "grade_last", "months_to_first_improvement"))
    improved, given = (best < 1) | (last < 1), ~np.isnan(month)
    reached = courses.of_patients(courses.values("months_to_best_response"))[symptoms.patient]
    for rows, allowed in (
        (given & ~np.isnan(best) & ~improved, "empty, since neither grade is an improvement"),
        (given & symptoms.equals("onset", "on_therapy"), "empty for a symptom that appeared under therapy"),
        (~given & improved, "a number of months, since a grade is an improvement"),
        ((best < 1) & (month > reached), "not after the best response, at which the symptom had improved"),
    ):
        yield symptoms, "months_to_first_improvement", rows, f"most likely {allowed}"
    graded = best[~np.isnan(best)]
    if len(graded) >= 10 and (graded == graded[0]).all():
        allowed = f"most likely several grades, not {graded[0]:g} for each symptom at best response"
        yield symptoms, "grade_best", None, allowed


def _scores(cohort: Linked) -> Iterator[Broken]:
    """Compare what the courses say of scores and responses with the grades of the symptoms."""
    symptoms, courses = cohort.symptoms, cohort.courses
    if not symptoms.complete:
        return
    best, new = symptoms.values("grade_best"), symptoms.equals("onset", "on_therapy")

    def per_patient(rows: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
        some = None if weights is None else weights[rows]
        return np.bincount(symptoms.patient[rows], some, symptoms.patients + 1)

    graded = ~new & ~np.isnan(best)
    counts = {"symptoms": per_patient(graded), "quarters": per_patient(graded, 4 * best).astype(int)}
    counts |= {"worsened": per_patient(graded & (best > 1)), "new": per_patient(new)}
    response = (classify(pd.DataFrame(counts)) != Response.NR).to_numpy()[courses.patient]
    certain = ((per_patient(~new & np.isnan(best)) == 0) & (counts["symptoms"] > 0))[courses.patient]
    month = courses.known("months_to_first_response")
    for rows, value, what in ((month & ~response, "empty", "no"), (~month & response, "a number of months", "a")):
        allowed = f"most likely {value}, since by the paper's criteria the grades at best response are {what} response"
        yield courses, "months_to_first_response", certain & rows, allowed
    highest = 1.5 * per_patient(np.ones(len(new), dtype=bool))[courses.patient]
    for column in (f"score_{when}_{change}" for change in ("escalation", "weekly") for when in ("before", "after")):
        allowed = "most likely at most 1.5 for each symptom of the patient"
        yield courses, column, certain & (courses.values(column) > highest), allowed


def _courses(cohort: Linked) -> Iterator[Broken]:
    courses, events = cohort.courses, cohort.adverse_events
    start = courses.values("start_dose_mg") / courses.values("start_interval_weeks")
    interval = courses.values("escalated_interval_weeks")
    fewer = courses.values("escalated_dose_mg") / np.where(np.isnan(interval), 2, interval) <= start
    yield courses, "escalated_dose_mg", fewer, "most likely more per week than at the start"
    responded = courses.equals("stop_reason", "lack_of_efficacy") & courses.known("months_to_first_response")
    yield courses, "stop_reason", responded, "most likely loss_of_response after a response, as which it is counted"
    if events.complete:
        without = courses.outside(events.any_row(~events.equals("led_to_stop", "no")))
        allowed = "most likely with an event in the table adverse_events that led to the stop"
        yield courses, "stop_reason", without & courses.equals("stop_reason", "intolerance"), allowed


def _after_the_end(cohort: Linked) -> Iterator[Broken]:
    courses, samples, events = cohort.courses, cohort.laboratory, cohort.adverse_events
    duration = courses.of_patients(courses.values("duration_months"))
    allowed = "most likely at most the duration of the course"
    yield samples, "months_on_therapy", samples.values("months_on_therapy") > duration[samples.patient], allowed
    # An event that led to the stop, or after last follow-up, is an error.
    late = events.values("onset_months") > duration[events.patient]
    late &= courses.of_patients(courses.equals("ongoing", "no"))[events.patient]
    yield events, "onset_months", late & ~events.equals("led_to_stop", "yes"), allowed


def _one_patient_twice(cohort: Linked) -> Iterator[Broken]:
    patients, courses = cohort.patients, cohort.courses
    place = courses.of_patients(np.arange(len(courses.frame), dtype=float))[patients.patient]
    found = ~np.isnan(place)
    course = courses.frame.iloc[place[found].astype(int)][_SAME_COURSE].set_axis(patients.frame.index[found])
    first = first_alike(patients.frame.loc[found, _SAME_PATIENT].join(course))
    allowed = "most likely not the patient of row {}, whose sex, ages, diagnosis and course are the same"
    yield repeated(patients, "patient_id", first, allowed)


def _one_patient_by_two_names(cohort: Linked) -> Iterator[Broken]:
    for rows in (cohort.screening, cohort.patients):
        names = rows.frame["patient_id"]
        first = first_alike(same_but_for_form(names).to_frame())
        first = first[names[first.index].to_numpy() != names[first].to_numpy()]
        allowed = "most likely not the patient of row {}, whose name differs in zeros, capitals or blanks only"
        yield repeated(rows, "patient_id", first, allowed)


def _texts(cohort: Linked) -> Iterator[Broken]:
    for rows, column, pattern in (
        (cohort.screening, "patient_id", _NAMING),
        (cohort.adverse_events, "term", _PERSONAL),
        (cohort.adverse_events, "detail", _PERSONAL),
    ):
        codes, texts = pd.factorize(rows.frame[column])
        personal = pd.Series(texts, dtype="str").str.contains(pattern, case=False, regex=True)
        found = np.append(personal.to_numpy(dtype=bool), False)[codes]
        yield rows, column, found, _NOBODY
    events = cohort.adverse_events
    nothing = ~events.frame["term"].str.contains(r"[^\W\d_]", regex=True, na=True).to_numpy(dtype=bool)
    yield events, "term", nothing, "most likely a word for the event"


_CHECKS = (*CLINICAL_CHECKS, _ranges, _symptoms, _scores, _courses, _after_the_end)
_CHECKS += (_one_patient_twice, _one_patient_by_two_names, _texts)


def doubtful(tables: Tables, names: dict[str, str] | None = None, tryptase: str | None = None) -> pd.DataFrame:
    """List every cell that is possible but more often an error; the rise of tryptase only by a reading of its rule."""
    asked = () if tryptase is None else (partial(unconfirmed_mcas, reading=tryptase),)
    found = problems_found((*_CHECKS, *asked), tables, names)
    return found.assign(value=found["value"].mask(found["allowed"] == _NOBODY, HIDDEN))
