"""What the paper computes from patient rows, derived twice: `analysis` agrees with the plain second derivation."""

import math
from fractions import Fraction
from functools import cache
from io import StringIO

import numpy as np
import pandas as pd
import pytest
import second_characteristics
import second_derivation
import second_results
from cohorts import random_tables
from second_results import profile

from analysis import biology, dosing, followup, response, safety, schema, scoring, symptoms, tables
from analysis.cohort import from_tables, read_cohort, restrict
from analysis.criteria import Criteria
from compendium.centre.checks import rules
from tests.places import COHORT

LIST = schema.CONTRACT.parent / "contract" / "symptoms.csv"
GROUPS = {row["symptom"]: row["group"] for row in second_derivation.table_rows(LIST.read_text("utf-8").splitlines())}

# What the second derivation leaves out: tests that need the t distribution or two groups, groups of symptoms, and the
# test of all symptoms together, of which `test_signs` goes through all ways.
TESTS = ("paired_ratio", "change_with_score", "change_with_events", "level_with_score", "level_with_events")
UNANSWERED = {f"biology.{analyte}.{test}" for analyte in ("tryptase", "total_ige") for test in TESTS}
GROUP_VALUES = ("group_improved", "group_significant")
UNANSWERED |= {f"symptoms.{value}.{group}" for value in GROUP_VALUES for group in second_results.GROUPS}
UNANSWERED |= {"symptoms.together"}
LEFT_OUT = {"label", "group", "p_max_t"}
T_TEST = ("n", "mean_before", "mean_after", "mean_difference")
NUMBERS = ["n", "denominator", "percent", "median", "mean", "sd", "minimum", "maximum", "ratio"]


def _table_1(cohort):
    return tables.table_1(cohort).set_index("row")[NUMBERS].to_dict("index")


def _table_2(cohort):
    table = tables.table_2(cohort)
    names = "response." + table["row"] + "." + table["column"].str.lower()
    return table.set_index(names)[NUMBERS].to_dict("index")


def _profiles(cohort):
    profiles = {visit: symptoms.symptom_profile(cohort, Criteria(symptoms_at=visit)) for visit in ("best", "last")}
    return {f"{visit}.{name}": dict(row) for visit, frame in profiles.items() for name, row in frame.iterrows()}


def _biology(cohort):
    values = biology.summarise(cohort)
    tests = {f"biology.{analyte}.paired_t" for analyte in ("tryptase", "total_ige")}
    return values | {name: {key: values[name][key] for key in T_TEST} for name in tests}


# Each part of the results: how analysis gives it, how the second derivation does from patients and laboratory rows, and
# in how many drawn cohorts they are compared with the large budget; the small one has a tenth of them.
PARTS = {
    "responses": (response.summarise, lambda patients, _: second_results.responses(patients), 150),
    "table_2": (_table_2, lambda patients, _: second_results.responses(patients), 30),
    "follow_up": (followup.summarise, lambda patients, _: second_results.follow_up(patients, GROUPS), 160),
    "doses": (dosing.summarise, lambda patients, _: second_results.doses(patients), 160),
    "safety": (safety.summarise, lambda patients, _: second_results.safety(patients), 300),
    "biology": (_biology, second_characteristics.biology, 160),
    "table_1": (_table_1, second_characteristics.characteristics, 200),
    "profiles": (_profiles, lambda patients, _: profile(patients, "best") | profile(patients, "last"), 90),
    "symptoms": (symptoms.summarise, lambda patients, _: second_results.symptom_values(patients, GROUPS), 30),
}


def _nothing(value):
    return value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))


def _equal(value, exact):
    if _nothing(value) or _nothing(exact):
        return _nothing(value) and _nothing(exact)
    if isinstance(exact, Fraction | float):
        # Whole numbers and quarters agree to the bit; means and percentages to the last digits of a float.
        return math.isclose(float(value), float(exact), rel_tol=1e-12)
    return value == exact


def differences(computed, derived):
    """List the cells of two sets of named results that are not equal, or that only one of them has."""
    found = [f"{name}: only in one" for name in (computed.keys() ^ derived.keys()) - UNANSWERED]
    for name in computed.keys() & derived.keys():
        for field in (computed[name].keys() | derived[name].keys()) - LEFT_OUT:
            value, exact = computed[name].get(field), derived[name].get(field)
            if not _equal(value, exact):
                found.append(f"{name}, {field}: analysis has {value!r}, the second derivation {exact}")
    return sorted(found)


def of_patients(cohort):
    """Give what analysis says of each patient, under the names of `described`."""
    values = {}
    for visit in ("best", "last"):
        scores = scoring.symptom_scores(cohort, visit).assign(response=response.classify)
        values |= {f"{visit} {name}": row for name, row in scores.to_dict("index").items()}
    states = pd.DataFrame({"status": response.last_status(cohort), "sustained": followup.sustained(cohort)})
    values |= {f"state {name}": row for name, row in states.to_dict("index").items()}
    for kind in ("escalation", "weekly"):
        changes = dosing.dose_changes(cohort, kind)
        values |= {f"{kind} {name}": row for name, row in changes.to_dict("index").items()}
    return values


def of_described(patients):
    """Give what the second derivation says of each patient, under the same names."""
    values = {}
    for patient in patients:
        name = patient["patient_id"]
        for visit in ("best", "last"):
            values[f"{visit} {name}"] = {key: one for key, one in patient[visit].items() if key != "decrease"}
        values[f"state {name}"] = {key: patient[key] for key in ("status", "sustained")}
        values |= {f"{kind} {name}": patient[kind] for kind in ("escalation", "weekly") if patient[kind]}
    return values


def _symptoms(rng, frame):
    """Add what is rare: new symptoms, complete responses, decreases of 10 % and 50 % exactly, missing last grades."""
    patient = pd.factorize(frame["patient_id"])[0]
    style = rng.integers(0, 5, patient.max() + 1)[patient]
    rows = len(frame)
    best = frame["grade_best"].to_numpy(copy=True)
    best = np.where(style == 1, 0.0, best)
    best = np.where(style == 2, rng.choice([1.0, 0.75, 0.5, 0.0], rows, p=[0.82, 0.06, 0.06, 0.06]), best)
    best = np.where(style == 3, rng.choice([1.5, 1.0, 0.5, 0.0], rows, p=[0.1, 0.3, 0.3, 0.3]), best)
    last = np.where(rng.random(rows) < 0.3, rng.choice([1.5, 1.0, 0.75, 0.5, 0.25, 0.0], rows), best)
    fresh = frame["patient_id"].duplicated().to_numpy() & (rng.random(rows) < np.where(style == 4, 0, 0.03))
    new = fresh | (frame["onset"] == "on_therapy").to_numpy()
    gone = new | (rng.random(rows) < 0.1)
    return frame.assign(
        onset=frame["onset"].mask(fresh, "on_therapy"),
        grade_best=np.where(new, np.nan, best),
        grade_last=np.where(gone, np.nan, last),
    )


def _courses(rng, frame):
    """Let a third of the responses last three months exactly, and injections be up to six weeks apart."""
    exact = (rng.random(len(frame)) < 0.33) & (frame["duration_months"] >= 3)
    first = frame["months_to_first_response"]
    first = first.mask(exact & first.notna(), frame["duration_months"] - 3)
    return frame.assign(
        months_to_first_response=first,
        months_to_best_response=np.maximum(frame["months_to_best_response"], first),
        start_interval_weeks=rng.choice([2.0, 2.0, 2.0, 4.0, 6.0], len(frame)),
    )


def _laboratory(rng, frame):
    """Let a third of the levels change by 20 % exactly, and some not at all."""
    value = frame["value"].mask(frame["time_point"] == "before", (2 * frame["value"]).round() / 2)
    keys = list(zip(frame["patient_id"], frame["analyte"], strict=True))
    before = {key: one for key, one, point in zip(keys, value, frame["time_point"], strict=True) if point == "before"}
    earlier = np.array([before.get(key, np.nan) for key in keys])
    factor = rng.choice([1.2, 0.8, 1.0, np.nan], len(frame), p=[0.15, 0.15, 0.1, 0.6])
    exact = (frame["time_point"] == "on_therapy") & ~np.isnan(earlier * factor)
    return frame.assign(value=value.mask(exact, np.round(earlier * factor, 1)))


def _events(rng, frame):
    """Add events of the first weeks, severe ones, details, and stops for intolerance that no event led to."""
    rows = len(frame)
    return frame.assign(
        severity=frame["severity"].mask(rng.random(rows) < 0.2, "severe"),
        onset_months=frame["onset_months"].clip(upper=rng.choice([0.0, 0.25, 0.5, 1.0, 99.0], rows)),
        led_to_stop=frame["led_to_stop"].mask(rng.random(rows) < 0.3, "no"),
        detail=pd.Series(rng.choice(["bleeding", "skin", None], rows), index=frame.index, dtype="str"),
    )


def drawn(n, seed):
    """Draw tables that keep the contract but otherwise hold whatever they can, and the same as rows of strings."""
    rng = np.random.default_rng(seed)
    frames = random_tables(n, seed)
    changes = {"symptoms": _symptoms, "courses": _courses, "laboratory": _laboratory, "adverse_events": _events}
    for table, change in changes.items():
        frames[table] = schema.with_types(table, change(rng, frames[table]))
    frames = {name: frame.sort_values("patient_id", kind="stable", ignore_index=True) for name, frame in frames.items()}
    assert rules.broken_rules(frames).empty
    texts = {name: StringIO(frame.to_csv(index=False)) for name, frame in frames.items()}
    return frames, {name: second_derivation.table_rows(text) for name, text in texts.items()}


def cohorts(count, seed):
    """Cut a draw into cohorts of 1 to 9 patients, each as a cohort and as rows of strings."""
    sizes = 1 + np.arange(count) % 9
    frames, rows = drawn(int(sizes.sum()), seed)
    ends = frames["patients"]["patient_id"].to_numpy()[np.cumsum(sizes) - 1]
    cuts = {
        name: np.concatenate([[0], np.searchsorted(frame["patient_id"].to_numpy(str), ends.astype(str), side="right")])
        for name, frame in frames.items()
    }
    for k in range(count):
        parts = {name: slice(cut[k], cut[k + 1]) for name, cut in cuts.items()}
        some = {name: frame.iloc[parts[name]] for name, frame in frames.items()}
        yield from_tables(some), {name: rows[name][parts[name]] for name in rows}


def _population(rows, k):
    """Choose the whole cohort or, for every third, a part of it that has patients."""
    name = list(second_derivation.POPULATIONS)[k // 3 % 6]
    there = {row["diagnosis"] for row in rows["patients"]} & set(second_derivation.POPULATIONS[name])
    return name if k % 3 == 0 and there else "all"


@cache
def _shipped(population):
    return read_cohort(COHORT, population), second_derivation.read_rows(COHORT)


@pytest.mark.parametrize("population", second_derivation.POPULATIONS)
@pytest.mark.parametrize("part", PARTS)
def test_results_of_the_shipped_cohort(part, population):
    cohort, rows = _shipped(population)
    computed, derived, _ = PARTS[part]
    patients = second_derivation.described(rows, population)
    assert not differences(computed(cohort), derived(patients, rows["laboratory"]))


def test_patients_of_thousands_of_cohorts():
    cohort, rows = _shipped("all")
    assert not differences(of_patients(cohort), of_described(second_derivation.described(rows)))
    frames, rows = drawn(2500, seed=100)
    patients = second_derivation.described(rows)
    assert not differences(of_patients(from_tables(frames)), of_described(patients))
    # The draw holds what the rules are about: every class twice over, and the limits of the classes.
    pairs = {(one["best"]["response"], one["status"]) for one in patients}
    reached = {one["best"]["decrease"] for one in patients if not one["best"]["new"]}
    assert {best for best, _ in pairs} == {"CR", "MR", "PR", "NR"} and len(pairs) == 19
    assert {Fraction(10), Fraction(50)} <= reached


@pytest.mark.parametrize("share", [10, pytest.param(1, marks=pytest.mark.long)])
@pytest.mark.parametrize("part", PARTS)
def test_results_of_many_cohorts(part, share):
    computed, derived, count = PARTS[part]
    seed = list(PARTS).index(part)
    for k, (cohort, rows) in enumerate(cohorts(count // share, seed)):
        population = _population(rows, k)
        patients = second_derivation.described(rows, population)
        part_of = cohort if population == "all" else restrict(cohort, population)
        found = differences(computed(part_of), derived(patients, rows["laboratory"]))
        assert not found, f"seed {seed}, cohort {k}, population {population}"
