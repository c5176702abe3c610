"""What medians and ranges of months fix: mean durations, months of therapy, early responders, the curve of stops.

The ends are those of a programme that counts patients (`courses`), proved by two solvers; the cohorts that attain them
keep who stopped for what reason as in the shipped one (`timelines`).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import inf

import pandas as pd

from analysis.cohort import Cohort
from analysis.followup import first_response_months
from analysis.response import best_response, by_depth
from analysis.statistics.survival import median_time
from analysis.times import event_times
from analysis.times import remaining as curve_of
from compendium.determined.courses import CLASSES, ON_THERAPY, READINGS, Courses, Key, State, Weight, count_of
from compendium.determined.grades import NoGradesError
from compendium.determined.remaining import earliest_median
from compendium.determined.results import Determined, listed
from compendium.determined.timelines import retimed
from compendium.determined.witnesses import WitnessError, shipped, witness
from compendium.verification.published import read_claims

_GROUPS = {
    "all": ("all patients", CLASSES), "responders": ("responders", ON_THERAPY), "mr": ("a major response", ("MR",)),
    "pr": ("a partial response", ("PR",)), "non_responders": ("patients without response", ("NR",)),
    "cr": ("the complete response", ("CR",)),
}  # fmt: skip
_YEAR = 12
_MONTHS_OF: dict[str, Weight] = {
    name: lambda state, kind, classes=classes: kind[0] * (state.best in classes)
    for name, (_, classes) in _GROUPS.items()
}
_CLAIMS = (
    "results.duration.*", "results.stops.*", "results.lost_response.*", "results.sustained.responders",
    "results.first_response.median", "results.best_response.median", "table2.best.*", "table2.last.*",
)  # fmt: skip


@dataclass(frozen=True)
class _Asked:
    """A quantity as a sum of whole numbers over all patients, and what is made of the sum."""

    quantity: str
    label: str
    unit: str
    weight: Weight
    value: Callable[[Cohort], float]  # of a cohort, by the code of `analysis`
    proof: str
    of: Callable[[int], float] = float  # of the sum
    keys: tuple[Key, ...] = ()
    most: float | None = None


def _asked() -> Iterator[_Asked]:
    claims = read_claims()
    size = {name: sum(_class_size(claims, one) for one in classes) for name, (_, classes) in _GROUPS.items()}
    median = (
        "The median holds the middle of the group; the shorter half may be as short, and the longer half as long, as "
    )
    median += "the range and the medians of the other groups allow."
    for name, (label, _) in _GROUPS.items():
        yield _Asked(
            f"followup.duration.{name}/mean", f"Mean months on therapy of {label}", "months",
            _MONTHS_OF[name],
            lambda cohort, name=name: _mean(cohort, name), median,
            lambda total, n=size[name]: float(Fraction(total, n)),
        )  # fmt: skip
    yield _Asked(
        "followup.duration.all/year", "Patients treated for a year or longer", "patients",
        lambda state, kind: int(kind[0] >= _YEAR),
        lambda cohort: float((cohort.courses["duration_months"] >= _YEAR).sum()),
        "Half of the patients were treated for at most 9 months; of the others as many go on for a year as the medians "
        "of the classes allow.", most=size["all"],
    )  # fmt: skip
    stops = count_of(claims, "table2.last.not_persistent.all")
    yield _Asked(
        "followup.duration.all/total", "Months of therapy in all", "months", _MONTHS_OF["all"],
        lambda cohort: float(cohort.courses["duration_months"].sum()), median,
    )  # fmt: skip
    yield _Asked(
        "followup.stops/100_months", "Stops in 100 months of therapy", "stops", _MONTHS_OF["all"],
        _stops_a_month,
        f"{stops} courses were stopped; what divides them are the months of therapy in all.",
        lambda total: _rate(stops, total),
    )  # fmt: skip
    for month in (1, 2, 3):
        key = (lambda one: int(0 < one.first <= 3),) if month == 3 else ()
        yield _Asked(
            f"followup.first_response/{month}", f"Responders by month {month}", "patients",
            lambda state, kind, month=month: kind[-1] if month == 3 else int(1 <= kind[1] <= month),
            lambda cohort, month=month: float((first_response_months(cohort) <= month).sum()),
            "The median of the 43 is 2 months: at least 22 have responded by then, and at most 21 before.",
            keys=key, most=size["responders"],
        )  # fmt: skip


def _class_size(claims: pd.DataFrame, one: str) -> int:
    return count_of(claims, f"table2.best.{'none' if one == 'NR' else one.lower()}.all")


def _rate(stops: int, months: int) -> float:
    return float(Fraction(100 * stops, months))


def _stops_a_month(cohort: Cohort) -> float:
    return _rate(int((cohort.courses["ongoing"] == "no").sum()), int(cohort.courses["duration_months"].sum()))


def _mean(cohort: Cohort, group: str) -> float:
    months = cohort.courses["duration_months"][by_depth(best_response(cohort))[group]]
    return float(Fraction(int(months.sum()), len(months)))


@cache
def _ends(keys: tuple[Key, ...], weight: Weight) -> tuple[int, int]:
    return Courses(keys).ask(weight)


@cache
def cohort_at(keys: tuple[Key, ...], weight: Weight, largest: bool) -> Cohort | None:
    """Make a cohort with the smallest or largest sum of a weight; None if none is found."""
    try:
        return witness(retimed(keys, weight, largest))
    except (NoGradesError, WitnessError):
        return None


@listed
def answers() -> Iterator[Determined]:
    """Answer for durations, early responders and the median of the curve of stops."""
    for one in _asked():
        low, high = sorted(one.of(end) for end in _ends(one.keys, one.weight))
        found = [cohort for largest in (False, True) if (cohort := cohort_at(one.keys, one.weight, largest))]
        values = [one.value(cohort) for cohort in (*found, shipped())]
        yield Determined(
            one.quantity, one.label, one.unit, low, high, min(values), max(values), ("P", "R"), (*_CLAIMS, *READINGS),
            one.proof, one.most,
        )  # fmt: skip
    yield _median_on_therapy()


def _median(cohort: Cohort) -> float:
    found = median_time(curve_of(event_times(cohort, "therapy"))).value
    return inf if found is None else found


def _late(state: State, kind: tuple[int, ...]) -> int:
    """Let stops come early and courses that go on be seen late."""
    return kind[0] if state.status in ON_THERAPY else -kind[0]


def _early(state: State, kind: tuple[int, ...]) -> int:
    """Let courses that go on be seen early, and stops come in month 11 or soon before."""
    month = 11
    if state.status in ON_THERAPY:
        return 10 + month - kind[0] if kind[0] < month else 0
    return 20 + 2 * kind[0] if kind[0] <= month else 0


def _median_on_therapy() -> Determined:
    found = [cohort for weight in (_early, _late) if (cohort := cohort_at((), weight, True))]
    values = [_median(cohort) for cohort in (*found, shipped())]
    low = earliest_median()
    return Determined(
        "times.therapy.all.kaplan_meier", "Median months on therapy (Kaplan-Meier), infinite if not reached", "months",
        float(low), inf, min(values), max(values), ("P", "R"), (*_CLAIMS, *READINGS),
        f"Before month {low} not half can have stopped, even if all who go on were last seen first. If all stops come "
        "before, 32 of 55 remain and half is never reached.",
    )  # fmt: skip
