import numpy as np
import pandas as pd
import pytest

from analysis.biology import direction, paired_frame
from analysis.figures.biology import DIRECTION_LOOKS, draw_biology, level_limits
from analysis.reporting.caveats import RECONSTRUCTED_NOTE
from analysis.statistics.paired import paired_t
from analysis.vocabulary import Analyte
from tests.cohorts import random_cohort
from tests.figure_checks import CAVEATS, drawing, faults, texts_of

TRYPTASE = pd.DataFrame({"before": [2.5, 30.0, 145.0], "on_therapy": [2.0, 36.0, 160.0]})
IGE = pd.DataFrame({"before": [3.5, 100.0, 100.0, 1616.0], "on_therapy": [6.6, 119.0, 60.0, 4356.0]})
PAIRS = {"tryptase": TRYPTASE, "total_ige": IGE}


def drawn(pairs, **options):
    tests = {name: paired_t(frame["before"], frame["on_therapy"]) for name, frame in pairs.items()}
    return draw_biology(pairs, tests, options.pop("population", "all"), **options)


def parts(axes):
    """The lines between the time points, by direction."""
    return {
        line.get_label(): line.get_xydata().reshape(-1, 3, 2) for line in axes.lines if np.isnan(line.get_ydata()).any()
    }


def lines(axes):
    """The two levels at the ends of every line between the time points."""
    ends = [part for several in parts(axes).values() for part in several]
    assert all(part[:2, 0].tolist() == [0, 1] for part in ends)
    return sorted(tuple(part[:2, 1]) for part in ends)


def points(axes, x):
    return sorted(y for line in axes.lines if line.get_marker() == "o" for a, y in line.get_xydata() if a == x)


def test_every_patient_has_a_line_and_two_points():
    figure = drawn(PAIRS, directions={"total_ige": direction(IGE)}, stable_percent=20)
    for axes, frame in zip(figure.axes, PAIRS.values(), strict=True):
        assert lines(axes) == sorted(frame.itertuples(index=False, name=None))
        assert points(axes, 0) == sorted(frame["before"])
        assert points(axes, 1) == sorted(frame["on_therapy"])
        low, high = axes.get_ylim()
        assert low < frame.min(axis=None) and frame.max(axis=None) < high
        assert axes.get_yscale() == "log"


def test_means_stand_at_their_height_and_are_printed():
    figure = drawn(PAIRS)
    for axes, frame, printed in zip(figure.axes, PAIRS.values(), (("59.2", "66.0"), ("454.9", "1135.4")), strict=True):
        heights = sorted(line.get_ydata()[0] for line in axes.lines if line.get_label() == "mean")
        assert heights == pytest.approx(sorted(sum(frame[name]) / len(frame) for name in frame))
        assert {f"mean\n{text}" for text in printed} <= {*texts_of(figure)}


def test_directions_are_counted_and_told_apart():
    figure = drawn(PAIRS, directions={"total_ige": direction(IGE)}, stable_percent=20)
    texts = texts_of(figure)
    assert {"2 increased", "1 stable", "1 decreased"} <= {*texts}
    drawn_parts = parts(figure.axes[1])
    assert {name: len(part) for name, part in drawn_parts.items()} == {"increased": 2, "stable": 1, "decreased": 1}
    assert drawn_parts["decreased"][0, :2, 1].tolist() == [100, 60]
    assert "Stable: changed by at most 20%." in " ".join(texts)
    assert "Stable" not in " ".join(texts_of(drawn(PAIRS)))
    assert list(DIRECTION_LOOKS) == list(direction(IGE).cat.categories)


def test_panels_say_analyte_unit_number_and_test():
    texts = texts_of(drawn(PAIRS, caveats=CAVEATS))
    assert {"A  Serum tryptase, ng/mL", "B  Total IgE, UI/mL"} <= {*texts}
    expected = paired_t(TRYPTASE["before"], TRYPTASE["on_therapy"]).p_value
    assert f"n = 3; paired t test: p = {expected:.3f}" in texts
    assert RECONSTRUCTED_NOTE in " ".join(texts)


def test_a_very_small_p_value():
    frame = pd.DataFrame({"before": np.arange(1.0, 30), "on_therapy": np.arange(1.0, 30) * 2 + 10})
    assert "n = 29; paired t test: p < 0.001" in texts_of(drawn({"tryptase": frame}))


def test_nobody_and_one_patient():
    figure = drawn({"tryptase": TRYPTASE.iloc[:0], "total_ige": IGE.iloc[:1]})
    texts = texts_of(figure)
    assert "No patient has a sample\nbefore and one on omalizumab" in texts
    assert {"n = 0; paired t test: not tested", "n = 1; paired t test: not tested"} <= {*texts}
    assert faults(figure) == []


@pytest.mark.parametrize("levels", [[(0.0, 0.0)], [(0.0, 5.0), (3.0, 0.0)]])
def test_a_level_of_zero_stands_at_the_lower_edge(levels):
    frame = pd.DataFrame(levels, columns=["before", "on_therapy"])
    figure = drawn({"tryptase": frame})
    low = figure.axes[0].get_ylim()[0]
    assert lines(figure.axes[0]) == sorted((max(a, low), max(b, low)) for a, b in levels)
    assert "A level of 0 stands at the lower edge." in " ".join(texts_of(figure))
    assert faults(figure) == []


@pytest.mark.parametrize(("low", "high"), [(2.5, 145), (3.5, 4356), (0.02, 0.03), (12, 13), (1, 1), (0.5, 90000)])
def test_a_power_of_ten_lies_on_the_scale(low, high):
    bottom, top = level_limits(pd.DataFrame({"before": [low], "on_therapy": [high]}))
    assert bottom < low and high < top
    assert any(bottom <= 10.0**power <= top for power in range(-4, 8))
    figure = drawn({"tryptase": pd.DataFrame({"before": [low], "on_therapy": [high]})})
    ticks = [text for text in texts_of(figure) if text.replace(",", "").replace(".", "").isdigit()]
    assert ticks
    assert faults(figure) == []


@pytest.mark.parametrize(
    ("n", "population"), [(1, "all"), (14, "idiopathic"), (41, "primary"), (55, "all"), (900, "all")]
)
def test_nothing_overlaps_or_is_cut_off(n, population):
    cohort = random_cohort(n, 6, population)
    pairs = {analyte: paired_frame(cohort, analyte) for analyte in Analyte}
    ways = {analyte: direction(frame) for analyte, frame in pairs.items()}
    figure = drawn(pairs, population=population, directions=ways, stable_percent=20, caveats=CAVEATS)
    assert faults(figure) == []
    assert figure.get_size_inches() * 2.54 == pytest.approx([18, 9])


def test_input_is_left_alone_and_the_drawing_repeats_itself():
    before = {name: frame.copy(deep=True) for name, frame in PAIRS.items()}
    assert drawing(drawn(PAIRS)) == drawing(drawn(PAIRS))
    for name, frame in before.items():
        pd.testing.assert_frame_equal(PAIRS[name], frame)


def test_unknown_population():
    with pytest.raises(ValueError, match="'SSM' is not a valid Population"):
        drawn(PAIRS, population="SSM")
