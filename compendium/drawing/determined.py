"""What the paper determines: how small and how large each number of patients can be in a cohort that fits."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from compendium.drawing import page
from compendium.reporting.formatting import value_range

_ROW, _HEADING, _GAP, _BAR = 0.44, 0.45, 0.2, 0.26  # heights in centimetres
_ABOVE, _BELOW = 2.1, 1.0
_COLUMNS = {"From–to": 0.95, "This\ncohort": 2.2, "Verdict": 3.45}  # centres, from the right end of the bars
_COLUMNS_WIDTH = 4.2
_LOOKS = {  # the colour and the edge of the bar of each verdict
    "fixed": (page.RESPONSE_COLOURS["CR"], page.RESPONSE_COLOURS["CR"]),
    "bounded": (page.RESPONSE_COLOURS["PR"], page.RESPONSE_COLOURS["PR"]),
    "open": ("white", page.RESPONSE_COLOURS["NR"]),
}
_NAMES = {"fixed": "Fixed in every cohort that fits", "bounded": "Bounded, both ends possible", "open": "Open"}
_NOTE = (
    "Bars: from the smallest to the largest number in any cohort that fits; black: in the cohorts of an ensemble, no "
    "sample; grey: if the paper said nothing of both together. Proved by integer programmes over all kinds of "
    "patients, by two solvers; patients of all the printed counts attain each end. “+” after a verdict: it rests on a "
    "reading of the paper, “++” on clinical knowledge as well."
)


def _draw_bars(axes: Axes, rows: pd.DataFrame) -> None:
    axes.hlines(rows["y"], 0, rows["most"], color=page.RESPONSE_COLOURS["NR"], linewidth=1.2, zorder=1)
    for row in rows.itertuples():
        face, edge = _LOOKS[row.verdict]
        look = {"facecolor": face, "edgecolor": edge, "linewidth": 0.9, "zorder": 2}
        # A number that is the same everywhere is a bar as wide as it is high.
        width = row.high - row.low or 0.5
        axes.barh(row.y, width, _BAR, left=row.low - (0.25 if row.low == row.high else 0), **look)
    axes.hlines(rows["y"], rows["smallest"], rows["largest"], color=page.INK, linewidth=0.9, zorder=2.5)
    axes.plot(rows["value"], rows["y"], "o", color=page.ENDED_COLOUR, markersize=3.6, zorder=3, clip_on=False)
    axes.set_xlim(-0.5, rows["most"].max() + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True, steps=[1, 2, 5, 10]))


def _cells(row: tuple) -> tuple[str, str, str]:
    ends = f"{row.low:g}" if row.low == row.high else value_range(row.low, row.high)
    return ends, f"{row.value:g}", row.verdict + "+" * (len(row.layers) - 1)


@page.journal_style()
def draw_determined(rows: pd.DataFrame, population: str, patients: int, *, caveats: Sequence[str] = ()) -> Figure:
    """Draw the range of each quantity that fits the paper, topic by topic.

    Parameters
    ----------
    rows : DataFrame
        Numbers of patients as `compendium.determined.stored.read` gives them, at least one, with ``value``, that of
        the cohort at hand, and ``smallest`` and ``largest`` of others.
    population, patients, caveats
        As `compendium.drawing` says.
    """
    if rows.empty:
        raise ValueError("there are no rows; at least one quantity is needed")
    y, begin = page.place_rows(rows["topic"], _ROW, _HEADING, _GAP)
    placed, depth = rows.assign(y=y), y[-1] + _ROW / 2 + 0.1
    labels = max(rows["label"].map(page.text_width_cm).max() + 0.45, 3.0)
    bottom, left = page.foot_height_cm([_NOTE], caveats) + _BELOW, page.MARGIN_CM + labels
    counts = rows["verdict"].value_counts()
    parts = ", ".join(f"{counts.get(name, 0)}\xa0{name}" for name in _LOOKS)
    title = page.heading(population, patients, f"what the paper determines of {len(rows)} numbers: {parts}")
    figure = page.new_figure(bottom + depth + _ABOVE + page.extra_title_cm(title))
    width = page.PAGE_WIDTH_CM - page.MARGIN_CM - _COLUMNS_WIDTH - left
    axes = page.add_lanes(figure, left, bottom, width, depth, "Number of patients")
    _draw_bars(axes, placed)
    page.add_sections(axes, begin, _HEADING)
    page.add_cells(axes, placed, _COLUMNS, map(_cells, rows.itertuples()))
    signs = {label: Patch(facecolor=_LOOKS[name][0], edgecolor=_LOOKS[name][1]) for name, label in _NAMES.items()}
    signs["This cohort"] = Line2D([], [], marker="o", linestyle="", color=page.ENDED_COLOUR, markersize=3.6)
    signs["Other cohorts"] = Line2D([], [], color=page.INK, linewidth=0.9)
    page.add_key(figure, signs, bottom + depth + _ABOVE - 0.8)
    return page.add_title_and_foot(figure, title, [_NOTE], caveats)
