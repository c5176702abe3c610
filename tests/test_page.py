"""The printed page: places and widths are those printed, text fits, colours are told apart by every reader."""

from itertools import combinations, pairwise

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D

from analysis.vocabulary import GRADES
from compendium.drawing import page
from compendium.drawing.biology import DIRECTION_LOOKS
from compendium.drawing.courses import PHASES, STOP_BADGES
from compendium.drawing.followup import STATUS_COLOURS
from compendium.reporting.caveats import RECONSTRUCTED_NOTE
from tests.figure_checks import drawn_texts, faults, texts_of

TEXT = "Each bar is one patient; the symbol after its end tells whether therapy went on or why it was stopped."

# Machado, Oliveira and Fernandes 2009, full deficiency, on linear RGB.
DEUTERANOPIA = np.array(
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]]
)
PROTANOPIA = np.array(
    [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
)


def linear(colour):
    rgb = np.array(to_rgb(colour))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    """CIELAB (D65) of linear RGB."""
    matrix = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.072175], [0.0193339, 0.119192, 0.9503041]]
    xyz = np.array(matrix) @ np.clip(rgb, 0, 1) / [0.95047, 1, 1.08883]
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("colours", [
    [page.GRADE_COLOURS[grade] for grade in GRADES if grade <= 1], list(page.RESPONSE_COLOURS.values())[::-1],
    [colour for _, colour in PHASES.values()][:3],
], ids=["grades", "responses", "phases"])  # fmt: skip
def test_an_order_is_an_order_in_grey(colours):
    steps = -np.diff([lab(linear(colour))[0] for colour in colours])
    assert (steps > 7).all() and steps.mean() > 12


@pytest.mark.parametrize("deficiency", [DEUTERANOPIA, PROTANOPIA], ids=["deuteranopia", "protanopia"])
@pytest.mark.parametrize("colours", [
    list(page.GRADE_COLOURS.values()), list(STATUS_COLOURS.values()),
    [colour for colour, _ in DIRECTION_LOOKS.values()], sorted({ground for _, ground in STOP_BADGES.values()}),
], ids=["grades", "statuses", "directions", "badges"])  # fmt: skip
def test_colours_differ_for_readers_with_a_colour_vision_deficiency(colours, deficiency):
    seen = [lab(deficiency @ linear(colour)) for colour in colours]
    assert min(np.linalg.norm(one - other) for one, other in combinations(seen, 2)) > 10


@pytest.mark.parametrize("colour", list(page.GRADE_COLOURS.values()))
def test_numbers_can_be_read_on_their_ground(colour):
    luminances = sorted(linear(c) @ [0.2126, 0.7152, 0.0722] for c in (colour, page.text_on(colour)))
    assert (luminances[1] + 0.05) / (luminances[0] + 0.05) >= 4.5


def test_style_holds_within_and_is_gone_afterwards():
    with matplotlib.rc_context({"font.size": 30, "axes.grid": True}):
        with page.journal_style():
            assert matplotlib.rcParams["font.size"] == page.NORMAL
            assert not matplotlib.rcParams["axes.grid"]
        assert matplotlib.rcParams["font.size"] == 30
        assert matplotlib.rcParams["axes.grid"]


def test_axes_stand_where_they_are_put():
    figure = page.new_figure(9)
    assert figure.get_size_inches() * 2.54 == pytest.approx([18, 9])
    for axes in (page.add_axes(figure, 1.5, 2, 6, 4), page.add_lanes(figure, 1.5, 2, 6, 4, "Patients", (0, 1))):
        pixels = axes.get_window_extent()
        assert [value / figure.dpi * 2.54 for value in pixels.bounds] == pytest.approx([1.5, 2, 6, 4])
        assert page.box_cm(axes).bounds == pytest.approx([1.5, 2, 6, 4])
    assert figure.dpi * 5 / 2.54 == pytest.approx(page.centimetres(figure).transform((5, 0))[0])
    # 1 cm from the left of the page, and 1 cm below the upper end of axes that count from above.
    place = page.beside(axes).transform((1, 1)) / figure.dpi * 2.54
    assert place == pytest.approx([1, 5])


@pytest.mark.parametrize("weight", ["normal", "bold"])
def test_the_measured_width_is_the_printed_width(weight):
    figure = page.new_figure(3)
    figure.set_dpi(1200)  # letters are fitted to pixels, which no longer matters here
    text = figure.text(0, 0, TEXT[:60], size=7, weight=weight, family="DejaVu Sans")
    printed = text.get_window_extent().width / figure.dpi * 2.54
    assert page.text_width_cm(TEXT[:60], 7, weight) == pytest.approx(printed, rel=0.01)


def test_wrapped_lines_fit_and_hold_every_word():
    for width in (3, 7.5, 16):
        lines = page.wrap(TEXT, width)
        assert " ".join(lines) == TEXT
        # A screen may set letters a twentieth wider.
        assert all(page.text_width_cm(line, 7) <= 0.955 * width for line in lines)
        longer = [f"{line} {following.split()[0]}" for line, following in pairwise(lines)]
        assert all(page.text_width_cm(line, 7) > 0.9 * width for line in longer)
    assert page.wrap("", 5) == ()
    assert page.wrap("Incomprehensibilities", 0.5)
    joined = page.joined(np.array([1.0, 2.0]), np.array([5.0, 6.0]))
    np.testing.assert_array_equal(joined, [1, 5, np.nan, 2, 6, np.nan])


@pytest.mark.parametrize("caveats", [(), (RECONSTRUCTED_NOTE, "Rules other than the paper's: zeros=pratt.")])
def test_foot_takes_the_room_it_says(caveats):
    notes = [TEXT, TEXT * 3]
    figure = page.new_figure(8, 12)
    title = "A title that is far too long for one line of a figure of this printed width, so it is broken"
    page.add_title_and_foot(figure, title, notes, caveats)
    assert faults(figure) == []
    lines = [box for text, box in drawn_texts(figure) if text.get_size() == 7]
    top = max(box.y1 for box in lines) / figure.dpi * 2.54
    assert top == pytest.approx(page.foot_height_cm(notes, caveats, 12), abs=0.05)
    assert all(caveat in " ".join(texts_of(figure)) for caveat in caveats)
    looks = {(text.get_weight(), text.get_color()) for text, _ in drawn_texts(figure) if text.get_size() == 7}
    assert looks == {("normal", page.MUTED)} | ({("bold", page.INK)} if caveats else set())
    assert (page.PAGE_WIDTH_CM, page.PAGE_HEIGHT_CM) == (18, 24)
    two, three = (page.extra_title_cm(" ".join([title] * count)) for count in (2, 3))
    assert page.extra_title_cm(title) == 0 < two == pytest.approx(three / 2)


def test_a_key_stands_where_it_is_put():
    figure = page.new_figure(5)
    page.add_key(figure, {"A line": Line2D([], []), "Another": Line2D([], [])}, 3, 2)
    box = figure.legends[0].get_window_extent()
    assert [box.x0 / figure.dpi * 2.54, box.y1 / figure.dpi * 2.54] == pytest.approx([2, 3], abs=0.02)
