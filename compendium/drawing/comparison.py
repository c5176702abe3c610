"""An own cohort beside the published one: both rates, and the difference with its exact interval."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.transforms import blended_transform_factory

from compendium.drawing import page, style
from compendium.reporting.formatting import MISSING, number

__all__ = ["SMALLEST", "draw_comparison", "drawn_rates"]

SMALLEST = 10
"""Rates of smaller groups of the paper are not drawn."""

_LEFT_OUT = ("Characteristics", "Biology")
_LABEL, _RATES, _GAP, _NUMBERS = 6.8, 3.2, 0.35, 3.0  # widths in centimetres; the differences have the rest
_ROW, _LINE, _HEADING = 0.06, 0.27, 0.38  # heights: of a row beside its lines of text, of a line, of a section's name
_ABOVE, _BELOW = 1.8, 1.05  # title, key and heads above the rows; scales below them
_OWN, _PAPER = style.RESPONSE_COLOURS["CR"], style.ENDED_COLOUR


def drawn_rates(rates: pd.DataFrame) -> pd.DataFrame:
    """Choose the rates to draw: outcomes of all patients and their courses.

    Parameters
    ----------
    rates : DataFrame
        As `compendium.verification.published_rates.compared_rates` gives it.

    Returns
    -------
    DataFrame
        Without characteristics, blood tests, the columns of Table 2 for single diseases, single adverse events, those
        who never responded (as at best response), and groups of fewer than `SMALLEST` in the paper.
    """
    names = rates["quantity"]
    single = (names.str.startswith("table_2:") & ~names.str.endswith(":all")) | names.str.startswith("safety.event.")
    again, few = names == "table_2:last.nr:all", rates["published_denominator"] < SMALLEST
    return rates[~rates["section"].isin(_LEFT_OUT) & ~single & ~again & ~few].reset_index(drop=True)


def _arranged(rows: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, float], float]:
    """Break the names into lines, and give rows and sections their places in centimetres from above."""
    lines = rows["label"].map(lambda label: page.wrap(label, _LABEL, style.SMALL))
    places, heads, depth, section = [], {}, 0.0, None
    for name, text in zip(rows["section"], lines, strict=True):
        if name != section:
            heads[name], section = depth, name
            depth += _HEADING
        height = _ROW + _LINE * len(text)
        places.append(depth + height / 2)
        depth += height
    return rows.assign(y=places, text=lines.str.join("\n")), heads, depth


def _panel(axes: Axes, depth: float, label: str) -> None:
    axes.patch.set_visible(False)  # the lines between the sections run through both panels
    axes.set_ylim(depth, 0)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x")
    axes.set_xlabel(label)


def _draw_rates(axes: Axes, rows: pd.DataFrame) -> None:
    axes.set_xlim(-4, 104)
    axes.set_xticks([0, 25, 50, 75, 100])
    axes.spines["bottom"].set_bounds(0, 100)
    for row in rows.itertuples():
        ends = [row.own_percent, row.published_percent]
        if not pd.isna(row.own_percent):
            axes.plot(ends, [row.y] * 2, color=style.RULE, linewidth=1.0, label="between", zorder=1)
            axes.plot([row.own_percent], [row.y], "o", color=_OWN, markersize=4.2, markeredgewidth=0, label="own")
        look = {"markerfacecolor": "none", "markeredgecolor": _PAPER, "markeredgewidth": 1.1, "markersize": 4.4}
        axes.plot([row.published_percent], [row.y], "D", label="published", zorder=3, **look)


def _draw_differences(axes: Axes, rows: pd.DataFrame) -> None:
    axes.set_xlim(-104, 104)
    axes.set_xticks([-100, -50, 0, 50, 100], ["", "−50", "0", "50", ""])
    axes.spines["bottom"].set_bounds(-100, 100)
    axes.axvline(0, color=style.MUTED, linewidth=0.8, label="zero")
    for row in rows[rows["difference"].notna()].itertuples():
        ends = [row.low, row.high]
        axes.plot(ends, [row.y] * 2, color=_OWN, linewidth=1.0, marker="|", markersize=4, label="interval")
        axes.plot([row.difference], [row.y], "s", color=_OWN, markersize=3.4, markeredgewidth=0, label="difference")


def _numbers(row: pd.Series) -> str:
    if pd.isna(row["difference"]):
        return MISSING
    return f"{number(row['difference'], 1)} ({number(row['low'], 1)} to {number(row['high'], 1)})"


def _draw_texts(axes: Axes, rows: pd.DataFrame, heads: dict[str, float]) -> None:
    """Write names on the left and differences on the right, and a faint line above each section."""
    beside = blended_transform_factory(page.centimetres(axes.figure), axes.transData)
    right = page.PAGE_WIDTH_CM - page.MARGIN_CM
    rule = {"color": style.RULE, "linewidth": 0.6, "clip_on": False, "scalex": False, "scaley": False}
    for name, top in heads.items():
        axes.plot([page.MARGIN_CM, right], [top, top], transform=beside, label="rule", **rule)
        place = {"weight": "bold", "va": "center_baseline", "transform": beside}
        axes.text(page.MARGIN_CM, top + _HEADING / 2, name, **place)
    for _, row in rows.iterrows():
        look = {"size": style.SMALL, "va": "center", "linespacing": 1.05, "transform": beside}
        axes.text(page.MARGIN_CM, row["y"], row["text"], **look)
        axes.text(right, row["y"], _numbers(row), ha="right", **look)


def _draw_key(figure: Figure, y: float) -> None:
    paper = {"markerfacecolor": "none", "markeredgecolor": _PAPER, "markeredgewidth": 1.1, "markersize": 4.4}
    signs = {
        "Own cohort": Line2D([], [], marker="o", linestyle="", markersize=4.2, markeredgewidth=0, color=_OWN),
        "Paper": Line2D([], [], marker="D", linestyle="", **paper),
        "Difference, exact 95% interval": Line2D([], [], marker="s", markersize=3.4, linewidth=1.0, color=_OWN),
    }
    place = {"bbox_to_anchor": (page.MARGIN_CM, y), "bbox_transform": page.centimetres(figure), "ncols": len(signs)}
    figure.legend(list(signs.values()), list(signs), **place, **(style.KEY | {"handlelength": 1.8}))


@style.journal_style()
def draw_comparison(rates: pd.DataFrame, notes: Sequence[str] = (), *, caveats: Sequence[str] = ()) -> Figure:
    """Draw the rates of an own cohort beside those of the paper, and their differences.

    Parameters
    ----------
    rates : DataFrame
        As `compendium.verification.published_rates.compared_rates` gives it; of it, `drawn_rates`.
    notes : sequence of str
        Printed below, a paragraph each.
    caveats : sequence of str
        What must not be overlooked, printed last and in bold, as `caveats.caveats` gives it.

    Returns
    -------
    Figure
        18 cm wide, with a panel for the rates and one for the differences.

    Raises
    ------
    ValueError
        If there is no rate to draw.
    """
    rows = drawn_rates(rates)
    if rows.empty:
        raise ValueError("there is no rate to draw; at least one outcome of all patients is needed")
    rows, heads, depth = _arranged(rows)
    left_out = f"single diseases and adverse events, blood tests, characteristics, groups of fewer than {SMALLEST}"
    notes = [*notes, f"Left out, and in the table: {left_out} in the paper, and those who never responded."]
    bottom = page.foot_height_cm(page.PAGE_WIDTH_CM, notes, caveats) + _BELOW
    figure = page.new_figure(page.PAGE_WIDTH_CM, bottom + depth + _ABOVE)
    left = page.MARGIN_CM + _LABEL + _GAP
    between = left + _RATES + _GAP
    width = page.PAGE_WIDTH_CM - page.MARGIN_CM - _NUMBERS - between
    shares, differences = (
        page.add_axes(figure, start, bottom, wide, depth) for start, wide in ((left, _RATES), (between, width))
    )
    _panel(shares, depth, "Patients (%)")
    _draw_rates(shares, rows)
    _panel(differences, depth, "Own minus paper (points)")
    _draw_differences(differences, rows)
    _draw_texts(shares, rows, heads)
    top, look = bottom + depth + 0.12, {"weight": "bold", "color": style.MUTED, "size": style.SMALL}
    for x, text, side in (
        (left + _RATES / 2, "Rates", "center"),
        (between + width / 2, "Difference", "center"),
        (page.PAGE_WIDTH_CM - page.MARGIN_CM, "Points (95% CI)", "right"),
    ):
        figure.text(x, top, text, ha=side, transform=page.centimetres(figure), **look)
    _draw_key(figure, bottom + depth + _ABOVE - 0.85)
    page.add_title(figure, "Own cohort and published cohort: outcomes side by side")
    page.add_foot(figure, notes, caveats)
    return figure
