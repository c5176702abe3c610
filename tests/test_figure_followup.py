from collections import Counter
from itertools import pairwise

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
from compendium.drawing.followup import STATUS_ORDER, arrange, draw_followup, node_places, row_places, transitions
from compendium.drawing.followup_lanes import EVENT_LABELS, phases, symbols
from compendium.reporting.caveats import RECONSTRUCTED_NOTE
from tests.cohorts import random_cohort
from tests.figure_checks import CAVEATS, drawing, faults, texts_of

COLUMNS = [
    "diagnosis",
    "best_response",
    "last_status",
    "duration_months",
    "ongoing",
    "stop_reason",
    "months_to_first_response",
    "months_to_best_response",
    "escalation_month",
    "weekly_month",
]
NONE = float("nan")


def frame_of(*rows):
    frame = pd.DataFrame(rows, columns=COLUMNS, index=[f"P{number}" for number in range(len(rows))])
    kinds = {
        "diagnosis": Diagnosis,
        "best_response": Response,
        "last_status": FollowUpStatus,
        "stop_reason": StopReason,
    }
    types = {name: pd.CategoricalDtype([str(member) for member in kind], ordered=True) for name, kind in kinds.items()}
    return frame.astype(types)


SMALL = frame_of(
    ("ISM", "NR", "NR", 4, False, "lack_of_efficacy", NONE, NONE, NONE, 2),
    ("CM", "MR", "loss_of_response", 13, False, "loss_of_response", 2, 6, 4, NONE),
    ("ISM", "MR", "MR", 11, True, None, 2, 2, NONE, NONE),
    ("ISM", "MR", "MR", 36, True, None, 1, 6, 3, NONE),
    ("idiopathic_MCAS", "PR", "lost_to_follow_up", 9, False, "pregnancy_intent", 3, 9, NONE, NONE),
    ("CM", "PR", "PR", 10, True, None, NONE, NONE, NONE, NONE),
)


def widths(figure, phase):
    """Start and length of the bars of a phase by height on the page."""
    (line,) = [line for line in figure.axes[0].lines if line.get_label() == phase]
    ends = line.get_xydata().reshape(-1, 3, 2)
    assert np.isnan(ends[:, 2]).all() and (ends[:, 0, 1] == ends[:, 1, 1]).all()
    return {y: (start, end - start) for (start, y), (end, _), _ in ends}


def months_of(figure, name):
    """Where the symbols of a kind stand, from the lowest of their layers."""
    lines = [line for line in figure.axes[0].lines if line.get_label() == name]
    return sorted(lines[0].get_xdata()) if lines else []


def test_phases_by_hand():
    expected = [(4, 0, 0, 0), (2, 4, 7, 0), (2, 0, 9, 0), (1, 5, 30, 0), (3, 6, 0, 0), (0, 0, 0, 10)]
    assert [tuple(row) for row in phases(SMALL).to_numpy()] == expected


@pytest.mark.parametrize("seed", range(5))
def test_phases_fill_the_course(seed):
    frame = course_frame(random_cohort(300, seed))
    months = phases(frame)
    assert (months >= 0).all(axis=None)
    np.testing.assert_allclose(months.sum(axis=1), frame["duration_months"])


def test_months_of_a_response_that_other_criteria_deny_are_not_drawn():
    strict = SMALL.assign(best_response=SMALL["best_response"].replace({"MR": "NR"}))
    assert phases(strict).loc["P1"].tolist() == [13, 0, 0, 0]
    assert months_of(draw_followup(strict, "all"), "months_to_best_response") == [9]


def test_patients_are_grouped_by_best_response_then_by_last_follow_up():
    assert arrange(SMALL).index.tolist() == ["P3", "P2", "P1", "P5", "P4", "P0"]


def test_rows_lie_under_their_heading():
    best = arrange(SMALL)["best_response"]
    y, tops = row_places(best, 0.3)
    assert np.diff(y)[[0, 1, 3]] == pytest.approx([0.3] * 3)
    assert (np.diff(y)[[2, 4]] > 0.3).all()
    assert tops.to_dict() == pytest.approx({"MR": y[0] - 0.15, "PR": y[3] - 0.15, "NR": y[5] - 0.15})


def test_bars_are_the_phases():
    figure = draw_followup(SMALL, "all")
    rows = phases(arrange(SMALL))
    for phase in rows:
        lengths = [length for _, (_, length) in sorted(widths(figure, phase).items())]
        assert lengths == [length for length in rows[phase] if length > 0]
    starts = [start for _, (start, _) in sorted(widths(figure, "after").items())]
    assert starts == [6, 2, 6]


def test_every_event_has_its_symbol():
    figure = draw_followup(SMALL, "all")
    assert months_of(figure, "months_to_best_response") == [2, 6, 6, 9]
    assert months_of(figure, "escalation_month") == [3, 4]
    assert months_of(figure, "weekly_month") == [2]
    assert months_of(figure, "ongoing") == pytest.approx([10, 11, 36], abs=1)
    for reason in StopReason:
        stopped = SMALL.loc[SMALL["stop_reason"] == reason, "duration_months"].tolist()
        assert months_of(figure, reason) == pytest.approx(stopped, abs=1)
        assert all(month > end for month, end in zip(months_of(figure, reason), stopped, strict=True))


@pytest.mark.parametrize("seed", range(3))
def test_symbols_are_as_many_as_events(seed):
    frame = course_frame(random_cohort(55, seed))
    figure = draw_followup(frame, "all")
    responders = frame["best_response"] != "NR"
    assert len(months_of(figure, "months_to_best_response")) == frame.loc[responders, "months_to_best_response"].count()
    for name in ("escalation_month", "weekly_month"):
        assert len(months_of(figure, name)) == frame[name].count()
    assert len(months_of(figure, "ongoing")) == frame["ongoing"].sum()
    for reason in StopReason:
        assert len(months_of(figure, reason)) == (frame["stop_reason"] == reason).sum()


def test_symbols_in_the_same_month_do_not_cover_each_other():
    frame = frame_of(("ISM", "MR", "intolerance", 20, False, "intolerance", 2, 6, 20, 20))
    figure = draw_followup(frame, "all")
    axes = figure.axes[0]
    points = {
        n: axes.transData.transform((months_of(figure, n)[0], 0))[0] / figure.dpi * 72
        for n in (*EVENT_LABELS, "intolerance")
        if months_of(figure, n)
    }
    places = sorted((points[name], symbols(9)[name][0]["markersize"] / 2) for name in points if name[0] in "ewi")
    assert all(b - a >= r for (a, r), (b, _) in pairwise(places))
    assert len(places) == 3


def test_every_symbol_looks_different_and_is_explained():
    looks = [tuple(layer["marker"] for layer in layers) for layers in symbols(9).values()]
    assert len(set(looks)) == len(looks) == len(EVENT_LABELS) + len(StopReason)
    texts = texts_of(draw_followup(SMALL, "all"))
    assert {*EVENT_LABELS.values(), *STOP_REASON_LABELS.values(), "Without response", "After best response"} <= {*texts}
    assert "Response at unrecorded time" in texts
    assert "Response at unrecorded time" not in texts_of(draw_followup(SMALL.iloc[:5], "all"))


def test_transitions_against_a_plain_count():
    frame = course_frame(random_cohort(400, 8))
    expected = Counter(zip(frame["best_response"], frame["last_status"], strict=True))
    found = transitions(frame)
    assert {(row.best, row.last): row.n for row in found.itertuples()} == expected
    place = {status: number for number, status in enumerate(STATUS_ORDER)}
    keys = [(list(Response).index(row.best), place[row.last]) for row in found.itertuples()]
    assert keys == sorted(keys)
    assert sorted(STATUS_ORDER) == sorted(FollowUpStatus)


def test_blocks_have_the_height_of_their_patients_and_room_for_their_label():
    counts = pd.Series({"MR": 20, "PR": 1, "NR": 5})
    places = node_places(counts, 0.2, 9)
    assert (places["bottom"] - places["top"]).tolist() == pytest.approx([4, 0.2, 1])
    assert places["slot_bottom"].iloc[-1] == pytest.approx(9)
    centres = (places["top"] + places["bottom"]) / 2
    assert centres.diff().min() > 0.34
    assert node_places(counts.iloc[:1], 0.2, 9)["bottom"].tolist() == pytest.approx([4])


def test_labels_of_rare_statuses_keep_their_distance():
    places = node_places(pd.Series({"MR": 400, "PR": 1, "intolerance": 1, "NR": 2}), 0.01, 3)
    assert ((places["top"] + places["bottom"]) / 2).diff().min() > 0.34
    rare = [("ISM", "MR", status, 9, status in "MR PR", None, 2, 3, NONE, NONE) for status in STATUS_ORDER[1:6]]
    none = [("CM", "NR", "NR", 3, False, "intolerance", NONE, NONE, NONE, NONE)]
    figure = draw_followup(frame_of(*[rare[0]] * 900, *rare, *none), "all")
    assert faults(figure) == []
    assert figure.get_size_inches()[1] * 2.54 <= 24.001


def test_ribbons_leave_their_rows_and_fill_the_blocks():
    frame = course_frame(random_cohort(120, 5))
    figure = draw_followup(frame, "all")
    rows, flow = figure.axes
    ribbons = [p.get_path().vertices for p in flow.patches if isinstance(p, PathPatch)]
    leaving = sorted((v[0][1], v[-2][1]) for v in ribbons)
    arriving = sorted((v[3][1], v[4][1]) for v in ribbons)
    ordered = arrange(frame)
    height = sum(bottom - top for top, bottom in leaving) / len(frame)
    _, tops = row_places(ordered["best_response"], height)
    starts = []
    for best, top in tops.items():
        flows = transitions(frame)
        for n in flows.loc[flows["best"] == best, "n"]:
            starts.append((top, top + n * height))
            top += n * height
    np.testing.assert_allclose(leaving, starts)
    right = max(p.get_x() for p in flow.patches if isinstance(p, Rectangle))
    blocks = [p for p in flow.patches if isinstance(p, Rectangle) and p.get_x() == right]
    for block in blocks:
        inside = [
            (a, b) for a, b in arriving if block.get_y() - 1e-9 <= a and b <= block.get_y() + block.get_height() + 1e-9
        ]
        assert inside[0][0] == pytest.approx(block.get_y())
        assert inside[-1][1] == pytest.approx(block.get_y() + block.get_height())
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


@pytest.mark.parametrize(
    ("n", "population"),
    [(1, "all"), (2, "MMAS"), (14, "idiopathic"), (41, "primary"), (55, "all"), (80, "ISM"), (300, "all")],
)
def test_nothing_overlaps_or_is_cut_off(n, population):
    figure = draw_followup(course_frame(random_cohort(n, 4, population)), population, caveats=CAVEATS)
    assert faults(figure) == []
    assert figure.get_size_inches()[0] * 2.54 == pytest.approx(18)
    assert figure.get_size_inches()[1] * 2.54 <= 24.001


@pytest.mark.parametrize("best", list(Response))
def test_a_cohort_of_one_response(best):
    last = "NR" if best == "NR" else "lost_to_follow_up"
    reason = "lack_of_efficacy" if best == "NR" else "lost_to_follow_up"
    frame = frame_of(*[("MMAS", best, last, 0, False, reason, NONE, NONE, 0, 0)] * 3)
    figure = draw_followup(frame, "MMAS")
    assert faults(figure) == []
    assert f"{FOLLOW_UP_STATUS_LABELS[FollowUpStatus(last)]}  3 (100)" in texts_of(figure)


def test_input_is_left_alone_and_the_drawing_repeats_itself():
    before = SMALL.copy(deep=True)
    first = drawing(draw_followup(SMALL, "all"))
    assert drawing(draw_followup(SMALL.iloc[::-1].iloc[::-1], "all")) == first
    pd.testing.assert_frame_equal(SMALL, before)


def test_what_cannot_be_drawn():
    with pytest.raises(ValueError, match="no patients to draw"):
        draw_followup(SMALL.iloc[:0], "all")
    with pytest.raises(ValueError, match="'SSM' is not a valid Population"):
        draw_followup(SMALL, "SSM")
