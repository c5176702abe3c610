"""What a cohort should rarely hold: values and pairs of values that are possible, but more often an error.

Nothing here stops an analysis. What is impossible is for `compendium.centre.checks.rules`.
"""

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from analysis.response import classify
from analysis.vocabulary import Response
from compendium.centre.checks.clinical_plausibility import CLINICAL_CHECKS
from compendium.centre.checks.linking import Broken, Linked, Tables, as_problems, first_rows, row_keys
from compendium.centre.checks.tryptase import unconfirmed_mcas

RANGES: tuple[tuple[str, str, float, float, str], ...] = (
    ("patients", "age_at_treatment_years", 12, 100, "years; omalizumab is not licensed for urticaria before 12"),
    ("courses", "start_dose_mg", 75, 600, "mg, the licensed doses"),
    ("courses", "escalated_dose_mg", 75, 600, "mg, the licensed doses"),
    ("courses", "start_interval_weeks", 1, 8, "weeks between injections"),
    ("courses", "duration_months", 0, 200, "months of therapy"),
)
"""Table, column, the lowest and highest value that raise no doubt, and their unit or the reason."""
FIRST_YEAR = 2003
"""Omalizumab was first licensed in the United States in June 2003."""
START_WITHIN_MONTHS = 24
SAME_PATIENT = {
    "patients": ("sex", "diagnosis", "age_at_diagnosis_years", "age_at_treatment_years"),
    "courses": ("start_month", "duration_months", "ongoing"),
}
"""Two patients with the same of all these may be one."""
_PERSONAL = (
    r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}"  # a date
    r"|\d(?:[ .-]?\d){5}"  # a telephone or hospital number
    r"|\b(?:19|20)\d\d\b"  # a year
    r"|@"
    r"|\b(?:mr|mrs|mme|mlle|dr|prof)\b"
)
# A pseudonym may well be a number of several parts, but not a date with its year, nor two words.
_NAMING = r"(?:19|20)\d\d[./-]\d\d?[./-]\d\d?|\d\d?[./-]\d\d?[./-](?:19|20)\d\d|[^\W\d_]{2,}[ ,;]+[^\W\d_]{2,}"


def _ranges(linked: Linked) -> Iterator[Broken]:
    for table, column, low, high, why in RANGES:
        if table in linked:
            values = linked.values(table, column)
            yield Broken(table, column, (values < low) | (values > high), f"most likely from {low} to {high} {why}")
    for table, column in (("screening", "recommendation_month"), ("courses", "start_month")):
        if table in linked:
            early = linked.months(table, column) < 12 * FIRST_YEAR
            yield Broken(table, column, early, f"most likely {FIRST_YEAR} or later, the year omalizumab was licensed")
    if "screening" in linked and "courses" in linked:
        recommended = linked.of_patient("screening", linked.months("screening", "recommendation_month"))
        delay = linked.months("courses", "start_month") - recommended[linked.patient["courses"]]
        allowed = f"most likely within {START_WITHIN_MONTHS} months of the recommendation"
        yield Broken("courses", "start_month", delay > START_WITHIN_MONTHS, allowed)


def _symptoms(linked: Linked) -> Iterator[Broken]:
    if "symptoms" not in linked:
        return
    best, last = linked.values("symptoms", "grade_best"), linked.values("symptoms", "grade_last")
    month = linked.values("symptoms", "months_to_first_improvement")
    new = linked.equals("symptoms", "onset", "on_therapy")
    improved = (best < 1) | (last < 1)
    never = ~np.isnan(month) & ~np.isnan(best) & ~improved
    allowed = "most likely empty, since neither grade is an improvement"
    yield Broken("symptoms", "months_to_first_improvement", never, allowed)
    allowed = "most likely empty for a symptom that appeared under therapy"
    yield Broken("symptoms", "months_to_first_improvement", new & ~np.isnan(month), allowed)
    allowed = "most likely a number of months, since a grade is an improvement"
    yield Broken("symptoms", "months_to_first_improvement", improved & np.isnan(month), allowed)
    if "courses" in linked:
        reached = linked.of_patient("courses", linked.values("courses", "months_to_best_response"))
        late = (best < 1) & (month > reached[linked.patient["symptoms"]])
        allowed = "most likely not after the best response, at which the symptom had improved"
        yield Broken("symptoms", "months_to_first_improvement", late, allowed)
    graded = best[~np.isnan(best)]
    if len(graded) >= 10 and (graded == graded[0]).all():
        allowed = f"most likely several grades, not {graded[0]:g} for each symptom at best response"
        yield Broken("symptoms", "grade_best", None, allowed)


def _scores(linked: Linked) -> Iterator[Broken]:
    """Compare what the courses say of scores and responses with the grades of the symptoms."""
    if "courses" not in linked or not linked.complete("symptoms"):
        return
    patient, best = linked.patient["symptoms"], linked.values("symptoms", "grade_best")
    new = linked.equals("symptoms", "onset", "on_therapy")

    def per_patient(rows: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
        some = None if weights is None else weights[rows]
        return np.bincount(patient[rows], some, linked.patients + 1)

    graded = ~new & ~np.isnan(best)
    counts = {"symptoms": per_patient(graded), "quarters": per_patient(graded, 4 * best).astype(int)}
    counts |= {"worsened": per_patient(graded & (best > 1)), "new": per_patient(new)}
    response = classify(pd.DataFrame(counts)) != Response.NR
    certain = per_patient(~new & np.isnan(best)) == 0
    highest = 1.5 * per_patient(np.ones(len(patient), dtype=bool))
    named = linked.patient["courses"]
    certain = certain[named] & (counts["symptoms"][named] > 0)
    month = linked.known("courses", "months_to_first_response")
    never = certain & month & ~response.to_numpy()[named]
    allowed = "most likely empty, since by the paper's criteria the grades at best response are no response"
    yield Broken("courses", "months_to_first_response", never, allowed)
    missed = certain & ~month & response.to_numpy()[named]
    allowed = "most likely a number of months, since by the paper's criteria the grades at best response are a response"
    yield Broken("courses", "months_to_first_response", missed, allowed)
    for change in ("escalation", "weekly"):
        for when in ("before", "after"):
            column = f"score_{when}_{change}"
            over = certain & (linked.values("courses", column) > highest[named])
            yield Broken("courses", column, over, "most likely at most 1.5 for each symptom of the patient")


def _courses(linked: Linked) -> Iterator[Broken]:
    if "courses" not in linked:
        return
    start = linked.values("courses", "start_dose_mg") / linked.values("courses", "start_interval_weeks")
    fewer = linked.values("courses", "escalated_dose_mg") / 2 <= start
    yield Broken("courses", "escalated_dose_mg", fewer, "most likely more per week than at the start")
    lack = linked.equals("courses", "stop_reason", "lack_of_efficacy")
    responded = lack & linked.known("courses", "months_to_first_response")
    allowed = "most likely loss_of_response after a response, as which it is counted"
    yield Broken("courses", "stop_reason", responded, allowed)
    if linked.complete("adverse_events"):
        led = linked.any_row("adverse_events", ~linked.equals("adverse_events", "led_to_stop", "no"))
        without = linked.equals("courses", "stop_reason", "intolerance") & ~led[linked.patient["courses"]]
        allowed = "most likely with an event in the table adverse_events that led to the stop"
        yield Broken("courses", "stop_reason", without & (linked.patient["courses"] >= 0), allowed)


def _after_the_end(linked: Linked) -> Iterator[Broken]:
    if "courses" not in linked:
        return
    duration = linked.of_patient("courses", linked.values("courses", "duration_months"))
    ended = linked.of_patient("courses", linked.equals("courses", "ongoing", "no"))
    for table, column in (("laboratory", "months_on_therapy"), ("adverse_events", "onset_months")):
        if table in linked:
            patient = linked.patient[table]
            late = linked.values(table, column) > duration[patient]
            if table == "adverse_events":
                # An event that led to the stop, or after last follow-up, is an error.
                late &= ended[patient] & ~linked.equals(table, "led_to_stop", "yes")
            yield Broken(table, column, late, "most likely at most the duration of the course")


def _people(linked: Linked) -> Iterator[Broken]:
    """Look for one patient under two names, and for texts from which a person may be known."""
    if "patients" in linked and "courses" in linked:
        place = linked.of_patient("courses", np.arange(len(linked.patient["courses"]), dtype=float))
        place = place[linked.patient["patients"]]
        found = ~np.isnan(place)
        columns = [linked.tables["patients"][name].to_numpy()[found] for name in SAME_PATIENT["patients"]]
        courses = linked.tables["courses"].iloc[place[found].astype(int)]
        keys = row_keys(columns + [courses[name].to_numpy() for name in SAME_PATIENT["courses"]])
        same = np.zeros(len(found), dtype=bool)
        shown = linked.tables["patients"].index.to_numpy()[found] + 2
        same[found], first = first_rows(keys, shown)
        texts = [
            f"most likely not the patient of row {row}, whose sex, ages, diagnosis and course are the same"
            for row in first
        ]
        yield Broken("patients", "patient_id", same, texts)
    for table, column, pattern in (
        ("screening", "patient_id", _NAMING),
        ("adverse_events", "term", _PERSONAL),
        ("adverse_events", "detail", _PERSONAL),
    ):
        if table in linked:
            codes, texts = pd.factorize(linked.tables[table][column])
            personal = pd.Series(texts, dtype="str").str.contains(pattern, case=False, regex=True)
            found = np.append(personal.to_numpy(dtype=bool), False)[codes]
            allowed = "a text from which no person can be known, without dates, long numbers, addresses or names"
            yield Broken(table, column, found, allowed, hidden=True)


_CHECKS: tuple[Callable[[Linked], Iterator[Broken]], ...] = (
    *CLINICAL_CHECKS,
    _ranges,
    _symptoms,
    _scores,
    _courses,
    _after_the_end,
    _people,
)


def doubtful(tables: Tables, names: dict[str, str] | None = None, tryptase: str | None = None) -> pd.DataFrame:
    """List every cell that is possible but more often an error.

    Parameters
    ----------
    tables : dict of str to DataFrame
        The tables with their types, as `analysis.schema.with_types` gives them. Tables may be absent and cells missing.
    names : dict of str to str, optional
        The file to name for each table; ``<table>.csv`` by default.
    tryptase : {"sum", "both"}, optional
        How the rise of tryptase that MCAS requires is read, as `tryptase.required_tryptase` says; it is not checked by
        default, since few databases hold samples taken in an episode.

    Returns
    -------
    DataFrame
        One row per doubt: ``file``, ``row`` (the header being row 1; 0 for the whole file), ``column``, ``value``,
        ``allowed`` (what is expected, and why) and ``nearest`` (always empty), in the order of the tables and their
        rows. A text from which a person may be known is not repeated.

    Raises
    ------
    ValueError
        If the reading of the tryptase rule is unknown.
    """
    linked = Linked(tables)
    found = [broken for check in _CHECKS for broken in check(linked)]
    if tryptase is not None:
        found += unconfirmed_mcas(linked, tryptase)
    return as_problems(found, tables, names)
