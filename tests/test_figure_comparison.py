from pathlib import Path

import pandas as pd
import pytest

from compendium.drawing.comparison import SMALLEST, draw_comparison, drawn_rates
from compendium.drawing.page import PAGE_HEIGHT_CM
from compendium.reporting.caveats import RECONSTRUCTED_NOTE
from compendium.reporting.published_rows import rate_notes
from compendium.verification.published import built_values
from compendium.verification.published_rates import compared_rates
from tests.figure_checks import CAVEATS, drawing, faults, texts_of

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def rates():
    return compared_rates(ROOT / "data" / "published", built_values(ROOT / "figures"))


def moved(rates, own=0.25, size=5000):
    """The same rows with other numbers of the own cohort."""
    n = pd.array([round(own * size)] * len(rates), dtype="Int64")
    numbers = {"own_n": n, "own_denominator": pd.array([size] * len(rates), dtype="Int64"), "own_percent": 100 * own}
    difference = 100 * own - rates["published_percent"]
    low, high = (difference - 21.5).clip(lower=-100), (difference + 17.5).clip(upper=100)
    return rates.assign(**numbers, difference=difference, low=low, high=high)


def without_own(rates):
    empty = dict.fromkeys(["own_percent", "difference", "low", "high"], float("nan"))
    return rates.assign(own_n=pd.NA, own_denominator=pd.NA, **empty)


def points(axes, label):
    """The lines of a kind as (from, to, height), from above."""
    found = [line.get_xydata() for line in axes.lines if line.get_label() == label]
    return sorted([(ends[0][0], ends[-1][0], ends[0][1]) for ends in found], key=lambda line: line[2])


def test_outcomes_of_all_patients_are_drawn(rates):
    found = drawn_rates(rates)
    assert 30 < len(found) < 45
    names = set(found["quantity"])
    assert {"table_2:best.orr:all", "followup.ongoing.all", "dosing.escalated.all", "safety.severe.all"} <= names
    left_out = {"table_2:best.orr:ISM", "safety.event.fatigue.all", "biology.total_ige.stable", "table_2:last.nr:all"}
    assert not names & (left_out | {"table_1:presentation.skin:all", "dosing.improved.weekly"})
    assert left_out < set(rates["quantity"])
    assert found["published_denominator"].min() >= SMALLEST


def test_every_rate_and_interval_stands_where_its_numbers_are(rates):
    numbers = moved(rates)
    rows, figure = drawn_rates(numbers), draw_comparison(numbers)
    shares, differences = figure.axes
    assert [point[0] for point in points(shares, "own")] == rows["own_percent"].tolist()
    assert [point[0] for point in points(shares, "published")] == rows["published_percent"].tolist()
    assert [point[:2] for point in points(differences, "interval")] == list(zip(rows["low"], rows["high"], strict=True))
    assert [point[0] for point in points(differences, "difference")] == rows["difference"].tolist()
    assert [point[2] for point in points(differences, "difference")] == [point[2] for point in points(shares, "own")]
    texts = texts_of(figure)
    # 25 % against 43 of 55.
    assert {"Any response at best response", "−53.2 (−74.7 to −35.7)", "Best response", "Safety"} <= {*texts}
    heights = {text.get_text(): text.get_position()[1] for text in shares.texts}
    assert heights["−53.2 (−74.7 to −35.7)"] == heights["Any response at best response"]


def test_a_rate_that_the_cohort_does_not_have_shows_that_of_the_paper_alone(rates):
    figure = draw_comparison(without_own(rates))
    shares, differences = figure.axes
    size = len(drawn_rates(rates))
    assert len(points(shares, "published")) == size
    assert not points(shares, "own") + points(differences, "interval") + points(differences, "difference")
    assert texts_of(figure).count("–") == size


@pytest.mark.parametrize("change", [moved, without_own, lambda rates: rates], ids=["5000", "none", "shipped"])
def test_nothing_overlaps_or_is_cut_off(rates, change):
    numbers = change(rates)
    figure = draw_comparison(numbers, rate_notes(numbers), caveats=(CAVEATS[0], CAVEATS[-1]))
    assert faults(figure) == []
    assert RECONSTRUCTED_NOTE in " ".join(texts_of(figure))
    width, height = figure.get_size_inches() * 2.54
    assert width == pytest.approx(18)
    assert height <= PAGE_HEIGHT_CM


def test_input_is_left_alone_and_the_drawing_repeats_itself(rates):
    before = rates.copy(deep=True)
    assert drawing(draw_comparison(rates)) == drawing(draw_comparison(rates))
    pd.testing.assert_frame_equal(rates, before)


def test_nothing_to_draw_is_refused(rates):
    with pytest.raises(ValueError, match="there is no rate to draw; at least one outcome of all patients is needed"):
        draw_comparison(rates[rates["section"] == "Characteristics"])
