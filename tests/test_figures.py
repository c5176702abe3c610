"""What holds for every figure, whoever its patients are."""

import copy
import io
from functools import cache

import matplotlib
import pytest

from analysis.biology import direction, paired_frame
from analysis.cohort import restrict
from analysis.followup import course_frame
from analysis.patients import inclusion
from analysis.statistics.paired import paired_t
from analysis.symptoms import symptom_profile
from analysis.tables import table_2
from analysis.times import curves, summarise
from analysis.vocabulary import Analyte
from compendium.drawing import page
from compendium.drawing.biology import draw_biology
from compendium.drawing.flow import draw_flow
from compendium.drawing.followup import draw_followup
from compendium.drawing.rates import draw_rates
from compendium.drawing.symptoms import draw_symptoms
from compendium.drawing.times import draw_times
from compendium.files import WIDTH
from compendium.reporting.caveats import RECONSTRUCTED_NOTE
from tests.cohorts import random_cohort
from tests.figure_checks import CAVEATS, drawing, faults, texts_of
from tests.places import shipped_cohort
from tests.small_cohort import small_cohort

SHIPPED = shipped_cohort()
LARGE = 100_000


def levels(study):
    pairs = {analyte: paired_frame(study, analyte) for analyte in Analyte}
    tests = {name: paired_t(frame["before"], frame["on_therapy"]) for name, frame in pairs.items()}
    ways = {name: direction(frame) for name, frame in pairs.items()}
    return {"pairs": pairs, "tests": tests, "directions": ways, "stable_percent": 20}


FIGURES = {
    "symptoms": (draw_symptoms, lambda study: {"profile": symptom_profile(study), "patients": len(study.patients)}),
    "followup": (draw_followup, lambda study: {"frame": course_frame(study)}),
    "flow": (draw_flow, lambda study: {"steps": inclusion(study), "courses": course_frame(study)}),
    "biology": (draw_biology, levels),
    "rates": (draw_rates, lambda study: {"numbers": table_2(study)}),
    "times": (draw_times, lambda study: {"curves": curves(study), "values": summarise(study)}),
}
"""Each figure, and what is computed of a cohort for it."""

HIGHEST = {"biology": 16, "rates": 18.5}
"""The height in centimetres that a figure keeps to, where it is less than a page."""

each_figure = pytest.mark.parametrize("name", FIGURES)


@cache
def cohort(n, population):
    return restrict(SHIPPED, population) if n == len(SHIPPED.patients) else random_cohort(n, 4, population)


@cache
def given(name, n, population):
    """The function of a figure, and its arguments; n of 0 are the six patients."""
    study = cohort(n, population) if n else small_cohort()
    draw, compute = FIGURES[name]
    return draw, compute(study) | ({} if name == "flow" else {"population": study.population})


# One cohort after the other, so that the large one is made once.
@each_figure
@pytest.mark.parametrize(("n", "population"), [
    (55, "all"), (55, "primary"), (55, "idiopathic"), (1, "all"), (150, "all"),
    pytest.param(LARGE, "all", marks=pytest.mark.long),
])  # fmt: skip
def test_nothing_overlaps_or_is_cut_off(n, population, name):
    draw, arguments = given(name, n, population)
    # The counts of Table 2 are printed, so nothing is said to be drawn.
    figure = draw(**arguments, caveats=(CAVEATS[0], CAVEATS[-1]) if name == "rates" else CAVEATS)
    assert faults(figure) == []
    assert RECONSTRUCTED_NOTE in " ".join(texts_of(figure))
    width, height = figure.get_size_inches() * 2.54
    assert width == pytest.approx(18) if name != "flow" else 16 - 1e-9 < width <= (16.001 if n < 100 else 18)
    assert height <= HIGHEST.get(name, 24.001)
    for kind in ("svg", "pdf") if n == LARGE else ():
        buffer = io.BytesIO()
        figure.savefig(buffer, format=kind)
        assert buffer.tell() < 1_000_000


@each_figure
@pytest.mark.parametrize(("n", "population"), [(55, "all"), (55, "idiopathic"), (1, "all"), (150, "all")])
def test_a_column_of_a_journal_holds_it(n, population, name, monkeypatch):
    monkeypatch.setenv(WIDTH, "85")
    draw, arguments = given(name, n, population)
    figure = draw(**arguments, caveats=CAVEATS[:1])
    assert faults(figure, 6) == []
    width, height = figure.get_size_inches() * 2.54
    assert width == pytest.approx(8.5) and height <= 24.001
    assert (page.PAGE_WIDTH_CM, page.SMALL, page.NARROW) == (18, 7, False)  # and the next is as usual


def same(one, other):
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[name], other[name]) for name in one)
    return one.equals(other) if hasattr(one, "equals") else one == other


@each_figure
def test_input_is_left_alone_and_the_drawing_repeats_itself(name):
    draw, arguments = given(name, 0, "all")
    before = copy.deepcopy(arguments)
    first = drawing(draw(**arguments))
    assert same(arguments, before)
    with matplotlib.rc_context({"font.size": 20, "font.family": "serif", "axes.grid": True, "lines.linewidth": 9}):
        again = draw(**arguments)
    assert drawing(again) == first


@pytest.mark.parametrize("name", [name for name in FIGURES if name != "flow"])
def test_an_unknown_population_is_refused(name):
    draw, arguments = given(name, 0, "all")
    with pytest.raises(ValueError, match="'SSM' is not a valid Population"):
        draw(**(arguments | {"population": "SSM"}))


@pytest.mark.parametrize("name", ["followup", "times"])
def test_no_patient_cannot_be_drawn(name):
    draw, arguments = given(name, 0, "all")
    empty = {key: frame.iloc[:0] for key, frame in arguments.items() if key in ("frame", "curves")}
    with pytest.raises(ValueError, match="no patients to draw; at least one is needed"):
        draw(**(arguments | empty))
