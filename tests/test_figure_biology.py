import io

import numpy as np
import pandas as pd
import pytest

from analysis.biology import direction, paired_frame
from analysis.statistics.paired import paired_t
from analysis.vocabulary import Analyte
from compendium.drawing.biology import DIRECTION_LOOKS, MOST_LINES, draw_biology, level_limits, ratio_limit
from compendium.reporting.caveats import RECONSTRUCTED_NOTE
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
    assert figure.get_size_inches()[0] * 2.54 == pytest.approx(18)
    assert (figure.get_size_inches()[1] * 2.54 == pytest.approx(9)) == (n < 900)


def test_input_is_left_alone_and_the_drawing_repeats_itself():
    before = {name: frame.copy(deep=True) for name, frame in PAIRS.items()}
    assert drawing(drawn(PAIRS)) == drawing(drawn(PAIRS))
    for name, frame in before.items():
        pd.testing.assert_frame_equal(PAIRS[name], frame)


def test_unknown_population():
    with pytest.raises(ValueError, match="'SSM' is not a valid Population"):
        drawn(PAIRS, population="SSM")


def wide(n, seed=1):
    """Levels of n patients, in which the last two are 0 before omalizumab."""
    rng = np.random.default_rng(seed)
    before = np.exp(rng.normal(4, 1, n))
    frame = pd.DataFrame({"before": before, "on_therapy": before * np.exp(rng.normal(0.3, 0.5, n))}).round(1)
    frame.loc[n - 2 :, "before"] = 0.0
    return frame


def test_more_patients_than_lines_can_be_told_apart_are_drawn_as_distributions():
    for n, drawn_as_lines in ((MOST_LINES, True), (MOST_LINES + 1, False)):
        figure = drawn({"tryptase": wide(n)})
        assert bool(parts(figure.axes[-1])) == drawn_as_lines
        assert ("Each line is a patient" in " ".join(texts_of(figure))) == drawn_as_lines
        assert len(figure.axes) == (1 if drawn_as_lines else 2)
        assert faults(figure) == []


def test_distributions_count_every_patient_at_the_level_and_ratio():
    frame = wide(3_000)
    ways = direction(frame)
    figure = drawn({"total_ige": frame}, directions={"total_ige": ways}, stable_percent=20)
    ratios, levels = figure.axes
    for patch, name, place in zip(levels.patches, frame, (0, 1), strict=True):
        reach, edges, _ = patch.get_data()
        bins = [((edges[:-1] <= x) & (x < edges[1:])).argmax() for x in frame[name].clip(lower=edges[0])]
        counts = np.bincount(bins, minlength=len(reach))
        widths = np.abs(reach - place)
        np.testing.assert_allclose(widths / widths.sum(), counts / len(frame), atol=1e-12)
    for x, name in enumerate(frame):
        (median,) = [
            line.get_ydata()[0] for line in levels.lines if line.get_label() == "median" and line.get_xdata()[0] == x
        ]
        assert median == pytest.approx(frame[name].median())
    stacked = {patch.get_label(): patch.get_data() for patch in ratios.patches}
    for name, count in ways.value_counts().items():
        assert (stacked[name].values - stacked[name].baseline).sum() == count
    assert all(a == b for a, b in zip(stacked["increased"].values, stacked["stable"].baseline, strict=True))
    assert {f"{n:,} {name}" for name, n in ways.value_counts().items()} <= {*texts_of(figure)}
    # What increased lies above 1, and the rise from 0 at the end of the scale.
    edges, values = stacked["increased"].edges, stacked["increased"].values
    assert values[edges[1:] <= 1].sum() == 0 and values[-1] >= 2


@pytest.mark.parametrize(("largest", "end"), [(1.0, 2.0), (1.5, 2.0), (4.0, 4.2), (1e6, 1000.0), (np.inf, 1000.0)])
def test_scale_of_ratios_ends_at_the_largest(largest, end):
    for value in (largest, 1 / largest):
        assert ratio_limit(pd.Series([1.0, value])) == pytest.approx(end)


def test_a_few_extreme_ratios_do_not_hide_the_others():
    assert ratio_limit(pd.Series([3.0] * 20_000 + [1e5] * 5)) == pytest.approx(3.15)


def test_one_analyte_of_many_patients_and_one_of_few():
    figure = drawn(PAIRS | {"total_ige": wide(400)}, directions={"total_ige": direction(wide(400))}, stable_percent=20)
    assert faults(figure) == []
    assert "In A each line is a patient." in " ".join(texts_of(figure))
    figure = drawn({"tryptase": TRYPTASE.iloc[:0], "total_ige": wide(400)})
    assert faults(figure) == [] and "line is a patient" not in " ".join(texts_of(figure))


def test_nothing_is_said_of_lines_where_nobody_was_tested():
    figure = drawn({"tryptase": TRYPTASE.iloc[:0], "total_ige": IGE.iloc[:0]}, caveats=CAVEATS)
    assert faults(figure) == [] and "line is a patient" not in " ".join(texts_of(figure))


@pytest.mark.parametrize("n", [200, 5_000, 100_000])
def test_large_cohorts_can_be_read_and_sent(n):
    pairs = {"tryptase": wide(n), "total_ige": wide(n, 2)}
    figure = drawn(pairs, directions={"total_ige": direction(pairs["total_ige"])}, stable_percent=20, caveats=CAVEATS)
    assert faults(figure) == []
    assert figure.get_size_inches()[0] * 2.54 == pytest.approx(18)
    assert figure.get_size_inches()[1] * 2.54 < 16
    for kind in ("svg", "pdf"):
        buffer = io.BytesIO()
        figure.savefig(buffer, format=kind)
        assert buffer.tell() < 1_000_000
