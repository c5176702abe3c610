"""The specification curve: numbers of responders under all combinations of the rules that the paper leaves open."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from analysis.sensitivity import BEST, LAST, SUSTAINED
from analysis.vocabulary import POPULATION_LABELS, RESPONSE_LABELS, Population, Response
from compendium.drawing import page, style
from compendium.reporting.options import OPTION_LABELS, value_label

__all__ = ["PANELS", "draw_specifications", "ordered", "strips"]

PANELS: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "best": ("Best response", BEST, ("best.cr", "best.mr", "best.pr")),
    "last": ("Response at last follow-up", LAST, ("last.persistent_orr",)),
    "sustained": ("Sustained response", SUSTAINED, ("sustained",)),
}
"""Heading of each panel, the options that its numbers depend on, and the numbers stacked in it."""

_COLOURS = {
    **{f"best.{name.lower()}": style.RESPONSE_COLOURS[name] for name in ("CR", "MR", "PR")},
    "last.persistent_orr": style.RESPONSE_COLOURS["MR"],
    "sustained": style.RESPONSE_COLOURS["MR"],
}
_ROW, _HEADING, _GAP = 0.4, 0.42, 0.12  # heights in centimetres
_CURVE, _ABOVE, _BETWEEN, _SIDE = 4.4, 1.75, 0.45, 0.55
_BINS = 108  # columns of a strip at most, about half a millimetre each
_SHADES = LinearSegmentedColormap.from_list("share", ["#f4f3f0", style.RESPONSE_COLOURS["CR"]])


def ordered(grid: pd.DataFrame, panel: str) -> pd.DataFrame:
    """Put the combinations of the options that matter in a panel in order.

    Parameters
    ----------
    grid : DataFrame
        As `analysis.sensitivity.response_grid` gives it.
    panel : str
        A key of `PANELS`.

    Returns
    -------
    DataFrame
        One row per combination with ``total`` patients, in rising order of it and then of the numbers stacked; the
        index tells the order in the grid, where 0 is the first.
    """
    _, options, stacked = PANELS[panel]
    distinct = grid.drop_duplicates(list(options))
    distinct = distinct.assign(total=distinct[list(stacked)].sum(axis=1))
    return distinct.sort_values(["total", *stacked], kind="stable")


def strips(rows: pd.DataFrame, option: str, values: Sequence[object], bins: int = _BINS) -> np.ndarray:
    """Tell where along an ordered curve an option has each value.

    Parameters
    ----------
    rows : DataFrame
        As `ordered` gives it.
    option : str
        A column of it.
    values : sequence
        Values of the option.
    bins : int
        Most columns of the result; neighbouring combinations share one where there are more.

    Returns
    -------
    ndarray of float, shape (values, columns)
        Share of the combinations of a column that have the value.
    """
    given = rows[option].to_numpy()
    parts = np.array_split(np.arange(len(rows)), min(bins, len(rows)))
    return np.array([[np.mean(given[part] == value) for part in parts] for value in values])


def _layout(grid: pd.DataFrame) -> pd.DataFrame:
    """Place a heading for each option, and below it a row for each of its values, the first that of the criteria."""
    rows, y = [], 0.0
    for option in (name for name in OPTION_LABELS if name in grid.columns):
        rows.append({"option": option, "value": None, "y": y + _HEADING / 2})
        y += _HEADING
        for value in pd.unique(grid[option]):
            rows.append({"option": option, "value": value, "y": y + _ROW / 2})
            y += _ROW
        y += _GAP
    return pd.DataFrame(rows).assign(depth=y - _GAP)


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
    axes.plot([x, x], [0, y], color=style.INK, linewidth=0.8)
    axes.plot([x], [y], "o", color=style.INK, markersize=4, clip_on=False)
    left = first > len(rows) / 2
    axes.annotate(
        f"{y:,.0f}",
        (x, y),
        xytext=(-2 if left else 2, 5),
        textcoords="offset points",
        ha="right" if left else "left",
        weight="bold",
    )
    axes.set_xlim(0, len(rows))
    axes.set_ylim(0, 1.1 * patients)
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.set_xticks([])
    axes.grid(axis="y")


def _draw_strips(axes: Axes, rows: pd.DataFrame, panel: str, layout: pd.DataFrame) -> None:
    """Draw below a curve which combinations have which value of each option that matters there."""
    axes.set_xlim(0, 1)
    axes.set_ylim(layout["depth"].iloc[0], 0)
    axes.axis("off")
    for option, group in layout[layout["value"].notna()].groupby("option", sort=False):
        if option not in PANELS[panel][1]:
            continue
        shares = strips(rows, str(option), group["value"].tolist())
        for share, y in zip(shares, group["y"], strict=True):
            place = (0, 1, y + 0.4 * _ROW, y - 0.4 * _ROW)
            axes.imshow(share[None, :], cmap=_SHADES, vmin=0, vmax=1, aspect="auto", extent=place)
    axes.set_xlim(0, 1)
    axes.set_ylim(layout["depth"].iloc[0], 0)


def _draw_labels(figure: Figure, layout: pd.DataFrame, top: float) -> None:
    """Write the options and their values at the left; the value of the criteria is in bold."""
    cm = page.centimetres(figure)
    first = layout[layout["value"].notna()].drop_duplicates("option").index
    for place, row in layout.iterrows():
        heading = row["value"] is None or pd.isna(row["value"])
        text = OPTION_LABELS[row["option"]] if heading else value_label(row["option"], row["value"])
        look = {"color": style.MUTED} if heading else {"weight": "bold" if place in first else "normal"}
        x = page.MARGIN_CM + (0 if heading else 0.3)
        figure.text(x, top - row["y"], text, va="center_baseline", size=style.SMALL, transform=cm, **look)


def _head(rows: pd.DataFrame, width: float) -> list[str]:
    """Write the range of a curve and the number of combinations, below each other if the width asks for it."""
    low, high = (f"{rows['total'].iloc[end]:,.0f}" for end in (0, -1))
    text = f"{low} to {high}" if low != high else f"always {low}"
    whole = f"{text}; {len(rows):,} combinations"
    return [whole] if 1.05 * page.text_width_cm(whole, style.SMALL) <= width else [f"{text};", whole.split("; ")[1]]


def _draw_head(figure: Figure, x: float, top: float, heading: str, lines: list[str]) -> None:
    cm = page.centimetres(figure)
    figure.text(x, top + 0.17 + 0.38 * len(lines), heading, weight="bold", transform=cm)
    for place, line in enumerate(reversed(lines)):
        figure.text(x, top + 0.17 + 0.34 * place, line, size=style.SMALL, transform=cm)


def _draw_scale(figure: Figure, top: float) -> None:
    """Say at the left of the curves what they count and what the colours of the first one are."""
    cm = page.centimetres(figure)
    figure.text(page.MARGIN_CM, top - 0.1, "Number of patients", va="top", transform=cm)
    for line, response in enumerate((Response.PR, Response.MR, Response.CR)):
        y = top - 1.0 - 0.42 * line
        colour = style.RESPONSE_COLOURS[response]
        figure.text(page.MARGIN_CM, y, "\u25a0", color=colour, size=style.TITLE, va="center_baseline", transform=cm)
        name = RESPONSE_LABELS[response]
        figure.text(page.MARGIN_CM + 0.35, y, name, size=style.SMALL, va="center_baseline", transform=cm)


def _notes() -> list[str]:
    return [
        "Curves: numbers of patients under every combination of the rules below, in rising order. Strips: the darker, "
        "the more of the combinations above that place have the value; a rule without a strip does not matter there. "
        "Dots and bold: the rules that the other figures and tables were made by."
    ]


@style.journal_style()
def draw_specifications(grid: pd.DataFrame, population: str, patients: int, *, caveats: Sequence[str] = ()) -> Figure:
    """Draw how the numbers of responders move with the rules.

    Parameters
    ----------
    grid : DataFrame
        As `analysis.sensitivity.response_grid` gives it; its first row are the rules to mark.
    population : str
        A value of `Population`, for the title.
    patients : int
        Number of patients in the population, for the title and the scale.
    caveats : sequence of str
        What must not be overlooked, printed last and in bold, as `caveats.caveats` gives it.

    Returns
    -------
    Figure
        18 cm wide; a curve for each of `PANELS` above the strips of the options.

    Raises
    ------
    ValueError
        If the grid is empty or the population is unknown.
    """
    if grid.empty:
        raise ValueError("the grid has no rows; at least one combination of rules is needed")
    layout, notes = _layout(grid), _notes()
    depth = layout["depth"].iloc[0]
    labels = max(page.text_width_cm(value_label(*pair), style.SMALL, "bold") for pair in _pairs(layout))
    labels = max(labels + 0.3, *(page.text_width_cm(OPTION_LABELS[o], style.SMALL) for o in layout["option"])) + 0.3
    foot = page.foot_height_cm(page.PAGE_WIDTH_CM, notes, caveats) + 0.2
    left = page.MARGIN_CM + labels + _SIDE
    width = (page.PAGE_WIDTH_CM - page.MARGIN_CM - left - _BETWEEN * (len(PANELS) - 1)) / len(PANELS)
    curves = {panel: ordered(grid, panel) for panel in PANELS}
    heads = {panel: _head(rows, width + _BETWEEN / 2) for panel, rows in curves.items()}
    above = _ABOVE + 0.38 * (max(map(len, heads.values())) - 1)
    figure = page.new_figure(page.PAGE_WIDTH_CM, foot + depth + 0.3 + _CURVE + above)
    for number, (panel, (heading, _, _)) in enumerate(PANELS.items()):
        rows, x = curves[panel], left + number * (width + _BETWEEN)
        curve = page.add_axes(figure, x, foot + depth + 0.3, width, _CURVE)
        _draw_curve(curve, rows, panel, patients)
        curve.tick_params(labelleft=number == 0)
        below = page.add_axes(figure, x, foot, width, depth)
        _draw_strips(below, rows, panel, layout)
        _draw_head(figure, x, foot + depth + 0.3 + _CURVE, heading, heads[panel])
    _draw_labels(figure, layout, foot + depth)
    _draw_scale(figure, foot + depth + 0.3 + _CURVE)
    title = (
        f"{POPULATION_LABELS[Population(population)]} (N = {patients:,}): response under other readings of the rules"
    )
    page.add_title(figure, title)
    page.add_foot(figure, notes, caveats)
    return figure


def _pairs(layout: pd.DataFrame) -> list[tuple[str, object]]:
    known = layout[layout["value"].notna()]
    return list(zip(known["option"], known["value"], strict=True))
