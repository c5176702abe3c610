"""The look of every figure: type and colours.

Colours are ordered by lightness, so that they keep their order in grey and for
readers with a colour vision deficiency; worsening stands apart in another hue and on the other side of a zero line.
"""

from contextlib import AbstractContextManager

import matplotlib.style
from matplotlib.colors import to_rgb

SMALL, NORMAL, TITLE = 7.0, 7.5, 9.5
"""Type sizes in points at printed size; nothing is set smaller than the first."""

INK, MUTED, RULE, PALE = "#1a1a1a", "#555555", "#a9a9a9", "#e4e4e4"
"""Text; secondary text; lines; faint lines and grounds."""

GRADE_COLOURS: dict[float, str] = {
    1.5: "#d5762a",
    1.0: "#e6e4df",
    0.75: "#b5d0e8",
    0.5: "#78a8d1",
    0.25: "#3a76b0",
    0.0: "#123d6b",
}
"""The colour of each grade of a symptom: the greater the improvement, the darker."""

RESPONSE_COLOURS: dict[str, str] = {"CR": "#123d6b", "MR": "#3a76b0", "PR": "#78a8d1", "NR": "#d6d3cd"}
"""The colour of each response class: the deeper the response, the darker."""

ENDED_COLOUR = "#d5762a"
"""The colour of what went against the patient: a response lost or a therapy that had to be stopped."""

KEY = {
    "loc": "upper left",
    "fontsize": SMALL,
    "handlelength": 1.2,
    "handleheight": 1.0,
    "handletextpad": 0.4,
    "columnspacing": 1.25,
    "borderpad": 0,
    "borderaxespad": 0,
}
"""The layout of a key in one line, for `Figure.legend`."""

_RC = {
    "font.family": "DejaVu Sans",  # shipped with matplotlib, so that text is set alike on every machine
    "font.size": NORMAL,
    "text.hinting": "none",  # else the width of a line depends on the resolution
    "text.color": INK,
    "axes.edgecolor": RULE,
    "axes.labelcolor": INK,
    "axes.labelsize": NORMAL,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": PALE,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": NORMAL,
    "xtick.color": RULE,
    "ytick.color": RULE,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": NORMAL,
    "ytick.labelsize": NORMAL,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "hatch.linewidth": 0.6,
}


def journal_style() -> AbstractContextManager[None]:
    """Set the style of the figures, and the user's own again afterwards.

    Returns
    -------
    context manager
        Also usable as a decorator. Within it matplotlib's defaults with the settings of this module hold, whatever the
        user's configuration says.
    """
    return matplotlib.style.context(["default", _RC])


def text_on(colour: str) -> str:
    """Choose the colour of text on a ground.

    Parameters
    ----------
    colour : str
        The colour of the ground.

    Returns
    -------
    str
        White on a dark ground, `INK` on a light one.
    """
    red, green, blue = to_rgb(colour)
    return "white" if 0.299 * red + 0.587 * green + 0.114 * blue < 0.5 else INK
