"""Response rates of each population with their intervals, at best response and at last follow-up."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.tables import INTERVALS
from analysis.vocabulary import POPULATION_DIAGNOSES, POPULATION_LABELS, RESPONSE_LABELS, Population, Response
from compendium.drawing import page
from compendium.reporting.formatting import number, percent

# The visits, each a panel: the part of a row's key in Table 2 before the dot, and its heading.
PANELS: dict[str, str] = {"best": "Best response", "last": "Response at last follow-up"}
# The rates that are drawn, in order; the overall rate at last follow-up is called persistent in Table 2.
OUTCOMES: dict[str, str] = {"orr": "Overall response"}
OUTCOMES |= {name.lower(): RESPONSE_LABELS[name] for name in (Response.CR, Response.MR, Response.PR)}

_PARTS = (Population.ISM, Population.CM, Population.MMAS)  # of primary MCAS, set in and lighter
_COLOURS = {Population.ALL: page.INK} | dict.fromkeys(_PARTS, page.RESPONSE_COLOURS["MR"])
_OTHER_COLOUR = page.RESPONSE_COLOURS["CR"]
_WHOLE = {"color": page.MUTED, "linewidth": 0.7, "linestyle": (0, (3, 2))}  # the rate of the whole population
# Heights in centimetres of a row, of the name of an outcome, and of the gap above that: on a page, in a column.
_HEIGHTS = {False: (0.42, 0.44, 0.16), True: (0.25, 0.3, 0.08)}
_ABOVE, _BELOW, _HEAD = 2.35, 1.05, 0.95  # title, key, heads above the rows; scale below them; heads of a lower panel
_BETWEEN, _SPACE, _INDENT = 0.45, 0.3, 0.25  # between the panels; between columns; of the rows under a heading
_ROOMY = 2.6  # width in centimetres from which five numbers fit below the axes
_HIDING = 500  # patients from whom on an interval may be as narrow as the sign of its rate


def _within(population: str) -> list[Population]:
    """List a population and its parts."""
    whole = set(POPULATION_DIAGNOSES[Population(population)])
    return [key for key, diagnoses in POPULATION_DIAGNOSES.items() if set(diagnoses) <= whole]


def rate_rows(numbers: pd.DataFrame, population: str) -> pd.DataFrame:
    """Choose the rates to draw, of a population and its parts with patients, visit by visit, outcome by outcome.

    From the numbers of `analysis.tables.table_2`: ``visit`` (of `PANELS`), ``outcome`` (of `OUTCOMES`), ``population``,
    ``n``, ``denominator``, ``percent``, and in percent ``wilson_low``, ``wilson_high``, ``clopper_pearson_low`` and
    ``clopper_pearson_high``.
    """
    places = numbers["row"].str.replace("persistent_", "").str.split(".", expand=True)
    rows = numbers.assign(visit=places[0], outcome=places[1]).rename(columns={"column": "population"})
    there = rows["population"].isin(map(str, _within(population))) & (rows["denominator"] > 0)
    columns = ["visit", "outcome", "population", "n", "denominator", "percent", *INTERVALS]
    return rows.loc[there & rows["outcome"].isin(list(OUTCOMES)), columns].reset_index(drop=True)


def _cells(rows: pd.DataFrame) -> dict[str, list[str]]:
    return {
        "n/N": [f"{row.n:,}/{row.denominator:,}" for row in rows.itertuples()],
        "%": list(map(percent, rows["n"], rows["denominator"])),
        # Digits stand below one another, so that zeros at the end are kept.
        "95% CI": [f"{number(row.wilson_low, 1)}–{number(row.wilson_high, 1)}" for row in rows.itertuples()],
    }


def _draw_panel(axes: Axes, rows: pd.DataFrame, begin: pd.Series, whole: str) -> None:
    """Draw the rates of one visit, Wilson's interval thick above the exact one, and a line at the rate of the whole."""
    axes.set_xlim(-3, 103)
    axes.set_xticks([0, 25, 50, 75, 100] if page.box_cm(axes).width >= _ROOMY else [0, 50, 100])
    populations = rows["population"].nunique()
    for row in rows[rows["population"] == whole].itertuples() if populations > 1 else ():
        ends = begin[row.outcome], begin[row.outcome] + _HEIGHTS[page.NARROW][0] * populations
        axes.plot([row.percent] * 2, ends, label="whole", **_WHOLE)
    largest = rows["denominator"].max()
    for row in rows.itertuples():
        look = {"color": _COLOURS.get(row.population, _OTHER_COLOUR), "clip_on": False, "solid_capstyle": "butt"}
        exact = [row.clopper_pearson_low, row.clopper_pearson_high]
        axes.plot(exact, [row.y] * 2, linewidth=0.8, marker="|", markersize=4, label="clopper_pearson", **look)
        axes.plot([row.wilson_low, row.wilson_high], [row.y] * 2, linewidth=2.0, label="wilson", **look)
        sign = "D" if row.population == Population.ALL else "s"
        size = (0.75 if page.NARROW else 1) * (3.8 + 2.4 * (row.denominator / largest) ** 0.5)
        axes.plot([row.percent], [row.y], sign, markersize=size, markeredgewidth=0, label="rate", zorder=3, **look)


def _draw_numbers(axes: Axes, rows: pd.DataFrame, ends: dict[str, float], top: float) -> None:
    for column, right in ends.items():
        page.write(axes.figure, right, top, column, ha="right", **page.HEAD)
        for y, text in zip(rows["y"], rows[column], strict=True):
            page.write_beside(axes, right, y, text, size=page.SMALL, ha="right")


def _draw_labels(axes: Axes, rows: pd.DataFrame, begin: pd.Series) -> None:
    """Write the names of outcomes and populations on the left, and a faint line above each outcome."""
    page.add_sections(axes, begin.rename(OUTCOMES), _HEIGHTS[page.NARROW][1])
    for row in rows.itertuples():
        indent = _INDENT * (2 if row.population in _PARTS and Population.PRIMARY in set(rows["population"]) else 1)
        page.write_beside(axes, page.MARGIN_CM + indent, row.y, POPULATION_LABELS[Population(row.population)])


def _signs(population: str, several: bool) -> dict[str, Line2D]:
    look, whole = {"color": _OTHER_COLOUR}, POPULATION_LABELS[Population(population)]
    signs = {
        "Rate, larger for more patients": Line2D([], [], marker="s", linestyle="", markersize=5, **look),
        "Wilson 95% interval": Line2D([], [], linewidth=2.0, solid_capstyle="butt", **look),
        "Clopper-Pearson 95% interval": Line2D([], [], linewidth=0.8, marker="|", markersize=5, **look),
    }
    if several:
        signs[f"Rate of {whole.lower() if population == Population.ALL else whole}"] = Line2D([], [], **_WHOLE)
    return signs


def _notes(numbers: pd.DataFrame, drawn: set[str], population: str) -> list[str]:
    empty = [key for key in _within(population) if key not in drawn and key in set(numbers["column"])]
    text = (
        "n/N: patients with the response, of all patients of the population; 95% CI: Wilson's score interval; that of "
        "Clopper and Pearson covers at least 95% and is usually wider."
    )
    if len(drawn) > 1:
        text += " The populations overlap: ISM, CM and MMAS make up primary MCAS."
    if numbers["denominator"].max() >= _HIDING:
        text += " A sign may cover an interval narrower than itself."
    if empty:
        text += f" Left out, without patients: {', '.join(POPULATION_LABELS[key] for key in empty)}."
    return [text]


@page.journal_style(column=True)
def draw_rates(numbers: pd.DataFrame, population: str, *, caveats: Sequence[str] = ()) -> Figure:
    """Draw the response rates of `rate_rows` with two 95 % intervals, a panel for each visit, and print them (Table 2).

    A ValueError if the population has no patients.
    """
    rows = rate_rows(numbers, population)
    if population not in set(rows["population"]):
        raise ValueError(f"population {str(population)!r} has no patients to draw; at least one is needed")
    row, head, gap = _HEIGHTS[page.NARROW]
    y, begin = page.place_rows(rows.loc[rows["visit"] == "best", "outcome"], row, head, gap)
    cells, drawn = _cells(rows), set(rows["population"])
    rows = rows.assign(y=np.tile(y, len(PANELS)), **cells)  # the places are the same in both panels
    notes = _notes(numbers, drawn, population)
    depth = y[-1] + row / 2 + 0.1
    size = int(rows.loc[rows["population"] == population, "denominator"].iloc[0])
    title = page.heading(population, size, "response rates and their uncertainty")
    signs = _signs(population, len(drawn) > 1)
    # In a column the panels stand below each other.
    lower = (depth + _BELOW + _HEAD) * page.NARROW
    bottom = page.foot_height_cm(notes, caveats) + _BELOW + lower
    top = bottom + depth + _ABOVE + page.extra_key_cm(signs, handle=1.8)
    figure = page.new_figure(top + page.extra_title_cm(title))
    # Room for the longest text of each column; a screen may set letters a little wider.
    widths = {name: 1.05 * max(page.text_width_cm(text, page.SMALL) for text in [*cells[name], name]) for name in cells}
    labels = 1.05 * max(page.text_width_cm(POPULATION_LABELS[Population(one)]) for one in drawn) + 2 * _INDENT
    labels = max(labels, *(1.05 * page.text_width_cm(text, weight="bold") for text in OUTCOMES.values())) + 0.15
    room = page.PAGE_WIDTH_CM - 2 * page.MARGIN_CM - labels - _BETWEEN * (not page.NARROW)
    space = 0.6 * _SPACE if page.NARROW else _SPACE
    width = (room if page.NARROW else room / 2) - sum(widths.values()) - len(widths) * space
    left = page.MARGIN_CM + labels
    for letter, (visit, heading) in zip("AB", PANELS.items(), strict=True):
        axes = page.add_lanes(figure, left, bottom, width, depth, "Patients (%)", (0, 100))
        part = rows[rows["visit"] == visit]
        _draw_panel(axes, part, begin, population)
        ends = dict(zip(widths, left + width + np.cumsum([one + space for one in widths.values()]), strict=True))
        _draw_numbers(axes, part, ends, bottom + depth + 0.12)
        x, look = page.MARGIN_CM if page.NARROW else left, {"weight": "bold", "size": page.NORMAL + 0.5}
        page.write(figure, x, bottom + depth + 0.54, f"{letter}  {heading}", **look)
        if letter == "A" or page.NARROW:
            _draw_labels(axes, part, begin)
        left, bottom = (left, bottom - lower) if page.NARROW else (left + room / 2 + _BETWEEN, bottom)
    page.add_key(figure, signs, top - 0.85, handlelength=1.8)
    return page.add_title_and_foot(figure, title, notes, caveats)
