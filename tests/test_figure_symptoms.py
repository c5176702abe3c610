from itertools import accumulate

import pandas as pd
import pytest

from analysis.criteria import Criteria
from analysis.symptoms import symptom_profile
from analysis.vocabulary import GRADE_LABELS, SYMPTOM_GROUP_LABELS
from compendium.drawing.symptoms import arrange, bar_segments, draw_symptoms
from compendium.reporting.caveats import RECONSTRUCTED_NOTE
from tests.cohorts import random_cohort
from tests.figure_checks import CAVEATS, drawn_texts, faults, texts_of

COUNTS = ["worse", "unchanged", "slight", "substantial", "dramatic", "disappeared"]


def profile_of(*rows):
    columns = ["label", "group", *COUNTS, "mean_score", "significance"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.assign(n=frame[COUNTS].sum(axis=1), method="exact", p_value=0.01, p_sign=0.2)


SMALL = profile_of(
    ("Headache", "pain", 1, 9, 2, 0, 1, 0, 0.95, "too_few"),
    ("Flush", "superficial_vasomotor", 0, 4, 3, 10, 7, 12, 0.335, "***"),
    ("Pruritus", "superficial_vasomotor", 2, 3, 1, 5, 8, 9, 0.125, "*"),
)


def bars(figure):
    """Count, left end and height on the page of every bar drawn, by grade."""
    found = {name: [] for name in COUNTS}
    for bar in figure.axes[0].patches:
        found[bar.get_label()].append((bar.get_width(), bar.get_x(), bar.get_y() + bar.get_height() / 2))
    return found


def inside(figure):
    """The texts within the bars, with their boxes in pixels."""
    axes = figure.axes[0]
    return [(t, box) for t, box in drawn_texts(figure) if t.axes is axes and t.get_transform() == axes.transData]


def test_bars_are_as_long_as_the_counts_and_touch():
    segments = bar_segments(SMALL.iloc[[0]])[["row", "grade", "left", "patients"]]
    assert segments.to_numpy().tolist() == [[0, 1.5, -10, 1], [0, 1.0, -9, 9], [0, 0.75, 0, 2], [0, 0.25, 2, 1]]
    rows = arrange(SMALL)[0]
    drawn = bars(draw_symptoms(SMALL, "all", 55))
    for row in rows.itertuples():
        mine = {name: [bar[:2] for bar in drawn[name] if abs(bar[2] - row.y) < 1e-9] for name in COUNTS}
        assert {name: sum(width for width, _ in mine[name]) for name in COUNTS} == {n: getattr(row, n) for n in COUNTS}
        improved = [bar for name in COUNTS[2:] for bar in mine[name]]
        assert [left for _, left in improved] == [0, *accumulate(width for width, _ in improved)][:-1]
        assert [left + width for width, left in mine["unchanged"]] == [0] * (row.unchanged > 0)
        assert [left + width for width, left in mine["worse"]] == [-row.unchanged] * (row.worse > 0)
    cohort = random_cohort(55, 3)
    every = bars(draw_symptoms(symptom_profile(cohort), "all", 55)).values()
    assert sum(width for drawn in every for width, _, _ in drawn) == (cohort.symptoms["onset"] == "baseline").sum()


def test_groups_come_in_their_order_and_the_most_improved_first():
    rows, begin, _ = arrange(SMALL)
    assert rows["label"].tolist() == ["Pruritus", "Flush", "Headache"]
    assert arrange(SMALL, "list")[0]["label"].tolist() == ["Flush", "Pruritus", "Headache"]
    assert begin.index.tolist() == ["Superficial vasomotor", "Musculoskeletal pain and headache"]
    assert rows["y"].is_monotonic_increasing
    assert begin.iloc[0] < rows["y"].iloc[0] and rows["y"].iloc[1] < begin.iloc[1] < rows["y"].iloc[2]


def test_everything_is_said():
    texts = texts_of(draw_symptoms(SMALL, "primary", 41, criteria=Criteria(alpha=0.01), caveats=CAVEATS))
    whole = " ".join(texts)
    for needed in [*SMALL["label"], *GRADE_LABELS.values(), "0.95", "0.34", "0.13", "***", "too few", "36", "28", "13"]:
        assert needed in texts
    usual = " ".join(texts_of(draw_symptoms(SMALL, "all", 55))).replace("\n", " ")
    assert "Unadjusted p < 0.05: 3, by the exact sign test 0." in usual and "Wilcoxon test" in usual
    sign = " ".join(texts_of(draw_symptoms(SMALL, "all", 55, criteria=Criteria(test="sign")))).replace("\n", " ")
    assert "Sign test" in sign and "Wilcoxon" not in sign and "(2 tests)" in sign
    for needed in [
        "Primary MCAS (N = 41): symptoms under omalizumab",
        "ns: p ≥ 0.01; *: p < 0.01",
        "at best response",
        RECONSTRUCTED_NOTE,
    ]:
        assert needed in whole
    assert "Urinary" not in texts
    assert RECONSTRUCTED_NOTE not in " ".join(texts_of(draw_symptoms(SMALL, "primary", 41)))


def test_number_in_a_segment_is_its_count():
    flush = arrange(SMALL)[0].set_index("label").at["Flush", "y"]
    places = [(*text.get_position(), text.get_text()) for text, _ in inside(draw_symptoms(SMALL, "all", 55))]
    written = sorted((x, text) for x, y, text in places if abs(y - flush) < 1e-9)
    assert written == [(-2, "4"), (1.5, "3"), (8, "10"), (16.5, "7"), (26, "12")]


def test_a_number_is_written_only_where_it_fits():
    rows = [("Flush", "superficial_vasomotor", n, 90, n, 80, n, n, 0.6, "***") for n in (1, 2, 3, 7, 11)]
    figure = draw_symptoms(profile_of(*rows), "all", 250)
    texts = inside(figure)
    boxes = [bar.get_window_extent() for bar in figure.axes[0].patches]
    written = [text.get_text() for text, _ in texts]
    assert written.count("90") == written.count("80") == len(rows)
    assert 0 < sum(text in ("1", "2", "3", "7", "11") for text in written) < 4 * len(rows)
    for text, box in texts:
        assert any(bar.x0 < box.x0 and box.x1 < bar.x1 and bar.y0 < box.y1 and box.y0 < bar.y1 for bar in boxes), text


def test_a_large_cohort_with_all_groups_and_a_symptom_whose_grades_are_all_missing():
    rows = [(f"Symptom {g}", g, 30_000, 120_000, 90_000, 150_000, 99_999, 1, 0.7, "***") for g in SYMPTOM_GROUP_LABELS]
    figure = draw_symptoms(profile_of(*rows), "all", 1_000_000)
    assert faults(figure) == []
    assert "490,000" in texts_of(figure)
    rows = profile_of(("Flush", "superficial_vasomotor", 0, 0, 0, 0, 0, 0, None, "ns"))
    figure = draw_symptoms(rows.astype({"mean_score": float}), "all", 3, criteria=Criteria(symptoms_at="last"))
    assert faults(figure) == []
    assert "–" in texts_of(figure) and "at last follow-up" in " ".join(texts_of(figure))


def test_what_cannot_be_drawn():
    with pytest.raises(ValueError, match="order 'name' is unknown; allowed are score, list"):
        draw_symptoms(SMALL, "all", 55, order="name")
    with pytest.raises(ValueError, match="no rows; at least one symptom"):
        draw_symptoms(SMALL.iloc[:0], "all", 55)


@pytest.mark.parametrize("patients", [1, 100_000])
@pytest.mark.parametrize("grade", ["worse", "unchanged", "slight", "disappeared"])
def test_one_symptom_that_ended_alike_in_all_patients(patients, grade):
    counts = [patients if name == grade else 0 for name in COUNTS]
    figure = draw_symptoms(profile_of(("Flush", "superficial_vasomotor", *counts, 1.0, "ns")), "all", patients)
    assert faults(figure) == []
    assert {"Improved", "Not improved", f"{patients:,}"} <= {*texts_of(figure)}
    axes, heads = figure.axes[0], {text.get_text(): box for text, box in drawn_texts(figure)}
    zero, (low, high) = axes.transData.transform((0, 0))[0], axes.get_xlim()
    assert heads["Not improved"].x1 < zero < heads["Improved"].x0
    bars = axes.patches
    assert low < min(bar.get_x() for bar in bars) and max(bar.get_x() + bar.get_width() for bar in bars) < high
