"""What a printed figure must not do, whatever it shows."""

import hashlib
import io
from dataclasses import replace
from functools import lru_cache
from unittest import mock

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import RendererAgg
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
RENDERER = RendererAgg(1, 1, 150)  # one for all figures: it remembers the sizes of texts, which are dear to measure


@lru_cache(1)
def drawn_texts(figure):
    """Every text that drawing the figure really puts on the page, with its box in pixels (which are not coloured)."""
    found = []

    def draw(text, renderer):
        if text.get_visible() and text.get_text().strip():
            found.append((text, text.get_window_extent(renderer)))

    figure.set_dpi(RENDERER.dpi)
    with mock.patch.object(Text, "draw", draw), RENDERER._draw_disabled():
        figure.draw(RENDERER)
    return found


def beyond(box, page):
    return box.x0 < page.x0 or box.x1 > page.x1 or box.y0 < page.y0 or box.y1 > page.y1


def faults(figure, least=SMALLEST_TYPE):
    """Describe every text or symbol off the page, every pair of texts on top of each other, all type too small."""
    texts = [(text.get_text(), text.get_size(), box) for text, box in drawn_texts(figure)]
    found = [f"off the page: {text!r}" for text, _, box in texts if beyond(box, figure.bbox)]
    found += [f"smaller than {least} points: {text!r}" for text, size, _ in texts if size < least]
    # A line of text reaches from its highest to its lowest possible letter, so that neighbours may share an edge.
    left, low, right, high = np.reshape([box.extents for *_, box in texts], (-1, 4)).T
    across, up = (np.minimum.outer(b, b) - np.maximum.outer(a, a) for a, b in ((left, right), (low, high)))
    pairs = np.argwhere(np.triu((across > SLACK) & (up > SLACK), 1))
    found += [f"overlap: {texts[one][0]!r} and {texts[other][0]!r}" for one, other in pairs]
    with mock.patch.object(Text, "get_tightbbox", return_value=None):  # of texts it is known
        tight = figure.get_tightbbox(RENDERER).padded(-0.01)
    return found + ([f"something reaches off the page: {tight}"] if beyond(tight, figure.bbox_inches) else [])


def texts_of(figure):
    return [text.get_text() for text, _ in drawn_texts(figure)]


def lines(axes, label):
    """The lines of a kind as (from, to, height), from above."""
    found = [line.get_xydata() for line in axes.lines if line.get_label() == label]
    return sorted([(ends[0][0], ends[-1][0], ends[0][1]) for ends in found], key=lambda line: line[2])


def drawing(figure):
    """The digest of the figure as SVG, its letters as text, without what differs between any two drawings."""
    buffer = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "test", "svg.fonttype": "none"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return hashlib.sha256(buffer.getvalue()).hexdigest()
