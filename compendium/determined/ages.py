"""What medians and ranges fix of ages: means, and how many patients were children at diagnosis (L230-L231, Table 1).

A patient is a pair of ages and a time between them, which agree to within a year; how many patients have which is a
programme of whole numbers, as that of `courses` is.
"""

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from functools import cache

import pandas as pd

from analysis.cohort import Cohort
from compendium.bounds import statements
from compendium.bounds.answers import Bounds
from compendium.bounds.people import Attribute, People, Statement
from compendium.determined.courses import count_of
from compendium.determined.results import Determined, listed, plain_tables, witness
from compendium.verification.audit.rounding import span
from compendium.verification.published import read_claims

ADULT = 18  # years
Ages = tuple[int, int, int]
"""Ages in years at diagnosis and at treatment, and the kind of time between: one of `_kinds`."""

_CLAIMS = tuple(
    f"table1.{name}.{what}"
    for name in ("age_diagnosis", "age_treatment", "time_to_treatment")
    for what in ("median", "minimum", "maximum")
)
_COLUMNS = ("age_at_diagnosis_years", "age_at_treatment_years", "diagnosis_to_treatment_months")


def _kinds(claims: pd.DataFrame) -> list[range]:
    """Tell times in months apart: the least, shorter ones, those of the median, longer ones and the longest."""
    least = int(claims.at["table1.time_to_treatment.minimum", "value"])
    ends = [span(claims.at[f"table1.time_to_treatment.{what}", "value"]) for what in ("median", "maximum")]
    (low, high), (first, last) = ((int(12 * one.low), int(12 * one.high)) for one in ends)
    return [range(least, least + 1), range(least + 1, low), range(low, high), range(high, first), range(first, last)]


def _delay(one: Ages, kinds: list[range]) -> int | None:
    """Give the months of a kind nearest to the difference of two ages; None if none is within a year of it."""
    years = 12 * (one[1] - one[0])
    fitting = range(max(kinds[one[2]].start, years - 11), min(kinds[one[2]].stop, years + 12))
    return min(fitting, key=lambda months: abs(months - years), default=None)


@cache
def _people() -> tuple[Bounds, dict[str, Ages]]:
    claims = read_claims()
    kinds, size = _kinds(claims), count_of(claims, "abstract.patients")
    printed = {
        name: [int(claims.at[f"table1.{name}.{what}", "value"]) for what in ("minimum", "maximum")]
        for name in ("age_diagnosis", "age_treatment")
    }
    (young, old), (first, last) = printed["age_diagnosis"], printed["age_treatment"]
    made = (
        (one, other, kind)
        for one in range(young, old + 1)
        for other in range(max(one, first), last + 1)
        for kind in range(len(kinds))
    )
    ages = {" ".join(map(str, one)): one for one in made if _delay(one, kinds) is not None}
    stated: list[Statement] = []

    def state(claim: str, place: int, values: Iterable[int], low: int, high: int | None) -> None:
        """Limit the number of patients of whom one of their three numbers is one of some values."""
        cell = {"ages": tuple(name for name, one in ages.items() if one[place] in values)}
        stated.append(statements.linear(claim, [(1, cell)], low, high, "R"))

    for place, (name, ends) in enumerate(printed.items()):
        for end in ends:
            state(f"table1.{name}", place, [end], 1, None)
        # The number of patients is odd, so that the median is the age of one of them.
        middle = int(claims.at[f"table1.{name}.median", "value"])
        for side in (range(middle), range(middle + 1, ends[1] + 1)):
            state(f"table1.{name}.median", place, side, 0, size // 2)
    for name, values in (("minimum", [0]), ("maximum", [4])):
        state(f"table1.time_to_treatment.{name}", 2, values, 1, None)
    for side in (range(2), range(3, 5)):
        state("table1.time_to_treatment.median", 2, side, 0, size // 2)
    return Bounds(People(size, (Attribute("ages", tuple(ages)),), tuple(stated)), limit=30), ages


_ASKED: dict[str, tuple[str, str, Callable[[Ages], int]]] = {
    "patients.age_at_diagnosis.all/mean": ("Mean age at diagnosis", "years", lambda one: one[0]),
    "patients.age_at_treatment.all/mean": ("Mean age at first injection", "years", lambda one: one[1]),
    "patients.children_at_diagnosis": ("Patients below 18 years at diagnosis", "patients", lambda one: one[0] < ADULT),
}


def _cohort(people: pd.DataFrame, ages: dict[str, Ages]) -> Cohort:
    """Give the patients of the shipped cohort other ages, the youngest at diagnosis those with CM."""
    tables, kinds = plain_tables(), _kinds(read_claims())
    found = sorted(ages[name] for name in people["ages"])
    patients = tables["patients"]
    order = patients.assign(cm=patients["diagnosis"] != "CM").sort_values(["cm", _COLUMNS[0], "patient_id"]).index
    for place, one in zip(order, found, strict=True):
        patients.loc[place, list(_COLUMNS)] = [one[0], one[1], _delay(one, kinds)]
    return witness(tables)


def _value(cohort: Cohort, name: str) -> float:
    """Give a quantity of a cohort, a key of `_ASKED`."""
    patients = cohort.patients
    if name == "patients.children_at_diagnosis":
        return float((patients["age_at_diagnosis_years"] < ADULT).sum())
    column = _COLUMNS[0] if "diagnosis" in name else _COLUMNS[1]
    return float(Fraction(int(patients[column].sum()), len(patients)))


@listed
def answers() -> Iterator[Determined]:
    """Answer for the mean ages and the number of children at diagnosis."""
    bounds, ages = _people()
    for name, (label, unit, weight) in _ASKED.items():
        terms = tuple((int(weight(one)), (("ages", (key,)),)) for key, one in ages.items() if weight(one))
        found = bounds.of(terms)
        n = bounds.people.size if unit == "years" else 1
        whole = (found.low_witness, found.high_witness)
        reached = [None if people is None else _value(_cohort(people, ages), name) for people in whole]
        yield Determined(
            name, label, unit, float(Fraction(found.low, n)), float(Fraction(found.high, n)), *reached, ("P", "R"),
            (*_CLAIMS, "whole months and years"), "Half of the 55 may be as young, or as old, as the range and the "
            "median of the other age and of the time between allow; the other half is held by the median.",
            bounds.people.size if unit == "patients" else None,
        )  # fmt: skip
