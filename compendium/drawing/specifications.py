"""The specification curve: how the numbers of responders hold under all combinations of the rules left open."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from analysis.sensitivity import BEST, LAST, SUSTAINED
from analysis.vocabulary import RESPONSE_LABELS, Response
from compendium.drawing import page
from compendium.reporting.options import OPTION_LABELS, value_label

# Heading of each panel, the options that its numbers depend on, and the numbers stacked in it.
PANELS: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "best": ("Best response", BEST, ("best.cr", "best.mr", "best.pr")),
    "last": ("Response at last follow-up", LAST, ("last.persistent_orr",)),
    "sustained": ("Sustained response", SUSTAINED, ("sustained",)),
}
_COLOURS = {f"best.{name.lower()}": page.RESPONSE_COLOURS[name] for name in ("CR", "MR", "PR")}
_COLOURS |= dict.fromkeys(("last.persistent_orr", "sustained"), page.RESPONSE_COLOURS["MR"])
Layout = list[tuple[str, float, dict[object, float]]]  # each option, and the places of its heading and its values
_ROW, _HEADING, _GAP = 0.4, 0.42, 0.12  # heights in centimetres
_CURVE, _ABOVE, _BETWEEN, _SIDE = 4.4, 1.75, 0.45, 0.55
_BINS = 108  # columns of a strip at most, about half a millimetre each
_SHADES = LinearSegmentedColormap.from_list("share", ["#f4f3f0", page.RESPONSE_COLOURS["CR"]])
_NOTE = (
    "Curves: numbers of patients under every combination of the rules below, in rising order. Strips: the darker, "
    "the more of the combinations above that place have the value; a rule without a strip does not matter there. "
    "Dots and bold: the rules that the other figures and tables were made by."
)


def ordered(grid: pd.DataFrame, panel: str) -> pd.DataFrame:
    """Order the combinations of the options that matter in a panel by their ``total``, then by the numbers stacked."""
    _, options, stacked = PANELS[panel]
    distinct = grid.drop_duplicates(list(options))
    distinct = distinct.assign(total=distinct[list(stacked)].sum(axis=1))
    return distinct.sort_values(["total", *stacked], kind="stable")


def strips(rows: pd.DataFrame, option: str, values: Sequence[object], bins: int = _BINS) -> np.ndarray:
    """Give the share of the combinations with each value along an ordered curve: (values, at most `bins` columns)."""
    given = rows[option].to_numpy()
    parts = np.array_split(np.arange(len(rows)), min(bins, len(rows)))
    return np.array([[np.mean(given[part] == value) for part in parts] for value in values])


def _layout(grid: pd.DataFrame) -> tuple[Layout, float]:
    """Place each option's heading and values, the first that of the criteria: centimetres from above, and the depth."""
    layout, y = [], 0.0
    for option in (name for name in OPTION_LABELS if name in grid.columns):
        first = y + _HEADING + _ROW / 2
        values = {value: first + _ROW * place for place, value in enumerate(pd.unique(grid[option]))}
        layout.append((option, y + _HEADING / 2, values))
        y += _HEADING + _ROW * len(values) + _GAP
    return layout, y - _GAP


def _draw_curve(axes: Axes, rows: pd.DataFrame, panel: str, patients: int) -> None:
    """Stack the numbers of patients, and mark those under the criteria themselves."""
    edges = np.arange(len(rows) + 1)
    below = np.zeros(len(rows))
    for name in PANELS[panel][2]:
        above = below + rows[name].to_numpy()
        axes.stairs(above, edges, baseline=below, fill=True, color=_COLOURS[name], linewidth=0, label=name)
        below = above
    first = int(np.flatnonzero(rows.index == rows.index.min())[0])
    x, y = first + 0.5, below[first]
    axes.plot([x, x], [0, y], color=page.INK, linewidth=0.8)
    axes.plot([x], [y], "o", color=page.INK, markersize=4, clip_on=False)
    shift, side = (-2, "right") if first > len(rows) / 2 else (2, "left")
    axes.annotate(f"{y:,.0f}", (x, y), xytext=(shift, 5), textcoords="offset points", ha=side, weight="bold")
    axes.set(xlim=(0, len(rows)), ylim=(0, 1.1 * patients), xticks=[])
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.grid(axis="y")


def _draw_strips(axes: Axes, rows: pd.DataFrame, panel: str, layout: Layout, depth: float) -> None:
    """Draw below a curve which combinations have which value of each option that matters there."""
    axes.axis("off")
    for option, _, values in (part for part in layout if part[0] in PANELS[panel][1]):
        for share, y in zip(strips(rows, option, list(values)), values.values(), strict=True):
            place = (0, 1, y + 0.4 * _ROW, y - 0.4 * _ROW)
            axes.imshow(share[None, :], cmap=_SHADES, vmin=0, vmax=1, aspect="auto", extent=place)
    axes.set(xlim=(0, 1), ylim=(depth, 0))


def _head(rows: pd.DataFrame, width: float) -> list[str]:
    """Write the range of a curve and the number of combinations, below each other if the width asks for it."""
    low, high = (f"{rows['total'].iloc[end]:,.0f}" for end in (0, -1))
    text = f"{low} to {high}" if low != high else f"always {low}"
    whole = f"{text}; {len(rows):,} combinations"
    return [whole] if 1.05 * page.text_width_cm(whole, page.SMALL) <= width else [f"{text};", whole.split("; ")[1]]


def _draw_labels(figure: Figure, layout: Layout, top: float, bottom: float) -> None:
    """Write the options and their values at the left, the used in bold, and what the curves above `bottom` count."""
    look = {"va": "center_baseline", "size": page.SMALL}
    for option, y, values in layout:
        page.write(figure, page.MARGIN_CM, top - y, OPTION_LABELS[option], color=page.MUTED, **look)
        for place, (value, below) in enumerate(values.items()):
            weight = "normal" if place else "bold"
            page.write(figure, page.MARGIN_CM + 0.3, top - below, value_label(option, value), weight=weight, **look)
    above = bottom + _CURVE
    page.write(figure, page.MARGIN_CM, above - 0.1, "Number of patients", va="top")
    for line, response in enumerate((Response.PR, Response.MR, Response.CR)):
        y, square = above - 1.0 - 0.42 * line, {"color": page.RESPONSE_COLOURS[response], "size": page.TITLE}
        page.write(figure, page.MARGIN_CM, y, "\u25a0", va="center_baseline", **square)
        page.write(figure, page.MARGIN_CM + 0.35, y, RESPONSE_LABELS[response], va="center_baseline", size=page.SMALL)


@page.journal_style()
def draw_specifications(grid: pd.DataFrame, population: str, patients: int, *, caveats: Sequence[str] = ()) -> Figure:
    """Draw how the numbers of responders move with the rules: a curve for each of `PANELS`, strips of the rules below.

    Parameters
    ----------
    grid : DataFrame
        As `analysis.sensitivity.response_grid` gives it, not empty; its first row are the rules to mark.
    population, patients, caveats
        As `compendium.drawing` says; the patients are for the scale, too.
    """
    if grid.empty:
        raise ValueError("the grid has no rows; at least one combination of rules is needed")
    layout, depth = _layout(grid)
    texts = [value_label(option, value) for option, _, values in layout for value in values]
    labels = max(page.text_width_cm(text, page.SMALL, "bold") for text in texts)
    labels = max(labels + 0.3, *(page.text_width_cm(OPTION_LABELS[o], page.SMALL) for o, _, _ in layout)) + 0.3
    foot = page.foot_height_cm([_NOTE], caveats) + 0.2
    left, bottom = page.MARGIN_CM + labels + _SIDE, foot + depth + 0.3
    width = (page.PAGE_WIDTH_CM - page.MARGIN_CM - left - _BETWEEN * (len(PANELS) - 1)) / len(PANELS)
    curves = {panel: ordered(grid, panel) for panel in PANELS}
    heads = {panel: _head(rows, width + _BETWEEN / 2) for panel, rows in curves.items()}
    above = _ABOVE + 0.38 * (max(map(len, heads.values())) - 1)
    figure = page.new_figure(bottom + _CURVE + above)
    for place, (panel, (heading, _, _)) in enumerate(PANELS.items()):
        x = left + place * (width + _BETWEEN)
        curve = page.add_axes(figure, x, bottom, width, _CURVE)
        _draw_curve(curve, curves[panel], panel, patients)
        curve.tick_params(labelleft=place == 0)
        below = page.add_axes(figure, x, foot, width, depth)
        _draw_strips(below, curves[panel], panel, layout, depth)
        top, lines = bottom + _CURVE + 0.17, heads[panel]
        page.write(figure, x, top + 0.38 * len(lines), heading, weight="bold")
        for line_number, line in enumerate(reversed(lines)):
            page.write(figure, x, top + 0.34 * line_number, line, size=page.SMALL)
    _draw_labels(figure, layout, foot + depth, bottom)
    title = page.heading(population, patients, "response under other readings of the rules")
    return page.add_title_and_foot(figure, title, [_NOTE], caveats)
