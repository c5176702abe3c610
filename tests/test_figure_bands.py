"""Figure 2 of cohorts too large for a row per patient: the bands say the same as the rows would."""

import io

import numpy as np
import pandas as pd
import pytest
from matplotlib.patches import PathPatch

from analysis.followup import course_frame
from analysis.vocabulary import StopReason
from compendium.drawing.followup import draw_followup
from compendium.drawing.followup_bands import LEAST_CM, STATES, band_heights, occupancy
from compendium.drawing.followup_lanes import phases
from tests.cohorts import random_cohort
from tests.figure_checks import CAVEATS, drawing, faults, texts_of
from tests.test_figure_followup import NONE, SMALL, frame_of

END = 36 * 1.06
"""Where the scale of the small example ends, in months."""


def banded(frame, **options):
    return draw_followup(frame, "all", **({"least_row_cm": 9} | options))


def areas(figure):
    """The area of each state in each band, in months times centimetres."""
    found = {}
    for area in figure.axes[0].collections:
        x, y = area.get_paths()[0].vertices.T
        found[area.get_label()] = abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2
    return found


def extents(figure, month):
    """Upper and lower end of each state above a month, in centimetres from above."""
    found = {}
    for area in figure.axes[0].collections:
        ends = []
        for (a, y), (b, z) in zip(area.get_paths()[0].vertices[:-1], area.get_paths()[0].vertices[1:], strict=True):
            if min(a, b) < month < max(a, b):
                ends.append(y + (z - y) * (month - a) / (b - a))
        found[area.get_label()] = (min(ends), max(ends))
    return {name: ends for name, ends in found.items() if ends[1] - ends[0] > 1e-9}


def outline(figure):
    """Top and height of the frame of each band, from above."""
    return [(patch.get_y(), patch.get_height()) for patch in figure.axes[0].patches]


def test_states_by_hand():
    counts = occupancy(SMALL[SMALL["best_response"] == "MR"])
    # Courses of 13 (stopped), 11 and 36 months, with (first, best) response at (2, 6), (2, 2) and (1, 6).
    assert counts.columns.tolist() == list(STATES)
    assert counts.index.tolist() == list(range(37))
    rows = counts.drop(columns="unknown").loc[[0, 1, 2, 5, 6, 10, 11, 12, 13, 35, 36]].to_numpy().tolist()
    assert rows == [
        [0, 0, 0, 3, 0],
        [0, 0, 1, 2, 0],
        [0, 1, 2, 0, 0],
        [0, 1, 2, 0, 0],
        [0, 3, 0, 0, 0],
        [0, 3, 0, 0, 0],
        [1, 2, 0, 0, 0],
        [1, 2, 0, 0, 0],
        [1, 1, 0, 0, 1],
        [1, 1, 0, 0, 1],
        [2, 0, 0, 0, 1],
    ]


@pytest.mark.parametrize("seed", range(3))
def test_states_of_each_patient_one_by_one(seed):
    frame = course_frame(random_cohort(200, seed))
    for name in ("duration_months", "months_to_first_response", "months_to_best_response"):
        frame[name] *= 1.3  # so that phases end within months
    frame.loc[frame.index[::9], "months_to_best_response"] = np.nan
    counts, parts = occupancy(frame), phases(frame)
    expected = pd.DataFrame(0, counts.index, list(STATES))
    for patient, months in parts.iterrows():
        for month in counts.index:
            past = 0.0
            state = "ongoing" if frame.at[patient, "ongoing"] else "stopped"
            for name, length in months.items():
                past += length
                if month < past:
                    state = name
                    break
            expected.at[month, state] += 1
    pd.testing.assert_frame_equal(counts, expected, check_dtype=False)
    assert (counts["unknown"] > 0).any()
    assert counts.iloc[-1][["ongoing", "stopped"]].sum() == len(frame)


def test_areas_are_the_months_that_patients_spent_in_each_state():
    figure = banded(SMALL)
    (mr, height), (_, pr_height), (_, nr_height) = outline(figure)
    assert height == pytest.approx(1.5 * pr_height) and pr_height == pytest.approx(2 * nr_height)
    months = {name: area / (height / 3) for name, area in areas(figure).items()}  # a patient is as high everywhere
    assert months == pytest.approx(
        {
            "MR waiting": 2 + 2 + 1,
            "MR deepening": 4 + 0 + 5,
            "MR after": 7 + 9 + 30,
            "MR ongoing": (END - 11) + (END - 36),
            "MR stopped": END - 13,
            "PR waiting": 3,
            "PR deepening": 6,
            "PR unknown": 10,
            "PR ongoing": END - 10,
            "PR stopped": END - 9,
            "NR waiting": 4,
            "NR stopped": END - 4,
        }
    )
    third = height / 3
    at = {name: ends for name, ends in extents(figure, 20.5).items() if name.startswith("MR")}
    assert at["MR ongoing"] == pytest.approx((mr, mr + third))
    assert at["MR after"] == pytest.approx((mr + third, mr + 2 * third))
    assert at["MR stopped"] == pytest.approx((mr + 2 * third, mr + height))


def test_what_is_not_marked_is_counted():
    text = " ".join(texts_of(banded(SMALL, caveats=CAVEATS)))
    assert "dose escalation 2 (33.3), weekly schedule 1 (16.7)" in text
    assert (
        "reasons for stopping: lack of efficacy 1 (16.7), loss of response 1 (16.7), pregnancy intent 1 (16.7)." in text
    )
    assert "Major response  3 (50.0)" in text and "All patients (N = 6)" in text
    assert "Each bar is one patient" not in text
    assert {"Dose escalation", "Weekly schedule"} & set(texts_of(banded(SMALL))) == set()
    quiet = banded(SMALL.iloc[[2]])
    assert "Not marked in the bands: none; reasons for stopping: none." in " ".join(texts_of(quiet))


def test_rows_give_way_to_bands_when_they_would_be_too_low():
    frame = course_frame(random_cohort(120, 5))
    rows = draw_followup(frame, "all")
    after = next(line for line in rows.axes[0].lines if line.get_label() == "waiting")
    heights = np.unique(after.get_ydata()[~np.isnan(after.get_ydata())])
    pitch = np.diff(heights).min()
    assert drawing(draw_followup(frame, "all", least_row_cm=pitch * (1 - 1e-9))) == drawing(rows)
    bands = draw_followup(frame, "all", least_row_cm=pitch * (1 + 1e-9))
    assert len(bands.axes[0].collections) > 10 and not rows.axes[0].collections


@pytest.mark.parametrize(("n", "bands"), [(140, False), (200, True)])
def test_where_bands_begin(n, bands):
    assert bool(draw_followup(course_frame(random_cohort(n, 5)), "all").axes[0].collections) == bands


@pytest.mark.parametrize(
    ("counts", "expected"),
    [([30, 10], [9, 3]), ([1], [12]), ([10**6, 1, 2], [12 - 2 * LEAST_CM, LEAST_CM, LEAST_CM])],
)
def test_bands_are_as_high_as_their_patients_are_many(counts, expected):
    assert band_heights(pd.Series(counts), 12).tolist() == pytest.approx(expected)


def test_a_few_patients_among_thousands_can_be_seen():
    many = [("ISM", "MR", "MR", 20, True, None, 2, 6, NONE, NONE)] * 5_000
    few = [("CM", best, "loss_of_response", 9, False, "loss_of_response", 2, 3, NONE, NONE) for best in ("CR", "PR")]
    figure = banded(frame_of(*many, *few, ("CM", "NR", "NR", 3, False, "intolerance", NONE, NONE, NONE, NONE)))
    assert faults(figure) == []
    assert [height for _, height in outline(figure)][::2] == pytest.approx([LEAST_CM] * 2)
    texts = texts_of(figure)
    assert {"Complete response  1 (0.0)", "Partial response  1 (0.0)", "Loss of response  2 (0.0)"} <= {*texts}
    ribbons = [patch for patch in figure.axes[1].patches if isinstance(patch, PathPatch)]
    assert len(ribbons) == 4 and all(ribbon.get_linewidth() > 0 for ribbon in ribbons)


@pytest.mark.parametrize("n", [200, 5_000, 100_000])
def test_large_cohorts_can_be_read_and_sent(n):
    frame = course_frame(random_cohort(n, 4))
    figure = draw_followup(frame, "all", caveats=CAVEATS)
    assert faults(figure) == []
    assert figure.get_size_inches() * 2.54 == pytest.approx([18, 19], abs=2)
    texts = texts_of(figure)
    for response, label in {"CR": "Complete", "NR": "No"}.items():
        count = (frame["best_response"] == response).sum()
        assert any(text.startswith(f"{label} response  {count:,} (") for text in texts)
    for kind in ("svg", "pdf"):
        buffer = io.BytesIO()
        figure.savefig(buffer, format=kind)
        assert buffer.tell() < 1_000_000


@pytest.mark.parametrize("seed", range(2))
def test_courses_that_end_within_a_month_stay_on_the_scale(seed):
    frame = course_frame(random_cohort(300, seed))
    for name in ("duration_months", "months_to_first_response", "months_to_best_response"):
        frame[name] *= 0.051  # the longest course is 1.8 months, so that the second month goes beyond it
    figure = banded(frame)
    right = figure.axes[0].get_xlim()[1]
    for area in figure.axes[0].collections:
        assert area.get_paths()[0].vertices[:, 0].max() <= right + 1e-9
    bands = {response: height for (_, height), response in zip(outline(figure), ("CR", "MR", "PR", "NR"), strict=True)}
    found = areas(figure)
    for response, height in bands.items():
        assert sum(area for name, area in found.items() if name.startswith(response)) == pytest.approx(height * right)


@pytest.mark.parametrize("ongoing", [True, False])
@pytest.mark.parametrize("best", ["CR", "NR"])
def test_one_response_and_every_course_ended_alike(best, ongoing):
    last, reason = (best, None) if ongoing or best == "NR" else ("intolerance", "intolerance")
    reason = None if ongoing else StopReason.INTOLERANCE
    times = (NONE, NONE) if best == "NR" else (0, 0)
    frame = frame_of(*[("MMAS", best, last, 0, ongoing, reason, *times, NONE, NONE)] * 3)
    figure = banded(frame)
    assert faults(figure) == []
    assert list(areas(figure)) == [f"{best} {'ongoing' if ongoing else 'stopped'}"]
