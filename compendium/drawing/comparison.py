"""An own cohort beside the published one: both rates, and the difference with its exact interval."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from compendium.drawing import page
from compendium.reporting.published_rows import difference_text

SMALLEST = 10  # rates of smaller groups of the paper are not drawn
_LEFT_OUT = ("Characteristics", "Biology")
_LABEL, _RATES, _GAP, _NUMBERS = 6.8, 3.2, 0.35, 3.0  # widths in centimetres; the differences have the rest
_ROW, _LINE, _HEADING = 0.06, 0.27, 0.38  # heights: of a row beside its lines of text, of a line, of a section's name
_ABOVE, _BELOW = 1.8, 1.05  # title, key and heads above the rows; scales below them
_COLOUR = page.RESPONSE_COLOURS["CR"]
_OWN = {"marker": "o", "color": _COLOUR, "markersize": 4.2, "markeredgewidth": 0}
_PAPER = {"marker": "D", "markerfacecolor": "none", "markeredgecolor": page.ENDED_COLOUR}
_PAPER |= {"markeredgewidth": 1.1, "markersize": 4.4}


def drawn_rates(rates: pd.DataFrame) -> pd.DataFrame:
    """Choose the rates to draw: outcomes of all patients and their courses.

    Left out are characteristics, blood tests, the columns of Table 2 for single diseases, single adverse events, those
    who never responded (as at best response), and groups of fewer than `SMALLEST` in the paper.
    """
    names = rates["quantity"]
    single = (names.str.startswith("table_2:") & ~names.str.endswith(":all")) | names.str.startswith("safety.event.")
    again, few = names == "table_2:last.nr:all", rates["published_denominator"] < SMALLEST
    return rates[~rates["section"].isin(_LEFT_OUT) & ~single & ~again & ~few].reset_index(drop=True)


def _arranged(rows: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, float], float]:
    """Break the names into lines, and give rows and sections their places in centimetres from above."""
    lines = rows["label"].map(lambda label: page.wrap(label, _LABEL))
    places, heads, depth = [], {}, 0.0
    for name, text in zip(rows["section"], lines, strict=True):
        if name not in heads:
            heads[name] = depth
            depth += _HEADING
        height = _ROW + _LINE * len(text)
        places.append(depth + height / 2)
        depth += height
    return rows.assign(y=places, text=lines.str.join("\n")), heads, depth


def _draw_rates(axes: Axes, rows: pd.DataFrame) -> None:
    axes.set_xlim(-4, 104)
    axes.set_xticks([0, 25, 50, 75, 100])
    for row in rows.itertuples():
        ends = [row.own_percent, row.published_percent]
        if not pd.isna(row.own_percent):
            axes.plot(ends, [row.y] * 2, color=page.RULE, linewidth=1.0, label="between", zorder=1)
            axes.plot([row.own_percent], [row.y], label="own", linestyle="", **_OWN)
        axes.plot([row.published_percent], [row.y], label="published", linestyle="", zorder=3, **_PAPER)


def _draw_differences(axes: Axes, rows: pd.DataFrame) -> None:
    axes.set_xlim(-104, 104)
    axes.set_xticks([-100, -50, 0, 50, 100], ["", "−50", "0", "50", ""])
    axes.axvline(0, color=page.MUTED, linewidth=0.8, label="zero")
    for row in rows[rows["difference"].notna()].itertuples():
        ends = [row.low, row.high]
        axes.plot(ends, [row.y] * 2, color=_COLOUR, linewidth=1.0, marker="|", markersize=4, label="interval")
        axes.plot([row.difference], [row.y], "s", color=_COLOUR, markersize=3.4, markeredgewidth=0, label="difference")


def _draw_texts(axes: Axes, rows: pd.DataFrame, heads: dict[str, float]) -> None:
    for name, top in heads.items():
        page.add_section(axes, name, top, _HEADING)
    look = {"size": page.SMALL, "va": "center", "linespacing": 1.05, "transform": page.beside(axes)}
    for row in rows.itertuples():
        axes.text(page.MARGIN_CM, row.y, row.text, **look)
        interval = difference_text(row.difference, row.low, row.high)
        axes.text(page.PAGE_WIDTH_CM - page.MARGIN_CM, row.y, interval, ha="right", **look)


@page.journal_style()
def draw_comparison(rates: pd.DataFrame, notes: Sequence[str] = (), *, caveats: Sequence[str] = ()) -> Figure:
    """Draw the rates of an own cohort beside those of the paper, in one panel, and their differences, in another.

    Of what `compendium.verification.published_rates.compared_rates` gives, `drawn_rates` are drawn, at least one. The
    notes are printed below, a paragraph each, before the caveats.
    """
    rows = drawn_rates(rates)
    if rows.empty:
        raise ValueError("there is no rate to draw; at least one outcome of all patients is needed")
    rows, heads, depth = _arranged(rows)
    left_out = f"single diseases and adverse events, blood tests, characteristics, groups of fewer than {SMALLEST}"
    notes = [*notes, f"Left out, and in the table: {left_out} in the paper, and those who never responded."]
    bottom = page.foot_height_cm(notes, caveats) + _BELOW
    figure = page.new_figure(bottom + depth + _ABOVE)
    left = page.MARGIN_CM + _LABEL + _GAP
    between = left + _RATES + _GAP
    width = page.PAGE_WIDTH_CM - page.MARGIN_CM - _NUMBERS - between
    shares = page.add_lanes(figure, left, bottom, _RATES, depth, "Patients (%)", (0, 100))
    _draw_rates(shares, rows)
    differences = page.add_lanes(figure, between, bottom, width, depth, "Own minus paper (points)", (-100, 100))
    _draw_differences(differences, rows)
    _draw_texts(shares, rows, heads)
    look = page.HEAD | {"size": page.SMALL, "transform": page.centimetres(figure)}
    for x, text in ((left + _RATES / 2, "Rates"), (between + width / 2, "Difference")):
        figure.text(x, bottom + depth + 0.12, text, ha="center", **look)
    figure.text(page.PAGE_WIDTH_CM - page.MARGIN_CM, bottom + depth + 0.12, "Points (95% CI)", ha="right", **look)
    signs = {
        "Own cohort": Line2D([], [], linestyle="", **_OWN),
        "Paper": Line2D([], [], linestyle="", **_PAPER),
        "Difference, exact 95% interval": Line2D([], [], marker="s", markersize=3.4, linewidth=1.0, color=_COLOUR),
    }
    page.add_key(figure, signs, bottom + depth + _ABOVE - 0.85, handlelength=1.8)
    title = "Own cohort and published cohort: outcomes side by side"
    return page.add_title_and_foot(figure, title, notes, caveats)
