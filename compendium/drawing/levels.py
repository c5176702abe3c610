"""Figure E5 where there are too many patients for a line of each: how levels and their ratios are distributed."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator

from analysis.biology import relative_change
from compendium.drawing import style

__all__ = ["draw_levels", "draw_ratios", "ratio_limit"]

_WIDTH = 0.42  # greatest width of a distribution, where the time points are 1 apart
_PERCENTILES = (5, 25, 50, 75, 95)
_POWERS, _BETWEEN = (0.01, 0.1, 1, 10, 100), (0.2, 0.5, 2, 5)  # ratios on the scale, the latter if there is room


def _bins(n: int) -> int:
    """Choose how many steps a distribution of n values has: few enough to be smooth, no more than can be told apart."""
    return int(np.clip(n**0.5, 16, 48))


def draw_levels(axes: Axes, pairs: pd.DataFrame) -> None:
    """Draw the distributions before and on therapy back to back, each with its percentiles.

    Parameters
    ----------
    axes : Axes
        With a logarithmic y scale whose limits are set; a level of 0 counts at the lower edge.
    pairs : DataFrame
        ``before`` and ``on_therapy``, 0 or more.
    """
    edges = np.geomspace(*axes.get_ylim(), _bins(len(pairs)) + 1)
    levels = {0: pairs["before"], 1: pairs["on_therapy"]}
    levels = {x: values.to_numpy(float).clip(min=edges[0], max=edges[-1]) for x, values in levels.items()}
    counts = {x: np.histogram(values, edges)[0] for x, values in levels.items()}
    widest = max(counts[0].max(), counts[1].max())
    for x, inwards in ((0, 1), (1, -1)):
        reach = x + inwards * _WIDTH * counts[x] / widest
        look = {"orientation": "horizontal", "fill": True, "linewidth": 0, "label": "distribution"}
        axes.stairs(reach, edges, baseline=x, color=style.RESPONSE_COLOURS["PR"], alpha=0.75, **look)
        ends = np.percentile(levels[x], _PERCENTILES)
        for low, high, width in ((ends[0], ends[4], 0.9), (ends[1], ends[3], 4.0)):
            axes.plot([x, x], [low, high], color=style.INK, linewidth=width, solid_capstyle="butt", label="percentiles")
        look = {"markerfacecolor": "white", "markeredgecolor": style.INK, "markeredgewidth": 0.9, "markersize": 5}
        axes.plot([x], [ends[2]], "o", label="median", zorder=3, **look)


def ratio_limit(ratios: pd.Series) -> float:
    """Choose the end of a logarithmic scale of ratios, which begins at its reciprocal.

    Parameters
    ----------
    ratios : Series of float
        0 or more, infinite after a level of 0.

    Returns
    -------
    float
        From 2 to 1,000: at most one ratio of 1,000 lies beyond it unless this is more than 1,000.
    """
    size = np.exp(np.abs(np.log(ratios.to_numpy(float).clip(1e-9, 1e9))))
    return float(np.clip(np.quantile(size, 0.999, method="higher") * 1.05, 2.0, 1000.0))


def draw_ratios(axes: Axes, pairs: pd.DataFrame, directions: pd.Series | None, colours: dict[str, str]) -> None:
    """Draw how the ratios of the two levels are distributed, divided by direction.

    Parameters
    ----------
    axes : Axes
        Empty axes.
    pairs : DataFrame
        ``before`` and ``on_therapy``, 0 or more.
    directions : Series of str, optional
        What became of each level, indexed like ``pairs``.
    colours : dict of str to str
        The colour of each direction; the first one is that of all patients if there are no directions.
    """
    ratios = relative_change(pairs)
    end = ratio_limit(ratios)
    edges = np.geomspace(1 / end, end, _bins(len(pairs)) // 2 * 2 + 2)  # an odd number of bins: one about 1
    values = ratios.to_numpy(float).clip(*edges[[0, -1]])
    known = pd.Series("all", pairs.index) if directions is None else directions.astype(object)
    below = np.zeros(len(edges) - 1)
    looks = {"all": style.RESPONSE_COLOURS["MR"]} if directions is None else colours
    for name, colour in looks.items():
        above = below + np.histogram(values[(known == name).to_numpy()], edges)[0]
        axes.stairs(above, edges, baseline=below, fill=True, color=colour, linewidth=0, label=name)
        below = above
    axes.axvline(1, color=style.INK, linewidth=0.8, label="unchanged")
    axes.set_xscale("log")
    axes.set_xlim(edges[0], edges[-1])
    axes.set_ylim(0, 1.08 * below.max())
    ticks = [one for one in _POWERS + _BETWEEN * (end < 50) if 1 / end <= one <= end]
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("Level on omalizumab divided by that before")
