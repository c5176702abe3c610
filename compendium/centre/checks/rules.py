"""Rules of the data contract that hold between the columns and the tables of a cohort: what is impossible.

What is merely implausible is for `compendium.centre.checks.plausibility`.
"""

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from analysis.schema import KEYS
from analysis.vocabulary import ANALYTE_UNITS
from compendium.centre.checks.linking import Broken, Linked, Tables, as_problems, first_rows, row_keys

BONE_MARROW = ("bone_marrow_histology", "bone_marrow_cytology", "bone_marrow_phenotype", "bone_marrow_kit_d816v")
"""The findings by which the bone marrow is involved."""
SKIN = ("skin_maculopapular", "skin_histology", "skin_kit_d816v")
"""The findings by which the skin is involved."""
ESCALATION = ("escalation_month", "escalated_dose_mg", "score_before_escalation", "score_after_escalation")
WEEKLY = ("weekly_month", "score_before_weekly", "score_after_weekly")
"""The columns of a change of dose or schedule, which are given all or none."""


def _repeated_rows(linked: Linked) -> Iterator[Broken]:
    for table, frame in linked.tables.items():
        keys = row_keys([linked.patient[table]] + [frame[name] for name in KEYS[table][1:]])
        keys[linked.patient[table] < 0] = -1
        repeated, first = first_rows(keys, frame.index.to_numpy() + 2)
        one = f"one row for each {' and '.join(KEYS[table])}"
        yield Broken(table, KEYS[table][-1], repeated, [f"{one}; row {row} is the same" for row in first])


def _patients_of_all_tables(linked: Linked) -> Iterator[Broken]:
    if linked.complete("patients"):
        known = linked.any_row("patients")
        for table in ("symptoms", "courses", "laboratory", "adverse_events"):
            if table in linked:
                patient = linked.patient[table]
                yield Broken(
                    table, "patient_id", ~known[patient] & (patient >= 0), "a patient_id of the table patients"
                )
    if "patients" not in linked:
        return
    patient = linked.patient["patients"]
    for table, missing in (
        ("courses", "a patient with a row in the table courses"),
        ("symptoms", "a patient with at least one baseline symptom in the table symptoms"),
    ):
        if linked.complete(table):
            # An onset that is missing may be baseline.
            counted = ~linked.equals(table, "onset", "on_therapy") if table == "symptoms" else None
            yield Broken("patients", "patient_id", ~linked.any_row(table, counted)[patient] & (patient >= 0), missing)


def _screening(linked: Linked) -> Iterator[Broken]:
    if "screening" not in linked:
        return
    included, excluded = (linked.equals("screening", "screening", term) for term in ("included", "excluded"))
    reason = linked.known("screening", "exclusion_reason")
    yield Broken("screening", "exclusion_reason", excluded & ~reason, "a reason, since the patient was excluded")
    yield Broken("screening", "exclusion_reason", included & reason, "empty otherwise than for an excluded patient")
    if linked.complete("patients"):
        without = included & ~linked.any_row("patients")[linked.patient["screening"]]
        allowed = "a patient with a row in the table patients, since it was included"
        yield Broken("screening", "patient_id", without & (linked.patient["screening"] >= 0), allowed)
    if "patients" in linked and linked.complete("screening"):
        patient = linked.patient["patients"]
        screened = linked.any_row("screening")
        # A patient with two rows is reported for that.
        left_out = linked.any_row("screening", excluded) & ~linked.any_row("screening", ~excluded)
        unknown = ~screened[patient] & (patient >= 0)
        yield Broken("patients", "patient_id", unknown, "a patient that the table screening includes")
        allowed = "a patient that the table screening includes; it excludes this one"
        yield Broken("patients", "patient_id", left_out[patient], allowed)
    if linked.complete("screening") and "courses" in linked:
        recommended = linked.of_patient("screening", linked.months("screening", "recommendation_month"))
        early = linked.months("courses", "start_month") < recommended[linked.patient["courses"]]
        allowed = "at least the recommendation_month of the patient in the table screening"
        yield Broken("courses", "start_month", early, allowed)


def _patients(linked: Linked) -> Iterator[Broken]:
    if "patients" not in linked:
        return
    diagnosis, treatment = (linked.values("patients", f"age_at_{event}_years") for event in ("diagnosis", "treatment"))
    yield Broken("patients", "age_at_treatment_years", treatment < diagnosis, "at least the age at diagnosis")
    years = linked.values("patients", "diagnosis_to_treatment_months") / 12
    apart = np.abs(years - (treatment - diagnosis)) >= 1
    allowed = "the time between the two ages, to within a year"
    yield Broken("patients", "diagnosis_to_treatment_months", apart, allowed)
    other = linked.equals("patients", "kit_d816v", "negative", "not_evaluated")
    without = linked.equals("patients", "diagnosis", "MMAS") & other
    yield Broken("patients", "kit_d816v", without, "positive in a patient with MMAS")
    in_tissue = _any_equals(linked, ("skin_kit_d816v", "bone_marrow_kit_d816v"), "positive")
    yield Broken("patients", "kit_d816v", other & in_tissue, "positive, since it is in the skin or the bone marrow")
    for organ, findings in (("skin_involved", SKIN), ("bone_marrow_involved", BONE_MARROW)):
        other = linked.equals("patients", organ, "negative", "not_evaluated")
        allowed = f"positive, since one of {', '.join(findings)} is"
        yield Broken("patients", organ, other & _any_equals(linked, findings, "positive"), allowed)
    # Unlike that of the skin, involvement of the bone marrow is defined by its findings.
    none = np.logical_and.reduce([linked.equals("patients", column, "negative") for column in BONE_MARROW])
    involved = linked.equals("patients", "bone_marrow_involved", "positive")
    allowed = f"negative, since {', '.join(BONE_MARROW)} all are"
    yield Broken("patients", "bone_marrow_involved", involved & none, allowed)


def _any_equals(linked: Linked, columns: tuple[str, ...], term: str) -> np.ndarray:
    return np.logical_or.reduce([linked.equals("patients", column, term) for column in columns])


def _symptoms(linked: Linked) -> Iterator[Broken]:
    if "symptoms" not in linked:
        return
    baseline, new = (linked.equals("symptoms", "onset", onset) for onset in ("baseline", "on_therapy"))
    best = linked.known("symptoms", "grade_best")
    yield Broken("symptoms", "grade_best", baseline & ~best, "a grade for a symptom present at baseline")
    for column in ("grade_best", "grade_last"):
        allowed = "empty for a symptom that appeared under therapy, since a grade compares with baseline"
        yield Broken("symptoms", column, new & linked.known("symptoms", column), allowed)
    if "courses" in linked:
        late = linked.values("symptoms", "months_to_first_improvement") > _duration(linked, "symptoms")
        yield Broken("symptoms", "months_to_first_improvement", late, "at most the duration of the course")


def _duration(linked: Linked, table: str) -> np.ndarray:
    """Give each row of a table the duration of its patient's course."""
    duration = linked.of_patient("courses", linked.values("courses", "duration_months"))
    return duration[linked.patient[table]]


def _courses(linked: Linked) -> Iterator[Broken]:
    if "courses" not in linked:
        return
    reason = linked.known("courses", "stop_reason")
    ongoing, ended = (linked.equals("courses", "ongoing", term) for term in ("yes", "no"))
    yield Broken("courses", "stop_reason", ongoing & reason, "empty if therapy is ongoing")
    yield Broken("courses", "stop_reason", ended & ~reason, "a reason, since therapy is not ongoing")
    yield from _given_together(linked, ("months_to_first_response", "months_to_best_response"))
    first, best = (linked.values("courses", f"months_to_{which}_response") for which in ("first", "best"))
    yield Broken("courses", "months_to_best_response", best < first, "at least the months to first response")
    # Without the best response either, since a first response alone is reported above.
    never = linked.equals("courses", "stop_reason", "loss_of_response") & np.isnan(first) & np.isnan(best)
    allowed = "given, since the course ended with a loss of response"
    yield Broken("courses", "months_to_first_response", never, allowed)
    for column in ("months_to_first_response", "months_to_best_response", "escalation_month", "weekly_month"):
        late = linked.values("courses", column) > linked.values("courses", "duration_months")
        yield Broken("courses", column, late, "at most the duration of the course")
    yield from _given_together(linked, ESCALATION)
    yield from _given_together(linked, WEEKLY)
    if "patients" in linked:
        male = linked.of_patient("patients", linked.equals("patients", "sex", "M"))[linked.patient["courses"]]
        pregnancy = linked.equals("courses", "stop_reason", "pregnancy_intent")
        yield Broken("courses", "stop_reason", pregnancy & male, "another reason in a man")


def _given_together(linked: Linked, columns: tuple[str, ...]) -> Iterator[Broken]:
    """Report each empty cell of a row that fills one of the columns: the empty cell is where another error shows."""
    known = {column: linked.known("courses", column) for column in columns}
    some = np.logical_or.reduce(list(known.values()))
    for column in columns:
        others = ", ".join(other for other in columns if other != column)
        yield Broken("courses", column, some & ~known[column], f"given together with {others}, or all of them empty")


def _laboratory(linked: Linked) -> Iterator[Broken]:
    if "laboratory" not in linked:
        return
    for analyte, unit in ANALYTE_UNITS.items():
        other = linked.equals("laboratory", "analyte", analyte) & linked.known("laboratory", "unit")
        other &= ~linked.equals("laboratory", "unit", unit)
        yield Broken("laboratory", "unit", other, f"{unit} for {analyte}")
    later = linked.equals("laboratory", "time_point", "on_therapy")
    known = linked.known("laboratory", "months_on_therapy")
    yield Broken("laboratory", "months_on_therapy", later & ~known, "a number of months for a sample on therapy")
    earlier = ~later & known & linked.known("laboratory", "time_point")
    yield Broken("laboratory", "months_on_therapy", earlier, "empty otherwise than for a sample on therapy")


def _adverse_events(linked: Linked) -> Iterator[Broken]:
    if "adverse_events" not in linked or "courses" not in linked:
        return
    stopped = linked.equals("adverse_events", "led_to_stop", "yes")
    patient = linked.patient["adverse_events"]
    ongoing = linked.equals("courses", "ongoing", "yes")
    other = linked.known("courses", "stop_reason") & ~linked.equals("courses", "stop_reason", "intolerance")
    other = linked.of_patient("courses", other | ongoing)[patient]
    allowed = "no, unless the course was stopped for intolerance"
    yield Broken("adverse_events", "led_to_stop", stopped & other, allowed)
    # After the end of a course that was stopped an event is possible, but not after last follow-up, nor the cause.
    late = linked.values("adverse_events", "onset_months") > _duration(linked, "adverse_events")
    followed = linked.of_patient("courses", ongoing)[patient]
    allowed = "at most the duration of the course"
    yield Broken("adverse_events", "onset_months", late & (stopped | followed), allowed)


_RULES: tuple[Callable[[Linked], Iterator[Broken]], ...] = (
    _repeated_rows,
    _patients_of_all_tables,
    _screening,
    _patients,
    _symptoms,
    _courses,
    _laboratory,
    _adverse_events,
)


def broken_rules(tables: Tables, names: dict[str, str] | None = None) -> pd.DataFrame:
    """List every cell that breaks a rule between columns or tables.

    Parameters
    ----------
    tables : dict of str to DataFrame
        The tables with their types, as `analysis.schema.with_types` gives them. Tables may be absent and cells missing
        where the contract allows none, as when they hold other errors: rules that need them are left out.
    names : dict of str to str, optional
        The file to name for each table; ``<table>.csv`` by default.

    Returns
    -------
    DataFrame
        One row per problem: ``file``, ``row`` (the header being row 1), ``column``, ``value``, ``allowed`` and
        ``nearest`` (always empty), in the order of the tables and their rows; empty if every rule holds.
    """
    linked = Linked(tables)
    return as_problems((broken for rule in _RULES for broken in rule(linked)), tables, names)
