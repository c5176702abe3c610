"""How the mark of each symptom holds when the rules of its test change."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.transforms import blended_transform_factory

from analysis.vocabulary import POPULATION_LABELS, Population
from compendium.drawing import page, style
from compendium.drawing.symptoms import HEADING_CM, ROW_CM, arrange
from compendium.reporting.formatting import MISSING, number

__all__ = ["draw_marks"]

MARK_COLOURS: dict[str, str] = {
    "***": style.RESPONSE_COLOURS["CR"],
    "**": style.RESPONSE_COLOURS["MR"],
    "*": style.RESPONSE_COLOURS["PR"],
    "ns": style.RESPONSE_COLOURS["NR"],
}
"""The more significant, the darker."""

_ABOVE, _BELOW, _COLUMNS = 2.0, 1.0, 3.4
_CENTRES = {"These\nrules": 0.9, "Significant\nunder": 2.4}  # from the right end of the bars


def _draw_bars(axes: Axes, rows: pd.DataFrame) -> None:
    left = np.zeros(len(rows))
    for mark, colour in MARK_COLOURS.items():
        width = 100 * rows[mark].to_numpy()
        axes.barh(rows["y"], width, 0.34, left=left, color=colour, edgecolor="white", linewidth=0.4, label=mark)
        left += width
    axes.set_xlim(0, 100)
    axes.set_xlabel("Combinations of the rules of the test, %")
    axes.set_yticks([])
    axes.grid(axis="x")
    axes.spines["left"].set_visible(False)


def _draw_rows(axes: Axes, rows: pd.DataFrame, headings: pd.DataFrame, right: float) -> None:
    """Write the groups, the symptoms, their marks and shares beside the bars."""
    beside = blended_transform_factory(page.centimetres(axes.figure), axes.transData)
    for heading in headings.itertuples():
        axes.text(page.MARGIN_CM, heading.y, heading.label, weight="bold", va="center_baseline", transform=beside)
        top = [heading.y - HEADING_CM / 2] * 2
        ends = [page.MARGIN_CM, right + _COLUMNS]
        look = {"color": style.RULE, "linewidth": 0.6, "clip_on": False, "scalex": False, "scaley": False}
        axes.plot(ends, top, transform=beside, **look)
    for row in rows.itertuples():
        axes.text(page.MARGIN_CM + 0.25, row.y, row.label, va="center_baseline", transform=beside)
        cells = (MISSING if pd.isna(row.these) else row.these, f"{number(100 * row.significant)} %")
        for text, centre in zip(cells, _CENTRES.values(), strict=True):
            axes.text(right + centre, row.y, text, ha="center", va="center_baseline", transform=beside)


def _draw_head(figure: Figure, right: float, top: float) -> None:
    cm = page.centimetres(figure)
    figure.legend(
        [Patch(color=colour) for colour in MARK_COLOURS.values()],
        ["***  at 0.001", "**  at 0.01", "*  at the level of the rules", "ns  not significant"],
        bbox_to_anchor=(page.MARGIN_CM, top + _ABOVE - 0.85),
        bbox_transform=cm,
        ncols=len(MARK_COLOURS),
        **style.KEY,
    )
    for text, centre in _CENTRES.items():
        look = {"ha": "center", "weight": "bold", "color": style.MUTED, "linespacing": 1.05}
        figure.text(right + centre, top + 0.1, text, transform=cm, **look)


def _verdict(shares: pd.DataFrame) -> str:
    """Sum up in a sentence what holds whatever the rules."""
    always, never = (int(np.isclose(shares[name], 1).sum()) for name in ("significant", "ns"))
    return f"symptoms significant under all rules: {always} of {len(shares)}; under none: {never}"


@style.journal_style()
def draw_marks(
    shares: pd.DataFrame, population: str, combinations: int, *, patients: int, caveats: Sequence[str] = ()
) -> Figure:
    """Draw under what share of the rules each symptom is significant.

    Parameters
    ----------
    shares : DataFrame
        One row per symptom: ``label`` and ``group`` as a symptom profile has them, and what
        `analysis.sensitivity.mark_shares` gives: ``these``, ``***``, ``**``, ``*``, ``ns`` and ``significant``.
    population : str
        A value of `Population`, for the title.
    combinations : int
        Number of combinations of rules, for the note.
    patients : int
        Number of patients in the population, for the title.
    caveats : sequence of str
        What must not be overlooked, printed last and in bold, as `caveats.caveats` gives it.

    Returns
    -------
    Figure
        18 cm wide, as high as the number of symptoms asks for.

    Raises
    ------
    ValueError
        If there is no symptom or the population is unknown.
    """
    if shares.empty:
        raise ValueError("the shares have no rows; at least one symptom at baseline is needed")
    # The most significant first, as the most improved are in Figure 1.
    rows, headings = arrange(shares.assign(mean_score=-shares["significant"] - shares["***"] / 1000))
    notes = [
        f"Bars: marks of the Wilcoxon signed-rank test, of the patients with the symptom, under {combinations:,} "
        "combinations of its rules: when symptoms were graded, missing grades, unchanged symptoms, exact or normal "
        "distribution, one or two tails, adjustment, level of significance and what a p value equal to it is. All "
        "combinations weigh alike, though some are no reading of the paper: a share is no probability. These rules: "
        "those of the other figures and tables."
    ]
    label_width = max(rows["label"].map(page.text_width_cm).max() + 0.25, 3.0) + 0.2
    depth = rows["y"].max() + ROW_CM / 2 + 0.1
    bottom = page.foot_height_cm(page.PAGE_WIDTH_CM, notes, caveats) + _BELOW
    title = f"{POPULATION_LABELS[Population(population)]} (N = {patients:,}): {_verdict(shares)}"
    if page.extra_title_cm(title):
        title = title.replace("under none: ", "under\xa0none:\xa0")  # so that no number stands alone in a line
    figure = page.new_figure(page.PAGE_WIDTH_CM, bottom + depth + _ABOVE + page.extra_title_cm(title))
    width = page.PAGE_WIDTH_CM - 2 * page.MARGIN_CM - label_width - _COLUMNS
    axes = page.add_axes(figure, page.MARGIN_CM + label_width, bottom, width, depth)
    axes.set_ylim(depth, 0)
    right = page.MARGIN_CM + label_width + width
    _draw_bars(axes, rows)
    _draw_rows(axes, rows, headings, right)
    _draw_head(figure, right, bottom + depth)
    page.add_title(figure, title)
    page.add_foot(figure, notes, caveats)
    return figure
