import pandas as pd
import pytest
from matplotlib.patches import FancyArrowPatch, Rectangle

from analysis.cohort import restrict
from analysis.followup import course_frame
from analysis.patients import inclusion
from compendium.drawing.flow import draw_flow, flow_boxes
from tests.case_files import DATA
from tests.cohorts import random_cohort
from tests.figure_checks import CAVEATS, drawn_texts, faults, texts_of

STEPS = pd.read_csv(DATA / "flow_steps.csv", keep_default_na=False)
COURSES = pd.read_csv(DATA / "flow_courses.csv")


def test_boxes_by_hand():
    boxes = flow_boxes(STEPS, COURSES)
    words = {name: [[text for text, _ in box] for box in part] for name, part in boxes.items()}
    assert words["trunk"] == [["Omalizumab recommended", "n = 9"], ["Included", "n = 6"]]
    assert words["excluded"] == [
        ["Excluded, n = 3", "Omalizumab not given: 2", "SM with associated haematologic neoplasm: 1"]
    ]
    assert words["diagnosis"] == [["ISM", "n = 4"], ["Idiopathic MCAS", "n = 2"]]
    assert words["follow_up"] == [
        ["At last follow-up", "On therapy: 2 (50.0)", "Stopped: 2 (50.0)", "Lack of efficacy: 1", "Intolerance: 1"],
        ["At last follow-up", "On therapy: 1 (50.0)", "Stopped: 1 (50.0)", "Pregnancy intent: 1"],
    ]


@pytest.mark.parametrize(("population", "shown"), [("all", False), ("primary", True), ("CM", False)])
def test_a_part_of_the_cohort_has_its_own_box(population, shown):
    part = restrict(random_cohort(400, 2), population)
    trunk = flow_boxes(inclusion(part), course_frame(part))["trunk"]
    assert (len(trunk) == 3) == shown
    assert trunk[1][1][0] == "n = 400"


def test_large_numbers_are_written_with_commas_and_make_the_diagram_wider():
    boxes = flow_boxes(STEPS.assign(n=STEPS["n"] * 1_000), pd.concat([COURSES] * 1_000, ignore_index=True))
    texts = [text for part in boxes.values() for box in part for text, _ in box]
    assert {"n = 9,000", "On therapy: 2,000 (50.0)", "Lack of efficacy: 1,000"} <= {*texts}
    courses = pd.concat([COURSES.assign(diagnosis=name) for name in ("ISM", "CM", "MMAS", "idiopathic_MCAS")])
    figure = draw_flow(STEPS.assign(n=STEPS["n"] + 10**18), courses)
    assert faults(figure) == []
    assert figure.get_size_inches()[0] * 2.54 > 16


def test_text_stays_in_its_box_and_arrows_do_not_cross_boxes():
    cohort = random_cohort(55, 1)
    figure = draw_flow(inclusion(cohort), course_frame(cohort))
    axes = figure.axes[0]
    assert "Inclusion and follow-up of the patients" in texts_of(figure)
    boxes = [patch.get_window_extent() for patch in axes.patches if isinstance(patch, Rectangle)]
    inside = [(text, box) for text, box in drawn_texts(figure) if text.axes is axes]
    for text, box in inside:
        homes = [b for b in boxes if b.x0 < box.x0 and box.x1 < b.x1 and b.y0 < box.y0 and box.y1 < b.y1]
        assert len(homes) == 1, text.get_text()
    arrows = [patch for patch in axes.patches if isinstance(patch, FancyArrowPatch)]
    assert len(arrows) == 1 + 1 + 2 * len(flow_boxes(inclusion(cohort), course_frame(cohort))["diagnosis"])
    for arrow in arrows:
        extent = arrow.get_window_extent()
        assert min(extent.width, extent.height) < 0.3 / 2.54 * figure.dpi  # no wider than its head
        assert not any(box.contains(*extent.get_points().mean(axis=0)) for box in boxes)


def test_nobody_excluded_needs_no_reasons():
    steps = STEPS.assign(n=STEPS["n"].mask(STEPS["step"] == "excluded", 0))
    assert [text for text, _ in flow_boxes(steps, COURSES)["excluded"][0]] == ["Excluded, n = 0"]
    assert faults(draw_flow(steps, COURSES, caveats=CAVEATS)) == []
