import numpy as np
import pandas as pd
import pytest

from analysis.biology import direction
from analysis.statistics.paired import paired_t
from compendium.drawing.biology import DIRECTION_LOOKS, MOST_LINES, draw_biology, level_limits, ratio_limit
from compendium.reporting.caveats import RECONSTRUCTED_NOTE
from tests.figure_checks import CAVEATS, faults, texts_of

TRYPTASE = pd.DataFrame({"before": [2.5, 30.0, 145.0], "on_therapy": [2.0, 36.0, 160.0]})
IGE = pd.DataFrame({"before": [3.5, 100.0, 100.0, 1616.0], "on_therapy": [6.6, 119.0, 60.0, 4356.0]})
PAIRS = {"tryptase": TRYPTASE, "total_ige": IGE}
TOLD_APART = {"directions": {"total_ige": direction(IGE)}, "stable_percent": 20}


def drawn(pairs, **options):
    tests = {name: paired_t(frame["before"], frame["on_therapy"]) for name, frame in pairs.items()}
    return draw_biology(pairs, tests, options.pop("population", "all"), **options)


def parts(axes):
    """The lines between the time points, by direction."""
    found = {line.get_label(): line.get_xydata() for line in axes.lines if np.isnan(line.get_ydata()).any()}
    return {name: points.reshape(-1, 3, 2) for name, points in found.items()}


def lines(axes):
    """The two levels at the ends of every line between the time points."""
    ends = [part for several in parts(axes).values() for part in several]
    assert all(part[:2, 0].tolist() == [0, 1] for part in ends)
    return sorted(tuple(part[:2, 1]) for part in ends)


def points(axes, x):
    return sorted(y for line in axes.lines if line.get_marker() == "o" for a, y in line.get_xydata() if a == x)


def test_every_patient_has_a_line_and_two_points():
    for axes, frame in zip(drawn(PAIRS, **TOLD_APART).axes, PAIRS.values(), strict=True):
        assert lines(axes) == sorted(frame.itertuples(index=False, name=None))
        assert [points(axes, x) for x in (0, 1)] == [sorted(frame[name]) for name in frame]
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
    figure = drawn(PAIRS, **TOLD_APART)
    texts, found = texts_of(figure), parts(figure.axes[1])
    assert {"2 increased", "1 stable", "1 decreased"} <= {*texts}
    assert {name: len(part) for name, part in found.items()} == {"increased": 2, "stable": 1, "decreased": 1}
    assert found["decreased"][0, :2, 1].tolist() == [100, 60]
    assert "Stable: changed by at most 20%." in " ".join(texts)
    assert list(DIRECTION_LOOKS) == list(direction(IGE).cat.categories)


def test_panels_say_analyte_unit_number_and_test():
    texts = texts_of(drawn(PAIRS, caveats=CAVEATS))
    assert {"A  Serum tryptase, ng/mL", "B  Total IgE, UI/mL"} <= {*texts}
    expected = paired_t(TRYPTASE["before"], TRYPTASE["on_therapy"]).p_value
    assert f"n = 3; paired t test: p = {expected:.3f}" in texts
    assert RECONSTRUCTED_NOTE in " ".join(texts) and "Stable" not in " ".join(texts)
    rising = pd.DataFrame({"before": np.arange(1.0, 30), "on_therapy": np.arange(1.0, 30) * 2 + 10})
    assert "n = 29; paired t test: p < 0.001" in texts_of(drawn({"tryptase": rising}))


def test_nobody_one_patient_and_levels_of_zero():
    figure = drawn({"tryptase": TRYPTASE.iloc[:0], "total_ige": IGE.iloc[:1]})
    assert faults(figure) == []
    expected = {f"n = {n}; paired t test: not tested" for n in (0, 1)}
    assert expected | {"No patient has a sample\nbefore and one on omalizumab"} <= {*texts_of(figure)}
    for levels in ([(0.0, 0.0)], [(0.0, 5.0), (3.0, 0.0)]):
        figure = drawn({"tryptase": pd.DataFrame(levels, columns=["before", "on_therapy"])})
        low = figure.axes[0].get_ylim()[0]
        assert lines(figure.axes[0]) == sorted((max(a, low), max(b, low)) for a, b in levels)
        assert "A level of 0 stands at the lower edge." in " ".join(texts_of(figure))
        assert faults(figure) == []


@pytest.mark.parametrize(("low", "high"), [(2.5, 145), (3.5, 4356), (0.02, 0.03), (12, 13), (1, 1), (0.5, 90000)])
def test_a_power_of_ten_lies_on_the_scale(low, high):
    frame = pd.DataFrame({"before": [low], "on_therapy": [high]})
    bottom, top = level_limits(frame)
    assert bottom < low and high < top
    assert any(bottom <= 10.0**power <= top for power in range(-4, 8))
    figure = drawn({"tryptase": frame})
    assert any(text.replace(",", "").replace(".", "").isdigit() for text in texts_of(figure))  # a tick
    assert faults(figure) == []


def wide(n):
    """Levels of n patients, in which the last two are 0 before omalizumab."""
    rng = np.random.default_rng(1)
    before = np.exp(rng.normal(4, 1, n))
    frame = pd.DataFrame({"before": before, "on_therapy": before * np.exp(rng.normal(0.3, 0.5, n))}).round(1)
    frame.loc[n - 2 :, "before"] = 0.0
    return frame


@pytest.mark.parametrize(("n", "drawn_as_lines"), [(MOST_LINES, True), (MOST_LINES + 1, False)])
def test_more_patients_than_lines_can_be_told_apart_are_drawn_as_distributions(n, drawn_as_lines):
    figure = drawn({"tryptase": wide(n)})
    assert bool(parts(figure.axes[-1])) == drawn_as_lines
    assert ("Each line is a patient" in " ".join(texts_of(figure))) == drawn_as_lines
    assert len(figure.axes) == (1 if drawn_as_lines else 2)
    assert (figure.get_size_inches()[1] * 2.54 == pytest.approx(9)) == drawn_as_lines
    assert faults(figure) == []


def test_distributions_count_every_patient_at_the_level_and_ratio():
    frame = wide(3_000)
    ways = direction(frame)
    figure = drawn({"total_ige": frame}, directions={"total_ige": ways}, stable_percent=20)
    ratios, levels = figure.axes
    medians = {line.get_xdata()[0]: line.get_ydata()[0] for line in levels.lines if line.get_label() == "median"}
    assert medians == pytest.approx(dict(enumerate(frame.median())))
    for patch, name, place in zip(levels.patches, frame, (0, 1), strict=True):
        reach, edges, _ = patch.get_data()
        bins = [((edges[:-1] <= x) & (x < edges[1:])).argmax() for x in frame[name].clip(lower=edges[0])]
        widths = np.abs(reach - place)
        expected = np.bincount(bins, minlength=len(reach)) / len(frame)
        np.testing.assert_allclose(widths / widths.sum(), expected, atol=1e-12)
    stacked = {patch.get_label(): patch.get_data() for patch in ratios.patches}
    counts = ways.value_counts().to_dict()
    assert {name: (part.values - part.baseline).sum() for name, part in stacked.items()} == counts
    assert stacked["increased"].values.tolist() == stacked["stable"].baseline.tolist()
    assert {f"{n:,} {name}" for name, n in counts.items()} <= {*texts_of(figure)}
    # What increased lies above 1, and the rise from 0 at the end of the scale.
    edges, values = stacked["increased"].edges, stacked["increased"].values
    assert values[edges[1:] <= 1].sum() == 0 and values[-1] >= 2


def test_scale_of_ratios_ends_at_the_largest_unless_a_few_would_hide_the_others():
    for largest, end in {1.0: 2.0, 1.5: 2.0, 4.0: 4.2, 1e6: 1000.0, np.inf: 1000.0}.items():
        for value in (largest, 1 / largest):
            assert ratio_limit(pd.Series([1.0, value])) == pytest.approx(end)
    assert ratio_limit(pd.Series([3.0] * 20_000 + [1e5] * 5)) == pytest.approx(3.15)


@pytest.mark.parametrize(
    ("first", "second", "note"),
    [(3, wide(400), "In A each line is a patient."), (0, wide(400), ""), (0, IGE.iloc[:0], "")],
)
def test_a_line_is_said_to_be_a_patient_only_where_there_are_lines(first, second, note):
    options = {"directions": {"total_ige": direction(second)}, "stable_percent": 20} if note else {"caveats": CAVEATS}
    figure = drawn({"tryptase": TRYPTASE.iloc[:first], "total_ige": second}, **options)
    assert faults(figure) == []
    text = " ".join(texts_of(figure))
    assert note in text and ("line is a patient" in text) == bool(note)
