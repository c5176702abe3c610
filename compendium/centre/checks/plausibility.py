"""What a cohort should rarely hold: values and pairs of values that are possible, but more often an error.

Nothing here stops an analysis. What is impossible is for `compendium.centre.checks.rules`. The rise of tryptase in a
symptomatic period by which MCAS is diagnosed (L171-L173) is looked at only if a reading of that rule is given: few
databases hold samples taken in an episode.
"""

from collections.abc import Iterator
from fractions import Fraction
from functools import partial

import numpy as np
import pandas as pd

from analysis.characteristics import CYTOREDUCTIVE, SYMPTOMATIC
from analysis.problems import HIDDEN
from analysis.reading import first_alike
from analysis.response import classify
from analysis.vocabulary import Analyte, Diagnosis, Response, TimePoint
from compendium.centre.checks.linking import Broken, Linked, Rows, Tables, problems_found, repeated
from compendium.centre.checks.rules import BONE_MARROW, SKIN, same_but_for_form

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
_HIGHEST_LEVEL = {Analyte.TRYPTASE: 1000, Analyte.TOTAL_IGE: 50_000}  # in its unit; more raises a doubt
_TRYPTASE_FROM_MONTHS = 3  # tryptase on therapy is that after at least three months (L307)
_SLIP = 10  # two levels of tryptase this many times apart may differ by a decimal point
_MAJOR_CRITERION = "who_multifocal_infiltrates"
_MINOR_CRITERIA = ("who_atypical_mast_cells", "who_cd2_cd25", "who_tryptase_over_20")
"""WHO criteria of systemic mastocytosis, met by the major and one minor or by three minor ones; KIT is the fourth."""
READINGS = ("sum", "both")  # how "at least 20 % above baseline plus 2 ng/mL" may be read, as `required_tryptase` says


def _diagnosis(cohort: Linked) -> Iterator[Broken]:
    rows = cohort.patients
    ism, cm, mmas, idiopathic = (rows.equals("diagnosis", one) for one in Diagnosis)
    # The minor criterion is a mutation outside the skin, which kit_d816v alone does not say.
    minor = rows.count((*_MINOR_CRITERIA, "bone_marrow_kit_d816v"), "positive")
    met = (minor >= 3) | (rows.equals(_MAJOR_CRITERION, "positive") & (minor >= 1))
    allowed = "most likely ISM, since the WHO criteria of systemic mastocytosis are met"
    yield rows, "diagnosis", (cm | mmas | idiopathic) & met, allowed
    possible = 4 - rows.count((*_MINOR_CRITERIA, "kit_d816v"), "negative")
    unmet = (possible < 1) | (rows.equals(_MAJOR_CRITERION, "negative") & (possible < 3))
    allowed = "most likely another, since the findings rule the WHO criteria of systemic mastocytosis out"
    yield rows, "diagnosis", ism & unmet, allowed
    for column, patients, allowed in (
        ("kit_d816v", idiopathic, "most likely negative, since idiopathic MCAS is not clonal"),
        ("who_cd2_cd25", idiopathic, "most likely negative, since idiopathic MCAS is not clonal"),
        ("bone_marrow_involved", cm | idiopathic, "most likely negative in CM and in idiopathic MCAS"),
        ("skin_maculopapular", mmas | idiopathic, "most likely negative in MCAS, else the diagnosis is CM or ISM"),
    ):
        yield rows, column, patients & rows.equals(column, "positive"), allowed
    without = cm & rows.equals("skin_involved", "negative", "not_evaluated")
    yield rows, "skin_involved", without, "most likely positive in CM"


def _findings(cohort: Linked) -> Iterator[Broken]:
    rows = cohort.patients
    for organ, findings in (("skin_involved", SKIN), ("bone_marrow_involved", BONE_MARROW)):
        negative = rows.count(findings, "negative")
        none = rows.count(findings, "negative", "not_evaluated") == len(findings)
        if organ == "bone_marrow_involved":
            none &= negative < len(findings)  # with all four negative it is an error
        some = f"one of {', '.join(findings)}"
        yield rows, organ, rows.equals(organ, "positive") & none, f"most likely {some} is positive too"
        unknown = rows.equals(organ, "not_evaluated") & (negative > 0)
        yield rows, organ, unknown, f"most likely evaluated, since {some} was"
    unknown = rows.equals("kit_d816v", "not_evaluated")
    unknown &= rows.count(("skin_kit_d816v", "bone_marrow_kit_d816v"), "negative") > 0
    allowed = "most likely evaluated, since the mutation was looked for in the skin or the bone marrow"
    yield rows, "kit_d816v", unknown, allowed


def _therapies(cohort: Linked) -> Iterator[Broken]:
    rows, courses = cohort.patients, cohort.courses
    none = rows.count(sorted(SYMPTOMATIC), "no") == len(SYMPTOMATIC)
    continued = rows.equals("continued_classical_therapy", "yes")
    allowed = f"most likely no, since {', '.join(sorted(SYMPTOMATIC))} all are"
    yield rows, "continued_classical_therapy", none & continued, allowed
    allowed = "most likely yes for one classical therapy, since symptoms were refractory to them"
    yield rows, min(SYMPTOMATIC), none & ~continued, allowed
    mcas = rows.equals("diagnosis", Diagnosis.MMAS, Diagnosis.IDIOPATHIC)
    allowed = "most likely no, since cytoreductive therapy is for mastocytosis"
    for column in CYTOREDUCTIVE:
        yield rows, column, mcas & rows.equals(column, "yes"), allowed
    old = rows.of_patients(rows.values("age_at_treatment_years"))[courses.patient] > 55
    old &= courses.equals("stop_reason", "pregnancy_intent")
    yield courses, "stop_reason", old, "most likely another reason in a woman over 55"


def _tryptase(samples: Rows, point: TimePoint) -> np.ndarray:
    """Give each patient the level of tryptase at a time point, in ng/mL."""
    return samples.of_patients(samples.values("value"), _is_tryptase(samples, point))


def _is_tryptase(samples: Rows, point: TimePoint) -> np.ndarray:
    return samples.equals("analyte", Analyte.TRYPTASE) & samples.equals("time_point", point)


def _levels(cohort: Linked) -> Iterator[Broken]:
    samples, patients = cohort.laboratory, cohort.patients
    level = samples.values("value")
    for analyte, highest in _HIGHEST_LEVEL.items():
        high = samples.equals("analyte", analyte) & (level > highest)
        yield samples, "value", high, f"most likely at most {highest:g}"
    later = _is_tryptase(samples, TimePoint.ON_THERAPY)
    early = later & (samples.values("months_on_therapy") < _TRYPTASE_FROM_MONTHS)
    yield samples, "months_on_therapy", early, f"most likely at least {_TRYPTASE_FROM_MONTHS} months on therapy"
    before = _tryptase(samples, TimePoint.BEFORE)[samples.patient]
    apart = ((level >= _SLIP * before) | (_SLIP * level <= before)) & (level != before)
    allowed = f"most likely less than {_SLIP} times apart from the tryptase before omalizumab"
    yield samples, "value", later & apart, allowed
    diagnosis = _tryptase(samples, TimePoint.DIAGNOSIS)[patients.patient]
    for right, other, seen, word in (
        ("positive", "negative", diagnosis > 20, "over"),
        ("negative", "positive", diagnosis <= 20, "not over"),
    ):
        said = patients.equals("who_tryptase_over_20", other, "not_evaluated")
        allowed = f"most likely {right}, since tryptase at diagnosis was {word} 20 ng/mL"
        yield patients, "who_tryptase_over_20", said & seen, allowed


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


def _exact(value: float) -> Fraction:
    """Take a number as the decimal it was written as, so that 1.2 times 10.0 is 12 and no more."""
    exact = Fraction(str(float(value))) if np.isfinite(value) else Fraction(-1)
    if exact < 0:
        raise ValueError(f"tryptase: {value!r} is not allowed; allowed is a finite number of at least 0, in ng/mL")
    return exact


def required_tryptase(baseline: float, reading: str) -> Fraction:
    """Give the lowest tryptase in a symptomatic period that confirms mast cell activation (L172-L173), in ng/mL.

    The baseline is serum total tryptase outside symptomatic periods, in ng/mL. Read as sum, 1.2 times it plus 2 ng/mL
    are required: the formula of the consensus of 2012 (Int Arch Allergy Immunol 2012;157:215-225) and of its defence in
    2019 (doi:10.1159/000501079). Read as both, a rise of at least 20 % that is also at least 2 ng/mL.
    """
    if reading not in READINGS:
        raise ValueError(f"tryptase: reading {reading!r} is unknown; allowed are {', '.join(READINGS)}")
    level = _exact(baseline)
    return level + (level / 5 + 2 if reading == "sum" else max(level / 5, Fraction(2)))


def meets_tryptase_rule(baseline: float, episode: float, reading: str) -> bool:
    """Tell whether a level during a symptomatic period, or within 4 hours after it, reaches `required_tryptase`."""
    return _exact(episode) >= required_tryptase(baseline, reading)


def unconfirmed_mcas(cohort: Linked, reading: str) -> Iterator[Broken]:
    """List samples of an episode that do not confirm MCAS, and patients with MCAS but without one or a baseline."""
    required_tryptase(0, reading)
    patients, samples = cohort.patients, cohort.laboratory
    if samples.absent:
        return
    mcas = patients.equals("diagnosis", Diagnosis.MMAS, Diagnosis.IDIOPATHIC) & (patients.patient >= 0)
    # The baseline is the sample before omalizumab, or for want of it the one at diagnosis.
    before, diagnosis = (_tryptase(samples, point) for point in (TimePoint.BEFORE, TimePoint.DIAGNOSIS))
    baseline = np.where(np.isnan(before), diagnosis, before)
    without = np.isnan(_tryptase(samples, TimePoint.EPISODE))[patients.patient]
    text = "a tryptase {} in the table laboratory; without it the rise that MCAS requires cannot be checked"
    yield patients, "diagnosis", mcas & without, text.format("in an episode")
    without = ~without & np.isnan(baseline)[patients.patient]
    yield patients, "diagnosis", mcas & without, text.format("before omalizumab or at diagnosis")
    values, baseline = samples.values("value"), baseline[samples.patient]
    rows = _is_tryptase(samples, TimePoint.EPISODE) & patients.any_row(mcas)[samples.patient]
    rows &= ~np.isnan(values) & ~np.isnan(baseline)
    texts = []
    for row in np.flatnonzero(rows):
        if meets_tryptase_rule(baseline[row], values[row], reading):
            rows[row] = False
        else:
            required = float(required_tryptase(baseline[row], reading))
            texts.append(f"at least {required:.10g}, which MCAS requires with a baseline of {baseline[row]:.10g}")
    yield samples, "value", rows, texts


_CHECKS = (_diagnosis, _findings, _therapies, _levels, _ranges, _symptoms, _scores, _courses, _after_the_end)
_CHECKS += (_one_patient_twice, _one_patient_by_two_names, _texts)


def doubtful(tables: Tables, names: dict[str, str] | None = None, tryptase: str | None = None) -> pd.DataFrame:
    """List every cell that is possible but more often an error; the rise of tryptase only by a reading of its rule."""
    asked = () if tryptase is None else (partial(unconfirmed_mcas, reading=tryptase),)
    found = problems_found((*_CHECKS, *asked), tables, names)
    return found.assign(value=found["value"].mask(found["allowed"] == _NOBODY, HIDDEN))
