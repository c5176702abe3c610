"""What medians and ranges fix of months and ages: against small cases that can be listed, and with cohorts inside."""

import itertools
from math import inf

import pytest

from analysis.followup import sustained
from compendium.bounds.answers import Bounds
from compendium.bounds.people import Attribute, People
from compendium.determined import ages, courses, times
from compendium.determined.courses import Courses, Months, State
from compendium.determined.results import lost_claims, shipped


def test_weights_of_sums_are_those_of_patients():
    """The kinds of months of the shipped cohort's patients add up to its months and its sustained responses."""
    asked, found = Courses(), shipped().courses
    rows = found[["duration_months", "months_to_first_response", "months_to_best_response"]].fillna(0).astype(int)
    kinds = [asked.kind(Months(*row)) for row in rows.to_numpy().tolist()]
    assert set(kinds) <= set(asked.months.values())
    assert sum(kind[0] for kind in kinds) == found["duration_months"].sum()
    assert sum(kind[3] for kind in kinds) == sustained(shipped()).sum() == 33


def test_a_statement_on_months_means_the_same_of_kinds():
    """Five people with a median of 3 and a range from 1 to 6 months, by kinds and by a list of all."""
    asked = Courses()
    duration = Attribute("duration", tuple(range(1, courses.LONGEST + 1)))
    stated = [
        courses.statements.median("median", duration, "3", 5),
        courses.statements.smallest("least", duration, 1),
        courses.statements.largest("most", duration, 6),
    ]
    people = People(5, (Attribute("months", tuple(asked.months)),), tuple(asked._translated(one) for one in stated))
    terms = tuple((asked.months[name][0], (("months", (name,)),)) for name in asked.months)
    found = Bounds(people).of(terms)
    every = [five for five in itertools.combinations_with_replacement(range(1, 7), 5) if five[2] == 3]
    sums = [sum(five) for five in every if five[0] == 1 and five[4] == 6]
    assert (found.low, found.high) == (min(sums), max(sums))


@pytest.mark.long
def test_first_responses_are_held_by_their_median():
    ask = Courses().ask
    assert ask(lambda state, kind: int(kind[1] == 1)) == (0, 21)
    assert ask(lambda state, kind: int(kind[1] in (1, 2))) == (22, 43)
    assert ask(lambda state, kind: kind[3]) == (33, 33)


def test_the_shipped_curve_is_not_above_the_programmes_bound():
    """What remains at a month is never less than the product that the programme minimises, one stretch or two."""
    from analysis.times import event_times

    frame = event_times(shipped(), "therapy")
    stopped = frame["event"] != "censored"
    for month in range(1, 37):
        curve, bound, left = 1.0, 1.0, len(frame)
        for one in range(1, month + 1):
            at, events = (frame["months"] >= one).sum(), (stopped & (frame["months"] == one)).sum()
            curve *= (at - events) / at if at else 1
        start = 0
        for end in sorted({min(6, month), month}):
            inside = (frame["months"] > start) & (frame["months"] <= end)
            events, seen = (inside & stopped).sum(), (inside & ~stopped & (frame["months"] < end)).sum()
            bound *= (left - seen - events) / (left - seen) if left > seen else 1
            left, start = left - inside.sum(), end
        assert bound <= curve + 1e-12


@pytest.mark.long
def test_ages_and_children(another_cohort):
    found = {one.quantity: one for one in ages.answers()}
    children = found["patients.children_at_diagnosis"]
    assert (children.low, children.high, children.exact) == (1, 27, True)
    assert all(one.exact for one in found.values())
    for name, one in found.items():
        for cohort in (shipped(), another_cohort):
            assert one.low <= ages._value(cohort, name) <= one.high
    # Each mean is within that of 55 with this median and range alone.
    one = found["patients.age_at_diagnosis.all/mean"]
    alone = [27 * 2 + 41 + 26 * 41 + 87, 2 + 26 * 41 + 41 + 27 * 87]
    assert alone[0] / 55 <= one.low and one.high <= alone[1] / 55


@pytest.mark.long
def test_durations_of_cohorts_lie_inside_and_ends_are_attained(another_cohort):
    for one in times.answers():
        assert one.low <= one.low_reached <= one.high_reached <= one.high, one.quantity
    found = {one.quantity: one for one in times.answers()}
    for cohort in (shipped(), another_cohort):
        for asked in times._asked():
            one = found[asked.quantity]
            assert one.low <= asked.value(cohort) <= one.high, one.quantity
        one = found["times.therapy.all.kaplan_meier"]
        assert one.low <= times._median(cohort) <= one.high
    total = found["followup.duration.all/total"]
    assert total.exact and total.low <= shipped().courses["duration_months"].sum() <= total.high
    assert found["times.therapy.all.kaplan_meier"].high_reached == inf
    cohort = times.cohort_at((), times._MONTHS_OF["all"], True)
    assert not lost_claims(cohort)


@pytest.mark.long
def test_half_cannot_have_stopped_before_month_nine():
    assert times.earliest_median() == 9


def test_the_curve_of_a_few_patients_falls_by_half_in_the_month_in_which_it_can(monkeypatch):
    """Six patients: three go on, of whom one at most was seen for less than two months, three stop, none in month 1."""
    goes_on, stops = State("PR", "PR"), State("PR", "loss")
    where = {"state": (str(goes_on),)}
    stated = [
        courses.statements.counted("early", where | {"duration": (1,)}, 1),
        courses.statements.counted("nobody stops at once", {"state": (str(stops),), "duration": (1,)}, 0),
    ]
    sizes = {goes_on: 3, stops: 3}
    monkeypatch.setattr(times, "STATES", tuple(sizes))
    monkeypatch.setattr(times, "month_statements", lambda: stated)

    def asked(weight):
        return (sum(weight(state) * size for state, size in sizes.items()),) * 2

    monkeypatch.setattr(times, "ask_states", asked)
    # After month 1 five are at risk, and three stops leave two of five.
    assert not times.half_by(1)
    assert times.half_by(2)
