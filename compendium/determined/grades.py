"""Other grades for the patients of a cohort: whatever symptoms improve or become worse, all that is printed stays.

A block of a witness: who has which symptom, and all other tables, stay as they are in the cohort that it starts from.
Each patient gets grades that are as near as can be to those of that cohort and add up to what is wanted; then months to
the first improvement are found for all symptoms that improve.
"""

from collections.abc import Collection, Mapping
from functools import cache
from itertools import product
from types import MappingProxyType

import numpy as np
import pandas as pd
from ortools.sat.python import cp_model

from analysis.cohort import Cohort
from analysis.criteria import PAPER, Criteria
from analysis.response import best_response, last_status
from analysis.schema import symptom_list
from analysis.scoring import symptom_scores
from analysis.vocabulary import SymptomGroup
from compendium.bounds.solvers import cp_sat_solver
from compendium.determined.courses import ON_THERAPY, State
from compendium.determined.results import Tables, shipped
from compendium.determined.rules import class_of, scores
from compendium.verification.published import read_claims

Pair = tuple[int, int]
"""The quarters that a patient's symptoms add up to, and how many of them are worse."""
Wanted = Mapping[str, Collection[Pair]]
Earliest = Mapping[str, int]

WORSE, UNCHANGED = 6, 4  # grades in quarters, as all here (L202-L207)
_LONGEST = 10  # months to the first improvement of a symptom (L252)
_EFFORT = 5.0


class NoGradesError(ValueError):
    """No grades give every patient what is wanted, or the search was too short."""


def regraded(
    tables: Tables, best: Wanted, last: Wanted, unknown: Collection[str] = (), earliest: Earliest = MappingProxyType({})
) -> Tables:
    """Give each patient grades, and months to the first improvement, with what is wanted of their sum.

    The tables are those of a cohort that fits, as they are written; they are given back with other symptoms, and with
    the scores of the courses that follow from them. ``best`` and ``last`` say what is allowed at best response, of all
    patients, and at last follow-up, of those on therapy; ``unknown`` who has no grade there but for unchanged symptoms,
    as few of these as is needed then; ``earliest`` in which month the first symptom of a patient improved, where that
    is wanted. A `NoGradesError` if there are none.
    """
    symptoms, courses = tables["symptoms"].copy(), tables["courses"].set_index("patient_id")
    baseline = symptoms[symptoms["onset"] == "baseline"]
    for patient, own in baseline.groupby("patient_id"):
        course = courses.loc[patient]
        fixed = (own["symptom"] == "anaphylaxis").tolist()
        was = (4 * own["grade_best"]).astype(int).tolist()
        least = [grade if one else 0 for one, grade in zip(fixed, was, strict=True)]
        given = (4 * own["grade_last"]).fillna(-1).astype(int).tolist()
        one_visit = course["ongoing"] == "yes" and course["months_to_best_response"] == course["duration_months"]
        # The grades at best response leave room for those that are wanted at last follow-up.
        for found in _nearest(was, least, fixed, best[patient]):
            scores, later = _scores(course, len(own), sum(found)), None
            if scores is None:
                continue
            if patient in unknown:
                later = _unknown(found, last[patient])
            elif course["ongoing"] == "yes":
                start = found if one_visit else [max(pair) for pair in zip(given, found, strict=True)]
                later = next(iter(_nearest(start, found, [one_visit] * len(found), last[patient])), None)
            elif course["stop_reason"] == "loss_of_response":
                later = [max(pair) for pair in zip(given, found, strict=True)]
            else:  # a course that ended at its best was last assessed there; what a flare made worse stays so
                later = [f if g == w else g for f, g, w in zip(found, given, was, strict=True)]
            if later is not None:
                break
        else:
            raise NoGradesError("no grades add up to what is wanted of a patient")
        courses.loc[patient, list(scores)] = list(scores.values())
        symptoms.loc[own.index, "grade_best"] = [grade / 4 for grade in found]
        symptoms.loc[own.index, "grade_last"] = [float("nan") if grade < 0 else grade / 4 for grade in later]
    symptoms["months_to_first_improvement"] = _months(symptoms, tables["courses"], earliest)
    return tables | {"symptoms": symptoms, "courses": courses.reset_index()[tables["courses"].columns]}


def _nearest(was: list[int], least: list[int], fixed: list[bool], wanted: Collection[Pair]) -> list[list[int]]:
    """List grades that add up to a wanted pair, each at least as great as its least, those nearest to others first."""
    made = [found for quarters, worse in wanted if (found := _summing(was, least, fixed, quarters, worse)) is not None]

    def distance(found: list[int]) -> tuple[int, int]:
        turned = sum((one < UNCHANGED) != (other < UNCHANGED) for one, other in zip(found, was, strict=True))
        return turned, sum(abs(one - other) for one, other in zip(found, was, strict=True))

    return sorted(made, key=distance)


def _summing(was: list[int], least: list[int], fixed: list[bool], quarters: int, worse: int) -> list[int] | None:
    """Move grades as little as needed to a sum and a number of worse ones; None if that is impossible."""
    grades = list(was)
    # Those worse are the ones that are so now, then those that improved least.
    more = worse - sum(grades[place] == WORSE for place, one in enumerate(fixed) if one)
    order = sorted((place for place, one in enumerate(fixed) if not one), key=lambda place: -was[place])
    if not 0 <= more <= len(order) or any(least[place] == WORSE for place in order[more:]):
        return None
    for rank, place in enumerate(order):
        grades[place] = WORSE if rank < more else min(grades[place], UNCHANGED)
    left = quarters - sum(grades)
    # First within what improves, then beyond it.
    for inner, place in product((True, False), order[more:]):
        if left > 0:
            top = UNCHANGED - 1 if inner and grades[place] < UNCHANGED else UNCHANGED
            move = min(left, top - grades[place])
        elif inner and grades[place] == UNCHANGED:
            continue
        else:
            move = max(left, least[place] - grades[place])
        grades[place] += move
        left -= move
    return grades if left == 0 else None


def _unknown(best: list[int], wanted: Collection[Pair]) -> list[int] | None:
    """Leave grades at last follow-up unknown but for some unchanged symptoms, so that with those at best they fit."""
    order = sorted(range(len(best)), key=lambda place: -best[place])
    for known in range(len(best)):
        chosen = set(order[:known])
        carried = [UNCHANGED if place in chosen else grade for place, grade in enumerate(best)]
        if (sum(carried), carried.count(WORSE)) in wanted:
            return [UNCHANGED if place in chosen else -1 for place in range(len(best))]
    return None


def _months(symptoms: pd.DataFrame, courses: pd.DataFrame, earliest: Earliest) -> pd.Series:
    """Find months to the first improvement with the printed medians and ranges (L250-L252), by more than is needed."""
    claims = read_claims()
    names = ["patient_id", "duration_months", "months_to_best_response", "months_to_first_response"]
    rows = symptoms[symptoms["grade_best"] < 1].reset_index(names="place").merge(courses[names], on="patient_id")
    rows["group"] = rows["symptom"].map(symptom_list()["group"].astype(str))
    latest = rows["months_to_best_response"].fillna(rows["duration_months"]).clip(upper=_LONGEST).astype(int)
    model = cp_model.CpModel()
    made = {(row, k): model.new_bool_var("") for row in rows.index for k in range(1, latest[row] + 1)}
    improved = rows["months_to_first_improvement"].tolist()
    for (row, k), literal in made.items():
        model.add_hint(literal, int(improved[row] == k))
    for row in rows.index:
        model.add_exactly_one(made[row, k] for k in range(1, latest[row] + 1))
    for _, own in rows[rows["months_to_first_response"].notna()].groupby("patient_id"):
        until = range(1, int(own["months_to_first_response"].iloc[0]) + 1)
        model.add_bool_or(made[key] for key in product(own.index, until) if key in made)
    for patient, month in earliest.items():
        own = rows.index[rows["patient_id"] == patient]
        model.add_bool_or(made[key] for key in product(own, [month]) if key in made)
        model.add_bool_and(~made[key] for key in product(own, range(1, month)) if key in made)

    def printed(end: str) -> int:
        return int(claims.at[f"results.first_improvement.{end}", "value"])

    def counted(chosen: pd.Index, of: range) -> cp_model.LinearExprT:
        return sum(made[key] for key in product(chosen, of) if key in made)

    def median(chosen: pd.Index, low: int, high: int, *when: cp_model.IntVar) -> None:
        for outside in (range(1, low), range(high + 1, _LONGEST + 1)):
            model.add(2 * counted(chosen, outside) <= len(chosen) - 1).only_enforce_if(*when)

    general = rows["group"] == SymptomGroup.GENERAL_VASOMOTOR.value
    others, longest = rows.index[~general], printed("vasomotor.maximum")
    median(rows.index[general], *[printed("vasomotor.median")] * 2)
    model.add(counted(rows.index[general], range(longest + 1, _LONGEST + 1)) == 0)
    ends = ((rows.index[general], longest), (others, printed("other.minimum")), (others, printed("other.maximum")))
    for chosen, month in ends:
        model.add(counted(chosen, range(month, month + 1)) >= 1)
    low, high = printed("other.median_low"), printed("other.median_high")
    at_end: dict[int, list[cp_model.IntVar]] = {low: [], high: []}  # some symptom has either end
    for symptom in rows.loc[others, "symptom"].unique():
        own = others[rows.loc[others, "symptom"] == symptom]
        median(own, low, high)
        for end, literals in at_end.items():
            literals.append(model.new_bool_var(""))
            median(own, end, end, literals[-1])
    for literals in at_end.values():
        model.add_bool_or(literals)
    solver = cp_sat_solver(_EFFORT)
    status = solver.solve(model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        raise NoGradesError(f"no months to the first improvement found ({solver.status_name(status).lower()})")
    found = {rows.at[row, "place"]: k for (row, k), literal in made.items() if solver.value(literal)}
    return pd.Series(found, dtype=float).reindex(symptoms.index)


def _scores(course: pd.Series, n: int, best: int) -> dict[str, float] | None:
    """Let the scores after a change of dose be that of the new grades, and those before keep what it led to.

    None if no score before is worse than the one after.
    """
    found = {}
    for change in ("escalation", "weekly"):
        names = [f"score_{when}_{change}" for when in ("before", "after")]
        if course[names].isna().any():
            continue
        before, after = (int(4 * course[name]) for name in names)
        if before == after:  # it changed nothing
            found |= dict.fromkeys(names, max(before, best) / 4)
            continue
        partial, none = range(2 * n, 36 * n // 10 + 1), range(36 * n // 10 + 1, 6 * n + 1)
        allowed = partial if before in partial else none
        least = max(allowed.start, best + 1)
        if least >= allowed.stop:
            return None
        found |= dict(zip(names, (min(max(before, least), allowed.stop - 1) / 4, best / 4), strict=True))
    return found


_REASONS = {
    "lack_of_efficacy": "inefficacy", "loss_of_response": "loss", "intolerance": "intolerance",
    "lost_to_follow_up": "lost", "pregnancy_intent": "lost",
}  # fmt: skip


def states_of(cohort: Cohort) -> dict[str, State]:
    """Give the state of each patient of a cohort, under the paper's rules."""
    best, last = best_response(cohort).astype(str), last_status(cohort).astype(str)
    reasons = cohort.courses["stop_reason"].astype(object).map(_REASONS)
    status = last.where(cohort.courses["ongoing"] == "yes", reasons)
    return {patient: State(best[patient], status[patient]) for patient in best.index}


def pairs(n: int, new: int, under: Mapping[Criteria, str]) -> list[Pair]:
    """List quarters and worse symptoms of n that give a class under each of some rules."""
    places = _places()[n, new]
    for criteria, response in under.items():
        places = places[class_of(criteria)[places] == response]
    return list(zip(*(scores()[name].to_numpy()[places].tolist() for name in ("quarters", "worsened")), strict=True))


@cache
def _places() -> dict[tuple[int, int], np.ndarray]:
    """Give the places in `scores` of each number of symptoms and of new ones."""
    return scores().groupby(["symptoms", "new"]).indices


def same_classes(tables: Tables, earliest: Earliest = MappingProxyType({})) -> Tables:
    """Give every patient grades of the class that he or she has, and months to improvement that fit the courses.

    The tables are those of the shipped cohort but for grades of anaphylaxis, which are kept, and courses.
    """
    scored, best, last = symptom_scores(shipped(), "best"), {}, {}
    for patient, state in states_of(shipped()).items():
        n, new = (int(scored.at[patient, name]) for name in ("symptoms", "new"))
        best[patient] = pairs(n, new, {PAPER: state.best})
        if state.status in ON_THERAPY:
            last[patient] = pairs(n, new, {PAPER: state.status})
    return regraded(tables, best, last, earliest=earliest)
