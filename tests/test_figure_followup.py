"""Figure 2: lanes of patients and bands of large cohorts say the same, and ribbons lead each patient where he went."""

from collections import Counter
from itertools import pairwise
from unittest import mock

import numpy as np
import pandas as pd
import pytest
from matplotlib.patches import PathPatch, Rectangle

from analysis.followup import course_frame
from analysis.vocabulary import (
    FOLLOW_UP_STATUS_LABELS,
    STOP_REASON_LABELS,
    Diagnosis,
    FollowUpStatus,
    Response,
    StopReason,
)
from compendium.drawing import page
from compendium.drawing.courses import (
    EVENT_LABELS,
    LEAST_CM,
    STOP_BADGES,
    band_heights,
    phases,
    symbols,
)
from compendium.drawing.followup import (
    GAP,
    HEADING,
    LEAST_ROW_CM,
    STATUS_ORDER,
    arrange,
    draw_followup,
    node_places,
    transitions,
)
from compendium.reporting.caveats import RECONSTRUCTED_NOTE
from tests.cohorts import random_cohort
from tests.figure_checks import CAVEATS, drawing, faults, texts_of

KINDS = {"diagnosis": Diagnosis, "best_response": Response, "last_status": FollowUpStatus, "duration_months": None}
KINDS |= {"ongoing": None, "stop_reason": StopReason}
TIMES = ["months_to_first_response", "months_to_best_response", "escalation_month", "weekly_month"]
NONE = float("nan")
END = 36 * 1.06
"""Where the scale of the small example ends, in months."""


def frame_of(*rows):
    frame = pd.DataFrame(rows, columns=[*KINDS, *TIMES], index=[f"P{number}" for number in range(len(rows))])
    return frame.astype({n: pd.CategoricalDtype([*map(str, k)], ordered=True) for n, k in KINDS.items() if k})


SMALL = frame_of(
    ("ISM", "NR", "NR", 4, False, "lack_of_efficacy", NONE, NONE, NONE, 2),
    ("CM", "MR", "loss_of_response", 13, False, "loss_of_response", 2, 6, 4, NONE),
    ("ISM", "MR", "MR", 11, True, None, 2, 2, NONE, NONE),
    ("ISM", "MR", "MR", 36, True, None, 1, 6, 3, NONE),
    ("idiopathic_MCAS", "PR", "lost_to_follow_up", 9, False, "pregnancy_intent", 3, 9, NONE, NONE),
    ("CM", "PR", "PR", 10, True, None, NONE, NONE, NONE, NONE),
)


def banded(frame, **options):
    with mock.patch.dict(LEAST_ROW_CM, dict.fromkeys(LEAST_ROW_CM, 9)):
        return draw_followup(frame, "all", **options)


def widths(figure, phase):
    """Start and length of the bars of a phase, from above."""
    (line,) = [line for line in figure.axes[0].lines if line.get_label() == phase]
    ends = line.get_xydata().reshape(-1, 3, 2)
    assert np.isnan(ends[:, 2]).all() and (ends[:, 0, 1] == ends[:, 1, 1]).all()
    return [(start, end - start) for _, start, end in sorted((y, start, end) for (start, y), (end, _), _ in ends)]


def months_of(figure, name):
    """Where the symbols of a kind stand, from the lowest of their layers."""
    lines = [line for line in figure.axes[0].lines if line.get_label() == name]
    return sorted(lines[0].get_xdata()) if lines else []


def areas(figure):
    """The area of each state in each band, in months times centimetres."""
    found = {area.get_label(): area.get_paths()[0].vertices.T for area in figure.axes[0].collections}
    return {name: abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2 for name, (x, y) in found.items()}


def states_at(figure, month, y):
    """The states whose area lies at a month and a height."""
    areas = figure.axes[0].collections
    return [area.get_label() for area in areas if area.get_paths()[0].contains_point((month, y))]


def outline(figure):
    """Top and height of the frame of each band, from above."""
    return [(patch.get_y(), patch.get_height()) for patch in figure.axes[0].patches]


def test_phases_by_hand_and_that_they_fill_the_course():
    expected = [(4, 0, 0, 0), (2, 4, 7, 0), (2, 0, 9, 0), (1, 5, 30, 0), (3, 6, 0, 0), (0, 0, 0, 10)]
    assert [tuple(row) for row in phases(SMALL).to_numpy()] == expected
    frame = course_frame(random_cohort(1000, 0))
    months = phases(frame)
    assert (months >= 0).all(axis=None)
    np.testing.assert_allclose(months.sum(axis=1), frame["duration_months"])
    # Months of a response that other criteria deny are not drawn.
    strict = SMALL.assign(best_response=SMALL["best_response"].replace({"MR": "NR"}))
    assert phases(strict).loc["P1"].tolist() == [13, 0, 0, 0]
    assert months_of(draw_followup(strict, "all"), "months_to_best_response") == [9]


def test_rows_lie_under_their_heading_by_best_response_then_by_last_follow_up():
    frame = arrange(SMALL)
    assert frame.index.tolist() == ["P3", "P2", "P1", "P5", "P4", "P0"]
    y, tops = page.place_rows(frame["best_response"], 0.3, HEADING, GAP)
    assert np.diff(y)[[0, 1, 3]] == pytest.approx([0.3] * 3)
    assert (np.diff(y)[[2, 4]] > 0.3).all()
    assert tops.to_dict() == pytest.approx({"MR": y[0] - 0.15, "PR": y[3] - 0.15, "NR": y[5] - 0.15})


def test_bars_are_the_phases_and_every_event_has_its_symbol():
    figure, rows = draw_followup(SMALL, "all"), phases(arrange(SMALL))
    for phase in rows:
        assert [length for _, length in widths(figure, phase)] == [length for length in rows[phase] if length > 0]
    assert [start for start, _ in widths(figure, "after")] == [6, 2, 6]
    assert months_of(figure, "months_to_best_response") == [2, 6, 6, 9]
    assert months_of(figure, "escalation_month") == [3, 4]
    assert months_of(figure, "weekly_month") == [2]
    assert months_of(figure, "ongoing") == pytest.approx([10, 11, 36], abs=1)
    for reason in StopReason:
        stopped = SMALL.loc[SMALL["stop_reason"] == reason, "duration_months"].tolist()
        assert months_of(figure, reason) == pytest.approx(stopped, abs=1)
        assert all(month > end for month, end in zip(months_of(figure, reason), stopped, strict=True))
    frame = course_frame(random_cohort(140, 1))
    figure = draw_followup(frame, "all")
    best = frame.loc[frame["best_response"] != "NR", "months_to_best_response"]
    expected = {"months_to_best_response": best.count(), "ongoing": frame["ongoing"].sum()}
    expected |= {name: frame[name].count() for name in ("escalation_month", "weekly_month")}
    expected |= {reason: (frame["stop_reason"] == reason).sum() for reason in StopReason}
    assert {name: len(months_of(figure, name)) for name in expected} == expected


def test_symbols_in_the_same_month_do_not_cover_each_other():
    frame = frame_of(("ISM", "MR", "intolerance", 20, False, "intolerance", 2, 6, 20, 20))
    figure = draw_followup(frame, "all")
    at = {name: months_of(figure, name)[0] for name in ("escalation_month", "weekly_month", "intolerance")}
    points = {n: figure.axes[0].transData.transform((x, 0))[0] / figure.dpi * 72 for n, x in at.items()}
    places = sorted((points[name], symbols(9)[name][0]["markersize"] / 2) for name in points)
    assert all(b - a >= r for (a, r), (b, _) in pairwise(places))


def test_every_symbol_looks_different_and_is_explained():
    looks = [tuple(layer["marker"] for layer in layers) for layers in symbols(9).values()]
    assert len(set(looks)) == len(looks) == len(EVENT_LABELS) + len(STOP_BADGES)
    texts = texts_of(draw_followup(SMALL, "all"))
    assert {*EVENT_LABELS.values(), *STOP_REASON_LABELS.values(), "Without response", "After best response"} <= {*texts}
    assert "Response at unrecorded time" in texts
    assert "Response at unrecorded time" not in texts_of(draw_followup(SMALL.iloc[:5], "all"))


def test_transitions_against_a_plain_count():
    frame = course_frame(random_cohort(400, 8))
    found = transitions(frame)
    expected = Counter(zip(frame["best_response"], frame["last_status"], strict=True))
    assert {(row.best, row.last): row.n for row in found.itertuples()} == expected
    keys = [(list(Response).index(row.best), STATUS_ORDER.index(row.last)) for row in found.itertuples()]
    assert keys == sorted(keys)
    assert sorted(STATUS_ORDER) == sorted(FollowUpStatus)


def test_blocks_have_the_height_of_their_patients_and_room_for_their_label():
    counts = pd.Series({"MR": 20, "PR": 1, "NR": 5})
    places = node_places(counts, 0.2, 9)
    assert (places["bottom"] - places["top"]).tolist() == pytest.approx([4, 0.2, 1])
    assert places["slot_bottom"].iloc[-1] == pytest.approx(9)
    assert node_places(counts.iloc[:1], 0.2, 9)["bottom"].tolist() == pytest.approx([4])
    rare = node_places(pd.Series({"MR": 400, "PR": 1, "intolerance": 1, "NR": 2}), 0.01, 3)
    for nodes in (places, rare):
        assert ((nodes["top"] + nodes["bottom"]) / 2).diff().min() > 0.34


def test_ribbons_leave_their_rows_and_fill_the_blocks():
    frame = course_frame(random_cohort(120, 5))
    rows, flow = draw_followup(frame, "all").axes
    ribbons = [p.get_path().vertices for p in flow.patches if isinstance(p, PathPatch)]
    leaving = sorted((v[0][1], v[-2][1]) for v in ribbons)
    arriving = sorted((v[3][1], v[4][1]) for v in ribbons)
    height = sum(bottom - top for top, bottom in leaving) / len(frame)
    _, tops = page.place_rows(arrange(frame)["best_response"], height, HEADING, GAP)
    starts = []
    for best, group in transitions(frame).groupby("best", sort=False):
        ends = tops[best] + height * group["n"].cumsum()
        starts += zip(ends - height * group["n"], ends, strict=True)
    np.testing.assert_allclose(leaving, starts)
    right = max(p.get_x() for p in flow.patches if isinstance(p, Rectangle))
    blocks = [p.get_bbox() for p in flow.patches if isinstance(p, Rectangle) and p.get_x() == right]
    for block in blocks:
        inside = [(a, b) for a, b in arriving if block.y0 - 1e-9 <= a and b <= block.y1 + 1e-9]
        assert inside[0][0] == pytest.approx(block.y0) and inside[-1][1] == pytest.approx(block.y1)
        assert [a for a, _ in inside[1:]] == pytest.approx([b for _, b in inside[:-1]])
    assert len(blocks) == frame["last_status"].nunique()
    assert rows.get_ylim() == flow.get_ylim()


def test_counts_are_written():
    texts = texts_of(draw_followup(SMALL, "all", caveats=CAVEATS))
    assert {"Major response  3 (50.0)", "Partial response  2 (33.3)", "No response  1 (16.7)"} <= {*texts}
    assert {"Best response: 5 (83.3) responded", "Last follow-up: 3 (50.0) still respond"} <= {*texts}
    assert {"Major response  2 (33.3)", "Loss of response  1 (16.7)", "Lost to follow-up  1 (16.7)"} <= {*texts}
    assert "All patients (N = 6): follow-up of responses" in texts
    assert texts.count("ISM") == 3 and texts.count("Idiopathic") == 1
    assert RECONSTRUCTED_NOTE in " ".join(texts)


def test_areas_are_the_months_that_patients_spent_in_each_state():
    figure = banded(SMALL)
    (mr, height), (_, pr_height), (_, nr_height) = outline(figure)
    assert height == pytest.approx(1.5 * pr_height) and pr_height == pytest.approx(2 * nr_height)
    third = height / 3  # a patient is as high everywhere
    mr_months = {"waiting": 5, "deepening": 4 + 5, "after": 7 + 9 + 30, "ongoing": 2 * END - 47, "stopped": END - 13}
    pr_months = {"waiting": 3, "deepening": 6, "unknown": 10, "ongoing": END - 10, "stopped": END - 9}
    months = {"MR": mr_months, "PR": pr_months, "NR": {"waiting": 4, "stopped": END - 4}}
    expected = {f"{best} {state}": third * n for best, states in months.items() for state, n in states.items()}
    assert areas(figure) == pytest.approx(expected)
    for place, state in enumerate(("ongoing", "after", "stopped")):
        for share in (0.01, 0.99):
            assert states_at(figure, 20.5, mr + third * (place + share)) == [f"MR {state}"]


def test_what_is_not_marked_in_bands_is_counted():
    texts = texts_of(banded(SMALL, caveats=CAVEATS))
    text = " ".join(texts)
    assert "dose escalation 2 (33.3), weekly schedule 1 (16.7)" in text
    reasons = "lack of efficacy 1 (16.7), loss of response 1 (16.7), pregnancy intent 1 (16.7)."
    assert f"reasons for stopping: {reasons}" in text
    assert "Major response  3 (50.0)" in text and "All patients (N = 6)" in text
    assert "Each bar is one patient" not in text
    assert {"Dose escalation", "Weekly schedule"} & set(texts) == set()
    quiet = " ".join(texts_of(banded(SMALL.iloc[[2]])))
    assert "Not marked in the bands: none; reasons for stopping: none." in quiet


def test_rows_give_way_to_bands_when_they_would_be_too_low():
    frame = course_frame(random_cohort(120, 5))
    rows = draw_followup(frame, "all")
    (waiting,) = [line.get_ydata() for line in rows.axes[0].lines if line.get_label() == "waiting"]
    pitch = np.diff(np.unique(waiting[~np.isnan(waiting)])).min()
    with mock.patch.dict(LEAST_ROW_CM, {False: pitch * (1 - 1e-9)}):
        assert drawing(draw_followup(frame, "all")) == drawing(rows)
    with mock.patch.dict(LEAST_ROW_CM, {False: pitch * (1 + 1e-9)}):
        bands = draw_followup(frame, "all")
    assert len(bands.axes[0].collections) > 10 and not rows.axes[0].collections


def test_bands_are_as_high_as_their_patients_are_many_and_a_few_among_thousands_can_be_seen():
    for counts, heights in {(30, 10): [9, 3], (1,): [12], (10**6, 1, 2): [12 - 2 * LEAST_CM, *[LEAST_CM] * 2]}.items():
        assert band_heights(pd.Series(counts), 12).tolist() == pytest.approx(heights)
    many = [("ISM", "MR", "MR", 20, True, None, 2, 6, NONE, NONE)] * 5_000
    few = [("CM", best, "loss_of_response", 9, False, "loss_of_response", 2, 3, NONE, NONE) for best in ("CR", "PR")]
    few += [("ISM", "MR", status, 9, status in "MR PR", None, 2, 3, NONE, NONE) for status in STATUS_ORDER[2:6]]
    figure = banded(frame_of(*many, *few, ("CM", "NR", "NR", 3, False, "intolerance", NONE, NONE, NONE, NONE)))
    assert faults(figure) == []
    assert figure.get_size_inches()[1] * 2.54 <= 24.001
    assert [height for _, height in outline(figure)][::2] == pytest.approx([LEAST_CM] * 2)
    texts = texts_of(figure)
    counted = {"Major response  5,004 (99.9)", "Complete response  1 (0.0)", "Partial response  1 (0.0)"}
    assert counted | {"Loss of response  3 (0.1)"} <= {*texts}
    ribbons = [patch for patch in figure.axes[1].patches if isinstance(patch, PathPatch)]
    assert len(ribbons) == 8 and all(ribbon.get_linewidth() > 0 for ribbon in ribbons)


def test_courses_that_end_within_a_month_stay_on_the_scale():
    frame = course_frame(random_cohort(300, 0))
    frame[["duration_months", *TIMES[:2]]] *= 0.051  # at most 1.8 months, so that the second month goes beyond it
    figure = banded(frame)
    right = figure.axes[0].get_xlim()[1]
    assert all(area.get_paths()[0].vertices[:, 0].max() <= right + 1e-9 for area in figure.axes[0].collections)
    found = areas(figure)
    for (_, height), response in zip(outline(figure), ("CR", "MR", "PR", "NR"), strict=True):
        assert sum(area for name, area in found.items() if name.startswith(response)) == pytest.approx(height * right)


@pytest.mark.parametrize("ongoing", [True, False])
@pytest.mark.parametrize("best", ["CR", "PR", "NR"])
def test_one_response_and_every_course_ended_alike(best, ongoing):
    last, reason = best if ongoing or best == "NR" else "intolerance", None if ongoing else StopReason.INTOLERANCE
    times = (NONE, NONE) if best == "NR" else (0, 0)
    frame = frame_of(*[("MMAS", best, last, 0, ongoing, reason, *times, 0, 0)] * 3)
    rows, bands = draw_followup(frame, "MMAS"), banded(frame)
    assert faults(rows) + faults(bands) == []
    for figure in (rows, bands):
        assert f"{FOLLOW_UP_STATUS_LABELS[FollowUpStatus(last)]}  3 (100)" in texts_of(figure)
    assert list(areas(bands)) == [f"{best} {'ongoing' if ongoing else 'stopped'}"]


def test_further_reasons_for_stopping_are_in_the_key_and_said_to_count_as_lost():
    frame = SMALL.assign(stop_reason=[None, *list(STOP_BADGES)[-5:]], ongoing=[True] + [False] * 5)
    figure = draw_followup(frame, "all")
    assert not faults(figure)
    said = " ".join(" ".join(texts_of(figure)).split())
    assert "pregnancy intent, cost, death, other reason and own wish count as lost" in said
