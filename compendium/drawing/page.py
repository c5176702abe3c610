"""The printed page of a figure: everything is placed and measured in centimetres."""

import textwrap
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.text import Text
from matplotlib.textpath import text_to_path
from matplotlib.transforms import Affine2D, Transform

from compendium.drawing.style import INK, MUTED, NORMAL, SMALL, TITLE

PAGE_WIDTH_CM = 18.0
"""Full width of a printed page."""

PAGE_HEIGHT_CM = 24.0
"""Largest height of a figure on a printed page."""

MARGIN_CM = 0.3
"""White border of every figure."""

LINE_CM = 0.34
"""Distance of two lines of small type."""

TITLE_LINE_CM = 0.42
"""Distance of two lines of a title."""


def joined(starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Put the coordinates of many lines into one, with a gap after each.

    Parameters
    ----------
    starts, ends : array of float, shape (n,)
        One coordinate of the two ends of each line.

    Returns
    -------
    array of float, shape (3 n,)
        For one call of `Axes.plot`, which is as quick for a million lines as for a few.
    """
    return np.column_stack([starts, ends, np.full(len(starts), np.nan)]).ravel()


def new_figure(width_cm: float, height_cm: float) -> Figure:
    """Make an empty figure of a printed size.

    Parameters
    ----------
    width_cm, height_cm : float
        Printed size in centimetres.

    Returns
    -------
    Figure
        Without axes and known to no global registry.
    """
    return Figure(figsize=(width_cm / 2.54, height_cm / 2.54), facecolor="white")


def add_axes(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Add axes at a printed place.

    Parameters
    ----------
    figure : Figure
        The figure.
    left, bottom, width, height : float
        In centimetres from the lower left corner of the figure.

    Returns
    -------
    Axes
        The axes.
    """
    across, up = figure.get_size_inches() * 2.54
    return figure.add_axes((left / across, bottom / up, width / across, height / up))


def centimetres(figure: Figure) -> Transform:
    """Give the transform from centimetres (from the lower left corner) to the canvas.

    Parameters
    ----------
    figure : Figure
        The figure.

    Returns
    -------
    Transform
        For the ``transform`` argument of artists.
    """
    return Affine2D().scale(1 / 2.54) + figure.dpi_scale_trans


def width_cm(axes: Axes) -> float:
    """Measure the printed width of axes.

    Parameters
    ----------
    axes : Axes
        The axes.

    Returns
    -------
    float
        Width in centimetres.
    """
    return axes.get_position().width * axes.figure.get_size_inches()[0] * 2.54


def text_width_cm(text: str, size: float = NORMAL, weight: str = "normal") -> float:
    """Measure a line of text.

    Parameters
    ----------
    text : str
        One line.
    size : float
        Type size in points.
    weight : str
        "normal" or "bold".

    Returns
    -------
    float
        Printed width in centimetres.
    """
    font = FontProperties(family="DejaVu Sans", size=size, weight=weight)
    return text_to_path.get_text_width_height_descent(text, font, ismath=False)[0] / 72 * 2.54


def wrap(text: str, width_cm: float, size: float = SMALL, weight: str = "normal") -> list[str]:
    """Break a text into lines that fit a printed width.

    Parameters
    ----------
    text : str
        The text.
    width_cm : float
        Width of the lines in centimetres.
    size : float
        Type size in points.
    weight : str
        "normal" or "bold".

    Returns
    -------
    list of str
        The lines; empty for an empty text.
    """
    width_cm *= 0.955  # a screen may set the letters that much wider, to fit them to its pixels
    characters = int(len(text) * width_cm / max(text_width_cm(text, size, weight), 1e-6)) if text else 1
    while True:
        lines = textwrap.wrap(text, max(characters, 1))
        if characters <= 1 or all(text_width_cm(line, size, weight) <= width_cm for line in lines):
            return lines
        characters -= 1


def extra_title_cm(title: str, width_cm: float = PAGE_WIDTH_CM) -> float:
    """Tell how much room a title takes beyond that of a single line.

    Parameters
    ----------
    title : str
        The title.
    width_cm : float
        Width of the figure in centimetres.

    Returns
    -------
    float
        Height in centimetres; 0 if the title fits into a line.
    """
    return TITLE_LINE_CM * (len(wrap(title, width_cm - 2 * MARGIN_CM, TITLE, "bold")) - 1)


def add_title(figure: Figure, title: str) -> Text:
    """Set the title at the top left corner.

    Parameters
    ----------
    figure : Figure
        The figure.
    title : str
        The title; broken into lines if it is too wide.

    Returns
    -------
    Text
        The title.
    """
    across, up = figure.get_size_inches() * 2.54
    lines = wrap(title, across - 2 * MARGIN_CM, TITLE, "bold")
    return figure.text(
        MARGIN_CM, up - MARGIN_CM, "\n".join(lines), size=TITLE, weight="bold", va="top", transform=centimetres(figure)
    )


def _foot_lines(width_cm: float, notes: list[str], caveats: Sequence[str]) -> list[tuple[str, str]]:
    """Break the notes into lines, each with its weight."""
    paragraphs = [(note, "normal") for note in notes] + [(caveat, "bold") for caveat in caveats]
    return [(line, weight) for text, weight in paragraphs for line in wrap(text, width_cm, SMALL, weight)]


def foot_height_cm(width_cm: float, notes: list[str], caveats: Sequence[str] = ()) -> float:
    """Tell how much room the notes at the foot of a figure take.

    Parameters
    ----------
    width_cm : float
        Width of the figure in centimetres.
    notes : list of str
        The notes, a paragraph each.
    caveats : sequence of str
        What must not be overlooked, printed last and in bold, as `caveats.caveats` gives it.

    Returns
    -------
    float
        Height in centimetres, margin included.
    """
    return MARGIN_CM + LINE_CM * len(_foot_lines(width_cm - 2 * MARGIN_CM, notes, caveats))


def add_foot(figure: Figure, notes: list[str], caveats: Sequence[str] = ()) -> None:
    """Set the notes at the foot of a figure, the caveats last and in bold.

    Parameters
    ----------
    figure : Figure
        The figure.
    notes : list of str
        The notes, a paragraph each.
    caveats : sequence of str
        What must not be overlooked, printed last and in bold, as `caveats.caveats` gives it.
    """
    width = figure.get_size_inches()[0] * 2.54
    y = foot_height_cm(width, notes, caveats)
    for line, weight in _foot_lines(width - 2 * MARGIN_CM, notes, caveats):
        figure.text(
            MARGIN_CM,
            y,
            line,
            size=SMALL,
            weight=weight,
            color=INK if weight == "bold" else MUTED,
            va="top",
            transform=centimetres(figure),
        )
        y -= LINE_CM
