"""The sensitivity analysis against the results computed one set of rules at a time, and by hand."""

from dataclasses import fields
from itertools import product

import numpy as np
import pandas as pd
import pytest

from analysis import sensitivity
from analysis.cohort import restrict
from analysis.criteria import CHOICES, LIMITS, PAPER, Criteria
from analysis.followup import sustained
from analysis.response import response_counts
from analysis.symptoms import symptom_profile
from tests.cohorts import cohort_with, random_cohort

TRIED = {*sensitivity.RESPONSE_OPTIONS, *sensitivity.SYMPTOM_OPTIONS, "lost_to_follow_up", "ige_stable_percent"}
TABLE_2 = ["best.orr", "best.cr", "best.mr", "best.pr", "best.nr", "last.persistent_orr", "last.loss_of_response"]


@pytest.fixture(scope="module")
def cohort():
    return random_cohort(40, seed=12)


@pytest.fixture(scope="module")
def marks(cohort):
    return sensitivity.symptom_grid(cohort)


@pytest.fixture(scope="module")
def changes(cohort):
    return sensitivity.one_at_a_time(cohort)


def test_all_options_and_combinations_are_tried():
    assert {field.name for field in fields(Criteria)} == TRIED
    for name in TRIED:
        assert sensitivity.values_of(name)[0] == getattr(PAPER, name)
        assert len(set(sensitivity.values_of(name))) >= 2
        assert (
            set(sensitivity.values_of(name)) <= set(CHOICES[name])
            if name in CHOICES
            else len(sensitivity.values_of(name)) <= 3
        )
        for value in sensitivity.values_of(name):  # none is refused
            Criteria(**{name: value} | ({"partial_from_percent": 10} if name == "major_above_percent" else {}))
    assert set(sensitivity.NUMBERS) == set(LIMITS)
    grid = sensitivity.combinations(["worsening", "new_symptoms", "alpha"])
    expected = set(product(("total", "any"), ("rule_out", "count", "ignore"), (0.05, 0.01)))
    assert set(grid.itertuples(index=False, name=None)) == expected
    assert len(grid) == 12
    assert grid.iloc[0].tolist() == ["total", "rule_out", 0.05]
    names = ["partial_from_percent", "major_above_percent"]
    grid = sensitivity.combinations(names, Criteria(major_above_percent=20))
    assert grid.iloc[0].tolist() == [10, 20]
    assert set(grid.itertuples(index=False, name=None)) == set(product((10, 20), (20, 50, 40, 60)))
    grid = sensitivity.combinations(names, Criteria(partial_from_percent=45))
    assert set(grid.itertuples(index=False, name=None)) == set(product((45, 10, 20, 30), (50, 60)))


def test_rows_of_the_grid_are_the_results_under_their_rules(cohort):
    responses = sensitivity.response_grid(cohort)
    assert len(responses) == 3 * 3 * 2 * 3 * 3 * 2 * 2 * 2 * 2
    for row in responses.sample(25, random_state=1).to_dict("records"):
        rules = Criteria(**{name: row[name] for name in sensitivity.RESPONSE_OPTIONS})
        table = response_counts(cohort, rules)["all"]
        assert [row[name] for name in TABLE_2] == table[TABLE_2].tolist()
        assert row["last.intolerance"] == table["last.intolerance"]
        assert row["sustained"] == sustained(cohort, rules).sum()


def test_marks_of_the_grid_are_those_of_the_profile(cohort, marks):
    assert len(marks) == (1 + 3) * (2 * 2 + 1) * 2 * 3 * 2 * 2  # the sign test has neither zeros nor distributions
    symptoms = [name for name in marks.columns if name not in sensitivity.SYMPTOM_OPTIONS]
    for row in marks.sample(15, random_state=2).to_dict("records"):
        found = symptom_profile(cohort, Criteria(**{name: row[name] for name in sensitivity.SYMPTOM_OPTIONS}))[
            "significance"
        ]
        assert {name: row[name] for name in symptoms} == found.to_dict()


def test_the_grid_begins_with_the_rules_given(cohort):
    rules = Criteria(worsening="any", partial_from_percent=15, sustained_months=4, alpha=0.02)
    part = restrict(cohort, "idiopathic")
    grid, expected = sensitivity.response_grid(part, rules), sensitivity.response_outcomes(part, rules)
    assert grid.iloc[0][list(sensitivity.RESPONSE_OPTIONS)].to_dict() == {
        name: getattr(rules, name) for name in sensitivity.RESPONSE_OPTIONS
    }
    assert grid.iloc[0][list(expected)].to_dict() == expected
    assert expected["best.orr"] == response_counts(part, rules).at["best.orr", "idiopathic"]
    assert set(grid["sustained_months"]) == {3, 4, 6}


def test_shares_of_marks_are_counted(marks):
    shares = sensitivity.mark_shares(marks)
    symptom = shares.index[0]
    assert shares.at[symptom, "**"] == (marks[symptom] == "**").sum() / 480
    assert shares.at[symptom, "these"] == marks[symptom].iloc[0]
    assert np.allclose(shares[["***", "**", "*", "ns", "too_few"]].sum(axis=1), 1)
    assert np.allclose(shares["significant"], 1 - shares["ns"] - shares["too_few"])
    assert shares["too_few"].max() > 0
    # Without a grade at last follow-up nothing is left to test there, if such symptoms are left out.
    grid = sensitivity.symptom_grid(cohort_with([[("baseline", 0.0, np.nan)]] * 8))
    share = sensitivity.mark_shares(grid).iloc[0]
    untested = grid["anaphylaxis"].isna()
    assert untested.sum() == 120
    assert (grid.loc[untested, ["symptoms_at", "missing_last"]] == ["last", "drop"]).all(axis=None)
    # p = 2 / 2**8; unchanged at last follow-up if missing grades count so.
    assert share[["***", "**", "*", "ns", "too_few"]].sum() == pytest.approx(360 / 480)


def test_one_rule_at_a_time(cohort, changes):
    assert changes.iloc[0][["option", "value", "marks_changed", "lost", "gained"]].tolist() == ["", "", 0, "", ""]
    assert len(changes) == 1 + sum(len(sensitivity.values_of(name)) - 1 for name in TRIED)
    before = symptom_profile(cohort)["significance"]
    for row in changes.iloc[1:].to_dict("records"):
        value = row["value"] if row["option"] in CHOICES else float(row["value"])
        whole = row["option"] in ("major_above_percent", "partial_from_percent")
        numbers, found = sensitivity.outcomes(cohort, Criteria(**{row["option"]: int(value) if whole else value}))
        assert {name: row[name] for name in sensitivity.OUTCOMES} == pytest.approx(numbers, nan_ok=True)
        assert row["marks_changed"] == sum(a != b for a, b in zip(before, found, strict=True))
        lost = [name for name in before.index if "*" in before[name] and "*" not in found[name]]
        assert row["lost"] == ", ".join(lost)
    adjusted = changes[(changes["option"] == "adjustment") & (changes["value"] == "holm")].iloc[0]
    assert adjusted["lost"] and not adjusted["gained"]


def test_the_rule_that_moves_most(changes):
    table = changes.iloc[[0, 1, 2, 3]].assign(option=["", "a", "b", "c"], value=["", "1", "2", "3"])
    table[list(sensitivity.OUTCOMES)] = 5.0
    table["best.orr"] = [40, 43, 36, 41]  # b takes 4 away, a adds 3
    table["first_response_months"] = [2.0, np.nan, 2.0, 1.0]
    most = sensitivity.most_moving(table)
    assert list(most.index) == list(sensitivity.OUTCOMES)
    assert most.loc["best.orr"].tolist() == [40, "b", "2", 36, 36, 43]
    assert most.loc["first_response_months"].tolist() == [2, "c", "3", 1, 1, 2]
    assert most.loc["best.cr", ["option", "value"]].tolist() == ["", ""]


def test_variance_is_shared_as_in_a_balanced_design():
    grid = pd.DataFrame(list(product("ab", "xyz")), columns=["one", "two"])
    # 10 for b, 1 and 3 more for y and z: variances 25 and 14/9, nothing together.
    grid["out"] = 10 * (grid["one"] == "b") + grid["two"].map({"x": 0, "y": 1, "z": 3})
    shares = sensitivity.variance_shares(grid, "out", ["one", "two"])
    assert shares == pytest.approx({"one": 25 / (25 + 14 / 9), "two": (14 / 9) / (25 + 14 / 9)})
    grid["both"] = (grid["one"] == "b") * (grid["two"] == "z")  # variance 5/36; main effects 1/36 and 1/18
    assert sensitivity.variance_shares(grid, "both", ["one", "two"]) == pytest.approx({"one": 1 / 5, "two": 2 / 5})
    assert sensitivity.variance_shares(grid.assign(out=1), "out", ["one"]) == {"one": 0.0}


@pytest.mark.parametrize("grade", [1.0, 0.0])
def test_one_patient(grade):
    changed = sensitivity.one_at_a_time(cohort_with([[("baseline", grade, grade)]]))
    assert changed["best.orr"].unique().tolist() == [int(grade == 0)]
    assert changed["significant"].unique().tolist() == [0]
    assert sensitivity.most_moving(changed)["option"].tolist().count("") >= 5
