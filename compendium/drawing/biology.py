"""Figure E5: tryptase and total IgE before and on omalizumab.

A line for each patient; where there are too many for that, how the levels and their ratios are distributed.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from analysis.biology import relative_change
from analysis.statistics.paired import PairedT
from analysis.vocabulary import ANALYTE_LABELS, ANALYTE_UNITS, POPULATION_LABELS, Analyte, Population
from compendium.drawing import page
from compendium.reporting.formatting import number, p_value

DIRECTION_LOOKS: dict[str, tuple[str, str]] = {  # colour and line
    "increased": ("#123d6b", "-"), "stable": ("#9a9790", "-"), "decreased": (page.ENDED_COLOUR, "--"),
}  # fmt: skip

MOST_LINES = 100  # of more patients a panel shows distributions, since the lines cannot be told apart
_HEIGHT, _ABOVE, _BELOW = 9.0, 2.3, 0.75  # whole figure; title and heads of the panels; names of the time points
_PANEL = 6.2  # height of a panel in a column
_RATIOS, _APART = 2.2, 1.0  # height of the ratios below the levels, and room between the two
_SIDE, _BETWEEN = 1.5, 1.9  # room for the scale on the left of the first and of the second panel
_LETTERS = "ABCDEFGH"
_WIDEST = 0.42  # greatest width of a distribution, where the time points are 1 apart
_PERCENTILES = (5, 25, 50, 75, 95)
_TICKS, _MORE_TICKS = (0.01, 0.1, 1, 10, 100), (0.2, 0.5, 2, 5)  # ratios on the scale, the latter if there is room


def level_limits(pairs: pd.DataFrame) -> tuple[float, float]:
    """Choose the ends of a logarithmic scale, a little beyond levels and means above 0, with a power of ten between."""
    levels = pairs[["before", "on_therapy"]].to_numpy(float)
    levels = np.vstack([levels, levels.mean(axis=0)])  # with levels of 0 a mean may be lower than all other levels
    levels = levels[levels > 0]
    if not levels.size:
        return 0.8, 12.5
    low, high = levels.min() / 1.4, levels.max() * 1.4
    if np.ceil(np.log10(low)) > np.floor(np.log10(high)):  # no power of ten between them
        high = 10 ** np.ceil(np.log10(high)) * 1.1
    return float(low), float(high)


def ratio_limit(ratios: pd.Series) -> float:
    """Choose the end of a scale of ratios, 2 to 1,000, which begins at its reciprocal: one of 1,000 may lie beyond."""
    size = np.exp(np.abs(np.log(ratios.to_numpy(float).clip(1e-9, 1e9))))
    return float(np.clip(np.quantile(size, 0.999, method="higher") * 1.05, 2.0, 1000.0))


def _set_scale(axes: Axes, pairs: pd.DataFrame) -> None:
    low, high = level_limits(pairs)
    decades = np.floor(np.log10(high)) - np.ceil(np.log10(low)) + 1
    axes.set(yscale="log", ylim=(low, high), xlim=(-0.52, 1.52))
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0,) if decades >= 2 else (1.0, 2.0, 5.0), numticks=20))
    axes.yaxis.set_minor_locator(LogLocator(subs=np.arange(2.0, 10.0), numticks=200))
    axes.yaxis.set_major_formatter("{x:,.10g}")
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.grid(axis="y")
    axes.set_xticks([0, 1], ["Before omalizumab", "On omalizumab"])
    axes.tick_params(axis="x", length=0, pad=4)


def _parts(pairs: pd.DataFrame, directions: pd.Series | None) -> Iterator[tuple[str, str, str, np.ndarray]]:
    """Divide patients by direction, if there is any: name, colour and line of each part, and who is in it."""
    if directions is None:
        yield "all", page.RESPONSE_COLOURS["MR"], "-", np.full(len(pairs), True)
        return
    for name, (colour, line) in DIRECTION_LOOKS.items():
        yield name, colour, line, (directions.astype(object) == name).to_numpy()


def _draw_lines(axes: Axes, pairs: pd.DataFrame, directions: pd.Series | None) -> None:
    """Join the two levels of each patient; a level of 0 stands at the lower edge."""
    levels = pairs[["before", "on_therapy"]].to_numpy(float).clip(min=axes.get_ylim()[0])
    for name, colour, line, who in _parts(pairs, directions):
        if who.any():
            x, y, look = np.array([[0, 1]] * who.sum()), levels[who], {"color": colour, "label": name}
            axes.plot(page.joined(*x.T), page.joined(*y.T), line, linewidth=0.9, alpha=0.8, **look)
            for end in (0, 1):
                axes.plot(x[:, end], y[:, end], "o", markersize=3.4, clip_on=False, **look)


def _bins(n: int) -> int:
    return int(np.clip(n**0.5, 16, 48))  # few enough to be smooth, no more than can be told apart


def _draw_levels(axes: Axes, pairs: pd.DataFrame) -> None:
    """Draw the distributions before and on therapy back to back, each with its percentiles; 0 counts at the edge."""
    edges = np.geomspace(*axes.get_ylim(), _bins(len(pairs)) + 1)
    levels = [pairs[name].to_numpy(float).clip(min=edges[0], max=edges[-1]) for name in ("before", "on_therapy")]
    counts = [np.histogram(values, edges)[0] for values in levels]
    widest = max(counts[0].max(), counts[1].max())
    for x, inwards in ((0, 1), (1, -1)):
        reach = x + inwards * _WIDEST * counts[x] / widest
        look = {"orientation": "horizontal", "fill": True, "linewidth": 0, "label": "distribution"}
        axes.stairs(reach, edges, baseline=x, color=page.RESPONSE_COLOURS["PR"], alpha=0.75, **look)
        ends = np.percentile(levels[x], _PERCENTILES)
        for low, high, width in ((ends[0], ends[4], 0.9), (ends[1], ends[3], 4.0)):
            axes.plot([x, x], [low, high], color=page.INK, linewidth=width, solid_capstyle="butt", label="percentiles")
        look = {"markerfacecolor": "white", "markeredgecolor": page.INK, "markeredgewidth": 0.9, "markersize": 5}
        axes.plot([x], [ends[2]], "o", label="median", zorder=3, **look)


def _draw_ratios(axes: Axes, pairs: pd.DataFrame, directions: pd.Series | None) -> None:
    """Draw how the ratios of the two levels are distributed, divided by direction."""
    ratios = relative_change(pairs)
    end = ratio_limit(ratios)
    edges = np.geomspace(1 / end, end, _bins(len(pairs)) // 2 * 2 + 2)  # an odd number of bins: one about 1
    values = ratios.to_numpy(float).clip(*edges[[0, -1]])
    below = np.zeros(len(edges) - 1)
    for name, colour, _, who in _parts(pairs, directions):
        above = below + np.histogram(values[who], edges)[0]
        axes.stairs(above, edges, baseline=below, fill=True, color=colour, linewidth=0, label=name)
        below = above
    axes.axvline(1, color=page.INK, linewidth=0.8, label="unchanged")
    axes.set(xscale="log", xlim=(edges[0], edges[-1]), ylim=(0, 1.08 * below.max()), yticks=[])
    ticks = [one for one in _TICKS + _MORE_TICKS * (end < 50) if 1 / end <= one <= end]
    axes.set_xticks(ticks, [f"{one:,g}" for one in ticks])
    axes.minorticks_off()
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("Level on omalizumab divided by that before")


def _draw_head(axes: Axes, letter: str, analyte: str, test: PairedT, mark: str, directions: pd.Series | None) -> None:
    figure, box = axes.figure, page.box_cm(axes)
    x, y = box.x0 - _SIDE, box.y1
    title = f"{letter}  {ANALYTE_LABELS[Analyte(analyte)]}, {ANALYTE_UNITS[Analyte(analyte)]}"
    page.write(figure, x, y + 1.05, title, weight="bold", size=page.NORMAL + 0.5)
    result = "not tested" if test.p_value is None else p_value(test.p_value, named=True)
    page.write(figure, x, y + 0.62, f"n = {test.n:,}; paired t test: {result}{mark}")
    if directions is None or not test.n:
        return
    counts = directions.astype(object).value_counts()
    for name, (colour, line) in DIRECTION_LOOKS.items():
        look = {"color": colour, "linestyle": line, "linewidth": 1.4, "scalex": False, "scaley": False}
        axes.plot([x, x + 0.45], [y + 0.32] * 2, transform=page.centimetres(figure), clip_on=False, **look)
        text = f"{counts.get(name, 0):,} {name}"
        page.write(figure, x + 0.55, y + 0.2, text, size=page.SMALL)
        x += 0.55 + page.text_width_cm(text, page.SMALL) * 1.05 + 0.35


def _draw_panel(axes: Axes, pairs: pd.DataFrame, test: PairedT, directions: pd.Series | None) -> None:
    if pairs.empty:
        axes.set_axis_off()
        text = "No patient has a sample\nbefore and one on omalizumab"
        axes.text(0.5, 0.5, text, ha="center", va="center", color=page.MUTED, transform=axes.transAxes)
        return
    _set_scale(axes, pairs)
    if len(pairs) > MOST_LINES:
        _draw_levels(axes, pairs)
    else:
        _draw_lines(axes, pairs, directions)
    for x, side, mean in ((0, -1, test.mean_before), (1, 1, test.mean_after)):
        if mean is not None and mean > 0:
            axes.plot([x + 0.06 * side, x + 0.16 * side], [mean, mean], color=page.INK, linewidth=2.2, label="mean")
            place = {"ha": "right" if side < 0 else "left", "va": "center_baseline", "linespacing": 1.0}
            axes.text(x + 0.2 * side, mean, f"mean\n{number(mean, 1)}", **place)


def _notes(pairs: Mapping[str, pd.DataFrame], stable_percent: float | None) -> list[str]:
    lines = [letter for letter, frame in zip(_LETTERS, pairs.values(), strict=False) if 0 < len(frame) <= MOST_LINES]
    zeros = any((frame[["before", "on_therapy"]] == 0).any(axis=None) for frame in pairs.values())
    if all(frame.empty for frame in pairs.values()):
        return []
    text = "Each line is a patient; logarithmic scale; bars beside the points are arithmetic means."
    if any(len(frame) > MOST_LINES for frame in pairs.values()):
        few = f"In {lines[0]} each line is a patient. " if lines else ""
        text = (
            "Shapes: numbers of patients by level; dot, thick and thin bar: median, quartiles, 5th and 95th "
            "percentile. Below: numbers of patients by ratio, where the ends of the scale take up what lies beyond. "
            f"{few}Logarithmic scales; bars beside the points are arithmetic means."
        )
    text += f" Stable: changed by at most {stable_percent:g}%." if stable_percent is not None else ""
    return [text + (" A level of 0 stands at the lower edge." if zeros else "")]


@page.journal_style(column=True)
def draw_biology(
    pairs: Mapping[str, pd.DataFrame],
    tests: Mapping[str, PairedT],
    population: str,
    *,
    directions: Mapping[str, pd.Series] | None = None,
    stable_percent: float | None = None,
    marks: Mapping[str, str] | None = None,
    caveats: Sequence[str] = (),
) -> Figure:
    """Draw the levels of each patient before and on omalizumab, a panel for each analyte (Figure E5).

    A panel without pairs says so. Where an analyte has more than `MOST_LINES` pairs, the distributions of its levels
    and, below, of their ratios take the place of the lines, and the figure is higher than 9 cm.

    Parameters
    ----------
    pairs : mapping of str to DataFrame
        For each `Analyte` what `analysis.biology.paired_frame` gives: ``before`` and ``on_therapy`` of each patient.
    tests : mapping of str to PairedT
        The paired t test of each analyte.
    population, caveats
        As `compendium.drawing` says.
    directions : mapping of str to Series, optional
        For the analytes whose lines are to be told apart: what `analysis.biology.direction` gives.
    stable_percent : float, optional
        The largest change in percent that counts as stable, for the note.
    marks : mapping of str to str, optional
        What to say beside the tests, by the names of their values.
    """
    title = f"{POPULATION_LABELS[Population(population)]}: blood tests before and on omalizumab"
    notes = _notes(pairs, stable_percent if directions else None)
    foot = page.foot_height_cm(notes, caveats) + 0.05
    many = any(len(frame) > MOST_LINES for frame in pairs.values())
    height = _HEIGHT + (_RATIOS + _APART + foot - 1 if many else 0)
    beside, step = len(pairs), 0.0
    if page.NARROW:  # the panels stand below each other
        beside, step = 1, _PANEL + (_RATIOS + _APART) * many
        height = foot + step * len(pairs) + 0.8 + page.extra_title_cm(title)
    figure = page.new_figure(height)
    width = (page.PAGE_WIDTH_CM - 2 * page.MARGIN_CM - _SIDE - _BETWEEN * (beside - 1)) / beside
    for place, (analyte, frame) in enumerate(pairs.items()):
        left, bottom = page.MARGIN_CM + _SIDE + place % beside * (width + _BETWEEN), foot + _BELOW
        bottom += step * (len(pairs) - 1 - place)
        top = bottom + step - _BELOW - 1.5 if page.NARROW else height - _ABOVE
        ways = (directions or {}).get(analyte)
        if len(frame) > MOST_LINES:
            _draw_ratios(page.add_axes(figure, left, bottom + 0.3, width, _RATIOS), frame, ways)
            bottom += _RATIOS + _APART
        axes = page.add_axes(figure, left, bottom, width, top - bottom)
        mark = (marks or {}).get(f"biology.{analyte}.paired_t", "")
        _draw_head(axes, _LETTERS[place], analyte, tests[analyte], mark, ways)
        _draw_panel(axes, frame, tests[analyte], ways)
    return page.add_title_and_foot(figure, title, notes, caveats)
