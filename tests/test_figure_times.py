from functools import cache

import numpy as np
import pytest

from analysis.cohort import from_tables
from analysis.criteria import PAPER, read_criteria
from analysis.times import EVENTS, curves, summarise
from compendium.drawing.times import draw_times, states
from compendium.reporting.caveats import RECONSTRUCTED_NOTE, caveats
from compendium.reporting.result_rows import median_rows, month_text, share_rows
from tests.case_files import data_lines
from tests.cohorts import cohort_with, random_cohort, random_tables
from tests.figure_checks import faults, texts_of
from tests.places import shipped_cohort
from tests.small_cohort import small_cohort

SHIPPED = shipped_cohort()
LENIENT = read_criteria("partial_from_percent=0,lost_to_follow_up=censored")


def draw(cohort):
    return draw_times(curves(cohort), summarise(cohort), cohort.population, caveats=caveats(cohort, PAPER))


@cache
def drawn(name):
    return draw({"small": small_cohort, "shipped": lambda: SHIPPED}[name]())


def panel(figure, outcome):
    return next(axes for axes in figure.axes if axes.get_label() == outcome)


def line(axes, label):
    """The points of the line with a label; none if there is no such line."""
    return [tuple(map(float, point)) for one in axes.lines if one.get_label() == label for point in one.get_xydata()]


def test_labels_of_small_areas_at_one_end_do_not_cover_each_other():
    reasons = ["pregnancy_intent", "intolerance", *["lack_of_efficacy"] * 18]
    courses = {"duration_months": [2, 3, *range(4, 22)], "ongoing": ["no"] * 20, "stop_reason": reasons}
    courses |= {"months_to_first_response": [np.nan] * 20, "months_to_best_response": [np.nan] * 20}
    figure = draw(cohort_with([[("baseline", 1.0, 1.0)]] * 20, **courses))
    assert faults(figure) == []
    assert {"Still on therapy", "Stopped for other reasons", "Stopped for intolerance"} <= set(texts_of(figure))


def test_the_small_cohort_by_hand():
    figure = drawn("small")
    first, therapy = panel(figure, "first_response"), panel(figure, "therapy")
    assert faults(figure) == []
    assert line(first, "half") == [(2, 50)]
    assert line(first, "plain")[0][0] == 2
    # One, two and one of six respond at 1, 2 and 3, one at 8; once nobody is left the curve goes on to the end.
    shares = [(0, 0), (1, 100 / 6), (2, 50), (3, 400 / 6), (4, 400 / 6), (8, 500 / 6), (8 * 1.04, 500 / 6)]
    np.testing.assert_allclose(line(first, "estimate"), shares)
    # Two go on after the last stop, so that nothing is known after 36; the upper limit of the median is not reached.
    assert line(therapy, "estimate")[-1] == pytest.approx((36, 50))
    assert line(therapy, "interval") == [(4, 50), pytest.approx((36 * 1.04, 50))]
    assert line(therapy, "open end")
    assert line(therapy, "half") == [(22.5, 50)]
    assert line(therapy, "plain")[0][0] == 9.5
    assert {
        "All patients (N = 6): times to response and on therapy",
        *("A  First response", "B  Best response", "C  Time on therapy", "Months since the first injection"),
        "Half have responded by month 2 (95% CI from 1)",
        "Plain median of the responders alone (n = 5): 2",
        "Median time on therapy: 22.5 (95% CI from 4), with 1 at risk",
        "Plain median of all durations (n = 6): 9.5",
    } <= {*texts_of(figure)}


def test_a_half_that_is_not_reached_is_said_and_not_marked():
    cohort = random_cohort(1, 2)  # one patient, who stops without a response
    figure = draw(cohort)
    month = f"{cohort.courses['duration_months'].iloc[0]:g}"
    assert f"Fewer than half have responded by month {month}" in texts_of(figure)
    axes = panel(figure, "first_response")
    assert not line(axes, "half") and not line(axes, "interval") and not line(axes, "plain")
    assert "Responded" not in texts_of(figure)


def test_the_areas_are_all_patients():
    frame, shipped = curves(random_cohort(300, 1)), curves(SHIPPED)
    for outcome in EVENTS:
        shares = states(frame, outcome)
        assert (shares >= 0).all(axis=None)
        np.testing.assert_allclose(shares.sum(axis="columns"), 1, atol=1e-11)
        axes, shares = panel(drawn("shipped"), outcome), states(shipped, outcome)
        assert [area.get_label() for area in axes.collections] == list(shares)
        tops = [area.get_datalim(axes.transData).y1 for area in axes.collections]
        assert tops == pytest.approx(100 * shares.cumsum(axis="columns").max())


def at_risk(axes):
    """The numbers of patients at risk by month."""
    return {text.get_position()[0]: text.get_text() for text in axes.texts if text.get_text() != "Patients at risk"}


def test_numbers_at_risk_stand_under_the_ticks_and_both_responses_have_one_scale():
    figure = drawn("shipped")
    axes, duration = panel(figure, "therapy"), SHIPPED.courses["duration_months"]
    assert at_risk(axes) == {tick: str(int((duration >= tick).sum())) for tick in axes.get_xticks()}
    assert panel(figure, "first_response").get_xlim() == panel(figure, "best_response").get_xlim()


def test_notes_and_caveats_stand_at_the_foot():
    values = summarise(SHIPPED, LENIENT)
    figure = draw_times(curves(SHIPPED, LENIENT), values, "all", caveats=caveats(SHIPPED, LENIENT))
    assert faults(figure) == []
    text = " ".join(texts_of(figure))
    assert RECONSTRUCTED_NOTE in text
    assert "lost_to_follow_up=censored" in text
    assert "log(-log)" in text and "Aalen-Johansen" in text and "Kaplan-Meier" in text
    missing = [values[f"times.{name}_response.not_recorded"]["n"] for name in ("first", "best")]
    assert f"without a recorded month ({missing[0]} in A, {missing[1]} in B)" in text and missing[0]
    assert "without a recorded month" not in " ".join(texts_of(drawn("shipped")))


def test_text_of_a_median():
    for line in data_lines("median_texts.txt"):
        given, text = line.split(" -> ")
        numbers = [None if one == "-" else float(one) for one in given.split()]
        assert month_text(dict(zip(("patients", "months", "low", "high"), numbers, strict=True))) == text
    assert month_text(None) == "–"


def test_rows_of_the_tables():
    values = summarise(small_cohort())
    medians = median_rows(values).set_index("Months to")
    groups = [f"therapy.{name}" for name in ("all", "responders", "pr", "mr", "cr", "non_responders")]
    rows = ["first_response", "best_response", *groups]
    assert medians["n"].tolist() == [str(values[f"times.{name}.naive"]["n"]) for name in rows]
    assert medians.at["Stop of therapy", "Half by (95% CI)"] == "–"
    shares = share_rows(values).set_index("Share of patients")["%"]
    assert shares["First response by month 6"] == f"{100 * values['times.first_response.incidence.6']['estimate']:.1f}"
    assert len(shares) == 9


def test_large_numbers_at_risk_leave_out_ticks_rather_than_cover_each_other():
    cohort = random_cohort(300, 7)
    frame = curves(cohort)
    figure = draw_times(frame.assign(at_risk=frame["at_risk"] * 400), summarise(cohort), "all")
    assert faults(figure) == []
    axes = panel(figure, "best_response")
    under, ticks = at_risk(axes), axes.get_xticks().tolist()
    assert len(ticks) >= 4 and under[0] == "120,000" and set(under) <= set(ticks)
    assert "Half have responded by month" in " ".join(texts_of(figure))


def test_a_curve_of_very_many_times_is_thinned_but_not_changed():
    tables = random_tables(5_000, 3)
    shift = np.random.default_rng(1).random(5_000)
    for name in ("duration_months", "months_to_first_response", "months_to_best_response"):
        tables["courses"][name] += shift
    cohort = from_tables(tables)
    figure = draw_times(frame := curves(cohort), summarise(cohort), "all")
    whole = frame[(frame["outcome"] == "therapy") & (frame["event"] == "on_therapy")].set_index("time")["estimate"]
    points = dict(line(panel(figure, "therapy"), "estimate"))
    assert len(points) <= 601 < 3_000 < len(whole)
    within = {month: share for month, share in points.items() if month <= whole.index[-1]}
    np.testing.assert_allclose(list(within.values()), 100 * whole[list(within)])
    # What is drawn holds somewhere within the width of a step, a 600th of the scale.
    times = np.array(sorted(within))
    drawn_then = np.array([within[times[place]] for place in np.searchsorted(times, whole.index, side="right") - 1])
    step = whole.index[-1] / 599
    before = whole.to_numpy()[np.searchsorted(whole.index, np.maximum(whole.index - step, 0), side="right") - 1]
    assert (100 * whole - 1e-9 <= drawn_then).all() and (drawn_then <= 100 * before + 1e-9).all()
    assert min(within) == whole.index[0] and max(within) == whole.index[-1]
