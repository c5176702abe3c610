"""The sensitivity analysis: against one set of rules at a time, by hand, and what is drawn and printed of it."""

from dataclasses import fields, replace
from itertools import product

import numpy as np
import pandas as pd
import pytest

from analysis import sensitivity
from analysis.cohort import restrict
from analysis.criteria import CHOICES, LIMITS, PAPER, Criteria
from analysis.followup import sustained
from analysis.response import response_counts
from analysis.sensitivity import OUTCOMES, RESPONSE_OPTIONS, SYMPTOM_OPTIONS, mark_shares, most_moving, values_of
from analysis.symptoms import symptom_profile
from compendium.drawing.specifications import PANELS, draw_specifications, ordered, strips
from compendium.drawing.symptoms import MARK_COLOURS, draw_marks
from compendium.files import WIDTH
from compendium.reporting import options
from compendium.reporting.caveats import RECONSTRUCTED_NOTE
from tests.cohorts import cohort_with, random_cohort
from tests.figure_checks import CAVEATS, faults, texts_of
from tests.small_cohort import small_cohort

PATIENTS = 40
TRIED = {*RESPONSE_OPTIONS, *SYMPTOM_OPTIONS, "lost_to_follow_up", "ige_stable_percent"}
TABLE_2 = ["best.orr", "best.cr", "best.mr", "best.pr", "best.nr", "last.persistent_orr", "last.loss_of_response"]


@pytest.fixture(scope="module")
def cohort():
    return random_cohort(PATIENTS, seed=12)


@pytest.fixture(scope="module")
def grid(cohort):
    return sensitivity.response_grid(cohort)


@pytest.fixture(scope="module")
def marks(cohort):
    return sensitivity.symptom_grid(cohort)


@pytest.fixture(scope="module")
def changes(cohort):
    return sensitivity.one_at_a_time(cohort)


@pytest.fixture(scope="module")
def untested():
    """Eight patients who are free of their only symptom, without a grade at last follow-up, and the marks of it."""
    cohort = cohort_with([[("baseline", 0.0, np.nan)]] * 8)
    return cohort, sensitivity.symptom_grid(cohort)


def shares_of(cohort, marks):
    return symptom_profile(cohort)[["label", "group"]].join(mark_shares(marks))


@pytest.fixture(scope="module")
def shares(cohort, marks):
    return shares_of(cohort, marks)


def test_all_options_and_combinations_are_tried():
    assert {field.name for field in fields(Criteria)} == TRIED
    for name in TRIED:
        assert values_of(name)[0] == getattr(PAPER, name)
        assert len(set(values_of(name))) >= 2
        assert set(values_of(name)) <= set(CHOICES[name]) if name in CHOICES else len(values_of(name)) <= 3
        for value in values_of(name):  # none is refused
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


def test_rows_of_the_grid_are_the_results_under_their_rules(cohort, grid):
    assert len(grid) == 3 * 3 * 2 * 3 * 3 * 2 * 2 * 2 * 2
    for row in grid.sample(12, random_state=1).to_dict("records"):
        rules = Criteria(**{name: row[name] for name in RESPONSE_OPTIONS})
        table = response_counts(cohort, rules)["all"]
        assert [row[name] for name in TABLE_2] == table[TABLE_2].tolist()
        assert row["last.intolerance"] == table["last.intolerance"]
        assert row["sustained"] == sustained(cohort, rules).sum()


def test_marks_of_the_grid_are_those_of_the_profile(cohort, marks):
    assert len(marks) == (1 + 3) * (2 * 2 + 1) * 2 * 3 * 2 * 2  # the sign test has neither zeros nor distributions
    symptoms = [name for name in marks.columns if name not in SYMPTOM_OPTIONS]
    for row in marks.sample(8, random_state=2).to_dict("records"):
        found = symptom_profile(cohort, Criteria(**{name: row[name] for name in SYMPTOM_OPTIONS}))["significance"]
        assert {name: row[name] for name in symptoms} == found.to_dict()


def test_the_grid_begins_with_the_rules_given(cohort):
    rules = Criteria(worsening="any", partial_from_percent=15, sustained_months=4, alpha=0.02)
    part = restrict(cohort, "idiopathic")
    grid, expected = sensitivity.response_grid(part, rules), sensitivity.response_outcomes(part, rules)
    assert grid.iloc[0][list(RESPONSE_OPTIONS)].to_dict() == {name: getattr(rules, name) for name in RESPONSE_OPTIONS}
    assert grid.iloc[0][list(expected)].to_dict() == expected
    assert expected["best.orr"] == response_counts(part, rules).at["best.orr", "idiopathic"]
    assert set(grid["sustained_months"]) == {3, 4, 6}


def test_shares_of_marks_are_counted(marks, untested):
    shares = mark_shares(marks)
    symptom = shares.index[0]
    assert shares.at[symptom, "**"] == (marks[symptom] == "**").sum() / 480
    assert shares.at[symptom, "these"] == marks[symptom].iloc[0]
    assert np.allclose(shares[["***", "**", "*", "ns", "too_few"]].sum(axis=1), 1)
    assert np.allclose(shares["significant"], 1 - shares["ns"] - shares["too_few"])
    assert shares["too_few"].max() > 0
    # Without a grade at last follow-up nothing is left to test there, if such symptoms are left out.
    grid = untested[1]
    share, missing = mark_shares(grid).iloc[0], grid["anaphylaxis"].isna()
    assert missing.sum() == 120
    assert (grid.loc[missing, ["symptoms_at", "missing_last"]] == ["last", "drop"]).all(axis=None)
    # p = 2 / 2**8; unchanged at last follow-up if missing grades count so.
    assert share[["***", "**", "*", "ns", "too_few"]].sum() == pytest.approx(360 / 480)


def test_one_rule_at_a_time(cohort, changes):
    assert changes.iloc[0][["option", "value", "marks_changed", "lost", "gained"]].tolist() == ["", "", 0, "", ""]
    assert len(changes) == 1 + sum(len(values_of(name)) - 1 for name in TRIED)
    before = symptom_profile(cohort)["significance"]
    for row in changes.iloc[1:].to_dict("records"):
        value = row["value"] if row["option"] in CHOICES else float(row["value"])
        whole = row["option"] in ("major_above_percent", "partial_from_percent")
        numbers, found = sensitivity.outcomes(cohort, Criteria(**{row["option"]: int(value) if whole else value}))
        assert {name: row[name] for name in OUTCOMES} == pytest.approx(numbers, nan_ok=True)
        assert row["marks_changed"] == sum(a != b for a, b in zip(before, found, strict=True))
        lost = [name for name in before.index if "*" in before[name] and "*" not in found[name]]
        assert row["lost"] == ", ".join(lost)
    adjusted = changes[(changes["option"] == "adjustment") & (changes["value"] == "holm")].iloc[0]
    assert adjusted["lost"] and not adjusted["gained"]


def test_outcomes_of_six_patients():
    study = small_cohort()
    # The month recorded for D, who does not respond, is that of no response. Total IgE rose in B and D, in A by 20 %.
    courses = study.courses.assign(months_to_first_response=study.courses["months_to_first_response"].fillna(9))
    courses.loc["C", "stop_reason"] = "lost_to_follow_up"
    study = replace(study, courses=courses)
    numbers = sensitivity.outcomes(study)[0]
    expected = {"best.orr": 5, "first_response_months": 2, "therapy_months": 22.5, "ige_increased": 2}
    assert numbers.items() >= expected.items()
    # If C may have gone on, 5/6 are left at 4 months and 3/4 of them at 9, which is more than half.
    assert np.isnan(sensitivity.outcomes(study, Criteria(lost_to_follow_up="censored"))[0]["therapy_months"])


def test_the_rule_that_moves_most(changes):
    table = changes.iloc[[0, 1, 2, 3]].assign(option=["", "a", "b", "c"], value=["", "1", "2", "3"])
    table[list(OUTCOMES)] = 5.0
    table["best.orr"] = [40, 43, 36, 41]  # b takes 4 away, a adds 3
    table["first_response_months"] = [2.0, np.nan, 2.0, 1.0]
    most = most_moving(table)
    assert list(most.index) == list(OUTCOMES)
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
    assert most_moving(changed)["option"].tolist().count("") >= 5


def test_a_curve_has_each_combination_once_in_rising_order(grid):
    for panel, (_, rules, stacked) in PANELS.items():
        rows = ordered(grid, panel)
        assert len(rows) == len(grid[list(rules)].drop_duplicates())
        assert rows["total"].is_monotonic_increasing
        assert rows["total"].tolist() == sum(rows[name] for name in stacked).tolist()
    assert ordered(grid, "best")["total"].tolist() == ordered(grid, "best")["best.orr"].tolist()


def test_strips_tell_where_a_value_is():
    rows = pd.DataFrame({"rule": list("aabbab")})
    assert strips(rows, "rule", ["a", "b"]).tolist() == [[1, 1, 0, 0, 1, 0], [0, 0, 1, 1, 0, 1]]
    assert strips(rows, "rule", ["a", "b"], bins=3).tolist() == [[1, 0, 0.5], [0, 1, 0.5]]
    assert np.allclose(strips(rows, "rule", ["a", "b"], bins=4).sum(axis=0), 1)


@pytest.mark.parametrize("times", [1, 100, 10_000])
def test_curves_of_any_size_mark_the_rules_they_begin_with(grid, times):
    numbers = [name for name in grid.select_dtypes("number") if "." in name or name == "sustained"]
    grid = grid.assign(**{name: grid[name] * times for name in numbers})
    figure = draw_specifications(grid, "all", PATIENTS * times, caveats=CAVEATS)
    assert faults(figure) == []
    texts = texts_of(figure)
    first = grid.loc[0, ["best.orr", "last.persistent_orr", "sustained"]]
    rules = map(options.OPTION_LABELS.get, RESPONSE_OPTIONS)
    assert {f"{n:,}" for n in first} | {RECONSTRUCTED_NOTE, *rules} <= {*texts}
    heads = " ".join(text for text in texts if " to " in text or "combinations" in text)
    assert f"{grid['sustained'].min():,} to {grid['sustained'].max():,};" in heads
    assert "54 combinations" in heads and "432 combinations" in heads
    assert any(text.endswith(",000") for text in texts if "to" not in text) == (times > 1)
    steps = {patch.get_label(): patch.get_data().values.tolist() for patch in figure.axes[0].patches}
    rows = ordered(grid, "best")
    assert (steps["best.pr"], steps["best.cr"]) == (rows["best.orr"].tolist(), rows["best.cr"].tolist())


def test_curves_of_one_patient_and_other_rules_can_be_read(grid):
    rules = {"partial_from_percent": {10: 25}, "sustained_months": {grid["sustained_months"].iloc[0]: 1.5}}
    numbers = grid[["best.orr", "last.persistent_orr", "sustained"]].clip(upper=1)
    one = grid.replace(rules).assign(**numbers, **{"best.cr": 0, "best.mr": 0, "best.pr": numbers["best.orr"]})
    other_first = one.sort_values("worsening", ignore_index=True)
    assert other_first["worsening"].iloc[0] == "any"
    assert faults(draw_specifications(other_first, "idiopathic", 1)) == []


def test_marks_are_drawn_as_shares(shares, untested, monkeypatch):
    figure = draw_marks(shares, "all", 384, patients=PATIENTS, caveats=CAVEATS)
    assert faults(figure) == []
    texts = texts_of(figure)
    assert set(shares["label"]) <= set(texts)
    always, never = (shares["significant"] > 0.999).sum(), (shares["significant"] < 0.001).sum()
    assert f"under all rules: {always} of {len(shares)}; under none: {never}" in " ".join(texts)
    bars = {container.get_label(): [bar.get_width() for bar in container] for container in figure.axes[0].containers}
    assert all(sorted(bars[mark]) == pytest.approx(sorted(100 * shares[mark])) for mark in MARK_COLOURS)
    assert faults(draw_marks(shares_of(*untested), "ISM", 384, patients=8)) == []
    monkeypatch.setenv(WIDTH, "85")
    narrow = draw_marks(shares, "all", 384, patients=PATIENTS, caveats=CAVEATS)
    assert faults(narrow, 6) == [] and narrow.get_size_inches()[0] == pytest.approx(8.5 / 2.54)


def test_figures_name_what_is_wrong(grid, shares):
    with pytest.raises(ValueError, match="the grid has no rows"):
        draw_specifications(grid.iloc[:0], "all", PATIENTS)
    with pytest.raises(ValueError, match="the shares have no rows"):
        draw_marks(shares.iloc[:0], "all", 384, patients=2)
    with pytest.raises(ValueError, match="everybody"):
        draw_specifications(grid, "everybody", PATIENTS)


def test_every_value_has_a_label():
    for option in options.OPTION_LABELS:
        labels = [options.value_label(option, value) for value in values_of(option)]
        assert len(set(labels)) == len(labels)
    others = {"ige_stable_percent", "lost_to_follow_up"}
    assert set(options.OPTION_LABELS) == {*RESPONSE_OPTIONS, *SYMPTOM_OPTIONS} | others
    assert (options.value_label("partial_from_percent", "20"), options.value_label("alpha", 0.01)) == ("20 %", "0.01")
    assert options.value_label("sustained_months", 6) == "6 months"


def test_changes_are_printed_from_before_to_after(changes):
    rows = options.change_rows(changes)
    assert len(rows) == len(changes) - 1
    first = changes.iloc[0]
    for (_, row), text in zip(changes.iloc[1:].iterrows(), rows.to_dict("records"), strict=True):
        orr = f"ORR {first['best.orr']}\u00a0→\u00a0{row['best.orr']}"
        assert (orr in text["Results that move"].split(", ")) == (row["best.orr"] != first["best.orr"])
        assert (text["Symptoms"] == "–") == (row["marks_changed"] == 0)
    assert "not adjusted" in options.change_notes(PAPER)[1]
    assert "Holm" in options.change_notes(Criteria(adjustment="holm"))[1]


def test_what_any_cohort_allows_stands_beside_what_this_one_does(changes):
    first = changes.iloc[0]
    ranges = pd.DataFrame(
        [
            ("worsening", "any", "best.orr", 1, first["best.orr"]),
            ("worsening", "any", "best.cr", first["best.cr"], first["best.cr"]),
            ("intolerance", "all", "last.intolerance", 6, 6),
        ],
        columns=["option", "value", "outcome", "low", "high"],
    )
    rows = options.change_rows(changes, ranges).set_index(["Rule", "Changed to"])["In any cohort that fits"]
    assert rows["A worsened symptom", "rules out a response"] == f"ORR 1 to {first['best.orr']}"
    assert rows["Intolerance in Table 2", "all patients"] == "intolerance 6"
    assert (rows == "–").sum() == len(changes) - 3
    assert "any cohort that fits" in options.change_notes(PAPER, ranged=True)[-1]


def test_the_rules_that_move_most_are_printed(changes):
    rows = options.moving_rows(most_moving(changes))
    assert rows["Result"].tolist() == list(OUTCOMES.values())
    unmoved = rows[rows["Moved most by"] == "none moves it"]
    assert (unmoved["to"] == "–").all()
    assert len(unmoved) < len(rows)


def test_variance_is_printed_for_what_varies(grid):
    rows = options.variance_rows(grid)
    assert rows["Rule"].tolist() == [options.OPTION_LABELS[name] for name in RESPONSE_OPTIONS]
    assert "ORR" in rows.columns
    constant = options.variance_rows(grid.assign(**{"best.orr": 3}))
    assert "ORR" not in constant.columns


def test_marks_whose_title_needs_two_lines(shares):
    figure = draw_marks(shares, "all", 384, patients=10_000_000, caveats=CAVEATS)
    assert faults(figure) == []
    title = next(text for text in texts_of(figure) if text.startswith("All patients"))
    assert title.splitlines()[-1].endswith(("0", "1", "2")) and len(title.splitlines()[-1]) > 2
