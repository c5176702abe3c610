"""What medians and ranges of months fix: mean durations, months of therapy, early responders, the curve of stops.

The ends are those of a programme that counts patients (`courses`), proved by two solvers; the cohorts that attain them
keep who stopped for what reason as in the shipped one (`timelines`).

How early half of the patients can have stopped therapy, the Kaplan-Meier median, needs a programme of its own. Within a
stretch of months the curve falls most if all courses that go on are last seen first and all stops come at its end: of n
patients at risk of whom c are last seen before the last month and e stop, at least (n - c - e) / (n - c) remain. The
stops without response all come in the first six months, so there are two stretches. The programme counts the patients
of each state in each month, chooses n - c and e of each stretch, and adds up the logarithms of the two factors, rounded
down to whole parts of `SCALE`: if even that sum does not reach one half, no cohort does. Both solvers have to say so.
"""

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cache
from math import floor, inf, log
from typing import NamedTuple

import numpy as np

from analysis.cohort import Cohort
from analysis.followup import first_response_months
from analysis.response import best_response, by_depth
from analysis.statistics.survival import median_time
from analysis.times import event_times
from analysis.times import remaining as curve_of
from compendium.bounds.people import EVERYONE, Attribute, Cell, People, Statement
from compendium.bounds.programme import Programme, build
from compendium.bounds.solvers import NOTHING, Solvers
from compendium.determined import courses
from compendium.determined.courses import ON_THERAPY, READINGS, STATES, Key, State, Weight, ask_states, month_statements
from compendium.determined.grades import NoGradesError
from compendium.determined.results import Determined, WitnessError, listed, shipped, witness
from compendium.determined.timelines import retimed
from compendium.verification.published import read_claims

_LABELS = {
    "all": "all patients", "responders": "responders", "mr": "a major response", "pr": "a partial response",
    "non_responders": "patients without response", "cr": "the complete response",
}  # fmt: skip
_YEAR = 12
_MONTHS = range(1, courses.LONGEST + 1)
_MONTHS_OF: dict[str, Weight] = {
    name: lambda state, kind, name=name: kind[0] * (state.best in courses.GROUPS[name]) for name in _LABELS
}
_CLAIMS = (
    "results.duration.*", "results.stops.*", "results.lost_response.*", "results.sustained.responders",
    "results.first_response.median", "results.best_response.median", "table2.best.*", "table2.last.*", *READINGS,
)  # fmt: skip
SCALE = 100_000
_GONE = -2 * SCALE  # for the logarithm of nothing: less than that of one half is enough
_WITHOUT_RESPONSE = 6  # months within which all stopped who did not respond (L263)
_EFFORT = 120.0


class _Asked(NamedTuple):
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
    median = (
        "The median holds the middle of the group; the shorter half may be as short, and the longer half as long, as "
        "the range and the medians of the other groups allow."
    )
    for name, label in _LABELS.items():
        yield _Asked(
            f"followup.duration.{name}/mean", f"Mean months on therapy of {label}", "months", _MONTHS_OF[name],
            lambda cohort, name=name: _mean(cohort, name), median,
            lambda total, name=name: float(Fraction(total, courses.group_size(claims, name))),
        )  # fmt: skip
    yield _Asked(
        "followup.duration.all/year", "Patients treated for a year or longer", "patients",
        lambda state, kind: int(kind[0] >= _YEAR),
        lambda cohort: float((cohort.courses["duration_months"] >= _YEAR).sum()),
        "Half of the patients were treated for at most 9 months; of the others as many go on for a year as the medians "
        "of the classes allow.", most=courses.group_size(claims, "all"),
    )  # fmt: skip
    yield _Asked(
        "followup.duration.all/total", "Months of therapy in all", "months", _MONTHS_OF["all"],
        lambda cohort: float(cohort.courses["duration_months"].sum()), median,
    )  # fmt: skip
    stops = courses.count_of(claims, "table2.last.not_persistent.all")
    yield _Asked(
        "followup.stops/100_months", "Stops in 100 months of therapy", "stops", _MONTHS_OF["all"],
        lambda cohort: _rate((cohort.courses["ongoing"] == "no").sum(), cohort.courses["duration_months"].sum()),
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
            keys=key, most=courses.group_size(claims, "responders"),
        )  # fmt: skip


def _rate(stops: int, months: int) -> float:
    return float(Fraction(100 * int(stops), int(months)))


def _mean(cohort: Cohort, group: str) -> float:
    months = cohort.courses["duration_months"][by_depth(best_response(cohort))[group]]
    return float(Fraction(int(months.sum()), len(months)))


_ends = cache(lambda keys, weight: courses.Courses(keys).ask(weight))


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
        yield Determined(*one[:3], low, high, min(values), max(values), ("P", "R"), _CLAIMS, one.proof, one.most)
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
        float(low), inf, min(values), max(values), ("P", "R"), _CLAIMS,
        f"Before month {low} not half can have stopped, even if all who go on were last seen first. If all stops come "
        "before, 32 of 55 remain and half is never reached.",
    )  # fmt: skip


@cache
def earliest_median() -> int:
    """Give the first month at which half can have stopped; one month less is proved to be impossible."""
    return next(month for month in _MONTHS if half_by(month))


def half_by(month: int) -> bool:
    """Tell whether half or more can have stopped by a month; ValueError if the solvers do not agree or not decide."""
    solvers = Solvers(_curve(month), limit=_EFFORT)
    found = [solver(NOTHING).possible for solver in (solvers.cp_sat, solvers.highs)]
    if found[0] is None or found[0] != found[1]:
        raise ValueError(f"whether half can have stopped by month {month} was not decided: {found}")
    return found[0]


def _people() -> People:
    """State what is known of the months on therapy of those in each state, and how many there can be in it."""
    stated = [one for one in month_statements() if one.attributes <= {"state", "duration"}]
    kinds: dict[tuple[str, bool], list[State]] = {}
    for state in STATES:
        kinds.setdefault((state.best, state.status in ON_THERAPY), []).append(state)
    for kind, states in kinds.items():
        limits = ask_states(lambda state, states=states: int(state in states))
        stated.append(Statement(f"Table 2: {kind}", (((1, _cell(states)),),), ((limits,),)))
    attributes = (Attribute("state", tuple(map(str, STATES))), Attribute("duration", tuple(_MONTHS)))
    return People(ask_states(lambda state: 1)[1], attributes, tuple(stated))


def _cell(states: list[State], months: range = _MONTHS) -> Cell:
    return ("state", tuple(map(str, states))), ("duration", tuple(months))


def _curve(month: int) -> Programme:
    """Write the programme of half or more who stop by a month."""
    programme = build(_people(), ("state", "duration"))
    size, start, choices = programme.people.size, 0, []
    ongoing = [state for state in STATES if state.status in ON_THERAPY]
    stopping = [state for state in STATES if state not in ongoing]
    table = np.array([(n, e, _log(n - e, n)) for n in range(size + 1) for e in range(n + 1)])
    for end in sorted({min(_WITHOUT_RESPONSE, month), month}):
        chosen = len(programme.upper) + np.arange(len(table))
        gone = [(-1, _cell(list(STATES), range(1, start + 1)))] if start else []
        seen = [(-1, _cell(ongoing, range(start + 1, end)))] if end > start + 1 else []
        at_risk, events = ((1, EVERYONE), *gone, *seen), ((1, _cell(stopping, range(start + 1, end + 1))),)
        rows = []
        for asked, numbers in ((at_risk, table[:, 0]), (events, table[:, 1])):
            variables, factors, constant = programme.row(asked)
            rows.append((np.append(variables, chosen), np.append(factors, -numbers), -constant, -constant))
        rows.append((chosen, np.ones(len(table), dtype=np.int64), 1, 1))
        programme, start = programme.added(rows, len(table)), end
        choices.append(chosen)
    logarithms = np.tile(table[:, 2], len(choices))
    return programme.added([(np.concatenate(choices), logarithms, None, floor(SCALE * log(0.5)) + 1)])


def _log(left: int, of: int) -> int:
    return 0 if left == of else _GONE if not left else max(_GONE, floor(SCALE * log(left / of)) - 1)
