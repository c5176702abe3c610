from itertools import pairwise

import numpy as np
import pytest

from compendium.drawing import page
from compendium.reporting.caveats import RECONSTRUCTED_NOTE
from tests.figure_checks import drawn_texts, faults, texts_of

TEXT = "Each bar is one patient; the symbol after its end tells whether therapy went on or why it was stopped."


def test_axes_stand_where_they_are_put():
    figure = page.new_figure(9)
    axes = page.add_axes(figure, 1.5, 2, 6, 4)
    pixels = axes.get_window_extent()
    assert [value / figure.dpi * 2.54 for value in pixels.bounds] == pytest.approx([1.5, 2, 6, 4])
    assert page.box_cm(axes).bounds == pytest.approx([1.5, 2, 6, 4])
    assert figure.dpi * 5 / 2.54 == pytest.approx(page.centimetres(figure).transform((5, 0))[0])


@pytest.mark.parametrize("weight", ["normal", "bold"])
def test_the_measured_width_is_the_printed_width(weight):
    figure = page.new_figure(3)
    figure.set_dpi(1200)  # letters are fitted to pixels, which no longer matters here
    text = figure.text(0, 0, TEXT[:60], size=7, weight=weight, family="DejaVu Sans")
    printed = text.get_window_extent().width / figure.dpi * 2.54
    assert page.text_width_cm(TEXT[:60], 7, weight) == pytest.approx(printed, rel=0.01)


@pytest.mark.parametrize("width", [3, 7.5, 16])
def test_wrapped_lines_fit_and_hold_every_word(width):
    lines = page.wrap(TEXT, width)
    assert " ".join(lines) == TEXT
    assert all(page.text_width_cm(line, 7) <= width for line in lines)
    assert all(
        page.text_width_cm(f"{line} {following.split()[0]}", 7) > 0.9 * width for line, following in pairwise(lines)
    )


def test_joined_lines_have_a_gap_after_each():
    joined = page.joined(np.array([1.0, 2.0]), np.array([5.0, 6.0]))
    np.testing.assert_array_equal(joined, [1, 5, np.nan, 2, 6, np.nan])


def test_nothing_to_wrap():
    assert page.wrap("", 5) == []
    assert page.wrap("Incomprehensibilities", 0.5)


@pytest.mark.parametrize(
    "caveats", [(), (RECONSTRUCTED_NOTE,), (RECONSTRUCTED_NOTE, "Rules other than the paper's: zeros=pratt.")]
)
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
