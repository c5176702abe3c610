"""Times of the study, and the curves and medians of them, by hand."""

import numpy as np
import pandas as pd
import pytest

from analysis.criteria import PAPER, read_criteria
from analysis.followup import summarise as followup_values
from analysis.times import EVENTS, MONTHS, at_risk, curves, event_times, summarise
from analysis.vocabulary import StopReason
from tests.cohorts import cohort_with
from tests.places import shipped_cohort
from tests.small_cohort import small_cohort

NONE = float("nan")
GONE, STAYS = [("baseline", 0.0, 0.0)], [("baseline", 1.0, 1.0)]
SHIPPED = shipped_cohort()


def rows(cohort, outcome, criteria=PAPER):
    """Write the months of each patient and what ended them: ``A 2 response, B 4 stopped``."""
    frame = event_times(cohort, outcome, criteria)
    return ", ".join(f"{patient} {row.months:g} {row.event}" for patient, row in frame.iterrows())


def ends(cohort, outcome, criteria=PAPER):
    return event_times(cohort, outcome, criteria)["event"].tolist()


def test_times_and_values_by_hand():
    cohort = small_cohort()
    first = "A 2 response, B 2 response, C 3 response, D 4 stopped, E 1 response, F 8 response"
    best = "A 6 response, B 8 response, C 4 response, D 4 stopped, E 1 response, F 8 response"
    therapy = "A 36 censored, B 10 censored, C 5 efficacy, D 4 intolerance, E 9 intolerance, F 12 censored"
    assert rows(cohort, "first_response") == first
    assert rows(cohort, "best_response") == best
    assert rows(cohort, "therapy") == therapy
    assert all(event_times(cohort, outcome)["recorded"].all() for outcome in EVENTS)
    any_symptom = read_criteria("first_response=any_symptom")
    other = "A 1 response, B 2 response, C 4 response, D 4 stopped, E 1 response, F 8 response"
    assert rows(cohort, "first_response", any_symptom) == other
    assert rows(cohort, "best_response", any_symptom) == best
    with pytest.raises(ValueError, match="outcome 'response' is unknown; allowed are first_response, best_response, t"):
        event_times(cohort, "response")
    values = summarise(small_cohort())
    # Of six, one responds at 1, two at 2, one at 3 and one at 8; one stops at 4.
    first = {"patients": 6, "events": 5, "censored": 1}
    naive = {"n": 5, "mean": 3.2, "sd": pytest.approx(7.7**0.5), "median": 2, "minimum": 1, "maximum": 8}
    assert values["times.first_response.naive"] == naive
    assert values["times.first_response.kaplan_meier"].items() >= (first | {"competing": 0, "months": 2.5}).items()
    assert values["times.first_response.half"].items() >= (first | {"competing": 1, "censored": 0, "months": 2}).items()
    for name, expected in (("incidence", [4 / 6, 4 / 6, 5 / 6]), ("stopped", [0, 1 / 6, 1 / 6])):
        found = [values[f"times.first_response.{name}.{month}"]["estimate"] for month in MONTHS]
        assert found == pytest.approx(expected)
    # Best responses at 1, 4, 6, 8 and 8; Kaplan-Meier is at 4/6 after 4, where one is censored, and at 4/9 after 6.
    assert values["times.best_response.half"]["months"] == values["times.best_response.kaplan_meier"]["months"] == 6
    # Stops at 4, 5 and 9: one half stays on therapy from 9 to the end of observation at 36. For intolerance one of six
    # stops at 4, and at 9 one of the four who are left of 4/6.
    whole = {"events": 3, "months": 22.5, "at_risk": 1, "high": None}
    assert values["times.therapy.all.kaplan_meier"].items() >= whole.items()
    shares = {"remaining.6": 4 / 6, "stopped.intolerance.12": 2 / 6, "stopped.efficacy.12": 1 / 6}
    assert {name: values[f"times.therapy.{name}"]["estimate"] for name in shares} == pytest.approx(shares)
    assert values["times.therapy.stopped.other.12"] == {"estimate": 0, "low": None, "high": None}
    # Nobody is left among those without a response, and nobody has stopped of those in complete response.
    assert values["times.therapy.non_responders.kaplan_meier"].items() >= {"patients": 1, "months": 4}.items()
    assert values["times.therapy.cr.kaplan_meier"].items() >= {"patients": 1, "months": None, "low": None}.items()


def test_a_response_in_the_month_of_the_stop_comes_first_and_nothing_may_take_no_time():
    cohort = cohort_with(
        [GONE, GONE, STAYS, STAYS],
        duration_months=[3, 0, 0, 2],
        ongoing=["no", "no", "no", "yes"],
        stop_reason=["intolerance", "pregnancy_intent", "lack_of_efficacy", None],
        months_to_first_response=[3, 0, NONE, NONE],
        months_to_best_response=[3, 0, NONE, NONE],
    )
    for outcome in ("first_response", "best_response"):
        frame = event_times(cohort, outcome)
        assert frame["months"].tolist() == [3, 0, 0, 2]
        assert frame["event"].tolist() == ["response", "response", "stopped", "censored"]
    therapy = event_times(cohort, "therapy")
    assert therapy["months"].tolist() == [3, 0, 0, 2]
    assert therapy["event"].tolist() == ["intolerance", "other", "efficacy", "censored"]
    values = summarise(cohort)
    # A quarter has responded at once; later half of the remaining half does, since one of two is censored before 3.
    assert values["times.first_response.incidence.3"]["estimate"] == pytest.approx(0.75)
    assert values["times.first_response.half"]["months"] == 3
    assert values["times.therapy.remaining.3"]["estimate"] == 0


def test_every_reason_for_a_stop_has_a_cause():
    # A loss to follow-up is a stop or a censoring.
    courses = {
        "duration_months": [5, 4, 6],
        "ongoing": ["no", "no", "no"],
        "stop_reason": ["lost_to_follow_up", "lost_to_follow_up", "pregnancy_intent"],
        "months_to_first_response": [2, NONE, NONE],
        "months_to_best_response": [2, NONE, NONE],
    }
    cohort, censored = cohort_with([GONE, STAYS, STAYS], **courses), read_criteria("lost_to_follow_up=censored")
    assert ends(cohort, "therapy") == ["other"] * 3
    assert ends(cohort, "first_response") == ["response", "stopped", "stopped"]
    assert ends(cohort, "therapy", censored) == ["censored", "censored", "other"]
    assert ends(cohort, "first_response", censored) == ["response", "censored", "stopped"]
    n = len(StopReason)
    courses = {"duration_months": [1] * n, "ongoing": ["no"] * n, "stop_reason": list(StopReason)}
    courses |= {f"months_to_{name}_response": [NONE] * n for name in ("first", "best")}
    causes = ["efficacy", "efficacy", "intolerance", "other", "other"]
    assert ends(cohort_with([STAYS] * n, **courses), "therapy") == causes
    reasons = ["lack_of_efficacy", "loss_of_response", "intolerance", "lost_to_follow_up", "pregnancy_intent"]
    assert list(StopReason) == reasons


def test_other_criteria_move_a_response():
    lenient = read_criteria("partial_from_percent=0")  # makes D, whose score did not change, a responder
    frame = event_times(small_cohort(), "first_response", lenient)
    assert frame.loc["D"].tolist() == [4, "response", False]
    assert frame["recorded"].sum() == 5
    values = summarise(small_cohort(), lenient)
    assert values["times.first_response.not_recorded"] == {"n": 1, "denominator": 6, "percent": pytest.approx(100 / 6)}
    assert values["times.first_response.naive"]["n"] == 5
    assert values["times.first_response.half"]["patients"] == values["times.first_response.half"]["events"] == 6
    assert values["times.first_response.incidence.12"]["estimate"] == 1
    strict = read_criteria("partial_from_percent=40")  # F, with a decrease of a quarter, no longer responds
    for outcome in ("first_response", "best_response"):
        assert rows(small_cohort(), outcome, strict).endswith("F 12 censored")
    assert summarise(small_cohort(), strict)["times.first_response.naive"]["maximum"] == 3


def test_curves_and_medians_are_those_of_the_text_and_add_up():
    values, text = summarise(SHIPPED), followup_values(SHIPPED)
    assert values["times.first_response.naive"] == text["followup.first_response.responders"]
    assert values["times.best_response.naive"] == text["followup.best_response.responders"]
    for group in ("all", "responders", "non_responders", "pr", "mr", "cr"):
        assert values[f"times.therapy.{group}.naive"] == text[f"followup.duration.{group}"]
    frame = curves(SHIPPED)
    assert list(frame)[:4] == ["outcome", "event", "method", "time"]
    found = frame[["outcome", "event"]].drop_duplicates().agg(" ".join, axis=1).tolist()
    responses = [f"{which}_response {event}" for which in ("first", "best") for event in ("response", "stopped")]
    assert found == [*responses, *(f"therapy {event}" for event in ("on_therapy", *EVENTS["therapy"]))]
    assert set(frame.loc[frame["event"] == "on_therapy", "method"]) == {"Kaplan-Meier"}
    assert set(frame.loc[frame["event"] != "on_therapy", "method"]) == {"Aalen-Johansen"}
    therapy = frame[frame["outcome"] == "therapy"].groupby("time")["estimate"].sum()
    np.testing.assert_allclose(therapy, 1, atol=1e-11)
    curve = pd.DataFrame({"time": [0.0, 2.0, 5.0], "at_risk": [7, 7, 3]})
    assert at_risk(curve, [0, 1, 2, 2.5, 5, 6]).tolist() == [7, 7, 7, 3, 3, 0]
    courses = {"ongoing": ["yes", "yes"], "stop_reason": [None, None], "duration_months": [4, 8]}
    courses |= {"months_to_first_response": [NONE, NONE], "months_to_best_response": [NONE, NONE]}
    values = summarise(cohort_with([STAYS, STAYS], **courses))
    nothing = {"events": 0, "months": None, "low": None, "high": None, "at_risk": None}
    for name in ("first_response.half", "first_response.kaplan_meier", "therapy.all.kaplan_meier"):
        assert values[f"times.{name}"].items() >= nothing.items()
    assert values["times.first_response.naive"]["median"] is None
    assert values["times.first_response.incidence.6"]["estimate"] == 0
    assert values["times.first_response.incidence.12"]["estimate"] is None  # nobody was followed for so long
    empty = values["times.therapy.cr.kaplan_meier"]
    assert empty == {"patients": 0, "competing": 0, "censored": 0} | nothing
