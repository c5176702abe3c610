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


def _draw(shares: Axes, differences: Axes, rows: pd.DataFrame) -> None:
    """Draw the rates in one panel, and their differences with intervals in the other."""
    shares.set(xlim=(-4, 104), xticks=[0, 25, 50, 75, 100])
    differences.set_xlim(-104, 104)
    differences.set_xticks([-100, -50, 0, 50, 100], ["", "−50", "0", "50", ""])
    differences.axvline(0, color=page.MUTED, linewidth=0.8, label="zero")
    look = {"color": _COLOUR, "linewidth": 1.0, "marker": "|", "markersize": 4, "label": "interval"}
    point = {"marker": "s", "color": _COLOUR, "markersize": 3.4, "markeredgewidth": 0, "label": "difference"}
    for row in rows.itertuples():
        ends = [row.own_percent, row.published_percent]
        if not pd.isna(row.own_percent):
            shares.plot(ends, [row.y] * 2, color=page.RULE, linewidth=1.0, label="between", zorder=1)
            shares.plot([row.own_percent], [row.y], label="own", linestyle="", **_OWN)
        shares.plot([row.published_percent], [row.y], label="published", linestyle="", zorder=3, **_PAPER)
        if not pd.isna(row.difference):
            differences.plot([row.low, row.high], [row.y] * 2, **look)
            differences.plot([row.difference], [row.y], linestyle="", **point)


@page.journal_style()
def draw_comparison(rates: pd.DataFrame, notes: Sequence[str] = (), *, caveats: Sequence[str] = ()) -> Figure:
    """Draw the rates of an own cohort beside those of the paper, in one panel, and their differences, in another.

    Of what `compendium.verification.published_rates.compared_rates` gives, `drawn_rates` are drawn, at least one. The
    notes are printed below, a paragraph each, before the caveats.
    """
    rows = drawn_rates(rates)
    if rows.empty:
        raise ValueError("there is no rate to draw; at least one outcome of all patients is needed")
    lines = rows["label"].map(lambda label: page.wrap(label, _LABEL))
    heights = _ROW + _LINE * lines.str.len().to_numpy()
    y, begin = page.place_rows(rows["section"], heights, _HEADING)
    rows, depth = rows.assign(y=y, text=lines.str.join("\n")), y[-1] + heights[-1] / 2
    left_out = f"single diseases and adverse events, blood tests, characteristics, groups of fewer than {SMALLEST}"
    notes = [*notes, f"Left out, and in the table: {left_out} in the paper, and those who never responded."]
    bottom = page.foot_height_cm(notes, caveats) + _BELOW
    figure = page.new_figure(bottom + depth + _ABOVE)
    left = page.MARGIN_CM + _LABEL + _GAP
    between, right = left + _RATES + _GAP, page.PAGE_WIDTH_CM - page.MARGIN_CM
    width = right - _NUMBERS - between
    shares = page.add_lanes(figure, left, bottom, _RATES, depth, "Patients (%)", (0, 100))
    differences = page.add_lanes(figure, between, bottom, width, depth, "Own minus paper (points)", (-100, 100))
    _draw(shares, differences, rows)
    page.add_sections(shares, begin, _HEADING)
    for row in rows.itertuples():
        interval = difference_text(row.difference, row.low, row.high)
        for x, text, side in ((page.MARGIN_CM, row.text, "left"), (right, interval, "right")):
            page.write_beside(shares, x, row.y, text, size=page.SMALL, va="center", ha=side, linespacing=1.05)
    heads = {"Rates": (left + _RATES / 2, "center"), "Difference": (between + width / 2, "center")}
    heads["Points (95% CI)"] = right, "right"
    for text, (x, side) in heads.items():
        page.write(figure, x, bottom + depth + 0.12, text, ha=side, size=page.SMALL, **page.HEAD)
    signs = {
        "Own cohort": Line2D([], [], linestyle="", **_OWN),
        "Paper": Line2D([], [], linestyle="", **_PAPER),
        "Difference, exact 95% interval": Line2D([], [], marker="s", markersize=3.4, linewidth=1.0, color=_COLOUR),
    }
    page.add_key(figure, signs, bottom + depth + _ABOVE - 0.85, handlelength=1.8)
    title = "Own cohort and published cohort: outcomes side by side"
    return page.add_title_and_foot(figure, title, notes, caveats)
