"""Figure E5: tryptase and total IgE of each patient before and on omalizumab."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from analysis.statistics.paired import PairedT
from analysis.vocabulary import ANALYTE_LABELS, ANALYTE_UNITS, POPULATION_LABELS, Analyte, Population
from compendium.drawing import page, style
from compendium.drawing.levels import draw_levels, draw_ratios
from compendium.reporting.formatting import number, p_value

DIRECTION_LOOKS: dict[str, tuple[str, str]] = {
    "increased": ("#123d6b", "-"),
    "stable": ("#9a9790", "-"),
    "decreased": (style.ENDED_COLOUR, "--"),
}
"""Colour and line of a level that increased, stayed stable or decreased on therapy."""

MOST_LINES = 100
"""With more patients than these a panel shows distributions, since the lines of so many cannot be told apart."""

_HEIGHT, _ABOVE, _BELOW = 9.0, 2.3, 0.75  # whole figure; title and heads of the panels; names of the time points
_RATIOS, _APART = 2.2, 1.0  # height of the ratios below the levels, and room between the two
_SIDE, _BETWEEN = 1.5, 1.9  # room for the scale on the left of the first and of the second panel


def level_limits(pairs: pd.DataFrame) -> tuple[float, float]:
    """Choose the ends of a logarithmic scale.

    Parameters
    ----------
    pairs : DataFrame
        ``before`` and ``on_therapy``, 0 or more.

    Returns
    -------
    tuple of float
        A little below the lowest level or mean above 0 and a little above the highest level; at least one power of ten
        lies between.
    """
    levels = pairs[["before", "on_therapy"]].to_numpy(float)
    levels = np.vstack([levels, levels.mean(axis=0)])  # with levels of 0 a mean may be lower than all other levels
    levels = levels[levels > 0]
    if not levels.size:
        return 0.8, 12.5
    low, high = levels.min() / 1.4, levels.max() * 1.4
    if np.ceil(np.log10(low)) > np.floor(np.log10(high)):  # no power of ten between them
        high = 10 ** np.ceil(np.log10(high)) * 1.1
    return float(low), float(high)


def _set_scale(axes: Axes, pairs: pd.DataFrame) -> None:
    low, high = level_limits(pairs)
    decades = np.floor(np.log10(high)) - np.ceil(np.log10(low)) + 1
    axes.set_yscale("log")
    axes.set_ylim(low, high)
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0,) if decades >= 2 else (1.0, 2.0, 5.0), numticks=20))
    axes.yaxis.set_minor_locator(LogLocator(subs=np.arange(2.0, 10.0), numticks=200))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.grid(axis="y")
    axes.set_xlim(-0.52, 1.52)
    axes.set_xticks([0, 1], ["Before omalizumab", "On omalizumab"])
    axes.tick_params(axis="x", length=0, pad=4)


def _draw_lines(axes: Axes, pairs: pd.DataFrame, directions: pd.Series | None) -> None:
    """Join the two levels of each patient; a level of 0 stands at the lower edge."""
    levels = pairs[["before", "on_therapy"]].to_numpy(float).clip(min=axes.get_ylim()[0])
    known = pd.Series("increased", pairs.index) if directions is None else directions.astype(object)
    for direction, (colour, line) in DIRECTION_LOOKS.items():
        part = levels[(known == direction).to_numpy()]
        if not len(part):
            continue
        look = {"color": style.RESPONSE_COLOURS["MR"] if directions is None else colour, "label": direction}
        before, later = np.zeros(len(part)), np.ones(len(part))
        axes.plot(page.joined(before, later), page.joined(*part.T), line, linewidth=0.9, alpha=0.8, **look)
        for x, levels_then in ((before, part[:, 0]), (later, part[:, 1])):
            axes.plot(x, levels_then, "o", markersize=3.4, clip_on=False, **look)


def _draw_means(axes: Axes, test: PairedT) -> None:
    """Mark the means beside the patients and print them."""
    for x, side, mean in ((0, -1, test.mean_before), (1, 1, test.mean_after)):
        if mean is None or mean <= 0:
            continue
        axes.plot([x + 0.06 * side, x + 0.16 * side], [mean, mean], color=style.INK, linewidth=2.2, label="mean")
        place = {"ha": "right" if side < 0 else "left", "va": "center_baseline"}
        axes.text(x + 0.2 * side, mean, f"mean\n{number(mean, 1)}", linespacing=1.0, **place)


def _counts(directions: pd.Series) -> list[tuple[str, str]]:
    """Count the directions that occur, each with its colour."""
    counts = directions.astype(object).value_counts()
    return [(f"{counts.get(name, 0):,} {name}", colour) for name, (colour, _) in DIRECTION_LOOKS.items()]


def _draw_head(axes: Axes, letter: str, analyte: str, test: PairedT, directions: pd.Series | None) -> None:
    """Write the name of the analyte, the test, and how many levels went which way."""
    box = axes.get_position()
    across, up = axes.figure.get_size_inches() * 2.54
    x, y, cm = box.x0 * across - _SIDE, box.y1 * up, page.centimetres(axes.figure)
    title = f"{letter}  {ANALYTE_LABELS[Analyte(analyte)]}, {ANALYTE_UNITS[Analyte(analyte)]}"
    axes.figure.text(x, y + 1.05, title, weight="bold", size=style.NORMAL + 0.5, transform=cm)
    result = (
        "not tested"
        if test.p_value is None
        else f"p = {p_value(test.p_value)}".replace("= <", "< ").replace("= >", "> ")
    )
    axes.figure.text(x, y + 0.62, f"n = {test.n:,}; paired t test: {result}", transform=cm)
    for text, colour in _counts(directions) if directions is not None and test.n else []:
        axes.plot(
            [x, x + 0.45],
            [y + 0.32] * 2,
            color=colour,
            transform=cm,
            clip_on=False,
            scalex=False,
            scaley=False,
            linestyle=DIRECTION_LOOKS[text.split()[-1]][1],
            linewidth=1.4,
        )
        axes.figure.text(x + 0.55, y + 0.2, text, size=style.SMALL, transform=cm)
        x += 0.55 + page.text_width_cm(text, style.SMALL) * 1.05 + 0.35


def _draw_panel(
    axes: Axes, letter: str, analyte: str, pairs: pd.DataFrame, test: PairedT, directions: pd.Series | None
) -> None:
    _draw_head(axes, letter, analyte, test, directions)
    if pairs.empty:
        axes.set_axis_off()
        text = "No patient has a sample\nbefore and one on omalizumab"
        axes.text(0.5, 0.5, text, ha="center", va="center", color=style.MUTED, transform=axes.transAxes)
        return
    _set_scale(axes, pairs)
    if len(pairs) > MOST_LINES:
        draw_levels(axes, pairs)
    else:
        _draw_lines(axes, pairs, directions)
    _draw_means(axes, test)


def _notes(pairs: Mapping[str, pd.DataFrame], stable_percent: float | None, zeros: bool) -> list[str]:
    many = [len(frame) > MOST_LINES for frame in pairs.values()]
    lines = [letter for letter, frame in zip("ABCDEFGH", pairs.values(), strict=False) if 0 < len(frame) <= MOST_LINES]
    if any(many):
        text = (
            "Shapes: numbers of patients by level; dot, thick and thin bar: median, quartiles, 5th and 95th "
            "percentile. Below: numbers of patients by ratio, where the ends of the scale take up what lies beyond. "
        )
        text += f"In {lines[0]} each line is a patient. " if lines else ""
        text += "Logarithmic scales; bars beside the points are arithmetic means."
    elif not lines:
        return []
    else:
        text = "Each line is a patient; logarithmic scale; bars beside the points are arithmetic means."
    if stable_percent is not None:
        text += f" Stable: changed by at most {stable_percent:g}%."
    return [text + " A level of 0 stands at the lower edge." * zeros]


@style.journal_style()
def draw_biology(
    pairs: Mapping[str, pd.DataFrame],
    tests: Mapping[str, PairedT],
    population: str,
    *,
    directions: Mapping[str, pd.Series] | None = None,
    stable_percent: float | None = None,
    caveats: Sequence[str] = (),
) -> Figure:
    """Draw the levels of each patient before and on omalizumab (Figure E5).

    Parameters
    ----------
    pairs : mapping of str to DataFrame
        For each `Analyte` what `analysis.biology.paired_frame` gives: ``before`` and ``on_therapy`` of each patient.
    tests : mapping of str to PairedT
        The paired t test of each analyte.
    population : str
        A value of `Population`, for the title.
    directions : mapping of str to Series, optional
        For the analytes whose lines are to be told apart: what `analysis.biology.direction` gives.
    stable_percent : float, optional
        The largest change in percent that counts as stable, for the note.
    caveats : sequence of str
        What must not be overlooked, printed last and in bold, as `caveats.caveats` gives it.

    Returns
    -------
    Figure
        18 cm by 9 cm, a panel for each analyte; a panel without pairs says so. Where an analyte has more than
        `MOST_LINES` pairs, the distributions of its levels and, below, of their ratios take the place of the lines, and
        the figure is higher.

    Raises
    ------
    ValueError
        If the population is unknown.
    """
    title = f"{POPULATION_LABELS[Population(population)]}: blood tests before and on omalizumab"
    zeros = any(bool((frame[["before", "on_therapy"]] == 0).any(axis=None)) for frame in pairs.values())
    notes = _notes(pairs, stable_percent if directions else None, zeros)
    foot = page.foot_height_cm(page.PAGE_WIDTH_CM, notes, caveats) + 0.05
    many = any(len(frame) > MOST_LINES for frame in pairs.values())
    height = _HEIGHT + (_RATIOS + _APART + foot - 1 if many else 0)
    figure = page.new_figure(page.PAGE_WIDTH_CM, height)
    width = (page.PAGE_WIDTH_CM - 2 * page.MARGIN_CM - _SIDE - _BETWEEN * (len(pairs) - 1)) / len(pairs)
    for number_of, (analyte, frame) in enumerate(pairs.items()):
        left = page.MARGIN_CM + _SIDE + number_of * (width + _BETWEEN)
        way, bottom = (directions or {}).get(analyte), foot + _BELOW
        if len(frame) > MOST_LINES:
            ratios = page.add_axes(figure, left, foot + _BELOW + 0.3, width, _RATIOS)
            draw_ratios(ratios, frame, way, {name: colour for name, (colour, _) in DIRECTION_LOOKS.items()})
            bottom += _RATIOS + _APART
        axes = page.add_axes(figure, left, bottom, width, height - bottom - _ABOVE)
        _draw_panel(axes, "ABCDEFGH"[number_of], analyte, frame, tests[analyte], way)
    page.add_title(figure, title)
    page.add_foot(figure, notes, caveats)
    return figure
