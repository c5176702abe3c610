"""The figure of times: the share of the patients who had responded, had stopped and were still on therapy, by month."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from analysis.summaries import Values
from analysis.times import at_risk
from compendium.drawing import page
from compendium.reporting.formatting import number
from compendium.reporting.result_rows import month_text

_BLUE, _WHITE, _PALE_ORANGE = page.GRADE_COLOURS[0.75], "#f7f6f3", "#efc5a5"
_STOPPED = ("stopped", "Stopped without\na response", _PALE_ORANGE)
_WAITING = ("waiting", "Not yet,\non therapy", _WHITE)
_LAYERS: dict[str, tuple[tuple[str, str, str], ...]] = {  # from below; together all patients
    "first_response": (("response", "Responded", _BLUE), _WAITING, _STOPPED),
    "best_response": (("response", "Best so far\nreached", _BLUE), _WAITING, _STOPPED),
    "therapy": (
        ("on_therapy", "Still on therapy", _BLUE),
        ("other", "Stopped for other reasons", page.RESPONSE_COLOURS["NR"]),
        ("intolerance", "Stopped for intolerance", _PALE_ORANGE),
        ("efficacy", "Stopped for lack or loss of efficacy", page.ENDED_COLOUR),
    ),
}

_HEADS = {"first_response": "A  First response", "best_response": "B  Best response", "therapy": "C  Time on therapy"}
_EVENTS = {"first_response": "have responded", "best_response": "reached best so far"}
_STEPS = 600  # a curve is drawn at no more times than these, closer than a printer can set them
_FEW = 10  # a median time on therapy that rests on fewer patients at risk says so
_TITLE, _DEPTH, _BELOW, _GAP, _LINE = 0.95, 4.4, 2.1, 0.3, 0.38  # heights: title; axes; scale; between rows; a line
_LEAST_TICKS = 4
_SCALE, _INDENT = 1.25, 0.34  # widths: scale on the left; mark before a line
_LABELS = {"first_response": 2.75, "best_response": 2.75, "therapy": 5.3}  # widths of the labels on the right
_IN_A_COLUMN = (1.0, dict.fromkeys(_LABELS, 2.75), 2.3)  # scale, labels and axes in a column
_CLOSER = 0.3  # what lies below the axes there is so much closer
_PLAIN = {"color": page.MUTED, "linewidth": 1.0, "linestyle": (0, (1, 1.2))}
_HALF = {"color": page.INK, "marker": "o", "markersize": 5.5, "markeredgecolor": "white", "markeredgewidth": 0.8}
_NOTES = (
    "Times are months. Areas: estimated share of all patients in each state (Aalen-Johansen; still on therapy: "
    "Kaplan-Meier). Dashed lines: pointwise 95% limits of the dark curve, log(-log) scale. Dot and bar: where it and "
    "its limits cross 50%; “from” if one never does.",
    "A stop without a response competes with it. Courses that go on are censored at last follow-up, as if they would "
    "end like those observed for longer; the plain median takes them to end there. Best response is the best recorded "
    "so far: under therapy a better one may come, so that curve leans early.",
)


def states(curves: pd.DataFrame, outcome: str) -> pd.DataFrame:
    """Give the share of the patients in each state, from below, by ``time`` in months; all shares make up 1."""
    rows = curves[curves["outcome"] == outcome]
    shares = rows.pivot(index="time", columns="event", values="estimate")
    if outcome != "therapy":
        shares["waiting"] = 1 - shares.sum(axis="columns")
    return shares[[name for name, _, _ in _LAYERS[outcome]]].clip(lower=0)


def _curve(curves: pd.DataFrame, outcome: str) -> pd.DataFrame:
    """Take the curve of the lowest state of an outcome."""
    return curves[(curves["outcome"] == outcome) & (curves["event"] == _LAYERS[outcome][0][0])]


def _entries(values: Values, outcome: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Choose the estimate of an outcome and the plain median beside it."""
    if outcome == "therapy":
        return values["times.therapy.all.kaplan_meier"], values["times.therapy.all.naive"]
    return values[f"times.{outcome}.half"], values[f"times.{outcome}.naive"]


def _head(values: Values, outcome: str, last: float, width: float) -> list[tuple[str, dict[str, Any]]]:
    """Say when half had the event and what the plain median is, each with the look of its mark in the panel."""
    entry, plain = _entries(values, outcome)
    reached, months = entry["months"] is not None, month_text(entry).replace("(", "(95% CI ")
    if outcome == "therapy":
        few = reached and entry["at_risk"] < _FEW
        text = f"Median time on therapy: {months}" + (f", with {entry['at_risk']} at risk" if few else "")
    elif reached:
        text = f"Half {_EVENTS[outcome]} by month {months}"
    else:
        text = f"Fewer than half {_EVENTS[outcome]} by month {number(last, 1, trim=True)}"
    lines = page.wrap(text + entry.get("beside", ""), width - _INDENT, page.NORMAL)
    over = "all durations" if outcome == "therapy" else "the responders alone"
    below = f"Plain median of {over} (n = {plain['n']:,}): {number(plain['median'], 1, trim=True)}"
    below += plain.get("beside", "")
    return [(lines[0], _HALF if reached else {}), *((line, {}) for line in lines[1:]), (below, _PLAIN)]


def _draw_head(figure: Figure, lines: list[tuple[str, dict[str, Any]]], outcome: str, left: float, top: float) -> None:
    page.write(figure, left, top, _HEADS[outcome], weight="bold", size=8.5, va="top")
    for place, (text, mark) in enumerate(lines):
        x, y, plain = left + _INDENT / 3, top - 0.6 - _LINE * place, mark is _PLAIN
        page.write(figure, left + _INDENT, y, text, va="center_baseline", color=page.MUTED if plain else page.INK)
        if mark:
            ends = [y - 0.14, y + 0.14] if plain else [y, y]
            figure.add_artist(Line2D([x, x], ends, transform=page.centimetres(figure), **mark))


def _draw_areas(axes: Axes, curves: pd.DataFrame, outcome: str) -> None:
    """Stack the states, with the curve of the lowest one and its limits on top."""
    curve, shares = _curve(curves, outcome), states(curves, outcome)
    if len(curve) > _STEPS:  # those in force at evenly spaced times
        even = np.linspace(curve["time"].iloc[0], curve["time"].iloc[-1], _STEPS)
        places = np.unique(np.searchsorted(curve["time"], even, side="right") - 1)
        curve, shares = curve.iloc[places], shares.iloc[places]
    # Once nobody is left nothing changes any more; otherwise nothing is known after the last month.
    last = axes.get_xlim()[1] if curve["censored"].iloc[-1] == 0 else curve["time"].iloc[-1]
    time, below = np.append(curve["time"], last), np.zeros(len(curve) + 1)
    tops = 100 * np.cumsum(np.vstack([shares, shares.iloc[-1:]]), axis=1).clip(max=1)
    for (name, _, colour), top in zip(_LAYERS[outcome], tops.T, strict=True):
        axes.fill_between(time, below, top, step="post", facecolor=colour, edgecolor="none", label=name)
        below = top
    for name, width, dashes in (("low", 0.7, (0, (3, 1.5))), ("high", 0.7, (0, (3, 1.5))), ("estimate", 1.5, "-")):
        look = {"color": page.GRADE_COLOURS[0.0], "linewidth": width, "linestyle": dashes}
        axes.step(time, 100 * np.append(curve[name], curve[name].iloc[-1]), where="post", label=name, **look)


def _draw_medians(axes: Axes, values: Values, outcome: str) -> None:
    """Mark where half had the event, with its interval, and lightly the plain median."""
    entry, plain = _entries(values, outcome)
    axes.axhline(50, color=page.RULE, linewidth=0.5, zorder=1.5)
    if plain["median"] is not None:
        axes.axvline(plain["median"], label="plain", **_PLAIN)
    if entry["low"] is not None:
        high = axes.get_xlim()[1] if entry["high"] is None else entry["high"]
        axes.plot([entry["low"], high], [50, 50], color=page.INK, linewidth=1.2, label="interval")
        if entry["high"] is None:
            axes.plot([high], [50], ">", color=page.INK, markersize=4, clip_on=False, label="open end")
    if entry["months"] is not None:
        axes.plot([entry["months"]], [50], label="half", clip_on=False, zorder=3, **_HALF)


def _spread(centres: np.ndarray, heights: np.ndarray, depth: float) -> np.ndarray:
    """Move labels, given from below, apart so that none covers another, first down from the top, then up from 0."""
    found, steps = centres.copy(), (heights[1:] + heights[:-1]) / 2
    found[-1] = min(found[-1], depth - heights[-1] / 2)
    for place in reversed(range(len(steps))):
        found[place] = min(found[place], found[place + 1] - steps[place])
    found[0] = max(found[0], heights[0] / 2)
    for place, step in enumerate(steps):
        found[place + 1] = max(found[place + 1], found[place] + step)
    return found


def _draw_labels(axes: Axes, shares: pd.DataFrame, outcome: str) -> None:
    """Name the states that occur on the right of the axes, each beside its area at the end."""
    figure, box = axes.figure, page.box_cm(axes)
    layers = [layer for layer in _LAYERS[outcome] if shares[layer[0]].max() > 0]
    left, bottom, depth = box.x1 + 0.2, box.y0, box.height
    if page.NARROW:
        room = _IN_A_COLUMN[1][outcome] - 0.56
        layers = [(name, "\n".join(page.wrap(text.replace("\n", " "), room)), look) for name, text, look in layers]
    last = shares.iloc[-1][[name for name, _, _ in layers]].to_numpy()
    line = 0.26 if page.NARROW else 0.34
    heights = np.array([line * (text.count("\n") + 1) + 0.14 for _, text, _ in layers])
    centres = _spread((np.cumsum(last) - last / 2) * depth, heights, depth)
    for (_, text, colour), centre in zip(layers, bottom + centres, strict=True):
        look = {"facecolor": colour, "edgecolor": page.RULE, "linewidth": 0.5, "transform": page.centimetres(figure)}
        figure.add_artist(Rectangle((left, centre - 0.12), 0.24, 0.24, **look))
        page.write(figure, left + 0.36, centre, text, size=page.SMALL, va="center", linespacing=1.1)


def _set_scale(axes: Axes, curve: pd.DataFrame, end: float) -> None:
    """Count months, with the number of patients at risk under each tick, and per cent of the patients."""
    axes.set(xlim=(0, 1.04 * end), ylim=(0, 100), yticks=[0, 25, 50, 75, 100], ylabel="Patients (%)")
    most = page.box_cm(axes).width / (page.text_width_cm(f"{curve['at_risk'].max():,}") + 0.3)
    locator = MaxNLocator(max(min(int(most), 13), _LEAST_TICKS), integer=True, steps=[1, 2, 3, 5, 6, 10])
    months = [month for month in locator.tick_values(0, end) if 0 <= month <= end]
    axes.set_xticks(months)
    axes.set_xlabel("Months since the first injection")
    look = {"size": page.SMALL, "color": page.MUTED, "va": "center_baseline"}
    depth, down = page.box_cm(axes).height, 1.32 - _CLOSER * page.NARROW
    axes.text(0, -down / depth, "Patients at risk", transform=axes.transAxes, **look)
    every = int(np.ceil(len(months) / max(int(most) + 1, 1)))  # large numbers do not fit below each month
    for month, left in zip(months[::every], at_risk(curve, months[::every]), strict=True):
        axes.text(month, -(down + 0.34) / depth, f"{left:,}", transform=axes.get_xaxis_transform(), ha="center", **look)


@page.journal_style(column=True)
def draw_times(curves: pd.DataFrame, values: Values, population: str, *, caveats: Sequence[str] = ()) -> Figure:
    """Draw when patients responded, were at their best and stopped therapy, with what the plain medians leave out.

    Parameters
    ----------
    curves : DataFrame
        As `analysis.times.curves` gives it, of at least one patient.
    values : mapping of str to mapping
        As `analysis.times.summarise` gives it, of the same patients; ``beside`` is printed after a median.
    population, caveats
        As `compendium.drawing` says.
    """
    if curves.empty:
        raise ValueError("there are no patients to draw; at least one is needed")
    full = page.PAGE_WIDTH_CM - 2 * page.MARGIN_CM
    first, best = (values[f"times.{outcome}.not_recorded"]["n"] for outcome in ("first_response", "best_response"))
    late = f"Responders without a recorded month ({first:,} in A, {best:,} in B) count at the end of their course."
    notes = [*_NOTES, late] if first or best else _NOTES
    lasts, half = curves.groupby("outcome")["time"].max(), full if page.NARROW else full / 2 - 0.1
    widths = {"first_response": half, "best_response": half, "therapy": full}
    heads = {outcome: _head(values, outcome, lasts[outcome], width) for outcome, width in widths.items()}
    rows = [[outcome] for outcome in widths] if page.NARROW else [list(widths)[:2], ["therapy"]]
    title = page.heading(population, int(curves["at_risk"].max()), "times to response and on therapy")
    scale, labels, depth = (_SCALE, _LABELS, _DEPTH) if not page.NARROW else _IN_A_COLUMN
    tops, top = {}, page.foot_height_cm(notes, caveats) - _GAP
    for row in reversed(rows):
        bottom = top + _GAP + _BELOW - _CLOSER * page.NARROW
        top = bottom + depth + 0.55 + _LINE * max(len(heads[outcome]) for outcome in row)
        tops |= dict.fromkeys(row, (bottom, top))
    figure = page.new_figure(top + _TITLE + page.extra_title_cm(title))
    for outcome, width in widths.items():
        left = page.PAGE_WIDTH_CM - page.MARGIN_CM - width if outcome == "best_response" else page.MARGIN_CM
        bottom, top = tops[outcome]
        axes = page.add_axes(figure, left + scale, bottom, width - scale - labels[outcome], depth)
        axes.set_label(outcome)
        # One scale for both responses.
        last = lasts["therapy"] if outcome == "therapy" else max(lasts["first_response"], lasts["best_response"])
        _set_scale(axes, _curve(curves, outcome), max(last, 1))
        _draw_areas(axes, curves, outcome)
        _draw_medians(axes, values, outcome)
        _draw_labels(axes, states(curves, outcome), outcome)
        _draw_head(figure, heads[outcome], outcome, left, top)
    return page.add_title_and_foot(figure, title, notes, caveats)
