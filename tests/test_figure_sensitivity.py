"""The specification curve and the marks: what is drawn where, and that it can be read."""

import numpy as np
import pandas as pd
import pytest

from analysis.criteria import PAPER, Criteria
from analysis.sensitivity import (
    OUTCOMES,
    RESPONSE_OPTIONS,
    SYMPTOM_OPTIONS,
    mark_shares,
    most_moving,
    one_at_a_time,
    response_grid,
    symptom_grid,
    values_of,
)
from analysis.symptoms import symptom_profile
from compendium.drawing.specifications import MARK_COLOURS, PANELS, draw_marks, draw_specifications, ordered, strips
from compendium.reporting import options
from compendium.reporting.caveats import RECONSTRUCTED_NOTE
from tests.cohorts import cohort_with, random_cohort
from tests.figure_checks import CAVEATS, faults, texts_of

COHORT = random_cohort(30, seed=4)


def shares_of(cohort):
    return symptom_profile(cohort)[["label", "group"]].join(mark_shares(symptom_grid(cohort)))


@pytest.fixture(scope="module")
def grid():
    return response_grid(COHORT)


@pytest.fixture(scope="module")
def changes():
    return one_at_a_time(COHORT)


@pytest.fixture(scope="module")
def shares():
    return shares_of(COHORT)


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
    figure = draw_specifications(grid, "all", 30 * times, caveats=CAVEATS)
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


def test_marks_are_drawn_as_shares(shares):
    figure = draw_marks(shares, "all", 384, patients=30, caveats=CAVEATS)
    assert faults(figure) == []
    texts = texts_of(figure)
    assert set(shares["label"]) <= set(texts)
    always, never = (shares["significant"] > 0.999).sum(), (shares["significant"] < 0.001).sum()
    assert f"under all rules: {always} of {len(shares)}; under none: {never}" in " ".join(texts)
    bars = {container.get_label(): [bar.get_width() for bar in container] for container in figure.axes[0].containers}
    assert all(sorted(bars[mark]) == pytest.approx(sorted(100 * shares[mark])) for mark in MARK_COLOURS)
    untestable = shares_of(cohort_with([[("baseline", 0.0, np.nan)]]))
    assert faults(draw_marks(untestable, "ISM", 384, patients=1)) == []


def test_figures_name_what_is_wrong(grid, shares):
    with pytest.raises(ValueError, match="the grid has no rows"):
        draw_specifications(grid.iloc[:0], "all", 30)
    with pytest.raises(ValueError, match="the shares have no rows"):
        draw_marks(shares.iloc[:0], "all", 384, patients=2)
    with pytest.raises(ValueError, match="everybody"):
        draw_specifications(grid, "everybody", 30)


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


@pytest.mark.parametrize("patients", [100_000, 10_000_000])
def test_marks_whose_title_needs_two_lines(shares, patients):
    figure = draw_marks(shares, "all", 384, patients=patients, caveats=CAVEATS)
    assert faults(figure) == []
    title = next(text for text in texts_of(figure) if text.startswith("All patients"))
    assert title.splitlines()[-1].endswith(("0", "1", "2")) and len(title.splitlines()[-1]) > 2
