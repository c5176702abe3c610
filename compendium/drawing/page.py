"""The printed page, as all figures share it: type and colours, and everything placed and measured in centimetres.

Colours are ordered by lightness, so that they keep their order in grey and for readers with a colour vision deficiency;
worsening stands apart in another hue and on the other side of a zero line.
"""

import os
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import matplotlib.style
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path
from matplotlib.transforms import Affine2D, Bbox, Transform, blended_transform_factory

from analysis.vocabulary import POPULATION_LABELS, Population
from compendium.files import WIDTH

PAGE_HEIGHT_CM = 24.0  # the largest height of a figure
_KEY_LINE_CM = 0.36  # distance of two lines of a key in a column
MARGIN_CM = 0.3  # white border of every figure
# Of a whole page and of one column of a journal; `journal_style` sets one of them while a figure is drawn. Whether it
# is a column; width; sizes in points of small type, below which nothing is set, of normal type, of heads of columns and
# of titles; distances of two lines of small type and of a title.
_WHOLE_PAGE = (False, 18.0, 7.0, 7.5, 7.5, 9.5, 0.34, 0.42)
_ONE_COLUMN = (True, 8.5, 6.0, 6.5, 6.0, 8.0, 0.29, 0.36)
NARROW, PAGE_WIDTH_CM, SMALL, NORMAL, HEAD_SIZE, TITLE, _LINE_CM, _TITLE_LINE_CM = _WHOLE_PAGE
INK, MUTED, RULE, PALE = "#1a1a1a", "#555555", "#a9a9a9", "#e4e4e4"  # text, secondary text, lines, grounds

GRADE_COLOURS: dict[float, str] = {  # the colour of each grade of a symptom: the greater the improvement, the darker
    1.5: "#d5762a", 1.0: "#e6e4df", 0.75: "#b5d0e8", 0.5: "#78a8d1", 0.25: "#3a76b0", 0.0: "#123d6b",
}  # fmt: skip

# The colour of each response class: the deeper the response, the darker.
RESPONSE_COLOURS: dict[str, str] = {"CR": "#123d6b", "MR": "#3a76b0", "PR": "#78a8d1", "NR": "#d6d3cd"}
ENDED_COLOUR = "#d5762a"  # of what went against the patient: a response lost or a therapy that had to be stopped
HEAD = {"weight": "bold", "color": MUTED}  # the look of the head of a column or panel
_KEY = {"loc": "upper left", "handlelength": 1.2, "handleheight": 1.0, "handletextpad": 0.4}
_KEY |= {"columnspacing": 1.25, "borderpad": 0, "borderaxespad": 0}

_RC = {
    "font.family": "DejaVu Sans",  # shipped with matplotlib, so that text is set alike on every machine
    "text.hinting": "none",  # else the width of a line depends on the resolution
    "text.color": INK, "axes.edgecolor": RULE, "axes.labelcolor": INK, "axes.linewidth": 0.6,
    "axes.spines.top": False, "axes.spines.right": False, "axes.axisbelow": True, "grid.color": PALE,
    "grid.linewidth": 0.6, "legend.frameon": False, "hatch.linewidth": 0.6,
}  # fmt: skip
for _axis in ("xtick", "ytick"):
    _RC |= {f"{_axis}.color": RULE, f"{_axis}.labelcolor": INK, f"{_axis}.major.width": 0.6}
_SIZED = ("font.size", "axes.labelsize", "legend.fontsize", "xtick.labelsize", "ytick.labelsize")


def _set_page(one: tuple[bool, float, float, float, float, float, float, float]) -> None:
    global NARROW, PAGE_WIDTH_CM, SMALL, NORMAL, HEAD_SIZE, TITLE, _LINE_CM, _TITLE_LINE_CM
    NARROW, PAGE_WIDTH_CM, SMALL, NORMAL, HEAD_SIZE, TITLE, _LINE_CM, _TITLE_LINE_CM = one


@contextmanager
def journal_style(*, column: bool = False) -> Iterator[None]:
    """Set the style of the figures over matplotlib's defaults, then the user's own again; a decorator, too.

    A figure that can be laid out in one column of a journal is so where COMPENDIUM_WIDTH asks for it.
    """
    _set_page(_ONE_COLUMN if column and os.environ.get(WIDTH) == "85" else _WHOLE_PAGE)
    try:
        with matplotlib.style.context(["default", _RC | dict.fromkeys(_SIZED, NORMAL)]):
            yield
    finally:
        _set_page(_WHOLE_PAGE)


def text_on(colour: str) -> str:
    """Choose the colour of text on a ground: white on a dark one, `INK` on a light one."""
    red, green, blue = to_rgb(colour)
    return "white" if 0.299 * red + 0.587 * green + 0.114 * blue < 0.5 else INK


def new_figure(height_cm: float, width_cm: float = 0) -> Figure:
    """Make an empty figure of a printed size, as wide as the page if no width is given, known to no global registry."""
    return Figure(figsize=((width_cm or PAGE_WIDTH_CM) / 2.54, height_cm / 2.54), facecolor="white")


def add_axes(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Add axes at a printed place, in centimetres from the lower left corner of the figure."""
    across, up = figure.get_size_inches() * 2.54
    return figure.add_axes((left / across, bottom / up, width / across, height / up))


def add_lanes(
    figure: Figure, left: float, bottom: float, width: float, depth: float, label: str, bounds: Sequence[float] = ()
) -> Axes:
    """Add axes whose rows are named beside them: a scale and a grid across; upwards none, but centimetres from above.

    With `bounds` the scale is drawn between them only, and lines behind the axes, as of a section, show through.
    """
    axes = add_axes(figure, left, bottom, width, depth)
    axes.set(ylim=(depth, 0), yticks=[], xlabel=label)
    axes.grid(axis="x")
    axes.spines["left"].set_visible(False)
    if bounds:
        axes.patch.set_visible(False)
        axes.spines["bottom"].set_bounds(*bounds)
    return axes


def centimetres(figure: Figure) -> Transform:
    """Give the transform from centimetres (from the lower left corner) to the canvas."""
    return Affine2D().scale(1 / 2.54) + figure.dpi_scale_trans


def beside(axes: Axes) -> Transform:
    """Give the transform for what stands beside a row: across centimetres of the page, upwards data of the axes."""
    return blended_transform_factory(centimetres(axes.figure), axes.transData)


def box_cm(axes: Axes) -> Bbox:
    """Measure where axes stand on the page, in centimetres from its lower left corner."""
    return Bbox(axes.get_position().get_points() * axes.figure.get_size_inches() * 2.54)


def write(figure: Figure, x: float, y: float, text: str, **look: Any) -> None:
    """Write at a place of the page, in centimetres from its lower left corner."""
    figure.text(x, y, text, transform=centimetres(figure), **look)


def write_beside(axes: Axes, x: float, y: float, text: str, **look: Any) -> None:
    """Write beside a row of axes: across in centimetres of the page, upwards in the middle of the row."""
    axes.text(x, y, text, transform=beside(axes), **{"va": "center_baseline"} | look)


def text_width_cm(text: str, size: float = 0, weight: str = "normal") -> float:
    """Measure the printed width of a line of text in centimetres; `size`, in points, is `NORMAL` if none is given."""
    return _text_width_cm(text, size or NORMAL, weight)


@lru_cache(100_000)
def _text_width_cm(text: str, size: float, weight: str) -> float:
    font = FontProperties(family="DejaVu Sans", size=size, weight=weight)
    return text_to_path.get_text_width_height_descent(text, font, ismath=False)[0] / 72 * 2.54


def wrap(text: str, width_cm: float, size: float = 0, weight: str = "normal") -> tuple[str, ...]:
    """Break a text, `SMALL` by default, into lines that fit a printed width in centimetres; an empty one has none."""
    return _wrap(text, width_cm, size or SMALL, weight)


@lru_cache(1_000)
def _wrap(text: str, width_cm: float, size: float, weight: str) -> tuple[str, ...]:
    width_cm *= 0.955  # a screen may set the letters that much wider, to fit them to its pixels
    characters = int(len(text) * width_cm / max(text_width_cm(text, size, weight), 1e-6)) if text else 1
    while True:
        lines = textwrap.wrap(text, max(characters, 1))
        if characters <= 1 or all(text_width_cm(line, size, weight) <= width_cm for line in lines):
            return tuple(lines)
        characters -= 1


def joined(starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Put a coordinate of the two ends of n lines into an array of 3 n, with gaps, so that one plot draws a million."""
    return np.column_stack([starts, ends, np.full(len(starts), np.nan)]).ravel()


def place_rows(
    sections: pd.Series, row: float | np.ndarray, head: float, gap: float = 0
) -> tuple[np.ndarray, pd.Series]:
    """Place rows, all of a height or each of its own, below the names of their sections, with a gap above a name.

    Gives the centre of each row and, by section, where its rows begin, in centimetres from above.
    """
    number, names = pd.factorize(sections)
    below = np.cumsum(row) - row / 2 if np.ndim(row) else row * (np.arange(len(number)) + 0.5)
    y = head + number * (head + gap) + below
    return y, pd.Series((y - row / 2)[np.unique(number, return_index=True)[1]], names.astype(object))


def add_sections(axes: Axes, begin: Mapping[str, float], height: float, **look: Any) -> None:
    """Name sections at the left margin, each between a faint line across the page and where its rows begin."""
    line = {"color": RULE, "linewidth": 0.6, "clip_on": False, "scalex": False, "scaley": False, "label": "rule"}
    for name, below in begin.items():
        axes.plot([MARGIN_CM, PAGE_WIDTH_CM - MARGIN_CM], [below - height] * 2, transform=beside(axes), **line)
        write_beside(axes, MARGIN_CM, below - height / 2, name, weight="bold", **look)


def add_cells(axes: Axes, rows: pd.DataFrame, columns: Mapping[str, float], cells: Iterable[Sequence[str]]) -> None:
    """Write the ``label`` of each row at its ``y`` on the left of the axes, and its cells on the right, under heads.

    `columns` are the heads and their centres in centimetres from the right end of the axes.
    """
    box = box_cm(axes)
    for head, centre in columns.items():
        look = {"ha": "center", "linespacing": 1.05, "size": HEAD_SIZE}
        write(axes.figure, box.x1 + centre, box.y1 + 0.1, head, **look, **HEAD)
    for row, texts in zip(rows.itertuples(), cells, strict=True):
        write_beside(axes, MARGIN_CM + 0.25, row.y, row.label)
        for text, centre in zip(texts, columns.values(), strict=True):
            write_beside(axes, box.x1 + centre, row.y, text, ha="center")


def key_lines(labels: Iterable[str], x: float = 0, handle: float = 1.2) -> list[list[str]]:
    """Divide the signs of a key, by their labels, among lines: a whole page takes all in one, a column what fits."""
    found: list[list[str]] = [[]]
    right = x or MARGIN_CM
    for label in labels:
        width = text_width_cm(label, SMALL) * 1.05 + (handle + 0.4 + 1.25) * SMALL / 72 * 2.54
        if NARROW and found[-1] and right + width > PAGE_WIDTH_CM:  # the gap after the last sign may reach the border
            found, right = [*found, []], x or MARGIN_CM
        found[-1].append(label)
        right += width
    return found


def extra_key_cm(labels: Iterable[str], x: float = 0, handle: float = 1.2) -> float:
    """Tell how much room (in centimetres) a key takes beyond that of a single line."""
    return _KEY_LINE_CM * (len(key_lines(labels, x, handle)) - 1)


def add_key(figure: Figure, signs: Mapping[str, Any], y: float, x: float = 0, **look: Any) -> None:
    """Explain signs, by their labels, in as few lines as can be; their upper left corner is given in centimetres."""
    for line, labels in enumerate(key_lines(signs, x, look.get("handlelength", 1.2))):
        place = {"bbox_to_anchor": (x or MARGIN_CM, y - _KEY_LINE_CM * line), "bbox_transform": centimetres(figure)}
        place |= {"ncols": len(labels), "fontsize": SMALL}
        figure.legend([signs[label] for label in labels], labels, **(place | _KEY | look))


def heading(population: str, patients: int, subject: str) -> str:
    """Name a population, its size and what is shown of it; an unknown population is refused."""
    return f"{POPULATION_LABELS[Population(population)]} (N = {patients:,}): {subject}"


def extra_title_cm(title: str) -> float:
    """Tell how much room (in centimetres) a title takes on a whole page beyond that of a single line."""
    return _TITLE_LINE_CM * (len(wrap(title, PAGE_WIDTH_CM - 2 * MARGIN_CM, TITLE, "bold")) - 1)


def _foot_lines(notes: Sequence[str], caveats: Sequence[str], width_cm: float) -> list[tuple[str, str]]:
    """Break the notes into lines, each with its weight."""
    parts, width_cm = {"normal": notes, "bold": caveats}, width_cm - 2 * MARGIN_CM
    return [(line, bold) for bold, texts in parts.items() for one in texts for line in wrap(one, width_cm, SMALL, bold)]


def foot_height_cm(notes: Sequence[str], caveats: Sequence[str] = (), width_cm: float = 0) -> float:
    """Tell how much room (in centimetres, margin included) the notes at the foot of a figure take."""
    return MARGIN_CM + _LINE_CM * len(_foot_lines(notes, caveats, width_cm or PAGE_WIDTH_CM))


def add_title_and_foot(figure: Figure, title: str, notes: Sequence[str], caveats: Sequence[str] = ()) -> Figure:
    """Set the title at the top left corner, and at the foot the notes and, in bold, the caveats, a paragraph each."""
    width, height = figure.get_size_inches() * 2.54
    lines = "\n".join(wrap(title, width - 2 * MARGIN_CM, TITLE, "bold"))
    write(figure, MARGIN_CM, height - MARGIN_CM, lines, size=TITLE, weight="bold", va="top")
    y = foot_height_cm(notes, caveats, width)
    for line, weight in _foot_lines(notes, caveats, width):
        colour = INK if weight == "bold" else MUTED
        write(figure, MARGIN_CM, y, line, size=SMALL, weight=weight, color=colour, va="top")
        y -= _LINE_CM
    return figure
