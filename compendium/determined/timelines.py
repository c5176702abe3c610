"""Other months for the patients of a cohort, all that is printed of them kept: a block of a witness, as `grades` is.

Who stopped for what reason stays as it is in the cohort that it starts from. How many patients have which months is
found by the programme of `courses`, and these months are then dealt out.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import cache

import numpy as np
import pandas as pd

from compendium.bounds import statements
from compendium.bounds.answers import Answer
from compendium.bounds.people import Statement
from compendium.determined.courses import DIAGNOSES, LONGEST, Courses, Key, Months, State, Weight, possible_months
from compendium.determined.grades import NoGradesError, Tables, same_classes, states_of
from compendium.determined.results import plain_tables, shipped

TESTED_FROM = 3  # months on therapy at a second blood test (L307)
LATEST = 10  # the last month in which a symptom improved first (L252)


def _groups() -> dict[tuple[str, State], list[str]]:
    """List the patients of each diagnosis and state of the shipped cohort."""
    names = {value: name for name, value in DIAGNOSES.items()}
    groups = defaultdict(list)
    for patient, state in states_of(shipped()).items():
        groups[names[str(shipped().patients.at[patient, "diagnosis"])], state].append(patient)
    return dict(groups)


def same_states() -> tuple[Statement, ...]:
    """State that as many patients of each diagnosis are in each state as in the shipped cohort.

    And that somebody's best response is late enough for a symptom to improve first in the last month printed (L252).
    """
    late = {"best": (7,), "duration": range(LATEST + 1, LONGEST + 1)}
    shipped_states = (
        statements.counted("as shipped", {"diagnosis": diagnosis, "state": str(state)}, len(patients))
        for (diagnosis, state), patients in _groups().items()
    )
    return statements.at_least("a symptom improves late", late, 1), *shipped_states


@cache
def _answered(keys: tuple[Key, ...], weight: Weight) -> tuple[Courses, Answer]:
    courses = Courses(keys, same_states())
    return courses, courses.bounds.of(courses.terms(weight))


def retimed(
    keys: tuple[Key, ...], weight: Weight, largest: bool, earliest: Callable[[Months], int | None] = lambda one: None
) -> Tables:
    """Give the patients of the shipped cohort months with the smallest or largest sum of a weight.

    ``earliest`` says in which month the first symptom of a patient with some months improved, if that is wanted.
    A `NoGradesError` if no months to the first improvement of each symptom go with them.
    """
    courses, answer = _answered(keys, weight)
    people = answer.high_witness if largest else answer.low_witness
    if people is None:
        raise NoGradesError("no months found")
    examples = defaultdict(list)
    for one in possible_months():
        examples[courses.kind(one)].append(one)
    found = {}
    for (diagnosis, state), patients in _groups().items():
        mine = people[(people["diagnosis"] == diagnosis) & (people["state"] == str(state))]
        kinds = sorted(courses.months[name] for name in mine["months"])
        # Whoever was treated longer in the shipped cohort is so here.
        order = sorted(patients, key=lambda patient: (shipped().courses.at[patient, "duration_months"], patient))
        for patient, kind in zip(order, kinds, strict=True):
            found[patient] = max(examples[kind], key=_roomy)
    return with_months(found, {patient: month for patient, one in found.items() if (month := earliest(one))})


def _roomy(one: Months) -> tuple[bool, int, int]:
    """Put first the months that leave symptoms the most room to improve."""
    return one.best < one.duration, min(one.best, LATEST), -one.first


def with_months(found: Mapping[str, Months], earliest: Mapping[str, int]) -> Tables:
    """Enter months in the shipped cohort, let all else that happened have happened within them, and grade anew."""
    tables = plain_tables()
    courses = tables["courses"].set_index("patient_id")
    names = ["duration_months", "months_to_first_response", "months_to_best_response"]
    months = pd.DataFrame.from_dict(found, "index").loc[courses.index].astype(float)
    courses[names] = months.replace(0, np.nan).to_numpy()
    duration = courses["duration_months"]
    for name in ("escalation_month", "weekly_month"):
        courses[name] = courses[name].clip(upper=duration)
    start = pd.PeriodIndex(courses["start_month"], freq="M")
    begun = pd.Series((start.year - 2015) * 12 + start.month - 1, courses.index)
    latest = (LONGEST - duration).astype(int)
    # Whoever is on therapy was last seen in January 2018; whoever stopped did so before or then.
    begun = latest.where(courses["ongoing"] == "yes", begun.clip(upper=latest))
    courses["start_month"] = [f"{2015 + month // 12}-{month % 12 + 1:02d}" for month in begun]
    tables["courses"] = courses.reset_index()[tables["courses"].columns]
    screening = tables["screening"]
    by_then = screening["patient_id"].map(courses["start_month"])
    earlier = screening["recommendation_month"] > by_then
    screening["recommendation_month"] = screening["recommendation_month"].mask(earlier, by_then)
    _test_others(tables, duration)
    for table, column in (("laboratory", "months_on_therapy"), ("adverse_events", "onset_months")):
        frame = tables[table]
        frame[column] = frame[column].clip(upper=frame["patient_id"].map(duration))
    return same_classes(tables, earliest)


def _test_others(tables: Tables, duration: pd.Series) -> None:
    """Let patients who are treated for too short a time have been none of the tested, and others in their place."""
    samples = tables["laboratory"]
    tested = list(dict.fromkeys(samples["patient_id"]))
    criterion = tables["patients"].set_index("patient_id")["who_tryptase_over_20"]
    free = [one for one in duration.index if one not in tested and duration[one] >= TESTED_FROM]
    for patient in tested:
        if duration[patient] < TESTED_FROM:
            other = next((one for one in free if criterion[one] == criterion[patient]), None)
            if other is None:
                raise NoGradesError("nobody can be tested instead of a patient who was treated too briefly")
            free.remove(other)
            rows = samples["patient_id"] == patient
            samples.loc[rows, "patient_id"] = other
            samples.loc[rows & samples["months_on_therapy"].notna(), "months_on_therapy"] = TESTED_FROM
