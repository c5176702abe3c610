"""What a printed figure must not do, whatever it shows."""

import hashlib
import io
from dataclasses import replace
from itertools import combinations
from unittest import mock

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from analysis.criteria import Criteria
from compendium.reporting.caveats import caveats
from tests.small_cohort import small_cohort

SMALLEST_TYPE = 7
CAVEATS = caveats(
    replace(small_cohort(), reconstructed=True),
    Criteria(partial_from_percent=12, worsening="any", new_symptoms="count", missing_last="no_response", alpha=0.01),
    "symptoms",
)
"""What a figure may have to say at most: three sentences, the last longer than a line of a narrow figure."""

SLACK = 1.0  # pixels at 150 dots per inch: letters may touch by less than a fifth of a millimetre


def drawn_texts(figure):
    """Every text that drawing the figure really puts on the page, with its box in pixels."""
    canvas, found, original = FigureCanvasAgg(figure), [], Text.draw

    def draw(text, renderer, *args, **kwargs):
        if text.get_visible() and text.get_text().strip():
            found.append((text, text.get_window_extent(renderer)))
        return original(text, renderer, *args, **kwargs)

    with mock.patch.object(Text, "draw", draw):
        canvas.draw()
    return found


def overlap(one, other):
    across = min(one.x1, other.x1) - max(one.x0, other.x0)
    up = min(one.y1, other.y1) - max(one.y0, other.y0)
    return across > SLACK and up > SLACK


def faults(figure):
    """Describe every text or symbol off the page, every pair of texts on top of each other, all type too small."""
    figure.set_dpi(150)
    texts, page = drawn_texts(figure), figure.bbox
    found = [
        f"off the page: {text.get_text()!r}"
        for text, box in texts
        if box.x0 < page.x0 or box.x1 > page.x1 or box.y0 < page.y0 or box.y1 > page.y1
    ]
    found += [
        f"smaller than {SMALLEST_TYPE} points: {t.get_text()!r}" for t, _ in texts if t.get_size() < SMALLEST_TYPE
    ]
    # A line of text reaches from its highest to its lowest possible letter, so that neighbours may share an edge.
    found += [
        f"overlap: {one[0].get_text()!r} and {other[0].get_text()!r}"
        for one, other in combinations(texts, 2)
        if overlap(one[1], other[1])
    ]
    tight = figure.get_tightbbox().padded(-0.01)
    width, height = figure.get_size_inches()
    if tight.x0 < 0 or tight.y0 < 0 or tight.x1 > width or tight.y1 > height:
        found.append(f"something reaches off the page: {tight}")
    return found


def texts_of(figure):
    return [text.get_text() for text, _ in drawn_texts(figure)]


def drawing(figure):
    """The digest of the figure as SVG, without what differs between any two drawings."""
    import matplotlib

    buffer = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "test"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return hashlib.sha256(buffer.getvalue()).hexdigest()
